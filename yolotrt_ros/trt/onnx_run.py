# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run an ONNX model that is held in memory, to see what its tensors hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BackendError, GraphError
from yolotrt_ros.core.session import cure_of_age

if TYPE_CHECKING:
    import onnx

OPEN_WH = (320, 256)
"""Width and height tried where a network leaves them open: small, and not square."""


def run_model(
    model: onnx.ModelProto, inputs: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """
    Run a model once in ONNX Runtime.

    :param inputs: name and value of each input.
    :returns: name and value of each output.
    :raises BackendError: ONNX Runtime is not installed.
    :raises GraphError: it cannot load or run the model.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise BackendError(
            'changing an ONNX network needs ONNX Runtime to check the result, which is not '
            'installed; install it with `pip install onnxruntime`, or change the network on '
            'another machine with `python -m yolotrt_ros prepare_onnx`'
        ) from error
    options = ort.SessionOptions()
    options.log_severity_level = 3  # its warnings concern the exporter, not the user
    # Higher levels run quantised layers in integers, where CPUs differ from each other.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    names = [item.name for item in model.graph.output]
    try:
        session = ort.InferenceSession(
            model.SerializeToString(), options, providers=['CPUExecutionProvider']
        )
        values: list[Any] = session.run(names, dict(inputs))
    except Exception as error:  # ONNX Runtime raises a class of its own for each status
        shapes = ', '.join(f'{name} {list(value.shape)}' for name, value in inputs.items())
        cure = cure_of_age(str(error)) or (
            'export the network without custom operators, or with the input size it is used at'
        )
        raise GraphError(
            f'cannot be run by ONNX Runtime {ort.__version__} on inputs of shape {shapes}: '
            f'{error}; {cure}'
        ) from error
    return dict(zip(names, values, strict=True))


def random_images(
    shape: Sequence[int | str], dtype: np.dtype[Any], rng: np.random.Generator
) -> NDArray[np.floating]:
    """
    Return images of coloured patches with noise.

    Patches reach the coarse levels, which see no more than the mean of pure noise.

    :param shape: [B, 3, H, W]; open sizes are names.
    :returns: values of 0 to 1.
    """
    usual = (1, 3, OPEN_WH[1], OPEN_WH[0])
    batch, channels, height, width = (
        size if isinstance(size, int) else default
        for size, default in zip(shape, usual, strict=True)
    )
    images = 0.2 * rng.random((batch, channels, height, width))
    for side in (64, 16):
        rows, columns = -(-height // side), -(-width // side)
        patches = rng.random((batch, channels, rows, columns))
        images += 0.4 * np.kron(patches, np.ones((side, side)))[..., :height, :width]
    return images.astype(dtype)
