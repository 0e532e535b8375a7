# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples of folders, videos and recordings: which frames, in what order, and what is said."""

import logging
import os
import shutil
import sqlite3
import sys

import cv2
import numpy as np
import pytest

from test.tools.recordings import compressed_message, image_message, text_message, write_bag
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import BackendError, ConfigError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.media import MediaError, takes_bytes
from yolotrt_ros.tools.frames import frame_source

NUM_FRAMES = 12


def grey(level):
    return np.full((24, 32, 3), level, np.uint8)


def levels(source):
    """Return the grey level of each frame, in steps of 20."""
    return [round(float(to_bgr(frame).mean()) / 20) for frame in source]


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures, 000.png black and each 20 levels brighter than the one before."""
    path = tmp_path / 'folder'
    path.mkdir()
    for number in range(NUM_FRAMES):
        cv2.imwrite(str(path / f'{number:03d}.png'), grey(20 * number))
    (path / 'notes.txt').write_text('no picture')
    return path


@pytest.fixture
def grey_video(tmp_path):
    path = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (32, 24))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no MJPEG')
    for number in range(NUM_FRAMES):
        writer.write(grey(20 * number))
    writer.release()
    return path


def messages():
    return [image_message(ImageView.from_array(grey(20 * i))) for i in range(NUM_FRAMES)]


@pytest.fixture(params=['mcap', 'db3'])
def bag(request, tmp_path):
    return write_bag(tmp_path / 'bag', {'/camera/image': messages()}, request.param)


@pytest.fixture(params=['folder', 'grey_video', 'bag of mcap', 'bag of db3', 'mcap', 'db3'])
def path(request, tmp_path):
    """The same twelve frames in every form that they can have."""
    if request.param in ('folder', 'grey_video'):
        return request.getfixturevalue(request.param)
    storage = request.param.rpartition(' ')[2]
    found = write_bag(tmp_path / 'bag', {'/camera/image': messages()}, storage)
    return found if 'bag' in request.param else next(found.glob(f'*.{storage}'))


def test_all_frames_come_in_order(path):
    source = frame_source(path)
    assert len(source) == NUM_FRAMES
    assert levels(source) == list(range(NUM_FRAMES))
    assert (source.num_read, source.failures) == (NUM_FRAMES, [])
    assert source.description.startswith(f'all {NUM_FRAMES} frames of {path}')


def test_even_frames_are_spread_over_the_whole(path):
    source = frame_source(path, count=4)
    assert levels(source) == [0, 3, 6, 9]
    assert source.description.startswith(f'4 of {NUM_FRAMES} frames of {path}')
    assert source.description.endswith(', evenly spread')


def test_random_frames_depend_on_the_seed_alone(path):
    choices = [
        levels(frame_source(path, count=5, order='random', seed=seed)) for seed in (1, 1, 2, 3)
    ]
    assert choices[0] == choices[1]
    assert len({tuple(choice) for choice in choices}) > 1
    for choice in choices:
        assert choice == sorted(set(choice))
        assert len(choice) == 5


def test_random_choice_of_a_seed_never_changes(folder):
    # Calibrations are repeated by naming the seed, also on another machine.
    assert levels(frame_source(folder, count=4, order='random', seed=7)) == [0, 2, 5, 6]


def test_a_source_can_be_gone_through_again(path):
    source = frame_source(path, count=3)
    assert levels(source) == levels(source) == [0, 4, 8]


def test_one_picture_is_a_source(folder):
    source = frame_source(folder / '003.png')
    assert levels(source) == [3]
    assert source.description == f'all 1 frames of {folder / "003.png"}'


def test_folder_mixes_pictures_and_videos_in_the_order_of_the_names(folder, grey_video):
    shutil.move(grey_video, folder / '005b.avi')
    everything = [*range(6), *range(NUM_FRAMES), *range(6, NUM_FRAMES)]
    assert levels(frame_source(folder)) == everything
    assert levels(frame_source(folder, count=8)) == everything[::3]


def test_video_that_declares_no_length_is_counted(tmp_path):
    path = tmp_path / 'stream.mpg'
    pictures = [cv2.imencode('.jpg', grey(20 * i))[1].tobytes() for i in range(NUM_FRAMES)]
    path.write_bytes(b''.join(pictures))
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) <= 0
    assert levels(frame_source(path)) == list(range(NUM_FRAMES))
    assert levels(frame_source(path, count=4)) == [0, 3, 6, 9]


# Digests


def test_digest_stays_when_the_files_move(path, tmp_path):
    before = frame_source(path, count=5).digest
    target = tmp_path / 'elsewhere' / path.name
    target.parent.mkdir()
    shutil.move(path, target)
    assert frame_source(target, count=5).digest == before
    assert len(before) == 64


def test_digest_depends_on_the_choice(path):
    digests = {
        frame_source(path, count=5).digest,
        frame_source(path, count=6).digest,
        frame_source(path, count=5, order='random', seed=1).digest,
        frame_source(path, count=5, order='random', seed=2).digest,
    }
    assert len(digests) == 4


def test_digest_changes_with_every_picture_chosen_and_no_other(folder):
    before = frame_source(folder, count=4).digest  # 0, 3, 6 and 9
    for number in range(NUM_FRAMES):
        file = folder / f'{number:03d}.png'
        content = file.read_bytes()
        cv2.imwrite(str(file), grey(20 * number + 1))
        assert (frame_source(folder, count=4).digest != before) == (number % 3 == 0)
        file.write_bytes(content)
    assert frame_source(folder, count=4).digest == before


def test_digest_changes_with_a_name(folder):
    before = frame_source(folder).digest
    (folder / '003.png').rename(folder / '003a.png')
    assert frame_source(folder).digest != before


def test_name_of_any_bytes_has_a_digest(folder):
    before = frame_source(folder).digest
    (folder / '003.png').rename(folder / os.fsdecode(b'003_\xe9.png'))
    source = frame_source(folder)
    assert source.digest != before
    assert levels(source) == list(range(NUM_FRAMES))


def test_digest_of_a_video_changes_with_its_content(grey_video):
    before = frame_source(grey_video, count=4).digest
    content = bytearray(grey_video.read_bytes())
    content[len(content) // 2] ^= 1
    grey_video.write_bytes(content)
    assert frame_source(grey_video, count=4).digest != before


@pytest.mark.parametrize('number', range(NUM_FRAMES))
def test_digest_of_a_recording_changes_with_every_message_chosen_and_no_other(number, tmp_path):
    changed = messages()
    changed[number].data[7] ^= 1
    digests = [
        frame_source(write_bag(tmp_path / name, {'/image': content}), count=4).digest
        for name, content in (('before', messages()), ('after', changed))
    ]
    assert (digests[0] != digests[1]) == (number % 3 == 0)


def test_digest_of_a_recording_is_that_of_its_messages(tmp_path):
    bags = [write_bag(tmp_path / kind, {'/image': messages()}, kind) for kind in ('mcap', 'db3')]
    assert len({frame_source(bag).digest for bag in bags}) == 1


# Recordings


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_encoding_is_read_as_it_was_recorded(encoding, rng, tmp_path):
    image = rng.integers(0, 256, (24, 32, 3), np.uint8)
    is_bigendian = encoding == 'mono16'
    view = encode(image, encoding, row_padding=6, is_bigendian=is_bigendian)
    bag = write_bag(tmp_path / 'bag', {'/image': [image_message(view)]})
    [found] = frame_source(bag)
    assert (found.encoding, found.source_wh, found.step) == (
        view.encoding,
        view.source_wh,
        view.step,
    )
    assert found.is_bigendian == is_bigendian
    for ours, theirs in zip(found.planes(), view.planes(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_compressed_pictures_are_decoded(rng, tmp_path):
    image = rng.integers(0, 256, (24, 32, 3), np.uint8)
    content = cv2.imencode('.png', image)[1].tobytes()
    bag = write_bag(tmp_path / 'bag', {'/image/compressed': [compressed_message(content)]})
    [found] = frame_source(bag)
    np.testing.assert_array_equal(to_bgr(found), image)


def test_other_topics_do_not_disturb(tmp_path):
    topics = {'/image': messages(), '/log': [text_message(str(i)) for i in range(30)]}
    assert levels(frame_source(write_bag(tmp_path / 'bag', topics))) == list(range(NUM_FRAMES))


def test_one_of_several_image_topics_is_chosen_by_name(tmp_path):
    topics = {'/front': messages(), '/rear': messages()[5:7]}
    bag = write_bag(tmp_path / 'bag', topics)
    assert levels(frame_source(bag, topic='/rear')) == [5, 6]
    with pytest.raises(ConfigError, match=r"'topic' is '': .*several.*one of /front, /rear"):
        frame_source(bag)
    with pytest.raises(ConfigError, match=r"'/side': is no image topic of .*one of /front, /rear"):
        frame_source(bag, topic='/side')


def test_recording_without_images_says_what_it_holds(tmp_path):
    bag = write_bag(tmp_path / 'bag', {'/log': [text_message('x')]})
    text = r'holds no sensor_msgs/msg/Image and no .* but the topics /log; record the image topic'
    with pytest.raises(MediaError, match=text):
        frame_source(bag)


def test_recorded_file_without_message_definitions_is_read(tmp_path):
    # As recorded by ROS 2 Humble and older.
    bag = write_bag(tmp_path / 'bag', {'/image': messages()}, 'db3')
    [file] = bag.glob('*.db3')
    with sqlite3.connect(file) as base:
        base.execute('DELETE FROM message_definitions')
    assert levels(frame_source(bag, count=3)) == [0, 4, 8]


# What cannot be read


def test_damaged_pictures_are_reported_and_counted(folder, caplog, capfd):
    (folder / '004.png').write_bytes(b'')
    (folder / '007.png').write_bytes(b'no picture')
    source = frame_source(folder)
    with caplog.at_level(logging.WARNING):
        assert levels(source) == [0, 1, 2, 3, 5, 6, 8, 9, 10, 11]
    assert (len(source), source.num_read) == (NUM_FRAMES, 10)
    assert [text.split(' cannot')[0][-7:] for text in source.failures] == ['004.png', '007.png']
    assert '004.png cannot be decoded as a picture' in caplog.text
    assert '2 of the 12 frames chosen of' in caplog.text
    assert len(source.digest) == 64


def test_damaged_video_in_a_folder_is_reported(folder, capfd):
    (folder / '012.mp4').write_bytes(b'no video')
    source = frame_source(folder)
    assert levels(source) == list(range(NUM_FRAMES))
    [text] = source.failures
    assert '012.mp4 ends after 0 frames, but 1 were expected' in text


def test_video_whose_name_opencv_does_not_take_is_reported(folder, grey_video, caplog):
    caplog.set_level(logging.CRITICAL)  # pytest-xdist cannot send a log with such a name
    shutil.move(grey_video, folder / os.fsdecode(b'012_\xe9.avi'))
    source = frame_source(folder)
    if takes_bytes():
        assert levels(source) == [*range(NUM_FRAMES), *range(NUM_FRAMES)]
        assert source.failures == []
    else:
        assert levels(source) == list(range(NUM_FRAMES))
        [text] = source.failures
        assert 'has a name that must be UTF-8 for a video' in text


def test_damaged_video_is_an_error_at_once(tmp_path, capfd):
    (tmp_path / 'video.mp4').write_bytes(b'no video')
    with pytest.raises(MediaError, match=r'video\.mp4 cannot be decoded as a video'):
        frame_source(tmp_path / 'video.mp4')


def test_file_that_disappears_is_named(folder, capfd):
    source = frame_source(folder, count=2)
    (folder / '006.png').unlink()
    with pytest.raises(MediaError, match=r'006\.png cannot be read: .*; check its permissions'):
        _ = source.digest
    assert levels(source) == [0]


def test_nothing_readable_is_an_error(folder, capfd):
    for file in folder.glob('*.png'):
        file.write_bytes(b'')
    source = frame_source(folder, count=5)
    text = r'not one of the 5 frames chosen of .*folder can be read; .*000\.png cannot be decoded'
    with pytest.raises(MediaError, match=text):
        list(source)


def test_damaged_messages_are_reported_and_counted(tmp_path, capfd):
    content = messages()
    content[2].encoding = 'yuv420p10'
    content[5].step = 3
    bag = write_bag(tmp_path / 'bag', {'/image': content})
    source = frame_source(bag)
    assert levels(source) == [0, 1, 3, 4, 6, 7, 8, 9, 10, 11]
    assert 'message 2 of' in source.failures[0]
    assert "encoding 'yuv420p10' is not one of" in source.failures[0]
    assert 'step is 3 bytes' in source.failures[1]


def test_compressed_rubbish_is_reported(tmp_path, capfd):
    good = compressed_message(cv2.imencode('.png', grey(40))[1].tobytes())
    content = [good, compressed_message(b'rubbish', 'jpeg'), compressed_message(b'', 'jpeg')]
    source = frame_source(write_bag(tmp_path / 'bag', {'/image': content}))
    assert levels(source) == [2]
    assert "begins with b'rubbish', which is neither JPEG nor PNG" in source.failures[0]
    assert 'compressed image of 0 bytes' in source.failures[1]


def test_recording_with_fewer_messages_than_declared_is_reported(tmp_path):
    bag = write_bag(tmp_path / 'bag', {'/image': messages()}, 'db3')
    description = bag / 'metadata.yaml'
    declared = description.read_text().replace('message_count: 12', 'message_count: 15')
    description.write_text(declared)
    source = frame_source(bag)
    assert levels(source) == list(range(NUM_FRAMES))
    assert source.num_read == NUM_FRAMES < len(source) == 15
    [text] = source.failures
    assert 'gives 12 messages, but 15 were expected; ' in text
    assert text.endswith('; 3 of the frames chosen are missing')


def test_recording_whose_data_is_damaged_is_reported(tmp_path, rng):
    noise = [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(NUM_FRAMES)]
    content = [image_message(ImageView.from_array(image)) for image in noise]
    bag = write_bag(tmp_path / 'bag', {'/image': content}, 'db3')
    [file] = bag.glob('*.db3')
    stored = bytearray(file.read_bytes())
    middle = len(stored) // 2 // 4096 * 4096  # where a page of the table of messages begins
    stored[middle : middle + 8192] = bytes(8192)
    file.write_bytes(stored)
    source = frame_source(bag)
    assert 0 < len(list(source)) < NUM_FRAMES
    assert 'the rest is damaged (database disk image is malformed)' in source.failures[0]


@pytest.mark.parametrize('name', ['metadata.yaml', 'bag.mcap', 'bag.db3'])
def test_file_that_is_no_recording_is_named(name, tmp_path):
    path = tmp_path / name
    path.write_text('nothing of the kind')
    path = tmp_path if name == 'metadata.yaml' else path
    text = f'{path} cannot be opened as a rosbag2 recording: .*; check that it is complete'
    with pytest.raises(MediaError, match=text):
        frame_source(path)


def test_folder_of_recorded_files_without_description_is_explained(bag):
    (bag / 'metadata.yaml').unlink()
    with pytest.raises(MediaError, match=r'but no metadata\.yaml; give one of the files, or'):
        frame_source(bag)


def test_missing_library_is_named(bag, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rosbags.rosbag2', None)
    with pytest.raises(BackendError, match=r'install it with `pip install rosbags`'):
        frame_source(bag)


def test_path_that_does_not_exist_is_named(tmp_path):
    text = r'absent does not exist; give a picture, a video, a folder of them, or a rosbag2'
    with pytest.raises(MediaError, match=text):
        frame_source(tmp_path / 'absent')


def test_folder_without_pictures_says_what_it_looked_for(tmp_path):
    with pytest.raises(MediaError, match=r'holds no picture \(\.bmp .* and no video \(\.avi'):
        frame_source(tmp_path)


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        ({'count': 0}, "'count' is 0: must be at least 1"),
        ({'order': 'best'}, "'order' is 'best': must be even or random"),
        ({'topic': '/image'}, "'topic' is '/image': .* is no rosbag2 recording and has no topics"),
    ],
)
def test_arguments_that_do_not_fit_are_explained(options, text, folder):
    with pytest.raises(ConfigError, match=text):
        frame_source(folder, **options)


# Real footage


def test_real_video_is_sampled(test_data):
    source = frame_source(test_data('video/street_london_TestV4.mp4'), count=6)
    frames = list(source)
    assert [frame.source_wh for frame in frames] == [(1280, 720)] * 6
    means = {round(float(frame.data.mean()), 3) for frame in frames}
    assert len(means) == 6


@pytest.mark.parametrize(
    ('name', 'count', 'source_wh'),
    [('street_compressed_mcap', 51, (1280, 720)), ('street_raw_bgr8_sqlite3', 8, (640, 360))],
)
def test_real_recording_is_read(name, count, source_wh, test_data):
    source = frame_source(test_data(f'bags/{name}'))
    assert len(source) == count
    assert [frame.source_wh for frame in source] == [source_wh] * count
    assert not source.failures
