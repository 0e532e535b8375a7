# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare an engine with the ONNX network that it was built from, on pictures."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
import sys
import tempfile
from typing import Any

from tqdm import tqdm

from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import ModelError
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.pipeline import Pipeline
from yolotrt_ros.cpu.host_pipeline import HostPipeline, open_onnx
from yolotrt_ros.gpu.device import CudaDevice
from yolotrt_ros.tools.engine_network import prepare_network
from yolotrt_ros.tools.frames import frame_source
from yolotrt_ros.tools.synthetic_frames import synthetic_frames
from yolotrt_ros.tools.verification import SCORE_MARGIN, Verification, verify
from yolotrt_ros.trt.engine_session import EngineSession
from yolotrt_ros.trt.precision import Precision

NUM_SYNTHETIC = 16
SYNTHETIC_NOTE = (
    'not judged: gradients and noise show only whether the engine answers as the network does '
    'where it sees next to nothing; give pictures with --verify PATH'
)


@dataclass(frozen=True)
class EngineVerification:
    """
    The outcome of a comparison.

    :param figures: what was measured.
    :param reasons: why the engine is not as good as its precision lets expect; none if it is.
    :param pictures: where they came from, for people.
    :param is_judged: whether the pictures show enough to call the engine good.
    """

    figures: Verification
    reasons: tuple[str, ...]
    pictures: str
    is_judged: bool = True

    @property
    def is_as_expected(self) -> bool | None:
        """Whether the engine is as good as it should be; None where that cannot be told."""
        return False if self.reasons else (True if self.is_judged else None)

    def as_dict(self) -> dict[str, Any]:
        """Return it for the engine's card."""
        return {
            'pictures': self.pictures,
            'as_expected': self.is_as_expected,
            'reasons': list(self.reasons),
            **self.figures.as_dict(),
        }

    def text(self) -> str:
        """Format it for people."""
        verdict = [f'NOT AS EXPECTED: {reason}' for reason in self.reasons]
        verdict = verdict or ['as expected' if self.is_judged else SYNTHETIC_NOTE]
        return '\n'.join([f'verified with {self.pictures}', self.figures.table(), *verdict])


def check_pictures(options: Namespace) -> None:
    """
    Refuse before a long build pictures that cannot be read after it.

    :raises MediaError: the path holds no images, or cannot be opened.
    """
    if options.verify and not options.no_verify:
        frame_source(options.verify, count=options.verify_images)


def verify_engine(
    options: Namespace, device: CudaDevice, engine: Path, precision: Precision
) -> EngineVerification:
    """
    Run an engine and its network on the pictures of the command line, or on synthetic ones.

    :param options: where the pictures are, and how networks are to be read.
    :param device: the GPU to run the engine on.
    :raises EngineError: the engine does not run here.
    :raises MediaError: the pictures cannot be read.
    """
    session = EngineSession(engine, device=device, plugin_path=options.plugin)
    # Both run behind the same preparation and before the same selection, so that what differs
    # is the network alone.
    with closing(session), closing(open_reference(options)) as other:
        candidate = HostPipeline(session, _config(options, engine_path=str(engine)))
        source = options.verify or options.calibration
        if source is None:
            return verify_without_pictures(candidate, other)
        topic = None if options.verify else options.calibration_topic
        frames = frame_source(source, count=options.verify_images, topic=topic)
        figures = _compare(candidate, other, frames, DetectorConfig().score_threshold)
        reasons = tuple(figures.reasons_against(precision))
        return EngineVerification(figures, reasons, frames.description)


def open_reference(options: Namespace) -> Pipeline:
    """
    Load the network of the command line into ONNX Runtime.

    :raises ModelError: neither its own outputs nor its heads can be read.
    """
    try:
        return open_onnx(_config(options, onnx_path=str(options.model)))
    except ModelError:
        if options.no_plugin:
            raise
    # With heads named by hand the file's own outputs may be unreadable: take the cut network.
    network = prepare_network(options)
    with tempfile.TemporaryDirectory(prefix='yolotrt_ros') as folder:
        path = Path(folder, options.model.name)
        path.write_bytes(network.model_bytes(network.plain))
        return open_onnx(_config(options, onnx_path=str(path)))


def verify_without_pictures(candidate: Pipeline, reference: Pipeline) -> EngineVerification:
    """Compare two pipelines on synthetic pictures, which can prove an engine bad but not good."""
    # Next to nothing is found, so take it from as deep down as the engine lets through.
    frames = synthetic_frames(NUM_SYNTHETIC, candidate.info.network_wh)
    figures = _compare(candidate, reference, frames, candidate.info.score_floor)
    nonfinite = figures.num_nonfinite
    reasons = (f'{nonfinite} candidates are NaN or infinite',) if nonfinite else ()
    pictures = f'{NUM_SYNTHETIC} synthetic pictures'
    return EngineVerification(figures, reasons, pictures, is_judged=False)


def _compare(
    candidate: Pipeline,
    reference: Pipeline,
    frames: Iterable[ImageView],
    score_threshold: float,
) -> Verification:
    # Partners of objects at the threshold may score a little lower, and must not be cut off.
    lowest = candidate.info.score_floor + SCORE_MARGIN
    config = DetectorConfig(score_threshold=min(max(score_threshold, lowest), 1.0))
    candidate.warm_up()
    reference.warm_up()
    return verify(candidate, reference, _with_bar(frames), config.selection(candidate.info))


def _with_bar(frames: Iterable[ImageView]) -> Iterator[ImageView]:
    details = {'desc': 'verifying', 'unit': 'picture', 'leave': False, 'file': sys.stderr}
    yield from tqdm(frames, disable=None, **details)  # None: where it is no terminal


def _config(options: Namespace, **facts: Any) -> DetectorConfig:  # noqa: ANN401
    if options.size is not None:
        facts['network_width'], facts['network_height'] = options.size[1]
    return DetectorConfig(anchors=tuple(options.anchors), max_batch=1, **facts)
