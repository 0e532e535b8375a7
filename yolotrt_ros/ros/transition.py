# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle transitions that say what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from yolotrt_ros.core.errors import YolotrtError


def reported_transition(
    body: Callable[[Any, LifecycleState], None],
) -> Callable[[Any, LifecycleState], TransitionCallbackReturn]:
    """
    Log the exception of a transition and return FAILURE.

    rclpy swallows it; the user would see a node that stays where it was, and nothing else.
    FAILURE leads back to the state before, from which the transition can be tried again.
    """

    @wraps(body)
    def report(node: Any, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: ANN401
        try:
            body(node, state)
        except YolotrtError as error:
            node.get_logger().error(f'{body.__name__} failed: {error}')
            return TransitionCallbackReturn.FAILURE
        except Exception:
            node.get_logger().error(f'{body.__name__} failed:\n{traceback.format_exc()}')
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    return report
