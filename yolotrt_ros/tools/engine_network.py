# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network that an engine is built from: with our decode plugin behind it, or as it is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from yolotrt_ros.core.class_names import choose_class_names
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.errors import BuildError, GraphError
from yolotrt_ros.core.heads import Head
from yolotrt_ros.core.network_reading import read_session
from yolotrt_ros.cpu.session import OnnxSession
from yolotrt_ros.tools.head_options import prepare_from
from yolotrt_ros.trt.build_options import choose_sizes
from yolotrt_ros.trt.onnx_conversion import Batches, convert
from yolotrt_ros.trt.onnx_file import about, read_model
from yolotrt_ros.trt.precision import carried_precision, Precision
from yolotrt_ros.trt.surgery_check import check_cut
from yolotrt_ros.trt.yolo_node import OP_TYPE, YoloNode


@dataclass(frozen=True)
class EngineNetwork:
    """
    A network ready to be built, and what its engine's card says of it.

    :param path: the ONNX file it came from.
    :param model: the ``onnx.ModelProto`` to build.
    :param plain: the same without the plugin: what is quantised, calibrated and compared.
    :param node: the decode plugin's attributes; None where the network is built as it is.
    :param static_shape: ``[B, 3, H, W]`` of the input, None for what is open.
    :param head: layout of the outputs.
    :param class_names: in the order of the ids; the ids themselves where the file has none.
    :param strides: pixels between neighbouring cells of each level.
    :param anchors: widths and heights in network pixels, finest level first; none without.
    :param head_nodes: the detection convolutions, where they are known.
    :param report: what was found, for people.
    """

    path: Path
    model: Any
    plain: Any
    node: YoloNode | None
    static_shape: tuple[int | None, ...]
    head: Head
    class_names: tuple[str, ...]
    strides: tuple[int, ...]
    anchors: tuple[float, ...]
    head_nodes: tuple[str, ...]
    report: str

    @property
    def precision(self) -> Precision:
        """The precision that the file computes in."""
        return carried_precision(self.plain)

    @property
    def score_threshold(self) -> float:
        """The lowest score that leaves the engine."""
        if self.node is None:
            return 0.0
        # The graph holds it as float32, whose shortest digits are those that were asked for.
        return float(str(np.float32(self.node.score_threshold)))

    @property
    def static_wh(self) -> tuple[int | None, int | None]:
        """Width and height of the input, None where they are open."""
        return self.static_shape[3], self.static_shape[2]

    def model_bytes(self, model: Any = None) -> bytes:  # noqa: ANN401
        """
        Serialise the network, or its plain form.

        :raises BuildError: it is too large for one message.
        """
        try:
            content = (model or self.model).SerializeToString(deterministic=True)
        except Exception as error:  # protobuf's own class, or a ValueError, by its version
            raise BuildError(
                f'{self.path} cannot be handed to TensorRT in one piece: {error}; a network must '
                'be smaller than 2 GiB, export it with FP16 weights'
            ) from error
        return bytes(content)

    def converted(
        self, precision: Precision, batches: Batches | None, method: str
    ) -> EngineNetwork:
        """
        Return the network written in another precision.

        :raises BuildError: it cannot be converted here; with the commands to do it elsewhere.
        """
        plain = convert(
            self.plain,
            precision,
            onnx_path=self.path,
            head_nodes=self.head_nodes,
            batches=batches,
            method=method,
        )
        model = plain if self.node is None else self.node.appended_to(plain)
        return replace(self, plain=plain, model=model)


def prepare_network(options: Namespace) -> EngineNetwork:
    """
    Read, recognise and prepare the network that the command line names.

    :raises GraphError: it is no network, or not one that the plugin can decode.
    :raises ModelError: its outputs have no known layout.
    :raises BackendError: onnx or ONNX Runtime is not installed.
    """
    if options.no_plugin:
        return _as_it_is(options)
    with about(options.model):
        if any(node.op_type == OP_TYPE for node in read_model(options.model).graph.node):
            raise GraphError(
                f'ends in {OP_TYPE} already; give the network that it was made from, as the '
                'decode plugin is appended here'
            )
    return _with_plugin(options)


def _with_plugin(options: Namespace) -> EngineNetwork:
    prepared = prepare_from(options)
    check = check_cut(options.model, prepared)
    found = prepared.heads
    return EngineNetwork(
        path=options.model,
        model=prepared.model,
        plain=prepared.cut,
        node=YoloNode.of(prepared.model),
        static_shape=_static(found.input_shape),
        head=Head.PLUGIN,
        class_names=found.class_names or choose_class_names(found.num_classes),
        strides=found.strides,
        anchors=tuple(float(side) for side in np.ravel(found.anchors)),
        head_nodes=found.nodes,
        report=f'heads {", ".join(found.nodes)}; {found.num_classes} classes; {check}',
    )


def _as_it_is(options: Namespace) -> EngineNetwork:
    """Recognise the layout from one run in ONNX Runtime."""
    with about(options.model):
        model = read_model(options.model)
    session = OnnxSession(options.model)
    width, height = choose_sizes(session.network_wh, options.size, 1)[1]
    config = DetectorConfig(
        network_width=width, network_height=height, anchors=tuple(options.anchors)
    )
    info, layout, _ = read_session(session, config)
    return EngineNetwork(
        path=options.model,
        model=model,
        plain=model,
        node=None,
        static_shape=(session.batch, 3, *reversed(session.network_wh)),
        head=layout.head,
        class_names=info.class_names,
        strides=layout.strides,
        anchors=() if layout.anchors is None else tuple(map(float, np.ravel(layout.anchors))),
        head_nodes=(),
        report=f'outputs {", ".join(layout.output_names)} of layout {layout.head.name}; '
        f'{layout.num_classes} classes',
    )


def _static(shape: Sequence[int | str]) -> tuple[int | None, ...]:
    return tuple(side if isinstance(side, int) else None for side in shape)
