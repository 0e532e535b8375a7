# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node in a process of its own: its log, its processor time, its memory, its end."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import resource
import signal
import subprocess
import sys
import time

from yolotrt_ros.core.discovery import local_discovery

ROOT = Path(__file__).resolve().parents[2]
STOP_TIMEOUT_S = 20.0
# As on a robot: the node's own advice.
_PROFILE = ROOT / 'config' / 'fastdds_large_images.xml'


def set_environment() -> None:
    """Set up DDS for this process and its children, where the user has not; before ROS starts."""
    os.environ.update(local_discovery(os.environ))
    os.environ.setdefault('FASTRTPS_DEFAULT_PROFILES_FILE', str(_PROFILE))


class NodeProcess:
    """
    ``python -m MODULE ARGUMENTS``, started at once.

    :param log: the file that takes what it prints.
    :param environment: variables beside those of this process.
    :param parameters: ROS parameters.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        namespace: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> None:
        ros_args = ['--ros-args', '-r', f'__ns:=/{namespace}']
        for name, value in parameters.items():
            ros_args += ['-p', f'{name}:={value}']
        self.namespace = namespace
        self._log = log
        paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
        with log.open('w', encoding='utf-8') as file:
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments, *ros_args],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {'PYTHONPATH': os.pathsep.join(paths)} | dict(environment or {}),
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding='utf-8')

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def cpu_s(self) -> float:
        """Return the processor time of all its threads, ended ones included, in seconds."""
        # The kernel's name for the clock of another process: see clock_getcpuclockid(3).
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def resident_bytes(self) -> int:
        """Return the memory that it holds, without pages that it shares with other processes."""
        fields = Path(f'/proc/{self._process.pid}/statm').read_text(encoding='ascii').split()
        return (int(fields[1]) - int(fields[2])) * resource.getpagesize()

    def stop(self) -> int:
        """Interrupt it and return its exit status."""
        if self.is_running:
            self._process.send_signal(signal.SIGINT)
            try:
                return self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()
