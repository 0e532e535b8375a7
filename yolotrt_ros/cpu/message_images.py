# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the fields of serialised image messages to views, the same for the node and for bags."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.picture_file import check_picture_file
from yolotrt_ros.core.serialised_image import SerialisedCompressedImage, SerialisedImage

_CHANNEL_ENCODINGS = {1: 'mono8', 3: 'bgr8', 4: 'bgra8'}


def view_of_image(image: SerialisedImage) -> ImageView:
    """
    View a raw image; nothing is copied.

    :raises ImageFormatError: its encoding is not in the table of ``core.encodings``, or its
        fields do not fit each other.
    """
    return ImageView.from_message(image)


def view_of_compressed(image: SerialisedCompressedImage) -> ImageView:
    """
    Decode a compressed image: JPEG or PNG, 8 bits a channel.

    Many calls in threads of their own run side by side, because OpenCV decodes without Python's
    lock. A rotation that the file asks for is passed over: cameras are calibrated for the pixels
    as they came.

    :raises ImageFormatError: it is no picture, or one that the network cannot use.
    """
    try:
        check_picture_file(image.data)
        pixels = cv2.imdecode(image.data, cv2.IMREAD_UNCHANGED)
    except (cv2.error, ImageFormatError) as error:
        raise ImageFormatError(f'image of format {image.format!r}: {error}') from error
    if pixels is None:
        raise ImageFormatError(
            f'image of format {image.format!r}: {image.data.size} bytes begin like a picture, '
            'but cannot be decoded; it was damaged or cut short'
        )
    return view_of_pixels(np.asarray(pixels), image.format)


def view_of_pixels(pixels: NDArray[np.generic], origin: str) -> ImageView:
    """
    View decoded pixels.

    :param pixels: uint8 ``(H, W)``, grey, or ``(H, W, C)``, blue first; C is 1, 3 or 4.
    :param origin: the format or encoding that they come from, for the words of the error.
    :raises ImageFormatError: they are none of these.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    encoding = _CHANNEL_ENCODINGS.get(channels)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or encoding is None:
        raise ImageFormatError(
            f'image of format {origin!r} decodes to {pixels.dtype} {pixels.shape}, but 8-bit grey '
            'or colour is needed; choose an 8-bit format in the camera driver'
        )
    return ImageView.from_array(pixels.view(np.uint8), encoding)
