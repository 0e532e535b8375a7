# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``compare``: one table, one file of figures and one page for several networks."""

import json
import os
from pathlib import Path
import re
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('pycocotools', reason='pycocotools is not installed: run scripts/setup.sh')
pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.networks import numpy_helper, onnx
from test.tools.test_report_page import assert_stands_alone
from test.trt.engines import build_engine
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ConfigError, YolotrtError
from yolotrt_ros.demo import CLASS_NAMES, DECODED_MODEL, HEADS_MODEL
from yolotrt_ros.tools.compare import main
from yolotrt_ros.tools.demo_dataset import write_demo_dataset
from yolotrt_ros.tools.network_memory import host_bytes

FAST = ('--runs', 4, '--frame-size', '320x240')


def compare(*words):
    return main([str(word) for word in (*words, *FAST)])


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Return the options for some labelled scenes, and their names."""
    folder = tmp_path_factory.mktemp('scenes')
    path = write_demo_dataset(folder, 4)
    return '--annotations', path, '--images', folder


@pytest.fixture(scope='module')
def worse(tmp_path_factory):
    """Return the demo network with noise in its weights."""
    model = onnx.load(str(DECODED_MODEL))
    noise = np.random.default_rng(4)
    for item in model.graph.initializer:
        values = numpy_helper.to_array(item)
        if values.ndim == 4 and values.dtype.kind == 'f':
            spread = 0.1 * values.std()
            noisy = values + noise.normal(0, spread, values.shape).astype(values.dtype)
            item.CopyFrom(numpy_helper.from_array(noisy, item.name))
    path = tmp_path_factory.mktemp('worse') / 'worse.onnx'
    onnx.save(model, str(path))
    return path


def test_two_forms_of_one_network_are_equal(tmp_path, capsys):
    figures, page = tmp_path / 'figures.json', tmp_path / 'page.html'
    words = ('--demo-scenes', 4, '--json', figures, '--html', page)
    assert compare(DECODED_MODEL, HEADS_MODEL, *words) == 0
    content = json.loads(figures.read_text('utf-8'))
    decoded, heads = content['networks']
    assert (decoded['name'], heads['name']) == ('demo.onnx', 'demo_heads.onnx')
    assert decoded['accuracy']['mAP50'] > 0.7
    precision = decoded['accuracy']['mAP50_95']
    assert heads['accuracy']['mAP50_95'] == pytest.approx(precision, abs=1e-3)
    assert content['agreement'][0]['share'] == 1
    assert content['agreement'][0]['iou_median'] > 0.999
    times = decoded['times_ms']
    assert list(times) == ['preprocess', 'inference', 'postprocess', 'total']
    assert 0 < times['total']['median'] <= times['total']['p99'] <= times['total']['max']
    assert times['total']['median'] >= times['inference']['median']
    assert decoded['file_bytes'] == DECODED_MODEL.stat().st_size
    assert decoded['device_bytes'] is None
    assert decoded['host_bytes'] > decoded['file_bytes']
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('|')]
    assert len(lines) == 4
    assert lines[2].startswith('| demo.onnx | ONNX Runtime ')
    text = assert_stands_alone(page.read_text('utf-8')).text()
    assert 'No picture shows a difference.' in text
    assert '100.0% of the objects in common' in text


def test_worse_network_is_seen_to_be_worse(scenes, worse, tmp_path):
    figures, page = tmp_path / 'figures.json', tmp_path / 'page.html'
    words = ('--json', figures, '--html', page, '--pictures', 2)
    assert compare(DECODED_MODEL, worse, *scenes, *words) == 0
    content = json.loads(figures.read_text('utf-8'))
    good, bad = (network['accuracy']['mAP50_95'] for network in content['networks'])
    assert bad < good - 0.01
    pair = content['agreement'][0]
    assert pair['share'] < 1
    assert pair['matched'] + pair['missing'] + pair['extra'] + pair['other_class'] > 4
    reader = assert_stands_alone(page.read_text('utf-8'))
    text = reader.text()
    assert 'Pictures with the largest differences' in text
    # Of two pictures the labels, and what each of the two networks sees.
    pictures = [attributes for tag, attributes in reader.tags if tag == 'img']
    assert len(pictures) == 6
    assert sum(tag == 'svg' for tag, _ in reader.tags) == 5
    # The first scenes rank by difference, so their names are among the headings.
    assert '.png' in text
    assert f'{good:.4f}' in text
    assert f'{bad - good:+.4f}' in text


def test_one_network_alone_has_a_page(scenes, tmp_path):
    page = tmp_path / 'page.html'
    assert compare(DECODED_MODEL, *scenes, '--html', page) == 0
    text = assert_stands_alone(page.read_text('utf-8')).text()
    assert 'Comparison: demo.onnx' in text
    assert 'Agreement' not in text


def test_object_alone_is_on_the_output_where_it_is_asked_for(scenes, capsys):
    assert compare(DECODED_MODEL, *scenes, '--json', '-') == 0
    out, err = capsys.readouterr()
    assert [network['name'] for network in json.loads(out)['networks']] == ['demo.onnx']
    assert 'mAP50-95' in err


def test_files_of_one_name_are_told_apart(scenes, tmp_path):
    copy, figures = tmp_path / 'demo.onnx', tmp_path / 'figures.json'
    copy.write_bytes(DECODED_MODEL.read_bytes())
    assert compare(DECODED_MODEL, copy, *scenes, '--json', figures) == 0
    names = [network['name'] for network in json.loads(figures.read_text('utf-8'))['networks']]
    assert names == [str(DECODED_MODEL), str(copy)]


def test_page_has_the_names_whatever_the_locale(tmp_path):
    copy, page = tmp_path / os.fsdecode('gr\u00f6\u00dfe.onnx'.encode()), tmp_path / 'page.html'
    copy.write_bytes(DECODED_MODEL.read_bytes())
    words = ('compare', copy, DECODED_MODEL, '--demo-scenes', 2, '--html', page, *FAST)
    done = subprocess.run(
        [sys.executable, '-m', 'yolotrt_ros', *map(os.fsencode, map(str, words))],
        cwd=Path(__file__).parents[2],
        env={**os.environ, 'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': '0'},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'Comparison: gr\u00f6\u00dfe.onnx and 1 more' in page.read_text('utf-8')


def test_yolo_data_set_gives_the_same_accuracy(scenes, tmp_path):
    folder = tmp_path / 'yolo'
    (folder / 'images').mkdir(parents=True)
    (folder / 'labels').mkdir()
    truth = json.loads(scenes[1].read_text('utf-8'))
    for image in truth['images']:
        picture = scenes[3] / image['file_name']
        (folder / 'images' / picture.name).write_bytes(picture.read_bytes())
        size = np.array([image['width'], image['height']] * 2)
        rows = [item for item in truth['annotations'] if item['image_id'] == image['id']]
        lines = []
        for item in rows:
            if not item['iscrowd']:
                x, y, width, height = item['bbox']
                box = np.array([x + width / 2, y + height / 2, width, height]) / size
                lines.append(' '.join([str(item['category_id']), *map(str, box.tolist())]))
        (folder / 'labels' / f'{picture.stem}.txt').write_text('\n'.join(lines) + '\n')
    names = json.dumps([category['name'] for category in truth['categories']])
    data = folder / 'data.yaml'
    data.write_text(f'path: {folder}\nval: images\nnames: {names}\n')
    figures = tmp_path / 'figures.json'
    assert compare(DECODED_MODEL, '--data', data, '--json', figures) == 0
    accuracy = json.loads(figures.read_text('utf-8'))['networks'][0]['accuracy']
    assert accuracy['images'] == 4
    assert accuracy['mAP50'] > 0.7


def test_missing_network_is_named_before_anything_is_measured(scenes, tmp_path):
    with pytest.raises(ConfigError, match=r"'networks' is '.*absent\.engine'"):
        compare(DECODED_MODEL, tmp_path / 'absent.engine', *scenes)


def test_network_of_other_classes_is_named_before_anything_is_measured(scenes, tmp_path, capsys):
    other = onnx.load(str(DECODED_MODEL))
    [names] = [item for item in other.metadata_props if item.key == 'names']
    names.value = str({index: f'other {index}' for index in range(8)})
    onnx.save(other, str(tmp_path / 'other.onnx'))
    with pytest.raises(ConfigError, match='other 0, other 1'):
        compare(DECODED_MODEL, tmp_path / 'other.onnx', *scenes)
    assert 'accuracy' not in capsys.readouterr().err


def test_values_that_are_not_finite_are_told(scenes, worse, tmp_path, capsys):
    model = onnx.load(str(worse))
    item = next(item for item in model.graph.initializer if item.name.endswith('bias'))
    values = np.full_like(numpy_helper.to_array(item), np.nan)
    item.CopyFrom(numpy_helper.from_array(values, item.name))
    onnx.save(model, str(tmp_path / 'nan.onnx'))
    assert compare(tmp_path / 'nan.onnx', *scenes) == 0
    assert re.search(r'nan\.onnx puts out \d+ values that are not', capsys.readouterr().err)


def test_engine_that_cannot_run_is_explained(scenes, tmp_path):
    # Without a GPU this is what is missing; with one, the file is seen to be no engine.
    path = tmp_path / 'rubbish.engine'
    path.write_text('no engine')
    with pytest.raises(YolotrtError, match=r'GPU|engine'):
        compare(DECODED_MODEL, path, *scenes)


def test_pictures_must_be_named_once(scenes):
    with pytest.raises(ConfigError, match=r'annotations .* images'):
        compare(DECODED_MODEL)
    with pytest.raises(ConfigError, match='takes the place of other pictures'):
        compare(DECODED_MODEL, *scenes, '--demo-scenes', 2)


@pytest.mark.parametrize('option', ['--html', '--json'])
def test_output_that_cannot_be_written_is_refused_at_once(option, scenes, tmp_path, capsys):
    with pytest.raises(ConfigError, match=r'nowhere.*cannot be written'):
        compare(DECODED_MODEL, *scenes, option, tmp_path / 'nowhere' / 'page.html')
    assert not capsys.readouterr().out


def test_file_that_is_read_is_not_written(scenes, worse):
    for path in (worse, scenes[1]):
        with pytest.raises(ConfigError, match='is read by this command; choose another file'):
            compare(worse, *scenes, '--json', path)


@pytest.mark.parametrize('size', ['1280', '0x720', '1280x720x3', '-1x5', '32769x1', '9999x9999'])
def test_size_of_frames_is_checked(size, capsys):
    with pytest.raises(SystemExit) as status:
        main([str(DECODED_MODEL), f'--frame-size={size}'])
    assert status.value.code == 2
    assert 'must be WIDTHxHEIGHT in pixels' in capsys.readouterr().err


def test_memory_of_a_network_that_cannot_be_loaded_is_unknown(tmp_path):
    assert host_bytes(DetectorConfig(onnx_path=str(tmp_path / 'absent.onnx'))) is None


@pytest.fixture(scope='module')
def engine(tensorrt_module, tmp_path_factory):
    """Return the engine of the demo network, in full single precision."""
    path = tmp_path_factory.mktemp('engine') / 'demo.engine'
    path.write_bytes(build_engine(tensorrt_module, DECODED_MODEL, [(1, 3, 384, 640)] * 3))
    return path


@pytest.mark.tensorrt
@pytest.mark.parametrize('way', [(), ('--on-host',)], ids=['deployed', 'on-host'])
def test_engine_agrees_with_its_network(engine, scenes, tmp_path, way):
    figures, page = tmp_path / 'figures.json', tmp_path / 'page.html'
    words = (*scenes, '--json', figures, '--html', page, '--device', 0, *way)
    assert compare(DECODED_MODEL, engine, *words, '--class-names', *CLASS_NAMES) == 0
    content = json.loads(figures.read_text('utf-8'))
    first, second = content['networks']
    assert second['backend'].startswith('TensorRT')
    expected = first['accuracy']['mAP50_95']
    assert second['accuracy']['mAP50_95'] == pytest.approx(expected, abs=0.01)
    assert content['agreement'][0]['share'] > 0.9
    assert second['device_bytes'] > 0
    assert second['host_bytes'] is None
    assert_stands_alone(page.read_text('utf-8'))
