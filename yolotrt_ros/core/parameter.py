# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What people and the node need to know of a parameter beside its type and default."""

from __future__ import annotations

from dataclasses import dataclass, Field, field
import math
from typing import Any

Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True)
class Parameter:
    """
    The facts of one parameter.

    :param description: its meaning and unit, one sentence.
    :param minimum: lowest value, inclusive.
    :param maximum: highest value, inclusive.
    :param choices: the values allowed; empty allows all.
    :param dynamic: whether it can be changed while the detector runs.
    :param at_start: whether it is read when the process starts and never again.
    """

    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    dynamic: bool = False
    at_start: bool = False

    def reason_against(self, value: Value) -> str | None:
        """Say what is wrong with a value of the right type, or None."""
        if self.choices and value not in self.choices:
            return f'must be one of {", ".join(self.choices)}'
        if self.minimum is None or isinstance(value, str | tuple):
            return None
        maximum = math.inf if self.maximum is None else self.maximum
        if not self.minimum <= value <= maximum:
            bound = (
                f'at least {self.minimum:g}'
                if maximum == math.inf
                else (f'between {self.minimum:g} and {maximum:g}')
            )
            return f'must be {bound}'
        return None


def parameter(default: Value, description: str, **facts: Any) -> Any:  # noqa: ANN401
    """Declare a parameter as a field of a dataclass."""
    return field(default=default, metadata={'parameter': Parameter(description, **facts)})


def parameter_of(item: Field[Any]) -> Parameter:
    """Return the facts that a field carries."""
    facts: Parameter = item.metadata['parameter']
    return facts
