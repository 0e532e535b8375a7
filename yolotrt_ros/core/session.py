# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every loaded network offers to the pipeline on the CPU, whichever runtime it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


def cure_of_age(text: str) -> str | None:
    """
    Say what to do about a file that is newer than ONNX Runtime, as on Ubuntu 22.04.

    :param text: what ONNX Runtime says of a file that it does not load.
    :returns: None where it speaks of something else.
    """
    if 'Unsupported model IR version' not in text and 'Current official support' not in text:
        return None
    return (
        'the file is newer than this ONNX Runtime: install a newer one, or export the network '
        'again with an older operator set (opset 12 to 16)'
    )


class Session(Protocol):
    """
    One loaded network with one image input; arrays in ordinary memory in and out.

    :ivar path: the file it came from.
    :ivar backend: the runtime, its version and the processor, for people.
    :ivar metadata: what the file says of itself: ``names``, ``anchors``, ``stride`` and others.
    :ivar batch: the batch size that the network demands, or None where it is open.
    :ivar max_batch: the largest batch, or None where there is no limit.
    :ivar network_wh: width and height of the input in pixels, None where they are open.
    :ivar input_dtype: float32 or float16.
    :ivar output_names: every output, in the network's order.
    :ivar score_floor: the lowest score that the network itself lets through; 0 for all.
    """

    path: Path
    backend: str
    metadata: Mapping[str, str]
    batch: int | None
    max_batch: int | None
    network_wh: tuple[int | None, int | None]
    input_dtype: np.dtype[Any]
    output_names: list[str]
    score_floor: float

    def run(
        self, tensor: NDArray[np.floating], output_names: Sequence[str] | None = None
    ) -> list[NDArray[Any]]:
        """
        Run the network.

        :param tensor: ``(B, 3, H, W)`` of ``input_dtype``.
        :param output_names: the outputs wanted, in this order; None for all.
        :raises DetectionError: the runtime failed.
        """

    def close(self) -> None:
        """Free what the session holds; calling it twice does no harm."""
