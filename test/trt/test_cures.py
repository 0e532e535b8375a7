# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What to do about TensorRT's errors, found by their own words."""

import pytest

from yolotrt_ros.trt.cures import cure_for, explain


@pytest.mark.parametrize(
    ('line', 'cure'),
    [
        (
            'Unable to load library: libnvinfer_builder_resource.so.8.6.0: cannot open shared '
            'object file: No such file or directory',
            'builder resource library',
        ),
        (
            '2: [virtualMemoryBuffer.cpp::resizePhysical::140] Error Code 2: OutOfMemory '
            '(Requested size was 2147483648 bytes.)',
            'too little free memory',
        ),
        ('Error Code 1: Cuda Runtime (out of memory)', 'too little free memory'),
        (
            '10: Could not find any implementation for node {ForeignNode[a...b]} due to '
            'insufficient workspace. See verbose log for requested sizes.',
            'raise --workspace',
        ),
        (
            '10: [optimizer.cpp::computeCosts::3869] Error Code 10: Internal Error (Could not '
            'find any implementation for node /model.0/conv/Conv.)',
            'no kernel for this layer',
        ),
        (
            'Assertion failed: creator && "Plugin not found, are the plugin name, version, and '
            'namespace correct?"',
            'is not loaded: give its library with --plugin',
        ),
        (
            'IPluginRegistry::getCreator: Error Code 4: API Usage Error (Cannot find plugin: '
            'YoloLayer_TRT, version: 1, namespace:.)',
            'is not loaded: give its library with --plugin',
        ),
        ('YoloLayer: expected 3 inputs', 'refuses this network or is an old build'),
        ('CUDNN initialization failure with error: 1', '--tactic-sources EDGE_MASK_CONVOLUTIONS'),
        ('Could not initialize cublas. Please check CUDA installation.', '--tactic-sources'),
        (
            'Cuda Runtime (no kernel image is available for execution on the device)',
            'was not made for this GPU',
        ),
        ('Target GPU SM 120 is not supported by this TensorRT release.', 'not made for this GPU'),
        ('CUDA initialization failure with error: 35.', 'no usable NVIDIA GPU'),
        ('Calibration table does not match calibrator algorithm type.', 'delete it'),
        (
            'Calibration failure occurred with no scaling factors detected.',
            '--calibration-method entropy',
        ),
        (
            '4: [network.cpp::validate::3062] Error Code 4: Internal Error (Network has dynamic '
            'or shape inputs, but no optimization profile has been defined.)',
            'give --batch and --size',
        ),
        ('Networks with INT8 QuantizeLayer/DequantizeLayer layers', '--precision int8'),
        ('DLA cannot be initialized', 'leave --dla out'),
    ],
)
def test_known_errors_have_a_cure(line, cure):
    assert cure in cure_for(['something before it', line])


def test_unknown_errors_have_none():
    assert cure_for([]) is None
    assert cure_for(['Segmentation of the moon failed']) is None


def test_message_holds_what_failed_each_line_once_and_what_to_do():
    text = explain('TensorRT 8.6.0 built no engine', ['out of memory', 'and so on', 'and so on'])
    head, *said, cure = text.splitlines()
    assert head == 'TensorRT 8.6.0 built no engine; TensorRT said:'
    assert said == ['  out of memory', '  and so on']
    assert cure.startswith('What to do: the GPU has too little free memory')


def test_silence_is_told():
    text = explain('TensorRT 8.6.0 built no engine', [])
    assert '(nothing)' in text
    assert 'run it again with --verbose' in text
