# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of a machine that engines are bound to."""

import sys

import pytest

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.trt.machine import Machine, this_machine
from yolotrt_ros.trt.plugin_source import plugin_source_digest

DEVICE = CudaDevice(0, 'Orin', (8, 7), 8 << 30, True)


def test_machine_names_itself():
    machine = Machine('10.3.0', (8, 7), 'Orin', 'd' * 64)
    assert str(machine) == 'TensorRT 10.3.0, Orin (compute capability 8.7)'


def test_machine_without_tensorrt_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(BackendError, match='TensorRT'):
        this_machine(DEVICE)


def test_machine_is_described_by_tensorrt_the_gpu_and_the_plugin():
    tensorrt = pytest.importorskip('tensorrt', reason='needs TensorRT, which is not installed')
    version = tensorrt.__version__
    assert this_machine(DEVICE) == Machine(version, (8, 7), 'Orin', plugin_source_digest())
    assert this_machine(DEVICE, plugin_digest='e' * 64).plugin_source_digest == 'e' * 64
