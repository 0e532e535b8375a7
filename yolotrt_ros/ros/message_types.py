# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message types by their names: their classes, and their definitions for recordings."""

from __future__ import annotations

from functools import cache
from importlib import import_module
import os
from pathlib import Path
import sys
from typing import Any

from yolotrt_ros.core.errors import BackendError


def message_class(kind: str) -> Any:  # noqa: ANN401 - known at run time only
    """
    Import the class of a type such as ``sensor_msgs/msg/Image``.

    :raises BackendError: its package is not installed.
    """
    package, _, name = kind.split('/')
    try:
        return getattr(import_module(f'{package}.msg'), name)
    except (ImportError, AttributeError) as error:
        raise BackendError(
            f'the message type {kind} is not installed ({error}); install '
            f'ros-$ROS_DISTRO-{package.replace("_", "-")}, or source the workspace that has it'
        ) from error


def begins_with_header(kind: str) -> bool:
    """Tell whether the first field of a type is a ``std_msgs/Header``."""
    fields = message_class(kind).get_fields_and_field_types()
    return bool(fields) and next(iter(fields.values())) == 'std_msgs/Header'


def type_store(kind: str) -> Any:  # noqa: ANN401 - rosbags need not be installed
    """
    Return a type store of rosbags with a type and all that it is made of.

    :raises BackendError: a definition is not installed.
    """
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores

    store = get_typestore(Stores.EMPTY)
    waiting = [kind]
    while waiting:
        name = waiting.pop()
        if name not in store.fielddefs:
            types = get_types_from_msg(_definition(name), name)
            store.register(types)
            waiting += _parts(types[name])
    return store


def _parts(fields: Any) -> list[str]:  # noqa: ANN401 - as above
    """List the message types of the fields; a type is (kind, name or (type, length))."""
    from rosbags.interfaces import Nodetype

    names = []
    for _, field in fields[1]:
        node, value = field
        if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            node, value = value[0]
        if node == Nodetype.NAME:
            names.append(value)
    return names


@cache
def _definition(kind: str) -> str:
    package, _, name = kind.split('/')
    prefixes = [*os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep), sys.prefix]
    for prefix in filter(None, prefixes):  # wheels lie in the prefix of this Python
        path = Path(prefix, 'share', package, 'msg', f'{name}.msg')
        if path.exists():
            return path.read_text(encoding='utf-8')
    raise BackendError(
        f'the definition of {kind} is in none of {", ".join(filter(None, prefixes))}; install '
        f'ros-$ROS_DISTRO-{package.replace("_", "-")}, or source the workspace that has it'
    )
