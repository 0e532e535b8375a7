# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Serialised detections against rosbags, byte by byte, and against the messages of rclpy."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from yolotrt_ros.core.cdr import CdrReader
from yolotrt_ros.core.detections import Detections
from yolotrt_ros.core.message_header import MessageHeader
from yolotrt_ros.core.serialised_detections import DetectionArrayWriter

INTERFACES = Path(__file__).resolve().parents[2] / 'scripts' / 'interfaces' / 'vision_msgs' / 'msg'
KIND = 'vision_msgs/msg/Detection2DArray'
LABELS = ['', 'a', 'ab', 'car', 'Fußgänger', 'traffic light', '停']

texts = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=20)
headers = st.builds(
    MessageHeader, st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1), texts
)


@st.composite
def detections_of(draw, num_classes):
    count = draw(st.integers(0, 12))
    return random_detections(draw(st.integers(0, 2**32)), count, num_classes)


def random_detections(seed, count, num_classes):
    rng = np.random.default_rng(seed)
    return Detections(
        rng.uniform(-10, 4000, (count, 4)).astype(np.float32),
        rng.random(count, np.float32),
        rng.integers(0, num_classes, count).astype(np.int32),
    )


@pytest.fixture(scope='module')
def store():
    typesys = pytest.importorskip('rosbags.typesys', reason='needs rosbags')
    store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
    types = {}
    for path in sorted(INTERFACES.glob('*.msg')):
        types.update(typesys.get_types_from_msg(path.read_text(), f'vision_msgs/msg/{path.stem}'))
    store.register(types)
    return store


@given(data=st.data(), labels=st.lists(texts, min_size=1, max_size=5), header=headers)
def test_the_bytes_are_those_of_rosbags(store, data, labels, header):
    detections = data.draw(detections_of(len(labels)))
    written = DetectionArrayWriter(labels).write(detections, header)
    expected = store.serialize_cdr(message_of(store, detections, header, labels), KIND)
    assert written == bytes(expected)


@pytest.mark.parametrize('frame_id', ['', 'c', 'cam', 'came', 'camera', 'front/caméra'])
@pytest.mark.parametrize('count', [0, 1, 10, 100, 300])
def test_any_number_of_detections_is_written(store, count, frame_id, rng):
    detections = random_detections(rng.integers(2**32), count, len(LABELS))
    header = MessageHeader(1_790_000_000, 999_999_999, frame_id)
    written = DetectionArrayWriter(LABELS).write(detections, header)
    expected = store.serialize_cdr(message_of(store, detections, header, LABELS), KIND)
    assert written == bytes(expected)


def test_one_writer_keeps_nothing_of_earlier_images(store, rng):
    writer = DetectionArrayWriter(LABELS)
    for sec, frame_id in enumerate(['left', 'right', 'left']):
        detections = random_detections(rng.integers(2**32), 5, len(LABELS))
        header = MessageHeader(sec, 0, frame_id)
        expected = store.serialize_cdr(message_of(store, detections, header, LABELS), KIND)
        assert writer.write(detections, header) == bytes(expected)


def message_of(store, detections, header, labels):
    """Make the message as an object of rosbags, from the interface files alone."""

    def make(name, *fields):
        return store.types[name](*fields)

    def detection(box, score, class_id):
        x1, y1, x2, y2 = map(float, box)
        pose = make(
            'geometry_msgs/msg/Pose',
            make('geometry_msgs/msg/Point', 0.0, 0.0, 0.0),
            make('geometry_msgs/msg/Quaternion', 0.0, 0.0, 0.0, 1.0),
        )
        result = make(
            'vision_msgs/msg/ObjectHypothesisWithPose',
            make('vision_msgs/msg/ObjectHypothesis', labels[class_id], float(score)),
            make('geometry_msgs/msg/PoseWithCovariance', pose, np.zeros(36)),
        )
        position = make('vision_msgs/msg/Point2D', (x1 + x2) / 2, (y1 + y2) / 2)
        center = make('vision_msgs/msg/Pose2D', position, 0.0)
        bbox = make('vision_msgs/msg/BoundingBox2D', center, x2 - x1, y2 - y1)
        return make('vision_msgs/msg/Detection2D', stamped, [result], bbox, '')

    stamp = make('builtin_interfaces/msg/Time', header.sec, header.nanosec)
    stamped = make('std_msgs/msg/Header', stamp, header.frame_id)
    rows = zip(detections.boxes_xyxy, detections.scores, detections.class_ids, strict=True)
    return make(KIND, stamped, [detection(*row) for row in rows])


# rclpy leaves what was in memory between values, so that its own bytes differ from call to call:
# lengths are compared, and what rclpy reads.
@pytest.mark.ros
@given(data=st.data(), labels=st.lists(texts, min_size=1, max_size=5), header=headers)
def test_rclpy_reads_the_message_that_it_would_have_made(data, labels, header):
    reason = 'rclpy is not installed: source ROS 2 or run scripts/setup.sh'
    serialization = pytest.importorskip('rclpy.serialization', reason=reason)
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header
    from vision_msgs.msg import Detection2DArray

    from yolotrt_ros.ros.messages import detection_array

    detections = data.draw(detections_of(len(labels)))
    stamped = Header(stamp=Time(sec=header.sec, nanosec=header.nanosec), frame_id=header.frame_id)
    expected = detection_array(detections, stamped, labels)
    written = DetectionArrayWriter(labels).write(detections, header)
    assert serialization.deserialize_message(written, Detection2DArray) == expected
    assert len(written) == len(serialization.serialize_message(expected))


def test_a_label_ends_at_its_first_nul():
    detections = random_detections(0, 3, 1)
    header = MessageHeader(0, 0, '')
    cut, whole = (DetectionArrayWriter([label]) for label in ('car\0hidden', 'car'))
    assert cut.write(detections, header) == whole.write(detections, header)


@given(headers)
def test_a_header_is_read_as_it_was_written(header):
    serialised = header.serialised()
    assert len(serialised) % 4 == 0
    assert MessageHeader.read(CdrReader(b'\0\1\0\0' + serialised, 'a header')) == header
