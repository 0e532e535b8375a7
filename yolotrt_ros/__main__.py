# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
``python -m yolotrt_ros COMMAND``: every job of the package by one name.

A command is imported when it is asked for, so each needs no more than its own libraries.
"""

from __future__ import annotations

from importlib import import_module
from io import TextIOWrapper
import os
import sys

from yolotrt_ros.core.errors import YolotrtError

COMMANDS = {
    'node': ('yolotrt_ros.ros.detector_node', 'run the detector node'),
    'camera': ('yolotrt_ros.ros.camera_node', 'publish pictures or a video as a camera does'),
    'listen': ('yolotrt_ros.ros.listener_node', 'report rate, latency and classes of detections'),
    'play': ('yolotrt_ros.ros.bag_player', 'publish a recording at its own pace'),
    'record': ('yolotrt_ros.ros.bag_recorder', 'record topics to a rosbag2 recording'),
    'report': ('yolotrt_ros.ros.report_node', 'hold detections against counts and a recording'),
    'detect': ('yolotrt_ros.tools.detect', 'find objects in pictures, folders and videos'),
    'replay': ('yolotrt_ros.tools.replay', 'run a recording through a network and compare'),
    'evaluate': ('yolotrt_ros.tools.evaluate', 'measure the accuracy on labelled pictures'),
    'compare': ('yolotrt_ros.tools.compare', 'compare networks and engines on labelled pictures'),
    'agree': ('yolotrt_ros.tools.layer_agreement', 'tell whether two networks compute the same'),
    'latency': ('yolotrt_ros.tools.latency_report', 'tell where the time of recorded frames went'),
    'prepare_onnx': ('yolotrt_ros.tools.prepare_onnx', 'end an ONNX network in the decode plugin'),
    'build_engine': ('yolotrt_ros.tools.build_engine', 'build and verify a TensorRT engine'),
    'demo': ('yolotrt_ros.tools.demo', 'camera, detector and listener as three processes'),
}

# 128 and the number of SIGPIPE, with which most programs end then.
READER_IS_GONE = 141


def usage() -> str:
    """Return the list of commands."""
    lines = [f'  {name:12s} {summary}' for name, (_, summary) in COMMANDS.items()]
    return '\n'.join(
        [
            'usage: python -m yolotrt_ros COMMAND [options]',
            '',
            *lines,
            '',
            'python -m yolotrt_ros COMMAND --help lists the options of a command',
        ]
    )


def main(args: list[str] | None = None) -> int:
    """
    Run a command.

    :returns: its exit status; 1 after an error that it explained, 2 after a wrong call, 130 after
        Ctrl-C, 141 where the reader of its output went away.
    :raises SystemExit: a wrong option (2), ``--help`` (0), SIGTERM (143) or SIGHUP (129).
    """
    args = sys.argv[1:] if args is None else args
    # Both fail: a file's name may be any bytes, and a terminal may know ASCII only. The second is
    # Python's choice where there is no locale, as in a service of systemd.
    may_fail = ('strict', 'surrogateescape')
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors in may_fail:
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        status = _run(args)
        _flush_output()
    except BrokenPipeError:
        _give_up_output()
        return READER_IS_GONE
    except OSError as error:
        _give_up_output()
        print(f'yolotrt_ros {" ".join(args[:1])}: {error}', file=sys.stderr)
        return 1
    return status


def _run(args: list[str]) -> int:
    if not args or args[0] in ('-h', '--help'):
        print(usage())
        return 0 if args else 2
    if args[0] not in COMMANDS:
        print(f'unknown command {args[0]!r}\n\n{usage()}', file=sys.stderr)
        return 2
    try:
        return _run_command(args[0], args[1:])
    except YolotrtError as error:
        print(f'yolotrt_ros {args[0]}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # also while modules are imported, which takes most of a start
        return 130


def _run_command(name: str, args: list[str]) -> int:
    try:
        command = import_module(COMMANDS[name][0])
    except ModuleNotFoundError as error:
        print(_missing_text(name, error), file=sys.stderr)
        return 1
    return int(command.main(args))


def _flush_output() -> None:
    if sys.stdout is not None:  # as it is where the output was closed
        sys.stdout.flush()


def _give_up_output() -> None:
    """Drop what waits for an output that takes no more; else Python would fail at its end."""
    try:
        _flush_output()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_engine() -> int:
    """Run ``ros2 run yolotrt_ros build_engine``."""
    return main(['build_engine', *sys.argv[1:]])


def _missing_text(command: str, error: ModuleNotFoundError) -> str:
    return (
        f'yolotrt_ros {command}: the Python module {error.name!r} is missing; source your ROS 2 '
        'installation (source /opt/ros/<distro>/setup.bash) and install the dependencies with '
        '`rosdep install --from-paths . --ignore-src`, or, on a machine without ROS, run '
        'scripts/setup.sh and use .venv/bin/python'
    )


if __name__ == '__main__':
    sys.exit(main())
