# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, folders and videos: what is found, what is read, and what is said of damaged files."""

import os
from struct import pack
from zlib import compress, crc32

import cv2
import numpy as np
import pytest

from yolotrt_ros.cpu.media import (
    find_media,
    Media,
    MediaError,
    read_picture,
    takes_bytes,
    write_picture,
)

NUM_FRAMES = 7


@pytest.fixture
def picture(rng):
    return rng.integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture
def video_path(tmp_path):
    """Write seven plain frames, each brighter than the one before."""
    path = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 12.5, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no MJPEG')
    for frame in range(NUM_FRAMES):
        writer.write(np.full((48, 64, 3), 30 * frame, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tif', '.PNG'])
def test_picture_comes_back_as_written(suffix, picture, tmp_path):
    path = tmp_path / 'new folder' / f'picture{suffix}'
    write_picture(path, picture)
    np.testing.assert_array_equal(read_picture(path), picture)


def test_grey_and_16_bit_pictures_are_read_as_8_bit_bgr(tmp_path):
    cv2.imwrite(str(tmp_path / 'grey.png'), np.full((4, 5), 70, np.uint8))
    cv2.imwrite(str(tmp_path / 'deep.png'), np.full((4, 5, 3), 70 * 257, np.uint16))
    for name in ('grey.png', 'deep.png'):
        image = read_picture(tmp_path / name)
        assert image.shape == (4, 5, 3)
        assert image.dtype == np.uint8
        assert np.all(image == 70)


def test_one_picture_is_found_and_read(picture, tmp_path):
    path = tmp_path / 'a.png'
    write_picture(path, picture)
    [media] = find_media(path)
    assert media == Media(path)
    assert not media.is_video
    [found] = media.pictures()
    assert found.name == str(path)
    np.testing.assert_array_equal(found.image_bgr, picture)


def test_folder_is_read_in_the_order_of_the_names(picture, video_path):
    folder = video_path.parent
    for name in ('z.png', 'b.PNG', 'a10.jpg', 'a9.jpg'):
        write_picture(folder / name, picture)
    (folder / 'notes.txt').write_text('no picture')
    (folder / 'inner.png').mkdir()
    names = [media.path.name for media in find_media(folder)]
    assert names == ['a10.jpg', 'a9.jpg', 'b.PNG', 'video.avi', 'z.png']


def test_video_is_read_frame_by_frame(video_path):
    [media] = find_media(video_path)
    assert media.is_video
    assert (media.num_frames, media.rate_hz) == (NUM_FRAMES, 12.5)
    pictures = list(media.pictures())
    assert [picture.name for picture in pictures] == [
        f'{video_path}#{index}' for index in range(NUM_FRAMES)
    ]
    for index, picture in enumerate(pictures):
        assert picture.image_bgr.shape == (48, 64, 3)
        assert abs(picture.image_bgr.mean() - 30 * index) < 3


def test_video_can_be_left_early_and_read_again(video_path):
    [media] = find_media(video_path)
    assert next(media.pictures()).name.endswith('#0')
    assert next(media.pictures()).name.endswith('#0')


def test_real_video_is_read(test_data):
    [media] = find_media(test_data('video/street_london_TestV4.mp4'))
    assert sum(1 for _ in media.pictures()) == 151
    assert media.num_frames == pytest.approx(151, abs=1)  # the container counts one too many
    assert media.rate_hz == pytest.approx(29.97, abs=0.02)
    assert next(media.pictures()).image_bgr.shape == (720, 1280, 3)


def test_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(MediaError, match=r'absent\.png does not exist; give a picture, a video'):
        find_media(tmp_path / 'absent.png')


def test_folder_without_pictures_says_what_it_looked_for(tmp_path):
    (tmp_path / 'notes.txt').write_text('no picture')
    for path in (tmp_path, tmp_path / 'notes.txt'):
        with pytest.raises(MediaError, match=r'holds no picture \(\.bmp .* and no video \(\.avi'):
            find_media(path)


@pytest.mark.parametrize('content', [b'', b'no picture', b'\x89PNG\r\n\x1a\n\x00\x00'])
@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_damaged_picture_is_named(content, suffix, tmp_path, capfd):
    path = tmp_path / f'damaged{suffix}'
    path.write_bytes(content)
    [media] = find_media(path)
    with pytest.raises(MediaError, match=r'damaged\.\w+ cannot be decoded as a picture'):
        list(media.pictures())


@pytest.mark.parametrize('content', [b'', b'no video'])
def test_damaged_video_is_named(content, tmp_path, capfd):
    path = tmp_path / 'damaged.mp4'
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r'damaged\.mp4 cannot be decoded as a video'):
        find_media(path)


@pytest.mark.parametrize('name', ['picture', 'picture.xyz', 'picture.mp4'])
def test_picture_without_a_known_suffix_is_not_written(name, picture, tmp_path):
    with pytest.raises(MediaError, match=f'{name} cannot be written; check the folder and'):
        write_picture(tmp_path / name, picture)


def test_picture_in_a_folder_that_is_a_file_is_not_written(picture, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(MediaError, match='cannot be written; check the folder'):
        write_picture(tmp_path / 'file' / 'picture.png', picture)


def test_picture_is_not_written_over_a_folder(picture, tmp_path, capfd):
    (tmp_path / 'picture.png').mkdir()
    with pytest.raises(MediaError, match='cannot be written; check the folder'):
        write_picture(tmp_path / 'picture.png', picture)


def test_names_of_any_bytes_are_read_and_written(picture, video_path, tmp_path):
    path = tmp_path / os.fsdecode(b'caf\xe9.png')
    write_picture(path, picture)
    np.testing.assert_array_equal(read_picture(path), picture)
    video_path = video_path.rename(tmp_path / os.fsdecode(b'caf\xe9.avi'))
    if takes_bytes():
        [video] = find_media(video_path)
        assert len(list(video.pictures())) == NUM_FRAMES
    else:
        words = (
            r"has a name that must be UTF-8 for a video, but is b'.*caf\\xe9\.avi'.*; rename it"
        )
        with pytest.raises(MediaError, match=words):
            find_media(video_path)
        video, _ = find_media(tmp_path, keep_damaged=True)
        with pytest.raises(MediaError, match=words):
            list(video.pictures())


def test_this_opencv_takes_bytes_or_not_as_is_said(video_path):
    if takes_bytes():
        assert cv2.VideoCapture(os.fsencode(video_path)).isOpened()
    else:
        with pytest.raises(cv2.error, match='VideoCapture'):
            cv2.VideoCapture(os.fsencode(video_path))


def test_name_of_any_language_is_text_for_every_opencv(video_path, tmp_path):
    [video] = find_media(video_path.rename(tmp_path / os.fsdecode('caf\u00e9.avi'.encode())))
    assert len(list(video.pictures())) == NUM_FRAMES


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp'])
def test_picture_that_was_cut_short_is_refused(suffix, picture, tmp_path, capfd):
    path = tmp_path / f'cut{suffix}'
    data = cv2.imencode(suffix, picture)[1].tobytes()
    path.write_bytes(data[: 2 * len(data) // 3])
    with pytest.raises(
        MediaError, match=r'cut\.\w+ cannot be decoded as a picture; it is damaged'
    ):
        read_picture(path)


def png_that_says(width, height):
    """Return a PNG whose header says a size that its content has not."""
    chunks = [
        (b'IHDR', pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)),
        (b'IDAT', compress(b'')),
        (b'IEND', b''),
    ]
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        pack('>I', len(data)) + kind + data + pack('>I', crc32(kind + data))
        for kind, data in chunks
    )


def test_picture_larger_than_opencv_reads_is_refused(tmp_path):
    (tmp_path / 'huge.png').write_bytes(png_that_says(100_000, 100_000))
    with pytest.raises(MediaError, match=r'huge\.png cannot be decoded as a picture'):
        read_picture(tmp_path / 'huge.png')


def test_picture_with_a_side_that_no_network_takes_is_named(tmp_path):
    cv2.imwrite(str(tmp_path / 'long.png'), np.zeros((2, 32769, 3), np.uint8))
    with pytest.raises(MediaError, match=r'long\.png is 32769x2 pixels, but each side must be'):
        read_picture(tmp_path / 'long.png')


def test_picture_that_is_not_there_any_more_is_not_called_damaged(tmp_path):
    with pytest.raises(MediaError, match=r'gone\.png cannot be read: No such file'):
        read_picture(tmp_path / 'gone.png')


def test_a_disk_that_is_full_is_named(picture, tmp_path):
    (tmp_path / 'picture.png').symlink_to('/dev/full')
    with pytest.raises(MediaError, match=r'picture\.png cannot be written.*No space left'):
        write_picture(tmp_path / 'picture.png', picture)
