# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The threads that copy frames, on a machine that may have no GPU: who uploads is watched."""

from contextlib import contextmanager
import ctypes
import threading

import numpy as np
import pytest

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu.frame_copy import Driver, PIECE_BYTES, SOURCE, ThreadedCopy
from yolotrt_ros.gpu.native_library import load_library

CONTEXT = 0xC0DE
SET_CONTEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t)
UPLOAD = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_uint64, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_size_t
)
LAUNCH = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t)


class OrdinaryMemory:
    """Memory with the interface of a ``HostBuffer``."""

    def __init__(self, num_bytes, fill=0):
        self.array = np.full(num_bytes, fill, np.uint8)
        self.address = self.array.ctypes.data


class Records:
    """
    What CUDA's driver was asked for.

    :ivar uploads: device address, host address, the bytes that lay there, and the stream.
    :ivar launches: graph, stream, and how many uploads had been asked for.
    :ivar contexts: of each call, the thread and its context.
    :ivar bad_uploads: numbers of the uploads that fail.
    :ivar launch_status: what a launch returns.
    """

    def __init__(self):
        self.uploads, self.launches, self.contexts = [], [], []
        self.bad_uploads, self.launch_status = set(), 0
        self._current = {}

    def driver(self):
        """Return the functions to call."""
        self._functions = (
            SET_CONTEXT(self._set_context),
            UPLOAD(self._upload),
            LAUNCH(self._launch),
        )
        return Driver(*(ctypes.cast(function, ctypes.c_void_p) for function in self._functions))

    def _set_context(self, context):
        self._current[threading.get_ident()] = context
        return 0

    def _note_context(self):
        thread = threading.get_ident()
        self.contexts.append((thread, self._current.get(thread)))

    def _upload(self, device, host, num_bytes, stream):
        self._note_context()
        self.uploads.append((device, host, ctypes.string_at(host, num_bytes), stream))
        return 2 if len(self.uploads) - 1 in self.bad_uploads else 0

    def _launch(self, graph, stream):
        self._note_context()
        self.launches.append((graph, stream, len(self.uploads)))
        return self.launch_status


class RecordedWork:
    """What the copy needs of a ``CudaGraph``."""

    handle, stream = 0x9A47, 0x57EA

    def launch(self):
        raise AssertionError('the library launches graphs itself')


def library_or_skip():
    """Return the compiled library, or skip the test where there is no compiler."""
    try:
        return load_library(SOURCE)
    except BackendError as error:
        pytest.skip(f'needs a C++ compiler: {error}')


@contextmanager
def recorded_copy(num_threads=2, piece_bytes=PIECE_BYTES, upload_bytes=None):
    """Give a copy and what it asks the driver for; pieces are uploaded at once if not said."""
    records = Records()
    driver = records.driver()
    sizes = piece_bytes, upload_bytes or piece_bytes
    with ThreadedCopy(library_or_skip(), num_threads, driver, CONTEXT, *sizes) as copy:
        yield copy, records
