# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The detector as its users meet it: a process, topics, parameters and services over DDS."""

from array import array
import re
import signal

import cv2
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import VisionInfo

from test.color_network import expected_box, expected_scores, NAMES
from test.ros.peer import LATCHED
from test.ros.processes import TIMEOUT_S
from yolotrt_ros.core.encodings import ENCODINGS
from yolotrt_ros.cpu.encode import encode
from yolotrt_ros.ros.messages import image_message

pytestmark = pytest.mark.ros

RELIABLE = {'qos_overrides./image.subscription.reliability': 'reliable'}
ODD_SIZE_WH, EVEN_SIZE_WH = (97, 51), (96, 52)


def dark_picture(rng, source_wh=EVEN_SIZE_WH, bgr=(30, 60, 110)) -> np.ndarray:
    """A dark picture: padding bytes that were read as pixels would brighten it."""
    noise = rng.integers(-20, 20, (source_wh[1], source_wh[0], 3))
    return np.clip(noise + bgr, 0, 255).astype(np.uint8)


def boxes_of(message) -> dict[str, np.ndarray]:
    boxes = {}
    for item in message.detections:
        x, y = item.bbox.center.position.x, item.bbox.center.position.y
        half = np.array([item.bbox.size_x, item.bbox.size_y]) / 2
        boxes[item.results[0].hypothesis.class_id] = np.array(
            [x - half[0], y - half[1], x + half[0], y + half[1]]
        )
    return boxes


def scores_of(message) -> dict[str, float]:
    hypotheses = [item.results[0].hypothesis for item in message.detections]
    return {hypothesis.class_id: hypothesis.score for hypothesis in hypotheses}


@pytest.fixture
def detector(start, network, peer):
    """A running detector with a low threshold, connected to the peer by reliable topics."""
    process = start('node', onnx_path=network, score_threshold=0.05, **RELIABLE)
    peer.connect()
    return process


class TestDetections:
    """What stands in the messages."""

    def test_every_header_is_the_image_s_own(self, detector, peer, rng):
        header = peer.header(frame_id='front_optical')
        answer = peer.answer_to(image_message(encode(dark_picture(rng), 'bgr8'), header))
        assert answer.header == header
        assert len(answer.detections) == 3
        assert all(item.header == header for item in answer.detections)

    def test_boxes_are_float_pixels_of_the_image(self, detector, peer, rng):
        view = encode(dark_picture(rng, ODD_SIZE_WH), 'bgr8')
        answer = peer.answer_to(image_message(view, peer.header()))
        for name, box in boxes_of(answer).items():
            np.testing.assert_allclose(box, expected_box(name, ODD_SIZE_WH), atol=1e-4)
        assert all(item.bbox.center.theta == 0 and not item.id for item in answer.detections)

    @pytest.mark.parametrize('row_padding', [0, 10], ids=['tight rows', 'padded rows'])
    @pytest.mark.parametrize('encoding', ENCODINGS)
    def test_every_encoding_gives_the_colours_of_the_definition(
        self, shared_detector, encoding, row_padding, rng
    ):
        view = encode(
            dark_picture(rng), encoding, row_padding=row_padding, is_bigendian=row_padding > 0
        )
        answer = shared_detector.answer_to(image_message(view, shared_detector.header()))
        scores = scores_of(answer)
        assert set(scores) == set(NAMES)
        for name, score in expected_scores(view).items():
            assert scores[name] == pytest.approx(score, abs=1 / 255)

    def test_two_resolutions_in_one_stream(self, shared_detector, rng):
        for source_wh in ((96, 52), (40, 120), (640, 480), (96, 52)):
            view = encode(dark_picture(rng, source_wh), 'bgr8')
            answer = shared_detector.answer_to(image_message(view, shared_detector.header()))
            np.testing.assert_allclose(
                boxes_of(answer)['green'], expected_box('green', source_wh), atol=1e-3
            )

    def test_an_image_without_objects_gives_an_empty_array(self, start, network, peer):
        start('node', onnx_path=network, score_threshold=0.9, **RELIABLE)
        peer.connect()
        header = peer.header()
        black = np.zeros((48, 64, 3), np.uint8)
        answer = peer.answer_to(image_message(encode(black, 'rgb8'), header))
        assert answer.header == header
        assert len(answer.detections) == 0

    def test_class_id_can_be_the_index(self, start, network, peer, rng):
        start('node', onnx_path=network, score_threshold=0.05, class_id_format='index', **RELIABLE)
        peer.connect()
        answer = peer.answer_to(image_message(encode(dark_picture(rng), 'bgr8'), peer.header()))
        assert set(scores_of(answer)) == {'0', '1', '2'}

    def test_best_effort_is_the_default_and_works(self, start, network, peer, rng):
        start('node', onnx_path=network, score_threshold=0.05)
        peer.connect()
        sent = []

        def is_answered() -> bool:
            # Best effort promises no single image, least of all the first after discovery.
            sent.append(peer.header())
            peer.send(image_message(encode(dark_picture(rng), 'bgr8'), sent[-1]))
            peer.spin(0.2)
            return bool(peer.detections['detections'])

        peer.wait_for(is_answered, 'detections of a best-effort image')
        assert peer.detections['detections'][0].header in sent
        reliability = 'qos_overrides./image.subscription.reliability'
        assert peer.get_parameter(reliability) == 'best_effort'


class TestCompressedImages:
    """sensor_msgs/CompressedImage."""

    @pytest.fixture
    def compressed(self, start, network, peer):
        start(
            'node',
            onnx_path=network,
            score_threshold=0.05,
            image_transport='compressed',
            **{'qos_overrides./image/compressed.subscription.reliability': 'reliable'},
        )
        peer.connect('image/compressed', kind=CompressedImage)
        return peer

    def message(self, peer, image, suffix) -> CompressedImage:
        message = CompressedImage(header=peer.header(), format=f'bgr8; {suffix} compressed bgr8')
        message.data = array('B', cv2.imencode(f'.{suffix}', image)[1].tobytes())
        return message

    @pytest.mark.parametrize('suffix', ['jpg', 'png'])
    def test_are_decoded(self, compressed, suffix, rng):
        picture = np.full((52, 96, 3), (30, 60, 110), np.uint8)
        message = self.message(compressed, picture, suffix)
        answer = compressed.answer_to(message, 'image/compressed')
        assert answer.header == message.header
        for name, score in expected_scores(encode(picture, 'bgr8')).items():
            assert scores_of(answer)[name] == pytest.approx(score, abs=2 / 255)

    def test_broken_ones_are_counted_and_the_next_is_served(self, compressed, rng):
        whole = self.message(compressed, dark_picture(rng), 'jpg')
        for data in (b'', b'no picture', bytes(whole.data)[: len(whole.data) // 8]):
            broken = CompressedImage(header=compressed.header(), format='jpeg')
            broken.data = array('B', data)
            compressed.send(broken, 'image/compressed')
            compressed.spin(0.3)  # newest wins: give each its turn
        compressed.answer_to(whole, 'image/compressed')
        counts = compressed.settled_counts()
        assert (counts['received'], counts['processed'], counts['rejected']) == (4, 1, 3)
        assert 'format' in compressed.status('input')['last rejection']


BAD_IMAGES = {
    'unknown encoding': ({'encoding': 'rainbow'}, 'rainbow'),
    'short buffer': ({'data': array('B', bytes(10))}, 'data holds 10 bytes'),
    'empty buffer': ({'data': array('B')}, 'data holds 0 bytes'),
    'step below a row': ({'step': 100}, 'step is 100 bytes'),
    'zero size': ({'width': 0, 'height': 0}, 'image is 0x0 pixels'),
    'huge size': ({'width': 4_000_000_000}, 'image is 4000000000x52 pixels'),
    'odd width for shared colour': ({'encoding': 'nv12', 'width': 95}, 'width must be even'),
}


class TestBadImages:
    """Each is counted with its reason, and the node goes on."""

    @pytest.mark.parametrize(('fields', 'reason'), BAD_IMAGES.values(), ids=BAD_IMAGES)
    def test_is_rejected_and_the_next_is_served(self, shared_detector, fields, reason, rng):
        peer = shared_detector
        good = image_message(encode(dark_picture(rng), 'bgr8'), peer.header())
        before = peer.settled_counts()
        bad = image_message(encode(dark_picture(rng), 'bgr8'), peer.header())
        for name, value in fields.items():
            setattr(bad, name, value)
        peer.send(bad)
        peer.wait_for(
            lambda: int(peer.status('input')['rejected']) > before['rejected'], 'a rejection'
        )
        assert reason in peer.status('input')['last rejection']
        peer.answer_to(good)
        after = peer.settled_counts()
        assert after['rejected'] == before['rejected'] + 1
        assert after['processed'] == before['processed'] + 1

    def test_a_rejection_is_a_warning_of_the_diagnostics(self, detector, peer):
        peer.send(Image(header=peer.header(), encoding='rainbow', width=1, height=1, step=3))
        peer.wait_for(
            lambda: peer.levels.get('detector: input') == (b'\x01', '1 images rejected'),
            'a warning',
        )


class TestCounts:
    """Every image is accounted for."""

    def test_newest_wins_and_nothing_is_lost_from_the_books(self, detector, peer, rng):
        messages = [
            image_message(encode(dark_picture(rng, (640, 480)), 'bgr8'), peer.header())
            for _ in range(60)
        ]
        for index, message in enumerate(messages):
            if index % 10 == 9:
                message.encoding = 'rainbow'
            peer.send(message)
        peer.answer_to(image_message(encode(dark_picture(rng), 'bgr8'), peer.header()))
        counts = peer.settled_counts()
        assert counts['received'] == counts['processed'] + counts['dropped'] + counts['rejected']
        assert counts['processed'] == len(peer.detections['detections'])
        stamps = [message.header.stamp.sec for message in peer.detections['detections']]
        assert stamps == sorted(set(stamps))


class TestLabels:
    """label_info and vision_info."""

    def test_a_late_subscriber_learns_the_classes(self, detector, peer):
        peer.listen_to_labels()
        peer.wait_for(lambda: bool(peer.labels), 'label_info')
        classes = peer.labels[0].class_map
        assert [(item.class_id, item.class_name) for item in classes] == list(enumerate(NAMES))
        assert peer.labels[0].threshold == pytest.approx(0.05)

    def test_a_new_threshold_is_announced(self, detector, peer):
        peer.listen_to_labels()
        peer.wait_for(lambda: bool(peer.labels), 'label_info')
        assert peer.set_parameter('score_threshold', 0.4).successful
        peer.wait_for(lambda: peer.labels[-1].threshold == pytest.approx(0.4), 'the new one')

    def test_method_and_where_the_labels_are(self, detector, peer):
        messages = []
        peer.node.create_subscription(VisionInfo, 'vision_info', messages.append, LATCHED)
        peer.wait_for(lambda: bool(messages), 'vision_info')
        assert re.fullmatch(r'.+\.onnx on ONNX Runtime .+', messages[0].method)
        assert messages[0].database_location == peer.node.resolve_topic_name('label_info')
        assert messages[0].database_version == 1
        peer.set_parameter('score_threshold', 0.4)
        peer.wait_for(lambda: len(messages) > 1, 'the new one')
        assert messages[1].database_version == 1


class TestParameters:
    """Declared with ranges, changed at run time, refused with reasons."""

    def test_a_threshold_takes_effect_at_once(self, detector, peer, rng):
        image = encode(dark_picture(rng), 'bgr8')
        scores = expected_scores(image)
        between = (scores['red'] + scores['green']) / 2
        assert len(peer.answer_to(image_message(image, peer.header())).detections) == 3
        assert peer.set_parameter('score_threshold', between).successful
        answer = peer.answer_to(image_message(image, peer.header()))
        assert set(scores_of(answer)) == {name for name in NAMES if scores[name] > between}

    def test_a_class_filter_takes_effect_at_once(self, detector, peer, rng):
        assert peer.set_parameter('class_filter', ['blue', '0']).successful
        answer = peer.answer_to(image_message(encode(dark_picture(rng), 'bgr8'), peer.header()))
        assert set(scores_of(answer)) == {'red', 'blue'}

    @pytest.mark.parametrize(
        ('name', 'value', 'reason'),
        [
            ('score_threshold', 1.5, 'out of range Min: 0.0, Max: 1.0'),
            ('max_detections', 0, 'out of range. Min: 1, Max: 10000'),
            ('class_filter', ['purple'], "'purple' is no class of this network"),
            ('onnx_path', 'other.onnx', 'cannot change while the detector is configured'),
            ('autostart', False, 'cannot change once the node runs; give it when the node is st'),
            ('score_threshold', 'high', 'Wrong parameter type'),
        ],
    )
    def test_a_bad_value_is_refused_with_its_reason(self, shared_detector, name, value, reason):
        before = shared_detector.get_parameter(name)
        result = shared_detector.set_parameter(name, value)
        assert not result.successful
        assert re.search(reason, result.reason), result.reason
        assert shared_detector.get_parameter(name) == before

    def test_present_values_may_be_set_again(self, shared_detector):
        for name in ('onnx_path', 'autostart', 'copy_threads', 'score_threshold'):
            value = shared_detector.get_parameter(name)
            assert shared_detector.set_parameter(name, value).successful

    def test_a_value_of_no_type_is_no_end(self, detector, peer, rng):
        bad = Parameter(name='score_threshold', value=ParameterValue(type=99))
        request = SetParameters.Request(parameters=[bad])
        client = peer.node.create_client(SetParameters, 'detector/set_parameters')
        assert client.wait_for_service(TIMEOUT_S)
        client.call_async(request)
        detector.wait_for_output('a callback failed, the node goes on')
        image = encode(dark_picture(rng), 'bgr8')
        assert len(peer.answer_to(image_message(image, peer.header())).detections) == 3

    def test_a_misspelt_name_is_told(self, start, network):
        process = start('node', onnx_path=network, score_treshold=0.5, unheard_of=1)
        process.wait_for_output(
            'the detector has no parameter score_treshold (did you mean score_threshold?), '
            'unheard_of; ignoring the value'
        )
        assert process.stop() == 0

    def test_descriptors_carry_meaning_and_range(self, shared_detector):
        threshold, choice = shared_detector.describe_parameters(['iou_threshold', 'backend'])
        assert 'Overlap' in threshold.description
        bounds = threshold.floating_point_range[0]
        assert (bounds.from_value, bounds.to_value) == (0.0, 1.0)
        assert 'onnxruntime' in choice.additional_constraints

    def test_a_value_out_of_range_ends_the_start_with_its_reason(self, start, network):
        process = start('node', onnx_path=network, score_threshold=7.0)
        assert process.wait() == 2
        assert 'score_threshold' in process.output


class TestSignals:
    """The way out."""

    @pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
    def test_ends_cleanly_and_reports_the_counts(self, detector, peer, number, rng):
        peer.answer_to(image_message(encode(dark_picture(rng), 'bgr8'), peer.header()))
        detector.send_signal(number)
        assert detector.wait() == 0
        counts = {'received': 1, 'processed': 1, 'dropped': 0, 'rejected': 0}
        assert detector.final_counts() == counts
        assert 'Traceback' not in detector.output
