# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The card of an engine that does not exist, and the machine that it fits."""

from pathlib import Path

from yolotrt_ros.trt.engine_card import InputTensor, OutputTensor
from yolotrt_ros.trt.machine import Machine
from yolotrt_ros.trt.precision import Precision

MACHINE = Machine('10.3.0', (8, 7), 'Orin', 'd' * 64)
FACTS = {
    'onnx_path': Path('/models/yolov5n.onnx'),
    'onnx_sha256': 'a' * 64,
    'tensorrt_version': '10.3.0',
    'compute_capability': (8, 7),
    'gpu_name': 'Orin',
    'precision': Precision.FP16,
    'input': InputTensor(
        'images', 'float32', (1, 3, 640, 640), (2, 3, 640, 640), (4, 3, 640, 640)
    ),
    'outputs': (
        OutputTensor('DecodeNumDetection', 'int32', (-1, 1)),
        OutputTensor('DecodeDetectionBoxes', 'float32', (-1, 25200, 4)),
    ),
    'head': 'YOLOV5',
    'class_names': ('person', 'Stoßstange'),
    'strides': (8, 16, 32),
    'anchors': (10, 13, 16, 30, 33, 23),
    'score_threshold': 0.01,
    'plugin_sha256': 'c' * 64,
    'plugin_source_digest': 'd' * 64,
    'plan_sha256': 'b' * 64,
    'flags': ('FP16',),
    'build_options': ('--precision', 'fp16', '--batch', '1,2,4'),
    'figures': {'build_seconds': 373.0, 'agreement': {'map50': 0.53}},
    'created': '2026-11-20T12:00:00+00:00',
}
