# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m yolotrt_ros replay``: recordings made up, a network whose answers are known."""

from collections import Counter
import json
import signal
import sqlite3

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rosbags.rosbag2 import StoragePlugin, Writer

from test.color_network import expected_box, expected_scores, NAMES
from test.tools.recordings import compressed_message, image_message, STORE, text_message, write_bag
from yolotrt_ros.core.errors import ConfigError, YolotrtError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.tools import replay
from yolotrt_ros.tools.bag_definitions import detection_types, DETECTIONS, LABEL_INFO
from yolotrt_ros.tools.bag_recording import open_recording

STAMPS_NS = [10**9 * second + 123_456_789 for second in range(5, 11)]
COLORS_BGR = {'red': (0, 0, 250), 'green': (0, 250, 0), 'blue': (250, 0, 0)}


def picture(name, width=64, height=48):
    return np.full((height, width, 3), COLORS_BGR[name], np.uint8)


def raw(names, stamps_ns=STAMPS_NS):
    return [
        image_message(ImageView.from_array(picture(name)), stamp_ns)
        for name, stamp_ns in zip(names, stamps_ns[: len(names)], strict=True)
    ]


def compressed(names, stamps_ns=STAMPS_NS):
    return [
        compressed_message(cv2.imencode('.png', picture(name))[1].tobytes(), stamp_ns=stamp_ns)
        for name, stamp_ns in zip(names, stamps_ns[: len(names)], strict=True)
    ]


ORDER = ('red', 'green', 'blue', 'green', 'red', 'blue')


@pytest.fixture(params=['mcap', 'db3'])
def storage(request):
    return request.param


@pytest.fixture
def bag(tmp_path, storage):
    """Two cameras and a topic that is no image, all at 1 Hz."""
    topics = {
        '/front/image_raw': raw(ORDER),
        '/rear/image_raw/compressed': compressed(ORDER[::-1]),
        '/log': [text_message(str(i)) for i in range(4)],
    }
    return write_bag(tmp_path / 'bag', topics, storage)


@pytest.fixture
def run(network, capsys):
    """Run the command on the color network; returns the exit status and what was printed."""

    def run(bag, *options):
        args = [str(bag), '--model', str(network), '--quiet', '--score-threshold', '0.5']
        status = replay.main([*args, *map(str, options)])
        return status, capsys.readouterr().out

    return run


def frames_of(path):
    """Return topic, stamp and class names of each frame of a golden file."""
    content = json.loads(path.read_text())
    return [
        (item['topic'], item['stamp_ns'], [row['class_name'] for row in item['detections']])
        for item in content['frames']
    ]


def read_back(path):
    """Return recorded topic, time and message of a recording of detections."""
    types = detection_types()
    with open_recording(path) as recording:
        names = {topic.name for topic in recording.topics}
        found = []
        for topic, kind, time_ns, data in recording.messages(names):
            found.append((topic, time_ns, types.deserialize_cdr(data, kind)))
        assert not recording.problems
        return list(recording.topics), found


def test_every_image_is_answered_in_the_order_of_recording(run, bag, tmp_path):
    golden = tmp_path / 'golden.json'
    assert run(bag, '--write-golden', golden)[0] == 0
    pairs = zip(STAMPS_NS, ORDER, ORDER[::-1], strict=True)
    expected = []
    for stamp_ns, front, rear in pairs:
        expected.append(('/front/image_raw', stamp_ns, [front]))
        expected.append(('/rear/image_raw/compressed', stamp_ns, [rear]))
    # Messages of the same time have no order among themselves.
    found = frames_of(golden)
    assert sorted(found) == sorted(expected)
    assert [item[1] for item in found] == [item[1] for item in expected]


def test_what_is_found_is_what_the_network_defines(run, bag, tmp_path):
    golden = tmp_path / 'golden.json'
    run(bag, '--topic', '/front/image_raw', '--write-golden', golden)
    first = json.loads(golden.read_text())['frames'][0]
    [found] = first['detections']
    view = ImageView.from_array(picture('red'))
    assert found['class_id'] == 0
    assert found['score'] == pytest.approx(expected_scores(view)['red'], abs=1e-5)
    assert found['xyxy'] == pytest.approx(expected_box('red', (64, 48)).tolist(), abs=1e-3)


def test_topics_are_chosen_by_name(run, bag, tmp_path):
    golden = tmp_path / 'golden.json'
    run(bag, '--topic', '/rear/image_raw/compressed', '--write-golden', golden)
    assert {topic for topic, *_ in frames_of(golden)} == {'/rear/image_raw/compressed'}
    assert len(frames_of(golden)) == len(ORDER)
    with pytest.raises(ConfigError, match=r"'/log': is no image topic of .*one of /front/image_r"):
        run(bag, '--topic', '/log')


def test_two_runs_write_the_same_bytes(run, bag, tmp_path):
    files = [tmp_path / f'{number}.json' for number in range(2)]
    for file in files:
        run(bag, '--write-golden', file)
    assert files[0].read_bytes() == files[1].read_bytes()
    status, text = run(bag, '--expect', files[0], '--min-iou', 1, '--max-score-change', 0)
    assert status == 0
    assert 'as expected; 0 differences among 12 objects' in text


# The recording that is written


def test_detections_are_written_beside_their_images(run, bag, tmp_path, storage):
    status, text = run(bag, '--out', tmp_path / 'out')
    assert status == 0
    assert '/front/detections, /rear/detections, /label_info' in text
    topics, found = read_back(tmp_path / 'out')
    assert {topic.name: topic.kind for topic in topics} == {
        '/front/detections': DETECTIONS,
        '/rear/detections': DETECTIONS,
        '/label_info': LABEL_INFO,
    }
    assert list((tmp_path / 'out').glob(f'*.{storage}'))
    counts = Counter(topic for topic, *_ in found)
    assert counts == {'/front/detections': 6, '/rear/detections': 6, '/label_info': 1}
    front = [item for item in found if item[0] == '/front/detections']
    for second, (_, time_ns, message) in enumerate(front):
        # The time of recording and the image's own stamp, as recorded.
        assert time_ns == second * 10**9
        stamp = message.header.stamp
        assert stamp.sec * 10**9 + stamp.nanosec == STAMPS_NS[second]
        assert message.header.frame_id == 'camera'
        [detection] = message.detections
        assert detection.header == message.header
        [result] = detection.results
        assert result.hypothesis.class_id == ORDER[second]
        x1, y1, x2, y2 = expected_box(ORDER[second], (64, 48))
        center = detection.bbox.center.position
        assert (center.x, center.y) == pytest.approx(((x1 + x2) / 2, (y1 + y2) / 2), abs=1e-3)
        assert (detection.bbox.size_x, detection.bbox.size_y) == pytest.approx(
            (x2 - x1, y2 - y1), abs=1e-3
        )
    [(_, time_ns, labels)] = [item for item in found if item[0] == '/label_info']
    assert time_ns == 0
    assert [(item.class_id, item.class_name) for item in labels.class_map] == list(
        enumerate(NAMES)
    )
    assert labels.threshold == 0.5


def test_labels_are_latched_for_those_who_come_late(run, bag, tmp_path):
    run(bag, '--out', tmp_path / 'out')
    profiles = {topic.name: topic.qos_profiles[0] for topic in read_back(tmp_path / 'out')[0]}
    assert profiles['/label_info'].durability.name == 'TRANSIENT_LOCAL'
    assert profiles['/front/detections'].durability.name == 'VOLATILE'
    assert {profile.reliability.name for profile in profiles.values()} == {'RELIABLE'}


def test_what_was_recorded_can_be_copied(run, bag, tmp_path):
    run(bag, '--out', tmp_path / 'out', '--copy', '--storage', 'sqlite3')
    assert list((tmp_path / 'out').glob('*.db3'))
    names = {'/front/image_raw', '/rear/image_raw/compressed', '/log'}
    with open_recording(bag) as before, open_recording(tmp_path / 'out') as after:
        copied = sorted(after.messages(names))
        assert copied == sorted(before.messages(names))
        assert len(copied) == 16


def test_detections_of_an_earlier_run_are_replaced(run, bag, tmp_path):
    run(bag, '--out', tmp_path / 'first', '--copy')
    status, text = run(tmp_path / 'first', '--out', tmp_path / 'second', '--copy')
    assert status == 0
    assert 'topic /front/detections is not copied: it is written anew' in text
    first, second = (read_back(tmp_path / name)[1] for name in ('first', 'second'))
    assert [item[:2] for item in first] == [item[:2] for item in second]


def test_class_ids_can_be_numbers(run, bag, tmp_path):
    run(bag, '--out', tmp_path / 'out', '--class-id-format', 'index')
    found = [item for item in read_back(tmp_path / 'out')[1] if item[0] == '/front/detections']
    ids = [message.detections[0].results[0].hypothesis.class_id for *_, message in found]
    assert ids == [str(NAMES.index(name)) for name in ORDER]


def test_an_existing_folder_is_not_touched(run, bag, tmp_path):
    (tmp_path / 'out').mkdir()
    with pytest.raises(ConfigError, match='exists already; remove it, or name another folder'):
        run(bag, '--out', tmp_path / 'out')
    assert list((tmp_path / 'out').iterdir()) == []


def test_nothing_is_left_of_a_recording_that_could_not_be_finished(
    run, bag, tmp_path, monkeypatch
):
    def interrupted(self, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr('yolotrt_ros.tools.replay_report.ReplayTotals.add', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(bag, '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_nothing_is_left_of_a_recording_that_was_terminated(run, bag, tmp_path, monkeypatch):
    def terminated(self, frame):
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL  # which would end the tests
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr('yolotrt_ros.tools.replay_report.ReplayTotals.add', terminated)
    with pytest.raises(SystemExit, match='143'):
        run(bag, '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_a_type_without_definition_is_not_copied_but_named(run, tmp_path):
    bag = write_bag(tmp_path / 'bag', {'/image': raw(['red']), '/log': [text_message('x')]}, 'db3')
    rename_type(bag, 'std_msgs/msg/String', 'team_msgs/msg/Unknown')
    status, text = run(bag, '--out', tmp_path / 'out', '--copy')
    assert status == 0
    assert 'topic /log cannot be copied: its type team_msgs/msg/Unknown is not known' in text
    assert [topic.name for topic in read_back_topics(tmp_path / 'out')] == [
        '/detections',
        '/label_info',
        '/image',
    ]


def rename_type(bag, before, now):
    """Let a topic have a type that is defined nowhere."""
    [file] = bag.glob('*.db3')
    with sqlite3.connect(file) as base:
        base.execute('UPDATE topics SET type = ? WHERE type = ?', (now, before))
        base.execute('DELETE FROM message_definitions WHERE topic_type = ?', (before,))
    description = bag / 'metadata.yaml'
    description.write_text(description.read_text().replace(before, now))


def read_back_topics(path):
    with open_recording(path) as recording:
        return list(recording.topics)


# Golden detections


@pytest.fixture
def golden(run, bag, tmp_path):
    run(bag, '--write-golden', tmp_path / 'golden.json')
    return tmp_path / 'golden.json'


def test_a_higher_threshold_is_caught(run, bag, golden):
    status, text = run(bag, '--expect', golden, '--score-threshold', '0.99')
    assert status == 1
    assert 'DIFFERENT; 12 differences among 12 objects' in text
    assert 'parameter score_threshold was 0.5, but is 0.99 now' in text
    assert 'missing red 0.' in text


def test_swapped_colours_are_caught(run, golden, tmp_path):
    swapped = {'red': 'blue', 'blue': 'red', 'green': 'green'}
    topics = {
        '/front/image_raw': raw([swapped[name] for name in ORDER]),
        '/rear/image_raw/compressed': compressed(ORDER[::-1]),
    }
    status, text = run(write_bag(tmp_path / 'other', topics), '--expect', golden)
    assert status == 1
    assert '4 missing, 4 extra, 0 of another class' in text


def test_an_image_that_is_gone_is_caught(run, golden, tmp_path):
    topics = {
        '/front/image_raw': raw(ORDER[:-1]),
        '/rear/image_raw/compressed': compressed(ORDER[::-1]),
    }
    status, text = run(write_bag(tmp_path / 'other', topics), '--expect', golden)
    assert status == 1
    assert 'images      11 in both, 1 missing, 0 extra' in text
    assert '/front/image_raw 10.123456789: the image is missing' in text
    assert 'recording: 1 golden images gave no detections' in text


def test_tolerances_of_the_command_line_count(run, bag, golden):
    content = json.loads(golden.read_text())
    content['frames'][0]['detections'][0]['score'] -= 0.1
    golden.write_text(json.dumps(content))
    assert run(bag, '--expect', golden)[0] == 1
    assert run(bag, '--expect', golden, '--max-score-change', '0.11')[0] == 0
    assert run(bag, '--expect', golden, '--max-disagreeing', '0.09')[0] == 0


def test_object_alone_is_on_the_output_where_it_is_asked_for(run, bag, golden):
    status, output = run(bag, '--expect', golden, '--json', '-')
    assert (status, json.loads(output)['golden']['is_same']) == (0, True)


def test_the_report_is_there_for_programs(run, bag, golden, tmp_path):
    report, times = tmp_path / 'report.json', tmp_path / 'times.json'
    run(bag, '--expect', golden, '--score-threshold', '0.99', '--json', report, '--times', times)
    figures = json.loads(report.read_text())
    assert figures['images'] == {'/front/image_raw': 6, '/rear/image_raw/compressed': 6}
    assert (figures['frames'], figures['detections'], figures['unreadable']) == (12, 0, [])
    assert 0 < figures['reading_s'] < figures['elapsed_s']
    assert figures['golden']['missing'] == 12
    assert not figures['golden']['is_same']
    assert figures['golden']['likely_causes'][0].startswith('parameter score_threshold')
    entries = json.loads(times.read_text())
    assert [entry['stamp'] for entry in entries[::2]] == STAMPS_NS
    stages = ['decode', 'preprocess', 'inference', 'postprocess']
    assert all(list(entry['stage_times']) == stages for entry in entries)
    assert all(value >= 0 for entry in entries for value in entry['stage_times'].values())


@pytest.mark.parametrize('option', ['--json', '--times', '--write-golden'])
def test_files_that_cannot_be_written_are_refused_at_once(option, run, bag, tmp_path):
    with pytest.raises(ConfigError, match=r'absent/file\.json.*cannot be written'):
        run(bag, option, tmp_path / 'absent' / 'file.json', '--out', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_golden_file_is_not_written_over(run, bag, golden):
    before = golden.read_bytes()
    with pytest.raises(ConfigError, match='is read by this command; choose another file'):
        run(bag, '--expect', golden, '--json', golden)
    assert golden.read_bytes() == before


# What cannot be read


def test_images_that_cannot_be_read_are_counted(run, tmp_path):
    messages = raw(ORDER)
    messages[1].encoding = 'yuv420p10'
    rear = compressed(ORDER)
    rear[3] = compressed_message(b'rubbish', 'jpeg', STAMPS_NS[3])
    bag = write_bag(tmp_path / 'bag', {'/front': messages, '/rear': rear})
    status, text = run(bag, '--out', tmp_path / 'out')
    assert status == 1
    assert 'unreadable  2 images' in text
    assert "image 2 of /front gives no detections: encoding 'yuv420p10' is not one of" in text
    assert 'image 4 of /rear gives no detections: image of format ' in text
    assert 'which is neither JPEG nor PNG' in text
    counts = Counter(topic for topic, *_ in read_back(tmp_path / 'out')[1])
    # Both lie in the root namespace, so each has its own below its name.
    assert counts == {'/front/detections': 5, '/rear/detections': 5, '/label_info': 1}
    assert run(bag, '--max-unreadable', 2)[0] == 0
    assert run(bag, '--max-unreadable', 1)[0] == 1


def test_damaged_bytes_never_stop_a_replay(run, rng, tmp_path):
    [good] = raw(['red'])
    data = STORE.serialize_cdr(good, good.__msgtype__)
    with Writer(tmp_path / 'bag', version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/image', good.__msgtype__, typestore=STORE)
        for number in range(300):
            damaged = bytearray(data[: int(rng.integers(0, len(data)))])
            damaged[:200] = rng.bytes(min(200, len(damaged)))
            writer.write(connection, number, bytes(damaged))
        writer.write(connection, 300, data)
    assert run(tmp_path / 'bag', '--json', tmp_path / 'report.json')[0] == 1
    figures = json.loads((tmp_path / 'report.json').read_text())
    assert figures['images'] == {'/image': 301}
    assert figures['frames'] + len(figures['unreadable']) == 301
    assert figures['detections'] >= 1


def test_a_recording_in_which_nothing_can_be_read_is_a_failure(run, tmp_path):
    content = [compressed_message(b'rubbish', 'jpeg')]
    bag = write_bag(tmp_path / 'bag', {'/image/compressed': content})
    assert run(bag, '--max-unreadable', 5)[0] == 1


def test_a_recording_that_was_cut_gives_what_is_left_of_it(run, tmp_path, rng):
    messages = [
        image_message(ImageView.from_array(rng.integers(0, 256, (90, 120, 3), np.uint8)), stamp_ns)
        for stamp_ns in STAMPS_NS
    ]
    bag = write_bag(tmp_path / 'bag', {'/image': messages})
    golden = tmp_path / 'golden.json'
    assert run(bag, '--write-golden', golden)[0] == 0
    [file] = bag.glob('*.mcap')
    # The definitions and the index take some thousand bytes, an image 32,000.
    file.write_bytes(file.read_bytes()[:110_000])
    status, text = run(bag)
    assert status == 1
    assert 'images 3 of /image' in text
    assert 'bag is incomplete (File end magic is invalid.); what can be read' in text
    assert run(bag, '--allow-incomplete')[0] == 0
    status, text = run(bag, '--allow-incomplete', '--expect', golden)
    assert status == 1
    assert 'images      3 in both, 3 missing, 0 extra' in text


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda path: path / 'absent', 'absent does not exist; give a rosbag2 recording'),
        (
            lambda path: write_bag(path / 'bag', {'/log': [text_message('x')]}),
            'no sensor_msgs/msg/CompressedImage, but the topics /log; record the image topic',
        ),
        (lambda path: path, 'cannot be opened as a rosbag2 recording'),
    ],
)
def test_what_is_no_recording_of_images_is_explained(make, text, run, tmp_path):
    with pytest.raises(YolotrtError, match=text):
        run(make(tmp_path))


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (['--model', 'x.onnx'], 'required: bag'),
        (['bag'], 'required: --model'),
        (['bag', '--model', 'x', '--expect', 'a', '--write-golden', 'b'], 'not allowed with'),
        (['bag', '--model', 'x', '--min-iou', '2'], 'must be a number from 0 to 1'),
        (['bag', '--model', 'x', '--max-unreadable', '-1'], 'must be a whole number, 0 or more'),
        (['bag', '--model', 'x', '--storage', 'bag'], 'invalid choice'),
        (['bag', '--model', 'x', '--copy'], 'name it with --out'),
    ],
)
def test_a_command_line_that_cannot_be_used_ends_with_2(options, text, capsys):
    with pytest.raises(SystemExit) as end:
        replay.main(options)
    assert end.value.code == 2
    assert text in capsys.readouterr().err
