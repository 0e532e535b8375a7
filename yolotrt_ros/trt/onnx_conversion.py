# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Rewrite an ONNX network in FP16 or INT8 with NVIDIA ModelOpt, for builders that choose no types.

The network is converted without its decode plugin, which goes behind it afterwards. Its input and
output stay FP32, and its detection heads are not quantised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
import re
import shlex
import tempfile
from typing import Any, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt.precision import Precision

if TYPE_CHECKING:
    import onnx

Batches = Iterable[NDArray[np.float32]]
_PROVIDERS = ['cpu']  # a conversion is done once, and must not need ONNX Runtime for the GPU


def convert(
    model: onnx.ModelProto,
    precision: Precision,
    *,
    onnx_path: Path,
    head_nodes: Sequence[str] = (),
    batches: Batches | None = None,
    method: str = 'minmax',
) -> onnx.ModelProto:
    """
    Return the network in another precision, with its metadata.

    :param model: an FP32 network of standard operators.
    :param precision: FP16 or INT8; the latter computes in FP16 where it is not quantised.
    :param onnx_path: where the network came from, for the commands in an error.
    :param head_nodes: the detection convolutions.
    :param batches: pictures for INT8, gone through several times.
    :param method: ``minmax`` or ``entropy``.
    :raises BuildError: ModelOpt is not installed or fails; with the commands to do it elsewhere.
    """
    import onnx

    with tempfile.TemporaryDirectory(prefix='yolotrt_ros') as folder:
        source, target = Path(folder, 'source.onnx'), Path(folder, 'target.onnx')
        onnx.save(model, str(source))
        try:
            if precision is Precision.FP16:
                converted = _to_half(source)
            else:
                nodes = [*head_nodes, *_sigmoids_at_the_end(model)]
                _quantise(source, target, nodes, _Reader(_input_name(model), batches), method)
                converted = onnx.load(str(target))
        except ImportError as error:
            raise BuildError(_missing_text(onnx_path, precision, head_nodes, error)) from error
        except Exception as error:  # ModelOpt raises whatever its parts raise
            raise BuildError(
                f'ModelOpt cannot convert {onnx_path} to {precision.value}: {error!r}; convert it '
                f'on another machine:\n{commands(onnx_path, head_nodes)}'
            ) from error
    del converted.metadata_props[:]  # AutoCast loses them
    converted.metadata_props.extend(model.metadata_props)
    return converted


def commands(onnx_path: Path, head_nodes: Sequence[str] = ()) -> str:
    """Return the two commands that convert a network on any machine, and what to do then."""
    stem = onnx_path.with_suffix('')
    half = ['python', '-m', 'modelopt.onnx.autocast', '--onnx_path', str(onnx_path)]
    half += ['--output_path', f'{stem}.fp16.onnx', '--low_precision_type', 'fp16']
    half += ['--keep_io_types']
    eight = ['python', '-m', 'modelopt.onnx.quantization', '--onnx_path', str(onnx_path)]
    eight += ['--quantize_mode', 'int8', '--calibration_data', 'PICTURES.npz']
    eight += ['--high_precision_dtype', 'fp16', '--output_path', f'{stem}.int8.onnx']
    if head_nodes:
        eight += ['--nodes_to_exclude', *map(re.escape, head_nodes)]
    return (
        f'  fp16: {shlex.join(half)}\n'
        f'  int8: {shlex.join(eight)}\n'
        '  (PICTURES.npz holds one array named as the input, (N, 3, H, W), RGB, 0 to 1)\n'
        'and build from the file that it writes'
    )


def _missing_text(
    onnx_path: Path, precision: Precision, head_nodes: Sequence[str], error: ImportError
) -> str:
    return (
        f'this TensorRT computes in the types of the ONNX, and {onnx_path} is FP32; writing it in '
        f'{precision.value} needs NVIDIA ModelOpt, which cannot be imported here ({error}); '
        'install it with `pip install "nvidia-modelopt[onnx]"`, here or on any other machine, '
        f'then run the command again, or convert the network yourself:\n'
        f'{commands(onnx_path, head_nodes)}'
    )


def _to_half(source: Path) -> Any:  # noqa: ANN401 - onnx.ModelProto
    autocast: Any = import_module('modelopt.onnx.autocast')
    return autocast.convert_to_mixed_precision(
        onnx_path=str(source),
        low_precision_type='fp16',
        keep_io_types=True,
        providers=_PROVIDERS,
    )


def _quantise(
    source: Path, target: Path, excluded: Sequence[str], reader: _Reader, method: str
) -> None:
    quantization: Any = import_module('modelopt.onnx.quantization')
    quantization.quantize(
        onnx_path=str(source),
        quantize_mode='int8',
        calibration_data_reader=reader,
        # It quantises symmetrically, where the largest value seen is what MinMax means.
        calibration_method='entropy' if method == 'entropy' else 'max',
        calibration_eps=_PROVIDERS,
        high_precision_dtype='fp16',
        nodes_to_exclude=[re.escape(name) for name in excluded],
        output_path=str(target),
        log_level='WARNING',
    )


def _sigmoids_at_the_end(model: onnx.ModelProto) -> Iterator[str]:
    outputs = {item.name for item in model.graph.output}
    for node in model.graph.node:
        if node.op_type == 'Sigmoid' and outputs & set(node.output):
            yield node.name


def _input_name(model: onnx.ModelProto) -> str:
    constants = {item.name for item in model.graph.initializer}
    return next(str(item.name) for item in model.graph.input if item.name not in constants)


class _Reader:
    """Batches in the form of ONNX Runtime's ``CalibrationDataReader``."""

    def __init__(self, input_name: str, batches: Batches | None) -> None:
        if batches is None:
            raise BuildError(
                'an INT8 engine needs pictures to measure the ranges of its tensors with: give '
                '--calibration PATH (a folder, a video or a recording)'
            )
        self._name = input_name
        self._batches = batches
        self._next: Callable[[], Any] = iter(batches).__next__

    def get_first(self) -> dict[str, NDArray[np.float32]]:
        """Return the first batch."""
        return {self._name: next(iter(self._batches)).copy()}

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next batch, or None behind the last."""
        try:
            return {self._name: self._next().copy()}
        except StopIteration:
            return None

    def rewind(self) -> None:
        """Begin again."""
        self._next = iter(self._batches).__next__

    def __iter__(self) -> _Reader:
        return self

    def __next__(self) -> dict[str, NDArray[np.float32]]:
        batch = self.get_next()
        if batch is None:
            raise StopIteration
        return batch
