# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compile CUDA source at run time with NVRTC, which needs no GPU to do so."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
import logging
from pathlib import Path
from typing import Any

from yolotrt_ros.core.errors import BackendError, CudaError
from yolotrt_ros.gpu.cuda import bindings, check, failure_text

FOLDER = Path(__file__).with_name('kernels')
_NEEDED = 'compiling kernels needs NVRTC, a part of the CUDA toolkit'
_log = logging.getLogger(__name__)


def nvrtc_version() -> tuple[int, int]:
    """
    Return the major and minor version of NVRTC.

    :raises BackendError: it is not installed.
    """
    major, minor = check(_ask_nvrtc('nvrtcVersion'))
    return int(major), int(minor)


def supported_archs() -> tuple[int, ...]:
    """Return the compute capabilities that NVRTC compiles for, such as 87, in rising order."""
    return tuple(sorted(int(arch) for arch in check(_ask_nvrtc('nvrtcGetSupportedArchs'))))


def choose_arch(compute_capability: tuple[int, int]) -> str:
    """
    Return what to compile for a device.

    :returns: ``sm_87`` for machine code, or ``compute_80`` for code that the driver finishes,
        where this NVRTC does not know the device.
    :raises BackendError: the device is older than all that NVRTC knows.
    """
    wanted = 10 * compute_capability[0] + compute_capability[1]
    known = supported_archs()
    if wanted in known:
        return f'sm_{wanted}'
    older = [arch for arch in known if arch < wanted]
    if not older:
        major, minor = nvrtc_version()
        raise BackendError(
            f'NVRTC {major}.{minor} compiles for compute capability {known[0] / 10:.1f} and '
            f'above, but this GPU has {wanted / 10:.1f}; install an older CUDA toolkit and '
            'cuda-python'
        )
    return f'compute_{older[-1]}'


def compile_source(
    source: str,
    arch: str,
    defines: Mapping[str, str] | None = None,
    *,
    name: str = 'kernel.cu',
) -> bytes:
    """
    Compile CUDA C++.

    :param source: the text; kernels to be found by their name are ``extern "C"``. It may include
        the files of the folder ``kernels``.
    :param arch: ``sm_87`` for machine code, ``compute_87`` for PTX.
    :param defines: values of preprocessor names.
    :param name: what error messages call the source.
    :raises CudaError: NVRTC refuses the source; its log is in the text.
    :raises BackendError: NVRTC is missing.
    """
    nvrtc = bindings().nvrtc
    program = check(
        _ask_nvrtc('nvrtcCreateProgram', source.encode(), name.encode(), 0, [], []),
        f'compiling {name}',
    )
    try:
        given = [f'--gpu-architecture={arch}', '--std=c++17', '--generate-line-info']
        given += [f'-D{key}={value}' for key, value in (defines or {}).items()]
        given += [f'-I{FOLDER}']
        encoded = [option.encode() for option in given]
        # NVRTC of CUDA 12.2 leaves the C locale to its thread, where files and the output of
        # programs would be read as ASCII from then on.
        with ThreadPoolExecutor(1) as thread:
            compiled = thread.submit(nvrtc.nvrtcCompileProgram, program, len(encoded), encoded)
        [status] = compiled.result()
        log = _text(program, nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog)
        if int(status) != 0:
            text = failure_text(status, f'compiling {name} for {arch}')
            raise CudaError(f'{text}:\n{log}')
        if log:
            _log.warning('%s for %s: %s', name, arch, log)
        if arch.startswith('sm_'):
            return _bytes(program, nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN)
        return _bytes(program, nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _ask_nvrtc(function: str, *arguments: object) -> tuple[Any, ...]:
    major = bindings().runtime.cudaRuntimeGetVersion()[-1] // 1000
    package = 'nvidia-cuda-nvrtc' if major >= 13 else f'nvidia-cuda-nvrtc-cu{major}'
    try:
        result: tuple[Any, ...] = getattr(bindings().nvrtc, function)(*arguments)
    except RuntimeError as error:  # cuda-python loads the library at the first call
        raise BackendError(
            f'{_NEEDED} {major}, which cannot be loaded: {error}; `pip install {package}`, or put '
            'the lib64 folder of the CUDA toolkit into LD_LIBRARY_PATH'
        ) from error
    return result


def _bytes(program: Any, ask_size: Any, ask: Any) -> bytes:  # noqa: ANN401
    content = bytearray(check(ask_size(program)))
    check(ask(program, content))
    return bytes(content)


def _text(program: Any, ask_size: Any, ask: Any) -> str:  # noqa: ANN401
    return _bytes(program, ask_size, ask).rstrip(b'\0').decode(errors='replace').strip()
