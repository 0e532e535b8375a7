# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The health of a configured detector, gathered while it runs and told on ``/diagnostics``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.engine_facts import EngineFacts
from yolotrt_ros.core.frame_counts import FrameCounts
from yolotrt_ros.core.frame_record import FrameRecord, Troubles
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.core.header_stamp import read_stamp_ns
from yolotrt_ros.core.machine_name import machine_name
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.rate_meter import RateMeter
from yolotrt_ros.ros.engine_status import engine_status
from yolotrt_ros.ros.gpu_status import gpu_status
from yolotrt_ros.ros.image_watch import ImageWatch
from yolotrt_ros.ros.inference_status import inference_status, InferenceHealth
from yolotrt_ros.ros.input_status import input_status, InputHealth


class Health:
    """
    Takes note of what happens, and makes the statuses of it.

    :param node: the detector.
    :param info: the network that it loaded.
    :param topics: the full name of the topic of each camera; the only camera is named ''.
    :param counts: tells what became of the images of a camera.
    :param watch: of the same cameras; ``statuses`` has it look for silent ones.
    :param engine: how the network was built, where that is known.
    :param read_gpu: asks the GPU how it is; None where none is in use.
    """

    def __init__(
        self,
        node: Node,
        info: NetworkInfo,
        topics: Mapping[str, str],
        counts: Callable[[str], FrameCounts],
        watch: ImageWatch,
        *,
        engine: EngineFacts | None = None,
        read_gpu: Callable[[], GpuState | None] | None = None,
    ) -> None:
        self._node = node
        self._info = info
        self._topics = dict(topics)
        self._counts = counts
        self._watch = watch
        self._engine = engine
        self._read_gpu = read_gpu
        self._machine = machine_name()
        self._record = FrameRecord()
        self._stamps_ns: dict[str, int] = {}
        self._rejections: dict[str, str] = {}
        self._meters = {camera: RateMeter() for camera in topics}
        self._processed_meter = RateMeter()
        self._previous_counts = {camera: FrameCounts() for camera in topics}
        self._previous_troubles = Troubles()

    def received(self, camera: str, serialised: bytes) -> None:
        """Take note of an image that arrived, whether it is used or not."""
        self._watch.seen(camera)
        stamp_ns = read_stamp_ns(serialised)
        if stamp_ns is not None:
            self._stamps_ns[camera] = stamp_ns

    def rejected(self, camera: str, reason: str) -> None:
        """Take note of why an image could not be used."""
        self._rejections[camera] = reason

    def failed(self, reason: str) -> None:
        """Take note of a call of the network that failed."""
        self._record.fail(reason)

    def published(self, times: FrameTimes, detections: Detections) -> None:
        """Take note of a frame whose detections were published."""
        self._record.add(times, detections.num_nonfinite)

    def statuses(self) -> list[DiagnosticStatus]:
        """
        Report on each camera, the network, the engine and the GPU.

        The levels of cameras and network tell of the time since the call before.
        """
        self._watch.check()
        now_s = monotonic()
        name = self._node.get_fully_qualified_name().lstrip('/')
        gpu = None if self._read_gpu is None else self._read_gpu()
        hardware_id = self._machine if gpu is None else gpu.name
        return [
            *(
                input_status(f'{name}: input {camera}'.rstrip(), health, hardware_id)
                for camera, health in self._inputs(now_s).items()
            ),
            inference_status(f'{name}: inference', self._inference(now_s), hardware_id),
            engine_status(f'{name}: engine', self._info, self._engine, hardware_id),
            gpu_status(f'{name}: gpu', gpu, hardware_id),
        ]

    def _inputs(self, now_s: float) -> dict[str, InputHealth]:
        return {camera: self._input(camera, now_s) for camera in self._topics}

    def _input(self, camera: str, now_s: float) -> InputHealth:
        counts, topic = self._counts(camera), self._topics[camera]
        previous, self._previous_counts[camera] = self._previous_counts[camera], counts
        stamp_ns = self._stamps_ns.get(camera)
        now_ns = int(self._node.get_clock().now().nanoseconds)
        return InputHealth(
            topic=topic,
            counts=counts,
            previous=previous,
            is_active=self._watch.is_running,
            is_silent=self._watch.is_silent(camera),
            silence_s=self._watch.silence_s(camera),
            num_publishers=self._node.count_publishers(topic),
            rate_hz=self._meters[camera].rate_hz(counts.received, now_s),
            age_s=None if stamp_ns is None else (now_ns - stamp_ns) / 1e9,
            last_rejection=self._rejections.get(camera),
        )

    def _inference(self, now_s: float) -> InferenceHealth:
        troubles = self._record.troubles
        previous, self._previous_troubles = self._previous_troubles, troubles
        processed = sum(self._counts(camera).processed for camera in self._topics)
        return InferenceHealth(
            info=self._info,
            spreads=self._record.spreads(),
            troubles=troubles,
            previous=previous,
            is_active=self._watch.is_running,
            rate_hz=self._processed_meter.rate_hz(processed, now_s),
        )
