# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the bytes of camera messages to the network's input, by one kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yolotrt_ros.core.letterbox import PAD_VALUE
from yolotrt_ros.gpu.kernel import KernelModule
from yolotrt_ros.gpu.kernel_args import KernelArgs

# What load_module is to load for this kernel.
SOURCE = 'preprocess.cu'
# struct NetworkInput of kernels/network_input.cuh, which explains the fields.
NETWORK_DTYPE = np.dtype(
    [
        ('width', np.int32),
        ('height', np.int32),
        ('pad_level', np.int32),
        ('red_plane', np.int32),
        ('scale', np.float32, 3),
        ('bias', np.float32, 3),
    ]
)
# The network's input is written in vectors of this size.
OUTPUT_ALIGNMENT = 16

_NAMES = {np.dtype(np.float32): 'preprocess_fp32', np.dtype(np.float16): 'preprocess_fp16'}
# Threads of a block, and the tile of the input that it makes; see kernels/preprocess.cu.
_BLOCK = (16, 16)
_TILE_WH = (64, 16)


@dataclass(frozen=True)
class FrameNormalization:
    """
    What becomes of a level, 0 to 255: ``level * scale + bias``, rounded once in single precision.

    :param scale: for red, green and blue, whatever the order of the planes.
    :param bias: likewise.
    :param is_rgb: whether the planes are red, green, blue; otherwise blue comes first.
    """

    scale: tuple[float, float, float] = (1 / 255, 1 / 255, 1 / 255)
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_rgb: bool = True

    @classmethod
    def from_mean_std(
        cls,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        *,
        is_rgb: bool = True,
    ) -> FrameNormalization:
        """
        Return the normalization ``(level / 255 - mean) / std``.

        :param mean: for red, green and blue, 0 to 1.
        :param std: likewise, positive.
        """
        scale = (1 / (255 * std[0]), 1 / (255 * std[1]), 1 / (255 * std[2]))
        bias = (-mean[0] / std[0], -mean[1] / std[1], -mean[2] / std[2])
        return cls(scale, bias, is_rgb)


class PreprocessKernel:
    """
    The kernel, set up for one network.

    :param module: ``load_module(session, SOURCE)``.
    :param network_wh: width and height of the network's input, pixels.
    :param batch: frames of one launch.
    :param output_dtype: float32 or float16, the type of the network's input.
    :param normalization: by default 0 to 1, red first.
    :raises ValueError: the type is another one.
    """

    def __init__(
        self,
        module: KernelModule,
        network_wh: tuple[int, int],
        batch: int,
        output_dtype: np.dtype[Any],
        normalization: FrameNormalization | None = None,
    ) -> None:
        if output_dtype not in _NAMES:
            raise ValueError(
                f'the network takes {output_dtype}, but frames can be made float32 or float16; '
                'export it with one of these as its input'
            )
        self._kernel = module.kernel(_NAMES[output_dtype])
        self._network = network_parameters(network_wh, normalization or FrameNormalization())
        self._grid = (-(-network_wh[0] // _TILE_WH[0]), -(-network_wh[1] // _TILE_WH[1]), batch)

    def launch(self, parameters_address: int, output_address: int, stream: int) -> None:
        """
        Enqueue the work, alone or while a CUDA graph is recorded.

        :param parameters_address: ``batch`` elements of ``frame_parameters.PARAMETER_DTYPE`` as a
            kernel sees them, a multiple of 8; read when the kernel runs, not now.
        :param output_address: device memory for ``(batch, 3, H, W)``, a multiple of
            ``OUTPUT_ALIGNMENT``.
        :raises ValueError: the output's address is not such a multiple.
        """
        if output_address % OUTPUT_ALIGNMENT:
            raise ValueError(
                f"the network's input must begin at a multiple of {OUTPUT_ALIGNMENT}, but begins "
                f'at {output_address:#x}; give it a buffer of its own'
            )
        args = KernelArgs(np.uint64(parameters_address), np.uint64(output_address), self._network)
        self._kernel.launch(self._grid, _BLOCK, args, stream)


def network_parameters(network_wh: tuple[int, int], normalization: FrameNormalization) -> bytes:
    """Return what the kernel must know of the network's input: one ``NETWORK_DTYPE``."""
    planes = slice(None) if normalization.is_rgb else slice(None, None, -1)
    row = np.zeros((), NETWORK_DTYPE)
    row['width'], row['height'] = network_wh
    row['pad_level'] = PAD_VALUE
    row['red_plane'] = 0 if normalization.is_rgb else 2
    row['scale'], row['bias'] = normalization.scale[planes], normalization.bias[planes]
    return row.tobytes()
