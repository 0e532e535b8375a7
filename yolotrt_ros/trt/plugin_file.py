# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Look at a plugin's library before it is loaded.

Loading a library runs code of it and may bring another TensorRT into the process, and neither can
be undone. What these few bytes tell is enough to refuse the usual wrong ones.
"""

from __future__ import annotations

import mmap
from pathlib import Path
import platform
import re

from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.tensorrt_sdk import major_minor

VERSION_SYMBOL = 'yolotrt_plugin_tensorrt_version'
DIGEST_SYMBOL = 'yolotrt_plugin_source_digest'

_ELF = b'\x7fELF'
# Values of e_machine, which stands at byte 18 of an ELF file.
_MACHINES = {62: 'x86_64', 183: 'aarch64'}
_NVINFER = re.compile(rb'libnvinfer\.so\.(\d+)\0')


def check_library_file(path: Path, tensorrt_version: str) -> None:
    """
    Refuse a file that certainly is not the decode plugin for this process.

    :param tensorrt_version: of the TensorRT that runs.
    :raises PluginError: it is missing, no library, not ours, or made for another processor or
        another major version of TensorRT.
    """
    if path.is_file() and path.stat().st_size == 0:
        raise PluginError(f'plugin library {path} is empty; {_cure()}')
    try:
        with (
            path.open('rb') as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            reason = _reason_against(content, major_minor(tensorrt_version)[0])
    except OSError as error:
        raise PluginError(f'plugin library {path} cannot be read: {error}; {_cure()}') from error
    if reason:
        raise PluginError(f'plugin library {path} {reason}; {_cure()}')


def _reason_against(content: mmap.mmap, running_major: int) -> str | None:
    if content[:4] != _ELF:
        return 'is no shared library'
    if _elf_end(content) > len(content):
        return 'is cut off'  # the loader would crash on it
    machine = _MACHINES.get(int.from_bytes(content[18:20], 'little'), 'another processor')
    if machine != platform.machine():
        return f'is made for {machine}, but this machine is {platform.machine()}'
    if content.find(f'{VERSION_SYMBOL}\0'.encode()) < 0:
        return (
            f'is not the decode plugin of this package (it has no function {VERSION_SYMBOL}): '
            "other projects' plugins of the name YoloLayer_TRT take other attributes"
        )
    majors = {int(number) for number in _NVINFER.findall(content)}
    if majors and running_major not in majors:
        needed = ', '.join(f'libnvinfer.so.{major}' for major in sorted(majors))
        return f'needs {needed}, but TensorRT {running_major} is running'
    return None


def _elf_end(content: mmap.mmap) -> int:
    """Return where the table of sections ends, which linkers write last."""
    start = int.from_bytes(content[40:48], 'little')
    entry_bytes = int.from_bytes(content[58:60], 'little')
    return start + entry_bytes * int.from_bytes(content[60:62], 'little')


def _cure() -> str:
    return 'leave the choice of a plugin library out to have it compiled for this machine'
