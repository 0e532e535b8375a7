# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS parameters of the detector, made from the dataclass that declares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from yolotrt_ros.core.config import DEFAULTS, DetectorConfig, PARAMETERS
from yolotrt_ros.core.parameter import Parameter

_ARRAY_TYPES = {
    name: RosParameter.Type.DOUBLE_ARRAY if name == 'anchors' else RosParameter.Type.STRING_ARRAY
    for name, default in DEFAULTS.items()
    if isinstance(default, tuple)
}


def declare_parameters(node: Node) -> None:
    """Declare every field of ``DetectorConfig`` with its default, range and meaning."""
    for name, parameter in PARAMETERS.items():
        default = DEFAULTS[name]
        descriptor = _descriptor(parameter, default)
        if name not in _ARRAY_TYPES:
            node.declare_parameter(name, default, descriptor)
            continue
        # rclpy takes an empty list for an array of bytes, so the type is given instead of the
        # default, and the default afterwards.
        declared = node.declare_parameter(name, _ARRAY_TYPES[name], descriptor)
        if declared.value is None:
            node.set_parameters([RosParameter(name, _ARRAY_TYPES[name], list(default))])


def warn_of_unknown_parameters(node: Node) -> None:
    """
    Name the values given for parameters that the node does not have.

    ROS passes over them, and a threshold that is misspelt in a file would be at its default
    without a word. To be called once everything is declared.
    """
    # rclpy has no other way to what was given; without it nothing is said.
    given: Iterable[str] = getattr(node, '_parameter_overrides', {})
    unknown = [
        _with_hint(name)
        for name in sorted(given)
        if not node.has_parameter(name) and not name.startswith('qos_overrides.')
    ]
    if unknown:
        names = ', '.join(unknown)
        node.get_logger().warning(f'the detector has no parameter {names}; ignoring the value')


def _with_hint(name: str) -> str:
    close = get_close_matches(name, PARAMETERS, 1)
    return f'{name} (did you mean {close[0]}?)' if close else name


def read_config(node: Node) -> DetectorConfig:
    """
    Read the declared parameters.

    :raises ConfigError: the values contradict each other.
    """
    return changed_config(DetectorConfig(), node.get_parameters(list(PARAMETERS)))


def changed_config(config: DetectorConfig, parameters: Iterable[RosParameter]) -> DetectorConfig:
    """
    Return the configuration with some parameters set; those of others are passed over.

    :raises ConfigError: a value is outside its range, or two values contradict each other.
    """
    changes = {item.name: _plain(item.value) for item in parameters if item.name in PARAMETERS}
    return replace(config, **changes)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Turn arrays into tuples; an empty string in an array stands for nothing (YAML's [''])."""
    if isinstance(value, bool | int | float | str):
        return value
    return tuple(item for item in value if item != '')


def _descriptor(parameter: Parameter, default: Any) -> ParameterDescriptor:  # noqa: ANN401
    descriptor = ParameterDescriptor(description=parameter.description)
    constraints = []
    if parameter.choices:
        constraints.append(f'one of {", ".join(parameter.choices)}')
    if parameter.at_start:
        constraints.append('fixed once the node runs')
    elif not parameter.dynamic:
        constraints.append('fixed while the detector is configured')
    descriptor.additional_constraints = '; '.join(constraints)
    if parameter.minimum is None or parameter.maximum is None:
        return descriptor
    if isinstance(default, int):
        bounds = IntegerRange(from_value=int(parameter.minimum), to_value=int(parameter.maximum))
        descriptor.integer_range = [bounds]
    else:
        limits = FloatingPointRange(from_value=parameter.minimum, to_value=parameter.maximum)
        descriptor.floating_point_range = [limits]
    return descriptor
