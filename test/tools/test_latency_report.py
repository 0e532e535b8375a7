# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``latency``: recordings of ``~/timing`` and the files of a replay, summed up."""

import json

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from test.tools.recordings import STORE, text_message, write_bag
from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.frame_times import FrameTimes
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.latency_report import main

MS = 10**6
PERIOD_MS = 100


def status(values, node='detector'):
    """Return a DiagnosticStatus with these values."""
    pair = STORE.types['diagnostic_msgs/msg/KeyValue']
    return STORE.types['diagnostic_msgs/msg/DiagnosticStatus'](
        level=0,
        name=f'{node}: timing {values.get("camera", "")}'.rstrip(),
        message='',
        hardware_id='',
        values=[pair(key=key, value=value) for key, value in values.items()],
    )


def timed(number, camera='', node='detector', inference=5.0):
    """Return the message of a frame: 2 ms on its way, 1 waiting, 10 and more in detection."""
    stamp = 1_700_000_000_000_000_000 + number * PERIOD_MS * MS
    moments = np.cumsum([0, 2, 1, 10 + number, 0.5]) * MS
    times = FrameTimes(
        camera,
        *(stamp + int(moment) for moment in moments),
        stage_times={'preprocess': 1.0, 'inference': inference},
    )
    return status(times.as_values(3), node)


@pytest.fixture
def bag(tmp_path):
    """Return a recording of two cameras, of eleven and of two frames."""
    front = [timed(number, 'front') for number in range(11)]
    rear = [timed(number, 'rear', inference=50.0) for number in range(2)]
    return write_bag(
        tmp_path / 'bag', {'/detector/timing': front + rear, '/t': [text_message('')]}
    )


def figures(*words, tmp_path):
    path = tmp_path / 'figures.json'
    code = main([str(word) for word in (*words, '--json', path)])
    return code, json.loads(path.read_text())


def test_object_alone_is_on_the_output_where_it_is_asked_for(bag, tmp_path, capsys):
    _, expected = figures(bag, tmp_path=tmp_path)
    capsys.readouterr()
    assert main([str(bag), '--json', '-']) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == expected
    assert 'inference' in err


def test_each_camera_has_its_stages(bag, tmp_path, capsys):
    code, found = figures(bag, tmp_path=tmp_path)
    assert code == 0
    assert list(found['sources']) == ['front', 'rear']
    front = found['sources']['front']
    assert front['num_frames'] == 11
    assert front['rate_hz'] == pytest.approx(1e3 / PERIOD_MS)
    assert front['parts']['transport'] == {'median': 2, 'p90': 2, 'p99': 2, 'max': 2}
    # 10 to 20 ms in steps of one, linear between two of them.
    expected = {'median': 15, 'p90': 19, 'p99': 19.9, 'max': 20}
    assert front['parts']['detection'] == pytest.approx(expected)
    assert front['whole'] == pytest.approx({k: v + 3.5 for k, v in expected.items()})
    assert front['details']['inference']['median'] == 5
    assert found['sources']['rear']['details']['inference']['median'] == 50
    text = capsys.readouterr().out
    assert 'front: 11 frames, 10.0 Hz' in text
    assert 'detection                   15.000    19.000    19.900    20.000' in text
    assert '  of it inference            5.000' in text
    assert 'age                         18.500' in text


def test_the_only_camera_has_the_name_of_the_node(tmp_path):
    path = write_bag(tmp_path / 'bag', {'/yolo/timing': [timed(0, node='yolo')]}, 'db3')
    _, found = figures(path, tmp_path=tmp_path)
    assert list(found['sources']) == ['yolo']
    assert found['sources']['yolo']['rate_hz'] is None


def test_two_detectors_are_kept_apart(tmp_path):
    topics = {f'/{node}/timing': [timed(0, 'front', node)] for node in ('a', 'b')}
    path = write_bag(tmp_path / 'bag', topics)
    assert sorted(figures(path, tmp_path=tmp_path)[1]['sources']) == ['a front', 'b front']
    found = figures(path, '--topic', '/b/timing', tmp_path=tmp_path)[1]
    assert list(found['sources']) == ['front']


def test_messages_without_times_are_counted(tmp_path, capsys):
    messages = [timed(0, 'front'), status({'battery': 'low'}), timed(1, 'front')]
    path = write_bag(tmp_path / 'bag', {'/detector/timing': messages})
    code, found = figures(path, tmp_path=tmp_path)
    assert code == 1
    assert found['sources']['front']['num_frames'] == 2
    assert '1 messages hold no times of a frame: ' in capsys.readouterr().err


def test_recording_without_times_is_explained(tmp_path):
    path = write_bag(tmp_path / 'bag', {'/t': [text_message('')]})
    with pytest.raises(ConfigError, match=r'has no topic with times of frames .*, but /t; record'):
        main([str(path)])
    path = write_bag(tmp_path / 'other', {'/s': [status({'battery': 'low'})]})
    with pytest.raises(ConfigError, match=r'holds no times: 1 messages hold no times of a frame'):
        main([str(path)])


def test_damaged_recording_is_explained(tmp_path):
    path = tmp_path / 'broken.mcap'
    path.write_bytes(b'no recording')
    with pytest.raises(MediaError, match=r'broken\.mcap'):
        main([str(path)])


def replay_file(path, *entries):
    path.write_text(json.dumps([*entries]))
    return path


def replayed(number, topic='/image', **stages):
    return {'stamp': number * PERIOD_MS * MS, 'topic': topic, 'stage_times': stages}


def test_times_of_a_replay(tmp_path, capsys):
    entries = [
        replayed(0, decode=1.0, inference=10.0),
        replayed(1, decode=3.0, inference=20.0),
        replayed(0, '/rear', decode=5.0, inference=5.0),
    ]
    path = replay_file(tmp_path / 'times.json', *entries)
    code, found = figures(path, tmp_path=tmp_path)
    assert code == 0
    assert found['whole'] == 'total'
    assert found['sources']['/image']['parts']['decode']['median'] == 2
    assert found['sources']['/image']['whole']['max'] == 23
    assert found['sources']['/rear']['num_frames'] == 1
    assert 'total' in capsys.readouterr().out


def test_a_topic_of_a_replay_is_chosen(tmp_path):
    path = replay_file(
        tmp_path / 'times.json', replayed(0, decode=1.0), replayed(0, '/rear', decode=5.0)
    )
    _, found = figures(path, '--topic', '/rear', tmp_path=tmp_path)
    assert list(found['sources']) == ['/rear']
    with pytest.raises(ConfigError, match=r"'/top': is no topic of .*; choose one of /image, /r"):
        main([str(path), '--topic', '/top'])


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('[]', 'the replay had no frame'),
        ('{"a": 1}', 'is neither a rosbag2 recording nor'),
        ('[{"stamp": 1}]', 'stage_times'),
        ('[{"stamp": "x", "topic": "t", "stage_times": {}}]', 'invalid literal'),
        ('[3]', 'is neither'),
        ('[{"stamp": 1, "topic": "t", "stage_times": {}}]', 'has no stage_times'),
        ('[{"stamp": 1, "topic": "t", "stage_times": {"a": NaN}}]', 'NaN is no number'),
        ('rubbish', 'JSONDecodeError'),
    ],
)
def test_other_files_are_explained(tmp_path, content, reason):
    path = tmp_path / 'times.json'
    path.write_text(content)
    with pytest.raises(ConfigError, match=reason):
        main([str(path)])


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r'absent\.json.*No such file'):
        main([str(tmp_path / 'absent.json')])


@pytest.mark.parametrize(
    ('suffix', 'start'), [('png', b'\x89PNG'), ('svg', b'<?xml'), ('pdf', b'%PDF')]
)
def test_plot_is_drawn(bag, tmp_path, suffix, start):
    path = tmp_path / f'plot.{suffix}'
    assert main([str(bag), '--plot', str(path)]) == 0
    assert path.read_bytes().startswith(start)


def test_plot_of_a_looping_recording_and_of_a_single_frame(tmp_path):
    frames = [timed(number % 3, 'front') for number in range(6)] + [timed(0, 'rear')]
    bag = write_bag(tmp_path / 'loop', {'/detector/timing': frames})
    path = tmp_path / 'plot.png'
    assert main([str(bag), '--plot', str(path)]) == 0
    assert path.exists()


def test_files_that_cannot_be_written_are_named(bag, tmp_path):
    for option in ('--plot', '--json'):
        with pytest.raises(ConfigError, match=r'nowhere.*cannot be written'):
            main([str(bag), option, str(tmp_path / 'nowhere' / 'file.png')])
    path = replay_file(tmp_path / 'times.json', replayed(0, decode=1.0))
    with pytest.raises(ConfigError, match='is read by this command; choose another file'):
        main([str(path), '--json', str(path)])
    with pytest.raises(ConfigError, match=r'plot\.xyz.*cannot be written: Format'):
        main([str(bag), '--plot', str(tmp_path / 'plot.xyz')])
