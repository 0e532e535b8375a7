# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT's lines in Python's log."""

import logging

import pytest

from yolotrt_ros.trt.logger import collect_errors, get_logger, kind_of, listening, TensorRtLog

NAME = 'yolotrt_ros.tensorrt'


@pytest.fixture
def log():
    return TensorRtLog()


def test_lines_keep_their_level_and_percent_signs(log, caplog):
    caplog.set_level(logging.DEBUG, NAME)
    log.record(logging.INFO, '100% of it')
    log.record(logging.ERROR, 'broken')
    levels = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert levels == [(logging.INFO, '100% of it'), (logging.ERROR, 'broken')]


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        (
            'Weights [name=model.0.conv + act] had the issue',
            'Weights [name=model.9] had the issue',
        ),
        ('onnx2trt_utils.cpp:374: cast to INT32', 'onnx2trt_utils.cpp:400: cast to INT32'),
        ("Tensor 'p3' is bad", "Tensor 'p4' is bad"),
        ('Layer /model.24/m.0/Conv is slow', 'Layer /model.24/m.1/Conv is slow'),
        ('took 12.5 ms', 'took 7 ms'),
    ],
)
def test_lines_that_differ_in_a_name_or_number_are_of_one_kind(first, second):
    assert kind_of(first) == kind_of(second)


def test_lines_that_differ_in_words_are_of_two_kinds():
    assert kind_of('cast to INT32') != kind_of('cast to INT64 failed')


def test_warnings_that_repeat_are_counted(log, caplog):
    for layer in range(40):
        log.record(logging.WARNING, f'layer {layer} has no kernel')
    log.record(logging.WARNING, 'something else')
    assert [record.getMessage() for record in caplog.records] == [
        'layer 0 has no kernel',
        'layer 1 has no kernel',
        'something else',
    ]
    caplog.clear()
    log.flush_repeats()
    assert [record.getMessage() for record in caplog.records] == [
        '38 more like: layer … has no kernel'
    ]
    caplog.clear()
    log.flush_repeats()
    assert not caplog.records


def test_errors_that_repeat_are_all_shown(log, caplog):
    for _ in range(5):
        log.record(logging.ERROR, 'broken')
    assert len(caplog.records) == 5


def test_listeners_hear_what_the_log_does_not_show(log, caplog):
    caplog.set_level(logging.ERROR, NAME)
    heard = []
    with log.listening(lambda level, text: heard.append((level, text))):
        log.record(logging.DEBUG, 'detail')
    log.record(logging.DEBUG, 'after the block')
    assert heard == [(logging.DEBUG, 'detail')]
    assert not caplog.records


@pytest.mark.tensorrt
def test_one_object_forwards_every_severity(tensorrt_module, caplog):
    with collect_errors():  # forgets the warnings of the tests before
        logger = get_logger()
    caplog.set_level(logging.DEBUG, NAME)
    caplog.clear()
    assert get_logger() is logger
    severities = tensorrt_module.ILogger.Severity
    heard = []
    with collect_errors() as errors, listening(lambda level, _: heard.append(level)):
        for name in ('VERBOSE', 'INFO', 'WARNING', 'ERROR', 'INTERNAL_ERROR'):
            logger.log(getattr(severities, name), f'as {name}')
    levels = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL]
    assert heard == levels
    assert [record.levelno for record in caplog.records] == levels
    assert errors == ['as ERROR', 'as INTERNAL_ERROR']
