# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is settled before a build starts."""

from types import SimpleNamespace

import pytest

from yolotrt_ros.core.errors import BuildError, ConfigError
from yolotrt_ros.cpu.media import MediaError
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.build_job import BuildJob
from yolotrt_ros.trt.calibration import CalibrationMethod
from yolotrt_ros.trt.precision import Precision

# A TensorRT that chooses precisions and calibrates.
TRT = SimpleNamespace(
    __version__='8.6.0',
    BuilderFlag=SimpleNamespace(FP16=0, INT8=1),
    IInt8MinMaxCalibrator=object,
)
L4 = CudaDevice(0, 'NVIDIA L4', (8, 9), 24 << 30, False)


def make_job(*words, shape=(1, 3, 384, 640), carried=Precision.FP32):
    network = SimpleNamespace(
        precision=carried,
        static_shape=shape,
        static_wh=(shape[3], shape[2]),
        strides=(8, 16, 32),
    )
    return BuildJob(TRT, L4, network, parse(['x.onnx', *words]))


@pytest.fixture(autouse=True)
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


def test_fixed_network_needs_no_option(cache_home):
    options = make_job().build_options
    assert options.precision is Precision.FP16
    assert options.batch == (1, 1, 1)
    assert options.sizes == ((640, 384),) * 3
    assert options.workspace_bytes is None
    name = 'tensorrt-8.6.0-sm89-nvidia-l4.cache'
    assert options.timing_cache == cache_home / 'yolotrt_ros' / 'timing' / name


def test_quantised_network_is_int8_without_pictures():
    job = make_job(carried=Precision.INT8)
    assert job.precision is Precision.INT8


def test_every_option_reaches_the_builder(tmp_path):
    options = make_job(
        '--precision', 'fp16', '--batch', '1,2,4', '--size', '64x64:64x96:128x128',
        '--workspace', '512MiB', '--optimization-level', '2', '--dla', '1',
        '--tactic-sources', 'JIT_CONVOLUTIONS', '--fp16-input', '--no-sensitive-fp16',
        '--timing-cache', str(tmp_path / 't'), shape=(None, 3, None, None),
    ).build_options  # fmt: skip
    assert options.batch == (1, 2, 4)
    assert options.sizes == ((64, 64), (96, 64), (128, 128))
    assert options.workspace_bytes == 512 << 20
    assert options.optimization_level == 2
    assert options.dla_core == 1
    assert options.tactic_sources == ('JIT_CONVOLUTIONS',)
    assert options.half_input
    assert not options.sensitive_half
    assert not options.tf32
    assert options.timing_cache == tmp_path / 't'


def test_timing_cache_can_be_done_without():
    assert make_job('--timing-cache', 'none').build_options.timing_cache is None


@pytest.mark.parametrize(
    ('words', 'shape', 'reason'),
    [
        ((), (None, 3, 384, 640), r'leaves its batch open'),
        (('--batch', '1'), (1, 3, None, None), r'leaves its input size open'),
        (('--batch', '2'), (1, 3, 384, 640), r'takes batches of 1 only'),
        (('--size', '640x640'), (1, 3, 384, 640), r'takes 384x640 \(height x width\) only'),
        (('--size', '400x640'), (1, 3, None, None), r'must be multiples of 32'),
        (('--dla', '0', '--precision', 'fp32'), (1, 3, 384, 640), r'a DLA computes in fp16 or'),
    ],
)
def test_options_that_contradict_the_network_are_refused(words, shape, reason):
    with pytest.raises(ConfigError, match=reason):
        make_job(*words, shape=shape)


def test_precision_that_the_file_does_not_have_is_refused():
    with pytest.raises(BuildError, match=r'so an fp32 engine cannot be built from it'):
        make_job('--precision', 'fp32', carried=Precision.FP16)


def test_pictures_for_int8_are_looked_for_before_the_build(tmp_path):
    with pytest.raises(BuildError, match=r'give --calibration PATH'):
        make_job('--precision', 'int8')
    with pytest.raises(MediaError, match=r'absent does not exist'):
        make_job('--calibration', str(tmp_path / 'absent'))


@pytest.mark.parametrize(
    ('words', 'method'),
    [
        ((), CalibrationMethod.MINMAX),
        (('--dla', '0'), CalibrationMethod.ENTROPY),
        (('--dla', '0', '--calibration-method', 'minmax'), CalibrationMethod.MINMAX),
        (('--calibration-method', 'entropy'), CalibrationMethod.ENTROPY),
    ],
)
def test_calibration_method_suits_what_the_engine_runs_on(words, method):
    assert make_job(*words).calibration_method is method
