# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Small nodes that show what a hop through rclpy costs without a detector.

``python -m scripts.node_benchmark.echo KIND --ros-args …`` reads ``image`` and answers on
``detections``:

``raw``      takes the bytes of the image and publishes its header, again as bytes
``image``    takes the image as a message and publishes its header as a message
``objects``  takes the image as a message, asks the pipeline, and publishes a message made of
             objects, all in the callback: the usual detector in Python
"""

from __future__ import annotations

from collections.abc import Callable
import sys

import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from scripts.node_benchmark.stand_in import LABELS, StandInPipeline
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.core.serialised_image import read_image
from yolotrt_ros.ros.camera_channel import DETECTIONS_QOS, IMAGE_QOS
from yolotrt_ros.ros.messages import detection_array
from yolotrt_ros.ros.spin import init, spin_until_stopped

CDR_LITTLE_ENDIAN = b'\x00\x01\x00\x00'
SELECTION = Selection(0.25, 0.45, 300)


class EchoNode(Node):
    """Answers each image in its callback; endpoints as those of the detector."""

    def __init__(self, kind: str) -> None:
        super().__init__('echo')
        answers: dict[str, Callable[..., bytes | Header | Detection2DArray]] = {
            'raw': serialised_header,
            'image': lambda message: message.header,
            'objects': Detector(),
        }
        answer = answers[kind]
        answer_type = Detection2DArray if kind == 'objects' else Header
        publisher = self.create_publisher(answer_type, 'detections', DETECTIONS_QOS)
        self.create_subscription(
            Image,
            'image',
            lambda message: publisher.publish(answer(message)),
            IMAGE_QOS,
            raw=kind == 'raw',
        )


def serialised_header(serialised: bytes) -> bytes:
    """Return the serialised header of a serialised image."""
    header: MessageHeader = read_image(serialised).header
    return CDR_LITTLE_ENDIAN + header.serialised()


class Detector:
    """From message to message, as tutorials write it."""

    def __init__(self) -> None:
        self._pipeline = StandInPipeline()

    def __call__(self, message: Image) -> Detection2DArray:
        """Detect and make the answer of objects."""
        view = ImageView.from_message(message)
        detections = self._pipeline.detect([view], SELECTION)[0]
        return detection_array(detections, message.header, LABELS)


def main() -> int:
    """Echo until a signal."""
    stop = init(sys.argv[2:])
    node = EchoNode(sys.argv[1])
    try:
        spin_until_stopped(node, stop)
    finally:
        node.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
