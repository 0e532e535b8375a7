# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One text for the topics of several cameras."""

from __future__ import annotations

from collections.abc import Sequence

from yolotrt_ros.core.errors import ConfigError

PLACEHOLDER = '{camera}'


def camera_names(text: str) -> list[str]:
    """Return the names in a list such as ``front,rear``."""
    return [name.strip() for name in text.split(',') if name.strip()]


def camera_topics(argument: str, text: str, cameras: Sequence[str]) -> dict[str, str]:
    """
    Return the topic of each camera.

    :param argument: what the text was given for, for people.
    :param text: a pattern such as ``/{camera}/image_raw``; or each topic, as in
        ``front=/a/image_raw,rear=/b/image_raw``; or a relative topic, which stands behind
        ``<camera>/``.
    :param cameras: names; empty for a single camera without a name, whose topic the text is.
    :raises ConfigError: the text gives a camera no topic, or two the same.
    """
    if not cameras:
        return {'': text}
    if '=' in text:
        topics = _listed(argument, text, cameras)
    elif PLACEHOLDER in text:
        topics = {camera: text.replace(PLACEHOLDER, camera) for camera in cameras}
    elif text.startswith('/') and len(cameras) > 1:
        example = f'/{PLACEHOLDER}{text}, or each topic: {cameras[0]}={text},{cameras[1]}=...'
        raise ConfigError(
            argument, text, f'is one topic for several cameras; write a pattern such as {example}'
        )
    else:
        topics = {camera: f'{camera}/{text}'.replace(f'{camera}//', '/') for camera in cameras}
    if len(set(topics.values())) < len(topics):
        raise ConfigError(argument, text, 'gives two cameras the same topic')
    return topics


def _listed(argument: str, text: str, cameras: Sequence[str]) -> dict[str, str]:
    pairs = [item.partition('=') for item in text.replace(' ', '').split(',')]
    topics = {camera: topic for camera, _, topic in pairs}
    missing = [camera for camera in cameras if not topics.get(camera)]
    strange = [camera for camera in topics if camera not in cameras]
    if missing or strange:
        reason = f'must name one topic for each of {", ".join(cameras)} and for no other'
        raise ConfigError(argument, text, reason)
    return {camera: topics[camera] for camera in cameras}
