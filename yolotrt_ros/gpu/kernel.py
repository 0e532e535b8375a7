# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled kernels on the device, and their launch."""

from __future__ import annotations

from typing import Any
import weakref

from yolotrt_ros.core.errors import CudaError
from yolotrt_ros.gpu.cuda import bindings, check
from yolotrt_ros.gpu.kernel_args import KernelArgs
from yolotrt_ros.gpu.owner import Owner
from yolotrt_ros.gpu.release import release
from yolotrt_ros.gpu.session import CudaSession

_INVALID_VALUE = 1


class KernelModule(Owner):
    """
    Compiled code on the device.

    :param session: where it is loaded; its device is the thread's current one.
    :param code: machine code or PTX.
    :param name: what errors call it.
    """

    def __init__(self, session: CudaSession, code: bytes, name: str) -> None:
        self._name = name
        self._handle = check(bindings().driver.cuModuleLoadData(code), f'loading {name}')
        self._finalizer = weakref.finalize(self, _unload, session.device.index, self._handle, name)

    def kernel(self, name: str) -> Kernel:
        """
        Find a kernel.

        :raises CudaError: the module has none of that name, or is closed.
        """
        if not self.is_open:
            raise CudaError(f'the kernels of {self._name} are unloaded; load them again')
        function = check(
            bindings().driver.cuModuleGetFunction(self._handle, name.encode()),
            f'looking for the kernel {name} in {self._name}',
        )
        return Kernel(self, function, name)


class Kernel:
    """
    One function of a module.

    :ivar parameter_sizes: bytes of each parameter; None where the driver does not tell.
    """

    def __init__(self, module: KernelModule, function: Any, name: str) -> None:  # noqa: ANN401
        self._module = module  # must outlive its functions
        self._function = function
        self._name = name
        self._launch = bindings().driver.cuLaunchKernel
        self._checked: KernelArgs | None = None
        self.parameter_sizes = _parameter_sizes(function)

    def launch(
        self, grid: tuple[int, ...], block: tuple[int, ...], args: KernelArgs, stream: int
    ) -> None:
        """
        Enqueue the kernel.

        :param grid: number of blocks in x, y, z; the last ones may be left out.
        :param block: number of threads of a block, likewise.
        :raises ValueError: the arguments do not fit the kernel's parameters.
        """
        if args is not self._checked:
            self._check(args)
        check(
            self._launch(
                self._function,
                *(*grid, 1, 1)[:3],
                *(*block, 1, 1)[:3],
                0,  # bytes of dynamic shared memory
                stream,
                args.address,
                0,
            ),
            self._name,
        )

    def _check(self, args: KernelArgs) -> None:
        if self.parameter_sizes not in (None, args.sizes):
            raise ValueError(
                f'the kernel {self._name} takes parameters of {self.parameter_sizes} bytes, but '
                f'the arguments have {args.sizes}'
            )
        self._checked = args


def _parameter_sizes(function: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """Ask the driver, of CUDA 12.4 and later, what the function takes."""
    ask = getattr(bindings().driver, 'cuFuncGetParamInfo', None)
    if ask is None:
        return None
    sizes: list[int] = []
    while True:
        try:
            status, *info = ask(function, len(sizes))
        except RuntimeError:  # the function is in cuda-python, but not in the driver
            return None
        if int(status) != 0:  # behind the last parameter
            return tuple(sizes) if int(status) == _INVALID_VALUE else None
        sizes.append(int(info[1]))


def _unload(device_index: int, handle: object, name: str) -> None:
    runtime, driver, _ = bindings()
    runtime.cudaSetDevice(device_index)  # a module belongs to the context it was loaded in
    release(driver.cuModuleUnload(handle), f'the kernels of {name}')
