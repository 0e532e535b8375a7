# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Every parameter of the detector, declared once.

The node's ROS parameters, ``config/detector.yaml``, the README's table and the options of the
command line are all made from this dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass, Field, field, fields
import math
from typing import Any

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.selection import find_class_ids, find_class_thresholds, Selection

Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True)
class Parameter:
    """
    What people and the node need to know of a parameter beside its type and default.

    :param description: its meaning and unit, one sentence.
    :param minimum: lowest value, inclusive.
    :param maximum: highest value, inclusive.
    :param choices: the values allowed; empty allows all.
    :param dynamic: whether it can be changed while the detector runs.
    """

    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    dynamic: bool = False

    def reason_against(self, value: Value) -> str | None:
        """Say what is wrong with a value of the right type, or None."""
        if self.choices and value not in self.choices:
            return f'must be one of {", ".join(self.choices)}'
        if self.minimum is None or isinstance(value, str | tuple):
            return None
        maximum = math.inf if self.maximum is None else self.maximum
        if not self.minimum <= value <= maximum:
            bound = (
                f'at least {self.minimum:g}'
                if maximum == math.inf
                else (f'between {self.minimum:g} and {maximum:g}')
            )
            return f'must be {bound}'
        return None


def _parameter(default: Value, description: str, **facts: Any) -> Any:  # noqa: ANN401
    return field(default=default, metadata={'parameter': Parameter(description, **facts)})


@dataclass(frozen=True)
class DetectorConfig:
    """
    The parameters of the detector, validated.

    :raises ConfigError: a value is outside its range, or two values contradict each other.
    """

    # Network
    onnx_path: str = _parameter('', 'ONNX network to run with ONNX Runtime.')
    engine_path: str = _parameter('', 'TensorRT engine to run; goes before onnx_path.')
    backend: str = _parameter(
        'auto',
        'Runtime: auto takes TensorRT for an engine and ONNX Runtime for an ONNX network.',
        choices=('auto', 'tensorrt', 'onnxruntime'),
    )
    device: str = _parameter(
        'auto', 'GPU of the engine: an index, or auto for the one with the most free memory.'
    )
    plugin_path: str = _parameter(
        '', 'Compiled decode plugin; empty takes the one that was compiled for the engine.'
    )
    cuda_graph: bool = _parameter(
        True, 'Whether the work of the GPU on a frame is recorded once and launched as a whole.'
    )
    gpu_wait: str = _parameter(
        'spin',
        'How to wait for the GPU: spin answers fastest and keeps a core busy, block sleeps.',
        choices=('spin', 'block'),
    )
    copy_threads: int = _parameter(
        2, 'Threads that copy a frame into memory that the GPU reads.', minimum=1, maximum=16
    )
    network_width: int = _parameter(
        640,
        'Width in pixels of the input of a network that leaves it open.',
        minimum=32,
        maximum=8192,
    )
    network_height: int = _parameter(
        640,
        'Height in pixels of the input of a network that leaves it open.',
        minimum=32,
        maximum=8192,
    )
    max_batch: int = _parameter(
        4,
        'Frames of several cameras that share one run of the network, where it allows.',
        minimum=1,
        maximum=64,
    )
    num_threads: int = _parameter(
        0, 'Threads of ONNX Runtime; 0 takes one for each physical core.', minimum=0, maximum=256
    )
    anchors: tuple[float, ...] = _parameter(
        (),
        'Anchor widths and heights in pixels, finest level first, for raw heads without metadata.',
    )
    # Classes
    class_names: tuple[str, ...] = _parameter(
        (), 'Class names in the order of the ids; empty takes class_names_path or the metadata.'
    )
    class_names_path: str = _parameter('', 'Text file with one class name a line.')
    class_id_format: str = _parameter(
        'name', 'What class_id holds in the messages.', choices=('name', 'index')
    )
    # Cameras
    cameras: tuple[str, ...] = _parameter(
        (),
        'Camera names; each gives <name>/image and <name>/detections. Empty: one camera '
        'without a name.',
    )
    image_transport: str = _parameter(
        'raw',
        'Read image (sensor_msgs/Image) or image/compressed (CompressedImage).',
        choices=('raw', 'compressed'),
    )
    # Node
    autostart: bool = _parameter(True, 'Configure and activate on start, without a manager.')
    # Selection
    score_threshold: float = _parameter(
        0.25, 'Lowest score kept.', minimum=0.0, maximum=1.0, dynamic=True
    )
    iou_threshold: float = _parameter(
        0.45,
        'Overlap (intersection over union) above which the weaker box is dropped.',
        minimum=0.0,
        maximum=1.0,
        dynamic=True,
    )
    max_detections: int = _parameter(
        300,
        'Detections kept at most for an image, the best ones.',
        minimum=1,
        maximum=10000,
        dynamic=True,
    )
    class_agnostic_nms: bool = _parameter(
        False, 'Whether boxes of different classes suppress each other.', dynamic=True
    )
    class_filter: tuple[str, ...] = _parameter(
        (), 'Names or indices of the classes kept; empty keeps all.', dynamic=True
    )
    class_thresholds: tuple[str, ...] = _parameter(
        (),
        'Lowest score of single classes, such as person=0.4; the others have score_threshold.',
        dynamic=True,
    )

    def __post_init__(self) -> None:
        for name, parameter in PARAMETERS.items():
            value = getattr(self, name)
            if reason := parameter.reason_against(value):
                raise ConfigError(name, value, reason)
        if self.device != 'auto' and not self.device.isdecimal():
            raise ConfigError('device', self.device, 'must be the index of a GPU, or auto')
        if not all(camera.isascii() and camera.isidentifier() for camera in self.cameras):
            raise ConfigError(
                'cameras',
                list(self.cameras),
                'names may hold letters, digits and underscores only, and begin with no digit',
            )
        if len(set(self.cameras)) != len(self.cameras):
            raise ConfigError('cameras', list(self.cameras), 'each name may stand only once')
        if len(self.anchors) % 6:
            raise ConfigError(
                'anchors',
                list(self.anchors),
                'must hold width and height of three anchors for each level, a multiple of 6',
            )

    def selection(self, info: NetworkInfo) -> Selection:
        """
        Return the rules for a network.

        :raises ConfigError: a class is named that the network does not have, or a threshold
            asks for scores that the network itself drops.
        """
        selection = Selection(
            self.score_threshold,
            self.iou_threshold,
            self.max_detections,
            self.class_agnostic_nms,
            find_class_ids(self.class_filter, info.class_names),
            find_class_thresholds(self.class_thresholds, info.class_names),
        )
        if selection.score_floor < info.score_floor:
            is_general = selection.score_floor == self.score_threshold
            raise ConfigError(
                'score_threshold' if is_general else 'class_thresholds',
                self.score_threshold if is_general else list(self.class_thresholds),
                f'{info.model_path} itself drops scores below {info.score_floor:g}; raise the '
                'threshold, or build the engine again with '
                f'--score-threshold {selection.score_floor:g}',
            )
        return selection


def parameter_of(item: Field[Any]) -> Parameter:
    """Return the facts that a field of ``DetectorConfig`` carries."""
    parameter: Parameter = item.metadata['parameter']
    return parameter


PARAMETERS: dict[str, Parameter] = {
    item.name: parameter_of(item) for item in fields(DetectorConfig)
}
DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(DetectorConfig)}
