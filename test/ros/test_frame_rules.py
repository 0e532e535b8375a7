# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which images are processed: rates, age, order, pause and laziness, seen from outside."""

from array import array

from builtin_interfaces.msg import Time
import cv2
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray

from test.ros.peer import RELIABLE as RELIABLE_QOS
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

RELIABLE = {'qos_overrides./image.subscription.reliability': 'reliable'}
PICTURE = np.full((48, 64, 3), (200, 150, 100), np.uint8)


def image(header):
    return image_message(encode(PICTURE, 'bgr8'), header)


def header_at(stamp_ns):
    sec, nanosec = divmod(stamp_ns, 10**9)
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id='camera')


def header_now(peer, age_s=0.0):
    return header_at(peer.node.get_clock().now().nanoseconds - round(age_s * 1e9))


def stamps_of(peer, topic='detections'):
    stamps = [message.header.stamp for message in peer.detections[topic]]
    return [stamp.sec * 10**9 + stamp.nanosec for stamp in stamps]


def assert_accounted_for(counts):
    outcomes = counts['processed'] + counts['dropped'] + counts['rejected']
    assert counts['received'] == outcomes + counts['waiting']


def drops(peer, task='input'):
    """
    Return the reasons for which frames were dropped, with their numbers.

    Not those that nobody watched: the first may come before the peer's subscription is known.
    """
    return {reason: n for reason, n in all_drops(peer, task).items() if reason != 'unwatched'}


def all_drops(peer, task='input'):
    values = peer.status(task)
    counted = {
        key.removeprefix('dropped: '): int(value)
        for key, value in values.items()
        if key.startswith('dropped: ')
    }
    assert sum(counted.values()) == int(values['dropped'])
    return {reason: number for reason, number in counted.items() if number}


def wait_for_received(peer, number, task='input'):
    """Wait until the diagnostics tell of that many images, each with its outcome."""

    def is_settled():
        values = peer.diagnostics.get(f'detector: {task}')
        return values and int(values['received']) >= number and values['waiting'] == '0'

    peer.wait_for(is_settled, f'{number} images received')


def send_one_by_one(peer, headers, topic='image', task='input'):
    """Send images, each after the outcome of the one before; else the newest would win."""
    received = int(peer.status(task)['received'])
    for number, header in enumerate(headers, received + 1):
        peer.send(image(header), topic)
        wait_for_received(peer, number, task)


@pytest.fixture
def detector(start, network, peer):
    process = start('node', onnx_path=network, score_threshold=0.05, **RELIABLE)
    peer.connect()
    peer.answer_to(image(peer.header()))
    return process


class TestLaziness:
    """Nothing is computed for nobody."""

    @pytest.fixture
    def publisher(self, start, network, peer):
        start('node', onnx_path=network, score_threshold=0.05, **RELIABLE)
        publisher = peer.node.create_publisher(Image, 'image', RELIABLE_QOS)
        peer.wait_for(lambda: publisher.get_subscription_count() > 0, 'a subscriber of image')
        peer.spin(0.3)
        return publisher

    def test_images_are_dropped_until_somebody_listens(self, publisher, peer):
        for number in (1, 2, 3):
            publisher.publish(image(peer.header()))
            wait_for_received(peer, number)
        assert all_drops(peer) == {'unwatched': 3}
        messages = []
        peer.node.create_subscription(Detection2DArray, 'detections', messages.append, 10)

        def is_answered():
            publisher.publish(image(peer.header()))
            peer.spin(0.2)
            return bool(messages)

        peer.wait_for(is_answered, 'detections for the new subscriber')
        assert_accounted_for(peer.settled_counts())

    def test_debug_image_alone_is_reason_enough(self, publisher, peer):
        pictures = []
        peer.node.create_subscription(
            Image, 'detector/debug_image', pictures.append, qos_profile_sensor_data
        )

        def is_shown():
            publisher.publish(image(peer.header()))
            peer.spin(0.2)
            return bool(pictures)

        peer.wait_for(is_shown, 'a debug image')
        assert (pictures[0].encoding, pictures[0].width, pictures[0].height) == ('bgr8', 64, 48)
        assert pictures[0].header.frame_id == 'camera'

    def test_times_alone_are_reason_enough(self, publisher, peer):
        times = []
        peer.node.create_subscription(DiagnosticStatus, 'detector/timing', times.append, 10)

        def is_timed():
            publisher.publish(image(peer.header()))
            peer.spin(0.2)
            return bool(times)

        peer.wait_for(is_timed, 'the times of a frame')
        assert_accounted_for(peer.settled_counts())

    def test_each_camera_is_lazy_for_itself(self, start, network, peer):
        reliable = 'qos_overrides./rear/image.subscription.reliability'
        start('node', onnx_path=network, cameras='[front, rear]', **{reliable: 'reliable'})
        peer.connect('front/image', 'front/detections')
        rear = peer.node.create_publisher(Image, 'rear/image', RELIABLE_QOS)
        peer.wait_for(lambda: rear.get_subscription_count() > 0, 'a subscriber of rear/image')
        peer.spin(0.3)
        rear.publish(image(peer.header()))
        wait_for_received(peer, 1, 'input rear')
        peer.answer_to(image(peer.header()), 'front/image', 'front/detections')
        assert all_drops(peer, 'input rear') == {'unwatched': 1}
        assert peer.settled_counts('input front')['processed'] >= 1


class TestEnable:
    """A pause that keeps the network."""

    def test_service_pauses_and_goes_on(self, detector, peer):
        request = SetBool.Request(data=False)
        answer = peer.call(SetBool, 'detector/enable', request)
        assert (answer.success, answer.message) == (True, 'paused')
        assert peer.get_parameter('enabled') is False
        send_one_by_one(peer, [peer.header() for _ in range(3)])
        assert drops(peer) == {'disabled': 3}
        assert len(peer.detections['detections']) == 1
        assert peer.state() == 'active'
        answer = peer.call(SetBool, 'detector/enable', SetBool.Request(data=True))
        assert (answer.success, answer.message) == (True, 'enabled')
        peer.answer_to(image(peer.header()))
        assert_accounted_for(peer.settled_counts())

    def test_parameter_does_the_same(self, detector, peer):
        assert peer.set_parameter('enabled', False).successful
        send_one_by_one(peer, [peer.header()])
        assert drops(peer) == {'disabled': 1}

    def test_node_may_start_paused(self, start, network, peer):
        start('node', onnx_path=network, enabled=False, **RELIABLE)
        peer.connect()
        send_one_by_one(peer, [peer.header()])
        assert drops(peer) == {'disabled': 1}


class TestRates:
    """The highest rate of each camera."""

    def test_general_rate_and_that_of_single_cameras(self, start, network, peer):
        start(
            'node',
            onnx_path=network,
            cameras='[front, rear]',
            max_rate=0.1,
            camera_max_rates='[rear=0]',
            **{
                f'qos_overrides./{name}/image.subscription.reliability': 'reliable'
                for name in ('front', 'rear')
            },
        )
        for name in ('front', 'rear'):
            peer.connect(f'{name}/image', f'{name}/detections')
            headers = [peer.header() for _ in range(4)]
            send_one_by_one(peer, headers, f'{name}/image', f'input {name}')
        assert drops(peer, 'input front') == {'rate': 3}
        assert drops(peer, 'input rear') == {}
        assert peer.settled_counts('input rear')['processed'] == 4
        assert peer.set_parameter('max_rate', 0.0).successful
        headers = [peer.header() for _ in range(3)]
        send_one_by_one(peer, headers, 'front/image', 'input front')
        assert drops(peer, 'input front') == {'rate': 3}

    @pytest.mark.parametrize(
        ('entries', 'reason'),
        [
            (['rear=5'], "'rear' is no camera; set max_rate for the only camera"),
            (['rear'], "'rear' must be a camera, an equals sign and a rate"),
        ],
    )
    def test_entry_that_cannot_be_meant_is_refused(self, detector, peer, entries, reason):
        result = peer.set_parameter('camera_max_rates', entries)
        assert not result.successful
        assert reason in result.reason


class TestAge:
    """Images that are too old when their turn comes."""

    def test_old_images_are_dropped_and_fresh_ones_served(self, detector, peer):
        assert peer.set_parameter('max_frame_age', 5.0).successful
        send_one_by_one(peer, [header_now(peer, age_s=60), header_now(peer, age_s=6)])
        assert drops(peer) == {'age': 2}
        assert '60.' in detector.output
        assert 'max_frame_age is 5 s' in detector.output
        fresh = header_now(peer)
        assert peer.answer_to(image(fresh)).header == fresh
        assert peer.set_parameter('max_frame_age', 0.0).successful
        # Older than the last one by a minute: the source began again.
        old = header_now(peer, age_s=60)
        assert peer.answer_to(image(old)).header == old


class TestOrder:
    """Stamps that rise."""

    def test_late_and_repeated_images_are_dropped(self, detector, peer):
        second = 10**9
        stamps = [100 * second + ms * 1_000_000 for ms in (0, 66, 33, 66, 99)]
        send_one_by_one(peer, [header_at(stamp) for stamp in stamps])
        peer.wait_for(lambda: len(peer.detections['detections']) == 4, 'three more detections')
        assert stamps_of(peer)[1:] == [stamps[0], stamps[1], stamps[4]]
        assert drops(peer) == {'late': 2}
        assert 'its stamp is not above that of the last one' in detector.output

    def test_bag_that_is_looped_without_a_clock_goes_on(self, detector, peer):
        lap = [header_at((100 + second) * 10**9) for second in range(3)]
        send_one_by_one(peer, lap * 2)
        peer.wait_for(lambda: len(peer.detections['detections']) == 7, 'two laps')
        assert drops(peer) == {}


class TestSimulatedTime:
    """/clock, paused and set back."""

    @pytest.fixture
    def set_clock(self, start, network, peer):
        start('node', onnx_path=network, max_frame_age=1.0, use_sim_time=True, **RELIABLE)
        peer.connect()
        publisher = peer.node.create_publisher(Clock, '/clock', QoSProfile(depth=10))
        peer.wait_for(lambda: publisher.get_subscription_count() > 0, 'a subscriber of /clock')
        peer.spin(0.3)

        def set_to(seconds):
            publisher.publish(Clock(clock=header_at(round(seconds * 1e9)).stamp))
            peer.spin(0.3)

        return set_to

    def test_ages_are_those_of_the_simulation(self, set_clock, peer):
        set_clock(1000.0)
        recent = header_at(999_500_000_000)
        assert peer.answer_to(image(recent)).header == recent
        send_one_by_one(peer, [header_at(998_000_000_000)])
        assert drops(peer) == {'age': 1}

    def test_paused_simulation_is_no_trouble(self, set_clock, peer):
        set_clock(1000.0)
        for stamp_ns in (999_900_000_000, 999_950_000_000, 1_000_000_000_000):
            peer.answer_to(image(header_at(stamp_ns)))
        assert drops(peer) == {}

    def test_time_that_is_set_back_begins_anew(self, set_clock, peer):
        set_clock(1000.0)
        peer.answer_to(image(header_at(999_900_000_000)))
        for seconds in (999.6, 500.0):
            set_clock(seconds)
            header = header_at(round(seconds * 1e9) - 100_000_000)
            assert peer.answer_to(image(header)).header == header
        send_one_by_one(peer, [header_at(498_000_000_000)])
        assert drops(peer) == {'age': 1}


def test_small_boxes_can_be_left_out_at_run_time(detector, peer):
    assert len(peer.answer_to(image(peer.header())).detections) == 3
    # 12 x 8 in the network; the picture is as wide as the network.
    assert peer.set_parameter('min_box_size', 8.5).successful
    assert len(peer.answer_to(image(peer.header())).detections) == 0


def test_compressed_cameras_share_batches_and_keep_their_pictures(start, network, peer):
    names = ('front', 'rear', 'left')
    start(
        'node',
        onnx_path=network,
        cameras=f'[{", ".join(names)}]',
        image_transport='compressed',
        score_threshold=0.02,
        max_batch_wait=0.1,
        **{
            f'qos_overrides./{name}/image/compressed.subscription.reliability': 'reliable'
            for name in names
        },
    )
    for name in names:
        peer.connect(f'{name}/image/compressed', f'{name}/detections', CompressedImage)
    levels = {'front': 60, 'rear': 120, 'left': 240}
    for number in (1, 2, 3, 4):
        for name, level in levels.items():
            message = CompressedImage(header=peer.header(name), format='png')
            data = cv2.imencode('.png', np.full((64, 64, 3), level, np.uint8))[1]
            message.data = array('B', data.tobytes())
            peer.send(message, f'{name}/image/compressed')
        for name in names:
            wait_for_received(peer, number, f'input {name}')
    for name, level in levels.items():
        messages = peer.detections[f'{name}/detections']
        assert len(messages) == 4
        for message in messages:
            assert message.header.frame_id == name
            scores = [item.results[0].hypothesis.score for item in message.detections]
            np.testing.assert_allclose(scores, level / 255, atol=2e-3)
        assert peer.settled_counts(f'input {name}')['processed'] == 4
    assert 'read median ms' in peer.status('inference')
