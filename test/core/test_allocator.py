# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether memory that was freed is kept, seen by the pages that the system must provide anew."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """\
import resource, sys, threading
from yolotrt_ros.core.allocator import keep_freed_memory
if sys.argv[1] == 'kept':
    assert keep_freed_memory()

def copy_images():
    # As on the way through the middleware: three copies, freed together.
    for index in range(60):
        if index == 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        copies = [bytearray(2_764_800) for _ in range(3)]
        del copies
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=copy_images)
thread.start()
thread.join()
"""


def new_pages(setting):
    child = subprocess.run(
        [sys.executable, '-c', PROGRAM, setting], capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 0, child.stderr
    return int(child.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs the allocator of glibc')
def test_memory_of_an_image_serves_the_next():
    assert new_pages('kept') < 100 < new_pages('as it comes')
