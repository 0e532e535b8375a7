# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The phases of a build on standard error."""

from threading import Thread

from yolotrt_ros.tools.build_progress import ConsoleProgress


def test_without_a_terminal_each_outer_phase_is_a_line(capsys):
    progress = ConsoleProgress(bars=False)
    progress.start_phase('Building engine', None, 3)
    progress.start_phase('Timing', 'Building engine', 10)
    progress.complete_step('Timing', 4)
    progress.finish_phase('Timing')
    progress.finish_phase('Building engine')
    progress.start_phase('Serialising', None, 1)
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(maxsplit=2)[2] for line in lines] == ['Building engine', 'Serialising']


def test_phases_are_nested_bars(capsys):
    progress = ConsoleProgress(bars=True)
    progress.start_phase('Building engine', None, 3)
    progress.start_phase('Timing', 'Building engine', 10)
    for step in (0, 4):
        progress.complete_step('Timing', step)
    progress.tick()
    progress.finish_phase('Timing')
    progress.close()
    text = capsys.readouterr().err
    assert 'Building engine:   0%' in text
    assert '  Timing:  50%' in text


def test_phase_of_unknown_length_counts_up(capsys):
    progress = ConsoleProgress(bars=True)
    progress.start_phase('timing kernels', None, 0)
    progress.complete_step('timing kernels', 41)
    progress.tick()
    progress.close()
    assert 'timing kernels: 42 [' in capsys.readouterr().err


def test_calibration_is_counted_within_the_build(capsys):
    progress = ConsoleProgress(bars=True)
    progress.start_phase('Building engine', None, 3)
    for done in (0, 4, 8):
        progress.count('calibrating', done, 10)
        progress.tick()
    text = capsys.readouterr().err
    assert '  calibrating:  80%' in text
    progress.count('calibrating', 10, 10)
    progress.tick()
    assert 'calibrating' not in capsys.readouterr().err.split('\r')[-1]
    progress.close()


def test_calibration_has_a_line_each_tenth_without_a_terminal(capsys):
    progress = ConsoleProgress(bars=False)
    progress.start_phase('Building engine', None, 3)
    for done in range(101):
        progress.count('calibrating', done, 100)
    progress.close()
    lines = [line.split(' s  ')[1] for line in capsys.readouterr().err.splitlines()]
    expected = [f'calibrating: {done} of 100' for done in range(0, 101, 10)]
    assert lines == ['Building engine', *expected]


def test_phases_that_were_never_begun_are_harmless(capsys):
    progress = ConsoleProgress(bars=True)
    progress.complete_step('unknown', 1)
    progress.finish_phase('unknown')
    progress.start_phase('child', 'unknown', 2)
    progress.close()
    assert 'child' in capsys.readouterr().err


def test_cancelling_is_seen_by_every_thread():
    progress = ConsoleProgress(bars=False)
    assert not progress.is_cancelled
    progress.cancel()
    seen = []
    thread = Thread(target=lambda: seen.append(progress.is_cancelled))
    thread.start()
    thread.join()
    assert seen == [True]


def test_phases_may_come_from_several_threads(capsys):
    progress = ConsoleProgress(bars=True)

    def report(index):
        for step in range(50):
            progress.start_phase(f'phase {index}', None, 50)
            progress.complete_step(f'phase {index}', step)
            progress.tick()
            progress.finish_phase(f'phase {index}')

    threads = [Thread(target=report, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.close()
    text = capsys.readouterr().err
    assert all(f'phase {index}' in text for index in range(4))
