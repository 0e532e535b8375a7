# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The rooms of the package: which of them may know which, and what each may need.

``core`` is NumPy alone, only ``ros`` imports ROS, and heavy libraries are loaded by the functions
that use them, so that the package imports on a machine that lacks them.
"""

import ast
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

import yolotrt_ros

PACKAGE = Path(yolotrt_ros.__file__).parent

# What each room may import of the package; itself is understood.
MAY_IMPORT = {
    'core': set(),
    'cpu': {'core'},
    'gpu': {'core'},
    'trt': {'core', 'gpu'},
    'demo': {'core', 'cpu'},
    'assembly': {'core', 'cpu', 'gpu', 'trt'},
    'tools': {'core', 'cpu', 'gpu', 'trt', 'assembly', 'demo'},
    # Its nodes read, make and draw pictures, but get their pipeline from the assembly.
    'ros': {'core', 'assembly', 'demo'}
    | {
        f'cpu.{name}'
        for name in ('color', 'contact_sheet', 'draw', 'encode', 'media', 'message_images')
    }
    # Its player and its recorder read and write recordings as the offline commands do.
    | {'tools.bag_recording', 'tools.bag_writer'},
    '__init__': set(),
    '__main__': {'core'},  # the commands are imported when they are asked for
}
ROS = {
    'rclpy',
    'rcl_interfaces',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
    'vision_msgs',
    'diagnostic_msgs',
    'lifecycle_msgs',
    'builtin_interfaces',
    'geometry_msgs',
    'rosgraph_msgs',
    'ament_index_python',
    'cv_bridge',
    'launch',
    'launch_ros',
}
ACCELERATORS = {'tensorrt', 'cuda', 'cupy', 'torch', 'pycuda'}
HEAVY = ACCELERATORS | {
    'onnxruntime',
    'onnx',
    'matplotlib',
    'pycocotools',
    'rosbags',
    'polygraphy',
    'tqdm',
}
# What the import of each room must do without.
FORBIDDEN = {
    'core': ROS | HEAVY | {'cv2', 'yaml'},
    'cpu': ROS | HEAVY,
    'gpu': ROS | HEAVY,
    'trt': ROS | HEAVY,
    'demo': ROS | HEAVY,
    'assembly': ROS | HEAVY,
    'tools': ROS | HEAVY - {'tqdm'},
    '__init__': ROS | HEAVY | {'cv2', 'yaml', 'numpy'},
    '__main__': ROS | HEAVY | {'cv2', 'yaml', 'numpy'},
}


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix('').parts[0]


def files_of(room):
    return [path for path in sorted(PACKAGE.rglob('*.py')) if room_of(path) == room]


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imported_modules(path):
    """List the modules that a file imports anywhere, also within its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}:{node.lineno} imports relatively'
            # 'from yolotrt_ros import x' may name a module.
            is_package = node.module == PACKAGE.name
            ends = [f'.{alias.name}' for alias in node.names] if is_package else ['']
            yield from ((f'{node.module}{end}', node.lineno) for end in ends)


def is_allowed(module, room):
    inner = module.partition('.')[2]
    rooms = MAY_IMPORT[room] | {room}
    return any(inner == allowed or inner.startswith(f'{allowed}.') for allowed in rooms)


def test_every_room_has_its_rules():
    rooms = {room_of(path) for path in PACKAGE.rglob('*.py')}
    assert rooms == set(MAY_IMPORT)
    assert rooms - {'ros'} == set(FORBIDDEN)


@pytest.mark.parametrize('room', MAY_IMPORT)
def test_room_imports_only_the_rooms_it_may(room):
    strangers = [
        f'{path.relative_to(PACKAGE.parent)}:{line} imports {module}'
        for path in files_of(room)
        for module, line in imported_modules(path)
        if module.split('.')[0] == PACKAGE.name
        and module not in (PACKAGE.name, f'{PACKAGE.name}.__version__')
        and not is_allowed(module, room)
    ]
    assert strangers == []


@pytest.mark.parametrize('room', sorted(set(MAY_IMPORT) - {'ros'}))
def test_only_ros_names_ros(room):
    found = [
        f'{path.relative_to(PACKAGE.parent)}:{line} imports {module}'
        for path in files_of(room)
        for module, line in imported_modules(path)
        if module.split('.')[0] in ROS
    ]
    assert found == []


def test_core_names_only_numpy_and_the_standard_library():
    known = set(sys.stdlib_module_names) | {'numpy', 'typing_extensions', PACKAGE.name}
    found = {
        module
        for path in files_of('core')
        for module, _ in imported_modules(path)
        if module.split('.')[0] not in known
    }
    assert found == set()


def evaluated_nodes(node):
    """Walk through what Python evaluates: no annotations, which stay texts in each module."""
    for name, value in ast.iter_fields(node):
        if name in ('annotation', 'returns'):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from evaluated_nodes(child)


def parametrised_numpy_types(source):
    """List the lines that give parameters to a NumPy type while a program runs."""
    tree = ast.parse(source)
    are_texts = any(
        isinstance(node, ast.ImportFrom) and node.module == '__future__' for node in tree.body
    )
    return [
        node.lineno
        for node in (evaluated_nodes(tree) if are_texts else ast.walk(tree))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == 'np'
        and isinstance(getattr(np, node.value.attr), type)
    ]


@pytest.mark.parametrize('room', MAY_IMPORT)
def test_numpy_types_take_no_parameters_at_run_time(room):
    # Ubuntu 22.04 has NumPy 1.21, where they take none: such a module does not import there.
    found = [
        f'{path.relative_to(PACKAGE.parent)}:{line}'
        for path in files_of(room)
        for line in parametrised_numpy_types(path.read_text(encoding='utf-8'))
    ]
    assert found == []


@pytest.mark.parametrize(
    ('source', 'lines'),
    [
        ('A = NDArray[np.floating[Any]]', [1]),
        ('def f(a: np.dtype[Any]): ...', [1]),
        ('from __future__ import annotations\ndef f(a: np.dtype[Any]) -> np.dtype[Any]: ...', []),
        ('from __future__ import annotations\ndef f(a=np.dtype[Any]): ...', [2]),
        ("A = 'NDArray[np.floating[Any]]'\nB = np.r_[1, 2]", []),
    ],
)
def test_parameters_at_run_time_are_noticed(source, lines):
    assert parametrised_numpy_types(source) == lines


IMPORT_WITHOUT = """\
import importlib, sys
modules, absent = (argument.split(',') for argument in sys.argv[1:])
for name in absent:
    sys.modules[name] = None  # an import of it fails as if it were not installed
for name in modules:
    importlib.import_module(name)
    assert sys.modules[name].__name__ == name
"""


def import_without(modules, absent):
    """Import modules in a process of their own that lacks some libraries."""
    return subprocess.run(
        [sys.executable, '-c', IMPORT_WITHOUT, ','.join(modules), ','.join(sorted(absent))],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize('room', FORBIDDEN)
def test_room_imports_on_a_machine_without_what_it_must_not_need(room):
    modules = [module_of(path) for path in files_of(room)]
    assert modules
    child = import_without(modules, FORBIDDEN[room])
    assert child.returncode == 0, child.stderr


def test_missing_library_is_noticed_by_this_very_test():
    child = import_without(['yolotrt_ros.cpu.color'], {'cv2'})
    assert child.returncode != 0
    assert 'cv2' in child.stderr
