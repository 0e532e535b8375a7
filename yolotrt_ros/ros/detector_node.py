# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The detector: a lifecycle node from camera images to ``Detection2DArray``."""

from __future__ import annotations

from argparse import ArgumentParser
import sys
from threading import Event

from rcl_interfaces.msg import SetParametersResult
import rclpy
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool

from yolotrt_ros.core.allocator import keep_freed_memory
from yolotrt_ros.core.config import DetectorConfig, PARAMETERS
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.options import add_parameter_options, given_parameters
from yolotrt_ros.ros.counts_text import counts_text
from yolotrt_ros.ros.detector import Detector
from yolotrt_ros.ros.diagnostics import Diagnostics
from yolotrt_ros.ros.engine_build import with_engine
from yolotrt_ros.ros.label_publisher import LabelPublisher
from yolotrt_ros.ros.parameters import (
    changed_config,
    declare_parameters,
    read_config,
    warn_of_unknown_parameters,
)
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start
from yolotrt_ros.ros.transition import refuse_impossible_transitions, reported_transition


class DetectorNode(LifecycleNode):
    """
    Detects objects in the images of one or several cameras.

    Configure loads the network, activate subscribes, deactivate unsubscribes and keeps the
    network, cleanup frees it. The interface is described in the package's README.

    :param overrides: values for parameters, before those of the command line.
    :param stop: set when the process is to end; what takes minutes looks at it.
    """

    def __init__(
        self, overrides: list[Parameter] | None = None, stop: Event | None = None
    ) -> None:
        super().__init__('detector', parameter_overrides=overrides or [])
        refuse_impossible_transitions(self)
        declare_parameters(self)
        self._config = read_config(self)
        self._stop = stop or Event()
        self._detector: Detector | None = None
        self._labels = LabelPublisher(self)
        self._diagnostics = Diagnostics(self)
        self.create_service(SetBool, '~/enable', self._on_enable)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        warn_of_unknown_parameters(self)

    @property
    def config(self) -> DetectorConfig:
        """The parameters as they are."""
        return self._config

    @reported_transition()
    def on_configure(self, state: LifecycleState) -> None:
        """Load the network and make the publishers."""
        config = with_engine(self._config, self.get_logger(), self._stop.is_set)
        detector = self._detector = Detector(self, config)
        info = detector.info
        self._labels.publish(info, config.score_threshold)
        self._diagnostics.follow(detector.health)
        self.get_logger().info(
            f'configured: {info.model_path} ({info.head}, {len(info.class_names)} classes, '
            f'{info.network_wh[0]}x{info.network_wh[1]}) on {info.backend}'
        )

    @reported_transition()
    def on_activate(self, state: LifecycleState) -> None:
        """Start the worker and subscribe."""
        detector = self._detector
        assert detector is not None
        try:
            detector.activate()
        except BaseException:
            detector.deactivate()
            raise
        self.get_logger().info(f'active: reading {", ".join(detector.image_topics)}')

    @reported_transition(TransitionCallbackReturn.ERROR)
    def on_deactivate(self, state: LifecycleState) -> None:
        """Unsubscribe and let the worker finish; the network stays loaded."""
        assert self._detector is not None
        self._detector.deactivate()

    @reported_transition(TransitionCallbackReturn.ERROR)
    def on_cleanup(self, state: LifecycleState) -> None:
        """Free the network and everything that belongs to it."""
        self._free()

    @reported_transition()
    def on_shutdown(self, state: LifecycleState) -> None:
        """Stop and free, from whatever state."""
        self._free()

    @reported_transition()
    def on_error(self, state: LifecycleState) -> None:
        """Stop and free, so that configure can be tried again."""
        self._free()

    def close(self) -> None:
        """Stop, report the counts, free everything and leave the graph."""
        try:
            self._free()
        finally:
            self.destroy_node()
            # rclpy leaves it to the garbage collector, and until then others see the node.
            self._state_machine.destroy_when_not_in_use()

    def _free(self) -> None:
        detector, self._detector = self._detector, None
        if detector is None:
            return
        try:
            detector.deactivate()
            self._diagnostics.publish()  # the last counts
            for camera in self._config.camera_names:
                text = counts_text(detector.counts(camera))
                self.get_logger().info(f'{camera or "camera"}: {text}')
        finally:
            self._diagnostics.follow(None)
            detector.close()

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        """Set the parameter ``enabled``."""
        result = self.set_parameters([Parameter('enabled', value=request.data)])[0]
        response.success = result.successful
        response.message = result.reason or ('enabled' if request.data else 'paused')
        return response

    def _on_set_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Accept parameters as a whole or refuse them with the reason."""
        try:
            self._apply(parameters)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, parameters: list[Parameter]) -> None:
        config = changed_config(self._config, parameters)
        for item in parameters:
            if getattr(config, item.name, None) != getattr(self._config, item.name, None):
                self._refuse_fixed(item)
        if self._detector is not None:
            self._detector.apply(config)
            if config.score_threshold != self._config.score_threshold:
                self._labels.publish(self._detector.info, config.score_threshold)
        self._config = config

    def _refuse_fixed(self, item: Parameter) -> None:
        if PARAMETERS[item.name].at_start:
            reason = 'cannot change once the node runs; give it when the node is started'
            raise ConfigError(item.name, item.value, reason)
        if self._detector is not None and not PARAMETERS[item.name].dynamic:
            raise ConfigError(
                item.name,
                item.value,
                'cannot change while the detector is configured; deactivate, clean up, set it, '
                'then configure again',
            )


def main(args: list[str] | None = None) -> int:
    """
    Run the detector until SIGINT or SIGTERM.

    :param args: options named like the parameters, and ROS arguments behind ``--ros-args``.
    :returns: the exit status: 0 after a signal, 2 where a parameter cannot be used.
    """
    parser = ArgumentParser('yolotrt_ros node', description='Run the detector node.')
    add_parameter_options(parser, PARAMETERS)
    keep_freed_memory()
    options, stop = start(parser, args)
    given = given_parameters(options)
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    with explained('detector', 2):
        node = DetectorNode(overrides, stop)
    try:
        _start_up(node)
        spin_until_stopped(node, stop, node.config.executor, survives=True)
    finally:
        node.close()
        rclpy.shutdown()
    return 0


def _start_up(node: DetectorNode) -> None:
    autostart = node.config.autostart
    if autostart and node.trigger_configure() == TransitionCallbackReturn.SUCCESS:
        node.trigger_activate()


if __name__ == '__main__':
    sys.exit(main())
