# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When the node builds its engine, by which command, and what follows from each ending."""

from pathlib import Path
import sys
import time

import pytest
from rclpy.logging import get_logger

from yolotrt_ros.assembly import build_pipeline
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import BackendError, BuildError, ConfigError
from yolotrt_ros.demo import DECODED_MODEL
from yolotrt_ros.ros import engine_build
from yolotrt_ros.ros.engine_build import build_command, is_build_due, with_engine
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.trt.precision import Precision

pytestmark = pytest.mark.ros


@pytest.fixture
def config(tmp_path):
    return DetectorConfig(
        engine_path=str(tmp_path / 'a.engine'),
        onnx_path=str(tmp_path / 'a.onnx'),
        engine_policy='build_if_missing',
    )


@pytest.fixture
def machine(monkeypatch):
    """A machine that could build an engine, as far as the node looks at it."""
    monkeypatch.setattr(engine_build, 'require_accelerator', lambda config: None)


def changed(config, **changes):
    fields = {name: getattr(config, name) for name in ('engine_path', 'onnx_path')}
    return DetectorConfig(**(fields | {'engine_policy': config.engine_policy} | changes))


def build(config, is_stopped=lambda: False):
    return with_engine(config, get_logger('engine_build'), is_stopped)


def replace_command(monkeypatch, code):
    monkeypatch.setattr(
        engine_build, 'build_command', lambda config: [sys.executable, '-u', '-c', code]
    )


@pytest.mark.parametrize(
    'changes',
    [{'engine_policy': 'require'}, {'backend': 'onnxruntime'}, {'engine_path': ''}],
    ids=['required', 'ONNX Runtime', 'no engine'],
)
def test_nothing_is_built_unless_asked_for(config, changes):
    config = changed(config, **changes)
    assert not is_build_due(config)
    assert build(config) is config


def test_engine_that_exists_is_not_built_again(config, tmp_path):
    assert is_build_due(config)
    (tmp_path / 'a.engine').write_bytes(b'')
    assert not is_build_due(config)


def test_engine_without_a_network_to_build_from_is_a_mistake(config):
    with pytest.raises(ConfigError, match='onnx_path names no network to build it from'):
        build(changed(config, onnx_path=''))


def test_command_is_understood_by_build_engine(config):
    anchors = tuple(float(number) for number in range(18))
    config = changed(config, device='1', anchors=anchors, plugin_path='/lib/a.so')
    assert build_command(config)[:4] == [sys.executable, '-m', 'yolotrt_ros', 'build_engine']
    options = parse(build_command(config)[4:])
    assert (str(options.model), str(options.output)) == (config.onnx_path, config.engine_path)
    assert (options.device, str(options.plugin)) == ('1', '/lib/a.so')
    assert tuple(options.anchors) == anchors


def test_real_build_that_fails_is_explained_by_its_last_lines(config, machine):
    with pytest.raises(BuildError, match=r'build_engine ended with status 1:\n.*\w') as caught:
        build(config)  # there is no such network, and maybe no TensorRT either
    assert 'yolotrt_ros build_engine: ' in str(caught.value)


def test_machine_without_an_accelerator_runs_the_network_or_says_why_not(config, monkeypatch):
    def refuse(config):
        raise BackendError('no GPU')

    monkeypatch.setattr(engine_build, 'require_accelerator', refuse)
    assert build(config).engine_path == ''
    with pytest.raises(BackendError, match='no GPU'):
        build(changed(config, backend='tensorrt'))


def test_more_options_reach_the_build(config):
    more = "--precision int8 --batch 1,1,4 --calibration 'my pictures'"
    options = parse(build_command(changed(config, build_options=more))[4:])
    assert options.precision is Precision.INT8
    assert options.batch == (1, 1, 4)
    assert options.calibration == Path('my pictures')


def test_options_that_cannot_be_read_are_refused(config, machine):
    with pytest.raises(ConfigError, match=r'build_options.*cannot be read: No closing quotation'):
        build(changed(config, build_options="--precision 'int8"))


def test_lines_of_the_build_stand_in_the_log(config, machine, monkeypatch, capfd):
    replace_command(monkeypatch, 'print("parsing"); print("searching kernels")')
    assert build(config) is config
    log = capfd.readouterr().err
    assert log.index('build_engine: parsing') < log.index('build_engine: searching kernels')


def test_engine_below_expectation_is_used_with_a_warning(config, machine, monkeypatch, capfd):
    replace_command(monkeypatch, 'print("recall 0.8 instead of 0.9"); raise SystemExit(3)')
    assert build(config) is config
    assert 'a.engine is built, but recall 0.8 instead of 0.9' in capfd.readouterr().err


def test_shutdown_stops_the_build(config, machine, monkeypatch):
    replace_command(monkeypatch, 'import time; time.sleep(60)')
    begin = time.monotonic()
    with pytest.raises(BuildError, match='was stopped'):
        build(config, is_stopped=lambda: time.monotonic() > begin + 0.5)
    assert time.monotonic() - begin < 30


@pytest.mark.tensorrt
def test_missing_engine_is_built_and_runs(tensorrt_module, tmp_path):
    config = DetectorConfig(
        onnx_path=str(DECODED_MODEL),
        engine_path=str(tmp_path / 'demo.engine'),
        engine_policy='build_if_missing',
        build_options='--batch 1 --no-verify --optimization-level 0 '
        '--tactic-sources EDGE_MASK_CONVOLUTIONS,JIT_CONVOLUTIONS',
    )
    pipeline = build_pipeline(build(config))
    try:
        assert pipeline.info.backend.startswith('TensorRT')
        assert pipeline.info.head == 'PLUGIN'
    finally:
        pipeline.close()
    assert not is_build_due(config)
