# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Known faults, made on purpose, are named by their figures; chance is not."""

from dataclasses import replace

import numpy as np
import pytest

from test.tools.golden_files import golden_of_detections, random_detections
from yolotrt_ros.tools.golden_causes import likely_causes
from yolotrt_ros.tools.golden_comparison import compare, Tolerances


@pytest.fixture
def found(rng):
    return [random_detections(rng) for _ in range(12)]


def causes(found, current, golden_facts=None, **facts):
    golden = golden_of_detections(found, **(golden_facts or {}))
    comparison = compare(golden, golden_of_detections(current, **facts), Tolerances())
    return likely_causes(comparison)


def moved(found, matrix, offset_px):
    return [
        replace(item, boxes_xyxy=(item.boxes_xyxy * matrix + offset_px).astype(np.float32))
        for item in found
    ]


def jittered(found, rng, scale_px=1.0):
    """Return boxes and scores as another input would change them; as many rise as fall."""
    changed = []
    for item in found:
        signs = rng.permutation(np.resize([1, -1], len(item)))
        changes = signs * np.minimum(np.abs(rng.normal(0.02, 0.03, len(item))), 0.2)
        noise_px = rng.normal(0, scale_px, item.boxes_xyxy.shape)
        changed.append(
            replace(
                item,
                boxes_xyxy=(item.boxes_xyxy + noise_px).astype(np.float32),
                scores=(item.scores + changes).astype(np.float32),
            )
        )
    return changed


def test_the_same_has_no_cause(found):
    assert causes(found, found) == []


def test_chance_has_no_cause(found, rng):
    assert causes(found, jittered(found, rng, 4.0)) == []


@pytest.mark.parametrize('offset_px', [(2, 0), (0, -2.5), (12, 7), (-60, 90), (300, 0)])
def test_a_constant_shift_is_named_with_its_pixels(offset_px, found):
    [text] = causes(found, moved(found, 1, np.tile(offset_px, 2)))
    x, y = offset_px
    assert text.startswith(f'geometry: all boxes are shifted by ({x:+.1f}, {y:+.1f}) px')
    assert 'another padding of the letterbox' in text


@pytest.mark.parametrize('offset_px', [(12, 7), (-60, 90)])
def test_a_shift_is_found_among_boxes_and_scores_that_also_change(offset_px, found, rng):
    current = moved(jittered(found, rng), 1, np.tile(offset_px, 2))
    text = causes(found, current)[0]
    measured = text.split('(')[1].split(')')[0].split(', ')
    assert [float(value) for value in measured] == pytest.approx(offset_px, abs=1)


@pytest.mark.parametrize('scale', [(0.5, 0.5), (2.0, 2.0), (1.0, 1.7777)])
def test_a_resize_is_named_with_its_factors(scale, found):
    [text] = causes(found, moved(found, np.tile(scale, 2), 0))
    x, y = scale
    assert text.startswith(f'geometry: all boxes are scaled by {x:.3f} in x and {y:.3f} in y')
    assert 'a resize that is not undone' in text


def test_a_higher_threshold_is_told_by_what_is_missing(found):
    current = [item[item.scores >= 0.5] for item in found]
    [text] = causes(found, current, {'parameters': {}})
    assert text.startswith('threshold: all')
    assert 'a higher score threshold' in text
    highest = max(float(item.scores[item.scores < 0.5].max(initial=0)) for item in found)
    assert f'scored at most {highest:.3f}' in text


def test_a_lower_threshold_is_told_by_what_is_extra(found):
    golden = [item[item.scores >= 0.5] for item in found]
    [text] = causes(golden, found, {'parameters': {}})
    assert 'extra objects score at most' in text
    assert 'a lower score threshold' in text


def test_objects_missing_at_random_are_no_threshold(found, rng):
    current = [item[rng.uniform(size=len(item)) > 0.3] for item in found]
    assert causes(found, current) == []


def test_suppression_is_told_by_the_overlaps(found):
    doubled = []
    for item in found:
        twin = replace(item, boxes_xyxy=item.boxes_xyxy + 8, scores=item.scores - 0.01)
        both = [
            np.concatenate([getattr(item, n), getattr(twin, n)])
            for n in ('boxes_xyxy', 'scores', 'class_ids')
        ]
        doubled.append(type(item)(both[0].astype(np.float32), *both[1:]))
    [text] = causes(found, doubled)
    assert text.startswith('suppression: 144 of 144 extra boxes overlap')
    [text] = causes(doubled, found)
    assert text.startswith('suppression: 144 of 144 missing boxes overlapped')


def test_other_classes_are_listed(found):
    current = [replace(item, class_ids=(item.class_ids + 1) % 3) for item in found]
    [text] = causes(found, current)
    assert text.startswith('classes: 144 objects have another class in the same place')
    for before, now in (('person', 'car'), ('car', 'bus'), ('bus', 'person')):
        assert f'{before!r} is now {now!r}' in text


@pytest.mark.parametrize(('change', 'word'), [(-0.06, 'lower'), (0.06, 'higher')])
def test_scores_that_lean_to_one_side_are_named(change, word, found, rng):
    current = [
        replace(item, scores=np.clip(item.scores + np.float32(change), 0, 1))
        for item in jittered(found, rng, 0.5)
    ]
    [text] = causes(found, current)
    assert text.startswith(f'scores: {word}, with the boxes in place')
    assert 'colours swapped between RGB and BGR' in text


def test_objects_that_vanish_or_are_new_have_fallen_or_risen_too(found):
    fallen = [replace(item, scores=item.scores - np.float32(0.06)) for item in found]
    fallen = [item[item.scores >= 0.25] for item in fallen]
    num_objects = sum(map(len, found))
    text = causes(found, fallen)[-1]
    assert text.startswith('scores: lower')
    assert f'{num_objects} fell or vanished, 0 rose or are new' in text
    text = causes(fallen, found)[-1]
    assert text.startswith('scores: higher')
    assert f'0 fell or vanished, {num_objects} rose or are new' in text


def test_long_settings_are_cut(found):
    before, now = {'names': 'x' * 60}, {'names': ['x' * 30, 'x' * 29]}
    [text] = causes(found, found[:-1], {'parameters': before}, parameters=now)[:1]
    assert text == f'parameter names was {"x" * 60}, but is {"x" * 30}, {"x" * 27}… now'


def test_changed_settings_come_first(found):
    current = [item[item.scores >= 0.5] for item in found]
    texts = causes(
        found,
        current,
        parameters={'score_threshold': 0.5},
        network={'file': 'b.onnx', 'sha256': '2', 'onnx_sha256': '2'},
        images={'/image': ['rgb8 1280x720']},
    )
    assert texts[0] == (
        'network: another one: the file was a.onnx, but is b.onnx now, with another digest'
    )
    assert texts[1] == 'parameter score_threshold was 0.25, but is 0.5 now'
    assert texts[2] == 'image format of /image was bgr8 1280x720, but is rgb8 1280x720 now'
    assert texts[3].startswith('threshold: ')


def test_an_engine_of_the_same_network_is_told_from_another_network(found):
    texts = causes(
        found,
        found[:-1],
        network={'file': 'a.engine', 'sha256': '2', 'onnx_sha256': '1', 'backend': 'TensorRT'},
    )
    assert texts[0] == (
        'network: the file was a.onnx, but is a.engine now, made of the same ONNX network'
    )
    assert texts[1].startswith('recording: 1 golden images gave no detections')


def test_another_recording_is_named(found):
    current = golden_of_detections(found)
    later = replace(
        current, frames=tuple(replace(item, stamp_ns=item.stamp_ns + 1) for item in current.frames)
    )
    comparison = compare(current, later, Tolerances())
    assert likely_causes(comparison) == [
        'recording: not one stamp is in both; this is another recording or topic'
    ]
