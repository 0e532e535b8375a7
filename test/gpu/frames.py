# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of random bytes, and the network's input that the definition makes of them."""

import numpy as np

from yolotrt_ros.core.color import to_rgb
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.letterbox import Letterbox, letterbox_image
from yolotrt_ros.gpu.preprocess import FrameNormalization

ALL = sorted(ENCODINGS)
UNIT = FrameNormalization()


def random_frame(rng, width, height, encoding, *, row_padding=0, is_bigendian=False):
    """
    Make a frame of random bytes, exactly as long as the encoding needs.

    Sides and padding are rounded up to even numbers where the encoding wants that.
    """
    kind = ENCODINGS[encoding]
    width += width % 2 if kind.has_shared_columns else 0
    height += height % 2 if kind.has_shared_rows else 0
    row_padding += row_padding % 2 if encoding == 'i420' else 0
    view = ImageView.allocate(
        width, height, encoding, row_padding=row_padding, is_bigendian=is_bigendian
    )
    data = rng.integers(0, 256, view.num_bytes, np.uint8)
    return ImageView(data, width, height, view.step, kind, is_bigendian)


def expected_input(view, network_wh, normalization=UNIT):
    """Return float32 ``(3, H, W)``: the levels of the definition, each scaled and rounded once."""
    levels = letterbox_image(to_rgb(view), Letterbox.fit(view.source_wh, network_wh))
    # A level times a float32 is exact in double precision.
    scale = np.array(normalization.scale, np.float32).astype(np.float64)
    bias = np.array(normalization.bias, np.float32).astype(np.float64)
    values = (levels * scale + bias).astype(np.float32)
    return (values if normalization.is_rgb else values[:, :, ::-1]).transpose(2, 0, 1)
