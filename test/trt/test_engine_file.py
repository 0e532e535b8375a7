# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engine files: what is taken, and what is refused by its name."""

import hashlib
import json
import pickle
import re
import shutil
import zipfile

from hypothesis import example, given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.class_names import parse_metadata_names
from yolotrt_ros.core.errors import EngineError
from yolotrt_ros.demo import DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.trt.engine_file import file_sha256, MAX_HEADER_BYTES, Plan, read_plan

# What Ultralytics writes before an engine.
HEADER = {
    'description': 'Ultralytics YOLOv8n model',
    'stride': 32,
    'task': 'detect',
    'batch': 1,
    'imgsz': [640, 640],
    'names': {'0': 'person', '1': 'Stoßstange'},
    'args': {'half': True},
}


def with_header(header, plan):
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, 'little') + text + plan


@pytest.fixture
def plan(rng):
    """Give bytes that begin as every plan of TensorRT does."""
    return b'ftrt' + rng.bytes(3000)


@pytest.fixture
def engine_path(tmp_path):
    return tmp_path / 'my model.engine'


def test_plain_plan_is_taken_whole(engine_path, plan):
    engine_path.write_bytes(plan)
    assert read_plan(engine_path) == Plan(plan, {})


def test_header_whose_length_looks_like_a_pickle_is_stripped(engine_path, plan):
    header = {'author': 'x' * 626}
    content = with_header(header, plan)
    assert content.startswith(b'\x80\x02')  # the length, and how a pickle begins
    engine_path.write_bytes(content)
    assert read_plan(engine_path) == Plan(plan, header)


def test_header_is_stripped_and_kept(engine_path, plan):
    engine_path.write_bytes(with_header(HEADER, plan))
    found = read_plan(engine_path)
    assert found.data == plan
    assert found.metadata['stride'] == '32'
    assert found.metadata['imgsz'] == '[640, 640]'
    assert parse_metadata_names(found.metadata['names']) == ('person', 'Stoßstange')
    assert set(found.metadata) == set(HEADER)


@given(
    header=st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.integers())),
    plan=st.binary(min_size=1024, max_size=3000),
)
def test_any_header_is_stripped(header, plan, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / 'header.engine'
    path.write_bytes(with_header(header, plan))
    expected = {key: str(value) for key, value in header.items()}
    assert read_plan(path) == Plan(plan, expected)


def test_long_header_is_stripped(engine_path, plan):
    header = {'names': {str(index): 'x' * 900 for index in range(1000)}}
    content = with_header(header, plan)
    assert int.from_bytes(content[:4], 'little') < MAX_HEADER_BYTES
    engine_path.write_bytes(content)
    assert read_plan(engine_path).data == plan


@given(content=st.binary(max_size=3000))
@example(content=b'ftrt' + bytes(2000))
@example(content=(2000).to_bytes(4, 'little') + b'{' * 2000)
@example(content=(2000).to_bytes(4, 'little') + b'{"a":' * 400)
@example(content=(1 << 20).to_bytes(4, 'little') + b'{' + bytes(2000))
@example(content=b'\xff' * 3000)
def test_any_bytes_are_taken_or_refused(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / 'any.engine'
    path.write_bytes(content)
    try:
        found = read_plan(path)
    except EngineError:
        return
    assert content.endswith(found.data)
    assert len(found.data) >= 1024


@pytest.mark.parametrize('model', [DECODED_MODEL, HEADS_MODEL])
def test_onnx_network_is_refused_with_the_command_that_builds_from_it(model, engine_path):
    shutil.copy(model, engine_path)
    message = re.escape(
        f'is an ONNX network, not an engine; build one with `ros2 run yolotrt_ros build_engine '
        f"'{engine_path}'`, or run it with ONNX Runtime (onnx_path)"
    )
    with pytest.raises(EngineError, match=message):
        read_plan(engine_path)


@pytest.mark.parametrize(
    'name',
    ['yolov5n', 'yolov5n_fp16w_fp32io', 'yolov5n_fp16io', 'yolo11n', 'fastestdet'],
)
def test_networks_of_other_exporters_are_recognised(name, engine_path, test_data):
    shutil.copy(test_data(f'models/{name}.onnx'), engine_path)
    with pytest.raises(EngineError, match='is an ONNX network, not an engine'):
        read_plan(engine_path)


def test_checkpoint_of_pytorch_is_refused(engine_path, test_data):
    shutil.copy(test_data('models/yolov5n.pt'), engine_path)
    with pytest.raises(EngineError, match=r'is a PyTorch checkpoint .*; export it to ONNX'):
        read_plan(engine_path)


def zip_file(path):
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('archive/data.pkl', bytes(2000))


@pytest.mark.parametrize(
    ('write', 'message'),
    [
        (lambda path: path.write_bytes(b''), r'is empty; copy the file again'),
        (lambda path: path.write_bytes(b'ftrt'), r'holds 4 bytes of an engine, .* is cut off'),
        (lambda path: path.write_bytes(b'ftrt' + bytes(900)), r'holds 904 bytes .* is cut off'),
        (
            lambda path: path.write_bytes(with_header(HEADER, b'')),
            r'holds 0 bytes of an engine, .* is cut off; copy it again',
        ),
        (
            lambda path: path.write_bytes(with_header(HEADER, b'')[:-9]),
            r'begins like an engine of Ultralytics, but its header of \d+ bytes is damaged',
        ),
        (
            lambda path: path.write_bytes((9).to_bytes(4, 'little') + b'{' + bytes(2000)),
            r'but its header of 9 bytes is damaged \(.*\); copy the file again',
        ),
        (zip_file, r'is a PyTorch checkpoint .*; export it to ONNX'),
        (
            lambda path: path.write_bytes(pickle.dumps({'model': bytes(2000)}, protocol=2)),
            r'is a PyTorch checkpoint \(or another zip or pickle file\)',
        ),
        (
            lambda path: path.write_text(
                'version https://git-lfs.github.com/spec/v1\n'
                f'oid sha256:{"0" * 64}\nsize 12345678\n'
            ),
            r'is a pointer of Git LFS, not the engine itself; fetch it with `git lfs pull`',
        ),
        (
            lambda path: path.write_text('TRT-8600-EntropyCalibration2\nimages: 3c010a14\n'),
            r"is a text file, not an engine \(it begins with 'TRT-8600-EntropyCalibration2\\n",
        ),
        (
            lambda path: path.write_text('<!DOCTYPE html>\n' + 'Größe ' * 3000, encoding='utf-8'),
            r"is a text file, not an engine \(it begins with '<!DOCTYPE html>",
        ),
        (lambda path: path.mkdir(), r'is a folder; give the engine file in it'),
        (lambda path: None, r'does not exist; check the path \(engine_path\), or build it'),
        (lambda path: path.symlink_to(path.name), r'cannot be read: .*; check its permissions'),
    ],
)
def test_what_is_no_engine_is_refused_with_what_to_do(write, message, engine_path):
    write(engine_path)
    with pytest.raises(EngineError, match=message) as caught:
        read_plan(engine_path)
    assert str(engine_path) in str(caught.value)


def test_text_is_recognised_wherever_reading_stops(engine_path):
    for letter in ('ä', '停', '🙂'):
        for shift in range(4):
            engine_path.write_text('x' * shift + letter * 3000, encoding='utf-8')
            with pytest.raises(EngineError, match='is a text file'):
                read_plan(engine_path)


def test_name_of_a_network_is_enough(tmp_path, rng):
    path = tmp_path / 'model.ONNX'
    path.write_bytes(b'\x0a' + rng.bytes(2000))
    with pytest.raises(EngineError, match='is an ONNX network, not an engine'):
        read_plan(path)


def test_plan_keeps_its_tag_whatever_the_file_is_called(tmp_path, plan):
    (tmp_path / 'model.onnx').write_bytes(plan)
    assert read_plan(tmp_path / 'model.onnx').data == plan


def test_digest_is_that_of_the_whole_file(engine_path, rng):
    for size in (0, 1, 1 << 20, (1 << 20) + 1, 3_000_000):
        content = rng.integers(0, 256, size, np.uint8).tobytes()
        engine_path.write_bytes(content)
        assert file_sha256(engine_path) == hashlib.sha256(content).hexdigest()
