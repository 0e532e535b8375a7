# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From image messages to views: directly where the bytes allow it, through cv_bridge elsewhere."""

from __future__ import annotations

from functools import cache

from cv_bridge import CvBridge
import numpy as np
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_image import (
    read_compressed_image,
    read_image,
    SerialisedCompressedImage,
)
from yolotrt_ros.cpu.message_images import view_of_compressed, view_of_image, view_of_pixels


class ReceivedImage:
    """
    An image message as a raw subscription hands it out.

    Its header is read at once, its pixels when they are asked for.

    :param serialised: the message.
    :param compressed: whether it is a ``CompressedImage``.
    :raises ImageFormatError: it is no such message.
    """

    def __init__(self, serialised: bytes, *, compressed: bool) -> None:
        self._serialised = serialised
        self._fields = read_compressed_image(serialised) if compressed else read_image(serialised)

    @property
    def header(self) -> MessageHeader:
        """Stamp and frame of the image."""
        return self._fields.header

    def view(self) -> ImageView:
        """
        View the pixels; only compressed images and encodings outside the table are converted.

        :raises ImageFormatError: the message is malformed, or cv_bridge cannot read it either.
        """
        fields = self._fields
        if isinstance(fields, SerialisedCompressedImage):
            return view_of_compressed(fields)
        if fields.encoding in ENCODINGS:
            return view_of_image(fields)
        return _converted(deserialize_message(self._serialised, Image))


def view_of(message: Image | CompressedImage) -> ImageView:
    """
    View the image of a message object.

    :raises ImageFormatError: as ``ReceivedImage.view``.
    """
    if isinstance(message, Image):
        is_known = message.encoding in ENCODINGS
        return ImageView.from_message(message) if is_known else _converted(message)
    stamp = message.header.stamp
    header = MessageHeader(stamp.sec, stamp.nanosec, message.header.frame_id)
    data = np.asarray(memoryview(message.data))
    return view_of_compressed(SerialisedCompressedImage(header, message.format, data))


@cache
def _bridge() -> CvBridge:
    return CvBridge()


def _converted(message: Image) -> ImageView:
    try:
        image = _bridge().imgmsg_to_cv2(message, desired_encoding='bgr8')
    except Exception as error:  # each cv_bridge and each OpenCV has errors of its own
        raise ImageFormatError(
            f'encoding {message.encoding!r} is not one of {", ".join(ENCODINGS)}, and cv_bridge '
            f'cannot convert this {message.width}x{message.height} image to bgr8 ({error}); '
            'choose one of these encodings in the camera driver'
        ) from error
    if not isinstance(image, np.ndarray) or image.size == 0:
        raise ImageFormatError(
            f'image of encoding {message.encoding!r} holds no picture; it was cut short'
        )
    return view_of_pixels(image, message.encoding)
