# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping ROS to one machine."""

from __future__ import annotations

from collections.abc import Mapping


def local_discovery(environment: Mapping[str, str]) -> dict[str, str]:
    """
    Return an environment in which nodes meet those of this machine only.

    :param environment: of the process; what it chooses itself stays.
    """
    result = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST', **environment}
    # Humble knows only the older variable, and its successors warn about that one.
    if environment.get('ROS_DISTRO') == 'humble':
        result.setdefault('ROS_LOCALHOST_ONLY', '1')
    return result
