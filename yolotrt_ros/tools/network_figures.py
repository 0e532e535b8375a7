# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy, time, size and memory of one network, whichever runtime it is in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.session import Session
from yolotrt_ros.core.timing import Stopwatch, TimeWindow
from yolotrt_ros.cpu.host_pipeline import HostPipeline
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession
from yolotrt_ros.tools.evaluate import detect_all, match_categories, measure
from yolotrt_ros.tools.network_option import network_paths

WARM_UP = 10


@dataclass(frozen=True)
class Figures:
    """
    What was measured; None where there is nothing of the kind.

    :param name: the file.
    :param backend: the runtime, for people.
    :param map50_95: mean average precision over IoU thresholds from 0.5 to 0.95.
    :param map50: the same at 0.5 alone.
    :param median_ms: of one run of the network, without preparation and decoding.
    :param p99_ms: the 99th percentile.
    :param clock: what measured the times: the GPU, without copies, or the host, with them.
    :param file_bytes: size of the file.
    :param device_bytes: GPU memory that is taken while the engine is loaded and has run.
    """

    name: str
    backend: str
    map50_95: float | None
    map50: float | None
    median_ms: float
    p99_ms: float
    clock: str
    file_bytes: int
    device_bytes: int | None


class NetworkMeter:
    """
    Measures one file with a network, which it loads when it is its turn.

    :param path: ONNX network or TensorRT engine.
    :param num_threads: threads of ONNX Runtime; 0 lets it choose.
    :param device: GPU of an engine, its index or ``auto``.
    :param plugin_path: compiled decode plugin of an engine; None takes the package's own.
    :raises ConfigError: the file does not exist, or is neither ONNX nor an engine.
    """

    def __init__(
        self,
        path: Path,
        *,
        num_threads: int = 0,
        device: str = 'auto',
        plugin_path: Path | None = None,
    ) -> None:
        if not path.is_file():
            raise ConfigError('networks', str(path), 'does not exist')
        self._path = path
        self._num_threads = num_threads
        self._plugin_path = plugin_path
        self._gpu = None if 'onnx_path' in network_paths(path) else _open_gpu(device)

    def score_floor(self) -> float:
        """
        Load the network for the lowest score that it lets through, and run it once.

        What a process loads once for all engines is there afterwards, and in no engine's memory.
        """
        session = self._open()
        pipeline = HostPipeline(session, DetectorConfig(**network_paths(self._path)))
        pipeline.close()
        return session.score_floor

    def measure(
        self,
        truth: Any,  # noqa: ANN401 - pycocotools has no types
        images: Path,
        selection: Selection,
        num_runs: int,
    ) -> Figures:
        """
        Measure everything.

        :param truth: a COCO data set.
        :param images: folder of its pictures.
        :param selection: the rules of the accuracy.
        :param num_runs: runs that are timed, of one picture or a full batch where it is fixed.
        """
        before = self._free_bytes()
        session = self._open()
        pipeline = HostPipeline(session, DetectorConfig(**network_paths(self._path)))
        pipeline.warm_up()
        after = self._free_bytes()
        print(f'{self._path.name} ({session.backend})', file=sys.stderr)
        categories = match_categories(pipeline.info.class_names, truth.loadCats(truth.getCatIds()))
        found = measure(truth, detect_all(pipeline, selection, truth, images, categories))
        name = truth.loadImgs(truth.getImgIds())[0]['file_name']
        batch = session.batch or 1
        preprocess = Preprocessor(pipeline.info.network_wh, batch, session.input_dtype)
        tensor, _ = preprocess([ImageView.from_array(read_picture(images / name))] * batch)
        window, clock = _time_runs(session, tensor, num_runs)
        pipeline.close()
        return Figures(
            name=self._path.name,
            backend=session.backend,
            map50_95=found['mAP50_95'],
            map50=found['mAP50'],
            median_ms=window.percentile_ms(50),
            p99_ms=window.percentile_ms(99),
            clock=clock,
            file_bytes=self._path.stat().st_size,
            device_bytes=None if before is None or after is None else before - after,
        )

    def _open(self) -> Session:
        if self._gpu is None:
            return OnnxSession(self._path, num_threads=self._num_threads)
        from yolotrt_ros.trt.engine_session import EngineSession

        return EngineSession(self._path, device=self._gpu.device, plugin_path=self._plugin_path)

    def _free_bytes(self) -> int | None:
        if self._gpu is None:
            return None
        self._gpu.make_current()
        return self._gpu.free_bytes()


@cache
def _open_gpu(choice: str) -> CudaSession:
    """Start CUDA once for all engines, so that it is in no engine's memory."""
    return CudaSession(find_device(choice))


def _time_runs(
    session: Session, tensor: NDArray[np.floating], num_runs: int
) -> tuple[TimeWindow, str]:
    """Run a network again and again on the same tensor; returns the times and their clock."""
    window = TimeWindow(num_runs)
    for index in tqdm(range(WARM_UP + num_runs), unit='run', file=sys.stderr):
        watch = Stopwatch()
        with watch.stage('run'):
            session.run(tensor)
        if index >= WARM_UP:
            window.add(getattr(session, 'last_gpu_ms', watch.stage_times['run']))
    return window, 'GPU' if hasattr(session, 'last_gpu_ms') else 'host'
