# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A loaded network between its cameras and its topics: what lives from configure to cleanup."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.lifecycle import LifecycleNode

from yolotrt_ros.assembly import build_pipeline, engine_facts, gpu_reader
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.frame_counts import FrameCounts
from yolotrt_ros.core.latest_frames import LatestFrames
from yolotrt_ros.core.pipeline import NetworkInfo, Pipeline
from yolotrt_ros.core.turn_rules import TurnRules
from yolotrt_ros.ros.camera_channel import CameraChannel
from yolotrt_ros.ros.debug_images import DebugImages
from yolotrt_ros.ros.detection_worker import DetectionWorker
from yolotrt_ros.ros.detections_writer import detections_writer
from yolotrt_ros.ros.frame_accounts import FrameAccounts
from yolotrt_ros.ros.frame_reader import FrameReader
from yolotrt_ros.ros.frame_turn import ReceivedFrame
from yolotrt_ros.ros.health import Health
from yolotrt_ros.ros.image_watch import ImageWatch
from yolotrt_ros.ros.outputs import DetectorOutputs
from yolotrt_ros.ros.timing_publisher import TimingPublisher


class Detector:
    """
    Loads the network and makes the publishers; images flow between activate and deactivate.

    :param node: the node of its topics.
    :param config: what to load; ``apply`` changes what is dynamic of it.
    :raises YolotrtError: the network cannot be loaded, or the configuration does not fit it.
    """

    def __init__(self, node: LifecycleNode, config: DetectorConfig) -> None:
        self._node = node
        self._clock = node.get_clock()
        self._cameras = config.camera_names
        self._compressed = config.image_transport == 'compressed'
        with ExitStack() as resources:
            pipeline = build_pipeline(config)
            resources.callback(pipeline.close)
            self._info = pipeline.info
            config.selection(pipeline.info)  # before anything is shown to the graph
            self._make_endpoints(config, pipeline, resources)
            self._make_worker(config, pipeline, resources)
            self.apply(config)
            self._resources = resources.pop_all()

    @property
    def info(self) -> NetworkInfo:
        """The network that is loaded."""
        return self._info

    @property
    def health(self) -> Health:
        """How it is doing."""
        return self._health

    @property
    def image_topics(self) -> list[str]:
        """The full names of the topics that it reads."""
        return [channel.image_topic for channel in self._channels.values()]

    def counts(self, camera: str) -> FrameCounts:
        """Return what became of the images of a camera."""
        return self._frames.counts(camera)

    def apply(self, config: DetectorConfig) -> None:
        """
        Change everything that is dynamic, or nothing.

        :raises ConfigError: the configuration does not fit the network.
        """
        self._worker.selection = config.selection(self._info)
        self._rules.max_age_s = config.max_frame_age
        self._frames.set_max_rates(config.max_rates)
        self._frames.set_enabled(config.enabled)
        self._watch.timeout_s = config.image_timeout

    def activate(self) -> None:
        """Start the worker and subscribe."""
        self._worker.start()
        self._watch.start()
        for channel in self._channels.values():
            channel.subscribe(self._on_image)

    def deactivate(self) -> None:
        """Unsubscribe, and wait until what is in work is published; the network stays loaded."""
        self._watch.stop()
        for channel in self._channels.values():
            channel.unsubscribe()
        self._worker.stop()

    def close(self) -> None:
        """Deactivate and free everything; calling it twice does no harm."""
        self._resources.close()

    def _make_endpoints(
        self, config: DetectorConfig, pipeline: Pipeline, resources: ExitStack
    ) -> None:
        names = pipeline.info.class_names
        is_by_name = config.class_id_format == 'name'
        write = detections_writer(names if is_by_name else [str(i) for i in range(len(names))])
        self._channels: dict[str, CameraChannel] = {}
        for camera in self._cameras:
            channel = CameraChannel(self._node, camera, compressed=self._compressed, write=write)
            resources.callback(channel.close)
            self._channels[camera] = channel
        self._debug_images = DebugImages(self._node, self._cameras, names)
        resources.callback(self._debug_images.close)
        self._timing = TimingPublisher(self._node, self._cameras)
        resources.callback(self._timing.close)

    def _make_worker(
        self, config: DetectorConfig, pipeline: Pipeline, resources: ExitStack
    ) -> None:
        logger = self._node.get_logger()
        self._frames: LatestFrames[ReceivedFrame] = LatestFrames(
            self._cameras, max_batch_wait_s=config.max_batch_wait
        )
        topics = {camera: channel.image_topic for camera, channel in self._channels.items()}
        self._watch = ImageWatch(self._node, topics, config.image_timeout)
        self._health = Health(
            self._node,
            pipeline.info,
            topics,
            self._frames.counts,
            self._watch,
            engine=engine_facts(pipeline),
            read_gpu=gpu_reader(pipeline),
        )
        self._outputs = DetectorOutputs(
            self._channels, self._debug_images, self._timing, self._health, logger
        )
        self._rules = TurnRules(self._cameras)
        accounts = FrameAccounts(self._frames, logger, self._health.rejected)
        reader = FrameReader(
            self._rules,
            accounts,
            max_frames=min(pipeline.info.max_batch, len(self._cameras)),
            compressed=self._compressed,
        )
        resources.callback(reader.close)
        self._worker = DetectionWorker(
            pipeline,
            self._frames,
            reader,
            accounts,
            self._outputs,
            config.selection(pipeline.info),
            clock=self._clock,
            logger=logger,
        )
        resources.callback(self.deactivate)

    def _on_image(self, camera: str, serialised: bytes) -> None:
        """Store the newest image; everything else is done in the worker's thread."""
        received_ns = int(self._clock.now().nanoseconds)
        self._health.received(camera, serialised)
        self._frames.put(
            camera,
            ReceivedFrame(serialised, received_ns),
            received_ns,
            is_watched=self._outputs.is_watched(camera),
        )
