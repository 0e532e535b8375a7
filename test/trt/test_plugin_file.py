# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plugin libraries that are refused before they are loaded."""

import platform

from hypothesis import given
from hypothesis import strategies as st
import pytest

from test.trt.programs import elf
from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.plugin_file import check_library_file

OWN, OTHER = (62, 183) if platform.machine() == 'x86_64' else (183, 62)
OURS = b'\0yolotrt_plugin_tensorrt_version\0'


def test_our_library_for_this_machine_and_tensorrt_passes(tmp_path):
    path = tmp_path / 'plugin.so'
    path.write_bytes(elf(OURS + b'libnvinfer.so.10\0libc.so.6\0', machine=OWN))
    check_library_file(path, '10.3.0')


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'is empty'),
        (b'!<arch>\n', 'is no shared library'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'is no shared library'),
        (elf(OURS, machine=OWN, sections_at=100), 'is cut off'),
        (elf(OURS, machine=OTHER), r'is made for (aarch64|x86_64), but this machine is '),
        (elf(OURS, machine=40), 'is made for another processor, but this machine is '),
        (elf(b'\0getPluginCreators\0', machine=OWN), r'is not the decode plugin of this package'),
        (
            elf(OURS + b'libnvinfer.so.8\0', machine=OWN),
            r'needs libnvinfer\.so\.8, but TensorRT 10 is running',
        ),
        (elf(OURS + b'libnvinfer.so.11\0', machine=OWN), r'needs libnvinfer\.so\.11, but'),
    ],
)
def test_other_file_is_refused_with_what_it_is(content, reason, tmp_path):
    path = tmp_path / 'plugin.so'
    path.write_bytes(content)
    message = f'plugin library {path} {reason}.*; leave the choice of a plugin library out'
    with pytest.raises(PluginError, match=message):
        check_library_file(path, '10.3.0')


def test_what_cannot_be_read_is_refused(tmp_path):
    for path, reason in ((tmp_path / 'absent.so', 'No such file'), (tmp_path, 'Is a directory')):
        with pytest.raises(PluginError, match=rf'{path} cannot be read: .*{reason}.*; leave'):
            check_library_file(path, '10.3.0')


@given(content=st.binary(max_size=200) | st.binary().map(lambda data: elf(data, machine=OWN)))
def test_any_bytes_without_our_name_are_refused(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / 'any.so'
    path.write_bytes(content)
    with pytest.raises(PluginError):
        check_library_file(path, '10.3.0')
