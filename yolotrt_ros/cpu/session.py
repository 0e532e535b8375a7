# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An ONNX network loaded into ONNX Runtime, with what its file says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BackendError, DetectionError, ModelError
from yolotrt_ros.core.session import cure_of_age

_INPUT_TYPES: dict[str, np.dtype[Any]] = {
    'tensor(float)': np.dtype(np.float32),
    'tensor(float16)': np.dtype(np.float16),
}


class OnnxSession:
    """
    One network with one image input.

    :param path: the ONNX file.
    :param num_threads: threads that share one run; 0 lets ONNX Runtime choose.
    :raises BackendError: ONNX Runtime is not installed.
    :raises ModelError: the file cannot be loaded, or its input is no batch of RGB images.
    """

    def __init__(self, path: Path, *, num_threads: int = 0) -> None:
        try:
            import onnxruntime as ort
        except ImportError as error:
            raise BackendError(
                'onnx_path needs ONNX Runtime, which is not installed; '
                'install it with `pip install onnxruntime`'
            ) from error
        if not path.is_file():
            raise ModelError(f'ONNX network {path} does not exist; check the path (onnx_path)')
        name = _utf8_name(path)
        options = ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 3  # its warnings concern the exporter, not the user
        try:
            self._session = ort.InferenceSession(name, options, providers=['CPUExecutionProvider'])
        except Exception as error:  # ONNX Runtime raises a class of its own for each status
            raise ModelError(
                f'{path} cannot be loaded by ONNX Runtime {ort.__version__}: {error}; '
                f'{_cure(str(error))}'
            ) from error
        self.path = path
        self.backend = f'ONNX Runtime {ort.__version__}, CPU'
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._read_input()
        self.output_names = [output.name for output in self._session.get_outputs()]
        self.max_batch: int | None = self.batch
        self.score_floor = 0.0

    def _read_input(self) -> None:
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            found = ', '.join(f'{item.name} {item.shape}' for item in inputs) or 'none'
            raise ModelError(
                f'{self.path} must have one image input [B, 3, H, W], but has {found}; '
                'export the network for RGB images'
            )
        if inputs[0].type not in _INPUT_TYPES:
            raise ModelError(
                f'the input of {self.path} is {inputs[0].type}, but must be one of '
                f'{", ".join(_INPUT_TYPES)}; export the network with a float input'
            )
        self._input_name = inputs[0].name
        self.input_dtype = _INPUT_TYPES[inputs[0].type]
        # ONNX Runtime shows a dimension that is left open as None or as its symbol.
        batch, _, height, width = (size if isinstance(size, int) else None for size in shape)
        self.batch: int | None = batch
        self.network_wh: tuple[int | None, int | None] = (width, height)

    def run(
        self, tensor: NDArray[np.floating], output_names: Sequence[str] | None = None
    ) -> list[NDArray[np.floating]]:
        """
        Run the network.

        :param tensor: ``(B, 3, H, W)`` of ``input_dtype``.
        :param output_names: the outputs wanted, in this order; None for all.
        :raises DetectionError: ONNX Runtime failed.
        """
        try:
            outputs: list[NDArray[np.floating]] = self._session.run(
                output_names, {self._input_name: tensor}
            )
        except Exception as error:  # as above
            raise DetectionError(
                f'{self.path} failed on an input of shape {list(tensor.shape)}: {error}'
            ) from error
        return outputs

    def close(self) -> None:
        """Free nothing: ONNX Runtime's memory goes with the object."""


def _utf8_name(path: Path) -> str:
    """Return a name for ONNX Runtime, which reads each text as UTF-8, whatever the locale."""
    try:
        return os.fsencode(path).decode('utf-8')
    except UnicodeDecodeError as error:
        raise ModelError(
            f'ONNX network {path} has a name that must be UTF-8, but is {os.fsencode(path)!r}; '
            'rename it (onnx_path)'
        ) from error


def _cure(text: str) -> str:
    if 'No Op registered for' in text:  # such as YoloLayer_TRT, behind prepare_onnx
        return (
            'if this node is one of TensorRT, build an engine from this file with build_engine, '
            'or give the network as it was exported'
        )
    return cure_of_age(text) or 'check that it is a whole ONNX file, or export the network again'
