# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What to do about the errors that TensorRT logs, recognised by their words."""

from __future__ import annotations

from collections.abc import Sequence
import re

# The first pattern that any line matches counts, so the more particular come first.
CURES: tuple[tuple[str, str], ...] = (
    (
        r'builder_resource',
        'TensorRT cannot load its builder resource library, which only building needs: install '
        'the whole TensorRT package of the running version again (pip: tensorrt, apt: '
        'libnvinfer8, libnvinfer10 or libnvinfer11); newer packages hold one such library for '
        'each GPU architecture, and this GPU may need another',
    ),
    (
        r'insufficient workspace|requires workspace memory',
        'a layer needs more scratch memory: raise --workspace, such as --workspace 4GiB',
    ),
    (
        r'out of memory|OutOfMemory|insufficient memory|FAILED_ALLOCATION|MEM_ALLOC_FAILED',
        'the GPU has too little free memory: close what else uses it (nvidia-smi or tegrastats '
        'shows it), lower --workspace (such as 512MiB), the largest --batch or the largest --size',
    ),
    (
        r'(could not|cannot) find plugin|plugin not found|getPluginCreator could not find',
        'a plugin that the network names is not loaded: give its library with --plugin, or leave '
        '--plugin out and the decode plugin is compiled from the package',
    ),
    (
        r'YoloLayer|validateInputsOutputs|supportsFormatCombination|plugin.*(version|serial)',
        'the decode plugin refuses this network or is an old build: leave --plugin out and it is '
        'compiled anew from the package',
    ),
    (
        r'cudnn|cublas',
        'TensorRT cannot use cuDNN or cuBLAS of this machine: install the versions that it was '
        'made for, or do without them: --tactic-sources EDGE_MASK_CONVOLUTIONS,JIT_CONVOLUTIONS',
    ),
    (
        r'no kernel image|Target GPU SM|\bSM \S+ is not supported|unsupported SM',
        'this TensorRT was not made for this GPU: install a version that supports it',
    ),
    (
        r'CUDA initialization failure|no CUDA-capable device|cudaErrorNoDevice|'
        r'driver version is insufficient',
        'there is no usable NVIDIA GPU: check that nvidia-smi works here and that the driver is '
        'new enough for the CUDA that TensorRT uses (in a container: start it with --gpus all)',
    ),
    (
        r'Calibration table does not match|Could not parse the following line',
        'the calibration cache is damaged or of another method: delete it, or name another with '
        '--calibration-cache',
    ),
    (
        r'calibrat|dynamic range',
        'INT8 calibration failed: give representative pictures with --calibration, or try '
        '--calibration-method entropy',
    ),
    (r'INT8 QuantizeLayer|DequantizeLayer', 'the network is quantised: use --precision int8'),
    (
        r'optimization profile|dynamic or shape inputs',
        'the network leaves dimensions open: give --batch and --size',
    ),
    (r'\bDLA\b', 'a DLA cannot run this network as asked: leave --dla out'),
    (
        r'Could not find any implementation for node',
        'TensorRT has no kernel for this layer under these options: try another '
        '--optimization-level (such as 3), a larger --workspace, or --precision fp32',
    ),
)


def cure_for(lines: Sequence[str]) -> str | None:
    """Return what to do about an error, or None where its words are not known."""
    for pattern, cure in CURES:
        if any(re.search(pattern, line, re.IGNORECASE) for line in lines):
            return cure
    return None


def explain(what: str, lines: Sequence[str]) -> str:
    """
    Compose a message: what failed, what TensorRT said, what to do.

    :param what: such as ``TensorRT 8.6.0 built no engine``.
    :param lines: TensorRT's error lines, in order.
    """
    said = '\n'.join(f'  {line}' for line in dict.fromkeys(lines)) or '  (nothing)'
    cure = cure_for(lines) or "run it again with --verbose for TensorRT's whole log"
    return f'{what}; TensorRT said:\n{said}\nWhat to do: {cure}'
