# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Find objects in pictures, folders and videos, without ROS."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
import json
from pathlib import Path
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import SELECTION_PARAMETERS
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError, DetectionError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.options import add_parameter_options, config_from_options
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.draw import draw_detections, draw_label
from yolotrt_ros.cpu.media import (
    find_media,
    Media,
    MediaError,
    Picture,
    write_picture,
)
from yolotrt_ros.tools.annotated_video import AnnotatedVideo
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS, network_paths
from yolotrt_ros.tools.termination import ended_in_order

OPTIONS = (*NETWORK_OPTIONS, *SELECTION_PARAMETERS)


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0, or 1 where some of the inputs could not be read.
    """
    options = parse(args)
    config = config_from_options(options, **network_paths(options.model))
    media = [item for path in options.inputs for item in find_media(path, keep_damaged=True)]
    _check_output_names(options.save, media)
    pipeline = build_pipeline(config)
    job = DetectJob(pipeline, config.selection(pipeline.info), options)
    total = sum(item.num_frames for item in media)
    with (
        ended_in_order(),
        tqdm(total=total, unit='image', file=sys.stderr, disable=options.quiet) as progress,
    ):
        for item in media:
            job.run(item, progress)
    pipeline.close()
    if job.num_nonfinite:
        print(
            f'yolotrt_ros detect: {job.num_nonfinite} candidates of the network are NaN or '
            'infinite and left out',
            file=sys.stderr,
        )
    return 1 if job.num_failed else 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        'yolotrt_ros detect', description='Find objects in pictures, folders and videos.'
    )
    parser.add_argument('model', type=Path, help='ONNX network or TensorRT engine')
    parser.add_argument('inputs', type=Path, nargs='+', help='pictures, videos or folders')
    parser.add_argument('--json', action='store_true', help='print one JSON object a picture')
    parser.add_argument('--save', type=Path, metavar='DIR', help='write annotated files there')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    add_parameter_options(parser, OPTIONS)
    return parser.parse_args(args)


class DetectJob:
    """
    Runs a pipeline over files and hands the results out.

    :param options: ``json`` prints objects, ``save`` names the folder for annotated files.
    """

    def __init__(self, pipeline: Pipeline, selection: Selection, options: Namespace) -> None:
        self.num_failed = 0
        self.num_nonfinite = 0
        self._pipeline = pipeline
        self._selection = selection
        self._options = options

    def run(self, media: Media, progress: tqdm) -> None:
        """Detect in one file; one that cannot be read is reported and counted."""
        try:
            if media.is_video:
                self._run_video(media, progress)
            else:
                self._run_picture(media, progress)
        except MediaError as error:
            self._fail(str(error))
        except DetectionError as error:
            self._fail(f'{media.path}: {error}')

    def _fail(self, text: str) -> None:
        tqdm.write(f'yolotrt_ros detect: {text}', file=sys.stderr)
        self.num_failed += 1

    def _run_picture(self, media: Media, progress: tqdm) -> None:
        for picture, detections in self._results(media, progress):
            if self._options.save:
                draw_detections(picture.image_bgr, detections, self._pipeline.info.class_names)
                write_picture(self._options.save / media.path.name, picture.image_bgr)

    def _run_video(self, media: Media, progress: tqdm) -> None:
        writer: AnnotatedVideo | None = None
        num_read = 0
        try:
            for picture, detections in self._results(media, progress):
                num_read += 1
                if not self._options.save:
                    continue
                if writer is None:
                    writer = AnnotatedVideo(self._options.save, media, picture.image_bgr)
                self._annotate_frame(picture.image_bgr, detections)
                writer.write(picture.image_bgr)
        finally:
            if writer is not None:
                writer.close()
        _check_length(media, num_read)

    def _results(self, media: Media, progress: tqdm) -> Iterator[tuple[Picture, Detections]]:
        for picture in media.pictures():
            view = ImageView.from_array(picture.image_bgr)
            detections = self._pipeline.detect([view], self._selection)[0]
            self.num_nonfinite += detections.num_nonfinite
            if self._options.json:
                print(json.dumps(self._record(picture, detections)), flush=True)
            elif not self._options.save:
                tqdm.write(self._summary(picture, detections), file=sys.stdout)
            yield picture, detections
            progress.update()

    def _annotate_frame(self, image: NDArray[np.uint8], detections: Detections) -> None:
        draw_detections(image, detections, self._pipeline.info.class_names)
        time_ms = sum(self._pipeline.stage_times.values())
        draw_label(image, f'{time_ms:.1f} ms  {1e3 / time_ms:.0f} Hz', (0, 0), (40, 40, 40))

    def _record(self, picture: Picture, detections: Detections) -> dict[str, Any]:
        names = self._pipeline.info.class_names
        rows: Iterable[Any] = zip(
            detections.class_ids.tolist(),
            detections.scores.tolist(),
            detections.boxes_xyxy.tolist(),
            strict=True,
        )
        return {
            'file': picture.name,
            'width': picture.image_bgr.shape[1],
            'height': picture.image_bgr.shape[0],
            'detections': [
                {'class_id': index, 'class_name': names[index], 'score': score, 'xyxy': box}
                for index, score, box in rows
            ],
        }

    def _summary(self, picture: Picture, detections: Detections) -> str:
        names = [self._pipeline.info.class_names[index] for index in detections.class_ids]
        counts = [f'{names.count(name)} {name}' for name in dict.fromkeys(names)]
        return f'{picture.name}: {", ".join(counts) or "nothing"}'


def _check_length(media: Media, num_read: int) -> None:
    """Refuse a video that ends early; some containers count a frame or a percent too many."""
    if num_read < media.num_frames - max(1, media.num_frames // 100):
        raise MediaError(
            f'{media.path} ends after {num_read} frames, but {media.num_frames} were expected; it '
            'was cut short, is damaged there, or its container counts wrongly'
        )


def _check_output_names(folder: Path | None, media: Iterable[Media]) -> None:
    """Refuse to write two results to one file, or over an input."""
    if folder is None:
        return
    seen: dict[str, Path] = {}
    for item in media:
        name = f'{item.path.stem}.mp4' if item.is_video else item.path.name
        if name in seen:
            raise ConfigError(
                'save',
                str(folder),
                f'{seen[name]} and {item.path} would both be written to {name}',
            )
        if (folder / name).resolve() == item.path.resolve():
            raise ConfigError('save', str(folder), f'{item.path} would be overwritten')
        seen[name] = item.path
