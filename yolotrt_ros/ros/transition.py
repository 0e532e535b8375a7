# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle transitions that say what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from yolotrt_ros.core.errors import YolotrtError

Body = Callable[[Any, LifecycleState], None]
Transition = Callable[[Any, LifecycleState], TransitionCallbackReturn]


def reported_transition(
    otherwise: TransitionCallbackReturn = TransitionCallbackReturn.FAILURE,
) -> Callable[[Body], Transition]:
    """
    Log the exception of a transition, and return what it means.

    rclpy swallows it; the user would see a node that stays where it was, and nothing else.

    :param otherwise: FAILURE leads back to the state before (from shutdown to finalized), ERROR to
        the processing of errors. A transition that undoes what it began can say FAILURE.
    """

    def decorate(body: Body) -> Transition:
        @wraps(body)
        def report(node: Any, state: LifecycleState) -> TransitionCallbackReturn:  # noqa: ANN401
            try:
                body(node, state)
            except YolotrtError as error:
                node.get_logger().error(f'{body.__name__} failed: {error}')
                return otherwise
            except Exception:
                node.get_logger().error(f'{body.__name__} failed:\n{traceback.format_exc()}')
                return otherwise
            return TransitionCallbackReturn.SUCCESS

        return report

    return decorate


def refuse_impossible_transitions(node: LifecycleNode) -> None:
    """
    Let the service ``change_state`` answer a transition that the present state does not have.

    Up to Jazzy, rclpy raises an error instead, and the caller would wait for ever.
    """
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _guarded(service.callback, node)


def _guarded(
    change_state: Callable[[ChangeState.Request, ChangeState.Response], ChangeState.Response],
    node: LifecycleNode,
) -> Callable[[ChangeState.Request, ChangeState.Response], ChangeState.Response]:
    def guarded(
        request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        try:
            return change_state(request, response)
        except Exception as error:  # RCLError, which rclpy does not make public
            asked = request.transition.label or request.transition.id
            node.get_logger().error(f'transition {asked} is refused: {error}')
            response.success = False
            return response

    return guarded
