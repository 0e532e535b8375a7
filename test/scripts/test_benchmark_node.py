# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the node: its parts, and a short run of the whole."""

import json
import os
from pathlib import Path
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed: source ROS 2 or run scripts/setup.sh')

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from scripts.benchmark_node import keys, name_of, NODE, OBJECTS, parse, RAW_HOP
from scripts.frame_benchmark.figures import Figure
from scripts.node_benchmark.echo import serialised_header
from scripts.node_benchmark.image import SerialisedImage
from scripts.node_benchmark.process import NodeProcess
from scripts.node_benchmark.stand_in import MAX_DETECTIONS, StandInPipeline
from scripts.node_benchmark.tables import latency_table
from yolotrt_ros.core.header_stamp import read_stamp_ns
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection

ROOT = Path(__file__).resolve().parents[2]
SELECTION = Selection(0.25, 0.45, 300)


def frame(first_byte) -> ImageView:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, 0, 0] = first_byte
    return ImageView.from_array(pixels)


class TestStandIn:
    @pytest.mark.parametrize('count', [0, 1, 100, MAX_DETECTIONS])
    def test_answers_with_as_many_detections_as_the_image_asks_for(self, count):
        pipeline = StandInPipeline()
        assert [len(found) for found in pipeline.detect([frame(count), frame(3)], SELECTION)] == [
            count,
            3,
        ]

    def test_keeps_to_the_largest_number(self):
        (found,) = StandInPipeline().detect([frame(100)], Selection(0.25, 0.45, 7))
        assert len(found) == 7

    def test_a_call_takes_its_time_whatever_its_batch(self):
        pipeline = StandInPipeline(call_s=0.05)
        begin = time.perf_counter()
        pipeline.detect([frame(1)] * 4, SELECTION)
        elapsed_s = time.perf_counter() - begin
        assert elapsed_s >= 0.05
        assert pipeline.stage_times['inference'] >= 50

    def test_class_ids_have_names(self):
        pipeline = StandInPipeline()
        (found,) = pipeline.detect([frame(MAX_DETECTIONS)], SELECTION)
        assert set(found.class_ids.tolist()) == set(range(len(pipeline.info.class_names)))


class TestSerialisedImage:
    def test_is_read_by_rclpy_with_stamp_and_first_byte(self):
        image = SerialisedImage(64, 48)
        stamp_ns = 1_700_000_000_123_456_789
        serialised = image.with_stamp(stamp_ns, 42)
        message = deserialize_message(serialised, Image)
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == divmod(stamp_ns, 10**9)
        assert (message.width, message.height, message.encoding) == (64, 48, 'bgr8')
        assert message.data[0] == 42
        assert read_stamp_ns(serialised) == stamp_ns

    def test_messages_do_not_share_memory(self):
        image = SerialisedImage(64, 48)
        first = image.with_stamp(1, 0)
        image.with_stamp(2, 0)
        assert read_stamp_ns(first) == 1

    def test_echo_answers_with_the_header(self):
        serialised = SerialisedImage(64, 48).with_stamp(5 * 10**9 + 7, 0)
        assert read_stamp_ns(serialised_header(serialised)) == 5 * 10**9 + 7


class TestProcess:
    def test_processor_time_and_memory_are_those_of_the_child(self, tmp_path):
        process = NodeProcess(
            'scripts.node_benchmark.echo', 'raw', namespace='x', log=tmp_path / 'l'
        )
        try:
            deadline = time.monotonic() + 30
            while process.cpu_s() < 0.05 or process.resident_bytes() < 1 << 20:
                assert time.monotonic() < deadline, process.output
                time.sleep(0.02)
            assert process.cpu_s() <= time.monotonic()
        finally:
            process.stop()
        assert not process.is_running


class TestCommandLine:
    def test_every_kind_is_measured_with_every_number(self):
        found = keys(parse(['--detections', '0', '9']))
        assert found[0] == (RAW_HOP, 0)
        assert found[3:5] == [(NODE, 0), (NODE, 9)]
        assert found[-2:] == [(OBJECTS, 0), (OBJECTS, 9)]

    def test_a_number_that_a_byte_cannot_hold_is_refused(self, capsys):
        with pytest.raises(SystemExit):
            parse(['--detections', '256'])
        assert 'invalid choice' in capsys.readouterr().err


def test_table_compares_with_both_hops():
    figures = {
        'a': Figure(2.0, 3.0, 10, cpu_ms=1.0),
        'b': Figure(1.5, 2.0, 10, cpu_ms=0.5),
        'c': Figure(2.25, 9.0, 10, cpu_ms=1.25),
    }
    rows = [('raw hop', 0, 'a', 0), ('kept hop', 0, 'b', 0), ('node', 10, 'c', 3)]
    lines = latency_table(rows, figures, ('a', 'b')).splitlines()
    assert lines[2] == '| raw hop | - | 2.000 | +0.000 | +0.500 | 3.000 | 1.000 | 0 |'
    assert lines[4] == '| node | 10 | 2.250 | +0.250 | +0.750 | 9.000 | 1.250 | 3 |'


@pytest.mark.ros
@pytest.mark.slow
def test_every_way_is_measured(tmp_path):
    figures = tmp_path / 'figures.json'
    done = subprocess.run(
        [
            *(sys.executable, 'scripts/benchmark_node.py', '--json', figures),
            *('--frames', '5', '--rate', '50', '--width', '320', '--height', '240'),
            *('--detections', '0', '10'),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding='utf-8',
        timeout=180,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    ways = json.loads(figures.read_text())['ways']
    assert [(way['kind'], way['detections']) for way in ways] == keys(
        parse(['--detections', '0', '10'])
    )
    assert name_of(*keys(parse([]))[0]) == 'raw hop, 0'
    for way in ways:
        assert 0 < way['median_ms'] <= way['p99_ms']
        assert way['cpu_ms'] > 0
        assert way['calls'] + way['lost'] >= 5
    assert done.stdout.count('| node |') == 2
