# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A frame on its way through the node, from the subscription until its turn has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.ros.images import ReceivedImage


class ReceivedFrame(NamedTuple):
    """
    A message as it came; nothing of it was read yet.

    :param serialised: the bytes of the image message.
    :param received_ns: when it came, nanoseconds of the node's clock.
    """

    serialised: bytes
    received_ns: int


@dataclass(frozen=True)
class FrameTurn:
    """
    A frame whose turn has come.

    :param camera: the camera's name.
    :param image: its message, read.
    :param received_ns: when it came, nanoseconds of the node's clock.
    :param taken_ns: when its turn came.
    """

    camera: str
    image: ReceivedImage
    received_ns: int
    taken_ns: int

    @property
    def header(self) -> MessageHeader:
        """Stamp and frame of the image."""
        return self.image.header


class ViewedTurn(NamedTuple):
    """A frame that can be detected in: its turn, and the view of its pixels."""

    turn: FrameTurn
    view: ImageView
