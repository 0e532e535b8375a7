# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ``/diagnostics`` says of the detector, once a second, after REP-107."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

from yolotrt_ros.ros.health import Health
from yolotrt_ros.ros.qos_report import no_events

PERIOD_S = 1.0


class Diagnostics:
    """
    Publishes the health of the detector, while there is one to follow.

    :param node: the detector.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._health: Health | None = None
        self._publisher = node.create_publisher(
            DiagnosticArray,
            '/diagnostics',
            10,
            event_callbacks=no_events(),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        # Steady time, so that a paused simulation does not silence the diagnostics.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(PERIOD_S, self.publish, clock=clock)

    def follow(self, health: Health | None) -> None:
        """Report on this from now on; None for nothing."""
        self._health = health

    def publish(self) -> None:
        """Report now."""
        if self._health is None:
            return
        header = Header(stamp=self._node.get_clock().now().to_msg())
        message = DiagnosticArray(header=header, status=self._health.statuses())
        self._publisher.publish(message)
