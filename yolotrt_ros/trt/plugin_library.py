# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The decode plugin ``YoloLayer_TRT`` as a library: compiled once, loaded once a process.

It has to be loaded before an ONNX network with its node is parsed and before an engine with it is
deserialised.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
import os
from pathlib import Path
from threading import Lock
from types import ModuleType

from yolotrt_ros.core.errors import PluginError
from yolotrt_ros.trt.compat import describe, import_tensorrt, plugin_creator
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.plugin_build import compile_plugin, Say
from yolotrt_ros.trt.plugin_cache import PluginCache, PluginKey
from yolotrt_ros.trt.plugin_file import check_library_file, DIGEST_SYMBOL, VERSION_SYMBOL
from yolotrt_ros.trt.plugin_source import plugin_folder, plugin_source_digest
from yolotrt_ros.trt.tensorrt_sdk import is_compatible, major_minor
from yolotrt_ros.trt.toolchain import find_nvcc, find_toolchain, nvcc_version

PLUGIN_NAME = 'YoloLayer_TRT'
PLUGIN_VERSION = '1'


@dataclass(frozen=True)
class PluginInfo:
    """
    The plugin library that a process has loaded.

    :param tensorrt_version: of the headers that it was compiled with.
    :param source_digest: of its sources; of the library itself where whoever compiled it gave
        none.
    :param sha256: of the library.
    """

    path: Path
    tensorrt_version: str
    source_digest: str
    sha256: str


_loaded: PluginInfo | None = None
_load_lock = Lock()


def ensure_plugin(
    tensorrt_version: str,
    compute_capability: tuple[int, int],
    *,
    given: Path | None = None,
    say: Say = print,
) -> Path:
    """
    Return the plugin library for a TensorRT and a GPU, compiled where it is not yet.

    Compiling takes up to a minute, once. A machine without a compiler uses what was compiled
    before, whatever CUDA did it.

    :param tensorrt_version: of the TensorRT that runs.
    :param compute_capability: (major, minor) of the GPU.
    :param given: a library that the user chose, which is taken as it is.
    :param say: tells the user what takes the time.
    :raises PluginError: something that compiling needs is missing, or it fails.
    :raises BackendError: the cache folder cannot be written to.
    """
    if given is not None:
        check_library_file(given, tensorrt_version)
        return given.resolve()
    nvcc = find_nvcc()
    key = PluginKey(
        tensorrt_version,
        compute_capability,
        nvcc_version(nvcc) if nvcc else None,
        plugin_source_digest(),
    )
    cache = PluginCache()
    return cache.find(key) or _compile(cache, key, say)


def load_plugin(path: Path) -> PluginInfo:
    """
    Load the plugin library into this process, where its creator registers itself.

    A library that is loaded already is not loaded again.

    :raises BackendError: TensorRT is not installed.
    :raises PluginError: it is not the decode plugin for the TensorRT that runs, or another plugin
        of the same name is registered.
    """
    global _loaded
    with _load_lock:
        trt = import_tensorrt()  # first: the library takes libnvinfer from this process
        check_library_file(path, describe(trt))
        sha256 = file_sha256(path)
        if _loaded is None:
            _check_name_is_free(trt, path)
            _loaded = _load(trt, path.resolve(), sha256)
        elif _loaded.sha256 != sha256:
            raise PluginError(
                f'plugin library {path} cannot be loaded: this process has loaded another one, '
                f'{_loaded.path}; use one plugin library for all engines of a process'
            )
        return _loaded


def _compile(cache: PluginCache, key: PluginKey, say: Say) -> Path:
    toolchain = find_toolchain(key.tensorrt_version)
    with cache.lock(key, say):
        # Another process may have done it while this one waited.
        if found := cache.find(key):
            return found
        with cache.new_folder(key) as folder:
            build = folder / 'build'
            build.mkdir()
            library = compile_plugin(
                plugin_folder(),
                build,
                toolchain,
                key.compute_capability,
                log=cache.log_path(key),
                say=say,
            )
            return cache.store(key, library, folder)


def _check_name_is_free(trt: ModuleType, path: Path) -> None:
    creator = plugin_creator(trt, PLUGIN_NAME, PLUGIN_VERSION)
    if creator is not None and not _is_in_process(path):
        raise PluginError(
            f'another plugin {PLUGIN_NAME} version {PLUGIN_VERSION} is registered in this process '
            'already, so the decode plugin cannot be; tensorrtx (wang-xinyu), tensorrt_demos '
            '(jkjung-avt) and yolov5_gpu_optimization (NVIDIA-AI-IOT) use that name too: do not '
            'load their libraries into the same process'
        )


def _is_in_process(path: Path) -> bool:
    """Whether this very library was loaded by other means, such as LD_PRELOAD."""
    try:
        ctypes.CDLL(str(path), os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError:
        return False
    return True


def _load(trt: ModuleType, path: Path, sha256: str) -> PluginInfo:
    try:
        library = ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
        version_of, digest_of = library[VERSION_SYMBOL], library[DIGEST_SYMBOL]
    except (OSError, AttributeError) as error:
        raise PluginError(
            f'plugin library {path} cannot be loaded: {error}; leave the choice of a library out '
            'to have it compiled for this machine'
        ) from error
    version_of.restype, digest_of.restype = ctypes.c_int32, ctypes.c_char_p
    major, rest = divmod(version_of(), 10000)
    info = PluginInfo(
        path, f'{major}.{rest // 100}.{rest % 100}', digest_of().decode() or sha256, sha256
    )
    running = describe(trt)
    if not is_compatible(major_minor(info.tensorrt_version), major_minor(running)):
        raise PluginError(
            f'plugin library {path} was compiled with TensorRT {info.tensorrt_version}, but '
            f'{running} is running; leave the choice of a library out to have it compiled for it'
        )
    if plugin_creator(trt, PLUGIN_NAME, PLUGIN_VERSION) is None:
        raise PluginError(
            f'plugin library {path} must register {PLUGIN_NAME} version {PLUGIN_VERSION}, but did '
            'not; compile it again from the sources of this package'
        )
    return info
