# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""More images than can be processed: what the detector promises, and whether that is checked."""

from copy import deepcopy
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from scripts.node_benchmark.audit import audit, MAX_GROWTH_BYTES
from scripts.node_benchmark.ledger import CameraLedger, Ledger

pytestmark = pytest.mark.ros

ROOT = Path(__file__).resolve().parents[2]
CALL_S = 0.05


@pytest.mark.slow
def test_promises_are_kept_under_four_times_the_load(tmp_path):
    figures = tmp_path / 'figures.json'
    done = subprocess.run(
        [
            *(sys.executable, 'scripts/overload.py', '--json', figures),
            *('--seconds', '4', '--width', '160', '--height', '120'),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding='utf-8',
        timeout=180,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(figures.read_text())
    assert all(finding['is_kept'] for finding in content['findings'])
    assert set(content['cameras']) == {'front', 'left', 'rear'}
    for counts in content['cameras'].values():
        settled = counts['processed'] + counts['dropped'] + counts['rejected']
        assert counts['sent'] >= counts['received'] == settled
        assert counts['dropped'] > counts['processed'] > 0


@pytest.fixture
def ledger() -> Ledger:
    """Two cameras of which every fourth image was answered, 60 ms after it was sent."""
    cameras = {}
    for name in ('front', 'rear'):
        sent = {stamp: stamp * 10**6 for stamp in range(0, 1200, 10)}
        answers = [(stamp, stamp * 10**6 + 60 * 10**6) for stamp in list(sent)[::4]]
        middle = counts(received=50, processed=13, dropped=35, waiting=2)
        end = counts(received=119, processed=30, dropped=88, rejected=1)
        cameras[name] = CameraLedger(
            sent, answers, [middle, end], [{'superseded': 35}, {'superseded': 88}]
        )
    return Ledger(cameras, resident_bytes=[10**8] * 8)


def counts(received, processed, dropped, rejected=0, waiting=0):
    return {
        'received': received,
        'processed': processed,
        'dropped': dropped,
        'rejected': rejected,
        'waiting': waiting,
    }


def broken(ledger) -> list[str]:
    return [finding.promise for finding in audit(ledger, CALL_S) if not finding.is_kept]


def test_a_good_run_has_no_complaint(ledger):
    assert broken(ledger) == []


def lose_an_image(front):
    front.counts[0]['dropped'] -= 1
    front.drops[0]['superseded'] -= 1


def drop_without_a_reason(front):
    front.drops[0]['superseded'] -= 1


def let_one_wait(front):
    front.counts[-1].update(dropped=87, waiting=1)
    front.drops[-1]['superseded'] = 87


def let_a_queue_form(front):
    front.counts[0].update(dropped=34, waiting=3)
    front.drops[0]['superseded'] = 34


def receive_more_than_was_sent(front):
    front.counts[-1].update(received=130, dropped=99)
    front.drops[-1]['superseded'] = 99


def stay_silent(front):
    front.counts.clear()
    front.drops.clear()


def publish_one_less(front):
    front.answers.pop()


def answer_twice(front):
    front.answers[5] = front.answers[4]


def answer_late(front):
    front.answers[4:6] = front.answers[5:3:-1]


def answer_a_stranger(front):
    front.answers[-1] = (10**6, front.answers[-1][1])


@pytest.mark.parametrize(
    ('mistake', 'promises'),
    [
        (lose_an_image, ['every image is accounted for']),
        (drop_without_a_reason, ['drops have reasons']),
        (let_one_wait, ['every image is accounted for']),
        (let_a_queue_form, ['every image is accounted for']),
        (receive_more_than_was_sent, ['every image is accounted for']),
        (stay_silent, ['every image is accounted for', 'processed is what was published']),
        (publish_one_less, ['processed is what was published']),
        (answer_twice, ['stamps rise and were sent']),
        (answer_late, ['stamps rise and were sent']),
        (answer_a_stranger, ['stamps rise and were sent']),
    ],
)
def test_a_mistake_of_one_camera_is_found(ledger, mistake, promises):
    ledger.cameras['front'] = deepcopy(ledger.cameras['front'])
    mistake(ledger.cameras['front'])
    assert broken(ledger) == promises


def test_a_queue_is_found_by_the_age_of_its_answers(ledger):
    for camera in ledger.cameras.values():
        camera.answers = [(stamp, stamp * 10**6 + 110 * 10**6) for stamp, _ in camera.answers]
    assert broken(ledger) == ['newest wins']


def test_a_favourite_camera_is_found(ledger):
    rear = ledger.cameras['rear']
    rear.answers = rear.answers[::2]
    rear.counts[-1].update(processed=len(rear.answers), dropped=118 - len(rear.answers))
    rear.drops[-1]['superseded'] = 118 - len(rear.answers)
    assert broken(ledger) == ['cameras take turns']


def test_growing_memory_is_found(ledger):
    ledger.resident_bytes = [index * MAX_GROWTH_BYTES for index in range(8)]
    assert broken(ledger) == ['memory is flat']


def test_memory_that_grows_while_warming_up_is_no_leak(ledger):
    ledger.resident_bytes[:2] = [10**6, 5 * 10**7]
    assert broken(ledger) == []


def test_a_run_without_overload_shows_nothing(ledger):
    for camera in ledger.cameras.values():
        camera.sent = dict(list(camera.sent.items())[::2])
        camera.counts = [counts(received=60, processed=30, dropped=30)]
        camera.drops = [{'superseded': 30}]
    assert broken(ledger) == ['more was sent than could be done']
