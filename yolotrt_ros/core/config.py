# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Every parameter of the detector, declared once.

The node's ROS parameters, ``config/detector.yaml``, the README's table and the options of the
command line are all made from this dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from yolotrt_ros.core.errors import ConfigError
from yolotrt_ros.core.parameter import Parameter, parameter, parameter_of
from yolotrt_ros.core.pipeline import NetworkInfo
from yolotrt_ros.core.rate_limit import find_max_rates, MAX_RATE_HZ
from yolotrt_ros.core.selection import find_class_ids, find_class_thresholds, Selection

SELECTION_PARAMETERS = (
    'score_threshold',
    'iou_threshold',
    'max_detections',
    'class_agnostic_nms',
    'class_filter',
    'class_thresholds',
    'min_box_size',
)
"""Those that choose among what a network puts out."""


@dataclass(frozen=True)
class DetectorConfig:
    """
    The parameters of the detector, validated.

    :raises ConfigError: a value is outside its range, or two values contradict each other.
    """

    # Network
    onnx_path: str = parameter('', 'ONNX network to run with ONNX Runtime.')
    engine_path: str = parameter('', 'TensorRT engine to run; goes before onnx_path.')
    backend: str = parameter(
        'auto',
        'Runtime: auto takes TensorRT for an engine and ONNX Runtime for an ONNX network.',
        choices=('auto', 'tensorrt', 'onnxruntime'),
    )
    device: str = parameter(
        'auto', 'GPU of the engine: an index, or auto for the one with the most free memory.'
    )
    plugin_path: str = parameter(
        '', 'Compiled decode plugin; empty takes the one that was compiled for the engine.'
    )
    cuda_graph: bool = parameter(
        True, 'Whether the work of the GPU on a frame is recorded once and launched as a whole.'
    )
    gpu_wait: str = parameter(
        'spin',
        'How to wait for the GPU: spin answers fastest and keeps a core busy, block sleeps.',
        choices=('spin', 'block'),
    )
    copy_threads: int = parameter(
        0,
        'Threads that copy a frame into memory that the GPU reads; 0 takes one for each three '
        'processor cores, 6 at most.',
        minimum=0,
        maximum=16,
    )
    network_width: int = parameter(
        640,
        'Width in pixels of the input of a network that leaves it open.',
        minimum=32,
        maximum=8192,
    )
    network_height: int = parameter(
        640,
        'Height in pixels of the input of a network that leaves it open.',
        minimum=32,
        maximum=8192,
    )
    max_batch: int = parameter(
        4,
        'Frames of several cameras that share one run of the network, where it allows.',
        minimum=1,
        maximum=64,
    )
    num_threads: int = parameter(
        0, 'Threads of ONNX Runtime; 0 takes one for each physical core.', minimum=0, maximum=256
    )
    anchors: tuple[float, ...] = parameter(
        (),
        'Anchor widths and heights in pixels, finest level first, for raw heads without metadata.',
    )
    engine_policy: str = parameter(
        'require',
        'What to do where the file engine_path is missing: require refuses to start, '
        'build_if_missing builds it from onnx_path first, which takes minutes.',
        choices=('require', 'build_if_missing'),
    )
    build_options: str = parameter(
        '',
        'More options of build_engine for that, as on a command line, such as --precision int8 '
        '--calibration drive_bag; a network with an open batch needs --batch 1,1,4.',
    )
    # Classes
    class_names: tuple[str, ...] = parameter(
        (), 'Class names in the order of the ids; empty takes class_names_path or the metadata.'
    )
    class_names_path: str = parameter('', 'Text file with one class name a line.')
    class_id_format: str = parameter(
        'name', 'What class_id holds in the messages.', choices=('name', 'index')
    )
    # Cameras
    cameras: tuple[str, ...] = parameter(
        (),
        'Camera names; each gives <name>/image and <name>/detections. Empty: one camera '
        'without a name.',
    )
    image_transport: str = parameter(
        'raw',
        'Read image (sensor_msgs/Image) or image/compressed (CompressedImage).',
        choices=('raw', 'compressed'),
    )
    max_batch_wait: float = parameter(
        0.0,
        'Seconds that the first frame of a batch waits for frames of other cameras; 0 for none.',
        minimum=0.0,
        maximum=1.0,
    )
    max_rate: float = parameter(
        0.0,
        'Images a second that are processed of each camera at most; 0 for all.',
        minimum=0.0,
        maximum=MAX_RATE_HZ,
        dynamic=True,
    )
    camera_max_rates: tuple[str, ...] = parameter(
        (), 'The max_rate of single cameras, such as rear=5.', dynamic=True
    )
    max_frame_age: float = parameter(
        0.0,
        'Seconds since its stamp after which an image is dropped; 0 for no limit.',
        minimum=0.0,
        maximum=3600.0,
        dynamic=True,
    )
    image_timeout: float = parameter(
        3.0,
        'Seconds without an image of a camera after which the node warns; 0 for never.',
        minimum=0.0,
        maximum=3600.0,
        dynamic=True,
    )
    # Node
    enabled: bool = parameter(
        True, 'Whether images are processed; false pauses and keeps the network.', dynamic=True
    )
    autostart: bool = parameter(
        True, 'Configure and activate on start, without a manager.', at_start=True
    )
    executor: str = parameter(
        'single',
        'Executor of the callbacks: single (SingleThreadedExecutor), or events (EventsExecutor, '
        'which takes less time of the CPU) where rclpy has it.',
        choices=('single', 'events'),
        at_start=True,
    )
    # Selection
    score_threshold: float = parameter(
        0.25, 'Lowest score kept.', minimum=0.0, maximum=1.0, dynamic=True
    )
    iou_threshold: float = parameter(
        0.45,
        'Overlap (intersection over union) above which the weaker box is dropped.',
        minimum=0.0,
        maximum=1.0,
        dynamic=True,
    )
    max_detections: int = parameter(
        300,
        'Detections kept at most for an image, the best ones.',
        minimum=1,
        maximum=10000,
        dynamic=True,
    )
    class_agnostic_nms: bool = parameter(
        False, 'Whether boxes of different classes suppress each other.', dynamic=True
    )
    class_filter: tuple[str, ...] = parameter(
        (), 'Names or indices of the classes kept; empty keeps all.', dynamic=True
    )
    class_thresholds: tuple[str, ...] = parameter(
        (),
        'Lowest score of single classes, such as person=0.4; the others have score_threshold.',
        dynamic=True,
    )
    min_box_size: float = parameter(
        0.0,
        'Smallest width and height of a box kept, in pixels of the camera.',
        minimum=0.0,
        maximum=32768.0,
        dynamic=True,
    )

    def __post_init__(self) -> None:
        for name, facts in PARAMETERS.items():
            value = getattr(self, name)
            if reason := facts.reason_against(value):
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
        find_max_rates(self.max_rate, self.camera_max_rates, self.camera_names)
        if len(self.anchors) % 6:
            raise ConfigError(
                'anchors',
                list(self.anchors),
                'must hold width and height of three anchors for each level, a multiple of 6',
            )

    @property
    def camera_names(self) -> tuple[str, ...]:
        """The names of the cameras; the empty one for the only camera."""
        return self.cameras or ('',)

    @property
    def max_rates(self) -> dict[str, float]:
        """The highest rate of each camera, Hz; 0 for no limit."""
        return find_max_rates(self.max_rate, self.camera_max_rates, self.camera_names)

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
            self.min_box_size,
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


PARAMETERS: dict[str, Parameter] = {
    item.name: parameter_of(item) for item in fields(DetectorConfig)
}
DEFAULTS: dict[str, Any] = {item.name: item.default for item in fields(DetectorConfig)}
