# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written whole or not at all."""

import json
import os
from pathlib import Path
import stat
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
import pytest

from yolotrt_ros.core.atomic_write import write_bytes, write_text

WRITE_WITH_LITTLE_DISK = """\
import resource, signal, sys
from pathlib import Path
from yolotrt_ros.core.atomic_write import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), bytes(2000))
except OSError as error:
    print(type(error).__name__, error)
"""


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Give new files the permissions 0640."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@given(content=st.binary(max_size=2000))
def test_any_content_is_written(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / 'any'
    write_bytes(path, content)
    assert path.read_bytes() == content
    write_bytes(path, memoryview(content))
    assert path.read_bytes() == content


def test_text_is_utf8_and_keeps_its_line_ends(tmp_path):
    write_text(tmp_path / 'names', 'Stoßstange\r\n停止\n')
    assert (tmp_path / 'names').read_bytes() == 'Stoßstange\r\n停止\n'.encode()


def test_name_of_any_bytes_within_a_text_is_escaped_as_json_does(tmp_path):
    path = tmp_path / 'text'
    name = os.fsdecode(b'caf\xe9')
    write_text(path, json.dumps(name, ensure_ascii=False))
    assert json.loads(path.read_bytes()) == name


def test_nothing_but_the_file_remains(tmp_path):
    for content in (b'first', b'second'):
        write_bytes(tmp_path / 'file', content)
        assert names_in(tmp_path) == ['file']
    assert (tmp_path / 'file').read_bytes() == b'second'


def test_no_file_stays_open(tmp_path):
    before = names_in(Path('/proc/self/fd'))
    write_bytes(tmp_path / 'file', b'content')
    assert names_in(Path('/proc/self/fd')) == before


def test_content_is_on_the_disk_before_it_has_the_name_and_the_name_after_it(
    tmp_path, monkeypatch
):
    # Only a power cut would show it, so the calls are watched; they are made all the same.
    fsync, synced = os.fsync, []

    def watched(descriptor):
        fsync(descriptor)
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(('folder' if is_folder else 'file', (tmp_path / 'file').exists()))

    monkeypatch.setattr(os, 'fsync', watched)
    write_bytes(tmp_path / 'file', b'content')
    assert synced == [('file', False), ('folder', True)]


def test_reader_of_the_old_file_keeps_it(tmp_path):
    write_bytes(tmp_path / 'file', b'old')
    with (tmp_path / 'file').open('rb') as reader:
        write_bytes(tmp_path / 'file', b'new and longer')
        assert reader.read() == b'old'


def test_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path, umask):
    path = tmp_path / 'file'
    write_bytes(path, b'')
    assert permissions(path) == 0o640
    path.chmod(0o604)
    write_bytes(path, b'again')
    assert permissions(path) == 0o604


def test_link_is_written_through(tmp_path):
    (tmp_path / 'real').write_bytes(b'old')
    (tmp_path / 'link').symlink_to('real')
    write_bytes(tmp_path / 'link', b'new')
    assert (tmp_path / 'link').is_symlink()
    assert (tmp_path / 'real').read_bytes() == b'new'


def test_relative_path_is_written_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes(Path('file'), b'here')
    assert (tmp_path / 'file').read_bytes() == b'here'


def test_longest_name_that_the_file_system_takes_is_written(tmp_path):
    path = tmp_path / ('n' * 255)
    write_bytes(path, b'content')
    assert names_in(tmp_path) == [path.name]


def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    child = subprocess.run(
        [sys.executable, '-c', WRITE_WITH_LITTLE_DISK, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.stdout.startswith('OSError [Errno 27]'), child.stderr
    assert path.read_bytes() == b'old'
    assert names_in(tmp_path) == ['file']


def test_wrong_content_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / 'file').write_bytes(b'old')
    with pytest.raises(TypeError):
        write_bytes(tmp_path / 'file', 'text')
    assert names_in(tmp_path) == ['file']
    assert (tmp_path / 'file').read_bytes() == b'old'


def test_missing_folder_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_bytes(tmp_path / 'absent' / 'file', b'')
    assert names_in(tmp_path) == []


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'folder').mkdir()
    for name in ('pipe', 'folder'):
        with pytest.raises(OSError, match='Not a regular file'):
            write_bytes(tmp_path / name, b'')
    assert names_in(tmp_path) == ['folder', 'pipe']
