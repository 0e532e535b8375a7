# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy, time, size and memory of one network, whichever runtime it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path
import sys

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import NetworkInfo, Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.timing import StageTimes, Stopwatch
from yolotrt_ros.cpu.host_pipeline import HostPipeline
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.tools.accuracy import Accuracy, measure
from yolotrt_ros.tools.dataset import Dataset
from yolotrt_ros.tools.dataset_run import DatasetRun, run_dataset
from yolotrt_ros.tools.network_memory import host_bytes
from yolotrt_ros.tools.network_option import network_paths

WARM_UP = 10
TOTAL = 'total'
"""The stage that is the whole call."""


@dataclass(frozen=True)
class NetworkFigures:
    """
    What was measured of one network; None where there is nothing of the kind.

    :param path: the file.
    :param info: what the pipeline loaded.
    :param accuracy: the figures with every score counted.
    :param deployed: what was found under the rules of a robot.
    :param times: milliseconds of each stage and of the ``total``, for each timed frame.
    :param file_bytes: size of the file.
    :param device_bytes: GPU memory that is taken while an engine is loaded and has run.
    :param host_bytes: memory of the process that an ONNX network takes.
    """

    path: Path
    info: NetworkInfo
    accuracy: Accuracy
    deployed: DatasetRun
    times: tuple[StageTimes, ...]
    file_bytes: int
    device_bytes: int | None
    host_bytes: int | None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that were timed, the total last."""
        return tuple(self.times[0]) if self.times else ()

    @property
    def failures(self) -> tuple[str, ...]:
        """Pictures that could not be measured, and why."""
        return self.deployed.failures

    def stage_ms(self, stage: str = TOTAL) -> NDArray[np.float64]:
        """Return the milliseconds of a stage, frame by frame."""
        return np.array([times[stage] for times in self.times])

    def percentile_ms(self, percent: float, stage: str = TOTAL) -> float:
        """Return a percentile of a stage, linear between two times."""
        return float(np.percentile(self.stage_ms(stage), percent))


class NetworkMeter:
    """
    Measures one file with a network, which it loads when it is its turn.

    :param path: ONNX network or TensorRT engine.
    :param config: how to read and run it; the file is put in here.
    :param on_host: prepare, decode and select on the CPU for an engine too, so that what differs
        between networks comes from them alone.
    :raises ConfigError: the file does not exist, or is neither ONNX nor an engine.
    """

    def __init__(self, path: Path, config: DetectorConfig, *, on_host: bool = False) -> None:
        if not path.is_file():
            raise ConfigError('networks', str(path), 'does not exist')
        self.path = path
        self._config = replace(config, **network_paths(path))
        self._on_host = on_host
        self._gpu = _open_gpu(config.device) if self._config.engine_path else None

    def info(self) -> NetworkInfo:
        """
        Load the network for its facts, and run it once.

        What a process loads once for all engines is there afterwards, and in no engine's memory.
        """
        pipeline = self._open()
        pipeline.close()
        return pipeline.info

    def measure(
        self,
        dataset: Dataset,
        *,
        counted: Selection,
        deployed: Selection,
        frames: Sequence[ImageView],
        num_runs: int,
    ) -> NetworkFigures:
        """
        Measure everything.

        :param counted: the rules of the accuracy.
        :param deployed: the rules of a robot, for times and agreement.
        :param frames: what is timed, again and again.
        :param num_runs: frames that are timed.
        """
        before = self._free_bytes()
        pipeline = self._open()
        try:
            after = self._free_bytes()
            name = self.path.name
            print(f'{name} ({pipeline.info.backend})', file=sys.stderr)
            found = run_dataset(pipeline, counted, dataset, label=f'{name} accuracy').found
            return NetworkFigures(
                path=self.path,
                info=pipeline.info,
                accuracy=measure(dataset, found),
                deployed=run_dataset(pipeline, deployed, dataset, label=f'{name} objects'),
                times=_time_frames(pipeline, deployed, frames, num_runs, f'{name} time'),
                file_bytes=self.path.stat().st_size,
                device_bytes=None if before is None or after is None else before - after,
                host_bytes=host_bytes(self._config) if self._gpu is None else None,
            )
        finally:
            pipeline.close()

    def _open(self) -> Pipeline:
        if self._gpu is None or not self._on_host:
            return build_pipeline(self._config)
        from yolotrt_ros.trt.engine_session import EngineSession

        plugin_path = Path(self._config.plugin_path) if self._config.plugin_path else None
        session = EngineSession(self.path, device=self._gpu.device, plugin_path=plugin_path)
        pipeline = HostPipeline(session, self._config)
        pipeline.warm_up()
        return pipeline

    def _free_bytes(self) -> int | None:
        if self._gpu is None:
            return None
        self._gpu.make_current()
        return self._gpu.free_bytes()


@cache
def _open_gpu(choice: str) -> CudaSession:
    """Start CUDA once for all engines, so that it is in no engine's memory."""
    return CudaSession(find_device(choice))


def _time_frames(
    pipeline: Pipeline,
    selection: Selection,
    frames: Sequence[ImageView],
    num_runs: int,
    label: str,
) -> tuple[StageTimes, ...]:
    """Run the frames one after another, from the beginning again where they end."""
    times: list[StageTimes] = []
    turns = islice(cycle(frames), WARM_UP + num_runs)
    for frame in tqdm(turns, total=WARM_UP + num_runs, unit='frame', desc=label, file=sys.stderr):
        watch = Stopwatch()
        with watch.stage(TOTAL):
            pipeline.detect([frame], selection)
        times.append({**pipeline.stage_times, **watch.stage_times})
    return tuple(times[WARM_UP:])
