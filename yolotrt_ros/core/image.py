# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera image as a view over the bytes of its message: checked once, never copied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from yolotrt_ros.core.encodings import Encoding, ENCODINGS, Layout
from yolotrt_ros.core.errors import ImageFormatError

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Samples of one plane: uint8, or uint16 for mono16. A text, because before NumPy 1.22 its types
# take no parameters while a program runs.
Samples: TypeAlias = 'NDArray[np.unsignedinteger[Any]]'

# The largest side that is believed. A message with a larger one is corrupt, and its size would
# overflow the 32-bit index arithmetic of the GPU kernels.
MAX_SIDE_PX = 1 << 15


class Plane(NamedTuple):
    """Where one plane lies: offset in bytes, ``(rows, columns, channels)``, bytes of a row."""

    offset: int
    shape: tuple[int, int, int]
    pitch_bytes: int


@dataclass(frozen=True)
class ImageView:
    """
    One image: its geometry, its encoding and a view of its bytes.

    :param data: uint8, flat; the message's own memory, at least ``num_bytes`` long.
    :param width: pixels in a row.
    :param height: rows of the first plane.
    :param step: bytes from one row to the next, in the first plane. Interleaved half-size chroma
        (nv12, nv21) keeps this step, nv24's chroma has twice, i420's planes half of it.
    :param encoding: how the bytes are to be read.
    :param is_bigendian: byte order of samples wider than one byte.
    :raises ImageFormatError: the numbers contradict each other or the length of ``data``.
    """

    data: NDArray[np.uint8]
    width: int
    height: int
    step: int
    encoding: Encoding
    is_bigendian: bool = False

    def __post_init__(self) -> None:
        if self.data.size < self.num_bytes:
            raise ImageFormatError(
                f'data holds {self.data.size} bytes, but {self.width}x{self.height} '
                f'{self.encoding.name} with step {self.step} needs {self.num_bytes}; '
                'the message was cut short or its size fields are wrong'
            )

    @classmethod
    def from_bytes(
        cls,
        data: Buffer,
        *,
        width: int,
        height: int,
        step: int,
        encoding: str,
        is_bigendian: bool = False,
    ) -> ImageView:
        """
        View the fields of a ``sensor_msgs/Image``.

        :param data: the bytes, flat; rclpy hands out an ``array.array``.
        :param encoding: a key of ``ENCODINGS``.
        :raises ImageFormatError: the encoding is not in the table, or the fields do not fit.
        """
        if encoding not in ENCODINGS:
            raise ImageFormatError(
                f'encoding {encoding!r} is not one of {", ".join(ENCODINGS)}; '
                'choose one of these in the camera driver or put image_proc in between'
            )
        flat = np.asarray(memoryview(data))
        return cls(flat, width, height, step, ENCODINGS[encoding], is_bigendian)

    @classmethod
    def from_message(cls, message: Any) -> ImageView:  # noqa: ANN401
        """
        View a ``sensor_msgs/Image``, whichever library made the object.

        :raises ImageFormatError: as ``from_bytes``.
        """
        return cls.from_bytes(
            message.data,
            width=message.width,
            height=message.height,
            step=message.step,
            encoding=message.encoding,
            is_bigendian=bool(message.is_bigendian),
        )

    @classmethod
    def from_array(cls, image: NDArray[np.uint8], encoding: str = 'bgr8') -> ImageView:
        """
        View an array of pixels.

        :param image: uint8 ``(H, W, C)`` or ``(H, W)``, copied only where it is not contiguous.
        :param encoding: a packed encoding with that number of channels.
        """
        image = np.ascontiguousarray(image)
        return cls.from_bytes(
            image.reshape(-1).data,
            width=image.shape[1],
            height=image.shape[0],
            step=image.strides[0],
            encoding=encoding,
        )

    @classmethod
    def allocate(
        cls,
        width: int,
        height: int,
        encoding: str,
        *,
        row_padding: int = 0,
        is_bigendian: bool = False,
        fill: int = 0,
    ) -> ImageView:
        """
        Make an image whose planes can be written.

        :param row_padding: bytes that follow the pixels of each row of the first plane.
        :param fill: the value of every byte, padding included.
        """
        kind = ENCODINGS[encoding]
        step = width * kind.bytes_per_pixel + row_padding
        last = _plane_table(width, height, step, kind)[-1]
        data = np.full(last.offset + last.shape[0] * last.pitch_bytes, fill, np.uint8)
        return cls(data, width, height, step, kind, is_bigendian)

    @property
    def source_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    @cached_property
    def num_bytes(self) -> int:
        """Bytes from the first sample to the last; padding behind the last row may be absent."""
        return _num_bytes(self.width, self.height, self.step, self.encoding)

    def planes(self) -> tuple[Samples, ...]:
        """
        View the samples as arrays, without copying.

        :returns: uint8, for mono16 uint16 in the message's byte order. Packed: one array
            ``(H, W, C)``, or ``(H, W)`` for one channel; 4:2:2: ``(H, W, 2)``; nv12, nv21: Y
            ``(H, W)`` and chroma ``(H/2, W/2, 2)``; nv24: Y and ``(H, W, 2)``; i420: Y, U
            and V, the latter ``(H/2, W/2)``; Bayer: ``(H, W)``. Rows may be padded.
        """
        byte_order = '>' if self.is_bigendian else '<'
        dtype: np.dtype[Any] = np.dtype(f'{byte_order}u{self.encoding.sample_bytes}')
        return tuple(self._view(dtype, plane) for plane in self._plane_table())

    def _view(self, dtype: np.dtype[Any], plane: Plane) -> Samples:
        strides = (plane.pitch_bytes, plane.shape[2] * dtype.itemsize, dtype.itemsize)
        view: Samples = np.ndarray(plane.shape, dtype, self.data, plane.offset, strides)
        return view[:, :, 0] if plane.shape[2] == 1 else view

    def _plane_table(self) -> list[Plane]:
        return _plane_table(self.width, self.height, self.step, self.encoding)


@lru_cache(maxsize=256)  # cameras seldom change what they send
def _num_bytes(width: int, height: int, step: int, encoding: Encoding) -> int:
    """
    Return what ``ImageView.num_bytes`` says.

    :raises ImageFormatError: the numbers contradict each other.
    """
    _check_size(width, height, encoding)
    _check_step(width, step, encoding)
    last = _plane_table(width, height, step, encoding)[-1]
    rows, columns, channels = last.shape
    return last.offset + (rows - 1) * last.pitch_bytes + columns * channels * encoding.sample_bytes


def _check_size(width: int, height: int, encoding: Encoding) -> None:
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ImageFormatError(
            f'image is {width}x{height} pixels, but each side must be between '
            f'1 and {MAX_SIDE_PX}; check the camera driver'
        )
    shared_columns = encoding.has_shared_columns and width % 2
    shared_rows = encoding.has_shared_rows and height % 2
    if shared_columns or shared_rows:
        raise ImageFormatError(
            f'image is {width}x{height} pixels, but neighbouring pixels of '
            f'{encoding.name} share their colour, so the '
            f'{"width" if shared_columns else "height"} must be even; '
            'crop it or choose another encoding in the camera driver'
        )


def _check_step(width: int, step: int, encoding: Encoding) -> None:
    row_bytes = width * encoding.bytes_per_pixel
    if step < row_bytes:
        raise ImageFormatError(
            f'step is {step} bytes, but {width} pixels of {encoding.name} '
            f'need {row_bytes}; the driver must set step to the bytes of a row'
        )
    if encoding.layout is Layout.PLANAR_420 and step % 2:
        raise ImageFormatError(
            f'step is {step} bytes, but the half-width planes of {encoding.name} '
            'need an even step; the driver must pad its rows to an even number of bytes'
        )


def _plane_table(width: int, height: int, step: int, encoding: Encoding) -> list[Plane]:
    first = Plane(0, (height, width, encoding.channels), step)
    half = (height // 2, width // 2)
    end = step * height
    match encoding.layout:
        case Layout.SEMI_PLANAR_420:
            return [first, Plane(end, (*half, 2), step)]
        case Layout.SEMI_PLANAR_444:
            return [first, Plane(end, (height, width, 2), 2 * step)]
        case Layout.PLANAR_420:
            pitch = step // 2
            u = Plane(end, (*half, 1), pitch)
            return [first, u, Plane(end + pitch * half[0], (*half, 1), pitch)]
    return [first]
