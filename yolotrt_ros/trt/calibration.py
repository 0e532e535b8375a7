# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures for TensorRT's INT8 calibration, in batches, and the calibrator that hands them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
import hashlib
from itertools import cycle, islice
import logging
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BuildError, ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.trt.batch_feed import BatchFeed
from yolotrt_ros.trt.calibration_cache import CalibrationCache, CalibrationKey, PREPROCESSING
from yolotrt_ros.trt.compat import can_calibrate, describe

DEFAULT_BATCH_SIZE = 8
MIN_FRAMES = 100
"""Fewer pictures seldom show the whole range of a network's tensors."""

_logger = logging.getLogger(__name__)

Batch = NDArray[np.float32]
# A text, because before NumPy 1.22 its types take no parameters while a program runs.
Preprocess: TypeAlias = 'Callable[[Sequence[ImageView]], NDArray[np.floating[Any]]]'


class CalibrationMethod(Enum):
    """How measured values become the range of a tensor."""

    MINMAX = 'minmax'
    """All that was seen: what box regression needs."""
    ENTROPY = 'entropy'
    """Cut where least information is lost: what a DLA needs."""


_BASES = {
    CalibrationMethod.MINMAX: 'IInt8MinMaxCalibrator',
    CalibrationMethod.ENTROPY: 'IInt8EntropyCalibrator2',
}


class Frames(Protocol):
    """The pictures: a known number, in the same order each time, with a digest of content."""

    @property
    def digest(self) -> str:
        """What changes when a picture or the choice of pictures changes."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[ImageView]: ...


class CalibrationSet:
    """
    Preprocessed batches, all of one shape; they can be gone through any number of times.

    TensorRT takes a full batch whatever it is told, so the last one is filled up by repeating
    its own pictures: nothing is left out, and the range of a tensor does not change by it.

    :param frames: the pictures.
    :param preprocess: makes ``(B, 3, H, W)``, RGB, 0 to 1, of B pictures, as for inference.
    :param network_wh: width and height of the network's input, pixels.
    :param batch_size: pictures in a batch; that of the network or of its optimisation profile.
    :param progress: told at first and after each batch how many pictures are done, of how many.
    :raises ConfigError: there are no pictures, or the batch size is below 1.
    """

    def __init__(
        self,
        frames: Frames,
        preprocess: Preprocess,
        *,
        network_wh: tuple[int, int],
        batch_size: int = DEFAULT_BATCH_SIZE,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ConfigError('batch_size', batch_size, 'must be at least 1')
        if not len(frames):
            raise ConfigError('frames', 0, 'calibration needs pictures like those of the camera')
        self._frames = frames
        self._preprocess = preprocess
        self._progress = progress
        self.batch_size = batch_size
        self.shape = (batch_size, 3, network_wh[1], network_wh[0])
        if len(frames) < MIN_FRAMES:
            _logger.warning(
                'calibrating with %d pictures; give at least %d, better 500, that show all that '
                'the camera will see, or the engine may miss objects',
                *(len(frames), MIN_FRAMES),
            )

    @property
    def num_frames(self) -> int:
        """Pictures; those that turn out unreadable are left out."""
        return len(self._frames)

    @property
    def num_batches(self) -> int:
        """Batches, the last one filled up."""
        return -(-self.num_frames // self.batch_size)

    @property
    def digest(self) -> str:
        """SHA-256 of the pictures' content and of the shape, in hexadecimal."""
        return hashlib.sha256(f'{self._frames.digest} {self.shape}'.encode()).hexdigest()

    def __iter__(self) -> Iterator[Batch]:
        """
        Preprocess batch by batch.

        :returns: float32 ``shape``, valid until the next batch: whatever type the engine's input
            has, calibration runs in FP32.
        """
        frames, done = iter(self._frames), 0
        self._tell(done)
        while pictures := list(islice(frames, self.batch_size)):
            full = list(islice(cycle(pictures), self.batch_size))
            batch = np.ascontiguousarray(self._preprocess(full), np.float32)
            if batch.shape != self.shape:
                raise BuildError(
                    f'preprocessing made a batch {list(batch.shape)}, but the network takes '
                    f'{list(self.shape)}; this is a bug, please report it'
                )
            yield batch
            done += len(pictures)
            self._tell(done)

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(done, self.num_frames)


def calibration_key(
    trt: ModuleType, data: CalibrationSet, method: CalibrationMethod, network: bytes
) -> CalibrationKey:
    """
    Return what the table of a calibration depends on.

    :param network: the serialised ONNX network that is built.
    """
    return CalibrationKey(
        network=hashlib.sha256(network).hexdigest(),
        data=data.digest,
        method=method.value,
        preprocessing=PREPROCESSING,
        tensorrt=describe(trt),
    )


def make_calibrator(
    trt: ModuleType,
    data: CalibrationSet,
    method: CalibrationMethod,
    cache_path: Path,
    *,
    network: bytes,
) -> Any:  # noqa: ANN401 - a class of TensorRT
    """
    Make the object that TensorRT asks for batches while it builds.

    TensorRT swallows exceptions of its callbacks and builds on with what it has. So the first
    one is kept in the attribute ``error`` for the caller to raise after the build, no table is
    kept, and no further batch is given. ``close()`` frees the GPU memory.

    :param cache_path: where the table is read if it fits, and kept.
    :param network: the serialised ONNX network that is built.
    :raises BuildError: this TensorRT takes the scales from the ONNX only.
    """
    if not can_calibrate(trt):
        raise BuildError(
            f'TensorRT {describe(trt)} cannot calibrate: it takes INT8 scales from the ONNX '
            'network only; quantise the network first, on any machine, with NVIDIA ModelOpt '
            '(`pip install "nvidia-modelopt[onnx]"`, `python -m modelopt.onnx.quantization '
            '--onnx_path MODEL.onnx --quantize_mode int8 --calibration_data DATA.npz`), and '
            'build from the result'
        )
    key = calibration_key(trt, data, method, network)
    feed = BatchFeed(data, CalibrationCache(cache_path, key))
    base: Any = getattr(trt, _BASES[method])

    class Calibrator(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)  # pybind11 wants the base named

        @property
        def error(self) -> BaseException | None:
            return feed.error

        def close(self) -> None:
            feed.close()

        def get_batch_size(self) -> int:
            return data.batch_size

        def get_batch(self, names: Sequence[str]) -> list[int] | None:
            return feed.next_address(names)

        def read_calibration_cache(self) -> bytes | None:
            return feed.read_table()

        def write_calibration_cache(self, cache: Any) -> None:  # noqa: ANN401 - a buffer
            feed.write_table(cache)

    return Calibrator()
