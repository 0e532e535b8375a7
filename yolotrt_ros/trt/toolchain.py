# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The programs and folders that compile the decode plugin on this machine."""

from __future__ import annotations

from dataclasses import dataclass
import os
from pathlib import Path
import re
import shutil
import subprocess

from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.tensorrt_sdk import find_headers, find_library_dir

COMPILER_VARIABLE = 'CUDACXX'
CUDA_HOMES = ('/usr/local/cuda', '/opt/cuda')
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Toolchain:
    """
    What a build calls and reads.

    :param cuda_version: of the compiler, such as ``12.6``.
    :param include_dir: folder of TensorRT's headers.
    :param library_dir: folder of ``libnvinfer.so.<major>``.
    """

    cmake: Path
    nvcc: Path
    cuda_version: str
    include_dir: Path
    library_dir: Path


def find_toolchain(tensorrt_version: str) -> Toolchain:
    """
    Find everything that compiling the plugin takes.

    :param tensorrt_version: of the TensorRT that runs.
    :raises PluginError: something is missing, with the way to get it.
    """
    nvcc = find_nvcc()
    if nvcc is None:
        raise PluginError(
            'compiling the decode plugin needs the CUDA compiler nvcc, but it is not on PATH nor '
            'in /usr/local/cuda/bin; install the CUDA toolkit (on a Jetson: `sudo apt install '
            f'nvidia-jetpack`), or set {COMPILER_VARIABLE} to its path'
        )
    return Toolchain(
        _find_cmake(),
        nvcc,
        nvcc_version(nvcc),
        find_headers(tensorrt_version),
        find_library_dir(tensorrt_version),
    )


def find_nvcc() -> Path | None:
    """
    Return the CUDA compiler; None where there is none.

    JetPack and NVIDIA's packages install it, but put it on nobody's PATH.

    :raises PluginError: the environment variable CUDACXX names no program.
    """
    if given := os.environ.get(COMPILER_VARIABLE):
        if found := shutil.which(given):
            return Path(found)
        raise PluginError(
            f'{COMPILER_VARIABLE} must name the CUDA compiler nvcc, but {given} is no program; '
            'correct the variable or unset it'
        )
    homes = (os.environ.get('CUDA_HOME'), os.environ.get('CUDA_PATH'), *CUDA_HOMES)
    candidates = ['nvcc', *(f'{home}/bin/nvcc' for home in homes if home)]
    return next((Path(path) for path in map(shutil.which, candidates) if path), None)


def nvcc_version(nvcc: Path) -> str:
    """
    Return the version of the CUDA toolkit that a compiler belongs to, such as ``12.6``.

    :raises PluginError: the compiler does not say.
    """
    try:
        answer = subprocess.run(
            [nvcc, '--version'], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        output = answer.stdout + answer.stderr
    except (OSError, subprocess.SubprocessError) as error:
        output = str(error)
    found = re.search(r'release (\d+\.\d+)', output)
    if found is None:
        raise PluginError(
            f'{nvcc} --version must name the release of CUDA, but it says {output[-300:]!r}; '
            f'install the CUDA toolkit again, or set {COMPILER_VARIABLE} to another nvcc'
        )
    return found[1]


def _find_cmake() -> Path:
    found = shutil.which('cmake')
    if found is None:
        raise PluginError(
            'compiling the decode plugin needs CMake 3.18 or newer, but it is not on PATH; '
            'install it with `sudo apt install cmake` or `pip install cmake`'
        )
    return Path(found)
