# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a ``.cu`` file of this package to kernels that can be launched."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
import json
from pathlib import Path
import re

from yolotrt_ros.core.errors import BackendError
from yolotrt_ros.gpu import code_cache
from yolotrt_ros.gpu.compiler import choose_arch, compile_source, FOLDER, nvrtc_version
from yolotrt_ros.gpu.kernel import KernelModule
from yolotrt_ros.gpu.session import CudaSession

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def read_source(name: str) -> str:
    """
    Return the text of a file of the folder ``kernels``.

    :raises BackendError: it is not there.
    """
    try:
        return (FOLDER / name).read_text(encoding='utf-8')
    except OSError as error:
        raise BackendError(
            f'the kernel source {name} cannot be read: {error}; install yolotrt_ros again'
        ) from error


def load_module(
    session: CudaSession,
    source: str,
    *,
    defines: Mapping[str, str] | None = None,
) -> KernelModule:
    """
    Load the kernels of a file of the folder ``kernels``, compiled for the session's device.

    :param source: the file's name.
    :param defines: values of preprocessor names.
    :raises BackendError: NVRTC is missing, or the device too old for it.
    :raises CudaError: the source does not compile, or the device refuses the code.
    """
    return load_source(session, read_source(source), source, defines=defines)


def load_source(
    session: CudaSession,
    text: str,
    name: str,
    *,
    defines: Mapping[str, str] | None = None,
) -> KernelModule:
    """Do as ``load_module`` does with the text of a source."""
    arch = choose_arch(session.device.compute_capability)
    code = compile_cached(text, arch, defines or {}, name=name)
    session.make_current()
    return KernelModule(session, code, name)


def compile_cached(
    source: str,
    arch: str,
    defines: Mapping[str, str],
    *,
    name: str = 'kernel.cu',
) -> bytes:
    """Return what ``compile_source`` returns, from the disk where it was compiled before."""
    sources = [source, _included_sources(source)]
    facts = [sources, arch, sorted(defines.items()), nvrtc_version()]
    digest = sha256(json.dumps(facts).encode()).hexdigest()
    key = f'{Path(name).stem}-{arch}-{digest[:32]}'
    code = code_cache.read(key)
    if code is None:
        code = compile_source(source, arch, defines, name=name)
        code_cache.write(key, code)
    return code


def _included_sources(source: str) -> dict[str, str]:
    """Read the files of the folder that a source includes, and those that they include."""
    found: dict[str, str] = {}
    waiting = [source]
    while waiting:
        for name in _INCLUDE.findall(waiting.pop()):
            if name not in found:
                found[name] = read_source(name)
                waiting.append(found[name])
    return dict(sorted(found.items()))
