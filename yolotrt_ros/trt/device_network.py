# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A TensorRT network between kernels of the same stream."""

from __future__ import annotations

from collections.abc import Mapping

from yolotrt_ros.trt.execution_context import ExecutionContext


class DeviceNetwork:
    """
    See ``gpu.frame_chain.DeviceNetwork``.

    :param context: with the addresses of all tensors set.
    :param input_name: the image input.
    :param network_wh: width and height of the input, pixels.
    :param addresses: of every tensor on the device, by name.
    """

    def __init__(
        self,
        context: ExecutionContext,
        input_name: str,
        network_wh: tuple[int, int],
        addresses: Mapping[str, int],
    ) -> None:
        self._context = context
        self._input_name = input_name
        self._network_wh = network_wh
        self._addresses = addresses

    @property
    def input_address(self) -> int:
        """Where ``(max_batch, 3, H, W)`` begins."""
        return self._addresses[self._input_name]

    def output_address(self, name: str) -> int:
        """Where an output begins, of the largest batch."""
        return self._addresses[name]

    def enqueue(self, batch: int, stream: int) -> None:
        """
        Start the network on the first ``batch`` images; returns before it is done.

        :raises DetectionError: TensorRT cannot start it.
        """
        width, height = self._network_wh
        self._context.set_input_shape(self._input_name, (batch, 3, height, width))
        self._context.enqueue(stream)
