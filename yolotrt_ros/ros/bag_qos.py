# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of recorded topics: as played, as recorded, and as written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

DEFAULT_DEPTH = 10
# Of what is recorded nothing should be lost where the disk is busy for a moment.
RECORDING_DEPTH = 100


def playing_qos(profiles: Sequence[Any]) -> QoSProfile:
    """
    Offer what the recorded publishers offered.

    :param profiles: theirs, as rosbags reads them. Where they differ, or where the recording holds
        none, it is what satisfies every subscriber that does not ask for latched messages.
    """
    names = {
        policy: {getattr(profile, policy).name for profile in profiles}
        for policy in ('history', 'reliability', 'durability')
    }
    keeps_all = names['history'] == {'KEEP_ALL'}
    best_effort = names['reliability'] == {'BEST_EFFORT'}
    latched = names['durability'] == {'TRANSIENT_LOCAL'}
    return QoSProfile(
        history=HistoryPolicy.KEEP_ALL if keeps_all else HistoryPolicy.KEEP_LAST,
        depth=max([DEFAULT_DEPTH, *(profile.depth for profile in profiles)]),
        reliability=ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def recording_qos(offered: Sequence[QoSProfile]) -> QoSProfile:
    """Ask for the most that all these publishers give."""
    reliable = all(item.reliability == ReliabilityPolicy.RELIABLE for item in offered)
    latched = all(item.durability == DurabilityPolicy.TRANSIENT_LOCAL for item in offered)
    return QoSProfile(
        depth=RECORDING_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def written_qos(profile: QoSProfile) -> Any:  # noqa: ANN401 - rosbags need not be installed
    """Write the offer of a publisher down as rosbags wants it."""
    from rosbags import interfaces as bags

    unlimited = bags.QosTime(9223372036, 854775807)
    return bags.Qos(
        history=bags.QosHistory[profile.history.name],
        depth=profile.depth,
        reliability=bags.QosReliability[profile.reliability.name],
        durability=bags.QosDurability[profile.durability.name],
        deadline=unlimited,
        lifespan=unlimited,
        liveliness=bags.QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=unlimited,
        avoid_ros_namespace_conventions=False,
    )
