# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One build: what the command line and the network leave open is settled, then TensorRT runs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.tools.build_progress import ConsoleProgress
from yolotrt_ros.tools.calibration_data import calibration_set
from yolotrt_ros.tools.engine_network import EngineNetwork
from yolotrt_ros.tools.frames import frame_source, FrameSource
from yolotrt_ros.tools.interruptible import run_interruptible
from yolotrt_ros.trt import timing_cache
from yolotrt_ros.trt.build_options import BuildOptions, choose_batch, choose_sizes
from yolotrt_ros.trt.builder import build_plan, BuiltPlan
from yolotrt_ros.trt.calibration import (
    calibration_key,
    CalibrationMethod,
    CalibrationSet,
    DEFAULT_BATCH_SIZE,
    make_calibrator,
)
from yolotrt_ros.trt.calibration_cache import cache_path
from yolotrt_ros.trt.compat import describe, has_progress_monitor
from yolotrt_ros.trt.precision import (
    check_carried,
    default_precision,
    needs_calibration,
    needs_conversion,
    Precision,
)

Say = Callable[[str], None]


class BuildJob:
    """
    A build that can be started.

    :param network: the network to build.
    :param options: what ``build_arguments.parse`` returned.
    :raises ConfigError: batch or size contradict the network, or are missing.
    :raises BuildError: the precision cannot be had from this network, or not without pictures.
    :raises MediaError: the pictures for the calibration cannot be read.
    """

    def __init__(
        self, trt: ModuleType, device: CudaDevice, network: EngineNetwork, options: Namespace
    ) -> None:
        self.trt = trt
        self.device = device
        self.network = network
        self.options = options
        self.precision: Precision = options.precision or default_precision(network.precision)
        check_carried(self.precision, network.precision)
        self.build_options = BuildOptions(
            precision=self.precision,
            batch=choose_batch(network.static_shape[0], options.batch),
            sizes=choose_sizes(network.static_wh, options.size, max(network.strides, default=1)),
            workspace_bytes=options.workspace,
            optimization_level=options.optimization_level,
            timing_cache=self._timing_cache(),
            dla_core=options.dla,
            tactic_sources=options.tactic_sources or (),
            half_input=options.fp16_input,
            sensitive_half=options.sensitive_fp16,
            tf32=options.tf32,
        )
        self._frames = self._calibration_frames()

    def run(self, say: Say) -> BuiltPlan:
        """
        Build the engine; Ctrl-C stops it.

        :param say: tells the user what takes the time.
        :raises BuildError: TensorRT refuses, with what it said and what to do.
        :raises KeyboardInterrupt: the user stopped it.
        """
        progress = ConsoleProgress()
        data = self._calibration_set(partial(progress.count, 'calibrating'))
        if self._frames is not None:
            say(f'calibrate {self._frames.description}, {self.calibration_method.value}')
        if needs_conversion(self.trt, self.precision, self.network.precision):
            say(f'convert   to {self.precision.value} with ModelOpt')
            self.network = self.network.converted(
                self.precision, data, self.calibration_method.value
            )
            data = None
        say(f'building  {self.precision.value}; this takes minutes')

        def cancel() -> bool:
            progress.cancel()
            if has_progress_monitor(self.trt):
                say('stopping at the next step; Ctrl-C again leaves at once')
                return True
            say(f'TensorRT {describe(self.trt)} cannot stop a build, so the process ends with it')
            return False

        try:
            return run_interruptible(
                lambda: self._build(data, progress), cancel=cancel, tick=progress.tick
            )
        except KeyboardInterrupt:
            say('stopped; nothing was written')
            raise
        finally:
            progress.close()

    @property
    def calibration_method(self) -> CalibrationMethod:
        """How measured values become ranges."""
        chosen: CalibrationMethod | None = self.options.calibration_method
        if chosen is not None:
            return chosen
        # A DLA takes no other scales than those of the entropy method.
        is_for_dla = self.options.dla is not None
        return CalibrationMethod.ENTROPY if is_for_dla else CalibrationMethod.MINMAX

    def _build(self, data: CalibrationSet | None, progress: ConsoleProgress) -> BuiltPlan:
        with CudaSession(self.device), self._calibrator(data) as calibrator:
            return build_plan(
                self.network.model_bytes(),
                self.build_options,
                calibrator=calibrator,
                progress=progress,
            )

    def _calibration_frames(self) -> FrameSource | None:
        """Open the pictures, which a build in INT8 needs unless the network is quantised."""
        if self.precision is not Precision.INT8 or self.network.precision is Precision.INT8:
            return None
        if self.options.calibration is None:
            raise BuildError(
                'an INT8 engine needs pictures to measure the ranges of its tensors with: give '
                '--calibration PATH (a folder, a video or a rosbag2 recording), or a quantised '
                'ONNX'
            )
        return frame_source(
            self.options.calibration,
            count=self.options.calibration_images,
            order=self.options.calibration_order,
            seed=self.options.calibration_seed,
            topic=self.options.calibration_topic,
        )

    def _calibration_set(self, progress: Callable[[int, int], None]) -> CalibrationSet | None:
        if self._frames is None:
            return None
        return calibration_set(
            self._frames,
            self.build_options.sizes[1],
            batch_size=self.network.static_shape[0] or DEFAULT_BATCH_SIZE,
            progress=progress,
        )

    @contextmanager
    def _calibrator(self, data: CalibrationSet | None) -> Iterator[Any]:
        """Give a calibrator, which belongs to the thread and device that build."""
        if data is None or not needs_calibration(self.trt, self.precision, self.network.precision):
            yield None
            return
        # The plugin's threshold changes no range, so its network is left out of the cache's key.
        content = self.network.model_bytes(self.network.plain)
        path = self.options.calibration_cache
        if path is None:
            key = calibration_key(self.trt, data, self.calibration_method, content)
            path = cache_path(self.network.path.stem, key)
        calibrator = make_calibrator(
            self.trt, data, self.calibration_method, path, network=content
        )
        try:
            yield calibrator
        finally:
            calibrator.close()

    def _timing_cache(self) -> Path | None:
        given = self.options.timing_cache
        if given is not None:
            return None if given == 'none' else Path(given)
        return timing_cache.default_path(
            describe(self.trt), self.device.name, self.device.compute_capability
        )
