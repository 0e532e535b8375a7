# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files: read with an explanation of what is wrong, and brought into one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TYPE_CHECKING

from yolotrt_ros.core.errors import BackendError, GraphError

if TYPE_CHECKING:
    import onnx

MAX_MODEL_BYTES = 2**31 - 1
"""The largest message of Protocol Buffers, and so the largest ONNX network held in one piece."""


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Put the file's name before every complaint about its graph."""
    try:
        yield
    except GraphError as error:
        raise GraphError(f'{path}: {error}') from error


def import_onnx() -> Any:  # noqa: ANN401
    """
    Return the module ``onnx``.

    :raises BackendError: it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise BackendError(
            'changing an ONNX network needs onnx, which is not installed; '
            'install it with `pip install onnx`'
        ) from error
    return onnx


def read_model(path: Path) -> onnx.ModelProto:
    """
    Load a network, with the weights that lie in files beside it.

    Every network is brought into one form: nodes sorted so that each comes after what it reads,
    functions written out, weights no longer listed among the inputs, open sizes named.

    :raises BackendError: onnx is not installed.
    :raises GraphError: the file is missing, damaged, no ONNX network, or too large.
    """
    library = import_onnx()
    if not path.is_file():
        raise GraphError('there is no such file; give the path of an ONNX network')
    try:
        model = library.load(str(path))
    except Exception as error:  # of protobuf, onnx or the file system
        raise GraphError(
            f'cannot be read as an ONNX network: {error}; check that the file is whole and that '
            'files with its weights, where it has such, lie beside it, or export it again'
        ) from error
    if not model.graph.node:
        raise GraphError(
            'is no ONNX network: it holds no node; check that the file is whole, '
            'or export the network again'
        )
    check_size(model)
    if model.functions:
        import onnx.inliner

        model = onnx.inliner.inline_local_functions(model)
    weights = {tensor.name for tensor in model.graph.initializer}
    _replace(model.graph.input, [item for item in model.graph.input if item.name not in weights])
    _replace(model.graph.node, sorted_nodes(model.graph, weights))
    _name_open_sizes(model.graph)
    return model


def check_size(model: onnx.ModelProto) -> None:
    """
    Refuse a network that fits into no single message.

    :raises GraphError: its weights take 2 GiB or more.
    """
    num_bytes = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    if num_bytes > MAX_MODEL_BYTES:
        raise GraphError(
            f'holds {num_bytes / 2**30:.2f} GiB of weights, but a network that is changed here '
            f'must be smaller than {(MAX_MODEL_BYTES + 1) / 2**30:.2f} GiB; export it with FP16 '
            'weights, or build it as it is with --no-plugin'
        )


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the branches of an If and the body of a Loop."""
    for attribute in node.attribute:
        yield from attribute.graphs
        if attribute.HasField('g'):
            yield attribute.g


def node_inputs(node: onnx.NodeProto) -> list[str]:
    """List the tensors that a node reads, also those that only its subgraphs read."""
    names = [name for name in node.input if name]
    for graph in subgraphs(node):
        inner = {item.name for item in [*graph.input, *graph.initializer]}
        inner |= {name for child in graph.node for name in child.output}
        read = [name for child in graph.node for name in node_inputs(child)]
        read += [item.name for item in graph.output]
        names += [name for name in read if name not in inner]
    return names


def sorted_nodes(graph: onnx.GraphProto, weights: Iterable[str]) -> list[onnx.NodeProto]:
    """
    Return the nodes so that each comes after those it reads; sorted ones keep their order.

    :raises GraphError: nodes wait for each other, or read a tensor that nothing makes.
    """
    known = {item.name for item in graph.input} | set(weights)
    known |= {tensor.values.name for tensor in graph.sparse_initializer}
    waiting, done = list(graph.node), []
    while waiting:
        left = []
        for node in waiting:
            if known.issuperset(node_inputs(node)):
                known.update(node.output)
                done.append(node)
            else:
                left.append(node)
        if len(left) == len(waiting):
            missing = [name for name in node_inputs(left[0]) if name not in known]
            raise GraphError(
                f'node {left[0].name or left[0].output[0]!r} reads {", ".join(missing)}, which '
                'no node before it makes; the file is damaged, export the network again'
            )
        waiting = left
    return done


def _name_open_sizes(graph: onnx.GraphProto) -> None:
    """Name the open sizes of the inputs: some exporters write 0 or -1 there, or nothing."""
    for item in graph.input:
        for axis, dim in enumerate(item.type.tensor_type.shape.dim):
            if dim.dim_value <= 0 and not dim.dim_param:
                dim.dim_param = f'dim{axis}'


def _replace(field: Any, items: list[Any]) -> None:  # noqa: ANN401
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del field[:]
    field.extend(copies)
