# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of the package as processes, started and stopped as people do it."""

from pathlib import Path
import re
import signal
import subprocess
import sys
import time

# A machine under load takes its time; a test that passes never waits this long.
TIMEOUT_S = 30.0


class LoggedProcess:
    """
    A process that prints into a file.

    :param log: the file.
    :param command: a program and its arguments.
    :param environment: its variables; None for those of the tests.
    """

    def __init__(
        self, log: Path, command: list[object], environment: dict[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open('w') as file:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_for_output(self, text: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.output:
            assert self.is_running, f'ended without {text!r}:\n{self.output}'
            assert time.monotonic() < deadline, f'no {text!r} in:\n{self.output}'
            time.sleep(0.02)

    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(timeout=TIMEOUT_S)

    def stop(self) -> int:
        """Interrupt it and return its exit status."""
        if self.is_running:
            self.send_signal(signal.SIGINT)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class NodeProcess(LoggedProcess):
    """
    ``python -m yolotrt_ros ARGS --ros-args -p NAME:=VALUE ...``.

    :param log: file for what it prints.
    :param namespace: the namespace of its node.
    :param parameters: ROS parameters.
    """

    def __init__(self, log: Path, *args: str, namespace: str = '', **parameters: object) -> None:
        ros_args = ['-r', f'__ns:=/{namespace}']
        for name, value in parameters.items():
            ros_args += ['-p', f'{name}:={value}']
        command = [sys.executable, '-m', 'yolotrt_ros', *args, '--ros-args', *ros_args]
        super().__init__(log, command)

    def final_counts(self) -> dict[str, int]:
        """
        Read what became of the images, as it is reported at the end.

        Not of those that nobody watched: the first may come before a subscription is known.
        """
        report = re.findall(r': (received \d.*)', self.output)[-1]
        counts = {outcome: int(number) for outcome, number in re.findall(r'(\w+) (\d+)', report)}
        unwatched = counts.pop('unwatched', 0)
        return counts | {name: counts[name] - unwatched for name in ('received', 'dropped')}


class ModuleProcess(LoggedProcess):
    """``python -m yolotrt_ros.ros.NAME ARGS``, such as ``bag_player``."""

    def __init__(self, log: Path, name: str, *args: object) -> None:
        super().__init__(log, [sys.executable, '-m', f'yolotrt_ros.ros.{name}', *args])
