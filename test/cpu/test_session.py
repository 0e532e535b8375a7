# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loading ONNX networks: what their files say, and what is said of files that cannot be used."""

import os
from pathlib import Path
import re
import subprocess
import sys

import numpy as np
import pytest

from test import networks
from yolotrt_ros.core.errors import BackendError, DetectionError, ModelError
from yolotrt_ros.cpu.session import OnnxSession

ort = pytest.importorskip('onnxruntime')
TABLE = networks.yolov5_table([])


def write(path, **details):
    return networks.brightness_network(path, {'output0': (TABLE, TABLE * 0)}, **details)


@pytest.mark.parametrize(
    ('shape', 'batch', 'network_wh'),
    [
        ((1, 3, 64, 96), 1, (96, 64)),
        ((4, 3, 64, 64), 4, (64, 64)),
        (('batch', 3, 64, 64), None, (64, 64)),
        (('batch', 3, 'height', 'width'), None, (None, None)),
        ((None, 3, None, 64), None, (64, None)),
        ((1, 'channels', 64, 64), 1, (64, 64)),
    ],
)
def test_shape_of_the_input_is_read(shape, batch, network_wh, tmp_path):
    session = OnnxSession(write(tmp_path / 'tiny.onnx', input_shape=shape))
    assert session.batch == batch
    assert session.network_wh == network_wh


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_type_names_and_metadata_are_read(dtype, tmp_path):
    path = write(tmp_path / 'tiny.onnx', dtype=dtype, metadata={'names': "['a']", 'x': 'y'})
    session = OnnxSession(path, num_threads=1)
    assert session.path == path
    assert session.input_dtype == dtype
    assert session.output_names == ['output0']
    assert session.metadata == {'names': "['a']", 'x': 'y'}
    assert session.backend == f'ONNX Runtime {ort.__version__}, CPU'


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
def test_network_runs(dtype, tmp_path):
    mask = np.zeros_like(TABLE)
    mask[3, 4] = 1
    path = networks.brightness_network(
        tmp_path / 'tiny.onnx',
        {'a': (TABLE, mask), 'b': (TABLE[:2], TABLE[:2] * 0)},
        dtype=dtype,
        input_shape=('batch', 3, 64, 64),
    )
    session = OnnxSession(path)
    images = np.full((2, 3, 64, 64), 0.25, dtype)
    images[1] = 0.75
    a, b = session.run(images)
    assert a.shape == (2, *TABLE.shape)
    assert a.dtype == b.dtype == dtype
    np.testing.assert_allclose(a[:, 3, 4], [0.25, 0.75], rtol=1e-3)
    [only_b] = session.run(images, ['b'])
    np.testing.assert_array_equal(only_b, b)


def test_missing_file_is_named(tmp_path):
    for path in (tmp_path / 'absent.onnx', tmp_path):
        message = f'ONNX network {re.escape(str(path))} does not exist; check the path'
        with pytest.raises(ModelError, match=message):
            OnnxSession(path)


@pytest.mark.parametrize('content', [b'', b'no network', None], ids=['empty', 'text', 'half'])
def test_file_that_is_no_network_is_refused(content, tmp_path):
    path = tmp_path / 'damaged.onnx'
    whole = write(tmp_path / 'whole.onnx').read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    message = r'damaged\.onnx cannot be loaded by ONNX Runtime .*export the network again'
    with pytest.raises(ModelError, match=re.compile(message, re.DOTALL)):
        OnnxSession(path)


LOAD = """\
from pathlib import Path
import sys
from yolotrt_ros.cpu.session import OnnxSession
print(OnnxSession(Path(sys.argv[1])).network_wh)
"""


@pytest.mark.parametrize('utf8_mode', ['0', '1'])
def test_name_of_any_language_is_loaded_whatever_the_locale(utf8_mode, tmp_path):
    name = os.fsdecode('gr\u00f6\u00dfe.onnx'.encode())
    path = os.fsencode(write(tmp_path / 'plain.onnx').rename(tmp_path / name))
    locale = {'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': utf8_mode}
    done = subprocess.run(
        [sys.executable, '-c', LOAD, path],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **locale},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ('(64, 64)\n', '')


def test_name_that_onnx_runtime_does_not_take_is_refused(tmp_path):
    path = write(tmp_path / 'plain.onnx').rename(tmp_path / os.fsdecode(b'caf\xe9.onnx'))
    words = r"has a name that must be UTF-8, but is b'.*caf\\xe9\.onnx'; rename it"
    with pytest.raises(ModelError, match=words):
        OnnxSession(path)


@pytest.mark.parametrize('newer', ['ir_version', 'opset'])
def test_file_that_is_newer_than_onnx_runtime_is_refused_with_what_to_do(newer, tmp_path):
    onnx = networks.onnx
    path = write(tmp_path / 'newer.onnx')
    model = onnx.load(path)
    if newer == 'opset':
        model.opset_import[0].version = 99
    else:
        model.ir_version = 99
    onnx.save(model, path)
    message = (
        r'newer\.onnx cannot be loaded by .*; the file is newer than this ONNX Runtime.*opset'
    )
    with pytest.raises(ModelError, match=re.compile(message, re.DOTALL)):
        OnnxSession(path)


def test_network_for_tensorrt_alone_is_refused_with_what_to_do(tmp_path):
    onnx = networks.onnx
    tensors = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 64, 64])
        for name in ('images', 'output')
    ]
    node = onnx.helper.make_node('YoloLayer_TRT', ['images'], ['output'])
    graph = onnx.helper.make_graph([node], 'graph', tensors[:1], tensors[1:])
    opset = onnx.helper.make_opsetid('', 13)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)
    path = tmp_path / 'prepared.onnx'
    onnx.save(model, path)
    message = r'prepared\.onnx cannot be loaded by .*YoloLayer_TRT.* with build_engine, or give'
    with pytest.raises(ModelError, match=re.compile(message, re.DOTALL)):
        OnnxSession(path)


@pytest.mark.parametrize(
    ('shape', 'found'),
    [
        ((3, 64, 64), r'images \[3, 64, 64\]'),
        ((1, 1, 64, 64), r'images \[1, 1, 64, 64\]'),
        ((1, 4, 64, 64), r'images \[1, 4, 64, 64\]'),
        ((1, 64, 64, 3), r'images \[1, 64, 64, 3\]'),
        (None, 'none'),
    ],
)
def test_input_that_is_no_rgb_image_is_refused(shape, found, tmp_path):
    onnx = networks.onnx
    nodes = [onnx.helper.make_node('Identity', ['images' if shape else 'value'], ['output0'])]
    constants = {'value': np.zeros((1, 63, 6), np.float32)}
    path = networks.save(tmp_path / 'odd.onnx', nodes, constants, ['output0'], input_shape=shape)
    message = rf'must have one image input \[B, 3, H, W\], but has {found}; export the network'
    with pytest.raises(ModelError, match=message):
        OnnxSession(path)


def test_two_inputs_are_refused(tmp_path):
    onnx = networks.onnx
    path = write(tmp_path / 'two.onnx')
    model = onnx.load(str(path))
    value = onnx.helper.make_tensor_value_info('shape', onnx.TensorProto.FLOAT, (1, 2))
    model.graph.input.append(value)
    onnx.save(model, str(path))
    with pytest.raises(ModelError, match=r'has images \[1, 3, 64, 64\], shape \[1, 2\]; export'):
        OnnxSession(path)


def test_integer_input_is_refused(tmp_path):
    node = networks.onnx.helper.make_node('Identity', ['images'], ['output0'])
    path = networks.save(tmp_path / 'bytes.onnx', [node], {}, ['output0'], dtype=np.uint8)
    message = r'is tensor\(uint8\), but must be one of tensor\(float\), tensor\(float16\); export'
    with pytest.raises(ModelError, match=message):
        OnnxSession(path)


def test_failed_run_names_the_shape(tmp_path, capfd):
    session = OnnxSession(write(tmp_path / 'tiny.onnx'))
    with pytest.raises(DetectionError, match=r'failed on an input of shape \[1, 3, 32, 32\]: '):
        session.run(np.zeros((1, 3, 32, 32), np.float32))
    assert len(session.run(np.zeros((1, 3, 64, 64), np.float32))) == 1  # and goes on


def test_missing_runtime_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(BackendError, match='not installed; install it with `pip install onnxrun'):
        OnnxSession(tmp_path / 'tiny.onnx')
