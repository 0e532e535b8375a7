# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from yolotrt_ros.core.answer_record import AnswerRecord
from yolotrt_ros.core.answer_text import report_lines, status_line
from yolotrt_ros.core.frame_times import FrameTimes

STAMPS = [10**9 * second for second in range(1, 6)]


def counts(**changed: int) -> dict[str, str]:
    """Return counts as the detector publishes them, of five images that were all processed."""
    values = {'received': 5, 'processed': 5, 'dropped': 0, 'rejected': 0, 'waiting': 0} | changed
    return {'topic': '/image'} | {name: str(value) for name, value in values.items()}


@pytest.fixture
def record() -> AnswerRecord:
    """Return the record of a faultless run."""
    record = AnswerRecord(STAMPS)
    record.set_counts(counts(received=0, processed=0))
    for stamp in STAMPS:
        record.add_message(stamp)
    record.set_counts(counts())
    return record


def times(age_ms: float) -> FrameTimes:
    return FrameTimes('', 0, 0, 0, 0, round(age_ms * 1e6), {'network': 4.0})


def test_faultless_run_has_no_problems(record):
    assert record.problems() == []
    facts = record.as_dict()
    assert (facts['recorded'], facts['answered'], facts['messages'], facts['laps']) == (5, 5, 5, 1)
    assert 'all images accounted for' in report_lines(record)[-1]


@pytest.mark.parametrize(
    ('changed', 'problem'),
    [
        ({'processed': 4, 'dropped': 1}, '4 images were processed, but 5 messages came'),
        ({'received': 6}, 'received 6, but the outcomes add to 5'),
        ({'processed': 6, 'received': 6}, '6 images were processed, but 5 messages came'),
    ],
)
def test_counts_that_do_not_fit_are_problems(record, changed, problem):
    record.set_counts(counts(**changed))
    assert record.problems() == [problem]
    assert f'  PROBLEM: {problem}' in report_lines(record)


def test_no_counts_are_a_problem():
    assert AnswerRecord().problems() == ['the detector published no counts on /diagnostics']


def test_recording_of_which_nothing_came_is_a_problem():
    record = AnswerRecord(STAMPS)
    record.set_counts(counts(received=0, processed=0))
    assert record.problems() == ['none of 5 recorded images reached the detector']


def test_stamps_that_repeat_or_fall_are_problems(record):
    record.add_message(STAMPS[-1])
    record.add_message(STAMPS[-1] - 1)
    assert '2 stamps do not rise' in record.problems()
    assert '1 stamps are of no image in the recording' in record.problems()


def test_recording_that_begins_again_is_another_lap(record):
    for stamp in STAMPS:
        record.add_message(stamp)
    record.set_counts(counts(received=10, processed=10))
    assert record.problems() == []
    assert record.as_dict()['laps'] == 2
    assert record.as_dict()['answered'] == 5


def test_short_recording_begins_again_before_the_clock_tells():
    stamps = [10**18 + each for each in (100, 200, 300, 400)]
    record = AnswerRecord(stamps)
    for received_ns, stamp_ns in enumerate([*stamps, *stamps, stamps[2]]):  # and one out of order
        record.add_message(stamp_ns, received_ns)
    assert record.as_dict()['laps'] == 2
    record.set_counts(counts(received=9, processed=9))
    assert record.problems() == ['1 stamps do not rise']


def test_recording_of_a_moment_begins_again_where_the_clock_does():
    record = AnswerRecord()
    for received_ns, stamp_ns in ((10, 5), (20, 15), (8, 5), (18, 15), (19, 14)):
        record.add_message(stamp_ns, received_ns)
    assert record.as_dict()['laps'] == 2
    record.set_counts(counts())
    assert record.problems() == ['1 stamps do not rise']


def test_images_processed_before_the_first_message_do_not_count():
    record = AnswerRecord()
    record.set_counts(counts(received=1000, processed=1000))
    record.add_message(STAMPS[0])
    record.set_counts(counts(received=1001, processed=1001))
    assert record.problems() == []
    assert record.as_dict()['processed_before'] == 1000


@pytest.mark.parametrize(('processed', 'before'), [(3, 0), (4, 4)])
def test_images_in_flight_are_not_from_before(processed, before):
    record = AnswerRecord()
    record.set_counts(counts(received=processed, processed=processed))
    assert record.as_dict()['processed_before'] == before


def test_camera_that_sends_nothing_is_no_problem_where_nothing_was_recorded():
    record = AnswerRecord()
    record.set_counts(counts(received=0, processed=0))
    assert record.problems() == []


def test_detector_that_was_configured_anew_is_noticed(record):
    record.set_counts(counts(received=1, processed=1))
    assert record.problems() == []
    assert 'configured anew' in '\n'.join(report_lines(record))


def test_times_are_summed_up(record):
    for age_ms in range(1, 102):
        record.add_times(times(age_ms))
    assert record.as_dict()['times_ms']['age_ms'] == {
        'median': 51.0, 'p90': 91.0, 'p99': 100.0, 'max': 101.0,
    }  # fmt: skip
    assert record.as_dict()['times_ms']['network (stage)']['max'] == 4.0
    assert 'stamp to publishing 51.0 ms' in status_line(record)
    assert '     51.00     91.00    100.00    101.00' in '\n'.join(report_lines(record))


def test_drops_are_told_by_reason(record):
    record.set_counts(
        counts(received=7, dropped=2) | {'dropped: superseded': '2', 'dropped: age': '0'}
    )
    assert record.counts['superseded'] == 2
    assert '  dropped         2  (superseded 2)' in report_lines(record)
