# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The card of an engine held against the machine that is to run it."""

from dataclasses import replace
import logging
import shlex

import pytest

from test.trt.cards import MACHINE
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.trt.engine_card import card_path, check_card
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.machine import Machine


def test_machine_of_the_card_has_nothing_against_it(card):
    assert card.reasons_against(MACHINE) == []
    assert card.reasons_against(MACHINE, plan_sha256='b' * 64) == []


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (
            {'tensorrt_version': '11.1.0'},
            'engine was built with TensorRT 10.3.0 but 11.1.0 is running',
        ),
        (
            {'tensorrt_version': '10.3.1'},
            'engine was built with TensorRT 10.3.0 but 10.3.1 is running',
        ),
        (
            {'compute_capability': (9, 0), 'gpu_name': 'NVIDIA H200'},
            'engine was built for compute capability 8.7 (Orin) but 9.0 (NVIDIA H200) is here',
        ),
        (
            {'plugin_source_digest': 'e' * 64},
            'engine was built with decode plugin dddddddddddd but eeeeeeeeeeee is installed',
        ),
    ],
)
def test_other_machine_is_refused_with_the_difference(changes, reason, card):
    assert card.reasons_against(replace(MACHINE, **changes)) == [reason]


def test_every_difference_is_named(card):
    other = Machine('8.6.0', (9, 0), 'NVIDIA H200', 'e' * 64)
    assert len(card.reasons_against(other, plan_sha256='f' * 64)) == 4


def test_plan_that_was_replaced_is_noticed(card):
    (reason,) = card.reasons_against(MACHINE, plan_sha256='f' * 64)
    assert reason.startswith('its card describes the plan bbbbbbbbbbbb but the file holds ffff')


def test_engine_without_plugin_does_not_care_for_it(card):
    plain_card = replace(card, plugin_sha256=None, plugin_source_digest=None)
    assert plain_card.reasons_against(replace(MACHINE, plugin_source_digest='e' * 64)) == []


@pytest.mark.parametrize(
    ('running', 'fits'),
    [
        ('10.3.0', True),
        ('10.13.0', True),  # a greater number, though a smaller text
        ('10.3.0.30', True),
        ('10.2.9', False),
        ('11.0.0', False),
        ('8.6.1', False),
    ],
)
def test_version_compatible_engine_runs_on_later_versions_of_its_major(running, fits, card):
    compatible = replace(card, flags=('FP16', 'VERSION_COMPATIBLE'))
    reasons = compatible.reasons_against(replace(MACHINE, tensorrt_version=running))
    assert (reasons == []) == fits


def test_rebuild_command_can_be_pasted(card):
    assert card.rebuild_command() == (
        'ros2 run yolotrt_ros build_engine /models/yolov5n.onnx --precision fp16 --batch 1,2,4'
    )
    spaced = replace(card, onnx_path='/my models/$x.onnx', build_options=('--heads', "a'b;c"))
    assert shlex.split(spaced.rebuild_command()) == [
        'ros2', 'run', 'yolotrt_ros', 'build_engine', '/my models/$x.onnx', '--heads', "a'b;c",
    ]  # fmt: skip


def test_engine_that_fits_gives_its_card(engine_path, card, caplog):
    found = check_card(engine_path, MACHINE)
    assert found == replace(card, plan_sha256=file_sha256(engine_path))
    assert caplog.records == []


def test_engine_without_a_card_is_allowed_with_a_warning(engine_path, caplog):
    card_path(engine_path).unlink()
    assert check_card(engine_path, MACHINE) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert 'my model.engine has no card (my model.engine.json)' in record.message
    assert 'fits TensorRT 10.3.0' in record.message


def test_engine_that_does_not_fit_is_refused_with_the_command(engine_path):
    other = replace(MACHINE, tensorrt_version='11.1.0', compute_capability=(11, 0))
    message = (
        r'my model\.engine cannot run here: engine was built with TensorRT 10\.3\.0 but 11\.1\.0 '
        r'is running; engine was built for .*; rebuild it with `ros2 run yolotrt_ros build_engine '
        r'/models/yolov5n\.onnx --precision fp16 --batch 1,2,4`$'
    )
    with pytest.raises(EngineError, match=message):
        check_card(engine_path, other)


def test_engine_that_was_cut_off_is_refused(engine_path):
    engine_path.write_bytes(engine_path.read_bytes()[:-1])
    with pytest.raises(EngineError, match='it was replaced or damaged; rebuild it with'):
        check_card(engine_path, MACHINE)


def test_card_without_its_engine_is_refused(engine_path):
    engine_path.unlink()
    with pytest.raises(EngineError, match=r'engine .*my model\.engine cannot be read: .*No such'):
        check_card(engine_path, MACHINE)


def test_damaged_card_is_not_taken_for_a_missing_one(engine_path):
    card_path(engine_path).write_text('{}')
    with pytest.raises(EngineError, match='format_version must be 1, but is None'):
        check_card(engine_path, MACHINE)


def test_another_gpu_of_the_same_kind_is_allowed_with_a_warning(engine_path, caplog):
    assert check_card(engine_path, replace(MACHINE, gpu_name='Orin Nano')) is not None
    (record,) = caplog.records
    assert 'was built on Orin and runs on Orin Nano' in record.message
    assert 'ros2 run yolotrt_ros build_engine' in record.message
