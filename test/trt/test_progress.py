# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The phases of a build, from a progress monitor and from the lines of a log."""

import logging
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from test.trt.recorder import Recorder
from yolotrt_ros.trt.progress import follow, LogPhases, make_monitor

# As TensorRT 8.6 words them, of all levels.
LINES = [
    '[MemUsageChange] Init CUDA: CPU +0, GPU +0, now: CPU 9, GPU 0 (MiB)',
    'Applying generic optimizations to the graph for inference.',
    'Graph optimization time: 0.04 seconds.',
    '=============== Computing costs for ',
    '*************** Autotuning format combination: Float(1,2) -> Float(1,2) ***************',
    '=============== Computing costs for ',
    '=============== Computing reformatting costs: ',
    'Formats and tactics selection completed in 3.1 seconds.',
    'Engine generation completed in 3.4 seconds.',
]


def test_phases_are_read_from_the_log():
    recorder = Recorder()
    phases = LogPhases(recorder)
    for line in LINES:
        phases.read(logging.INFO, line)
    phases.finish()
    phases.finish()
    assert recorder.events == [
        ('start', 'optimising the graph', None, 0),
        ('finish', 'optimising the graph'),
        ('start', 'timing kernels', None, 0),
        ('step', 'timing kernels', 0),
        ('step', 'timing kernels', 1),
        ('step', 'timing kernels', 2),
        ('finish', 'timing kernels'),
        ('start', 'generating the engine', None, 0),
        ('finish', 'generating the engine'),
    ]


@given(st.lists(st.sampled_from([*LINES, 'Starting Calibration.', '  Calibrated batch 3 in 1 s'])))
def test_phases_begin_and_end_in_turn_whatever_the_order_of_lines(lines):
    recorder = Recorder()
    phases = LogPhases(recorder)
    for line in lines:
        phases.read(logging.DEBUG, line)
    phases.finish()
    open_phase = None
    for event, name, *_ in recorder.events:
        if event == 'start':
            assert open_phase is None
            open_phase = name
        else:
            assert name == open_phase
            open_phase = None if event == 'finish' else name
    assert open_phase is None


# A TensorRT with progress monitors, of which only the base class matters here.
WITH_MONITOR = SimpleNamespace(
    IProgressMonitor=object, IBuilderConfig=SimpleNamespace(progress_monitor=None)
)


def test_monitor_passes_everything_on_and_stops_a_cancelled_build():
    recorder = Recorder()
    monitor = make_monitor(WITH_MONITOR, recorder)
    monitor.phase_start('build', None, 2)
    monitor.phase_start('timing', 'build', 7)
    assert monitor.step_complete('timing', 0)
    recorder.is_cancelled = True
    assert not monitor.step_complete('timing', 1)
    monitor.phase_finish('timing')
    assert recorder.events == [
        ('start', 'build', None, 2),
        ('start', 'timing', 'build', 7),
        ('step', 'timing', 0),
        ('step', 'timing', 1),
        ('finish', 'timing'),
    ]


def test_error_of_the_display_does_not_stop_the_build(caplog):
    recorder = Recorder()
    recorder.events = None  # cannot be appended to
    monitor = make_monitor(WITH_MONITOR, recorder)
    monitor.phase_start('build', None, 2)
    assert monitor.step_complete('build', 0)
    assert 'the progress of the build cannot be shown' in caplog.text


def test_monitor_is_given_to_the_configuration_where_there_are_monitors():
    recorder = Recorder()
    config = SimpleNamespace()
    with follow(WITH_MONITOR, config, recorder):
        config.progress_monitor.phase_start('build', None, 2)
    assert recorder.events == [('start', 'build', None, 2)]


def test_nothing_is_followed_where_nobody_asks():
    config = SimpleNamespace()
    with follow(WITH_MONITOR, config, None):
        pass
    assert not hasattr(config, 'progress_monitor')
