# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small rosbag2 recordings of images, written without ROS."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='rosbags is not installed: run scripts/setup.sh')

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

from yolotrt_ros.core.image import ImageView

STORE = get_typestore(Stores.ROS2_HUMBLE)
STORAGES = {'mcap': StoragePlugin.MCAP, 'db3': StoragePlugin.SQLITE3}


def image_message(view: ImageView, stamp_ns: int = 0):
    """Return a sensor_msgs/Image with exactly these bytes."""
    return STORE.types['sensor_msgs/msg/Image'](
        header=_header(stamp_ns),
        height=view.height,
        width=view.width,
        encoding=view.encoding.name,
        is_bigendian=int(view.is_bigendian),
        step=view.step,
        data=np.asarray(view.data),
    )


def compressed_message(content: bytes, kind: str = 'bgr8; png compressed bgr8', stamp_ns: int = 0):
    """Return a sensor_msgs/CompressedImage of an encoded picture."""
    return STORE.types['sensor_msgs/msg/CompressedImage'](
        header=_header(stamp_ns), format=kind, data=np.frombuffer(content, np.uint8)
    )


def text_message(text: str):
    """Return a std_msgs/String, which is no image."""
    return STORE.types['std_msgs/msg/String'](data=text)


def write_bag(path: Path, topics: dict[str, list], storage: str = 'mcap') -> Path:
    """
    Write a recording.

    :param topics: messages of one type by topic, at 1 Hz.
    """
    with Writer(path, version=8, storage_plugin=STORAGES[storage]) as writer:
        for topic, messages in topics.items():
            kind = messages[0].__msgtype__
            connection = writer.add_connection(topic, kind, typestore=STORE)
            for second, message in enumerate(messages):
                data = STORE.serialize_cdr(message, kind)
                writer.write(connection, second * 10**9, data)
    return path


def _header(stamp_ns: int):
    seconds, nanoseconds = divmod(stamp_ns, 10**9)
    stamp = STORE.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    return STORE.types['std_msgs/msg/Header'](stamp=stamp, frame_id='camera')
