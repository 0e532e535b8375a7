# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The preprocessing kernel on the GPU with the memory that its tests need."""

from contextlib import ExitStack

import numpy as np

from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.gpu.frame_parameters import fill_parameters, PARAMETER_DTYPE
from yolotrt_ros.gpu.kernel_loader import load_module
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer
from yolotrt_ros.gpu.preprocess import (
    PreprocessKernel,
    SOURCE,
)

# Bytes behind the network's input that must stay as they were, and their value.
GUARD_BYTES, GUARD = 1024, 0x5A


class DevicePreprocessing(ExitStack):
    """
    Makes batches on the GPU.

    Each frame lies in a buffer exactly as long as itself, so that compute-sanitizer sees reads
    behind it; bytes behind the input are checked for stray writes.
    """

    def __init__(self, session, network_wh, batch, dtype, normalization=None):
        super().__init__()
        self.session = session
        self.network_wh = network_wh
        module = self.enter_context(load_module(session, SOURCE))
        self.kernel = PreprocessKernel(module, network_wh, batch, np.dtype(dtype), normalization)
        self.host_parameters = self.enter_context(HostBuffer(batch * PARAMETER_DTYPE.itemsize))
        self.rows = self.host_parameters.array.view(PARAMETER_DTYPE)
        self.rows[...] = 0
        self.parameters = self.enter_context(DeviceBuffer(self.host_parameters.num_bytes))
        self.tensor = np.empty((batch, 3, network_wh[1], network_wh[0]), dtype)
        self.output = self.enter_context(DeviceBuffer(self.tensor.nbytes + GUARD_BYTES))
        self.downloaded = self.enter_context(HostBuffer(self.output.num_bytes))

    def describe(self, slot, view, address):
        """Fill a frame's row."""
        letterbox = Letterbox.fit(view.source_wh, self.network_wh)
        fill_parameters(self.rows[slot], view, letterbox, address)

    def __call__(self, frames):
        """Return the network's input of a batch; ``None`` leaves a slot without a frame."""
        with ExitStack() as buffers:
            for slot, view in enumerate(frames):
                self.rows[slot] = 0
                if view is not None:
                    buffer = buffers.enter_context(DeviceBuffer(view.num_bytes))
                    buffer.upload(view.data[: view.num_bytes], self.session.stream)
                    self.describe(slot, view, buffer.address)
            self.output.upload(
                np.full(self.output.num_bytes, GUARD, np.uint8), self.session.stream
            )
            self.enqueue()
            return self.result()

    def enqueue(self):
        """Upload the parameters, launch, download: what a CUDA graph records."""
        stream = self.session.stream
        self.parameters.upload(self.rows, stream)
        self.kernel.launch(self.parameters.address, self.output.address, stream)
        self.output.download(self.downloaded.array, stream)

    def result(self):
        """Wait, check the guard, and return a copy of the input."""
        self.session.synchronize()
        content = self.downloaded.array
        assert np.all(content[self.tensor.nbytes :] == GUARD)
        self.tensor[...] = (
            content[: self.tensor.nbytes].view(self.tensor.dtype).reshape(self.tensor.shape)
        )
        return self.tensor.copy()
