# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""scripts/benchmark_endings.py: the graphs it makes, its table, its command line."""

from argparse import Namespace
import os
from pathlib import Path
import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')
pytest.importorskip('onnxruntime', reason='ONNX Runtime is not installed: run scripts/setup.sh')

import onnx

from scripts import benchmark_endings
from scripts.endings import efficient_nms
from scripts.endings.engines import engine_path, make_endings, make_plan
from scripts.endings.figures import Figures, num_score_candidates, table
from test.networks import decoded_heads_network, HeadWeights, raw_heads_network
from yolotrt_ros.core.errors import GraphError
from yolotrt_ros.core.heads import Head, PLUGIN_OUTPUTS
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.build_job import BuildJob
from yolotrt_ros.trt.onnx_file import read_model
from yolotrt_ros.trt.onnx_run import run_model

ROOT = Path(__file__).resolve().parents[2]
NUM_CLASSES, WH = 7, (96, 64)
NUM_ROWS = 3 * (12 * 8 + 6 * 4 + 3 * 2)
RULES = Selection(0.25, 0.45, 300)


@pytest.fixture(params=[(1, 3, 64, 96), ('batch', 3, 64, 96)], ids=['fixed', 'open batch'])
def network(request, tmp_path, rng):
    weights = HeadWeights.random(rng, NUM_CLASSES)
    return decoded_heads_network(tmp_path / 'a.onnx', weights, WH, input_shape=request.param)


def benchmark(*arguments):
    return subprocess.run(
        [sys.executable, 'scripts/benchmark_endings.py', *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {'PYTHONPATH': ''},
    )


def attributes(node):
    return {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}


def shape(item):
    dims = item.type.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField('dim_value') else dim.dim_param for dim in dims]


def test_boxes_and_scores_are_those_of_the_decoded_output(network, rng):
    model = read_model(network)
    output = efficient_nms.find_decoded(model, WH)
    assert (output.name, output.num_rows, output.dtype) == ('output0', NUM_ROWS, np.float32)
    scored = efficient_nms.with_scores(model, output)
    onnx.checker.check_model(scored, full_check=True)
    images = {'images': rng.random((1, 3, WH[1], WH[0]), np.float32)}
    decoded = run_model(model, images)['output0']
    found = run_model(scored, images)
    np.testing.assert_array_equal(found[efficient_nms.BOXES], decoded[..., :4])
    expected = decoded[..., 4:5] * decoded[..., 5:]
    np.testing.assert_array_equal(found[efficient_nms.SCORES], expected)
    assert expected.shape == (1, NUM_ROWS, NUM_CLASSES)
    assert expected.any()


def test_node_has_what_the_plugin_reads(network):
    model = read_model(network)
    before = model.SerializeToString(deterministic=True)
    output = efficient_nms.find_decoded(model, WH)
    ended = efficient_nms.with_efficient_nms(model, output, RULES)
    assert model.SerializeToString(deterministic=True) == before
    node = ended.graph.node[-1]
    assert node.op_type == 'EfficientNMS_TRT'
    assert list(node.input) == [efficient_nms.BOXES, efficient_nms.SCORES]
    assert attributes(node) == {
        'score_threshold': pytest.approx(0.25),
        'iou_threshold': pytest.approx(0.45),
        'max_output_boxes': 300,
        'background_class': -1,
        'score_activation': 0,
        'class_agnostic': 0,
        'box_coding': 1,
        'plugin_version': b'1',
        'plugin_namespace': b'',
    }
    batch = shape(model.graph.input[0])[0]
    assert {item.name: shape(item) for item in ended.graph.output} == {
        'num_detections': [batch, 1],
        'detection_boxes': [batch, 300, 4],
        'detection_scores': [batch, 300],
        'detection_classes': [batch, 300],
    }
    kinds = [item.type.tensor_type.elem_type for item in ended.graph.output]
    integers, floats = onnx.TensorProto.INT32, onnx.TensorProto.FLOAT
    assert kinds == [integers, floats, floats, integers]
    names = [name for node in ended.graph.node for name in node.output]
    assert len(names) == len(set(names))


def test_three_endings_come_from_one_network(network):
    options = benchmark_endings.parse([str(network), '--score-threshold', '0.3'])
    build = benchmark_endings.build_options(options)
    endings = make_endings(build, Selection(0.3, 0.45, 300))
    assert [ending.key for ending in endings] == ['plugin', 'decoded', 'efficient_nms']
    last = [ending.network.model.graph.node[-1] for ending in endings]
    assert last[0].op_type == 'YoloLayer_TRT'
    assert attributes(last[0])['prenms_score_threshold'] == pytest.approx(0.3)
    assert attributes(last[2])['score_threshold'] == pytest.approx(0.3)
    outputs = [[item.name for item in e.network.model.graph.output] for e in endings]
    assert outputs == [list(PLUGIN_OUTPUTS), ['output0'], list(efficient_nms.OUTPUTS)]
    assert [e.layout and e.layout.head for e in endings] == [Head.PLUGIN, Head.YOLOV5, None]
    is_open = endings[0].network.static_shape[0] is None
    assert build.batch == ((1, 1, 1) if is_open else None)


def test_network_without_decoding_is_refused(tmp_path, rng):
    weights = HeadWeights.random(rng, NUM_CLASSES)
    metadata = {'anchors': str(list(range(1, 19)))}
    path = raw_heads_network(tmp_path / 'a.onnx', weights, has_sigmoid=True, metadata=metadata)
    build = benchmark_endings.build_options(
        benchmark_endings.parse([str(path), '--size', f'{WH[1]}x{WH[0]}'])
    )
    with pytest.raises(
        GraphError, match=r'must put out .*objectness.*, but has .*before decoding'
    ):
        make_endings(build, RULES)


def test_old_opset_is_refused(network):
    model = read_model(network)
    output = efficient_nms.find_decoded(model, WH)
    model.opset_import[0].version = 9
    with pytest.raises(GraphError, match=r'has opset 9, .* appended to 10 and above; export it'):
        efficient_nms.with_scores(model, output)


def test_every_class_of_a_box_is_counted():
    decoded = np.zeros((1, 3, 7), np.float16)
    decoded[0, 0, 4:] = [1, 0.5, 0.25]
    decoded[0, 1, 4:] = [0.5, 0.25, 0.75]
    assert num_score_candidates(decoded, 0.25) == 3


def row(**changes):
    figures = {
        'ending': 'plugin',
        'engine_median_ms': 0.51239,
        'engine_p99_ms': 0.6,
        'behind_ms': 0.01,
        'boxes_median_ms': 0.53,
        'boxes_p99_ms': 0.7,
        'plan_bytes': 4_560_000,
        'output_bytes': 604_804,
        'result_bytes': 7216,
        'candidates': 40,
        'detections': 5,
    }
    return Figures(**figures | changes)


def test_table_has_a_line_for_each_ending():
    lines = table([row(), row(ending='nms', behind_ms=None, result_bytes=None)]).splitlines()
    assert len(lines) == 4
    assert {line.count('|') for line in lines} == {12}
    assert lines[2] == (
        '| plugin | 0.5124 | 0.6000 | 0.0100 | 0.5300 | 0.7000 | 4.56 | 604804 | 7216 | 40 | 5 |'
    )
    assert lines[3] == (
        '| nms | 0.5124 | 0.6000 | - | 0.5300 | 0.7000 | 4.56 | 604804 | - | 40 | 5 |'
    )


def test_noise_is_the_same_every_time():
    first, second = (benchmark_endings.picture(None, WH, 2) for _ in range(2))
    assert first.shape == (2, 3, 64, 96)
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() < 1
    np.testing.assert_array_equal(first, second)


def test_picture_keeps_its_shape_within_the_input(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.full((50, 50, 3), 255, np.uint8))
    tensor = benchmark_endings.picture(path, WH, 1)
    assert tensor.shape == (1, 3, 64, 96)
    np.testing.assert_array_equal(tensor[..., 16:80], 1)
    np.testing.assert_allclose(tensor[..., :16], 114 / 255, rtol=1e-6)


def test_engine_is_kept_under_a_name_of_all_it_depends_on(network, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    device = CudaDevice(0, 'GPU', (9, 0), 1 << 30, False)
    tensorrt = SimpleNamespace(__version__='8.6.0')
    paths = []
    for arguments in ((), ('--score-threshold', '0.3'), ('--optimization-level', '4'), ()):
        options = benchmark_endings.parse([str(network), *arguments])
        build = benchmark_endings.build_options(options)
        rules = Selection(options.score_threshold, 0.45, 300)
        for ending in make_endings(build, rules):
            job = BuildJob(tensorrt, device, ending.network, build)
            paths.append(engine_path(tmp_path, ending, job, 'machine'))
    assert paths[:3] == paths[9:]
    # What is exported does not depend on the threshold.
    assert paths[1] == paths[4]
    assert len(set(paths[:9])) == 8
    assert engine_path(tmp_path, ending, job, 'another') != paths[-1]
    assert paths[0].name.startswith('a-plugin-fp16-')
    paths[0].write_bytes(b'plan')
    assert make_plan(job, paths[0]) == b'plan'


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        ([], 'the following arguments are required: MODEL.onnx'),
        (['a.onnx', '--precision', 'int8'], "invalid choice: 'int8'"),
        (['a.onnx', '--launches', '499'], "'499' must be 500 or more"),
        (['a.onnx', '--score-threshold', '2'], "'2' must be a number from 0 to 1"),
        (['a.onnx', '--json', '/absent/a.json'], '--json: there is no folder /absent'),
        (['a.onnx', '--size', '640'], "'640' must be HEIGHTxWIDTH"),
    ],
)
def test_wrong_call_is_explained(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as left:
        benchmark_endings.parse(arguments)
    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


def test_options_reach_the_build():
    options = benchmark_endings.parse(
        [
            'a.onnx',
            '--precision',
            'fp32',
            '--optimization-level',
            '4',
            '--size',
            '64x96',
            '--tactic-sources',
            'jit_convolutions',
        ]
    )
    build = benchmark_endings.build_options(options)
    assert isinstance(build, Namespace)
    assert (build.precision.value, build.optimization_level) == ('fp32', 4)
    assert build.tactic_sources == ('JIT_CONVOLUTIONS',)
    assert build.size == ((96, 64),) * 3
    assert (build.score_threshold, str(build.model)) == (0.25, 'a.onnx')


def test_what_is_missing_is_explained(tmp_path):
    # Without TensorRT or a GPU this is what is missing; with both, the network is.
    done = benchmark(tmp_path / 'absent.onnx')
    assert done.returncode == 1
    assert 'benchmark_endings: ' in done.stderr
    assert 'Traceback' not in done.stderr
