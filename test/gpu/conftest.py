# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A GPU in use, for the tests of what runs on it."""

import pytest

from yolotrt_ros.gpu.device import find_device
from yolotrt_ros.gpu.session import CudaSession


@pytest.fixture
def session(cuda):
    """Open the first GPU for one test."""
    with CudaSession(find_device('0')) as session:
        yield session
