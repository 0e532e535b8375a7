# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera without a lens: publishes files or a simulated drive as a driver would."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
import sys
from threading import Event
from time import monotonic

import cv2
import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import MAX_SIDE_PX
from yolotrt_ros.core.options import add_option
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.demo import DEMO_SEED
from yolotrt_ros.ros.camera_source import open_source, SCENES
from yolotrt_ros.ros.messages import byte_array, detection_array, image_message
from yolotrt_ros.ros.spin import explained, spin_until_stopped, start

FORMATS = {'jpeg': '.jpg', 'png': '.png'}

# name: default, meaning. One list for the ROS parameters and the command line.
PARAMETERS: dict[str, tuple[bool | int | float | str, str]] = {
    'source': (SCENES, 'Picture, video, folder of them, or scenes: a drive through an arena.'),
    'seed': (DEMO_SEED, 'Which drive; from 1000000 on in arenas unknown to the network.'),
    'image_transport': ('raw', 'raw (sensor_msgs/Image) or compressed (CompressedImage).'),
    'encoding': ('bgr8', 'Encoding of raw images.'),
    'is_bigendian': (False, 'Byte order of mono16.'),
    'row_padding': (0, 'Bytes of padding behind each row of raw images.'),
    'format': ('jpeg', 'Format of compressed images: jpeg or png.'),
    'jpeg_quality': (95, 'Quality of JPEG images, 1 to 100.'),
    'width': (0, 'Width of the images, pixels; 0 leaves files as they are and drives at 640.'),
    'height': (0, 'Height of the images, pixels; 0 leaves files and drives at 384.'),
    'rate': (30.0, 'Images a second.'),
    'loop': (True, 'Start again at the end of the source.'),
    'frames': (0, 'Images after which the camera stops; 0 for no end.'),
    'frame_id': ('camera_optical_frame', 'frame_id of the headers.'),
    'wait_for_subscribers': (0, 'Subscribers to wait for before the first image.'),
    'start_delay': (0.0, 'Seconds between them and the first image, for the rest of the graph.'),
}

LIMITS = {
    **dict.fromkeys(('width', 'height', 'row_padding'), (0, MAX_SIDE_PX)),
    **dict.fromkeys(('seed', 'frames', 'wait_for_subscribers', 'start_delay'), (0, 1e12)),
    'jpeg_quality': (1, 100),
    'rate': (1e-3, 1e4),
}


class CameraNode(Node):
    """
    Publishes ``image`` or ``image/compressed``.

    A drive through the demo's arena comes with its truth on ``ground_truth``: the same header, and
    the visible fraction of each object as its score.

    :param stop: set when the last image is out.
    :param overrides: values for parameters, before those of the command line.
    :raises YolotrtError: the source cannot be read or a parameter cannot be used.
    """

    def __init__(self, stop: Event, overrides: list[Parameter] | None = None) -> None:
        super().__init__('camera', parameter_overrides=overrides or [])
        self._stop = stop
        self._values = {
            name: self.declare_parameter(name, default).value
            for name, (default, _) in PARAMETERS.items()
        }
        self._check()
        self._shots, self._class_names = open_source(
            str(self._values['source']),
            width=int(self._values['width']),
            height=int(self._values['height']),
            rate=float(self._values['rate']),
            loop=bool(self._values['loop']),
            seed=int(self._values['seed']),
        )
        self._num_published = 0
        self._first_tick = 0.0  # of those since the subscribers are there
        compressed = self._values['image_transport'] == 'compressed'
        self._make_message: Callable[[NDArray[np.uint8], Header], Image | CompressedImage]
        self._make_message = self._compressed_message if compressed else self._raw_message
        # Reliable, as REP-2003 asks of drivers: it satisfies subscribers of either kind.
        self._publisher = self.create_publisher(
            CompressedImage if compressed else Image,
            'image/compressed' if compressed else 'image',
            QoSProfile(depth=10),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        if self._class_names:
            self._truth_publisher = self.create_publisher(
                Detection2DArray, 'ground_truth', QoSProfile(depth=10)
            )
        self.create_timer(1.0 / float(self._values['rate']), self._tick)

    @property
    def num_published(self) -> int:
        """Images published so far."""
        return self._num_published

    def wait_for_delivery(self, seconds: float) -> None:
        """Let reliable subscribers take the last images."""
        self._publisher.wait_for_all_acked(Duration(seconds=seconds))

    def _check(self) -> None:
        allowed = {
            'image_transport': ('raw', 'compressed'),
            'encoding': tuple(ENCODINGS),
            'format': tuple(FORMATS),
        }
        for name, choices in allowed.items():
            if self._values[name] not in choices:
                reason = f'must be one of {", ".join(choices)}'
                raise ConfigError(name, self._values[name], reason)
        for name, (lowest, highest) in LIMITS.items():
            if not lowest <= float(self._values[name]) <= highest:
                reason = f'must be between {lowest:g} and {highest:g}'
                raise ConfigError(name, self._values[name], reason)

    def _tick(self) -> None:
        if self._stop.is_set() or not self._is_awaited():
            return
        shot = next(self._shots, None)
        if shot is None:
            self._stop.set()
            return
        header = Header(
            stamp=self.get_clock().now().to_msg(), frame_id=str(self._values['frame_id'])
        )
        self._publisher.publish(self._make_message(shot.image_bgr, header))
        if shot.truth is not None:
            truth = detection_array(shot.truth, header, self._class_names)
            self._truth_publisher.publish(truth)
        self._num_published += 1
        if self._num_published == self._values['frames']:
            self._stop.set()

    def _is_awaited(self) -> bool:
        if self._num_published:
            return True
        awaited = int(self._values['wait_for_subscribers'])
        if int(self._publisher.get_subscription_count()) < awaited:
            return False
        self._first_tick = self._first_tick or monotonic()
        return monotonic() - self._first_tick >= float(self._values['start_delay'])

    def _raw_message(self, image: NDArray[np.uint8], header: Header) -> Image:
        view = encode(
            image,
            str(self._values['encoding']),
            row_padding=int(self._values['row_padding']),
            is_bigendian=bool(self._values['is_bigendian']),
        )
        return image_message(view, header)

    def _compressed_message(self, image: NDArray[np.uint8], header: Header) -> CompressedImage:
        name = str(self._values['format'])
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(self._values['jpeg_quality'])]
        _, data = cv2.imencode(FORMATS[name], image, quality if name == 'jpeg' else [])
        message = CompressedImage(header=header, format=f'bgr8; {name} compressed bgr8')
        message.data = byte_array(data)
        return message


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        'yolotrt_ros camera', description='Publish pictures or a video as a camera does.'
    )
    parser.add_argument('source', nargs='?', help=PARAMETERS['source'][1])
    for name, (default, text) in PARAMETERS.items():
        if name != 'source':
            add_option(parser, name, default, text)
    return parser


def main(args: list[str] | None = None) -> int:
    """
    Publish until the source ends or a signal comes.

    :returns: the exit status: 0, or 2 where the source or a parameter cannot be used.
    """
    options, stop = start(_parser(), args)
    given = {name: value for name, value in vars(options).items() if value is not None}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    with explained('camera', 2):
        node = CameraNode(stop, overrides)
    try:
        spin_until_stopped(node, stop)
        node.wait_for_delivery(seconds=1.0)
        node.get_logger().info(f'published {node.num_published} images')
    finally:
        node.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
