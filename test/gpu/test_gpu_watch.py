# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a GPU, from NVML and from the kernel."""

import shutil
import subprocess

import pytest

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.core.gpu_state import GpuState
from yolotrt_ros.gpu import gpu_watch, nvml
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.gpu.gpu_watch import GpuWatch
from yolotrt_ros.gpu.nvml import Nvml, NvmlError, NvmlGpu

pytest.importorskip('cuda', reason='needs cuda-python, which is not installed')

DEVICE = CudaDevice(0, 'a GPU', (9, 0), 140 << 30, False)
JETSON = CudaDevice(0, 'Orin', (8, 7), 8 << 30, True)


@pytest.fixture
def no_library(monkeypatch):
    monkeypatch.setattr(nvml, 'LIBRARY', 'libabsent.so.1')


def test_gpu_without_nvml_has_a_name_only(no_library):
    assert GpuWatch(DEVICE).read() == GpuState('a GPU')


def test_jetson_without_nvml_is_asked_through_its_kernel(no_library, tmp_path):
    (tmp_path / 'proc').mkdir()
    (tmp_path / 'proc/meminfo').write_text('MemTotal: 8 kB\nMemAvailable: 6 kB\n')
    state = GpuWatch(JETSON, root=tmp_path).read()
    assert state == GpuState('Orin', used_bytes=2048, total_bytes=8192)


class Told:
    """A GPU that answers with what it is given; an error is raised."""

    def __init__(self, **answers):
        self._answers = answers

    def __getattr__(self, name):
        answer = self._answers.get(name, NvmlError(name, 3))

        def ask():
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


def test_facts_that_are_not_told_leave_what_is_known():
    known = GpuState('Orin', used_bytes=1, total_bytes=2, temperature_c=40.0)
    gpu = Told(temperature_c=50.0, slowed_by=('power limit',))
    expected = GpuState('Orin', 1, 2, temperature_c=50.0, slowed_by=('power limit',))
    assert gpu_watch._with_nvml(known, gpu) == expected


def test_lost_gpu_is_a_fault(no_library):
    watch = GpuWatch(DEVICE)
    watch._gpu = Told(memory_bytes=NvmlError('nvmlDeviceGetMemoryInfo()', 15))
    fault = watch.read().fault
    assert fault.startswith('the GPU is lost (nvmlDeviceGetMemoryInfo() of the NVIDIA driver fail')
    assert fault.endswith('start the machine anew')


def test_missing_library_is_named(no_library):
    with pytest.raises(BackendError, match=r'libabsent\.so\.1 of the NVIDIA driver cannot be'):
        Nvml()


@pytest.fixture
def watch(session):
    """A watch of the real GPU, where NVML tells of it."""
    watch = GpuWatch(session.device)
    if watch._gpu is None:
        pytest.skip('the management library does not tell of this GPU')
    return watch


@pytest.mark.gpu
def test_state_is_plausible(watch, session):
    state = watch.read()
    assert state.name == session.device.name
    assert state.fault is None
    if state.total_bytes is not None:
        assert 0 < state.used_bytes <= state.total_bytes
    for value, low, high in (
        (state.temperature_c, 0, 120),
        (state.clock_mhz, 50, 5000),
        (state.memory_clock_mhz, 50, 20_000),
        (state.utilisation_percent, 0, 100),
        (state.power_w, 1, 3000),
    ):
        assert value is None or low <= value <= high


@pytest.mark.gpu
def test_state_is_that_of_nvidia_smi(watch, session):
    if shutil.which('nvidia-smi') is None:
        pytest.skip('nvidia-smi is not installed')
    fields = 'memory.total,temperature.gpu,clocks.mem'
    child = subprocess.run(
        [
            'nvidia-smi',
            f'--id={gpu_watch._bus_id(session.device.index)}',
            f'--query-gpu={fields}',
            '--format=csv,noheader,nounits',
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    numbers = [text.strip() for text in child.stdout.split(',')]
    if child.returncode or len(numbers) != 3 or not all(map(str.isdecimal, numbers)):
        pytest.skip(f'nvidia-smi does not tell: {child.stdout}{child.stderr}')
    state = watch.read()
    total_mib, temperature_c, memory_clock_mhz = map(int, numbers)
    if state.total_bytes is not None:
        assert state.total_bytes / 2**20 == pytest.approx(total_mib, rel=0.02)
    if state.temperature_c is not None:
        assert state.temperature_c == pytest.approx(temperature_c, abs=15)
    if state.memory_clock_mhz is not None:
        assert state.memory_clock_mhz == pytest.approx(memory_clock_mhz, rel=0.6)


@pytest.mark.gpu
def test_unknown_function_is_named(cuda):
    try:
        library = Nvml()
    except BackendError as error:
        pytest.skip(f'no management library: {error}')
    with library, pytest.raises(BackendError, match='this NVIDIA driver has no nvmlDoNothing'):
        library.call('nvmlDoNothing')


@pytest.mark.gpu
def test_wrong_bus_is_named(cuda):
    try:
        library = Nvml()
    except BackendError as error:
        pytest.skip(f'no management library: {error}')
    with library, pytest.raises(NvmlError, match=r'PciBusId\(ffff:ff:1f\.0\) of the NVIDIA driv'):
        NvmlGpu(library, 'ffff:ff:1f.0')
