# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration: which batches TensorRT gets, and when a table of an earlier build is used."""

import logging
import re
import struct
from types import ModuleType

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.networks import helper, save
from yolotrt_ros.core.errors import BuildError, ConfigError
from yolotrt_ros.core.letterbox import Letterbox
from yolotrt_ros.core.reference import preprocess
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.tools.calibration_data import calibration_set
from yolotrt_ros.tools.frames import frame_source
from yolotrt_ros.trt.batch_feed import BatchFeed
from yolotrt_ros.trt.build_options import BuildOptions
from yolotrt_ros.trt.builder import build_plan
from yolotrt_ros.trt.calibration import calibration_key, CalibrationMethod, make_calibrator
from yolotrt_ros.trt.calibration_cache import cache_path, CalibrationCache, CalibrationKey
from yolotrt_ros.trt.compat import can_calibrate
from yolotrt_ros.trt.precision import Precision

NETWORK_WH = (64, 32)
KEY = CalibrationKey('a' * 64, 'b' * 64, 'minmax', 'letterbox', '8.6.0')
TABLE = b'TRT-8600-MinMaxCalibration\nimages: 3c010204\n'


@pytest.fixture
def pictures(tmp_path, rng):
    """Eleven pictures of noise of three sizes."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number in range(11):
        shape = ((40, 60), (32, 64), (90, 30))[number % 3]
        image = rng.integers(0, 256, (*shape, 3), np.uint8)
        cv2.imwrite(str(folder / f'{number:02d}.png'), image)
    return folder


@pytest.fixture
def cache(tmp_path):
    return CalibrationCache(tmp_path / 'calibration.cache', KEY)


def tensors(source):
    """Return what the definition makes of each picture."""
    letterboxes = [Letterbox.fit(frame.source_wh, NETWORK_WH) for frame in source]
    return [preprocess(*pair) for pair in zip(source, letterboxes, strict=True)]


# Batches


@pytest.mark.parametrize('batch_size', [1, 4, 11, 16])
def test_pictures_come_in_batches_as_the_network_sees_them(batch_size, pictures):
    source = frame_source(pictures)
    data = calibration_set(source, NETWORK_WH, batch_size=batch_size)
    batches = [batch.copy() for batch in data]
    assert len(batches) == data.num_batches
    assert {batch.shape for batch in batches} == {data.shape} == {(batch_size, 3, 32, 64)}
    assert {batch.dtype for batch in batches} == {np.dtype(np.float32)}
    # OpenCV's fixed-point resize is within a level or two of the definition.
    found = np.concatenate(batches)[:11]
    np.testing.assert_allclose(found, np.stack(tensors(source)), atol=2.5 / 255)


def test_last_batch_repeats_its_own_pictures_and_loses_none(pictures):
    data = calibration_set(frame_source(pictures), NETWORK_WH, batch_size=4)
    *_, last = [batch.copy() for batch in data]
    np.testing.assert_array_equal(last[3], last[0])
    assert not np.array_equal(last[0], last[1])
    assert not np.array_equal(last[1], last[2])


def test_batches_can_be_gone_through_again(pictures):
    data = calibration_set(frame_source(pictures), NETWORK_WH, batch_size=4)
    first, second = ([batch.copy() for batch in data] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_progress_counts_pictures(pictures):
    steps = []
    data = calibration_set(
        frame_source(pictures),
        NETWORK_WH,
        batch_size=4,
        progress=lambda *numbers: steps.append(numbers),
    )
    assert steps == []
    for _ in data:
        pass
    assert steps == [(0, 11), (4, 11), (8, 11), (11, 11)]


def test_damaged_picture_is_left_out(pictures, capfd):
    (pictures / '03.png').write_bytes(b'')
    source = frame_source(pictures)
    batches = [batch.copy() for batch in calibration_set(source, NETWORK_WH, batch_size=5)]
    assert len(batches) == 2
    assert source.num_read == 10


def test_digest_follows_pictures_size_and_batch(pictures, rng):
    def digest(network_wh=NETWORK_WH, batch_size=4):
        return calibration_set(frame_source(pictures), network_wh, batch_size=batch_size).digest

    before = digest()
    assert digest() == before
    assert digest(network_wh=(64, 64)) != before
    assert digest(batch_size=5) != before
    cv2.imwrite(str(pictures / '05.png'), rng.integers(0, 256, (32, 64, 3), np.uint8))
    assert digest() != before


def test_few_pictures_are_warned_of_with_their_number(pictures, caplog):
    calibration_set(frame_source(pictures), NETWORK_WH)
    assert 'calibrating with 11 pictures; give at least 100' in caplog.text


def test_enough_pictures_are_not_warned_of(tmp_path, caplog):
    for number in range(100):
        cv2.imwrite(str(tmp_path / f'{number:02d}.png'), np.zeros((4, 4, 3), np.uint8))
    calibration_set(frame_source(tmp_path), NETWORK_WH)
    assert not caplog.records


def test_batch_of_nothing_is_refused(pictures):
    with pytest.raises(ConfigError, match="'batch_size' is 0: must be at least 1"):
        calibration_set(frame_source(pictures), NETWORK_WH, batch_size=0)


# The table of an earlier build


def test_no_table_is_no_message(cache, caplog):
    assert cache.read() is None
    assert not caplog.records


def test_table_comes_back(cache, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        cache.write(TABLE)
        assert cache.read() == TABLE
    assert 'calibration.cache is used; no picture is read' in caplog.text
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ['calibration.cache', 'calibration.cache.json']


def test_folders_of_a_table_are_made(tmp_path):
    cache = CalibrationCache(tmp_path / 'new' / 'folder' / 'table', KEY)
    cache.write(TABLE)
    assert cache.read() == TABLE


@pytest.mark.parametrize(
    ('other', 'reason'),
    [
        ({'network': 'c' * 64}, 'it was made for another network'),
        ({'data': 'c' * 64}, 'it was made with other pictures'),
        ({'method': 'entropy'}, 'it was made by the method entropy, not minmax'),
        ({'preprocessing': 'stretch'}, r'its pictures were prepared otherwise \(stretch\)'),
        ({'tensorrt': '10.3.0'}, r'it was made by TensorRT 10\.3\.0, not 8\.6\.0'),
        (
            {'network': 'c' * 64, 'method': 'entropy'},
            'another network; it was made by the method entropy',
        ),
    ],
)
def test_table_of_something_else_is_not_used(other, reason, cache, tmp_path, caplog):
    foreign = CalibrationKey(**{**vars(KEY), **other})
    CalibrationCache(tmp_path / 'calibration.cache', foreign).write(TABLE)
    assert cache.read() is None
    assert re.search(f'calibration.cache is not used: .*{reason}', caplog.text)
    cache.write(TABLE)
    assert cache.read() == TABLE


@pytest.mark.parametrize(
    ('label', 'reason'),
    [
        (None, 'calibration.cache.json, which says what it was made with, is missing'),
        (b'', 'is bad: '),
        (b'{}', 'is bad: '),
        (b'\xff\xfe', 'is bad: '),
        (b'[1, 2]', 'is bad: '),
    ],
)
def test_table_without_a_good_label_is_not_used(label, reason, cache, tmp_path, caplog):
    cache.write(TABLE)
    path = tmp_path / 'calibration.cache.json'
    path.unlink()
    if label is not None:
        path.write_bytes(label)
    assert cache.read() is None
    assert reason in caplog.text


def test_table_that_changed_is_not_used(cache, tmp_path, caplog):
    cache.write(TABLE)
    (tmp_path / 'calibration.cache').write_bytes(TABLE[:-3])
    assert cache.read() is None
    assert 'it is not the table that its label was written for' in caplog.text


def test_table_that_cannot_be_read_is_not_used(cache, tmp_path, caplog):
    (tmp_path / 'calibration.cache').mkdir()
    assert cache.read() is None
    assert 'it cannot be read: ' in caplog.text


def test_failed_replacement_leaves_no_table_that_seems_good(cache, tmp_path, monkeypatch):
    cache.write(TABLE)
    label = tmp_path / 'calibration.cache.json'
    label.unlink()
    label.mkdir()
    with pytest.raises(OSError, match='regular file'):
        cache.write(TABLE + b'more')
    assert cache.read() is None


def test_default_place_is_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    path = cache_path('yolov5n', KEY)
    assert path.parent == tmp_path / 'yolotrt_ros' / 'calibration'
    assert path.name == f'yolov5n-minmax-{KEY.digest}.cache'
    others = [{**vars(KEY), name: 'other'} for name in vars(KEY)]
    names = {cache_path('yolov5n', CalibrationKey(**fields)).name for fields in others}
    assert len(names | {path.name}) == 6


# The calibrator


def test_tensorrt_without_calibration_names_the_other_way(pictures, tmp_path):
    later = ModuleType('tensorrt')
    later.__version__ = '11.1.0'
    data = calibration_set(frame_source(pictures), NETWORK_WH)
    with pytest.raises(BuildError, match=r'TensorRT 11\.1\.0 cannot calibrate.*modelopt\.onnx'):
        make_calibrator(
            later, data, CalibrationMethod.MINMAX, tmp_path / 'cache', network=b'network'
        )


def test_key_follows_all_that_it_names(pictures):
    trt = ModuleType('tensorrt')
    trt.__version__ = '8.6.0'
    data = calibration_set(frame_source(pictures), NETWORK_WH)
    key = calibration_key(trt, data, CalibrationMethod.ENTROPY, b'network')
    assert (key.data, key.method, key.tensorrt) == (data.digest, 'entropy', '8.6.0')
    assert key.network != calibration_key(trt, data, CalibrationMethod.ENTROPY, b'other').network


def test_feed_without_batches_is_done_at_once(cache):
    feed = BatchFeed([], cache)
    assert feed.read_table() is None
    assert feed.next_address(['images']) is None
    assert feed.error is None


def test_feed_gives_the_table_of_an_earlier_build(cache):
    feed = BatchFeed([], cache)
    feed.write_table(memoryview(TABLE))
    assert feed.read_table() == TABLE


@pytest.mark.parametrize(
    'error', [MediaError('no picture'), ValueError('bug'), KeyboardInterrupt()]
)
def test_feed_keeps_the_first_error_and_no_table(error, cache, tmp_path, caplog):
    def broken():
        raise error
        yield

    feed = BatchFeed(broken(), cache)
    assert feed.read_table() is None
    assert feed.next_address(['images']) is None
    assert feed.error is error
    assert feed.next_address(['images']) is None
    feed.write_table(TABLE)
    assert feed.error is error
    assert not (tmp_path / 'calibration.cache').exists()
    assert 'no calibration table is kept' in caplog.text


def test_network_with_two_inputs_is_refused(cache):
    feed = BatchFeed([np.zeros((1, 3, 4, 4), np.float32)], cache)
    assert feed.next_address(['images', 'scale']) is None
    assert isinstance(feed.error, BuildError)
    assert 'has images, scale; export the network with one input' in str(feed.error)


def test_table_that_cannot_be_kept_costs_nothing_else(tmp_path, caplog):
    (tmp_path / 'file').write_text('')
    feed = BatchFeed([], CalibrationCache(tmp_path / 'file' / 'cache', KEY))
    feed.write_table(TABLE)
    assert feed.error is None
    assert 'the calibration table cannot be kept: ' in caplog.text


# On the GPU


@pytest.mark.gpu
def test_batches_arrive_on_the_gpu(cuda, cache, rng):
    from yolotrt_ros.gpu.cuda import bindings, check

    batches = [rng.random((2, 3, 32, 64), np.float32) for _ in range(3)]
    feed = BatchFeed(batches, cache)
    assert feed.read_table() is None
    for batch in batches:
        [address] = feed.next_address(['images'])
        found = np.empty_like(batch)
        runtime = bindings().runtime
        kind = runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        check(runtime.cudaMemcpy(found.ctypes.data, address, found.nbytes, kind))
        np.testing.assert_array_equal(found, batch)
    assert feed.next_address(['images']) is None
    assert feed.error is None
    feed.close()
    feed.close()


@pytest.fixture(scope='module')
def calibrating(tensorrt_module):
    if not can_calibrate(tensorrt_module):
        pytest.skip(f'TensorRT {tensorrt_module.__version__} takes INT8 scales from the ONNX')
    return tensorrt_module


def two_convolutions(path, batch):
    """Write a network of two layers that INT8 is made for."""
    rng = np.random.default_rng(5)
    kernels = {
        'first': rng.normal(0, 0.2, (16, 3, 3, 3)).astype(np.float32),
        'second': rng.normal(0, 0.1, (16, 16, 3, 3)).astype(np.float32),
    }
    details = {'kernel_shape': [3, 3], 'pads': [1, 1, 1, 1]}
    nodes = [
        helper.make_node('Conv', ['images', 'first'], ['a'], strides=[2, 2], **details),
        helper.make_node('Relu', ['a'], ['b']),
        helper.make_node('Conv', ['b', 'second'], ['c'], **details),
        helper.make_node('Sigmoid', ['c'], ['output']),
    ]
    width, height = NETWORK_WH
    return save(path, nodes, kernels, ['output'], input_shape=(batch, 3, height, width))


class Builds:
    """INT8 builds of one network with one table, and how many pictures each of them read."""

    def __init__(self, trt, folder, *, open_batch):
        self._trt = trt
        self._folder = folder
        path = two_convolutions(folder / 'network.onnx', 'batch' if open_batch else 4)
        self._network = path.read_bytes()
        self.table = folder / 'calibration.cache'

    def build(self, pictures, method, batch_size=4):
        """Return the plan and the number of pictures read."""
        steps = []
        data = calibration_set(
            frame_source(pictures),
            NETWORK_WH,
            batch_size=batch_size,
            progress=lambda done, _: steps.append(done),
        )
        calibrator = make_calibrator(self._trt, data, method, self.table, network=self._network)
        options = BuildOptions(
            precision=Precision.INT8,
            batch=(4, 4, 4),
            sizes=(NETWORK_WH,) * 3,
            optimization_level=0,
            timing_cache=self._folder / 'timing.cache',
            tactic_sources=('EDGE_MASK_CONVOLUTIONS', 'JIT_CONVOLUTIONS'),
            sensitive_half=False,
        )
        try:
            plan = build_plan(self._network, options, calibrator=calibrator).plan
        finally:
            calibrator.close()
        return plan, max(steps, default=0)


@pytest.mark.tensorrt
@pytest.mark.parametrize('method', CalibrationMethod)
def test_table_is_made_once_for_the_same_pictures(method, calibrating, pictures, tmp_path, rng):
    builds = Builds(calibrating, tmp_path, open_batch=False)
    assert builds.build(pictures, method)[1] == 11
    table = builds.table.read_bytes()
    name = {'minmax': b'MinMaxCalibration', 'entropy': b'EntropyCalibration2'}[method.value]
    assert name in table.splitlines()[0]
    plan, num_read = builds.build(pictures, method)
    assert plan
    assert num_read == 0
    assert builds.table.read_bytes() == table
    cv2.imwrite(str(pictures / '05.png'), rng.integers(0, 256, (32, 64, 3), np.uint8))
    assert builds.build(pictures, method)[1] == 11


@pytest.mark.tensorrt
def test_table_of_another_method_is_made_anew(calibrating, pictures, tmp_path, caplog):
    builds = Builds(calibrating, tmp_path, open_batch=False)
    builds.build(pictures, CalibrationMethod.MINMAX)
    assert builds.build(pictures, CalibrationMethod.ENTROPY)[1] == 11
    assert 'it was made by the method minmax, not entropy' in caplog.text
    assert b'EntropyCalibration2' in builds.table.read_bytes().splitlines()[0]


@pytest.mark.tensorrt
@pytest.mark.parametrize('open_batch', [False, True], ids=['fixed batch', 'open batch'])
def test_range_of_the_input_is_that_of_all_pictures(open_batch, calibrating, tmp_path):
    folder = tmp_path / 'pictures'
    folder.mkdir()
    # The brightest one is the last, alone in its batch, and fills the input without padding.
    for number, level in enumerate([*range(100, 180, 10), 204]):
        cv2.imwrite(str(folder / f'{number}.png'), np.full((32, 64, 3), level, np.uint8))
    builds = Builds(calibrating, tmp_path, open_batch=open_batch)
    builds.build(folder, CalibrationMethod.MINMAX)
    lines = dict(line.split(': ') for line in builds.table.read_text().splitlines()[1:])
    # TensorRT writes the scale, a 127th of the range, as the digits of its 32 bits.
    [scale] = struct.unpack('>f', bytes.fromhex(lines['images']))
    assert 127 * scale == pytest.approx(204 / 255, rel=0.01)


@pytest.mark.tensorrt
@pytest.mark.parametrize('method', CalibrationMethod)
def test_what_goes_wrong_with_the_pictures_comes_out_of_the_build(
    method, calibrating, pictures, tmp_path, capfd
):
    for file in pictures.iterdir():
        file.write_bytes(b'')
    builds = Builds(calibrating, tmp_path, open_batch=False)
    with pytest.raises(MediaError, match='not one of the 11 frames chosen'):
        builds.build(pictures, method)
    assert not builds.table.exists()


@pytest.mark.tensorrt
def test_error_in_a_later_batch_keeps_no_table(calibrating, pictures, tmp_path):
    class Failing:
        digest = 'failing'

        def __len__(self):
            return 11

        def __iter__(self):
            yield from list(frame_source(pictures))[:6]
            raise MediaError('the disk is gone')

    builds = Builds(calibrating, tmp_path, open_batch=False)
    data = calibration_set(Failing(), NETWORK_WH, batch_size=4)
    table = builds.table
    calibrator = make_calibrator(
        calibrating, data, CalibrationMethod.MINMAX, table, network=b'network'
    )
    assert calibrator.get_batch_size() == 4
    assert calibrator.read_calibration_cache() is None
    assert len(calibrator.get_batch(['images'])) == 1
    assert calibrator.get_batch(['images']) is None
    assert str(calibrator.error) == 'the disk is gone'
    calibrator.write_calibration_cache(memoryview(TABLE))
    assert not table.exists()
    calibrator.close()
