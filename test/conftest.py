# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
What all tests share: random numbers that can be repeated, and the test data.

Random inputs differ from run to run. A failure prints its seed; setting the environment variable
YOLOTRT_TEST_SEED to it repeats the very same inputs, whichever tests run beside.

Real networks and photos are not part of the project. They are looked for in the folder
shared/data beside the checkout, or in the one that YOLOTRT_TEST_DATA names; tests that need them
skip where they are absent.
"""

from collections.abc import Callable
import os
from pathlib import Path
import signal
from types import ModuleType
import zlib

from hypothesis import settings
import numpy as np
import pytest

from yolotrt_ros.core.deferred_signals import SIGNALS
from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu.device import list_devices

SEED = int(os.environ.get('YOLOTRT_TEST_SEED') or int.from_bytes(os.urandom(4), 'big'))
DATA = Path(
    os.environ.get('YOLOTRT_TEST_DATA') or Path(__file__).resolve().parents[2] / 'shared' / 'data'
)

# Tests that run beside each other must not hear each other: each process has a ROS domain.
if worker := os.environ.get('PYTEST_XDIST_WORKER', '').removeprefix('gw'):
    domain = int(os.environ.get('ROS_DOMAIN_ID', '0')) + 1 + int(worker)
    os.environ['ROS_DOMAIN_ID'] = str(domain % 102)

# A shell starts what runs in its background deaf to Ctrl-C, and nohup to the terminal's end. The
# programs that the tests start would inherit it; a handler of any kind they do not.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

# No deadline: a busy machine is no bug. A failing example is printed ready to be pasted.
settings.register_profile('yolotrt_ros', deadline=None, max_examples=60, print_blob=True)
settings.load_profile('yolotrt_ros')


def pytest_report_header():
    return f'random inputs: YOLOTRT_TEST_SEED={SEED} repeats them'


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed and 'rng' in item.fixturenames:
        report.sections.append(('random inputs', f'YOLOTRT_TEST_SEED={SEED} repeats them'))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol():
    """Undo what a test, such as one of a node's main loop, has done to the signals of all."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def rng(request):
    """Random numbers that differ from run to run and from test to test."""
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


@pytest.fixture(scope='session')
def test_data() -> Callable[[str], Path]:
    """Return a function that finds a file of the test data, or skips the test."""

    def find(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f'test data {name} is not in {DATA}; set YOLOTRT_TEST_DATA to its folder')
        return DATA / name

    return find


@pytest.fixture(scope='session')
def cuda() -> None:
    """Skip the test where there is no NVIDIA GPU."""
    try:
        list_devices()
    except BackendError:
        pytest.skip('needs cuda-python and an NVIDIA GPU')


@pytest.fixture(scope='session')
def tensorrt_module(cuda) -> ModuleType:
    """Return the module ``tensorrt``, or skip the test where it or a GPU is missing."""
    return pytest.importorskip('tensorrt', reason='needs TensorRT, which is not installed')
