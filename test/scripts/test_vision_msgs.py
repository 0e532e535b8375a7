# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Our message definitions against the vision_msgs that this machine has."""

import importlib
import json
from pathlib import Path
import re

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'
DEFINITIONS = SCRIPTS / 'interfaces' / 'vision_msgs' / 'msg'
IDL_NAMES = {'float32': 'float', 'float64': 'double'}

# The type hashes of the official vision_msgs 4.1.1. Equal hashes mean equal bytes on the wire.
TYPE_HASHES = {
    'BoundingBox2D': '008eacbb0cf8f26e83795547bed013eec3675485ef386ec056d80eaaf1c1ce2f',
    'BoundingBox2DArray': '2464e82838009386d371b523211c21c91d74d313fcdd6788223c531d621cf691',
    'BoundingBox3D': 'bbb73a65c163d7f9bb29009c7bde9f7faa576bd2d23299c4511d19230dab4698',
    'BoundingBox3DArray': 'a81938db9576b10c2eecd7c5a5da3eac496efd00221b25ed051dfbc81fb56da6',
    'Classification': 'f74db28d0eaef3afb78f48bf2161cd709a1383a0309d3454383b25be11345143',
    'Detection2D': '0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea',
    'Detection2DArray': '214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968',
    'Detection3D': 'ddd703be132ab0b69d33121f1bb034132bfbb3b0ac5f9fb1516005ba1c8a265b',
    'Detection3DArray': '793f5eab9595ac1c0da07873cc859db42eae51f0ee76056db8562515d830e018',
    'LabelInfo': '3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783',
    'ObjectHypothesis': '51da43cec11c01957a64d1e05a24acd18aae7745ec30b74348ad5f6d634f7f90',
    'ObjectHypothesisWithPose': '41c12344c0396c48b81df12467c192d99b2a0eb1463c5c37194e4223251c80bc',
    'Point2D': 'eab0e83f44ab4de92ceaf76dd7d0e7638f2bdd1d16ffbe16c7a136c48e407247',
    'Pose2D': 'b0b5d1d7b4c20dd4fcde3ed1d4b289a919290572007d67a97043814db25d3648',
    'VisionClass': '1e4a11f0fed50b5623cb8ff26ca0e37952a48a9c074d16f804b44e9164c2037a',
    'VisionInfo': '95d3116a17484ad91c9a2686e1d54890bbfc3ff6c6a2de137738c4950d45d284',
}

names = pytest.mark.parametrize('name', TYPE_HASHES)


def defined_fields(name):
    """Read a definition into what get_fields_and_field_types() returns for it."""
    fields = {}
    for line in (DEFINITIONS / f'{name}.msg').read_text().splitlines():
        if match := re.match(r'([\w/]+)(\[\])? +(\w+)', line):
            base, is_sequence, field = match.groups()
            base = IDL_NAMES.get(base, base)
            fields[field] = f'sequence<{base}>' if is_sequence else base
    return fields


def test_definitions_are_those_of_vision_msgs():
    assert {path.stem for path in DEFINITIONS.glob('*.msg')} == set(TYPE_HASHES)


@names
def test_defined_fields_equal_the_installed_ones(name):
    message_type = getattr(pytest.importorskip('vision_msgs.msg'), name)

    assert list(defined_fields(name).items()) == list(
        message_type.get_fields_and_field_types().items()
    )


@names
def test_installed_message_has_the_official_type_hash(name):
    pytest.importorskip('vision_msgs.msg')
    prefixes = Path(importlib.import_module('vision_msgs').__file__).parents
    found = [prefix / 'share' / 'vision_msgs' / 'msg' / f'{name}.json' for prefix in prefixes]
    found = [path for path in found if path.exists()]
    if not found:
        pytest.skip('type hashes came with ROS 2 Iron; this vision_msgs is older')

    described = json.loads(found[0].read_text())['type_hashes']

    hashes = {message['type_name']: message['hash_string'] for message in described}
    assert hashes[f'vision_msgs/msg/{name}'] == f'RIHS01_{TYPE_HASHES[name]}'
