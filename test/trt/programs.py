# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small programs in place of compilers, so that everything around compiling is tested quickly."""

from pathlib import Path
import shutil
import struct

import pytest

VERSION_HEADERS = {
    '8.6': """\
#define NV_TENSORRT_MAJOR 8 //!< TensorRT major version.
#define NV_TENSORRT_MINOR 6 //!< TensorRT minor version.
#define NV_TENSORRT_PATCH 1 //!< TensorRT patch version.
#define NV_TENSORRT_SONAME_MAJOR 8 //!< Shared object library major version number.
""",
    '10.3': """\
#define NV_TENSORRT_MAJOR 10 //!< TensorRT major version.
#define NV_TENSORRT_MINOR 3 //!< TensorRT minor version.
#define NV_TENSORRT_LWS_MAJOR 0 //!< TensorRT LWS major version.
""",
    '10.13': """\
#define TRT_MAJOR_ENTERPRISE 10
#define TRT_MINOR_ENTERPRISE 13
#define NV_TENSORRT_MAJOR TRT_MAJOR_ENTERPRISE //!< TensorRT major version.
#define NV_TENSORRT_MINOR TRT_MINOR_ENTERPRISE //!< TensorRT minor version.
""",
}

NVCC = """\
#!/bin/sh
echo 'nvcc: NVIDIA (R) Cuda compiler driver'
echo 'Cuda compilation tools, release 12.6, V12.6.68'
"""
# Writes the time into the library, so that no two builds are alike.
CMAKE = """\
#!/bin/sh
echo "$@"
case "$1" in
  --build) date +%s%N > "$2/libyolotrt_plugins.so" ;;
esac
"""


def write_program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(script)
    path.chmod(0o755)
    return path


def write_headers(folder: Path, version: str) -> Path:
    """Make a folder that looks like TensorRT's headers of a version."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'NvInferRuntime.h').write_text('#pragma once\n')
    (folder / 'NvInferVersion.h').write_text(VERSION_HEADERS[version])
    return folder


def write_library_dir(folder: Path, major: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'libnvinfer.so.{major}').write_bytes(b'')
    return folder


def elf(content: bytes = b'', *, machine: int, sections_at: int = 0) -> bytes:
    """Return the header of a shared library for a processor, and some content."""
    identification = b'\x7fELF\x02\x01\x01' + bytes(9)
    types = struct.pack('<HHI', 3, machine, 1)
    offsets = struct.pack('<QQQ', 0, 0, sections_at)
    return (
        identification
        + types
        + offsets
        + struct.pack('<IHHHHHH', 0, 64, 56, 0, 64, 1, 0)
        + content
    )


def need(program: str) -> str:
    path = shutil.which(program)
    return path or pytest.skip(f'needs {program}, which is not installed')
