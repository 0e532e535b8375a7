# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The record of the last frames."""

from threading import Event, Thread

from yolotrt_ros.core.frame_record import FrameRecord, Spread, Troubles
from yolotrt_ros.core.frame_times import FrameTimes


def frame_times(age_ms=10, **stages):
    stamp, moment = 0, round(age_ms * 1e6)
    return FrameTimes('', stamp, moment, moment, moment, moment, stage_times=stages)


def test_new_record_is_empty():
    record = FrameRecord()
    assert record.spreads() == {}
    assert record.troubles == Troubles(0, None, 0)


def test_stages_and_spans_have_medians_and_percentiles():
    record = FrameRecord()
    for value in range(101):
        record.add(frame_times(age_ms=value, inference=2 * value), 0)
    spreads = record.spreads()
    assert spreads['inference'] == Spread(100, 198)
    assert spreads['stamp to publish'] == Spread(50, 99)
    assert spreads['waiting'] == Spread(0, 0)
    assert next(iter(spreads)) == 'inference'


def test_troubles_add_up():
    record = FrameRecord()
    record.add(frame_times(), 3)
    record.fail('out of memory')
    record.add(frame_times(), 4)
    record.add(frame_times(), 0)
    record.fail('lost')
    assert record.troubles == Troubles(2, 'lost', 7)


def test_one_thread_adds_while_another_looks():
    record, stop = FrameRecord(), Event()

    def add():
        while not stop.is_set():
            record.add(frame_times(1, inference=1.0), 0)

    thread = Thread(target=add)
    thread.start()
    try:
        for _ in range(300):
            assert all(spread.median_ms in (0, 1) for spread in record.spreads().values())
    finally:
        stop.set()
        thread.join()
    assert record.spreads()['inference'] == Spread(1, 1)
