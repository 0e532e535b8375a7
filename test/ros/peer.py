# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The other side of the topics and services: what a driver and a planner do."""

from collections.abc import Callable
import time

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, LabelInfo

from test.ros.processes import TIMEOUT_S

RELIABLE = QoSProfile(depth=50, reliability=QoSReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


class Peer:
    """A node of the test that publishes images and collects what comes back."""

    def __init__(self, namespace: str = '') -> None:
        self.node = rclpy.create_node('peer', namespace=namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._publishers = {}
        self._next_stamp = 1
        self.detections: dict[str, list[Detection2DArray]] = {}
        self.labels: list[LabelInfo] = []
        self.diagnostics: dict[str, dict[str, str]] = {}
        self.levels: dict[str, tuple[bytes, str]] = {}
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()

    def connect(
        self,
        image: str = 'image',
        detections: str = 'detections',
        kind: type = Image,
        qos: QoSProfile = RELIABLE,
    ) -> None:
        """Make a publisher and a subscription, and wait until the detector has met both."""
        publisher = self.node.create_publisher(kind, image, qos)
        self._publishers[image] = publisher
        messages = self.detections.setdefault(detections, [])
        subscription = self.node.create_subscription(
            Detection2DArray, detections, messages.append, RELIABLE
        )
        self.wait_for(lambda: publisher.get_subscription_count() > 0, f'a subscriber of {image}')
        self.wait_for(
            lambda: self.node.count_publishers(subscription.topic_name) > 0,
            f'a publisher of {detections}',
        )
        # The graph knows of an endpoint a moment before the two are matched.
        self.spin(0.2)

    def disconnect(self, image: str) -> None:
        """Take a publisher away, as a camera does whose cable is pulled."""
        self.node.destroy_publisher(self._publishers.pop(image))

    def listen_to_labels(self, topic: str = 'label_info') -> None:
        self.node.create_subscription(LabelInfo, topic, self.labels.append, LATCHED)

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline, f'waited {TIMEOUT_S:.0f} s in vain for {what}'
            self._executor.spin_once(timeout_sec=0.05)

    def spin(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def header(self, frame_id: str = 'camera') -> Header:
        """Return a header with a stamp that no other image of this peer has."""
        self._next_stamp += 1
        return Header(stamp=Time(sec=self._next_stamp, nanosec=7), frame_id=frame_id)

    def send(self, message: Image | CompressedImage, topic: str = 'image') -> None:
        self._publishers[topic].publish(message)

    def answer_to(
        self,
        message: Image | CompressedImage,
        image: str = 'image',
        detections: str = 'detections',
    ) -> Detection2DArray:
        """Publish an image and wait for the message with its stamp."""
        messages, stamp = self.detections[detections], message.header.stamp
        self._insist(
            lambda: self.send(message, image),
            lambda: bool(messages) and messages[-1].header.stamp == stamp,
            f'detections of stamp {stamp.sec}; last counts {self.diagnostics}',
        )
        return messages[-1]

    def _insist(self, act: Callable[[], object], condition: Callable[[], bool], what: str) -> None:
        """
        Act, wait for what follows, and act once more where nothing does.

        Volatile endpoints owe nothing to one that they have not matched yet, services not
        excepted, and on a busy machine matching takes longer than one end of it can see.
        """
        act_again = time.monotonic() + TIMEOUT_S / 3

        def is_met() -> bool:
            nonlocal act_again
            if time.monotonic() > act_again:
                act_again = float('inf')
                act()
            return condition()

        act()
        self.wait_for(is_met, what)

    def status(self, task: str) -> dict[str, str]:
        """Return the next diagnostic values of a task of the detector in this namespace."""
        name = f'{self.node.get_namespace()}/detector: {task}'.lstrip('/')
        self.diagnostics.clear()
        self.wait_for(lambda: name in self.diagnostics, f'the diagnostics of {name}')
        return self.diagnostics[name]

    def settled_counts(self, task: str = 'input') -> dict[str, int]:
        """Return the counts of a camera once no frame waits."""
        counts: dict[str, int] = {}

        def is_settled() -> bool:
            before = dict(counts)
            values = self.status(task)
            keys = ('received', 'processed', 'dropped', 'rejected', 'waiting')
            counts.update({key: int(values[key]) for key in keys})
            return counts == before and counts['waiting'] == 0

        self.wait_for(is_settled, 'counts that stand still')
        return counts

    def call(self, kind: type, name: str, request: object) -> object:
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(timeout_sec=TIMEOUT_S), f'no service {name}'
        futures = []
        self._insist(
            lambda: futures.append(client.call_async(request)),
            lambda: any(future.done() for future in futures),
            f'an answer of {name}',
        )
        self.node.destroy_client(client)
        return next(future.result() for future in futures if future.done())

    def set_parameter(
        self, name: str, value: object, node: str = 'detector'
    ) -> SetParametersResult:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self.call(SetParameters, f'{node}/set_parameters', request).results[0]

    def get_parameter(self, name: str, node: str = 'detector') -> object:
        request = GetParameters.Request(names=[name])
        response = self.call(GetParameters, f'{node}/get_parameters', request)
        return parameter_value_to_python(response.values[0])

    def describe_parameters(self, names: list[str], node: str = 'detector') -> list:
        request = DescribeParameters.Request(names=names)
        return self.call(DescribeParameters, f'{node}/describe_parameters', request).descriptors

    def state(self, node: str = 'detector') -> str:
        return self.call(GetState, f'{node}/get_state', GetState.Request()).current_state.label

    def change_state(self, transition: int, node: str = 'detector') -> bool:
        request = ChangeState.Request()
        request.transition.id = transition
        return bool(self.call(ChangeState, f'{node}/change_state', request).success)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.diagnostics[status.name] = {pair.key: pair.value for pair in status.values}
            self.levels[status.name] = (status.level, status.message)
