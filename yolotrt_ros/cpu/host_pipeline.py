# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline that prepares and selects on the CPU, around a network in any runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.decode import decode
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, PAD_VALUE
from yolotrt_ros.core.network_reading import read_session
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.session import Session
from yolotrt_ros.core.timing import StageTimes, Stopwatch
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.cpu.session import OnnxSession


class HostPipeline:
    """
    A ``Pipeline`` of OpenCV, one loaded network, and NumPy.

    :param session: the network; the pipeline closes it.
    :param config: how to read it.
    :raises ModelError: the outputs of the network have no known layout.
    :raises ConfigError: the class names given do not fit the network.
    """

    def __init__(self, session: Session, config: DetectorConfig) -> None:
        self._session = session
        self._info, self._layout, _ = read_session(session, config)
        self._preprocess = Preprocessor(
            self._info.network_wh,
            self._info.max_batch,
            session.input_dtype,
            fixed_batch=session.batch is not None,
        )
        self._stage_times: StageTimes = {}

    @property
    def info(self) -> NetworkInfo:
        """The network that runs."""
        return self._info

    @property
    def stage_times(self) -> StageTimes:
        """Milliseconds of preprocess, inference and postprocess of the last call."""
        return self._stage_times

    def expect_frames(self) -> None:
        """Do nothing: the calling thread does all the work on a frame."""

    def detect(self, frames: Sequence[ImageView], selection: Selection) -> list[Detections]:
        """
        Find the objects in each frame.

        :param frames: one to ``info.max_batch`` images of any sizes and encodings.
        :param selection: the rules to apply.
        :returns: boxes in pixels of the frames, clipped to them, best score first.
        :raises DetectionError: the runtime failed.
        """
        watch = Stopwatch()
        with watch.stage('preprocess'):
            tensor, letterboxes = self._preprocess(frames)
        with watch.stage('inference'):
            outputs = self._session.run(tensor, self._layout.output_names)
        with watch.stage('postprocess'):
            found = [
                self._detections([output[row] for output in outputs], letterbox, selection)
                for row, letterbox in enumerate(letterboxes)
            ]
        self._stage_times = watch.stage_times
        return found

    def warm_up(self) -> None:
        """Run the network once on grey, so that the first frame is as fast as the others."""
        width, height = self._info.network_wh
        grey = np.full((height, width, 3), PAD_VALUE, np.uint8)
        self.detect([ImageView.from_array(grey)], Selection(1.0, 1.0, 1))

    def close(self) -> None:
        """Close the network; calling it twice does no harm."""
        self._session.close()

    def _detections(
        self, outputs: list[NDArray[np.floating]], letterbox: Letterbox, selection: Selection
    ) -> Detections:
        candidates = decode(outputs, self._layout, selection.score_floor)
        if self._layout.head.is_suppressed:
            selection = selection.without_suppression()
        return selection.in_source(selection.apply(candidates), letterbox)


def open_onnx(config: DetectorConfig) -> HostPipeline:
    """
    Load ``config.onnx_path`` into ONNX Runtime.

    :raises BackendError: ONNX Runtime is not installed.
    :raises ModelError: the file cannot be loaded or its outputs have no known layout.
    :raises ConfigError: the class names given do not fit the network.
    """
    session = OnnxSession(Path(config.onnx_path), num_threads=config.num_threads)
    return HostPipeline(session, config)
