# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine file and its card: where they go, and what the card says."""

from __future__ import annotations

from datetime import datetime
import hashlib
from pathlib import Path
import shutil
import tempfile
from typing import Any

from yolotrt_ros.core.atomic_write import write_bytes
from yolotrt_ros.core.errors import BuildError, ConfigError
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.build_job import BuildJob
from yolotrt_ros.tools.rebuild_words import rebuild_words
from yolotrt_ros.trt.builder import BuiltPlan
from yolotrt_ros.trt.compat import describe
from yolotrt_ros.trt.engine_card import EngineCard, InputTensor, OutputTensor
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.layer_table import count_precisions, missing_precision
from yolotrt_ros.trt.plugin_library import PluginInfo
from yolotrt_ros.trt.precision import Precision


def output_path(
    given: Path | None,
    model: Path,
    precision: Precision,
    device: CudaDevice,
    tensorrt_version: str,
) -> Path:
    """Return the engine's file: the one given, or a name that tells where it runs."""
    if given is not None:
        return given
    architecture = 'sm{}{}'.format(*device.compute_capability)
    name = f'{model.stem}.{precision.value}.{architecture}.trt{tensorrt_version}.engine'
    return model.with_name(name)


def check_writable(output: Path, model: Path) -> None:
    """
    Refuse before a long build what could not be written after it.

    :raises ConfigError: the file cannot be written, or the disk has no room.
    """
    if output.resolve() == model.resolve():
        raise ConfigError('output', str(output), 'would overwrite the network')
    if output.exists() and not output.is_file():
        raise ConfigError('output', str(output), 'must be a file, but is something else')
    try:
        with tempfile.TemporaryFile(dir=output.resolve().parent):
            pass
        free_bytes = shutil.disk_usage(output.resolve().parent).free
    except OSError as error:
        raise ConfigError(
            'output', str(output), f'cannot be written: {error}; choose another place with -o'
        ) from error
    # An engine is about as large as its network, and is written beside an older one.
    needed_bytes = 2 * model.stat().st_size
    if free_bytes < needed_bytes:
        raise ConfigError(
            'output',
            str(output),
            f'its disk has {free_bytes >> 20} MiB free, but about {needed_bytes >> 20} MiB are '
            'needed; make room or choose another place with -o',
        )


def write_engine(
    output: Path, job: BuildJob, plugin: PluginInfo | None, built: BuiltPlan
) -> EngineCard:
    """
    Write an engine and its card, each whole or not at all.

    :raises BuildError: the engine cannot be written.
    :raises EngineError: the card cannot.
    """
    card = _card(output, job, plugin, built)
    try:
        write_bytes(output, built.plan)
    except OSError as error:
        raise BuildError(
            f'the engine is built, but {output} cannot be written: {error}; make room or choose '
            'another place with -o; with the timing cache the next build is fast'
        ) from error
    card.write(output)
    return card


def _card(output: Path, job: BuildJob, plugin: PluginInfo | None, built: BuiltPlan) -> EngineCard:
    network = job.network
    image = built.inputs[0]
    return EngineCard(
        onnx_path=network.path.resolve(),
        onnx_sha256=file_sha256(network.path),
        tensorrt_version=describe(job.trt),
        compute_capability=job.device.compute_capability,
        gpu_name=job.device.name,
        precision=job.precision,
        input=InputTensor(
            image.name, image.dtype.name, image.min_shape, image.opt_shape, image.max_shape
        ),
        outputs=tuple(OutputTensor(o.name, o.dtype.name, o.shape) for o in built.outputs),
        head=network.head.name,
        class_names=network.class_names,
        strides=network.strides,
        anchors=network.anchors,
        score_threshold=network.score_threshold,
        plugin_sha256=plugin.sha256 if plugin else None,
        plugin_source_digest=plugin.source_digest if plugin else None,
        plan_sha256=hashlib.sha256(built.plan).hexdigest(),
        flags=built.flags,
        build_options=rebuild_words(job.options, output),
        figures=_figures(job.precision, built),
        created=datetime.now().astimezone().isoformat(timespec='seconds'),
    )


def _figures(precision: Precision, built: BuiltPlan) -> dict[str, Any]:
    return {
        'build_seconds': round(built.seconds, 1),
        'plan_bytes': len(built.plan),
        'context_bytes': built.context_bytes,
        'layers_by_type': count_precisions(built.layers),
        'precision_warning': missing_precision(built.layers, precision),
    }
