# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure the accuracy of a network on labelled pictures, through the pipeline that deploys it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
import json
from pathlib import Path
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import BackendError, ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.options import add_parameter_options, config_from_options
from yolotrt_ros.core.pipeline import NetworkInfo, Pipeline
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.media import read_picture
from yolotrt_ros.tools.network_option import NETWORK_OPTIONS, network_paths

OPTIONS = (*NETWORK_OPTIONS, 'class_agnostic_nms')
# The conditions that YOLO networks are usually measured under: every score counts, and NMS
# leaves more overlap than a robot would want.
SCORE_THRESHOLD, IOU_THRESHOLD, MAX_DETECTIONS = 0.001, 0.65, 300
SIZES = ('all', 'small', 'medium', 'large')


def main(args: list[str]) -> int:
    """Run the command; returns 0."""
    options = parse(args)
    config = config_from_options(
        options,
        **network_paths(options.model),
        score_threshold=options.score_threshold or SCORE_THRESHOLD,
        iou_threshold=options.iou_threshold,
        max_detections=MAX_DETECTIONS,
    )
    truth = load_annotations(options.annotations)
    pipeline = build_pipeline(config)
    categories = match_categories(pipeline.info.class_names, truth.loadCats(truth.getCatIds()))
    selection = lowest_selection(config, pipeline.info)
    rows = detect_all(pipeline, selection, truth, options.images, categories)
    pipeline.close()
    result = {'model': str(options.model), **measure(truth, rows)}
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + '\n', encoding='utf-8')
    return 0


def parse(args: list[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser('yolotrt_ros evaluate', description=__doc__)
    parser.add_argument('model', type=Path, help='ONNX network or TensorRT engine')
    parser.add_argument('--annotations', type=Path, required=True, help='COCO instances file')
    parser.add_argument('--images', type=Path, required=True, help='folder of its pictures')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures there')
    parser.add_argument(
        '--score-threshold',
        type=float,
        help=f"lowest score that counts; default {SCORE_THRESHOLD} or the engine's own, if higher",
    )
    parser.add_argument('--iou-threshold', type=float, default=IOU_THRESHOLD)
    add_parameter_options(parser, OPTIONS)
    return parser.parse_args(args)


def lowest_selection(config: DetectorConfig, info: NetworkInfo) -> Selection:
    """Return the rules, with the network's own threshold where it is higher than the usual."""
    if config.score_threshold == SCORE_THRESHOLD < info.score_floor:
        print(f'scores below {info.score_floor:g} are dropped by the network', file=sys.stderr)
        config = replace(config, score_threshold=info.score_floor)
    return config.selection(info)


def load_annotations(path: Path) -> Any:  # noqa: ANN401 - pycocotools has no types
    """
    Read a COCO file.

    :raises BackendError: pycocotools is not installed.
    :raises ConfigError: the file is no COCO instances file.
    """
    try:
        from pycocotools.coco import COCO
    except ImportError as error:
        raise BackendError(
            'evaluate needs pycocotools; install it with `pip install pycocotools`'
        ) from error
    try:
        with redirect_stdout(sys.stderr):
            truth = COCO(str(path))
        missing = {'images', 'annotations', 'categories'} - set(truth.dataset)
        if missing:
            raise ValueError(f'it has no {", ".join(sorted(missing))}')
    except (OSError, ValueError, KeyError, AssertionError) as error:
        raise ConfigError(
            'annotations', str(path), f'cannot be read as a COCO instances file: {error!r}'
        ) from error
    return truth


def match_categories(
    class_names: Sequence[str], categories: Sequence[dict[str, Any]]
) -> list[int | None]:
    """
    Find for each class of the network the category with its name.

    :returns: category ids in the order of the class ids; None where the truth lacks the class.
    :raises ConfigError: not one name agrees.
    """
    ids = {category['name']: int(category['id']) for category in categories}
    matched = [ids.get(name) for name in class_names]
    if not any(category is not None for category in matched):
        raise ConfigError(
            'annotations',
            ', '.join(list(ids)[:5]) + ' …',
            f'has no category of the network ({", ".join(class_names[:5])} …); '
            'set class_names to the names of the annotations',
        )
    missing = set(ids) - set(class_names)
    if missing:
        names = ', '.join(sorted(missing))
        print(f'the network has no class for these categories: {names}', file=sys.stderr)
    return matched


def detect_all(
    pipeline: Pipeline,
    selection: Selection,
    truth: Any,  # noqa: ANN401
    folder: Path,
    categories: Sequence[int | None],
) -> list[dict[str, Any]]:
    """Run every picture of the annotations; returns rows in COCO's result format."""
    rows: list[dict[str, Any]] = []
    for image in tqdm(truth.loadImgs(truth.getImgIds()), unit='image', file=sys.stderr):
        view = ImageView.from_array(read_picture(folder / image['file_name']))
        detections = pipeline.detect([view], selection)[0]
        rows += _coco_rows(int(image['id']), detections, categories)
    return rows


def measure(truth: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401
    """
    Compute COCO's figures with pycocotools.

    :returns: ``mAP50_95``, ``mAP50``, the same by object size, and ``per_class`` by name; None
        where the truth has no such object.
    """
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(sys.stderr):
        evaluation = COCOeval(truth, _load_results(truth, rows), 'bbox')
        # A class may have up to max_detections boxes in a picture; COCO's default is 100.
        evaluation.params.maxDets = [1, 100, MAX_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    # Axes: IoU threshold, recall, class, size, detections.
    precision = evaluation.eval['precision'][..., -1]
    by_size = {
        size: {'mAP50_95': _mean(precision[:, :, :, i]), 'mAP50': _mean(precision[0, :, :, i])}
        for i, size in enumerate(SIZES)
    }
    names = [category['name'] for category in truth.loadCats(evaluation.params.catIds)]
    per_class = {
        name: {'mAP50_95': _mean(precision[:, :, i, 0]), 'mAP50': _mean(precision[0, :, i, 0])}
        for i, name in enumerate(names)
    }
    return {
        **by_size['all'],
        'images': len(truth.getImgIds()),
        'detections': len(rows),
        'per_size': {size: by_size[size] for size in SIZES[1:]},
        'per_class': per_class,
    }


def table(result: dict[str, Any]) -> str:
    """Format the figures for people."""
    rows = [('all', result), *result['per_size'].items(), *result['per_class'].items()]
    lines = [f'{"":20s} {"mAP50-95":>9s} {"mAP50":>9s}']
    lines += [f'{name:20s} {_cell(row["mAP50_95"])} {_cell(row["mAP50"])}' for name, row in rows]
    return '\n'.join(lines)


def _cell(figure: float | None) -> str:
    return f'{"-":>9s}' if figure is None else f'{figure:9.4f}'


def _load_results(truth: Any, rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    if rows:
        return truth.loadRes(rows)
    found = type(truth)()  # loadRes looks at the first row and fails where there is none
    found.dataset = truth.dataset | {'annotations': []}
    found.createIndex()
    return found


def _mean(precision: NDArray[np.float64]) -> float | None:
    known = precision[precision > -1]
    return float(known.mean()) if known.size else None


def _coco_rows(
    image_id: int, detections: Detections, categories: Sequence[int | None]
) -> list[dict[str, Any]]:
    rows = []
    for box, score, class_id in zip(
        detections.boxes_xyxy.tolist(),
        detections.scores.tolist(),
        detections.class_ids.tolist(),
        strict=True,
    ):
        x1, y1, x2, y2 = box
        if (category := categories[class_id]) is not None:
            bbox = [x1, y1, x2 - x1, y2 - y1]
            rows.append(
                {'image_id': image_id, 'category_id': category, 'bbox': bbox, 'score': score}
            )
    return rows
