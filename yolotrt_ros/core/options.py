# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line options made from the declared parameters."""

from __future__ import annotations

from argparse import _ArgumentGroup, ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from yolotrt_ros.core.config import DEFAULTS, DetectorConfig, PARAMETERS


def add_option(
    parser: ArgumentParser | _ArgumentGroup,
    name: str,
    default: Any,  # noqa: ANN401
    description: str,
    choices: Sequence[str] = (),
) -> None:
    """Add the option of one parameter: ``score_threshold`` becomes ``--score-threshold``."""
    facts: dict[str, Any] = {'help': description, 'default': None}
    if isinstance(default, bool):
        facts['action'] = BooleanOptionalAction
    elif isinstance(default, tuple):
        facts |= {'nargs': '+', 'type': float if name == 'anchors' else str, 'metavar': 'X'}
    else:
        facts |= {'type': type(default), 'choices': choices or None}
        facts['metavar'] = None if choices else name.split('_')[-1].upper()
        facts['help'] += f' Default: {default}.' if default != '' else ''
    parser.add_argument(f'--{name.replace("_", "-")}', **facts)


def add_parameter_options(parser: ArgumentParser, names: Iterable[str]) -> None:
    """Add an option for each parameter of the detector."""
    group = parser.add_argument_group('parameters')
    for name in names:
        parameter = PARAMETERS[name]
        add_option(group, name, DEFAULTS[name], parameter.description, parameter.choices)


def given_parameters(options: Namespace) -> dict[str, Any]:
    """Return the parameters that were given on the command line."""
    given = {name: getattr(options, name, None) for name in PARAMETERS}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }


def config_from_options(options: Namespace, **fixed: Any) -> DetectorConfig:  # noqa: ANN401
    """
    Make a configuration from options and from values that the tool itself decides.

    :raises ConfigError: a value is outside its range.
    """
    return DetectorConfig(**(given_parameters(options) | fixed))
