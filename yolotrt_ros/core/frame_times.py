# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When one frame passed each point of its way, and how long it took between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yolotrt_ros.core.timing import StageTimes

_NANOSECONDS_PER_MS = 1_000_000
_MOMENTS = ('stamp_ns', 'received_ns', 'taken_ns', 'detected_ns', 'published_ns')
_SPANS = ('transport_ms', 'waiting_ms', 'detection_ms', 'publishing_ms', 'age_ms')
_STAGE_PREFIX, _STAGE_SUFFIX = 'stage.', '_ms'


@dataclass(frozen=True)
class FrameTimes:
    """
    The moments of one frame, in nanoseconds of the node's clock.

    With simulated time the clock stands still between two messages of ``/clock``, so differences
    are multiples of its period; ``stage_times`` are wall time always.

    :param camera: the camera's name; empty for the only camera.
    :param stamp_ns: the stamp of the image, set by the driver.
    :param received_ns: the node's subscription handed the image over.
    :param taken_ns: its turn came.
    :param detected_ns: the detections were there.
    :param published_ns: the detections were handed to the middleware.
    :param stage_times: milliseconds of each stage of the call that the frame was part of, for the
        call's whole batch.
    """

    camera: str
    stamp_ns: int
    received_ns: int
    taken_ns: int
    detected_ns: int
    published_ns: int
    stage_times: StageTimes

    @property
    def transport_ms(self) -> float:
        """From the stamp until the node received the image: driver, middleware, network."""
        return _milliseconds(self.stamp_ns, self.received_ns)

    @property
    def waiting_ms(self) -> float:
        """From its arrival until its turn came."""
        return _milliseconds(self.received_ns, self.taken_ns)

    @property
    def detection_ms(self) -> float:
        """From its turn until the detections were there, the reading of the image included."""
        return _milliseconds(self.taken_ns, self.detected_ns)

    @property
    def publishing_ms(self) -> float:
        """From the detections until the middleware had their message."""
        return _milliseconds(self.detected_ns, self.published_ns)

    @property
    def age_ms(self) -> float:
        """From the stamp until the detections were published: how old they are."""
        return _milliseconds(self.stamp_ns, self.published_ns)

    def as_values(self, num_detections: int) -> dict[str, str]:
        """
        Write the times as texts by name, as ``~/timing`` carries them.

        :returns: ``camera``, ``num_detections``, the five moments (``stamp_ns`` and so on), the
            five spans between them (``transport_ms`` and so on), and each stage as
            ``stage.<name>_ms``.
        """
        return {
            'camera': self.camera,
            'num_detections': str(num_detections),
            **{name: str(getattr(self, name)) for name in _MOMENTS},
            **{name: f'{getattr(self, name):.3f}' for name in _SPANS},
            **{
                f'{_STAGE_PREFIX}{stage}{_STAGE_SUFFIX}': f'{time_ms:.3f}'
                for stage, time_ms in self.stage_times.items()
            },
        }

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> tuple[FrameTimes, int]:
        """
        Read what ``as_values`` wrote.

        :returns: the times, those of stages in whole microseconds, and the number of detections.
        :raises ValueError: a value is missing or is no number.
        """
        try:
            moments = {name: int(values[name]) for name in _MOMENTS}
            num_detections = int(values['num_detections'])
            camera = values['camera']
        except KeyError as error:
            raise ValueError(
                f'the times of a frame must hold {error}, but hold only '
                f'{", ".join(values) or "nothing"}'
            ) from error
        stage_times = {
            key[len(_STAGE_PREFIX) : -len(_STAGE_SUFFIX)]: float(value)
            for key, value in values.items()
            if key.startswith(_STAGE_PREFIX) and key.endswith(_STAGE_SUFFIX)
        }
        return cls(camera=camera, **moments, stage_times=stage_times), num_detections


def _milliseconds(start_ns: int, end_ns: int) -> float:
    return (end_ns - start_ns) / _NANOSECONDS_PER_MS
