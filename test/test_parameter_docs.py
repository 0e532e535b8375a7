# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters stand once in the code; the files made from them must not lag behind."""

from pathlib import Path
import runpy

import pytest
import yaml

from yolotrt_ros.core.config import DEFAULTS, PARAMETERS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='module')
def script():
    return runpy.run_path(str(ROOT / 'scripts' / 'update_parameter_docs.py'))


def test_the_parameter_file_is_up_to_date(script):
    text = (ROOT / 'config' / 'detector.yaml').read_text()
    assert text == script['yaml_text'](), 'run scripts/update_parameter_docs.py'


def test_the_readme_is_up_to_date(script):
    text = (ROOT / 'README.md').read_text()
    assert text == script['readme_text'](text), 'run scripts/update_parameter_docs.py'


def test_the_parameter_file_loads_to_the_defaults():
    content = yaml.safe_load((ROOT / 'config' / 'detector.yaml').read_text())
    values = content['/**']['ros__parameters']
    assert list(values) == list(PARAMETERS)
    for name, value in values.items():
        default = DEFAULTS[name]
        assert (tuple(value) if isinstance(value, list) else value) == default
        assert type(value) is (list if isinstance(default, tuple) else type(default))


def test_the_readme_names_every_topic_and_command():
    from yolotrt_ros.__main__ import COMMANDS

    text = (ROOT / 'README.md').read_text()
    for word in (*COMMANDS, 'label_info', '/diagnostics', 'image/compressed', 'detections'):
        assert word in text
