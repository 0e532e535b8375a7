# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""scripts/benchmark.py: its command line, its statistics, its tables. Nothing here is timed."""

import json
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip('tqdm', reason='tqdm is not installed: run scripts/setup.sh')

from scripts.benchmark import parse, SIZES
from scripts.frame_benchmark import names
from scripts.frame_benchmark.figures import Call, Case, Figure, figures_of
from scripts.frame_benchmark.host_ways import copying, detecting, HostWay
from scripts.frame_benchmark.message_ring import MessageRing, MIN_MESSAGES, Pictures
from scripts.frame_benchmark.peers import bgr_of
from scripts.frame_benchmark.plot import COPY, plot, REST, stage_shares, WHOLE
from scripts.frame_benchmark.rounds import BLOCK, measure_in_rounds, num_rounds, SETTLE
from scripts.frame_benchmark.tables import (
    detecting_names,
    gpu_table,
    host_cells,
    host_table,
    memory_table,
)
from test import networks
from test.gpu.frame_copies import OrdinaryMemory, recorded_copy
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.image import ImageView
from yolotrt_ros.core.selection import Selection
from yolotrt_ros.cpu.color import to_bgr
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.cpu.host_pipeline import open_onnx
from yolotrt_ros.cpu.media import MediaError, write_picture
from yolotrt_ros.demo import DECODED_MODEL

ROOT = Path(__file__).resolve().parents[2]


def benchmark(*arguments):
    return subprocess.run(
        [sys.executable, 'scripts/benchmark.py', *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding='utf-8',
        timeout=300,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
    )


@pytest.fixture
def case():
    """Return made-up figures of two frames a call: each is easy to check by hand."""
    times_ms = {
        names.ENGINE: 1.0,
        names.ENGINE_WAIT: 1.02,
        'upload': 0.2,
        'preprocess': 0.02,
        'network': 1.0,
        'suppression': 0.03,
        names.GRAPH: 1.26,
        COPY: 0.5,
    }
    figures = {name: Figure(time_ms, 2 * time_ms, 300) for name, time_ms in times_ms.items()}
    figures[WHOLE] = Figure(2.0, 2.5, 300, cpu_ms=1.5, objects=3.25)
    figures[names.PIPELINED] = Figure(1.25, 1.3, 12, cpu_ms=1.5, objects=3.0)
    figures[names.TUTORIAL] = Figure(8.0, 9.0, 300, cpu_ms=30.0, objects=3.0)
    return Case((1280, 720), 'bgr8', 2, figures)


def columns(line):
    return [cell.strip() for cell in line.strip('|').split('|')]


class TestCommandLine:
    def test_defaults_are_three_sizes_two_encodings_three_batches(self):
        options = parse(['net.engine'])
        assert options.sizes == SIZES
        assert options.encodings == ['bgr8', 'nv12']
        assert options.batches == [1, 4, 8]
        assert options.frames == 300
        assert options.source is None

    def test_lists_replace_the_defaults(self):
        options = parse(['net.engine', '--sizes', '64x48', '96x32', '--batches', '2'])
        assert options.sizes == [(64, 48), (96, 32)]
        assert options.batches == [2]

    @pytest.mark.parametrize(
        ('arguments', 'words'),
        [
            ([], 'required: engine'),
            (['e', '--sizes', '640'], "'640' must be even width and height, such as 1280x720"),
            (['e', '--sizes', '641x480'], "'641x480' must be even width and height"),
            (['e', '--sizes', '16x9000'], "'16x9000' must have sides of 32 to 8192 pixels"),
            (['e', '--batches', '0'], "'0' must be a whole number, 1 to 64"),
            (['e', '--batches', '65'], "'65' must be a whole number, 1 to 64"),
            (['e', '--frames', '1'], "'1' must be a whole number, 2 to 100000"),
            (['e', '--frames', 'many'], "'many' must be a whole number"),
            (['e', '--encodings', 'jpeg'], "invalid choice: 'jpeg'"),
            (['e', '--wait', 'sleep'], "invalid choice: 'sleep'"),
        ],
    )
    def test_wrong_argument_is_explained(self, arguments, words, capsys):
        with pytest.raises(SystemExit) as stopped:
            parse(arguments)
        assert stopped.value.code == 2
        assert words in capsys.readouterr().err

    def test_engine_that_cannot_run_ends_with_one_line(self, tmp_path):
        # Without a GPU this is what is missing; with one, the file is seen to be no engine.
        path = tmp_path / 'rubbish.engine'
        path.write_text('no engine')
        done = benchmark(path)
        assert done.returncode == 1
        assert done.stderr.startswith('benchmark: ')
        assert 'Traceback' not in done.stderr
        assert done.stdout == ''


class TestStatistics:
    def test_median_and_percentile_of_made_up_times(self):
        calls = [Call({'way': float(time)}, cpu_ms=2.0 * time, objects=1) for time in range(101)]
        (figure,) = figures_of(calls).values()
        assert figure == Figure(50.0, 99.0, 101, cpu_ms=100.0, objects=1.0)

    def test_objects_are_averaged_over_the_calls(self):
        calls = [Call({'way': 1.0}, objects=count) for count in (0, 1, 5)]
        assert figures_of(calls)['way'].objects == 2.0

    def test_each_stage_has_its_own_figure(self):
        found = figures_of([Call({'a': 1.0, 'b': 10.0}), Call({'a': 3.0, 'b': 30.0})])
        assert [found['a'].median_ms, found['b'].median_ms] == [2.0, 20.0]
        assert found['a'].cpu_ms is None
        assert found['a'].objects is None

    def test_frames_a_second_count_the_batch(self, case):
        assert case.frames_per_s(WHOLE) == 1000.0


class Counter:
    """A way that notes when it is called."""

    def __init__(self, name, log):
        self.name, self._log, self.calls = name, log, 0

    def measure(self, count):
        self._log.append((self.name, count))
        self.calls += count
        return [Call({self.name: float(self.calls)})] * count


class TestRounds:
    def test_ways_take_turns_in_blocks_after_calls_that_do_not_count(self):
        log, ticks = [], []
        ways = [Counter(name, log) for name in 'abc']
        found = measure_in_rounds(ways, 2 * BLOCK + 5, ticks.append)
        assert list(found) == ['a', 'b', 'c']
        assert {figure.calls for figure in found.values()} == {2 * BLOCK + 5}
        assert len(log) == 2 * len(ticks) == 2 * 3 * num_rounds(2 * BLOCK + 5)
        assert {count for _, count in log[::2]} == {SETTLE}
        counts = [count for _, count in log[1::2]]
        assert counts == [BLOCK] * 6 + [5] * 3
        for begin in range(0, len(ticks), 3):
            assert sorted(ticks[begin : begin + 3]) == ['a', 'b', 'c']

    def test_order_differs_from_round_to_round(self):
        ticks = []
        measure_in_rounds([Counter(name, []) for name in 'abcdef'], 20 * BLOCK, ticks.append)
        assert len({tuple(ticks[begin : begin + 6]) for begin in range(0, len(ticks), 6)}) > 10


class TestMessages:
    @pytest.mark.parametrize('batch', [1, 8])
    def test_no_message_comes_twice_in_a_row(self, batch):
        ring = MessageRing(Pictures(None, batch).of_size((32, 32)), 'bgr8')
        before, seen = set(), set()
        for _ in range(2 * MIN_MESSAGES):
            messages = {message.bytes.ctypes.data for message in ring.next(batch)}
            assert len(messages) == batch
            assert not messages & before
            before = messages
            seen |= messages
        assert len(seen) >= MIN_MESSAGES

    def test_noise_is_the_same_each_time_and_differs_from_message_to_message(self):
        first, again = (
            MessageRing(Pictures(None, 1).of_size((64, 32)), 'nv12').next(2) for _ in range(2)
        )
        assert first[0].data == again[0].data
        assert first[0].data != first[1].data
        assert len(first[0].data) == 64 * 32 * 3 // 2

    def test_pictures_are_brought_to_the_size(self, tmp_path):
        for level in (10, 200):
            write_picture(tmp_path / f'{level}.png', np.full((40, 50, 3), level, np.uint8))
        messages = MessageRing(Pictures(tmp_path, 1).of_size((64, 48)), 'bgr8').next(3)
        assert [message.view().source_wh for message in messages] == [(64, 48)] * 3
        assert [set(message.data) for message in messages] == [{10}, {200}, {10}]

    def test_same_image_can_be_viewed_in_other_memory(self, rng):
        picture = rng.integers(0, 256, (48, 64, 3), np.uint8)
        (message,) = MessageRing(iter([picture]), 'bgr8').next(1)
        np.testing.assert_array_equal(message.view().planes()[0], picture)
        view = message.view_in(message.bytes.copy())
        np.testing.assert_array_equal(view.planes()[0], picture)

    def test_absent_source_is_named(self, tmp_path):
        with pytest.raises(MediaError, match='absent does not exist'):
            Pictures(tmp_path / 'absent', 1)


class TestHostWays:
    def test_pipeline_is_run_from_the_bytes_of_messages(self):
        pipeline = open_onnx(DetectorConfig(onnx_path=str(DECODED_MODEL)))
        ring = MessageRing(Pictures(None, 1).of_size((64, 64)), 'bgr8')
        # A threshold of zero finds as many objects as there may be.
        way = HostWay('way', ring, 1, detecting(pipeline, Selection(0.0, 1.0, 7)))
        calls = way.measure(3)
        assert [call.objects for call in calls] == [7, 7, 7]
        assert all(set(call.times_ms) == {'way'} for call in calls)
        assert all(call.times_ms['way'] > 0 for call in calls)
        pipeline.close()

    def test_preparation_is_handed_on(self):
        ring = MessageRing(Pictures(None, 2).of_size((32, 32)), 'mono8')
        given = []
        way = HostWay('way', ring, 2, given.append, lambda messages: len(messages))
        assert way.measure(2)[0].objects is None
        assert given == [2, 2]

    def test_copy_alone_moves_every_byte(self):
        messages = MessageRing(Pictures(None, 2).of_size((64, 32)), 'bgr8').next(2)
        memories = [OrdinaryMemory(len(messages[0].data)) for _ in range(4)]
        with recorded_copy() as (copy, _):
            copying(copy, memories)(messages)
        for message, memory in zip(messages, memories, strict=False):
            assert memory.array.tobytes() == message.data.tobytes()

    @pytest.mark.parametrize('encoding', ['bgr8', 'rgb8', 'nv12'])
    def test_other_packages_get_bgr(self, encoding, rng):
        picture = np.repeat(np.repeat(rng.integers(0, 256, (8, 8, 3), np.uint8), 4, 0), 4, 1)
        view = encode(picture, encoding)
        np.testing.assert_array_equal(bgr_of(view), to_bgr(view))

    def test_bgr_is_not_copied(self):
        view = ImageView.from_array(np.zeros((8, 8, 3), np.uint8))
        assert np.shares_memory(bgr_of(view), view.data)


class TestTables:
    def test_stages_that_were_not_measured_have_no_column(self, case):
        lines = gpu_table([case]).splitlines()
        row = dict(zip(columns(lines[0]), columns(lines[2]), strict=True))
        assert 'decode' not in row
        assert row['frames'] == '1280x720 bgr8'
        assert row['batch'] == '2'
        assert row[names.ENGINE] == '1.000'
        assert row[names.GRAPH] == '1.260'
        assert row[COPY] == '0.500'

    def test_row_without_a_stage_has_a_dash(self, case):
        other = Case((64, 48), 'nv12', 1, {**case.figures, 'decode': Figure(0.125, 0.2, 10)})
        lines = gpu_table([case, other]).splitlines()
        column = columns(lines[0]).index('decode')
        assert [columns(line)[column] for line in lines[2:]] == ['-', '0.125']

    def test_whole_is_compared_with_engine_and_tutorial(self, case):
        assert host_cells(case, WHOLE) == [
            '2.000', '2.500', '+1.000', '0.250', '1000', '0.750', '3.2',
        ]  # fmt: skip

    def test_mean_of_a_block_has_no_percentile(self, case):
        assert host_cells(case, names.PIPELINED)[:3] == ['1.250', '-', '+0.250']

    def test_only_ways_that_find_objects_have_rows(self, case):
        assert detecting_names(case) == [WHOLE, names.PIPELINED, names.TUTORIAL]
        lines = host_table([case]).splitlines()
        assert [columns(line)[2] for line in lines[2:]] == detecting_names(case)

    def test_memory_is_in_megabytes(self):
        assert memory_table({'GPU, engine': 12_400_000}).splitlines()[2] == '| GPU, engine | 12 |'


class TestPlot:
    def test_shares_add_up_to_the_whole_of_a_frame(self, case):
        shares = stage_shares(case)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert shares[COPY] == 0.25
        assert shares[REST] == pytest.approx((2.0 - 0.5 - 1.25) / 2)

    def test_rest_is_never_negative(self, case):
        figures = {**case.figures, WHOLE: Figure(1.0, 1.0, 10, objects=1)}
        assert stage_shares(Case(case.size, case.encoding, 2, figures))[REST] == 0

    def test_file_is_written(self, case, tmp_path):
        pytest.importorskip('matplotlib', reason='matplotlib is not installed')
        plot([case, case], 'conditions', tmp_path / 'plot.png')
        assert (tmp_path / 'plot.png').read_bytes().startswith(b'\x89PNG')


@pytest.mark.tensorrt
def test_engine_is_measured_in_every_way(tensorrt_module, tmp_path, rng):
    from test.trt.engines import build_engine

    table = rng.random((252, 8), np.float32)
    table[:, :4] *= 64
    mask = np.zeros_like(table)
    mask[:, 4] = 0.1
    shape = ('batch', 3, 64, 64)
    onnx_path = networks.brightness_network(
        tmp_path / 'tiny.onnx', {'output0': (table, mask)}, input_shape=shape
    )
    engine_path = tmp_path / 'tiny.engine'
    shapes = [(size, 3, 64, 64) for size in (1, 2, 4)]
    engine_path.write_bytes(build_engine(tensorrt_module, onnx_path, shapes))
    figures, picture = tmp_path / 'figures.json', tmp_path / 'plot.png'
    kinds = ('--sizes', '64x48', '128x96', '--encodings', 'bgr8', 'nv12')
    counts = ('--batches', 1, 2, 8, '--frames', 3)
    done = benchmark(engine_path, *kinds, *counts, '--json', figures, '--plot', picture)
    assert done.returncode == 0, done.stderr
    assert 'cannot be recorded' not in done.stderr
    content = json.loads(figures.read_text())
    assert 'Batch 8 is left out: the engine takes 4 at most.' in content['notes']
    kinds = [(*case['size'], case['encoding'], case['batch']) for case in content['cases']]
    assert kinds == [
        (width, height, encoding, batch)
        for encoding in ('bgr8', 'nv12')
        for width, height in ((64, 48), (128, 96))
        for batch in (1, 2)
    ]
    stages = ['upload', 'preprocess', 'network', 'decode', 'suppression', 'download']
    detecting = [names.detect(1), names.detect(2), names.detect(4), names.TUTORIAL]
    for case in content['cases']:
        found = case['figures']
        assert [name for name in found if name in stages] == stages
        assert {names.ENGINE, names.ENGINE_WAIT, names.GRAPH, names.copy(4)} <= set(found)
        assert all(found[name]['objects'] > 0 for name in (*detecting, names.PIPELINED))
        assert (names.IN_PLACE in found) == (case['batch'] == 1)
        assert all(figure['median_ms'] >= 0 for figure in found.values())
    assert done.stdout.count('| --- |') > 2
    assert picture.read_bytes().startswith(b'\x89PNG')
