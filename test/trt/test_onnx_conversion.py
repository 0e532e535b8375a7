# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks rewritten in another precision by NVIDIA ModelOpt, or the commands to do so."""

from pathlib import Path
import sys

import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

import onnx

from test.networks import helper, save
from yolotrt_ros.core.errors import BuildError
from yolotrt_ros.trt.onnx_conversion import commands, convert
from yolotrt_ros.trt.precision import carried_precision, Precision

HEAD = '/model.24/m.0/Conv'
PATH = Path('/models/my net.onnx')


@pytest.fixture
def network(tmp_path, rng):
    """A network of three convolutions, the last of which is a detection head."""
    constants = {
        name: rng.normal(0, 0.2, (16, channels, 3, 3)).astype(np.float32)
        for name, channels in (('first', 3), ('second', 16), ('third', 16))
    }
    details = {'kernel_shape': [3, 3], 'pads': [1, 1, 1, 1]}
    nodes = [
        helper.make_node('Conv', ['images', 'first'], ['a'], name='/first', **details),
        helper.make_node('Relu', ['a'], ['b'], name='/relu'),
        helper.make_node('Conv', ['b', 'second'], ['c'], name='/second', **details),
        helper.make_node('Relu', ['c'], ['d'], name='/relu2'),
        helper.make_node('Conv', ['d', 'third'], ['e'], name=HEAD, **details),
        helper.make_node('Sigmoid', ['e'], ['p3'], name='p3/Sigmoid'),
    ]
    path = save(tmp_path / 'x.onnx', nodes, constants, ['p3'], metadata={'names': "['a']"})
    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    assert carried_precision(model) is Precision.FP32
    return model


class Batches:
    """The same pictures however often they are asked for."""

    def __init__(self, rng, count=4):
        self.arrays = [rng.random((1, 3, 64, 64), np.float32) for _ in range(count)]

    def __iter__(self):
        return iter(self.arrays)


@pytest.mark.parametrize('precision', [Precision.FP16, Precision.INT8])
def test_missing_modelopt_gives_the_commands_for_another_machine(
    precision, network, monkeypatch, rng
):
    monkeypatch.setitem(sys.modules, 'modelopt', None)
    with pytest.raises(BuildError) as error:
        convert(network, precision, onnx_path=PATH, head_nodes=[HEAD], batches=Batches(rng))
    text = str(error.value)
    assert f'in {precision.value} needs NVIDIA ModelOpt' in text
    assert 'pip install "nvidia-modelopt[onnx]"' in text
    assert commands(PATH, [HEAD]) in text


def test_commands_are_ready_for_a_shell():
    half, eight, *_ = commands(PATH, [HEAD]).splitlines()
    assert half == (
        "  fp16: python -m modelopt.onnx.autocast --onnx_path '/models/my net.onnx' --output_path "
        "'/models/my net.fp16.onnx' --low_precision_type fp16 --keep_io_types"
    )
    assert eight.startswith("  int8: python -m modelopt.onnx.quantization --onnx_path '/models/my")
    assert eight.endswith(r"--nodes_to_exclude '/model\.24/m\.0/Conv'")


def test_int8_needs_pictures(network):
    with pytest.raises(BuildError, match=r'give --calibration PATH'):
        convert(network, Precision.INT8, onnx_path=PATH)


def outputs(model, image):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {'images': image})[0]


@pytest.mark.parametrize(
    ('precision', 'method', 'tolerance'),
    [
        (Precision.FP16, 'minmax', 0.01),
        (Precision.INT8, 'minmax', 0.1),
        (Precision.INT8, 'entropy', 0.2),
    ],
)
def test_converted_network_answers_as_the_original(network, precision, method, tolerance, rng):
    pytest.importorskip('modelopt', reason='NVIDIA ModelOpt is not installed')
    batches = Batches(rng)
    converted = convert(
        network,
        precision,
        onnx_path=PATH,
        head_nodes=[HEAD],
        batches=batches,
        method=method,
    )
    assert carried_precision(converted) is precision
    assert [(item.key, item.value) for item in converted.metadata_props] == [('names', "['a']")]
    found, expected = (outputs(model, batches.arrays[0]) for model in (converted, network))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
