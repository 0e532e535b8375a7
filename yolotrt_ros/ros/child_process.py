# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A command run on behalf of the node: heard line by line, and stopped with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import os
import signal
from subprocess import DEVNULL, PIPE, Popen, STDOUT, TimeoutExpired
from threading import Thread
from time import sleep

POLL_S = 0.1
# How long the command may take to end after SIGINT, after a second one, and after SIGKILL.
PATIENCE_S = 5.0


class ChildProcess:
    """
    A command in a session of its own, so that Ctrl-C in a terminal reaches it through the node.

    :param command: program and arguments.
    :param say: called with each line that it prints, in another thread.
    """

    def __init__(self, command: Sequence[str], say: Callable[[str], None]) -> None:
        self._process = Popen(
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,
            env={**os.environ, 'PYTHONUNBUFFERED': '1'},
        )
        self._say = say
        self._listener = Thread(target=self._listen, name='child_output', daemon=True)
        self._listener.start()

    def wait(self, is_stopped: Callable[[], bool]) -> int | None:
        """
        Wait until the command ends.

        :param is_stopped: asked several times a second whether to end it now.
        :returns: its exit status, or None where it was stopped.
        """
        was_stopped = False
        try:
            while self._process.poll() is None and not (was_stopped := is_stopped()):
                sleep(POLL_S)
        finally:
            self._end()
        return None if was_stopped else self._process.returncode

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                if line.strip():
                    self._say(line.rstrip())

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            os.killpg(self._process.pid, number)  # its compilers as well
            try:
                self._process.wait(PATIENCE_S)
            except TimeoutExpired:
                continue
        self._listener.join(PATIENCE_S)
