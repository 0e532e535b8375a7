# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from yolotrt_ros.core.discovery import local_discovery


@pytest.mark.parametrize('distribution', [{}, {'ROS_DISTRO': 'jazzy'}, {'ROS_DISTRO': 'kilted'}])
def test_stays_on_this_machine_without_a_deprecated_variable(distribution):
    wanted = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST', **distribution}
    assert local_discovery(distribution) == wanted


def test_stays_on_this_machine_with_humble_which_knows_another_variable():
    assert local_discovery({'ROS_DISTRO': 'humble'})['ROS_LOCALHOST_ONLY'] == '1'


@pytest.mark.parametrize(
    'chosen', [{'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, {'ROS_LOCALHOST_ONLY': '0'}]
)
def test_what_the_user_chose_stays(chosen):
    found = local_discovery({'ROS_DISTRO': 'humble', **chosen})
    assert chosen.items() <= found.items()
