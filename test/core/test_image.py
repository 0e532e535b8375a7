# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A view over a message's bytes: the right samples, no copy, and no message believed blindly."""

import array
from types import SimpleNamespace

from hypothesis import example, given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import ImageFormatError
from yolotrt_ros.core.image import ImageView, MAX_SIDE_PX


def addresses(encoding, width, height, step):
    """
    Give the byte address of every sample of every plane, written down from the formats.

    This is a second account of what core/image.py computes with strides: V4L2's pages on NV12,
    NV24 and YUV420 and sensor_msgs/Image for the packed formats.
    """
    rows, columns = np.mgrid[:height, :width]
    pixel_bytes = {'rgb8': 3, 'bgr8': 3, '8UC3': 3, 'rgba8': 4, 'bgra8': 4, '8UC4': 4}
    if encoding in pixel_bytes:
        first = rows * step + columns * pixel_bytes[encoding]
        return [np.stack([first + i for i in range(pixel_bytes[encoding])], axis=2)]
    if encoding in ('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv'):
        first = rows * step + 2 * columns
        return [np.stack([first, first + 1], axis=2)]
    if encoding == 'mono16':
        return [rows * step + 2 * columns]
    luma = rows * step + columns
    if encoding in ('nv12', 'nv21'):
        first = height * step + rows[::2, ::2] // 2 * step + columns[::2, ::2]
        return [luma, np.stack([first, first + 1], axis=2)]
    if encoding == 'nv24':
        first = height * step + rows * 2 * step + 2 * columns
        return [luma, np.stack([first, first + 1], axis=2)]
    if encoding == 'i420':
        u = height * step + rows[::2, ::2] // 2 * (step // 2) + columns[::2, ::2] // 2
        return [luma, u, u + height // 2 * (step // 2)]
    return [luma]


def random_bytes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, count, np.uint8)


def expected_samples(data, places, encoding, is_bigendian):
    if encoding != 'mono16':
        return data[places]
    high, low = (places, places + 1) if is_bigendian else (places + 1, places)
    return data[high].astype(np.uint16) * 256 + data[low]


@st.composite
def geometries(draw):
    """Draw an encoding, a size that it allows and a step with padding."""
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    kind = ENCODINGS[encoding]
    width = draw(st.integers(1, 20)) * (2 if kind.has_shared_columns else 1)
    height = draw(st.integers(1, 20)) * (2 if kind.has_shared_rows else 1)
    padding = draw(st.integers(0, 9)) * (2 if encoding == 'i420' else 1)
    return encoding, width, height, width * kind.bytes_per_pixel + padding


# One of each layout with more than one plane, which a run may not draw.
@example(geometry=('nv12', 6, 4, 7), is_bigendian=False, seed=0)
@example(geometry=('nv24', 6, 4, 7), is_bigendian=False, seed=0)
@example(geometry=('i420', 6, 4, 8), is_bigendian=False, seed=0)
@given(geometry=geometries(), is_bigendian=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_planes_are_the_samples_at_their_addresses(geometry, is_bigendian, seed):
    encoding, width, height, step = geometry
    places = addresses(encoding, width, height, step)
    # The last row ends without its padding, as some drivers send it.
    sample_bytes = 2 if encoding == 'mono16' else 1
    data = random_bytes(max(int(plane.max()) for plane in places) + sample_bytes, seed)

    view = ImageView.from_bytes(
        data, width=width, height=height, step=step, encoding=encoding, is_bigendian=is_bigendian
    )

    assert view.num_bytes == data.size
    planes = view.planes()
    assert len(planes) == len(places)
    for plane, place in zip(planes, places, strict=True):
        np.testing.assert_array_equal(plane, expected_samples(data, place, encoding, is_bigendian))
        assert np.shares_memory(plane, data)


@given(geometry=geometries())
def test_one_byte_less_than_the_last_sample_is_refused(geometry):
    encoding, width, height, step = geometry
    padding = step - width * ENCODINGS[encoding].bytes_per_pixel
    whole = ImageView.allocate(width, height, encoding, row_padding=padding)
    with pytest.raises(ImageFormatError, match=r'data holds \d+ bytes, .* cut short or its size'):
        ImageView.from_bytes(
            whole.data[: whole.num_bytes - 1],
            width=width,
            height=height,
            step=step,
            encoding=encoding,
        )


@given(geometry=geometries(), fill=st.integers(0, 255))
def test_writing_the_planes_of_an_allocated_image_leaves_the_padding(geometry, fill):
    encoding, width, height, step = geometry
    padding = step - width * ENCODINGS[encoding].bytes_per_pixel
    view = ImageView.allocate(width, height, encoding, row_padding=padding, fill=fill)
    assert view.step == step
    num_samples = 0
    for plane in view.planes():
        plane[...] = 65535 if plane.dtype.itemsize == 2 else (fill + 1) % 256
        num_samples += plane.size * plane.dtype.itemsize
    if encoding != 'mono16':
        assert np.count_nonzero(view.data != fill) == num_samples


@pytest.mark.parametrize(
    'make',
    [
        pytest.param(bytes, id='bytes, which cannot be written'),
        pytest.param(bytearray, id='bytearray'),
        pytest.param(memoryview, id='memoryview'),
        pytest.param(lambda data: array.array('B', data), id='array.array, as rclpy gives it'),
        pytest.param(lambda data: np.frombuffer(data, np.uint8), id='read-only NumPy array'),
    ],
)
def test_image_views_any_buffer_without_a_copy(make):
    data = make(bytes(range(24)))
    view = ImageView.from_bytes(data, width=4, height=2, step=12, encoding='rgb8')
    pixels = view.planes()[0]
    assert np.shares_memory(pixels, np.frombuffer(data, np.uint8))
    np.testing.assert_array_equal(pixels, np.arange(24).reshape(2, 4, 3))


def test_image_sees_later_changes_of_its_bytes():
    data = bytearray(6)
    view = ImageView.from_bytes(data, width=2, height=1, step=6, encoding='bgr8')
    data[4] = 7
    assert view.planes()[0][0, 1, 1] == 7


@pytest.mark.parametrize(
    ('is_bigendian', 'value'), [(False, 0x0201), (True, 0x0102)], ids=['little', 'big']
)
def test_mono16_is_read_in_the_byte_order_of_the_message(is_bigendian, value):
    view = ImageView.from_bytes(
        b'\x01\x02', width=1, height=1, step=2, encoding='mono16', is_bigendian=is_bigendian
    )
    assert view.planes()[0][0, 0] == value


@pytest.mark.parametrize('is_bigendian', [0, 1])
def test_all_fields_of_a_message_are_read(is_bigendian):
    message = SimpleNamespace(
        data=bytes(22), width=4, height=2, step=12, encoding='mono16', is_bigendian=is_bigendian
    )
    view = ImageView.from_message(message)
    assert (view.source_wh, view.step, view.encoding.name) == ((4, 2), 12, 'mono16')
    assert view.is_bigendian is bool(is_bigendian)


def test_images_are_little_endian_and_black_by_default():
    view = ImageView.allocate(2, 1, 'mono16')
    assert (view.data.tolist(), view.is_bigendian) == ([0] * 4, False)
    fields = {'width': 2, 'height': 1, 'step': 4}
    assert not ImageView.from_bytes(bytes(4), encoding='mono16', **fields).is_bigendian
    assert not ImageView(view.data, encoding=view.encoding, **fields).is_bigendian


@pytest.mark.parametrize(('width', 'height'), [(MAX_SIDE_PX, 1), (1, MAX_SIDE_PX)])
def test_longest_side_is_believed(width, height):
    view = ImageView.from_bytes(
        bytes(MAX_SIDE_PX), width=width, height=height, step=width, encoding='mono8'
    )
    assert view.source_wh == (width, height)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'data': b''}, 'data holds 0 bytes, but 4x4 bgr8 with step 12 needs 48'),
        ({'data': bytes(47)}, 'data holds 47 bytes, but 4x4 bgr8 with step 12 needs 48'),
        ({'width': 0}, 'image is 0x4 pixels, but each side must be between 1 and 32768'),
        ({'height': 0}, 'image is 4x0 pixels, but each side must be between'),
        ({'width': -1}, 'image is -1x4 pixels'),
        ({'width': MAX_SIDE_PX + 1}, 'image is 32769x4 pixels'),
        ({'height': MAX_SIDE_PX + 1}, 'image is 4x32769 pixels'),
        ({'height': 2**32 - 1}, 'check the camera driver'),
        ({'step': 0}, 'step is 0 bytes, but 4 pixels of bgr8 need 12'),
        ({'step': 11}, 'step is 11 bytes, but 4 pixels of bgr8 need 12'),
        ({'step': 2**32 - 1}, 'data holds 48 bytes'),
        ({'encoding': 'mono16', 'step': 7}, 'step is 7 bytes, but 4 pixels of mono16 need 8'),
        ({'encoding': ''}, "encoding '' is not one of rgb8, bgr8, .*bayer_grbg8; choose one"),
        ({'encoding': 'BGR8'}, "encoding 'BGR8' is not one of"),
        ({'encoding': '32FC1'}, "encoding '32FC1' is not one of .*image_proc"),
    ],
)
def test_contradictory_message_is_refused(changes, message):
    fields = {'data': bytes(48), 'width': 4, 'height': 4, 'step': 12, 'encoding': 'bgr8'}
    with pytest.raises(ImageFormatError, match=message):
        ImageView.from_bytes(**(fields | changes))


@pytest.mark.parametrize(
    ('encoding', 'size', 'side'),
    [
        ('uyvy', (5, 4), 'width'),
        ('yuyv', (5, 4), 'width'),
        ('yuv422', (5, 4), 'width'),
        ('yuv422_yuy2', (5, 4), 'width'),
        ('nv12', (5, 4), 'width'),
        ('nv12', (4, 5), 'height'),
        ('nv21', (4, 5), 'height'),
        ('i420', (5, 4), 'width'),
        ('i420', (4, 5), 'height'),
    ],
)
def test_odd_side_is_refused_where_pixels_share_chroma(encoding, size, side):
    with pytest.raises(ImageFormatError, match=f'the {side} must be even'):
        ImageView.from_bytes(
            bytes(1000), width=size[0], height=size[1], step=16, encoding=encoding
        )


@pytest.mark.parametrize('encoding', ['uyvy', 'yuyv'])
def test_odd_height_is_fine_where_only_columns_share_chroma(encoding):
    view = ImageView.from_bytes(bytes(40), width=4, height=5, step=8, encoding=encoding)
    assert view.planes()[0].shape == (5, 4, 2)


def test_odd_step_of_i420_is_refused():
    with pytest.raises(ImageFormatError, match=r'step is 5 bytes, .* need an even step'):
        ImageView.from_bytes(bytes(1000), width=4, height=4, step=5, encoding='i420')


@pytest.mark.parametrize(
    ('shape', 'encoding'), [((3, 5), 'mono8'), ((3, 5, 3), 'bgr8'), ((3, 5, 4), 'rgba8')]
)
def test_array_is_viewed_without_a_copy(shape, encoding):
    image = random_bytes(int(np.prod(shape))).reshape(shape)
    view = ImageView.from_array(image, encoding)
    assert view.source_wh == (5, 3)
    assert np.shares_memory(view.planes()[0], image)
    np.testing.assert_array_equal(view.planes()[0], image)


def test_array_that_is_not_contiguous_is_copied():
    image = random_bytes(90).reshape(3, 10, 3)[:, ::2]
    np.testing.assert_array_equal(ImageView.from_array(image).planes()[0], image)
