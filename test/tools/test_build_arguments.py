# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of ``build_engine``, and the line that builds the same engine again."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.tools.build_arguments import make_parser, parse
from yolotrt_ros.tools.rebuild_words import rebuild_words
from yolotrt_ros.trt.calibration import CalibrationMethod
from yolotrt_ros.trt.onnx_surgery import DEFAULT_SCORE_THRESHOLD
from yolotrt_ros.trt.precision import Precision

ANCHORS = [str(side) for side in range(10, 28)]


def test_defaults_leave_the_choice_to_network_and_machine():
    options = parse(['x.onnx'])
    assert options.model == Path('x.onnx')
    assert options.score_threshold == DEFAULT_SCORE_THRESHOLD
    assert options.sensitive_fp16
    assert options.calibration_images == 512
    undecided = ('output', 'precision', 'batch', 'size', 'workspace', 'optimization_level', 'dla')
    assert [getattr(options, name) for name in undecided] == [None] * len(undecided)


@pytest.mark.parametrize(
    ('words', 'name', 'value'),
    [
        ('--precision INT8', 'precision', Precision.INT8),
        ('--batch 2', 'batch', (2, 2, 2)),
        ('--batch 1,2,4', 'batch', (1, 2, 4)),
        ('--size 384x640', 'size', ((640, 384),) * 3),
        ('--size 320x320:384x640:640x960', 'size', ((320, 320), (640, 384), (960, 640))),
        ('--workspace 1.5GiB', 'workspace', 3 << 29),
        ('--optimization-level 0', 'optimization_level', 0),
        ('--timing-cache none', 'timing_cache', 'none'),
        ('--tactic-sources cublas,CUDNN', 'tactic_sources', ('CUBLAS', 'CUDNN')),
        ('--dla 1', 'dla', 1),
        ('--device 2', 'device', '2'),
        ('--no-plugin', 'no_plugin', True),
        ('--score-threshold 0.2', 'score_threshold', 0.2),
        ('--heads a b c', 'heads', ['a', 'b', 'c']),
        ('--strides 8 16 32', 'strides', [8, 16, 32]),
        ('--no-sensitive-fp16', 'sensitive_fp16', False),
        ('--fp16-input', 'fp16_input', True),
        ('--tf32', 'tf32', True),
        ('--calibration-method entropy', 'calibration_method', CalibrationMethod.ENTROPY),
        ('--calibration-order random', 'calibration_order', 'random'),
    ],
)  # fmt: skip
def test_options_are_read(words, name, value):
    assert getattr(parse(['x.onnx', *words.split()]), name) == value


def test_anchors_are_eighteen_numbers():
    assert parse(['x.onnx', '--anchors', *ANCHORS]).anchors == [float(side) for side in ANCHORS]


def test_calibration_means_int8():
    assert parse(['x.onnx', '--calibration', 'pictures']).precision is Precision.INT8


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        ('', 'the following arguments are required: model'),
        ('x.onnx --precision fp8', "'fp8' must be one of fp32, fp16, int8"),
        ('x.onnx --batch 4,2,1', r"'4,2,1' must be 1 or more, in the order min, opt, max"),
        ('x.onnx --size 640', "'640' must be HEIGHTxWIDTH such as 384x640"),
        ('x.onnx --workspace much', "'much' must be a size such as 512MiB or 2GiB"),
        ('x.onnx --optimization-level 6', 'invalid choice: 6'),
        ('x.onnx --dla -1', "'-1' must be a whole number, 0 or more"),
        ('x.onnx --dla one', "'one' must be a whole number, 0 or more"),
        ('x.onnx --verify-images 0', "'0' must be a whole number, 1 or more"),
        ('x.onnx --score-threshold 2', "'2' must be a number from 0 to 1"),
        ('x.onnx --anchors 1 2', 'expected 18 arguments'),
        ('x.onnx --plugin a.so --no-plugin', '--plugin and --no-plugin contradict each other'),
        ('x.onnx --precision fp16 --calibration p', '--calibration is for --precision int8'),
        ('x.onnx --verify p --no-verify', '--verify and --no-verify contradict each other'),
        ('x.onnx --verify-only e --no-verify', '--verify-only and --no-verify contradict'),
    ],
)
def test_wrong_calls_end_with_status_2_and_a_reason(words, text, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(words.split())
    assert stop.value.code == 2
    assert text in capsys.readouterr().err


def test_help_names_every_option_and_status(capsys):
    with pytest.raises(SystemExit) as stop:
        parse(['--help'])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert '  3    built, but' in text
    for action in make_parser()._actions:
        assert all(option in text for option in action.option_strings)


def test_rebuilding_needs_no_more_than_what_differs_from_the_defaults(tmp_path):
    words = rebuild_words(parse(['x.onnx', '--verbose', '--json']), tmp_path / 'x.engine')
    assert words == ('--output', str(tmp_path / 'x.engine'))


def test_paths_for_rebuilding_hold_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = parse(
        ['x.onnx', '--plugin', 'p.so', '--timing-cache', 't', '--calibration', 'pictures']
    )
    words = rebuild_words(options, Path('x.engine'))
    for name in ('p.so', 't', 'pictures', 'x.engine'):
        assert str(tmp_path / name) in words


OPTIONS = st.lists(
    st.sampled_from(
        [
            ['--precision', 'int8'],
            ['--batch', '1,2,4'],
            ['--size', '320x320:384x640:640x960'],
            ['--workspace', '512MiB'],
            ['--optimization-level', '0'],
            ['--timing-cache', 'none'],
            ['--tactic-sources', 'CUBLAS,CUDNN'],
            ['--dla', '0'],
            ['--device', '1'],
            ['--score-threshold', '0.125'],
            ['--heads', 'a/b', 'c', 'd'],
            ['--anchors', *ANCHORS],
            ['--strides', '8', '16', '32'],
            ['--no-sensitive-fp16'],
            ['--fp16-input'],
            ['--tf32'],
            ['--no-plugin'],
            ['--calibration', '/pictures'],
            ['--calibration-images', '100'],
            ['--calibration-order', 'random'],
            ['--calibration-seed', '7'],
            ['--calibration-method', 'entropy'],
            ['--no-verify'],
        ]
    ),
    unique_by=lambda words: words[0],
)


@given(OPTIONS)
def test_rebuild_words_are_read_as_the_same_options(chosen):
    options = parse(['/x.onnx', *(word for words in chosen for word in words)])
    options.output = Path('/x.engine')
    again = parse(['/x.onnx', *rebuild_words(options, options.output)])
    assert vars(again) == vars(options)
