# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two loaded networks on the same input: what each of them puts out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError, ModelError
from yolotrt_ros.core.heads import HeadLayout
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.network_reading import read_network
from yolotrt_ros.core.session import Session
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.cpu.preprocess import Preprocessor
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.tools.network_option import network_paths
from yolotrt_ros.trt.onnx_run import random_images

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """
    What a network put out for one picture.

    :param session: the network.
    :param network_wh: width and height of the picture, pixels.
    :param outputs: name and values, batch first.
    :param layout: how they are to be read; None where that is not known.
    """

    session: Session
    network_wh: tuple[int, int]
    outputs: dict[str, NDArray[Any]]
    layout: HeadLayout | None


def open_session(path: Path, config: DetectorConfig) -> Session:
    """
    Load a network into the runtime of its file.

    :raises ConfigError: the file is neither ONNX nor an engine.
    :raises YolotrtError: it cannot be loaded.
    """
    if 'onnx_path' in network_paths(path):
        return OnnxSession(path, num_threads=config.num_threads)
    from yolotrt_ros.gpu.device import find_device
    from yolotrt_ros.trt.engine_file import read_plan
    from yolotrt_ros.trt.engine_session import EngineSession

    read_plan(path)  # a wrong path or file is named first, also where there is no GPU
    plugin_path = Path(config.plugin_path) if config.plugin_path else None
    return EngineSession(path, device=find_device(config.device), plugin_path=plugin_path)


def common_size(sessions: tuple[Session, Session], config: DetectorConfig) -> tuple[int, int]:
    """
    Return width and height of an input that both networks take.

    :raises ConfigError: they take different ones.
    """
    sides = []
    for axis, usual in enumerate((config.network_width, config.network_height)):
        fixed = {session.network_wh[axis] for session in sessions} - {None}
        if len(fixed) > 1:
            sizes = ' and '.join(f'{_size(session)} ({session.path})' for session in sessions)
            raise ConfigError(
                'networks',
                ', '.join(str(session.path) for session in sessions),
                f'take inputs of different sizes, {sizes}, so no value of the one belongs to one '
                'of the other; compare networks of one size, or use `compare`, which looks at '
                'the objects that they find',
            )
        sides.append(fixed.pop() or usual if fixed else usual)
    return sides[0], sides[1]


def make_image(picture: Path | None, network_wh: tuple[int, int], *, seed: int) -> Image:
    """
    Return the input of both: a picture, letterboxed, or random patches.

    :returns: float32 ``(3, H, W)``, RGB, 0 to 1, in values that float16 has too, so that both see
        the very same.
    """
    if picture is None:
        shape = (1, 3, network_wh[1], network_wh[0])
        tensor = random_images(shape, np.dtype(np.float32), np.random.default_rng(seed))
    else:
        preprocess = Preprocessor(network_wh, 1, np.dtype(np.float32))
        tensor = preprocess([ImageView.from_array(read_picture(picture))])[0]
    return np.asarray(tensor[0].astype(np.float16), np.float32)


def run_session(session: Session, image: Image, config: DetectorConfig) -> Run:
    """Run a network on an image; where it wants a larger batch, on copies of it."""
    batch = np.repeat(image[np.newaxis], session.batch or 1, axis=0)
    values = session.run(batch.astype(session.input_dtype))
    outputs = dict(zip(session.output_names, values, strict=True))
    network_wh = (image.shape[2], image.shape[1])
    try:
        layout = read_network(outputs, network_wh, session.metadata, config).layout
    except ModelError:
        layout = None
    return Run(session, network_wh, outputs, layout)


def _size(session: Session) -> str:
    width, height = session.network_wh
    return f'{width or "any"}x{height or "any"}'
