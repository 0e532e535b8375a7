# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder's C interface: include/yolotrt/decode_params.hpp written down for ctypes."""

import ctypes
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ANCHORS_PER_CELL = 3
LINEAR_FORMATS = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}
HALF_HWC8 = 2
OUTPUT_TYPES = (np.int32, np.float32, np.float32, np.int32)


class Level(ctypes.Structure):
    _fields_ = (
        ('values', ctypes.c_void_p),
        ('width', ctypes.c_int32),
        ('height', ctypes.c_int32),
        ('stride', ctypes.c_int32),
        ('anchors', ctypes.c_float * (ANCHORS_PER_CELL * 2)),
    )


class DecodeParams(ctypes.Structure):
    _fields_ = (
        ('levels', Level * 3),
        ('input_format', ctypes.c_int32),
        ('batch_size', ctypes.c_int32),
        ('num_classes', ctypes.c_int32),
        ('num_candidates', ctypes.c_int32),
        ('score_threshold', ctypes.c_float),
        ('num_detections', ctypes.c_void_p),
        ('boxes', ctypes.c_void_p),
        ('scores', ctypes.c_void_p),
        ('classes', ctypes.c_void_p),
    )


@dataclass(frozen=True)
class Heads:
    """
    What a network puts out, and what is known of it.

    :param values: for each level ``(B, 3*(5+nc), H, W)``, float32 or float16.
    :param anchors: ``(3, 3, 2)``, width and height in network pixels.
    :param is_hwc8: what of float16 lies in memory as :func:`in_hwc8` says, not as in NumPy.
    """

    values: list[np.ndarray]
    anchors: np.ndarray
    strides: tuple[int, int, int]
    threshold: float = field(default=0.25)
    is_hwc8: bool = field(default=False)

    @property
    def batch(self) -> int:
        return len(self.values[0])

    @property
    def num_classes(self) -> int:
        return self.values[0].shape[1] // ANCHORS_PER_CELL - 5

    @property
    def num_candidates(self) -> int:
        return ANCHORS_PER_CELL * sum(np.prod(head.shape[2:], dtype=int) for head in self.values)

    @property
    def stored(self) -> list[np.ndarray]:
        """What lies in memory for the decoder to read."""
        return [in_hwc8(head) for head in self.values] if self.is_hwc8 else self.values

    def empty_outputs(self) -> list[np.ndarray]:
        """Make outputs full of bytes that no decoder writes: what is not written stays seen."""
        rows = (self.batch, self.num_candidates)
        shapes = ((self.batch, 1), (*rows, 4), rows, rows)
        outputs = [
            np.empty(shape, dtype) for shape, dtype in zip(shapes, OUTPUT_TYPES, strict=True)
        ]
        for output in outputs:
            output.view(np.uint8).fill(0xFF)
        return outputs

    def params(self, inputs: list[int], outputs: list[int]) -> DecodeParams:
        """Describe the decoding of what is stored at these addresses to these addresses."""
        levels = zip(inputs, self.values, self.strides, self.anchors, strict=True)
        return DecodeParams(
            tuple(
                Level(address, head.shape[3], head.shape[2], stride, tuple(anchors.ravel()))
                for address, head, stride, anchors in levels
            ),
            HALF_HWC8 if self.is_hwc8 else LINEAR_FORMATS[self.values[0].dtype],
            self.batch,
            self.num_classes,
            self.num_candidates,
            self.threshold,
            *outputs,
        )


def in_hwc8(head: np.ndarray) -> np.ndarray:
    """
    Order ``(B, C, H, W)`` as TensorRT's HWC8: ``(B, H, W, C)`` with C padded to a multiple of 8.

    What pads is not a number, so that it does not stay unseen where it is read.
    """
    batch, channels, height, width = head.shape
    stored = np.full((batch, height, width, -(-channels // 8) * 8), np.nan, head.dtype)
    stored[..., :channels] = head.transpose(0, 2, 3, 1)
    return stored


def load(path: Path, name: str) -> ctypes._CFuncPtr:
    """Return a function of a library that takes ``DecodeParams`` first."""
    library = ctypes.CDLL(str(path))
    library.yolotrt_decode_params_size.restype = ctypes.c_int64
    assert library.yolotrt_decode_params_size() == ctypes.sizeof(DecodeParams)
    return library[name]
