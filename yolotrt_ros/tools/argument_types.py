# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of command-line values, which argparse refuses with a reason."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from enum import Enum
import math
from typing import TypeVar

from yolotrt_ros.core.errors import ConfigError

T = TypeVar('T')


def checked(parse_text: Callable[[str], T]) -> Callable[[str], T]:
    """Turn the ConfigError of a parser into the usage error of an option."""

    def check(text: str) -> T:
        try:
            return parse_text(text)
        except ConfigError as error:
            raise ArgumentTypeError(f'{text!r} {error.reason}') from error

    return check


def choice(kind: type[Enum]) -> Callable[[str], Enum]:
    """Take the value of a member of an enum, in any case of letters."""

    def choose(text: str) -> Enum:
        try:
            return kind(text.lower())
        except ValueError:
            known = ', '.join(str(item.value) for item in kind)
            raise ArgumentTypeError(f'{text!r} must be one of {known}') from None

    return choose


def names(text: str) -> tuple[str, ...]:
    """Take names in capitals, separated by commas."""
    return tuple(name.strip().upper() for name in text.split(',') if name.strip())


def index(text: str) -> int:
    """Take a whole number, 0 or more."""
    return _number(text, 0)


def count(text: str) -> int:
    """Take a whole number, 1 or more."""
    return _number(text, 1)


def probability(text: str) -> float:
    """Take a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f'{text!r} must be a number from 0 to 1')
    return value


def distance(text: str) -> float:
    """Take a number, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f'{text!r} must be a number, 0 or more')
    return value


def _number(text: str, minimum: int) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < minimum:
        raise ArgumentTypeError(f'{text!r} must be a whole number, {minimum} or more')
    return int(text)
