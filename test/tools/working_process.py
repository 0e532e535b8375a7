# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that are at work when a signal reaches them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def working_processes(program: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """
    Give a function that starts a Python program and waits until it prints ``working``.

    What still runs behind the block is killed.
    """
    children = []

    def start(*args: object, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, '-c', program, *map(str, args)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        children.append(process)
        assert process.stdout.readline() == 'working\n'
        return process

    try:
        yield start
    finally:
        for process in children:
            process.kill()
            process.communicate()
