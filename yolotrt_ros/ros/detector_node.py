# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The detector: a lifecycle node from camera images to ``Detection2DArray``."""

from __future__ import annotations

from argparse import ArgumentParser
import sys

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import PARAMETERS
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.latest_frames import FrameCounts, LatestFrames
from yolotrt_ros.core.options import add_parameter_options, given_parameters
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.ros.camera_channel import CameraChannel
from yolotrt_ros.ros.detection_worker import DetectionWorker, ImageMessage
from yolotrt_ros.ros.detections_writer import detections_writer
from yolotrt_ros.ros.diagnostics import inference_status, input_status
from yolotrt_ros.ros.messages import label_info
from yolotrt_ros.ros.parameters import changed_config, declare_parameters, read_config
from yolotrt_ros.ros.spin import spin_until_stopped, start
from yolotrt_ros.ros.transition import reported_transition

DIAGNOSTICS_PERIOD_S = 1.0
LATCHED_QOS = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


class DetectorNode(LifecycleNode):
    """
    Detects objects in the images of one or several cameras.

    Configure loads the network, activate subscribes, deactivate unsubscribes and keeps the
    network, cleanup frees it. The interface is described in the package's README.

    :param overrides: values for parameters, before those of the command line.
    """

    def __init__(self, overrides: list[Parameter] | None = None) -> None:
        super().__init__('detector', parameter_overrides=overrides or [])
        declare_parameters(self)
        self._config = read_config(self)
        self._pipeline: Pipeline | None = None
        self._worker: DetectionWorker | None = None
        self._channels: dict[str, CameraChannel] = {}
        self._frames: LatestFrames[ImageMessage] = LatestFrames([])
        self._reported_counts: dict[str, FrameCounts] = {}
        self._label_publisher = self.create_publisher(
            LabelInfo,
            'label_info',
            LATCHED_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._diagnostics_publisher = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Steady time, so that a paused simulation does not silence the diagnostics.
        self.create_timer(
            DIAGNOSTICS_PERIOD_S,
            self.publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )
        self.add_on_set_parameters_callback(self._on_set_parameters)

    @property
    def autostart(self) -> bool:
        """Whether the node configures and activates itself."""
        return self._config.autostart

    @reported_transition
    def on_configure(self, state: LifecycleState) -> None:
        """Load the network and make the publishers."""
        pipeline = build_pipeline(self._config)
        try:
            selection = self._config.selection(pipeline.info)
        except ConfigError:
            pipeline.close()
            raise
        cameras = self._config.cameras or ('',)
        self._pipeline = pipeline
        self._frames = LatestFrames(cameras)
        self._reported_counts = {}
        write = detections_writer(self._class_labels(pipeline))
        self._channels = {
            camera: CameraChannel(self, camera, self._config.image_transport, write)
            for camera in cameras
        }
        self._worker = DetectionWorker(
            pipeline,
            self._frames,
            self._publish,
            selection,
            clock=self.get_clock(),
            logger=self.get_logger(),
        )
        self._publish_label_info()
        info = pipeline.info
        self.get_logger().info(
            f'configured: {info.model_path} ({info.head}, {len(info.class_names)} classes, '
            f'{info.network_wh[0]}x{info.network_wh[1]}) on {info.backend}'
        )

    @reported_transition
    def on_activate(self, state: LifecycleState) -> None:
        """Start the worker and subscribe."""
        assert self._worker is not None
        self._worker.start()
        for channel in self._channels.values():
            channel.subscribe(self._frames.put)
        topics = ', '.join(channel.image_topic for channel in self._channels.values())
        self.get_logger().info(f'active: reading {topics}')

    @reported_transition
    def on_deactivate(self, state: LifecycleState) -> None:
        """Unsubscribe and let the worker finish; the network stays loaded."""
        self._stop()

    @reported_transition
    def on_cleanup(self, state: LifecycleState) -> None:
        """Free the network and everything that belongs to it."""
        self._free()

    @reported_transition
    def on_shutdown(self, state: LifecycleState) -> None:
        """Stop and free, from whatever state."""
        self._stop()
        self._free()

    @reported_transition
    def on_error(self, state: LifecycleState) -> None:
        """Stop and free, so that configure can be tried again."""
        self._stop()
        self._free()

    def close(self) -> None:
        """Stop, report the counts, free everything and leave the graph."""
        self._stop()
        for camera in self._channels:
            counts = self._frames.counts(camera)
            self.get_logger().info(
                f'{camera or "camera"}: received {counts.received}, processed '
                f'{counts.processed}, dropped {counts.dropped}, rejected {counts.rejected}'
            )
        self.publish_diagnostics()
        self._free()
        self.destroy_node()

    def publish_diagnostics(self) -> None:
        """Publish the state of each camera and of the network, where one is loaded."""
        if self._pipeline is None or self._worker is None:
            return
        worker = self._worker
        name = self.get_fully_qualified_name().lstrip('/')
        statuses = []
        for camera, channel in self._channels.items():
            counts = self._frames.counts(camera)
            statuses.append(
                input_status(
                    f'{name}: input {camera}'.rstrip(),
                    channel.image_topic,
                    counts,
                    self._reported_counts.get(camera, FrameCounts()),
                    worker.last_rejection.get(camera),
                )
            )
            self._reported_counts[camera] = counts
        statuses.append(
            inference_status(
                f'{name}: inference',
                self._pipeline.info,
                worker.stage_windows,
                worker.latency_window,
                worker.events,
            )
        )
        message = DiagnosticArray(header=self._header_now(), status=statuses)
        self._diagnostics_publisher.publish(message)

    def _stop(self) -> None:
        for channel in self._channels.values():
            channel.unsubscribe()
        if self._worker is not None:
            self._worker.stop()

    def _free(self) -> None:
        for channel in self._channels.values():
            channel.close()
        self._channels = {}
        self._worker = None
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _publish(self, camera: str, message: ImageMessage, detections: Detections) -> None:
        self._channels[camera].publish(detections, message.header)

    def _class_labels(self, pipeline: Pipeline) -> list[str]:
        if self._config.class_id_format == 'name':
            return list(pipeline.info.class_names)
        return [str(index) for index in range(len(pipeline.info.class_names))]

    def _publish_label_info(self) -> None:
        if self._pipeline is not None:
            names = self._pipeline.info.class_names
            threshold = self._config.score_threshold
            self._label_publisher.publish(label_info(names, threshold, self._header_now()))

    def _header_now(self) -> Header:
        return Header(stamp=self.get_clock().now().to_msg())

    def _on_set_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Accept parameters as a whole or refuse them with the reason."""
        try:
            self._apply(parameters)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, parameters: list[Parameter]) -> None:
        config = changed_config(self._config, parameters)
        if self._pipeline is not None and self._worker is not None:
            for item in parameters:
                if item.name in PARAMETERS and not PARAMETERS[item.name].dynamic:
                    raise ConfigError(
                        item.name,
                        item.value,
                        'cannot change while the detector is configured; deactivate, clean up, '
                        'set it, then configure again',
                    )
            self._worker.selection = config.selection(self._pipeline.info)
        threshold_changed = config.score_threshold != self._config.score_threshold
        self._config = config
        if threshold_changed:
            self._publish_label_info()


def main(args: list[str] | None = None) -> int:
    """
    Run the detector until SIGINT or SIGTERM.

    :param args: options named like the parameters, and ROS arguments behind ``--ros-args``.
    :returns: the exit status: 0 after a signal, 2 where a parameter cannot be used.
    """
    parser = ArgumentParser('yolotrt_ros node', description='Run the detector node.')
    add_parameter_options(parser, PARAMETERS)
    options, stop = start(parser, args)
    given = given_parameters(options)
    try:
        node = DetectorNode([Parameter(name, value=value) for name, value in given.items()])
    except (ConfigError, InvalidParameterTypeException, InvalidParameterValueException) as error:
        print(f'detector: {error}', file=sys.stderr)
        rclpy.shutdown()
        return 2
    try:
        if node.autostart and node.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            node.trigger_activate()
        spin_until_stopped(node, stop)
    finally:
        node.close()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
