# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Find what compiling against TensorRT takes: its headers, and the library of the same version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
import os
from pathlib import Path
import platform
import re

from yolotrt_ros.core.errors import PluginError

INCLUDE_VARIABLE = 'TENSORRT_INCLUDE_DIR'
LIBRARY_VARIABLE = 'TENSORRT_LIBRARY_DIR'
HEADER = 'NvInferRuntime.h'
VERSION_HEADER = 'NvInferVersion.h'
PREFIXES = tuple(
    Path(prefix)
    for prefix in (
        '/usr/local/tensorrt',
        '/opt/tensorrt',
        '/usr/src/tensorrt',
        '/usr/local/cuda',
        '/usr/local',
        '/usr',
    )
)

# Since 10.13 the first name stands for the second.
_DEFINE = re.compile(r'#define\s+(?:NV_TENSORRT|TRT)_(MAJOR|MINOR)(?:_ENTERPRISE)?\s+(\d+)')

Version = tuple[int, int]


def major_minor(version: str) -> Version:
    """
    Return the first two numbers of a version such as ``10.3.0.30``.

    :raises PluginError: it does not begin with two numbers.
    """
    found = re.match(r'(\d+)\.(\d+)', version)
    if found is None:
        raise PluginError(
            f'the version of TensorRT must begin as 10.3 does, but is {version!r}; install a '
            'released TensorRT'
        )
    return int(found[1]), int(found[2])


def is_compatible(built: Version, running: Version) -> bool:
    """Whether what was compiled with one version's headers runs with another's library."""
    return built[0] == running[0] and built[1] <= running[1]


def find_headers(version: str, prefixes: Sequence[Path] = PREFIXES) -> Path:
    """
    Return the folder with TensorRT's headers.

    The environment variable TENSORRT_INCLUDE_DIR, where it is set, names the only one to look in.

    :param version: of the TensorRT that runs; the headers must be of it, or older of its major.
    :raises PluginError: there are none, or only those of another version.
    """
    running = major_minor(version)
    given = os.environ.get(INCLUDE_VARIABLE)
    folders = [Path(given)] if given else list(_folders(prefixes, ('include',)))
    found = {folder: header_version(folder) for folder in folders if (folder / HEADER).is_file()}
    for folder, built in found.items():
        if built is not None and is_compatible(built, running):
            return folder
    raise PluginError(_no_headers_text(version, folders, found))


def header_version(folder: Path) -> Version | None:
    """Return what TensorRT a folder of headers belongs to; None where it does not say."""
    try:
        text = (folder / VERSION_HEADER).read_text(encoding='utf-8', errors='replace')
    except OSError:
        return None
    numbers = {name: int(number) for name, number in _DEFINE.findall(text)}
    return (numbers['MAJOR'], numbers['MINOR']) if len(numbers) == 2 else None


def find_library_dir(version: str, prefixes: Sequence[Path] = PREFIXES) -> Path:
    """
    Return the folder with ``libnvinfer.so.<major>``.

    The environment variable TENSORRT_LIBRARY_DIR, where it is set, names the only one to look in;
    otherwise pip's packages come before the system's, as they do for ``import tensorrt``.

    :param version: of the TensorRT that runs.
    :raises PluginError: it is nowhere.
    """
    name = f'libnvinfer.so.{major_minor(version)[0]}'
    given = os.environ.get(LIBRARY_VARIABLE)
    installed = (*_pip_folders(), *_folders(prefixes, ('lib', 'lib64')))
    folders = (Path(given),) if given else installed
    for folder in folders:
        if (folder / name).is_file():
            return folder
    raise PluginError(
        f"compiling the decode plugin needs TensorRT's library {name} (TensorRT {version} is "
        f'running), but it is in none of {_listed(folders)}; install libnvinfer (`sudo apt '
        f'install libnvinfer-dev`), or set {LIBRARY_VARIABLE} to its folder'
    )


def _folders(prefixes: Sequence[Path], names: Sequence[str]) -> Iterator[Path]:
    for prefix in prefixes:
        for name in names:
            yield prefix / name
            yield prefix / name / f'{platform.machine()}-linux-gnu'


def _pip_folders() -> Iterator[Path]:
    """List the folders of the wheels: the libraries of 8.6 lie in the module's own."""
    for module in ('tensorrt_libs', 'tensorrt'):
        spec = find_spec(module)
        yield from map(Path, (spec.submodule_search_locations or ()) if spec else ())


def _no_headers_text(
    version: str, folders: Sequence[Path], found: dict[Path, Version | None]
) -> str:
    what = ', '.join(
        f'{folder} has those of {"an unknown version" if v is None else f"{v[0]}.{v[1]}"}'
        for folder, v in found.items()
    )
    return (
        f"compiling the decode plugin needs TensorRT's headers of version {version} or an older "
        f'one of the same major version, but '
        f'{what or f"{HEADER} is in none of {_listed(folders)}"}; install them '
        '(`sudo apt install libnvinfer-headers-dev libnvinfer-dev` on a Jetson and with '
        "NVIDIA's apt repository), or, as pip's TensorRT has none, take those of the same "
        f'version from github.com/NVIDIA/TensorRT and set {INCLUDE_VARIABLE} to their folder'
    )


def _listed(folders: Sequence[Path]) -> str:
    return ', '.join(map(str, folders))
