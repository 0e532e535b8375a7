# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames on their way to the GPU: every byte arrives, each is uploaded, no error is lost."""

import logging
from pathlib import Path
import shutil
import subprocess
import threading
import time

import numpy as np
import pytest

from test.gpu.frame_copies import (
    CONTEXT,
    library_or_skip,
    OrdinaryMemory,
    recorded_copy,
    RecordedWork,
)
from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu import frame_copy, native_library
from yolotrt_ros.gpu.frame_copy import open_frame_copy, PlainCopy, ThreadedCopy
from yolotrt_ros.gpu.graph import CudaGraph
from yolotrt_ros.gpu.memory import DeviceBuffer, HostBuffer

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')

PIECE = 4096
SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 77]
DEVICE, STREAM = 0x7F0000000000, 0x5EED
NUM_BYTES = 3_000_000
RACE = Path(__file__).with_name('frame_copy_race.cpp')


@pytest.fixture(params=[1, 2, 3, 8])
def num_threads(request):
    return request.param


@pytest.mark.parametrize('size', SIZES)
def test_every_byte_arrives_and_no_other_is_touched(size, num_threads, rng):
    source, host = rng.integers(0, 256, size, np.uint8), OrdinaryMemory(size + 3, fill=7)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        copy.add(source, host, 0, STREAM)
        copy.finish()
    np.testing.assert_array_equal(host.array[:size], source)
    assert host.array[size:].tolist() == [7, 7, 7]
    assert not records.uploads  # a GPU that shares the memory gets none


def assert_uploaded(uploads, source, host, device):
    """Each byte is uploaded once, in their order, once it is there; returns the sizes."""
    begin = 0
    for to, address, content, stream in uploads:
        assert (to, address, stream) == (device + begin, host.address + begin, STREAM)
        assert content == source[begin : begin + len(content)].tobytes()
        begin += len(content)
    assert begin == source.size
    return [len(content) for _, _, content, _ in uploads]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('upload_bytes', [PIECE, 3 * PIECE, 3 * PIECE + 1])
def test_what_is_there_is_uploaded(size, upload_bytes, num_threads, rng):
    source, host = rng.integers(0, 256, size, np.uint8), OrdinaryMemory(size)
    with recorded_copy(num_threads, PIECE, upload_bytes) as (copy, records):
        copy.add(source, host, DEVICE, STREAM)
        copy.finish()
    sizes = assert_uploaded(records.uploads, source, host, DEVICE)
    assert all(uploaded >= upload_bytes for uploaded in sizes[:-1])
    assert 0 not in sizes


def test_one_thread_uploads_as_soon_as_there_is_enough(rng):
    source, host = rng.integers(0, 256, 11 * PIECE + 5, np.uint8), OrdinaryMemory(12 * PIECE)
    with recorded_copy(1, PIECE, 4 * PIECE) as (copy, records):
        copy.add(source, host, DEVICE, STREAM)
        copy.finish()
    sizes = assert_uploaded(records.uploads, source, host, DEVICE)
    assert sizes == [4 * PIECE, 4 * PIECE, 3 * PIECE + 5]


def test_frames_of_a_batch_are_copied_together(num_threads, rng):
    sources = [rng.integers(0, 256, size, np.uint8) for size in rng.integers(0, 9 * PIECE, 12)]
    hosts = [OrdinaryMemory(source.size) for source in sources]
    with recorded_copy(num_threads, PIECE) as (copy, records):
        for index, (source, host) in enumerate(zip(sources, hosts, strict=True)):
            copy.add(source, host, (index + 1) << 32, STREAM)
        copy.finish()
    for index, (source, host) in enumerate(zip(sources, hosts, strict=True)):
        np.testing.assert_array_equal(host.array, source)
        uploads = [upload for upload in records.uploads if upload[0] >> 32 == index + 1]
        assert_uploaded(uploads, source, host, (index + 1) << 32)


def test_many_batches_one_after_another(num_threads, rng):
    host = OrdinaryMemory(40 * PIECE)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        for _ in range(300):
            source = rng.integers(0, 256, rng.integers(40 * PIECE), np.uint8)
            copy.add(source, host, DEVICE, STREAM)
            copy.finish()
            np.testing.assert_array_equal(host.array[: source.size], source)
            assert_uploaded(records.uploads, source, host, DEVICE)
            records.uploads.clear()


def test_frames_that_were_announced_arrive_like_others(num_threads, rng):
    host = OrdinaryMemory(40 * PIECE)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        for index in range(100):
            source = rng.integers(0, 256, rng.integers(40 * PIECE), np.uint8)
            for _ in range(index % 3):
                copy.expect()
            time.sleep(rng.choice([0, 0.0002, 0.002]))
            copy.add(source, host, DEVICE, STREAM)
            copy.finish()
            assert_uploaded(records.uploads, source, host, DEVICE)
            records.uploads.clear()
        copy.expect()  # nothing comes


def test_threads_do_not_wait_for_long():
    with recorded_copy(4) as (copy, _):
        before = time.process_time()
        copy.expect()
        time.sleep(0.5)
        assert time.process_time() - before < 0.25  # three threads would have taken more
    copy.expect()  # closed: there is nobody to wake


def test_frame_that_lies_there_already_is_uploaded_in_one_piece(num_threads):
    host = OrdinaryMemory(9 * PIECE, fill=5)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        copy.add(host.array[: 7 * PIECE], host, DEVICE, STREAM)
        copy.finish()
    assert records.uploads == [(DEVICE, host.address, bytes([5]) * 7 * PIECE, STREAM)]


def test_graph_is_launched_once_everything_is_uploaded(num_threads, rng):
    source, host = rng.integers(0, 256, 9 * PIECE, np.uint8), OrdinaryMemory(9 * PIECE)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        before = time.perf_counter()
        copy.add(source, host, DEVICE, STREAM)
        copied_s = copy.finish(RecordedWork())
        assert before <= copied_s <= time.perf_counter()
    assert records.launches == [(RecordedWork.handle, RecordedWork.stream, len(records.uploads))]
    assert_uploaded(records.uploads, source, host, DEVICE)


def test_every_thread_works_in_the_context(num_threads):
    source, host = np.zeros(64 * PIECE, np.uint8), OrdinaryMemory(64 * PIECE)
    there = OrdinaryMemory(PIECE)

    def use(copy):
        copy.add(there.array, there, DEVICE, STREAM)
        copy.add(source, host, DEVICE, STREAM)
        copy.finish(RecordedWork())

    with recorded_copy(num_threads, PIECE) as (copy, records):
        for _ in range(20):
            other = threading.Thread(target=use, args=(copy,))
            other.start()
            other.join()
            threads = {thread for thread, _ in records.contexts}
            assert other.ident in threads
            assert len(threads) <= num_threads
            assert {context for _, context in records.contexts} == {CONTEXT}
            records.contexts.clear()


@pytest.mark.parametrize(('num_threads', 'num_uploads'), [(1, 8), (4, 1)])
def test_failed_upload_is_told_and_nothing_is_launched(num_threads, num_uploads):
    source, host = np.zeros(8 * PIECE, np.uint8), OrdinaryMemory(8 * PIECE)
    with recorded_copy(num_threads, PIECE) as (copy, records):
        for bad in range(num_uploads):
            records.uploads.clear()
            records.bad_uploads = {bad}
            copy.add(source, host, DEVICE, STREAM)
            with pytest.raises(CudaError, match=r'uploading a frame failed .*OUT_OF_MEMORY.*free'):
                copy.finish(RecordedWork())
        records.bad_uploads = set()
        assert not records.launches
        copy.add(source, host, DEVICE, STREAM)
        copy.finish(RecordedWork())
        assert len(records.launches) == 1


def test_failed_launch_is_told():
    with recorded_copy() as (copy, records):
        records.launch_status = 719
        with pytest.raises(CudaError, match=r'launching a CUDA graph failed .*restart it'):
            copy.finish(RecordedWork())


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match='at least 1, but is 0'), recorded_copy(0):
        pass
    with recorded_copy() as (copy, _):
        with pytest.raises(ValueError, match='9 bytes do not fit into 8'):
            copy.add(np.zeros(9, np.uint8), OrdinaryMemory(8), 0, STREAM)
        copy.close()
        copy.close()
        with pytest.raises(CudaError, match='this copy is closed'):
            copy.add(np.zeros(8, np.uint8), OrdinaryMemory(8), 0, STREAM)
        with pytest.raises(CudaError, match='this copy is closed'):
            copy.finish()


@pytest.mark.parametrize(
    ('num_cores', 'expected'),
    [(1, 1), (4, 1), (6, 2), (8, 2), (12, 4), (16, 5), (18, 6), (128, 6)],
)
def test_usual_number_of_threads_leaves_cores_to_others(num_cores, expected, monkeypatch):
    monkeypatch.setattr(frame_copy.os, 'sched_getaffinity', lambda pid: set(range(num_cores)))
    assert frame_copy._usual_threads() == expected


def system_threads():
    return {path.name for path in Path('/proc/self/task').iterdir()}


def test_closing_ends_the_threads():
    before = system_threads()
    with recorded_copy(4):
        started = system_threads() - before
        assert len(started) == 3
    deadline = time.monotonic() + 5  # the system shows a thread for a moment after its end
    while started & system_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not started & system_threads()


def test_thread_sanitizer_finds_no_race(tmp_path):
    compiler = shutil.which('g++')
    if compiler is None:
        pytest.skip('needs g++')
    program = tmp_path / 'race'
    command = [compiler, '-std=c++17', '-O1', '-g', '-pthread', '-fsanitize=thread']
    command += [f'-I{native_library.FOLDER}', '-o', str(program), str(RACE)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if 'ltsan' in built.stderr or 'libtsan' in built.stderr:
        pytest.skip('needs the thread sanitizer of g++, libtsan')
    assert built.returncode == 0, built.stderr
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=120)
    if 'unexpected memory mapping' in done.stderr:
        pytest.skip('the thread sanitizer does not run on this kernel')
    assert done.returncode == 0, done.stdout + done.stderr


class TestWithoutCompiler:
    @pytest.fixture(autouse=True)
    def no_compiler(self, tmp_path, monkeypatch):
        monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
        monkeypatch.setenv('PATH', str(tmp_path))
        monkeypatch.delenv('CXX', raising=False)
        for cached in (frame_copy._warn_once, frame_copy._library):
            cached.cache_clear()

    @pytest.mark.gpu
    def test_one_thread_copies_and_says_why(self, session, caplog, rng):
        source = rng.integers(0, 256, 3 * frame_copy.UPLOAD_BYTES + 5, np.uint8)
        with caplog.at_level(logging.WARNING):
            copy = open_frame_copy(4, session)
        assert isinstance(copy, PlainCopy)
        assert 'one thread copies all frames' in caplog.text
        assert 'sudo apt install g++' in caplog.text
        upload_and_compare(copy, session, source)


def upload_and_compare(copy, session, source):
    """Bring bytes to the GPU and back."""
    back = np.zeros_like(source)
    with HostBuffer(source.size) as host, DeviceBuffer(source.size) as device:
        copy.add(source, host, device.address, session.stream)
        copy.finish()
        device.download(back, session.stream)
        session.synchronize()
        np.testing.assert_array_equal(back, source)
        host.array[:] = 9
        copy.add(host.array, host, device.address, session.stream)
        copy.finish()
        device.download(back, session.stream)
        session.synchronize()
        assert (back == 9).all()


@pytest.mark.gpu
@pytest.mark.parametrize('size', [1, 5, 100_000, 2_764_800, 6_220_801])
def test_bytes_arrive_on_the_gpu(size, num_threads, session, rng):
    library_or_skip()
    copy = open_frame_copy(num_threads, session)
    assert isinstance(copy, ThreadedCopy)
    for _ in range(10):
        upload_and_compare(copy, session, rng.integers(0, 256, size, np.uint8))
    copy.close()


@pytest.mark.gpu
@pytest.mark.parametrize('is_plain', [False, True], ids=['threads', 'plain'])
def test_other_thread_may_copy_and_launch(is_plain, session, rng):
    library_or_skip()
    copy = PlainCopy(session) if is_plain else open_frame_copy(3, session)
    host, result, device = HostBuffer(NUM_BYTES), HostBuffer(NUM_BYTES), DeviceBuffer(NUM_BYTES)
    graph = CudaGraph(session, lambda: device.download(result.array, session.stream))

    def work(source):
        copy.add(source, host, device.address, session.stream)
        copy.finish(graph)

    for _ in range(3):
        source = rng.integers(0, 256, NUM_BYTES, np.uint8)
        thread = threading.Thread(target=work, args=(source,))
        thread.start()
        thread.join()
        session.synchronize()
        np.testing.assert_array_equal(result.array, source)
    for owner in (graph, copy, host, result, device):
        owner.close()


@pytest.mark.gpu
def test_driver_refuses_an_address_that_is_none(session):
    library_or_skip()
    copy = open_frame_copy(2, session)
    with HostBuffer(64) as host:
        copy.add(np.zeros(64, np.uint8), host, 64, session.stream)
        with pytest.raises(CudaError, match='uploading a frame failed'):
            copy.finish()
    copy.close()
