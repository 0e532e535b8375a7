# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, a video and a network for the commands."""

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='onnx is not installed: run scripts/setup.sh')

from test.color_network import color_network

RED_BGR, BLACK_BGR = (0, 0, 250), (0, 0, 0)


@pytest.fixture
def network(tmp_path):
    return color_network(tmp_path / 'colors.onnx')


@pytest.fixture
def pictures(tmp_path):
    """A red, a black and a damaged picture."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    cv2.imwrite(str(folder / 'a_red.png'), np.full((48, 64, 3), RED_BGR, np.uint8))
    cv2.imwrite(str(folder / 'b_black.png'), np.full((30, 90, 3), BLACK_BGR, np.uint8))
    return folder


@pytest.fixture
def video(tmp_path):
    """Five red frames."""
    path = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), RED_BGR, np.uint8))
    writer.release()
    return path
