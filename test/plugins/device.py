# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory, a stream and graphs of one GPU, just enough for the tests of this folder."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import numpy as np

from test.plugins.decoder import Heads


class Device:
    """A non-blocking stream of device 0, and the memory allocated with it."""

    def __init__(self) -> None:
        from cuda.bindings import runtime

        self._runtime = runtime
        check(runtime.cudaSetDevice(0))
        self._stream = check(runtime.cudaStreamCreateWithFlags(runtime.cudaStreamNonBlocking))

    def __enter__(self) -> 'Device':
        return self

    def __exit__(self, *_: object) -> None:
        check(self._runtime.cudaStreamDestroy(self._stream))

    @property
    def stream(self) -> int:
        return int(self._stream)

    @property
    def architecture(self) -> str:
        """The compute capability in CMake's words, such as 87."""
        attributes = self._runtime.cudaDeviceAttr
        major, minor = (
            check(self._runtime.cudaDeviceGetAttribute(attribute, 0))
            for attribute in (
                attributes.cudaDevAttrComputeCapabilityMajor,
                attributes.cudaDevAttrComputeCapabilityMinor,
            )
        )
        return f'{major}{minor}'

    @property
    def free_bytes(self) -> int:
        return int(check(self._runtime.cudaMemGetInfo())[0])

    @contextmanager
    def tensors(self, heads: Heads) -> Iterator[tuple['DeviceArrays', 'DeviceArrays']]:
        """Hold the decoder's inputs and its outputs, not yet written, in device memory."""
        with self._copies(heads.stored) as inputs, self._copies(heads.empty_outputs()) as outputs:
            yield inputs, outputs

    def synchronize(self) -> None:
        check(self._runtime.cudaStreamSynchronize(self._stream))

    @contextmanager
    def graph(self, enqueue: Callable[[], None]) -> Iterator[Callable[[], None]]:
        """Capture what a function puts on the stream; give a function that replays it."""
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        check(self._runtime.cudaStreamBeginCapture(self._stream, mode))
        try:
            enqueue()
        finally:
            graph = check(self._runtime.cudaStreamEndCapture(self._stream))
        executable = check(self._runtime.cudaGraphInstantiate(graph, 0))
        try:
            yield lambda: check(self._runtime.cudaGraphLaunch(executable, self._stream))
        finally:
            check(self._runtime.cudaGraphExecDestroy(executable))
            check(self._runtime.cudaGraphDestroy(graph))

    @contextmanager
    def _copies(self, arrays: Sequence[np.ndarray]) -> Iterator['DeviceArrays']:
        held = DeviceArrays(self._runtime, [(array.shape, array.dtype) for array in arrays])
        try:
            held.upload(arrays)
            yield held
        finally:
            held.close()


class DeviceArrays:
    """Arrays in device memory, of fixed shapes and types."""

    def __init__(self, runtime: ModuleType, kinds: Sequence[tuple[tuple[int, ...], type]]) -> None:
        self._runtime = runtime
        self._kinds = kinds
        self.addresses: list[int] = []
        for array in self._empty():
            self.addresses.append(int(check(runtime.cudaMalloc(array.nbytes))))

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [shape for shape, _ in self._kinds]

    def upload(self, arrays: Sequence[np.ndarray]) -> None:
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        for address, array in zip(self.addresses, map(np.ascontiguousarray, arrays), strict=True):
            check(self._runtime.cudaMemcpy(address, array.ctypes.data, array.nbytes, kind))
        # Pageable memory may still be on its way when the copy returns, unseen by the stream.
        check(self._runtime.cudaDeviceSynchronize())

    def download(self) -> list[np.ndarray]:
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        arrays = self._empty()
        for address, array in zip(self.addresses, arrays, strict=True):
            check(self._runtime.cudaMemcpy(array.ctypes.data, address, array.nbytes, kind))
        return arrays

    def close(self) -> None:
        while self.addresses:
            check(self._runtime.cudaFree(self.addresses.pop()))

    def _empty(self) -> list[np.ndarray]:
        return [np.empty(shape, dtype) for shape, dtype in self._kinds]


def check(result: tuple) -> object:
    """Return what a CUDA call returned beside its status, which must be success."""
    status, *values = result
    assert int(status) == 0, f'CUDA: {status!r}'
    return values[0] if len(values) == 1 else values
