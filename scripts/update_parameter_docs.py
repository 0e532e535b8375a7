#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write config/detector.yaml and the README's parameter table from the declared parameters."""

from __future__ import annotations

from pathlib import Path
import sys
from typing import Any

from yolotrt_ros.core.config import DEFAULTS, PARAMETERS
from yolotrt_ros.core.parameter import Parameter

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'config' / 'detector.yaml'
README = ROOT / 'README.md'
BEGIN, END = '<!-- parameters -->', '<!-- /parameters -->'


def yaml_text() -> str:
    """Return the parameter file: every parameter with its comment and default."""
    lines = [
        '# Every parameter of the detector, at its default.',
        '# Written by scripts/update_parameter_docs.py from yolotrt_ros/core/config.py.',
        '# (d): can be changed while the detector runs. (s): read at the start only. The others',
        '# take effect when it is configured.',
        '/**:',
        '  ros__parameters:',
    ]
    for name, parameter in PARAMETERS.items():
        mark = ' (d)' if parameter.dynamic else ' (s)' if parameter.at_start else ''
        lines += [
            f'    # {parameter.description}{_allowed(parameter)}{mark}',
            f'    {name}: {_yaml_value(DEFAULTS[name])}',
        ]
    return '\n'.join(lines) + '\n'


def table_text() -> str:
    """Return the README's table."""
    lines = ['| parameter | default | meaning | |', '|---|---|---|---|']
    for name, parameter in PARAMETERS.items():
        mark = 'dynamic' if parameter.dynamic else 'at start' if parameter.at_start else ''
        meaning = f'{parameter.description}{_allowed(parameter)}'
        lines.append(f'| `{name}` | `{_yaml_value(DEFAULTS[name])}` | {meaning} | {mark} |')
    return '\n'.join(lines)


def readme_text(readme: str) -> str:
    """Return the README with a fresh table between its marks."""
    head, rest = readme.split(BEGIN)
    _, tail = rest.split(END)
    return f'{head}{BEGIN}\n{table_text()}\n{END}{tail}'


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        return f' One of {", ".join(parameter.choices)}.'
    if parameter.minimum is not None and parameter.maximum is not None:
        return f' {parameter.minimum:g} to {parameter.maximum:g}.'
    return ''


def _yaml_value(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'"
    return '[]' if value == () else str(value)


def main() -> int:
    """Write both files."""
    CONFIG.write_text(yaml_text(), encoding='utf-8')
    README.write_text(readme_text(README.read_text(encoding='utf-8')), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
