# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Dataclasses as JSON and back without loss, checked against their annotations.

Known annotations: ``str``, ``int``, ``float``, ``bool``, ``Path``, ``Any``, enums (by their
values), ``X | None``, ``tuple[X, ...]``, ``tuple[X, Y]``, ``dict[str, X]``, dataclasses of these.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, MISSING
from enum import Enum
import json
import math
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, NoReturn, TypeVar

Record = TypeVar('Record')

_NAMES = {str: 'a text', int: 'a whole number', float: 'a number', bool: 'true or false'}
_TOO_DEEP = 'it is nested too deeply'
_NAMES |= {Path: 'a path', tuple: 'a list', dict: 'an object'}


def parse(text: str | bytes) -> Any:  # noqa: ANN401
    """
    Read JSON, without the NaN and Infinity that Python would take.

    :raises ValueError: it is no JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def to_record(kind: type[Record], value: object, place: str = '') -> Record:
    """
    Make a dataclass from what JSON holds.

    :param place: what comes before the field's name in messages.
    :raises ValueError: a field is missing, unknown, or has another type than annotated.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        _fail(place or 'it', 'an object', value)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if strangers := [str(name) for name in value if name not in known]:
        raise ValueError(f'{place}{strangers[0]} is no known field')
    required = (n for n, f in known.items() if f.default is f.default_factory is MISSING)
    if missing := [name for name in required if name not in value]:
        raise ValueError(f'{place}{missing[0]} is missing')
    hints = get_type_hints(kind)
    try:
        items = {name: check(hints[name], item, place + name) for name, item in value.items()}
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    return kind(**items)


def check_fields(record: object) -> None:
    """
    Check a new frozen dataclass; to be called from ``__post_init__``.

    Lists become tuples and whole numbers floats where the annotation says so, so that equal
    records are equal however they were made.

    :raises ValueError: a field has another type than annotated.
    """
    hints = get_type_hints(type(record))
    for field in fields(record):  # type: ignore[arg-type]
        value = check(hints[field.name], getattr(record, field.name), field.name)
        object.__setattr__(record, field.name, value)


def check(kind: Any, value: object, place: str) -> Any:  # noqa: ANN401
    """
    Return a value as its annotation wants it.

    :raises ValueError: it does not fit.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return _check_any(value, place)
    if is_dataclass(kind):
        return to_record(kind, value, f'{place}.')  # type: ignore[arg-type]
    if type(None) in arguments:
        return None if value is None else check(arguments[0], value, place)
    if origin is tuple:
        return _check_tuple(arguments, value, place)
    if origin is dict:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            _fail(place, _NAMES[dict], value)
        return {key: check(arguments[1], item, f'{place}.{key}') for key, item in value.items()}
    return _check_scalar(kind, value, place)


def to_plain(value: Any) -> Any:  # noqa: ANN401
    """Return the dictionaries, lists, texts and numbers that JSON knows."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def to_text(record: object) -> bytes:
    """Write a dataclass as UTF-8 JSON with one field a line, and one line an entry of those."""
    lines = [f'  {json.dumps(key)}: {_entry(item)}' for key, item in to_plain(record).items()]
    # A byte of a file name that is no UTF-8 is a lone surrogate here; its escape is JSON.
    return '\n'.join(['{', ',\n'.join(lines), '}', '']).encode('utf-8', 'backslashreplace')


def _entry(value: object) -> str:
    if isinstance(value, dict) and value:
        lines = [f'    {_line(key)}: {_line(item)}' for key, item in value.items()]
        return '{\n' + ',\n'.join(lines) + '\n  }'
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return '[\n' + ',\n'.join(f'    {_line(item)}' for item in value) + '\n  ]'
    return _line(value)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _check_tuple(arguments: tuple[Any, ...], value: object, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        _fail(place, _NAMES[tuple], value)
    kinds = [arguments[0]] * len(value) if arguments[-1] is ... else list(arguments)
    if len(kinds) != len(value):
        _fail(place, f'a list of {len(kinds)}', value)
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(check(kind, item, f'{place}[{index}]') for index, (kind, item) in pairs)


def _check_scalar(kind: type, value: object, place: str) -> Any:  # noqa: ANN401
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if issubclass(kind, Enum):
        return _check_enum(kind, value, place)
    # To Python true is a whole number; to JSON and to people it is not.
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (kind is not bool and isinstance(value, bool)):
        _fail(place, _NAMES[kind], value)
    if kind is not float:
        return value
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        _fail(place, 'a number', value)
    if not math.isfinite(number):
        _fail(place, 'a finite number', value)
    return number


def _check_enum(kind: type[Enum], value: object, place: str) -> Enum:
    for member in kind:
        if value is member or value == member.value:
            return member
    _fail(place, f'one of {", ".join(repr(member.value) for member in kind)}', value)


def _check_any(value: object, place: str) -> object:
    if isinstance(value, dict):
        return check(dict[str, Any], value, place)
    if isinstance(value, list | tuple):
        return [check(Any, item, f'{place}[{index}]') for index, item in enumerate(value)]
    if value is None or isinstance(value, str | int):
        return value
    return check(float, value, place)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is no number in JSON')


def _fail(place: str, expected: str, value: object) -> NoReturn:
    shown = repr(value)
    raise ValueError(
        f'{place.rstrip(".")} must be {expected}, but is '
        f'{shown if len(shown) <= 80 else shown[:80] + "…"}'
    )
