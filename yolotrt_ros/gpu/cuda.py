# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CUDA's own functions, and the one place where their return codes are read."""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple

from yolotrt_ros.core.errors import BackendError, CudaError

_OUT_OF_MEMORY = (
    'free memory (nvidia-smi shows who holds that of the GPU), or use a smaller batch or network'
)
_NO_DEVICE = (
    'check that nvidia-smi shows a GPU and that CUDA_VISIBLE_DEVICES does not hide it; a '
    'container needs --gpus all, on a Jetson --runtime nvidia'
)
_DRIVER = (
    'update the NVIDIA driver, or install the cuda-python whose version is not above that of the '
    'driver'
)
_BUSY = 'another process holds the GPU for itself; end it, or set its compute mode to default'
_SYSTEM = 'the driver or its services are starting or broken; restart the machine'
_LOST = (
    'the GPU cannot be used any more by this process; restart the process, and if the error comes '
    'back, reset the GPU or restart the machine'
)
_KERNEL = (
    'a kernel touched memory that is not its own, or never ended; the GPU cannot be used any more '
    'by this process: restart it, and run it under compute-sanitizer to find the kernel'
)
_FOREIGN_CODE = (
    'the kernel was compiled for another GPU or a newer driver; compile the plugin and build the '
    'engine again on this machine, or update the driver'
)
_RESOURCES = 'the kernel asks for more threads, registers or shared memory than this GPU has'
_CAPTURE = (
    'this work cannot be recorded into a CUDA graph; run it once before the recording, '
    'or without a graph'
)
_HINTS: dict[int, str] = {
    2: _OUT_OF_MEMORY,
    **dict.fromkeys((100, 101), _NO_DEVICE),
    **dict.fromkeys((34, 35, 36, 222, 803, 804), _DRIVER),
    46: _BUSY,
    **dict.fromkeys((3, 127, 802, 805, 806, 807, 999), _SYSTEM),
    **dict.fromkeys((214, 220, 226, 709, 721), _LOST),
    **dict.fromkeys((700, 702, 710, 714, 715, 716, 717, 718, 719), _KERNEL),
    **dict.fromkeys((98, 200, 209, 218), _FOREIGN_CODE),
    **dict.fromkeys((9, 701, 720), _RESOURCES),
    600: 'wait for the stream before asking for results',
    **dict.fromkeys(range(900, 909), _CAPTURE),
}


class Bindings(NamedTuple):
    """The three modules of cuda-python."""

    runtime: Any
    driver: Any
    nvrtc: Any


@functools.cache
def bindings() -> Bindings:
    """
    Import cuda-python, of CUDA 12 or 13.

    :raises BackendError: it is not installed.
    """
    # CUDA reads it once, when it starts. Loading kernels at their first use saves memory and time.
    os.environ.setdefault('CUDA_MODULE_LOADING', 'LAZY')
    try:
        from cuda.bindings import driver, nvrtc, runtime
    except ImportError:
        try:  # the names up to cuda-python 12.6.0
            from cuda import cuda as driver
            from cuda import cudart as runtime
            from cuda import nvrtc
        except ImportError as error:
            raise BackendError(
                f'the GPU needs cuda-python, which cannot be imported: {error}; install the one '
                'of your CUDA, `pip install "cuda-python==12.*"` or `"cuda-python==13.*"`'
            ) from error
    return Bindings(runtime, driver, nvrtc)


def check(result: tuple[Any, ...], doing: str = 'a call to CUDA') -> Any:  # noqa: ANN401
    """
    Return what a function of CUDA's runtime, driver or NVRTC gave, without its return code.

    :param result: the tuple that the function returned, its return code first.
    :param doing: what was asked for, the first words of the error.
    :returns: nothing, the only value, or a tuple of the values.
    :raises CudaError: the return code is not success.
    """
    status, *values = result
    if int(status) != 0:
        text = failure_text(status, doing)
        _forget_last_error(status)
        raise CudaError(text)
    if not values:
        return None
    return values[0] if len(values) == 1 else tuple(values)


def failure_text(status: Any, doing: str) -> str:  # noqa: ANN401
    """Say what a return code means and what to do about it."""
    code, is_nvrtc = int(status), _kind(status) == 'nvrtcResult'
    hint = '' if is_nvrtc else _HINTS.get(code, '')
    if hint is _DRIVER:
        hint = f'{hint} ({_versions()})'
    explanation = _explanation(status)
    said = f'{status.name} ({explanation})' if explanation else status.name
    return f'{doing} failed with {said}' + (f'; {hint}' if hint else '')


def _kind(status: Any) -> str:  # noqa: ANN401
    return type(status).__name__


def _explanation(status: Any) -> str:  # noqa: ANN401
    runtime, driver, nvrtc = bindings()
    ask = {'CUresult': driver.cuGetErrorString, 'nvrtcResult': nvrtc.nvrtcGetErrorString}.get(
        _kind(status), runtime.cudaGetErrorString
    )
    try:
        text = ask(status)[-1] or b''
    except RuntimeError:  # the driver's texts come from the driver, which may be missing
        return ''
    return str(text.decode())


def _versions() -> str:
    runtime = bindings().runtime
    try:
        supported = runtime.cudaDriverGetVersion()[-1] or 0
    except RuntimeError:
        supported = 0
    wanted = runtime.cudaRuntimeGetVersion()[-1] or 0
    driver = f'the driver is for CUDA {_dotted(supported)}' if supported else 'there is no driver'
    return f'{driver}, cuda-python for CUDA {_dotted(wanted)}'


def _dotted(version: int) -> str:
    """Turn CUDA's 12020 into 12.2."""
    return f'{version // 1000}.{version % 1000 // 10}'


def _forget_last_error(status: Any) -> None:  # noqa: ANN401
    # The runtime keeps the code for the next cudaGetLastError, which may be in foreign code.
    if _kind(status) == 'cudaError_t':
        bindings().runtime.cudaGetLastError()
