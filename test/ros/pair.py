# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two nodes of one process that find each other over real DDS."""

from collections.abc import Callable
import time
from typing import Any

from rclpy import create_node
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from test.ros.processes import TIMEOUT_S


class Pair:
    """
    The node under test, and one that stands for the rest of the graph.

    :param namespace: of both, so that tests do not hear each other.
    :param parameters: overrides for the node under test.
    """

    def __init__(self, namespace: str, **parameters: object) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = create_node('detector', namespace=namespace, parameter_overrides=overrides)
        self.other = create_node('other', namespace=namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._executor.add_node(self.other)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        self.other.destroy_node()

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + TIMEOUT_S
        while not (result := condition()):
            assert time.monotonic() < deadline, f'waited {TIMEOUT_S:.0f} s in vain for {what}'
            self._executor.spin_once(timeout_sec=0.02)
        return result

    def spin(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)
