# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What scripts/setup.sh says and refuses. None of these tests installs anything."""

import fcntl
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / 'scripts' / 'requirements.txt'
COMPILERS = re.compile(r'(.*-)?(cc|gcc|g\+\+|c\+\+|clang|clang\+\+|c89|c99)(-[\d.]+)?')

# Runs the interpreter's '-c CODE' after a preamble that changes what the code sees.
FAKE_PYTHON = """\
#!/bin/sh
exec '{python}' -c "
import os, platform, sys, sysconfig
platform.machine = lambda: 'x86_64'
platform.libc_ver = lambda: ('glibc', '2.35')
{preamble}
exec(sys.argv[2])
" "$@"
"""


@pytest.fixture
def tree(tmp_path):
    """Copy what setup.sh reads: a project without a .venv."""
    tree = tmp_path / 'project with spaces'
    shutil.copytree(ROOT / 'scripts', tree / 'scripts')
    shutil.copy(ROOT / 'package.xml', tree)
    return tree


def environment(**changes):
    # Nothing of the environment that the tests run in may decide how they end.
    return {'PATH': os.environ['PATH'], 'HOME': '/nowhere', 'PYTHON': sys.executable, **changes}


def run(tree, *arguments, **changes):
    return subprocess.run(
        [tree / 'scripts' / 'setup.sh', *arguments],
        cwd=tree,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


def fake_python(folder, preamble):
    path = folder / 'fake_python'
    path.write_text(FAKE_PYTHON.format(python=sys.executable, preamble=preamble))
    path.chmod(0o755)
    return str(path)


def sourced_ros(folder, *modules):
    """Make a ROS installation of empty modules, and the environment that sourcing it leaves."""
    index = folder / 'ros' / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / 'rclpy').touch()
    for module in modules:
        (folder / 'ros' / 'python' / module).mkdir(parents=True)
        (folder / 'ros' / 'python' / module / '__init__.py').touch()
    return {
        'AMENT_PREFIX_PATH': f'/some/workspace:{folder}/ros',
        'PYTHONPATH': f'{folder}/ros/python',
    }


def assert_refused(result, tree, *texts):
    assert result.returncode == 1, result
    for text in texts:
        assert text in result.stderr
    assert not (tree / '.venv').exists()


def test_help_names_every_option(tree):
    result = run(tree, '--help')

    assert result.returncode == 0
    for option in ('--force', '--quiet', '--help', 'PYTHON'):
        assert option in result.stdout


def test_unknown_option_is_refused_with_usage(tree):
    assert_refused(run(tree, '--froce'), tree, 'Usage:', "unknown option '--froce'")


@pytest.mark.parametrize(
    ('preamble', 'texts'),
    [
        ('sys.version_info = (3, 9, 18)', ['expected CPython 3.10 to 3.13', 'CPython 3.9']),
        ('sys.version_info = (3, 14, 0)', ['expected CPython 3.10 to 3.13', 'CPython 3.14']),
        ("platform.python_implementation = lambda: 'PyPy'", ['expected CPython', 'PyPy']),
        ('raise SystemExit(1)', ['does not run']),
        ("platform.machine = lambda: 'aarch64'", ['x86-64', 'aarch64', 'ROS 2']),
        ('sys.maxsize = 2**31 - 1', ['x86-64', '32 bit']),
        ("platform.libc_ver = lambda: ('', '')", ['glibc 2.28', 'not glibc']),
        ("platform.libc_ver = lambda: ('glibc', '2.17')", ['glibc 2.28', 'glibc 2.17']),
        ("sys.modules['ensurepip'] = None", ['sudo apt install', '-venv']),
        ("sysconfig.get_path = lambda _: '/nowhere'", ['sudo apt install', '-dev']),
    ],
)
def test_unsuitable_python_is_refused_with_reason(tree, tmp_path, preamble, texts):
    result = run(tree, PYTHON=fake_python(tmp_path, preamble))

    assert_refused(result, tree, *texts)


def test_missing_compiler_is_named_with_its_package(tree, tmp_path):
    tools = tmp_path / 'bin'
    tools.mkdir()
    for tool in Path('/usr/bin').iterdir():
        if not COMPILERS.fullmatch(tool.name):
            (tools / tool.name).symlink_to(tool)

    result = run(tree, PATH=str(tools), PYTHON=fake_python(tmp_path, ''))

    assert_refused(result, tree, 'C and C++ compiler', 'sudo apt install', 'g++')


def test_sourced_ros_needs_a_python_that_imports_rclpy(tree, tmp_path):
    result = run(tree, **sourced_ros(tmp_path))

    assert_refused(result, tree, 'imports rclpy', 'without rclpy', f'{tmp_path}/ros')


def test_packages_that_sourced_ros_lacks_are_named_with_the_command(tree, tmp_path):
    (tree / 'launch').mkdir()  # a folder of the project must not pass for the package of that name

    result = run(tree, **sourced_ros(tmp_path, 'rclpy', 'sensor_msgs'))

    assert_refused(result, tree, 'rosdep install --from-paths . --ignore-src -y')
    assert 'setup: vision_msgs does not import' in result.stderr
    assert 'setup: launch does not import' in result.stderr
    assert 'sensor_msgs does not' not in result.stderr


def test_a_virtual_environment_made_by_others_is_kept(tree):
    (tree / '.venv').mkdir()
    (tree / '.venv' / 'precious').touch()

    result = run(tree)

    assert result.returncode == 1
    assert '--force' in result.stderr
    assert (tree / '.venv' / 'precious').exists()


def test_virtual_environment_of_a_ros_that_is_not_sourced_is_kept(tree, tmp_path):
    stamp = tree / '.venv' / '.setup' / 'venv'
    stamp.parent.mkdir(parents=True)
    stamp.write_text(f'{tree}|{tmp_path}|3.12|/usr/bin/python3.12')

    result = run(tree)

    assert result.returncode == 1
    assert f'source {tmp_path}/setup.bash' in result.stderr
    assert stamp.exists()


def test_second_run_waits_for_the_first(tree):
    script = tree / 'scripts' / 'setup.sh'
    with script.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [script], env=environment(PYTHON='/nowhere'), stdout=subprocess.PIPE, text=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=0.5)
    output, _ = second.communicate(timeout=60)

    assert 'another run is at work' in output
    assert second.returncode == 1  # its turn came, and /nowhere is no Python


def requirements():
    lines = (line.split('#')[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize('requirement', requirements())
def test_requirement_is_pinned_exactly(requirement):
    assert re.fullmatch(r'[A-Za-z0-9-]+==\d+(\.\w+)+', requirement)


def test_every_requirement_is_named_once():
    names = [requirement.partition('==')[0].lower() for requirement in requirements()]

    assert sorted(set(names)) == sorted(names)


def test_parts_of_the_requirements_are_those_that_setup_reads():
    parts = re.findall(r'^# \[(\w+)\]', REQUIREMENTS.read_text(), flags=re.MULTILINE)

    assert parts == ['runtime', 'ros', 'messages', 'checks']
