# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From image messages to views: directly where the bytes allow it, through cv_bridge elsewhere."""

from __future__ import annotations

from cv_bridge import CvBridge
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView

_bridge = CvBridge()


def view_of(message: Image | CompressedImage) -> ImageView:
    """
    View the image of a message; only encodings outside the fast table are converted.

    :raises ImageFormatError: the message is malformed, or cv_bridge cannot read it either.
    """
    if isinstance(message, CompressedImage):
        return _decompressed(message)
    if message.encoding in ENCODINGS:
        return ImageView.from_message(message)
    return _converted(message)


def _converted(message: Image) -> ImageView:
    try:
        image = _bridge.imgmsg_to_cv2(message, desired_encoding='bgr8')
    except Exception as error:  # each cv_bridge and each OpenCV has errors of its own
        raise ImageFormatError(
            f'encoding {message.encoding!r} is not one of {", ".join(ENCODINGS)}, and cv_bridge '
            f'cannot convert this {message.width}x{message.height} image to bgr8 ({error}); '
            'choose one of these encodings in the camera driver'
        ) from error
    return _checked_view(image, message.encoding)


def _decompressed(message: CompressedImage) -> ImageView:
    try:
        image = _bridge.compressed_imgmsg_to_cv2(message)
    except Exception as error:  # as above
        raise ImageFormatError(
            f'compressed image of {len(message.data)} bytes, format {message.format!r}, cannot '
            f'be decoded ({error}); it must be a JPEG or PNG file'
        ) from error
    return _checked_view(image, message.format)


def _checked_view(image: object, origin: str) -> ImageView:
    """Accept 8-bit grey or BGR, which is all that the network can use."""
    if not isinstance(image, np.ndarray) or image.size == 0:
        raise ImageFormatError(
            f'image of format {origin!r} holds no picture; it was cut short or is no image'
        )
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ImageFormatError(
            f'image of format {origin!r} decodes to {image.dtype} {image.shape}, but 8-bit grey '
            'or colour is needed; choose an 8-bit format in the camera driver'
        )
    return ImageView.from_array(image, 'mono8' if image.ndim == 2 else 'bgr8')
