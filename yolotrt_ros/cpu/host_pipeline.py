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
from yolotrt_ros.core.errors import DetectionError, ModelError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, PAD_VALUE
from yolotrt_ros.core.network_reading import read_network
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
        width, height = session.network_wh
        network_wh = (width or config.network_width, height or config.network_height)
        max_batch = min(config.max_batch, session.max_batch or config.max_batch)
        self._preprocess = Preprocessor(
            network_wh,
            session.batch or max_batch,
            session.input_dtype,
            fixed_batch=session.batch is not None,
        )
        self._layout, class_names = read_network(
            self._outputs_on_grey(network_wh), network_wh, session.metadata, config
        )
        self._stage_times: StageTimes = {}
        self._info = NetworkInfo(
            model_path=str(session.path),
            backend=session.backend,
            network_wh=network_wh,
            max_batch=session.batch or max_batch,
            class_names=class_names,
            head=self._layout.head.name,
            score_floor=session.score_floor,
        )

    @property
    def info(self) -> NetworkInfo:
        """The network that runs."""
        return self._info

    @property
    def stage_times(self) -> StageTimes:
        """Milliseconds of preprocess, inference and postprocess of the last call."""
        return self._stage_times

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
        return selection.apply(candidates).in_source(letterbox)

    def _outputs_on_grey(self, network_wh: tuple[int, int]) -> dict[str, NDArray[np.floating]]:
        width, height = network_wh
        grey = np.full(
            (self._session.batch or 1, 3, height, width), 0.5, self._session.input_dtype
        )
        try:
            outputs = self._session.run(grey)
        except DetectionError as error:
            raise ModelError(
                f'{error}; where the network leaves its input size open, network_width and '
                'network_height must be multiples of its largest stride, usually 32'
            ) from error
        return dict(zip(self._session.output_names, outputs, strict=True))


def open_onnx(config: DetectorConfig) -> HostPipeline:
    """
    Load ``config.onnx_path`` into ONNX Runtime.

    :raises BackendError: ONNX Runtime is not installed.
    :raises ModelError: the file cannot be loaded or its outputs have no known layout.
    :raises ConfigError: the class names given do not fit the network.
    """
    session = OnnxSession(Path(config.onnx_path), num_threads=config.num_threads)
    return HostPipeline(session, config)
