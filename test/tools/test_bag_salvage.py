# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings that were cut off or damaged: what is whole in them is read, the rest is named."""

from contextlib import suppress
import shutil
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.enums import CompressionFormat, CompressionMode

from test.tools.recordings import image_message, STORE, text_message, write_bag
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.bag_recording import open_recording
from yolotrt_ros.tools.bag_salvage import open_readable

NUM_MESSAGES = 40
# rosbags closes a chunk at 1 MiB: eleven pictures and their share of the texts.
CHUNK_MESSAGES = 22
ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
TOPICS = {'/image', '/log'}


@pytest.fixture
def topics(rng):
    """Forty pictures of noise, which no compression makes smaller, and some texts."""
    pictures = [rng.integers(0, 256, (160, 200, 3), np.uint8) for _ in range(NUM_MESSAGES)]
    return {
        '/image': [image_message(ImageView.from_array(item)) for item in pictures],
        '/log': [text_message(f'line {number}') for number in range(10)],
    }


def whole(bag):
    """Return what a recording holds, read by rosbags."""
    with open_recording(bag) as recording:
        return sorted(recording.messages(TOPICS))


def salvaged(path):
    """Return what can be read, and what is said."""
    with open_readable(path) as recording:
        return list(recording.messages(TOPICS)), list(recording.problems), recording.topics


def only_file(bag):
    [file] = [item for item in bag.iterdir() if item.suffix in ('.mcap', '.db3')]
    return file


@pytest.mark.parametrize('storage', ['mcap', 'db3'])
def test_a_complete_recording_is_read_without_problems(storage, topics, tmp_path):
    bag = write_bag(tmp_path / 'bag', topics, storage)
    for path in (bag, only_file(bag)):
        messages, problems, _ = salvaged(path)
        assert sorted(messages) == whole(bag)
        assert problems == []


@pytest.mark.parametrize('storage', ['mcap', 'db3'])
def test_a_folder_without_description_is_read_file_by_file(storage, topics, tmp_path):
    bag = write_bag(tmp_path / 'bag', topics, storage)
    expected = whole(bag)
    (bag / 'metadata.yaml').unlink()
    messages, problems, found = salvaged(bag)
    assert sorted(messages) == expected
    assert {topic.name: topic.num_messages for topic in found} == {'/image': 40, '/log': 10}
    [text] = problems
    assert 'bag is incomplete' in text
    assert 'what can be read of it is used' in text


@pytest.mark.parametrize('keep', [0.9, 0.5, 0.2])
@pytest.mark.parametrize('compression', ['none', 'zstd'])
def test_an_mcap_file_that_was_cut_gives_the_messages_before_the_cut(
    keep, compression, topics, tmp_path
):
    bag = write_mcap(tmp_path / 'bag', topics, compression)
    expected = whole(bag)
    file = only_file(bag)
    content = file.read_bytes()
    file.write_bytes(content[: int(keep * len(content))])
    for path in (bag, file):
        messages, problems, found = salvaged(path)
        assert 0 < len(messages) < len(expected)
        assert set(messages) < set(expected)
        # Only the message that was cut is lost, and those that its block holds back.
        lost = 4 if compression == 'zstd' else 2
        assert len(messages) >= keep * len(expected) - lost
        assert {topic.name: topic.kind for topic in found}['/image'] == 'sensor_msgs/msg/Image'
        assert any('File end magic is invalid' in text for text in problems)
        assert any('ends in the middle of a record' in text for text in problems)


def test_a_damaged_chunk_is_passed_over(topics, tmp_path):
    bag = write_mcap(tmp_path / 'bag', topics, 'zstd')
    expected = whole(bag)
    file = only_file(bag)
    content = bytearray(file.read_bytes())
    second = content.index(ZSTD_MAGIC, content.index(ZSTD_MAGIC) + 1)
    content[second] ^= 0xFF
    file.write_bytes(content[:-10])  # without its index
    messages, problems, _ = salvaged(file)
    assert len(expected) - CHUNK_MESSAGES <= len(messages) < len(expected)
    assert set(messages) < set(expected)
    assert any('has a damaged record' in text for text in problems)


@pytest.mark.parametrize('keep', [0.95, 0.6, 0.3])
def test_a_database_that_was_cut_gives_the_messages_before_the_cut(keep, topics, tmp_path):
    bag = write_bag(tmp_path / 'bag', topics, 'db3')
    expected = whole(bag)
    file = only_file(bag)
    content = file.read_bytes()
    file.write_bytes(content[: int(keep * len(content))])
    messages, problems, _ = salvaged(bag)
    assert 0 < len(messages) <= len(expected)
    assert set(messages) <= set(expected)
    assert any('the rest is damaged' in text or 'were expected' in text for text in problems)


def test_what_a_killed_recorder_left_in_its_log_is_read(topics, tmp_path):
    bag = write_bag(tmp_path / 'bag', topics, 'db3')
    expected = whole(bag)
    file = only_file(bag)
    add_and_die = (
        'import os, sqlite3, sys\n'
        'base = sqlite3.connect(sys.argv[1])\n'
        'base.execute("PRAGMA journal_mode=WAL")\n'
        'base.execute("INSERT INTO messages (topic_id, timestamp, data) '
        'SELECT topic_id, timestamp + 1, data FROM messages")\n'
        'base.commit()\n'
        'os._exit(1)\n'
    )
    subprocess.run([sys.executable, '-c', add_and_die, str(file)], check=False, timeout=60)
    assert file.with_name(f'{file.name}-wal').stat().st_size
    messages, problems, _ = salvaged(bag)
    assert len(messages) == 2 * len(expected)
    assert any('write-ahead log: the recording was cut off' in text for text in problems)


def test_files_of_a_split_recording_are_read_in_their_order(topics, tmp_path):
    folder = tmp_path / 'bag'
    folder.mkdir()
    for number in (0, 1, 2, 10):
        message = text_message(f'part {number}')
        part = write_bag(tmp_path / f'part_{number}', {'/log': [message]})
        shutil.move(only_file(part), folder / f'bag_{number}.mcap')
    messages, _, _ = salvaged(folder)
    texts = [STORE.deserialize_cdr(item.data, item.kind).data for item in messages]
    assert texts == ['part 0', 'part 1', 'part 2', 'part 10']


def test_random_damage_never_raises_anything_else(topics, rng, tmp_path):
    bags = [write_bag(tmp_path / kind, topics, kind) for kind in ('mcap', 'db3')]
    files = [(file, file.read_bytes()) for file in map(only_file, bags)]
    for _ in range(15):
        for file, content in files:
            damaged = bytearray(content[: int(rng.integers(1, len(content)))])
            for place in rng.integers(0, len(damaged), int(rng.integers(0, 20))):
                damaged[place] = int(rng.integers(256))
            file.write_bytes(damaged)
            with suppress(MediaError):
                messages, problems, _ = salvaged(file)
                assert problems or len(messages) == 50


@pytest.mark.parametrize('name', ['bag.mcap', 'bag.db3'])
@pytest.mark.parametrize('content', [b'', b'nothing of the kind'])
def test_a_file_that_is_no_recording_is_named(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=f'{name} cannot be opened as a rosbag2 recording'):
        salvaged(path)


def write_mcap(path, topics, compression):
    """Write small chunks, as a recorder does."""
    writer = Writer(path, version=8, storage_plugin=StoragePlugin.MCAP)
    if compression == 'zstd':
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    with writer:
        connections = {
            topic: writer.add_connection(topic, messages[0].__msgtype__, typestore=STORE)
            for topic, messages in topics.items()
        }
        order = [
            (second, topic, item)
            for topic, items in topics.items()
            for second, item in enumerate(items)
        ]
        for second, topic, message in sorted(order, key=lambda entry: entry[:2]):
            data = STORE.serialize_cdr(message, message.__msgtype__)
            writer.write(connections[topic], second * 10**9, data)
    return path
