# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The choice of a GPU, and what is said where there is none."""

import logging
import os
from pathlib import Path
import subprocess
import sys

import pytest

import yolotrt_ros
from yolotrt_ros.core.errors import BackendError, ConfigError
from yolotrt_ros.gpu import device as device_module
from yolotrt_ros.gpu import nvml
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import CudaDevice, find_device, list_devices

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')

FIND = """\
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu.device import find_device
try:
    print(find_device(%r))
except BackendError as error:
    print('BackendError', error)
"""
OCCUPY = """\
from yolotrt_ros.gpu.device import list_devices
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession
with CudaSession(list_devices()[0]), DeviceBuffer(8 << 30):
    print('occupied', flush=True)
    input()
"""
CHOOSE = """\
from yolotrt_ros.gpu import device, nvml
from yolotrt_ros.gpu.memory import DeviceBuffer
from yolotrt_ros.gpu.session import CudaSession
buses = [device._bus_id(each.index) for each in device.list_devices()]
before = nvml.free_bytes(buses)
chosen = device.find_device('auto')
with CudaSession(chosen), DeviceBuffer(1 << 30):
    after = nvml.free_bytes(buses)
print(chosen.index, *(free - left for free, left in zip(before, after)))
"""
SMALL = CudaDevice(0, 'small', (8, 7), 8 << 30, True)
LARGE = CudaDevice(1, 'large', (9, 0), 140 << 30, False)


def run_python(code, **environment):
    child = subprocess.run(
        [sys.executable, '-c', code],
        cwd=Path(yolotrt_ros.__file__).parents[1],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


@pytest.mark.parametrize('choice', ['auto', '0'])
def test_machine_without_gpu_is_told_what_is_missing(choice):
    said = run_python(FIND % choice, CUDA_VISIBLE_DEVICES='-1')
    # A cuda-python before 12.8 has no code of CUDA's to tell where there is no driver.
    reasons = (
        'looking for a GPU failed with cudaErrorNoDevice',
        'looking for a GPU failed with cudaErrorInsufficientDriver',
        'Failed to dlopen libcuda.so.1',
    )
    assert said.startswith(tuple(f'BackendError no NVIDIA GPU can be used: {r}' for r in reasons))
    assert 'or run the ONNX network on the CPU with the parameter onnx_path' in said


def test_device_is_described_in_words():
    assert str(SMALL) == '0: small (compute capability 8.7, 8.0 GiB)'
    assert str(LARGE) == '1: large (compute capability 9.0, 140.0 GiB)'


def test_first_device_is_taken_where_free_memory_is_not_known(monkeypatch, caplog):
    monkeypatch.setattr(nvml, 'LIBRARY', 'libabsent.so.1')
    monkeypatch.setattr(device_module, '_bus_id', lambda index: f'0000:{index:02x}:00.0')
    with caplog.at_level(logging.WARNING):
        assert device_module._roomiest([SMALL, LARGE]) is SMALL
    [record] = caplog.records
    assert 'the free memory of the 2 GPUs is not known (libabsent.so.1' in record.getMessage()
    assert 'set the parameter device to take another' in record.getMessage()


def test_only_device_is_taken_without_a_question(monkeypatch, caplog):
    monkeypatch.setattr(nvml, 'LIBRARY', 'libabsent.so.1')
    assert device_module._roomiest([LARGE]) is LARGE
    assert not caplog.records


@pytest.mark.parametrize(
    ('free', 'choice'),
    [((1, 2), LARGE), ((2, 1), SMALL), ((3, 3), SMALL), ((0, 0), SMALL)],
)
def test_device_with_the_most_free_memory_is_taken(free, choice, monkeypatch):
    monkeypatch.setattr(device_module, '_bus_id', lambda index: f'0000:{index:02x}:00.0')
    monkeypatch.setattr(device_module, 'free_bytes', lambda bus_ids: list(free))
    assert device_module._roomiest([SMALL, LARGE]) is choice


def test_missing_management_library_is_named(monkeypatch):
    monkeypatch.setattr(nvml, 'LIBRARY', 'libabsent.so.1')
    with pytest.raises(BackendError, match=r'libabsent\.so\.1 of the NVIDIA driver cannot be loa'):
        nvml.free_bytes(['0000:00:00.0'])


@pytest.mark.gpu
def test_facts_are_those_of_the_device(cuda):
    runtime = bindings().runtime
    for index, device in enumerate(list_devices()):
        major, minor, integrated = (
            check(runtime.cudaDeviceGetAttribute(getattr(runtime.cudaDeviceAttr, name), index))
            for name in (
                'cudaDevAttrComputeCapabilityMajor',
                'cudaDevAttrComputeCapabilityMinor',
                'cudaDevAttrIntegrated',
            )
        )
        assert device.index == index
        assert device.compute_capability == (major, minor)
        assert device.is_integrated == bool(integrated)
        assert device.name
        assert device.name.isprintable()
        assert device.total_bytes > 1 << 30


@pytest.mark.gpu
def test_device_is_found_by_its_index(cuda):
    devices = list_devices()
    for device in devices:
        assert find_device(str(device.index)) == device
    assert find_device('auto') in devices
    assert find_device() in devices


@pytest.mark.gpu
def test_emptier_gpu_is_taken_and_the_other_left_alone(cuda):
    if len(list_devices()) < 2:
        pytest.skip('needs two NVIDIA GPUs')
    with subprocess.Popen(
        [sys.executable, '-c', OCCUPY],
        cwd=Path(yolotrt_ros.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as occupant:
        try:
            assert occupant.stdout.readline() == 'occupied\n'
            chosen, *taken = map(int, run_python(CHOOSE).split())
        finally:
            occupant.communicate('\n', timeout=60)
    assert chosen != 0
    assert taken[chosen] > 1 << 30
    assert taken[0] < 64 << 20  # a context takes some hundred MiB


@pytest.mark.gpu
@pytest.mark.parametrize('choice', ['-1', '99', '', 'gpu', '0.0', 'cuda:0'])
def test_wrong_choice_lists_the_devices(choice, cuda):
    with pytest.raises(ConfigError, match="must be 'auto' or the index of a GPU; CUDA sees 0: "):
        find_device(choice)


@pytest.mark.gpu
def test_free_memory_is_that_which_cuda_sees(session):
    bus_id = device_module._bus_id(session.device.index)
    try:
        [free] = nvml.free_bytes([bus_id])
    except BackendError as error:
        pytest.skip(f'the management library does not tell: {error}')
    assert 0 < free <= session.device.total_bytes * 1.05
    assert abs(free - session.free_bytes()) < 0.1 * session.device.total_bytes


@pytest.mark.gpu
def test_wrong_bus_is_refused_by_the_management_library(cuda):
    try:
        nvml.free_bytes([device_module._bus_id(0)])
    except BackendError as error:
        pytest.skip(f'the management library does not tell: {error}')
    with pytest.raises(BackendError, match=r'PciBusId\(ffff:ff:1f\.0\) of the NVIDIA driver fail'):
        nvml.free_bytes(['ffff:ff:1f.0'])


LOOK_AND_COUNT = """\
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.device import find_device, list_devices
devices = list_devices()
find_device('auto')
driver = bindings().driver
check(driver.cuInit(0))
states = [check(driver.cuDevicePrimaryCtxGetState(device.index)) for device in devices]
print(sum(active for _, active in states))
"""


@pytest.mark.gpu
def test_looking_for_a_device_starts_work_on_none(cuda):
    assert run_python(LOOK_AND_COUNT).strip() == '0'
