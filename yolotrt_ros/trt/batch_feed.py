# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a calibrator answers to TensorRT, free of TensorRT's classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.trt.calibration_cache import CalibrationCache

_logger = logging.getLogger(__name__)
_DEFAULT_STREAM = 0


class BatchFeed:
    """
    Brings batches to the GPU one by one, or gives the table that makes them unnecessary.

    It never raises, since nobody would hear it: the first exception is kept in ``error``, and
    from then on there is no batch and no table is written.

    :param batches: float32 arrays of one shape, begun anew for each build.
    :param cache: where the table is read and kept.
    """

    def __init__(self, batches: Iterable[NDArray[np.float32]], cache: CalibrationCache) -> None:
        self.error: BaseException | None = None
        self._batches = batches
        self._cache = cache
        self._waiting: Iterator[NDArray[np.float32]] = iter(batches)
        self._buffer: DeviceBuffer | None = None

    def read_table(self) -> bytes | None:
        """Begin a build: return the table of an earlier one, or None to ask for batches."""
        self._waiting = iter(self._batches)
        try:
            return self._cache.read()
        except BaseException as error:  # raised by the caller, after the build
            self._keep(error)
            return None

    def next_address(self, input_names: Sequence[str]) -> list[int] | None:
        """Return the device address of the next batch; None where there is none."""
        if self.error is not None:
            return None
        try:
            return self._upload_next(input_names)
        except BaseException as error:  # raised by the caller, after the build
            self._keep(error)
            return None

    def write_table(self, table: Any) -> None:  # noqa: ANN401 - a buffer of TensorRT
        """Keep what was measured, unless batches are missing in it."""
        if self.error is not None:
            _logger.warning('no calibration table is kept, because a batch could not be made')
            return
        try:
            self._cache.write(bytes(table))
        except OSError as error:  # the engine is good all the same
            _logger.warning('the calibration table cannot be kept: %s', error)
        except BaseException as error:  # raised by the caller, after the build
            self._keep(error)

    def close(self) -> None:
        """Free the GPU memory; calling it twice does no harm."""
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    def _upload_next(self, input_names: Sequence[str]) -> list[int] | None:
        if len(input_names) != 1:
            raise BuildError(
                'calibration knows networks with one image input only, but this one has '
                f'{", ".join(input_names) or "none"}; export the network with one input'
            )
        batch = next(self._waiting, None)
        if batch is None:
            return None
        if self._buffer is None:
            self._buffer = DeviceBuffer(batch.nbytes)
        self._buffer.upload(batch, _DEFAULT_STREAM)
        # TensorRT reads it in a stream of its own.
        wait = bindings().runtime.cudaStreamSynchronize
        check(wait(_DEFAULT_STREAM), 'copying a calibration batch to the GPU')
        return [self._buffer.address]

    def _keep(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
            _logger.error('calibration failed: %s; the build is of no use', error)
