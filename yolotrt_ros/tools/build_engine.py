# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a TensorRT engine from an ONNX network, with the decode plugin, and verify it."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
import json
import logging
from pathlib import Path
import sys

from yolotrt_ros.gpu.device import CudaDevice, find_device
from yolotrt_ros.tools.build_arguments import parse
from yolotrt_ros.tools.build_job import BuildJob
from yolotrt_ros.tools.build_report import as_record, build_text
from yolotrt_ros.tools.engine_network import prepare_network
from yolotrt_ros.tools.engine_output import check_writable, output_path, write_engine
from yolotrt_ros.tools.engine_verification import (
    check_pictures,
    EngineVerification,
    verify_engine,
)
from yolotrt_ros.tools.interruptible import AbandonedError, leave
from yolotrt_ros.trt.compat import describe, import_tensorrt
from yolotrt_ros.trt.engine_card import card_path, EngineCard
from yolotrt_ros.trt.engine_file import file_sha256
from yolotrt_ros.trt.plugin_library import ensure_plugin, load_plugin, PluginInfo
from yolotrt_ros.trt.precision import Precision

EXIT_BELOW_EXPECTATION = 3
EXIT_INTERRUPTED = 130


def main(args: list[str]) -> int:
    """
    Run the command.

    :returns: 0, 3 where the engine is worse than its precision lets expect, or 130 at Ctrl-C.
    """
    options = parse(args)
    _show_log(options.verbose)
    try:
        return _verify_only(options) if options.verify_only else _build(options)
    except AbandonedError:
        leave(EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _build(options: Namespace) -> int:
    trt = import_tensorrt()
    device = find_device(options.device)
    _say(f'machine   TensorRT {describe(trt)}, GPU {device}')
    check_pictures(options)
    network = prepare_network(options)
    _say(f'network   {network.report}')
    job = BuildJob(trt, device, network, options)
    output = output_path(options.output, options.model, job.precision, device, describe(trt))
    check_writable(output, options.model)
    plugin = _load_plugin(job)
    built = job.run(_say)
    card = write_engine(output, job, plugin, built)
    _tell(options, build_text(output, card, built, with_layers=options.verbose))
    if options.no_verify:
        return _finish(options, output, card)
    try:
        return _verify(options, device, output, card)
    except BaseException:
        _say(f'{output} is written, but not verified')
        raise


def _verify_only(options: Namespace) -> int:
    engine: Path = options.verify_only
    card = EngineCard.read(engine) if card_path(engine).exists() else None
    model: Path = options.model
    if card is not None and model.is_file() and card.onnx_sha256 != file_sha256(model):
        _say(f'warning: by its card, {engine} was built from another file than {model}')
    return _verify(options, find_device(options.device), engine, card)


def _verify(options: Namespace, device: CudaDevice, engine: Path, card: EngineCard | None) -> int:
    """Verify an engine and keep the figures in its card, if it has one."""
    precision = card.precision if card else options.precision or Precision.FP16
    outcome = verify_engine(options, device, engine, precision)
    _tell(options, outcome.text())
    if card is not None:
        figures = {**card.figures, 'verification': outcome.as_dict()}
        card = replace(card, figures=figures)
        card.write(engine)
    return _finish(options, engine, card, outcome)


def _load_plugin(job: BuildJob) -> PluginInfo | None:
    if job.network.node is None:
        return None
    path = ensure_plugin(
        describe(job.trt),
        job.device.compute_capability,
        given=job.options.plugin,
        say=_say,
    )
    return load_plugin(path)


def _finish(
    options: Namespace,
    engine: Path,
    card: EngineCard | None,
    outcome: EngineVerification | None = None,
) -> int:
    """Print the one JSON object of ``--json``; returns the exit status."""
    if options.json:
        print(json.dumps(as_record(engine, card, outcome), indent=2))
    return EXIT_BELOW_EXPECTATION if outcome and outcome.reasons else 0


def _tell(options: Namespace, text: str) -> None:
    """Print a result, beside the JSON object where one is asked for."""
    print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def _show_log(verbose: bool) -> None:
    """Show warnings on standard error, or TensorRT's messages as well."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format='%(levelname)s %(name)s: %(message)s')


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
