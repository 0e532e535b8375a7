# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A TensorRT network between kernels of the same stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yolotrt_ros.trt.execution_context import ExecutionContext


class DeviceNetwork:
    """
    See ``gpu.frame_chain.DeviceNetwork``.

    Each batch size has an execution context of its own. A CUDA graph depends on the state of the
    context that it was recorded from, so nothing may change there afterwards, and the shape of
    the input would.

    :param new_context: makes one with the addresses of all tensors set, and closes it in the end;
        gives None where the engine does not allow another one.
    :param common_context: what all batch sizes use then.
    :param input_name: the image input.
    :param network_wh: width and height of the input, pixels.
    :param addresses: of every tensor on the device, by name.
    :ivar has_own_contexts: whether each batch size has a context. Otherwise a recorded CUDA graph
        is valid only as long as no other batch size is run.
    """

    def __init__(
        self,
        new_context: Callable[[], ExecutionContext | None],
        common_context: ExecutionContext,
        input_name: str,
        network_wh: tuple[int, int],
        addresses: Mapping[str, int],
    ) -> None:
        self._new_context = new_context
        self._input_name = input_name
        self._network_wh = network_wh
        self._addresses = addresses
        self._contexts: dict[int, ExecutionContext] = {}
        self._common = common_context
        self._spare = new_context()
        self.has_own_contexts = self._spare is not None

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

        The first call for a batch size prepares it, and cannot be recorded into a CUDA graph.

        :raises CudaError: the device has too little memory for another batch size.
        :raises DetectionError: TensorRT cannot start it.
        """
        if batch not in self._contexts:
            self._contexts[batch] = self._context_for_another_size()
        width, height = self._network_wh
        context = self._contexts[batch]
        context.set_input_shape(self._input_name, (batch, 3, height, width))
        context.enqueue(stream)

    def _context_for_another_size(self) -> ExecutionContext:
        if not self.has_own_contexts:  # asking again would only fill TensorRT's log
            return self._common
        context, self._spare = self._spare or self._new_context(), None
        return context or self._common
