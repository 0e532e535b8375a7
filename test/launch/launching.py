# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files that run in processes of their own."""

import os
from pathlib import Path
import signal
import sys

from test.ros.processes import LoggedProcess

REPOSITORY = Path(__file__).resolve().parents[2]
LAUNCH_FOLDER = REPOSITORY / 'launch'
SERVICE = Path(__file__).with_name('service.py')
# The executables that the launch files name, by the names that an installation gives them.
EXECUTABLES = ('detector_node', 'bag_player', 'bag_recorder', 'report_node')


class LaunchProcess(LoggedProcess):
    """
    A launch file that runs in a process of its own.

    :param arguments: launch arguments.
    """

    def __init__(self, log: Path, environment: dict[str, str], path: Path, **arguments: object):
        given = [f'{name}:={value}' for name, value in arguments.items()]
        super().__init__(log, [sys.executable, SERVICE, path, *given], environment)

    def stop(self) -> int:
        """Interrupt it, which ends its nodes too, and check that all went well."""
        status = super().stop()
        assert status == 0, self.output
        assert 'process has died' not in self.output, self.output
        return status

    def kill(self) -> None:
        """End what a failed test left behind; on another signal launch leaves its nodes alone."""
        if self.is_running:
            self.send_signal(signal.SIGINT)
            self.wait()


def installed_environment(prefix: Path) -> dict[str, str]:
    """Return an environment in which ROS finds the package: the files as they are here."""
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    share, executables = prefix / 'share' / 'yolotrt_ros', prefix / 'lib' / 'yolotrt_ros'
    for folder in (index, share, executables):
        folder.mkdir(parents=True)
    (index / 'yolotrt_ros').touch()
    for name in ('config', 'launch', 'package.xml'):
        (share / name).symlink_to(REPOSITORY / name)
    for name in EXECUTABLES:
        executable = executables / name
        executable.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m yolotrt_ros.ros.{name} "$@"\n'
        )
        executable.chmod(0o755)
    changes = {'AMENT_PREFIX_PATH': prefix, 'PYTHONPATH': REPOSITORY}
    return {
        **os.environ,
        **{
            name: os.pathsep.join([str(path), *filter(None, [os.environ.get(name)])])
            for name, path in changes.items()
        },
        'ROS_LOG_DIR': str(prefix / 'log'),
    }
