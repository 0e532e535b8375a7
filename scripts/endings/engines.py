# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Three forms of one YOLOv5 network, each built into an engine."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
import sys
from types import ModuleType

from scripts.endings.efficient_nms import (
    find_decoded,
    OP_TYPE,
    PLUGIN_VERSION,
    with_efficient_nms,
)
from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.errors import GraphError, PluginError
from yolotrt_ros.core.heads import Head, HeadLayout, PLUGIN_OUTPUTS
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.build_job import BuildJob
from yolotrt_ros.tools.engine_network import EngineNetwork, prepare_network
from yolotrt_ros.trt.build_options import choose_sizes
from yolotrt_ros.trt.compat import describe, plugin_creator
from yolotrt_ros.trt.logger import get_logger
from yolotrt_ros.trt.onnx_graph import OnnxGraph
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin


@dataclass(frozen=True)
class Ending:
    """A form of the network; ``layout`` is None where nothing is left to do behind it."""

    key: str
    title: str
    network: EngineNetwork
    layout: HeadLayout | None


def make_endings(build: Namespace, selection: Selection) -> list[Ending]:
    """
    Prepare the three networks.

    :param build: gets the batch, where the network leaves it open.
    :raises GraphError: the network is not YOLOv5 with its decoding.
    """
    exported = prepare_network(Namespace(**{**vars(build), 'no_plugin': True}))
    if exported.head is not Head.YOLOV5:
        raise GraphError(
            f'{build.model} must put out {Head.YOLOV5.value}, but has {exported.head.value}; '
            'export it with its decoding'
        )
    plugin = prepare_network(Namespace(**{**vars(build), 'no_plugin': False}))
    say(f'network   {plugin.report}')
    if exported.static_shape[0] is None:
        build.batch = (1, 1, 1)
    wh = choose_sizes(exported.static_wh, build.size, 1)[1]
    output = find_decoded(exported.model, wh)
    # Some exporters put out the heads as well, which nobody would download.
    decoded = OnnxGraph(exported.model).shorten([output.name])
    suppressed = with_efficient_nms(exported.model, output, selection)
    counted = HeadLayout(Head.PLUGIN, output.layout.num_classes, PLUGIN_OUTPUTS, ())
    return [
        Ending('plugin', 'our decode plugin', plugin, counted),
        Ending('decoded', 'as exported', replace(exported, model=decoded), output.layout),
        Ending('efficient_nms', 'EfficientNMS_TRT', replace(exported, model=suppressed), None),
    ]


def make_plans(
    trt: ModuleType,
    device: CudaDevice,
    endings: Sequence[Ending],
    build: Namespace,
    folder: Path | None,
) -> list[bytes]:
    """Load the plugins, then build each engine or read the one that was built before."""
    path = ensure_plugin(describe(trt), device.compute_capability, say=say)
    source_digest = load_plugin(path).source_digest
    trt.init_libnvinfer_plugins(get_logger(), '')
    if plugin_creator(trt, OP_TYPE, PLUGIN_VERSION) is None:
        raise PluginError(
            f'TensorRT {describe(trt)} does not register {OP_TYPE} version {PLUGIN_VERSION}; '
            'install the libnvinfer_plugin that belongs to it'
        )
    machine = f'{describe(trt)} {device.name} {device.compute_capability} {source_digest}'
    plans = []
    for number, ending in enumerate(endings, 1):
        say(f'ending    {number} of {len(endings)}: {ending.title}')
        job = BuildJob(trt, device, ending.network, build)
        plans.append(make_plan(job, folder and engine_path(folder, ending, job, machine)))
    return plans


def engine_path(folder: Path, ending: Ending, job: BuildJob, machine: str) -> Path:
    """Name an engine after all that it depends on."""
    digest = sha256(ending.network.model_bytes())
    digest.update(repr(replace(job.build_options, timing_cache=None)).encode())
    digest.update(machine.encode())
    name = f'{ending.network.path.stem}-{ending.key}-{job.precision.value}'
    return folder / f'{name}-{digest.hexdigest()[:16]}.engine'


def make_plan(job: BuildJob, path: Path | None) -> bytes:
    """Build an engine, unless the file is there; what is built is kept in it."""
    if path is not None and path.is_file():
        say(f'reusing   {path}')
        return path.read_bytes()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    built = job.run(say)
    say(f'built     in {built.seconds:.0f} s, {len(built.plan)} bytes')
    if path is not None:
        write_bytes(path, built.plan)
    return built.plan


def say(text: str) -> None:
    """Tell the user what takes the time."""
    print(text, file=sys.stderr, flush=True)
