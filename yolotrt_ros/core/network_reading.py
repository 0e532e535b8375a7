# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a network is to be read: from its outputs, from what its file says, and from parameters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.class_names import choose_class_names, count_class_names
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ModelError
from yolotrt_ros.core.heads import HeadLayout, recognise


class NetworkReading(NamedTuple):
    """The layout of a network's outputs and the names of its classes."""

    layout: HeadLayout
    class_names: tuple[str, ...]


def read_network(
    outputs: Mapping[str, NDArray[Any]],
    network_wh: tuple[int, int],
    metadata: Mapping[str, str],
    config: DetectorConfig,
) -> NetworkReading:
    """
    Find out how a network is to be read.

    :param outputs: name and values of one run, batch first.
    :param network_wh: width and height of the input of that run, pixels.
    :param metadata: the entries of the network's file; ``anchors`` and ``names`` are read.
    :param config: its anchors and class names go before those of the file.
    :raises ModelError: the outputs have no known layout, or the entries make no sense.
    :raises ConfigError: the class names given do not fit the network.
    """
    names: dict[str, Any] = {
        'given': config.class_names,
        'path': Path(config.class_names_path) if config.class_names_path else None,
        'metadata': metadata.get('names'),
    }
    layout = recognise(
        outputs,
        network_wh,
        anchors=config.anchors or metadata_anchors(metadata.get('anchors')),
        num_classes=count_class_names(**names),
    )
    return NetworkReading(layout, choose_class_names(layout.num_classes, **names))


def metadata_anchors(text: str | None) -> tuple[float, ...]:
    """
    Read the ``anchors`` entry of a network with raw heads.

    :param text: nested lists of widths and heights in network pixels, finest level first.
    :returns: the numbers in order, none where there is no entry.
    :raises ModelError: the entry holds something else.
    """
    if text is None:
        return ()
    try:
        return tuple(float(size) for size in np.ravel(ast.literal_eval(text)))
    except (ValueError, SyntaxError, TypeError) as error:
        raise ModelError(
            "the metadata entry 'anchors' must be lists of widths and heights in pixels, "
            f'but is {text[:120]!r}; export the network again or set the parameter anchors'
        ) from error
