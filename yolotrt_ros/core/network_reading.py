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
from yolotrt_ros.core.errors import DetectionError, ModelError
from yolotrt_ros.core.heads import HeadLayout, recognise
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.session import Session


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


class SessionReading(NamedTuple):
    """
    What a loaded network is, and what it put out for a grey picture.

    :param info: the facts for those who use the pipeline.
    :param layout: how the outputs are to be read.
    :param outputs: name and values, batch first.
    """

    info: NetworkInfo
    layout: HeadLayout
    outputs: dict[str, NDArray[Any]]


def read_session(session: Session, config: DetectorConfig) -> SessionReading:
    """
    Run a network once on grey and find out how it is to be read.

    :param config: decides what the network leaves open: size and batch.
    :raises ModelError: the network does not run, or its outputs have no known layout.
    :raises ConfigError: the class names given do not fit the network.
    """
    width, height = session.network_wh
    network_wh = (width or config.network_width, height or config.network_height)
    outputs = _outputs_on_grey(session, network_wh)
    layout, class_names = read_network(outputs, network_wh, session.metadata, config)
    info = NetworkInfo(
        model_path=str(session.path),
        backend=session.backend,
        network_wh=network_wh,
        max_batch=session.batch or min(config.max_batch, session.max_batch or config.max_batch),
        class_names=class_names,
        head=layout.head.name,
        score_floor=session.score_floor,
    )
    return SessionReading(info, layout, outputs)


def _outputs_on_grey(session: Session, network_wh: tuple[int, int]) -> dict[str, NDArray[Any]]:
    width, height = network_wh
    grey = np.full((session.batch or 1, 3, height, width), 0.5, session.input_dtype)
    try:
        outputs = session.run(grey)
    except DetectionError as error:
        raise ModelError(
            f'{error}; where the network leaves its input size open, network_width and '
            'network_height must be multiples of its largest stride, usually 32'
        ) from error
    return dict(zip(session.output_names, outputs, strict=True))


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
