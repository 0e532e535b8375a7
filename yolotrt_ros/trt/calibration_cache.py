# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The ranges that a calibration measured, kept in a file and used for what they were measured with.

TensorRT checks nothing but the name of the method: a table of another network, of other pictures
or of another preprocessing would be taken and would cost accuracy without a word. So a small JSON
file beside the table says what it belongs to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import hashlib
import logging
from pathlib import Path

from yolotrt_ros.core import atomic_write, typed_json
from yolotrt_ros.core.cache_folder import cache_folder

PREPROCESSING = 'letterbox 114, RGB, 1/255, version 1'
"""To be changed with every change of the tensor that a picture becomes."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CalibrationKey:
    """
    All that a calibration depends on.

    :param network: SHA-256 of the ONNX network that is built, in hexadecimal.
    :param data: digest of the batches: pictures, their choice, input size and batch size.
    :param method: how ranges become scales.
    :param preprocessing: how pictures become tensors.
    :param tensorrt: version that measures; others name and fuse tensors differently.
    """

    network: str
    data: str
    method: str
    preprocessing: str
    tensorrt: str

    def differences(self, other: CalibrationKey) -> list[str]:
        """Say in words in what the other key differs."""
        here, there = asdict(self), asdict(other)
        words = {
            'network': 'it was made for another network',
            'data': 'it was made with other pictures, another input size or another batch size',
            'method': f'it was made by the method {other.method}, not {self.method}',
            'preprocessing': f'its pictures were prepared otherwise ({other.preprocessing})',
            'tensorrt': f'it was made by TensorRT {other.tensorrt}, not {self.tensorrt}',
        }
        return [text for name, text in words.items() if here[name] != there[name]]

    @property
    def digest(self) -> str:
        """A short name of the whole key."""
        return hashlib.sha256('\0'.join(asdict(self).values()).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Label:
    """What the JSON file says: the key, and the SHA-256 of the table beside it."""

    key: CalibrationKey
    table_sha256: str


def cache_path(network_name: str, key: CalibrationKey) -> Path:
    """
    Return where a table is kept if the user names no place.

    :param network_name: for people who look into the folder.
    :raises BackendError: the cache folder cannot be made.
    """
    return cache_folder('calibration') / f'{network_name}-{key.method}-{key.digest}.cache'


class CalibrationCache:
    """
    One table in a file, and its label in ``<file>.json``.

    :param path: the table; in TensorRT's own format, which other tools read, too.
    :param key: what the table must have been made with.
    """

    def __init__(self, path: Path, key: CalibrationKey) -> None:
        self._path = path
        self._label_path = path.with_name(path.name + '.json')
        self._key = key

    def read(self) -> bytes | None:
        """Return the table if it fits; say in the log why one that is there does not."""
        try:
            table = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._refuse([f'it cannot be read: {error}'])
            return None
        if reasons := self._reasons_against(table):
            self._refuse(reasons)
            return None
        _logger.info('the calibration table %s is used; no picture is read', self._path)
        return table

    def write(self, table: bytes) -> None:
        """
        Keep a table.

        A reader between the two files, or after a crash there, finds a label that does not fit.

        :raises OSError: it cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        label = _Label(self._key, hashlib.sha256(table).hexdigest())
        atomic_write.write_bytes(self._path, table)
        atomic_write.write_bytes(self._label_path, typed_json.to_text(label))
        _logger.info('the calibration table is kept in %s', self._path)

    def _reasons_against(self, table: bytes) -> list[str]:
        try:
            label = typed_json.to_record(_Label, typed_json.parse(self._label_path.read_bytes()))
        except FileNotFoundError:
            return [f'{self._label_path.name}, which says what it was made with, is missing']
        except (OSError, ValueError) as error:
            return [f'{self._label_path.name}, which says what it was made with, is bad: {error}']
        if label.table_sha256 != hashlib.sha256(table).hexdigest():
            return ['it is not the table that its label was written for']
        return self._key.differences(label.key)

    def _refuse(self, reasons: list[str]) -> None:
        _logger.warning(
            'the calibration table %s is not used: %s; it will be measured anew and replaced',
            *(self._path, '; '.join(reasons)),
        )
