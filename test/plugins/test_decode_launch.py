# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launching the decode kernel: what it leaves alone, what it refuses, and CUDA graphs."""

from dataclasses import replace

import numpy as np
import pytest

from test.plugins.expectation import assert_is_definition, random_heads, with_special_values

pytestmark = pytest.mark.gpu

INVALID_VALUE = 1  # cudaErrorInvalidValue


def test_rows_behind_the_count_are_left_as_they_were(decode_gpu, rng):
    heads = random_heads(rng, (416, 320), 8, batch=3)
    num_detections, *outputs = decode_gpu(heads)
    for image, count in enumerate(num_detections[:, 0]):
        assert 0 < count < heads.num_candidates
        for output in outputs:
            assert np.all(output[image, count:].view(np.uint8) == 0xFF)


def test_counters_begin_at_zero_in_each_launch(device, decode_launch, rng):
    heads = random_heads(rng, (416, 320), 8, batch=2)
    with device.tensors(heads) as (inputs, outputs):
        params = heads.params(inputs.addresses, outputs.addresses)
        for _ in range(3):
            assert decode_launch(params, device.stream) == 0
        device.synchronize()
        assert_is_definition(outputs.download(), heads)


def test_large_batch(decode_gpu, rng):
    heads = with_special_values(random_heads(rng, (96, 64), 3, batch=300), rng)
    assert assert_is_definition(decode_gpu(heads), heads) > 0


@pytest.mark.parametrize('is_hwc8', [False, True], ids=['linear', 'hwc8'])
def test_image_beyond_what_31_bits_count_is_read(is_hwc8, device, decode_launch, rng):
    heads = random_heads(rng, (64, 64), 1000, dtype=np.float16, is_hwc8=is_hwc8)
    batch = 2**31 // heads.values[0].size + 2
    # Pages of zeros that nobody writes take no memory of the host.
    values = [np.zeros((batch, *head.shape[1:]), head.dtype) for head in heads.values]
    for many, one in zip(values, heads.values, strict=True):
        many[-1] = one[0]
    many = replace(heads, values=values)
    needed = 2**23 + sum(array.nbytes for array in (*values, *many.empty_outputs()))
    if device.free_bytes < needed:
        pytest.skip(f'needs {needed / 2**30:.1f} GiB of free GPU memory')
    with device.tensors(many) as (inputs, outputs):
        assert decode_launch(many.params(inputs.addresses, outputs.addresses), device.stream) == 0
        device.synchronize()
        found = outputs.download()
    assert not found[0][:-1].any()
    assert assert_is_definition([output[-1:] for output in found], heads) > 0


@pytest.mark.parametrize('batch', [0, -1, 65536])
def test_batch_beyond_a_grid_is_refused(batch, device, decode_launch, rng):
    heads = random_heads(rng, (96, 64), 3)
    with device.tensors(heads) as (inputs, outputs):
        params = heads.params(inputs.addresses, outputs.addresses)
        params.batch_size = batch
        assert decode_launch(params, device.stream) == INVALID_VALUE


@pytest.mark.parametrize('input_format', [-1, 3])
def test_unknown_format_is_refused(input_format, device, decode_launch, rng):
    heads = random_heads(rng, (96, 64), 3)
    with device.tensors(heads) as (inputs, outputs):
        params = heads.params(inputs.addresses, outputs.addresses)
        params.input_format = input_format
        assert decode_launch(params, device.stream) == INVALID_VALUE


def test_launch_is_captured_and_replayed_on_new_input(device, decode_launch, rng):
    heads = random_heads(rng, (416, 320), 8, batch=2)
    with device.tensors(heads) as (inputs, outputs):
        params = heads.params(inputs.addresses, outputs.addresses)

        def enqueue():
            assert decode_launch(params, device.stream) == 0

        enqueue()  # CUDA loads the kernel at its first launch, which a capture may not do
        device.synchronize()
        with device.graph(enqueue) as replay:
            for _ in range(3):
                heads = random_heads(rng, (416, 320), 8, batch=2)
                inputs.upload(heads.values)
                outputs.upload(heads.empty_outputs())
                replay()
                device.synchronize()
                assert assert_is_definition(outputs.download(), heads) > 0
