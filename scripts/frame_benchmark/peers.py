# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Other packages that run engines of YOLO networks, where they are installed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.frame_benchmark.message_ring import Message
from yolotrt_ros.core.heads import Head
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.color import to_bgr

DetectPicture = Callable[[NDArray[np.uint8]], int]


@dataclass(frozen=True)
class Peer:
    """
    A package that has loaded the engine; it takes one BGR picture a call.

    :param detect: returns how many objects it found.
    """

    name: str
    detect: DetectPicture

    def __call__(self, messages: Sequence[Message]) -> int:
        """Find the objects in messages, beginning at their bytes."""
        return sum(self.detect(bgr_of(message.view())) for message in messages)


@dataclass(frozen=True)
class _Kind:
    """A package, the heads whose engines it can run, and how it loads one."""

    heads: tuple[Head, ...]
    load: Callable[[Any, Namespace, NetworkInfo, Selection, int], DetectPicture]


def open_peers(
    options: Namespace, info: NetworkInfo, selection: Selection, device_index: int
) -> tuple[list[Peer], list[str]]:
    """
    Load the engine into every package that can run it.

    :returns: the packages, and for each other one a sentence that says why it is left out.
    """
    peers, reasons = [], []
    for name, kind in _KINDS.items():
        given = (options, info, selection, device_index)
        try:
            peers.append(_open(name, kind, *given))
        except _UnavailableError as error:
            reasons.append(f'No row for {name}: {error}.')
    return peers, reasons


class _UnavailableError(Exception):
    """A package cannot be measured; the text says why."""


def _open(
    name: str,
    kind: _Kind,
    options: Namespace,
    info: NetworkInfo,
    selection: Selection,
    device_index: int,
) -> Peer:
    if find_spec(name) is None:
        raise _UnavailableError('it is not installed')
    if info.head not in [head.name for head in kind.heads]:
        known = ', '.join(head.name for head in kind.heads)
        raise _UnavailableError(f'it runs engines with {known} outputs, this one has {info.head}')
    width, height = info.network_wh
    try:
        detect = kind.load(import_module(name), options, info, selection, device_index)
        detect(np.full((height, width, 3), 114, np.uint8))
    except Exception as error:  # whatever it is, the others can be measured
        text = ' '.join(str(error).split())[:300]
        raise _UnavailableError(
            f'it could not run this engine ({type(error).__name__}: {text})'
        ) from error
    return Peer(name, detect)


def _load_trtutils(
    module: Any,  # noqa: ANN401 - untyped packages
    options: Namespace,
    info: NetworkInfo,
    selection: Selection,
    device_index: int,
) -> DetectPicture:
    if device_index:
        raise ValueError('it always takes the first GPU; hide the others from it')
    network = import_module(f'{module.__name__}.impls.yolo').YOLO(
        options.engine,
        conf_thres=selection.score_threshold,
        nms_iou_thres=selection.iou_threshold,
        warmup=True,
    )
    return lambda image: len(network.end2end(image))


def _load_ultralytics(
    module: Any,  # noqa: ANN401
    options: Namespace,
    info: NetworkInfo,
    selection: Selection,
    device_index: int,
) -> DetectPicture:
    network = module.YOLO(str(options.engine), task='detect')
    rules = {
        'conf': selection.score_threshold,
        'iou': selection.iou_threshold,
        'max_det': selection.max_detections,
        'imgsz': info.network_wh[::-1],
        'device': device_index,
        'verbose': False,
    }
    return lambda image: len(network.predict(image, **rules)[0].boxes)


_KINDS = {
    'trtutils': _Kind((Head.EFFICIENT_NMS, Head.END_TO_END), _load_trtutils),
    'ultralytics': _Kind((Head.YOLOV8, Head.END_TO_END), _load_ultralytics),
}


def bgr_of(view: ImageView) -> NDArray[np.uint8]:
    """Return what such packages take: uint8 ``(H, W, 3)``, BGR; a view where that is possible."""
    planes = view.planes()
    match view.encoding.name:
        case 'bgr8':
            return planes[0].view(np.uint8)
        case 'nv12':
            return np.asarray(
                cv2.cvtColorTwoPlane(planes[0], planes[1], cv2.COLOR_YUV2BGR_NV12), np.uint8
            )
    return to_bgr(view)
