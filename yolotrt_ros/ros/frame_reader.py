# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the frames of a batch to views of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
import os

from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.turn_rules import TurnRules
from yolotrt_ros.ros.frame_accounts import FrameAccounts
from yolotrt_ros.ros.frame_turn import FrameTurn, ReceivedFrame, ViewedTurn
from yolotrt_ros.ros.images import ReceivedImage


class FrameReader:
    """
    Reads messages, and turns away what cannot be used or is not wanted any more.

    :param rules: applied to the headers, before any pixel is looked at.
    :param accounts: told of each frame that goes no further.
    :param max_frames: the most that come at once.
    :param compressed: whether the messages are ``CompressedImage``.
    """

    def __init__(
        self, rules: TurnRules, accounts: FrameAccounts, *, max_frames: int, compressed: bool
    ) -> None:
        self._compressed = compressed
        self._rules = rules
        self._accounts = accounts
        num_threads = min(max_frames, os.cpu_count() or 1)
        # OpenCV decodes a picture in one thread, and without Python's lock.
        self._decoders = (
            ThreadPoolExecutor(num_threads, 'image_decoder')
            if compressed and num_threads > 1
            else None
        )

    @property
    def is_quick(self) -> bool:
        """Whether reading takes microseconds: nothing has to be decoded."""
        return not self._compressed

    def read(self, taken: Sequence[tuple[str, ReceivedFrame]], taken_ns: int) -> list[FrameTurn]:
        """
        Read the headers of frames whose turn has come.

        :param taken: pairs of camera and frame.
        :param taken_ns: now, by the node's clock.
        """
        turns = [self._begin(camera, frame, taken_ns) for camera, frame in taken]
        return [turn for turn in turns if turn is not None]

    def view(self, turns: Sequence[FrameTurn]) -> list[ViewedTurn]:
        """View the pixels; compressed pictures are decoded side by side."""
        images = [turn.image for turn in turns]
        if self._decoders is not None and len(images) > 1:
            outcomes = list(self._decoders.map(_view_or_error, images))
        else:
            outcomes = [_view_or_error(image) for image in images]
        viewed = []
        for turn, outcome in zip(turns, outcomes, strict=True):
            if isinstance(outcome, Exception):
                self._accounts.reject(turn.camera, outcome)
            else:
                viewed.append(ViewedTurn(turn, outcome))
        return viewed

    def processed(self, turn: FrameTurn) -> None:
        """Take note of a frame whose detections were published."""
        self._rules.processed(turn.camera, turn.header.stamp_ns)

    def close(self) -> None:
        """End the threads; calling it twice does no harm."""
        if self._decoders is not None:
            self._decoders.shutdown()

    def _begin(self, camera: str, frame: ReceivedFrame, taken_ns: int) -> FrameTurn | None:
        try:
            image = ReceivedImage(frame.serialised, compressed=self._compressed)
        except ImageFormatError as error:
            self._accounts.reject(camera, error)
            return None
        refusal = self._rules.refusal(
            camera,
            stamp_ns=image.header.stamp_ns,
            received_ns=frame.received_ns,
            taken_ns=taken_ns,
        )
        if refusal is not None:
            self._accounts.drop(camera, refusal)
            return None
        return FrameTurn(camera, image, frame.received_ns, taken_ns)


def _view_or_error(image: ReceivedImage) -> ImageView | Exception:
    try:
        return image.view()
    except Exception as error:  # whatever a picture does to a decoder, the others are served
        return error
