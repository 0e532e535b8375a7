# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The counts of a camera in words."""

from __future__ import annotations

from yolotrt_ros.core.frame_counts import FrameCounts


def counts_text(counts: FrameCounts) -> str:
    """Return such as ``received 5, processed 3, dropped 2 (rate 2), rejected 0``."""
    drops = ', '.join(f'{reason} {number}' for reason, number in counts.drops.items() if number)
    return (
        f'received {counts.received}, processed {counts.processed}, dropped {counts.dropped}'
        f'{f" ({drops})" if drops else ""}, rejected {counts.rejected}'
    )
