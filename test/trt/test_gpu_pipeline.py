# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline of a GPU finds what the pipeline of a CPU finds in the same network."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from test import networks
from test.trt.engines import build_engine
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.core.errors import DetectionError, ModelError
from yolotrt_ros.core.heads import Head, HeadLayout, PLUGIN_OUTPUTS
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.host_pipeline import HostPipeline, open_onnx
from yolotrt_ros.gpu.device import find_device, list_devices
from yolotrt_ros.gpu.memory import allocated_bytes
from yolotrt_ros.trt.engine_session import EngineSession
from yolotrt_ros.trt.gpu_pipeline import GpuPipeline, NUM_SLOTS

pytestmark = pytest.mark.tensorrt
NAMES = {'names': "['ball', 'cone', 'cup']"}
SIDE, MAX_BATCH = 64, 4
RULES = Selection(0.25, 0.45, 300)


def write_network(path, rng, batch):
    """Write a network whose objectness follows the brightness of each image."""
    table = rng.random((252, 8), np.float32)
    table[:, :4] *= SIDE
    table[:, 4] *= 0.5
    mask = np.zeros_like(table)
    mask[:, 4] = 0.5 * rng.random(len(mask))
    shape = (batch, 3, SIDE, SIDE)
    outputs = {'output0': (table, mask)}
    return networks.brightness_network(path, outputs, input_shape=shape, metadata=NAMES)


@pytest.fixture(scope='module', params=['one', 'fixed', 'open', 'unshared'])
def network(request, tensorrt_module, tmp_path_factory):
    """
    Return an ONNX file and its engine: batch 1, a fixed batch, and an open one.

    Before TensorRT 10 the unshared one allows one execution context, the open one several.
    """
    batch = {'one': 1, 'fixed': MAX_BATCH}.get(request.param, 'batch')
    folder = tmp_path_factory.mktemp(f'pipeline_{request.param}')
    onnx_path = write_network(folder / 'tiny.onnx', np.random.default_rng(7), batch)
    shapes = [(size, 3, SIDE, SIDE) for size in (1, 2, MAX_BATCH)] if batch == 'batch' else None
    engine_path = folder / 'tiny.engine'
    shares_profiles = request.param != 'unshared'
    plan = build_engine(tensorrt_module, onnx_path, shapes, shares_profiles=shares_profiles)
    engine_path.write_bytes(plan)
    return onnx_path, engine_path


def config_of(onnx_path, *, max_batch=MAX_BATCH, **parameters):
    names = ('ball', 'cone', 'cup')
    return DetectorConfig(
        onnx_path=str(onnx_path), class_names=names, max_batch=max_batch, **parameters
    )


def open_gpu(network, *, is_integrated=False, device='0', **parameters):
    device = replace(find_device(device), is_integrated=is_integrated)
    session = EngineSession(network[1], device=device)
    return GpuPipeline(session, config_of(network[0], **parameters))


def open_host(network):
    """Open the same engine between preparation and suppression on the CPU."""
    session = EngineSession(network[1], device=find_device('0'))
    return HostPipeline(session, config_of(network[0]))


@pytest.fixture(params=['graph', 'plain', 'mapped', 'threads'])
def pipelines(request, network):
    """Return the pipeline of the GPU, in each way that it can run, and that of the CPU."""
    ways = {
        'graph': {'copy_threads': 1},
        'plain': {'cuda_graph': False},
        'mapped': {'is_integrated': True},
        'threads': {'copy_threads': 4},
    }
    gpu, cpu = open_gpu(network, **ways[request.param]), open_host(network)
    yield gpu, cpu
    gpu.close()
    cpu.close()


def random_frame(rng):
    """Return a frame of any size and encoding, and as bright as it comes."""
    kind = ENCODINGS[rng.choice(sorted(ENCODINGS))]
    width, height = (int(side) * 2 for side in rng.integers(1, 400, 2))
    padding = int(rng.integers(0, 3)) * 16
    view = ImageView.allocate(width, height, kind.name, row_padding=padding)
    low, high = sorted(rng.integers(0, 256, 2))
    view.data[:] = rng.integers(low, high + 1, view.data.size, np.uint8)
    return view


def assert_same(found, expected):
    """Both prepare the same bits for the same engine, so that nothing may differ."""
    np.testing.assert_array_equal(found.class_ids, expected.class_ids)
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_allclose(found.boxes_xyxy, expected.boxes_xyxy, atol=1e-3)


def test_info_tells_what_runs(pipelines):
    gpu, cpu = pipelines
    assert gpu.info.head == cpu.info.head == 'YOLOV5'
    assert gpu.info.class_names == cpu.info.class_names
    assert gpu.info.network_wh == (SIDE, SIDE)
    assert gpu.info.backend.startswith('TensorRT')


def test_frames_of_any_size_and_encoding(pipelines, rng):
    gpu, cpu = pipelines
    gpu.warm_up()
    num_found = 0
    for index in range(60):
        if index % 3:
            gpu.expect_frames()
        frames = [random_frame(rng) for _ in range(rng.integers(1, gpu.info.max_batch + 1))]
        for found, expected in zip(
            gpu.detect(frames, RULES), cpu.detect(frames, RULES), strict=True
        ):
            assert_same(found, expected)
            num_found += len(expected)
    assert num_found > 100
    assert set(gpu.stage_times) == {'preprocess', 'inference', 'postprocess'}


def test_recording_needs_a_context_for_each_batch_size(network, caplog):
    with closing(open_gpu(network)) as gpu:
        gpu.warm_up()
        session = gpu._engine
        has_contexts = session.on_device((SIDE, SIDE)).has_own_contexts
        is_refused = 'tiny.engine allows one execution context at a time' in caplog.text
        assert is_refused == (session.batch is None and not has_contexts)
        assert 'cannot be recorded' not in caplog.text
    assert has_contexts or 'pipeline_unshared' in str(network[1])


def test_one_batch_size_is_recorded_with_any_engine(network, rng, caplog):
    frames = [random_frame(rng) for _ in range(5)]
    gpu, cpu = open_gpu(network, max_batch=1), open_host(network)
    with closing(gpu), closing(cpu):
        gpu.warm_up()
        for frame in frames:
            assert_same(gpu.detect([frame], RULES)[0], cpu.detect([frame], RULES)[0])
    assert 'one execution context' not in caplog.text


def test_rules_change_from_call_to_call(pipelines, rng):
    gpu, cpu = pipelines
    frame = random_frame(rng)
    for rules in (
        RULES,
        Selection(0.1, 0.2, 5),
        Selection(0.1, 0.9, 2000),  # more than there was room for
        Selection(0.3, 0.5, 100, class_agnostic_nms=True),
        Selection(0.2, 0.5, 100, class_ids=frozenset({1})),
        Selection(0.9, 0.5, 100, class_thresholds=((2, 0.1),)),
        Selection(0.1, 0.9, 100, min_box_size=min(frame.source_wh) / 4),
        RULES,
    ):
        [found] = gpu.detect([frame], rules)
        [expected] = cpu.detect([frame], rules)
        assert_same(found, expected)


def test_rules_that_there_is_no_memory_for_are_refused_and_do_no_harm(pipelines, rng):
    gpu, cpu = pipelines
    frame = random_frame(rng)
    for _ in range(2):
        with pytest.raises(DetectionError, match=r'asking for \d+ bytes .* failed with'):
            gpu.detect([frame], replace(RULES, max_detections=2**40))
        assert_same(gpu.detect([frame], RULES)[0], cpu.detect([frame], RULES)[0])


def test_two_batches_on_their_way_come_back_in_order(pipelines, rng):
    gpu, cpu = pipelines
    frames = [random_frame(rng) for _ in range(12)]
    found = []
    for index, frame in enumerate(frames):
        gpu.enqueue([frame], RULES)
        if index:
            found += gpu.fetch()
    found += gpu.fetch()
    for frame, detections in zip(frames, found, strict=True):
        assert_same(detections, cpu.detect([frame], RULES)[0])


def test_frame_written_where_the_gpu_reads_it_is_not_copied(network, rng):
    gpu, cpu = open_gpu(network), open_host(network)
    for side in (640, 64, 1280):
        memory = gpu.frame_memory(side * side * 3)
        memory[:] = rng.integers(0, 256, memory.size, np.uint8)
        frame = ImageView.from_bytes(
            memory.data, width=side, height=side, step=3 * side, encoding='bgr8'
        )
        assert_same(gpu.detect([frame], RULES)[0], cpu.detect([frame], RULES)[0])
    gpu.close()
    cpu.close()


@pytest.mark.parametrize('copy_threads', [1, 4])
def test_another_thread_takes_memory_on_the_gpu_of_the_engine(network, copy_threads, rng):
    if len(list_devices()) < 2:
        pytest.skip('needs two NVIDIA GPUs')
    gpu, cpu = open_gpu(network, device='1', copy_threads=copy_threads), open_host(network)
    gpu.warm_up()
    frame = ImageView.allocate(800, 800, 'bgra8')  # larger than the memory of the warm-up
    frame.data[:] = rng.integers(0, 256, frame.data.size, np.uint8)
    with ThreadPoolExecutor(1) as thread:  # a new thread works on the first GPU
        [found] = thread.submit(gpu.detect, [frame], RULES).result()
    assert_same(found, cpu.detect([frame], RULES)[0])
    gpu.close()
    cpu.close()


def test_wrong_calls_are_refused_and_do_no_harm(pipelines, rng):
    gpu, _ = pipelines
    frame = random_frame(rng)
    with pytest.raises(ValueError, match='no batch is on its way'):
        gpu.fetch()
    with pytest.raises(ValueError, match='0 frames came; give 1 to'):
        gpu.detect([], RULES)
    with pytest.raises(ValueError, match='frames came; give 1 to'):
        gpu.detect([frame] * (gpu.info.max_batch + 1), RULES)
    for _ in range(NUM_SLOTS):
        gpu.enqueue([frame], RULES)
    with pytest.raises(ValueError, match='2 batches are on their way'):
        gpu.enqueue([frame], RULES)
    with pytest.raises(ValueError, match='fetch what was enqueued before detect'):
        gpu.detect([frame], RULES)
    for _ in range(NUM_SLOTS):
        gpu.fetch()
    assert len(gpu.detect([frame], RULES)) == 1


def test_memory_stays_as_it_is_and_is_freed(network, rng):
    before = allocated_bytes()
    gpu = open_gpu(network)
    gpu.warm_up()
    largest = ImageView.allocate(800, 800, 'bgra8')
    for _ in range(NUM_SLOTS):
        gpu.enqueue([largest] * gpu.info.max_batch, RULES)
    for _ in range(NUM_SLOTS):
        gpu.fetch()
    warm = allocated_bytes()
    for _ in range(100):
        gpu.detect([random_frame(rng)], RULES)
    assert allocated_bytes() == warm
    gpu.close()
    gpu.close()
    assert allocated_bytes() == before


def test_engine_finds_what_its_network_finds(network, rng):
    host, cpu = open_host(network), open_onnx(config_of(network[0]))
    frame = random_frame(rng)
    [found], [expected] = (pipeline.detect([frame], RULES) for pipeline in (host, cpu))
    # The mean of an image is summed in another order: scores differ in the last digits.
    np.testing.assert_allclose(
        np.sort(found.scores)[-5:], np.sort(expected.scores)[-5:], atol=1e-4
    )
    host.close()


def test_raw_heads_are_refused_with_what_to_do(tensorrt_module, tmp_path, rng):
    weights = networks.HeadWeights.random(rng, num_classes=3)
    onnx_path = networks.raw_heads_network(
        tmp_path / 'raw.onnx', weights, has_sigmoid=True, input_shape=(1, 3, SIDE, SIDE)
    )
    engine_path = tmp_path / 'raw.engine'
    engine_path.write_bytes(build_engine(tensorrt_module, onnx_path))
    anchors = tuple(float(size) for size in networks.ANCHORS.ravel())
    with pytest.raises(ModelError, match=r'ends in raw heads, .* without --no-plugin'):
        open_gpu((onnx_path, engine_path), anchors=anchors)


def test_integers_of_64_bits_are_refused_with_what_to_do():
    layout = HeadLayout(Head.EFFICIENT_NMS, 3, PLUGIN_OUTPUTS, ())
    outputs = dict.fromkeys(PLUGIN_OUTPUTS, np.zeros((1, 1), np.float32))
    outputs[PLUGIN_OUTPUTS[0]] = np.zeros((1, 1), np.int64)  # as TensorRT 10 keeps them
    pipeline = object.__new__(GpuPipeline)
    pipeline._engine = SimpleNamespace(path='its.engine')
    with pytest.raises(ModelError, match=r'its\.engine is int64, .* export .* outputs of int32'):
        pipeline._kernel_facts(layout, outputs)
