# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A ``Progress`` for tests."""


class Recorder:
    """A ``Progress`` that keeps what it is told."""

    def __init__(self):
        self.is_cancelled = False
        self.events = []

    def start_phase(self, name, parent, num_steps):
        self.events.append(('start', name, parent, num_steps))

    def complete_step(self, name, step):
        self.events.append(('step', name, step))

    def finish_phase(self, name):
        self.events.append(('finish', name))
