# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two networks on the same pictures: what counts as agreement, and what as a good engine."""

from dataclasses import replace
import json

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.networks import brightness_network, yolov5_table
from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.tools.agreement import Agreement
from yolotrt_ros.tools.frames import frame_source
from yolotrt_ros.tools.verification import Verification, verify
from yolotrt_ros.trt.precision import Precision

SELECTION = Selection(0.25, 0.45, 300)
NAMES = {0: 'red', 1: 'green', 2: 'blue'}
# cx cy w h objectness and the scores of three classes.
RED = (20, 20, 20, 20, 1, 0.9, 0, 0)
GREEN = (46, 20, 16, 16, 1, 0, 0.8, 0)
BLUE = (32, 48, 20, 16, 1, 0, 0, 0.5)


def frames(count=3):
    return [ImageView.from_array(np.full((64, 64, 3), 40 * i, np.uint8)) for i in range(count)]


@pytest.fixture
def network(tmp_path):
    """Return a function that makes a pipeline whose network finds these rows in every picture."""
    number = iter(range(100))

    def make(*rows, names=NAMES):
        table = yolov5_table(rows)
        path = brightness_network(
            tmp_path / f'{next(number)}.onnx',
            {'output0': (table, np.zeros_like(table))},
            metadata={'names': str(names)},
        )
        return build_pipeline(DetectorConfig(onnx_path=str(path)))

    return make


def moved(row, *changes):
    """Return a row with other values from the left on; None keeps one."""
    pairs = zip(row, [*changes, *[None] * len(row)], strict=False)
    return tuple(old if new is None else new for old, new in pairs)


def test_the_same_network_agrees_with_itself(network):
    found = verify(network(RED, GREEN, BLUE), network(RED, GREEN, BLUE), frames(), SELECTION)
    counts = (found.num_frames, found.num_reference, found.num_candidate, found.num_matched)
    assert counts == (3, 9, 9, 9)
    assert found.num_missing == found.num_extra == found.num_class_changes == 0
    assert (found.iou_min, found.iou_median) == pytest.approx((1, 1))
    assert found.score_difference_max == found.score_difference_median == 0
    assert found.candidate_median_ms > 0
    assert found.reference_median_ms > 0
    assert not any(found.reasons_against(precision) for precision in Precision)


def test_a_box_that_moved_has_its_overlap(network):
    # 20x20 pixels, moved by one: 19 columns are shared, 21 covered.
    found = verify(network(moved(RED, 21), GREEN), network(RED, GREEN), frames(1), SELECTION)
    assert found.num_matched == 2
    assert found.iou_min == pytest.approx(19 / 21, abs=1e-5)
    assert found.iou_median == pytest.approx((1 + 19 / 21) / 2, abs=1e-5)


def test_a_score_that_changed_has_its_difference(network):
    low = moved(RED, None, None, None, None, 0.5)
    found = verify(network(low, GREEN), network(RED, GREEN), frames(1), SELECTION)
    assert found.num_matched == 2
    assert found.score_difference_max == pytest.approx(0.45)
    assert found.score_difference_median == pytest.approx(0.225)


def test_objects_of_one_network_only_are_missing_or_extra(network):
    found = verify(network(RED, BLUE), network(RED, GREEN), frames(2), SELECTION)
    counts = found.num_matched, found.num_missing, found.num_extra, found.num_class_changes
    assert counts == (2, 2, 2, 0)


def test_the_same_box_with_another_class_is_a_change_of_class(network):
    turned = (*RED[:5], 0, 0, 0.7)
    found = verify(network(turned, GREEN), network(RED, GREEN), frames(2), SELECTION)
    counts = found.num_matched, found.num_missing, found.num_extra, found.num_class_changes
    assert counts == (2, 0, 0, 2)


@pytest.mark.parametrize(
    ('candidate', 'reference', 'counts'),
    [
        (0.24, 0.26, (1, 0, 0)),
        (0.26, 0.24, (1, 0, 0)),
        (0.15, 0.26, (0, 1, 0)),
        (0.26, 0.15, (0, 0, 1)),
        (0.24, 0.24, (0, 0, 0)),
    ],
)
def test_an_object_at_the_threshold_is_no_disagreement(candidate, reference, counts, network):
    networks = [network((*RED[:5], score, 0, 0)) for score in (candidate, reference)]
    found = verify(*networks, frames(1), SELECTION)
    assert (found.num_matched, found.num_missing, found.num_extra) == counts


def test_no_objects_are_nothing_to_compare(network):
    found = verify(network(), network(), frames(), SELECTION)
    assert not found.has_objects
    assert 'nothing to compare' in found.table()
    for precision in Precision:
        [reason] = found.reasons_against(precision)
        assert reason.startswith('nothing to compare: neither network finds an object in 3 pict')


def test_no_pictures_are_nothing_to_compare(network):
    found = verify(network(RED), network(RED), [], SELECTION)
    assert found.num_frames == 0
    assert found.candidate_median_ms is None
    assert found.reasons_against(Precision.FP32)


def test_nothing_in_common_is_no_good_engine(network):
    found = verify(network(RED), network(BLUE), frames(1), SELECTION)
    assert found.iou_median is None
    assert 'not one object is found by both' in found.reasons_against(Precision.INT8)


def test_nan_is_counted_and_never_good(network):
    broken = (np.nan, 50, 8, 8, 1, 0.9, 0, 0)
    found = verify(
        network(RED, GREEN, BLUE, broken), network(RED, GREEN, BLUE), frames(), SELECTION
    )
    assert found.num_matched == 9
    assert found.num_nonfinite == 3
    [reason] = found.reasons_against(Precision.INT8)
    assert reason == '3 candidates are NaN or infinite'


def test_networks_of_other_classes_cannot_be_compared(network):
    other = network(RED, names={0: 'cat', 1: 'dog', 2: 'cow'})
    text = (
        r'has the classes red, green, blue \(3\), but .*0\.onnx has cat, dog, cow \(3\); compare'
    )
    with pytest.raises(ConfigError, match=text):
        verify(other, network(RED), frames(), SELECTION)


def test_figures_are_json_and_a_table(network):
    found = verify(network(RED, BLUE), network(RED, GREEN), frames(2), SELECTION)
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    lines = dict(line.split('  ', 1) for line in found.table().splitlines())
    values = {name: value.strip() for name, value in lines.items()}
    assert values['objects'] == '4 reference, 4 candidate'
    assert values['missing'] == values['extra'] == '2'
    assert values['IoU'] == 'min 1.0000, median 1.0000'
    assert values['time of a picture'].startswith('reference ')


# Limits

GOOD = Verification(
    num_frames=50,
    num_reference=100,
    num_candidate=100,
    num_matched=100,
    num_missing=0,
    num_extra=0,
    num_class_changes=0,
    num_nonfinite=0,
    iou_min=0.4,
    iou_median=0.999,
    score_difference_max=0.3,
    score_difference_median=0.001,
    candidate_median_ms=1.0,
    reference_median_ms=50.0,
)


@pytest.mark.parametrize(
    ('changes', 'good'),
    [
        ({}, ('fp32', 'fp16', 'int8')),
        ({'num_missing': 1, 'num_extra': 1}, ('fp32', 'fp16', 'int8')),
        ({'num_missing': 2, 'num_extra': 1}, ('fp16', 'int8')),
        ({'num_missing': 2, 'num_extra': 2, 'num_class_changes': 1}, ('int8',)),
        ({'num_missing': 20, 'num_extra': 6}, ()),
        ({'iou_median': 0.975}, ('fp16', 'int8')),
        ({'iou_median': 0.9}, ('int8',)),
        ({'iou_median': 0.8}, ()),
        ({'score_difference_median': 0.015}, ('fp16', 'int8')),
        ({'score_difference_median': 0.05}, ('int8',)),
        ({'score_difference_median': 0.2}, ()),
        ({'num_nonfinite': 1}, ()),
    ],
)
def test_each_precision_has_its_limits(changes, good):
    found = replace(GOOD, **changes)
    assert tuple(p.value for p in Precision if not found.reasons_against(p)) == good


def test_one_disagreement_is_allowed_among_few_objects():
    few = replace(GOOD, num_reference=5, num_candidate=4, num_matched=4, num_missing=1)
    assert not few.reasons_against(Precision.FP32)
    assert replace(few, num_extra=1).reasons_against(Precision.FP32)


def test_reasons_hold_the_figures():
    bad = replace(GOOD, num_missing=30, iou_median=0.5, score_difference_median=0.5)
    assert bad.reasons_against(Precision.FP16) == [
        '30 of 100 objects are missing, extra or of another class, more than 4',
        'median IoU is 0.5000, below 0.97',
        'median score difference is 0.5000, above 0.02',
    ]


# Agreement


def random_detections(rng, count):
    """Boxes on a grid, so that none overlaps another."""
    cells = rng.permutation(100)[:count]
    corners = np.stack([cells % 10, cells // 10], 1) * 20.0
    boxes = np.concatenate([corners, corners + rng.uniform(8, 18, (count, 2))], 1)
    return Detections(
        boxes.astype(np.float32),
        np.sort(rng.uniform(0.3, 1, count))[::-1].astype(np.float32),
        rng.integers(0, 3, count).astype(np.int32),
    )


def test_counts_add_up_for_any_subsets(rng):
    everything = random_detections(rng, 60)
    sets = [rng.random(60) < 0.7 for _ in range(2)]
    candidate, reference = (everything[rows] for rows in sets)
    turned = rng.random(len(candidate)) < 0.2
    class_ids = np.where(turned, (candidate.class_ids + 1) % 3, candidate.class_ids)
    candidate = replace(candidate, class_ids=class_ids.astype(np.int32))
    agreement = Agreement(0.25)
    agreement.add(candidate, reference)
    shared = sets[1][np.flatnonzero(sets[0])]
    assert agreement.num_class_changes == int((shared & turned).sum())
    assert len(agreement.ious) == int((shared & ~turned).sum())
    assert agreement.num_missing == int((sets[1] & ~sets[0]).sum())
    assert agreement.num_extra == int((sets[0] & ~sets[1]).sum())
    for total, alone in (
        (agreement.num_reference, agreement.num_missing),
        (agreement.num_candidate, agreement.num_extra),
    ):
        assert total == alone + len(agreement.ious) + agreement.num_class_changes
    assert max(agreement.score_differences, default=0) == 0


# Real networks


def pipeline_of(path):
    return build_pipeline(DetectorConfig(onnx_path=str(path)))


def test_half_precision_weights_find_the_same(test_data):
    reference = pipeline_of(test_data('models/yolov5n.onnx'))
    candidate = pipeline_of(test_data('models/yolov5n_fp16w_fp32io.onnx'))
    found = verify(candidate, reference, frame_source(test_data('photos')), SELECTION)
    assert found.num_frames == 5
    assert found.num_matched > 10
    assert found.reasons_against(Precision.FP16) == []
    assert 0 < found.score_difference_max < 0.02


def test_another_network_is_not_taken_for_the_same(test_data):
    reference = pipeline_of(test_data('models/yolov5n.onnx'))
    candidate = pipeline_of(test_data('models/yolov8n.onnx'))
    found = verify(candidate, reference, frame_source(test_data('photos')), SELECTION)
    assert found.num_matched > 10
    assert found.reasons_against(Precision.FP16)
