# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YOLOv5's decoding as its exporters have written it over the years, and decodings of others."""

from pathlib import Path

import numpy as np

from test.trt.yolov5_graphs import Graph, Spec


def network(path: Path, spec: Spec, rng: np.random.Generator) -> Path:
    """Write a network; its outputs are the decoded rows, if any, and then the raw heads."""
    graph = Graph(spec, rng)
    images = graph.cast('images', spec.dtype) if spec.io_dtype else 'images'
    rows, raw = {}, {}
    for level, features in enumerate(graph.features(images)):
        head = graph.head(features)
        cells = graph.per_anchor(head, level) if spec.decoding or spec.raw == '5d' else ''
        forms = {'': '', '4d': head, '5d': cells, 'sigmoid': ''}
        raw[level] = graph.sigmoid(head) if spec.raw == 'sigmoid' else forms[spec.raw]
        if spec.decoding:
            decoded = DECODINGS[spec.decoding](graph, cells, level)
            rows[level] = graph.add('Reshape', decoded, graph.ints(0, -1, spec.width))
    outputs = []
    if spec.decoding:
        joined = graph.add('Concat', *[rows[level] for level in spec.order], axis=1)
        outputs.append(graph.result(joined))
    if spec.raw:
        outputs += [graph.result(raw[level]) for level in spec.order]
    return graph.save(path, outputs)


def split(graph, cells, level):
    """Write it as YOLOv5 6.2 and newer do: Split, the offset within the grid, Pow."""
    sizes = [2, 2, graph.spec.width - 4]
    values = activated(graph, cells)
    if graph.spec.opset < 13:
        xy, wh, rest = graph.add('Split', values, num_outputs=3, axis=4, split=sizes)
    else:
        xy, wh, rest = graph.add('Split', values, graph.ints(*sizes), num_outputs=3, axis=4)
    two = graph.const(2)
    xy = graph.add('Add', graph.add('Mul', xy, two), graph.grid(cells, level, -0.5))
    xy = graph.add('Mul', xy, graph.const(graph.spec.strides[level]))
    wh = graph.add('Pow', graph.add('Mul', wh, two), two)
    wh = graph.add('Mul', wh, graph.anchor_grid(level))
    return graph.add('Concat', xy, wh, rest, axis=4)


def slices(graph, cells, level):
    """Write it as YOLOv5 5.0 and 6.0 do when not in place: Slice, 2*s - 0.5 + grid."""
    return join(graph, activated(graph, cells), cells, level)


def scatter(graph, cells, level):
    """Write it as YOLOv5 3.0 to 6.0 do in place: boxes written over the sigmoids."""
    values = activated(graph, cells)
    xy, wh = box(graph, values, cells, level)
    columns, rows = graph.spec.cells(level)
    shape = (graph.spec.batch, 3, rows, columns)
    for start, part in ((0, xy), (2, wh)):
        places = np.stack(np.indices((*shape, 2)), axis=-1)
        places[..., -1] += start
        values = graph.add('ScatterND', values, graph.const(places, np.int64), part)
    return values


def folded(graph, cells, level):
    """Write it as simplifiers fold it: constants multiplied, and s * s instead of a power."""
    values, stride = activated(graph, cells), graph.spec.strides[level]
    xy = graph.add('Mul', graph.slice(values, 0, 2), graph.const(2 * stride))
    corner = graph.add('Mul', graph.grid(cells, level, -0.5), graph.const(stride))
    wh = graph.slice(values, 2, 4)
    wh = graph.add('Mul', graph.add('Mul', wh, wh), graph.anchor_grid(level, 4.0))
    rest = graph.slice(values, 4, graph.spec.width)
    return graph.add('Concat', graph.add('Add', xy, corner), wh, rest, axis=4)


def composed(graph, cells, level):
    """Write the sigmoid in four nodes, behind the Transpose."""
    return join(graph, activated(graph, cells, is_composed=True), cells, level)


def quantised(graph, cells, level):
    """Quantise values before they are decoded, as tools do that are told nothing better."""
    return join(graph, graph.quantised(activated(graph, cells), 1 / 127), cells, level)


def exponential(graph, cells, level):
    """Write what YOLOv3 does: sizes are exp(x) * anchor."""
    values = activated(graph, cells)
    xy = graph.add('Add', graph.slice(values, 0, 2), graph.grid(cells, level, 0))
    xy = graph.add('Mul', xy, graph.const(graph.spec.strides[level]))
    wh = graph.add('Exp', graph.slice(cells, 2, 4))
    wh = graph.add('Mul', wh, graph.anchor_grid(level))
    rest = graph.slice(values, 4, graph.spec.width)
    return graph.add('Concat', xy, wh, rest, axis=4)


def normalised(graph, cells, level):
    """Give boxes as parts of the image."""
    values = activated(graph, cells)
    parts = box(graph, values, cells, level)
    scaled = [graph.add('Div', part, graph.const(graph.spec.network_wh)) for part in parts]
    return graph.add('Concat', *scaled, graph.slice(values, 4, graph.spec.width), axis=4)


def masks(graph, cells, level):
    """Leave the last values as they are: coefficients of masks have no sigmoid."""
    end = 5 + graph.spec.num_classes
    values = activated(graph, graph.slice(cells, 0, end))
    parts = [*box(graph, values, cells, level), graph.slice(values, 4, end)]
    return graph.add('Concat', *parts, graph.slice(cells, end, graph.spec.width), axis=4)


def multiplied(graph, cells, level):
    """Multiply class scores with the objectness, as networks do that suppress by themselves."""
    values = activated(graph, cells)
    objectness = graph.slice(values, 4, 5)
    scores = graph.add('Mul', graph.slice(values, 5, graph.spec.width), objectness)
    return graph.add('Concat', *box(graph, values, cells, level), objectness, scores, axis=4)


def activated(graph, cells, is_composed=False):
    is_done = graph.spec.head in ('sigmoid', 'composed')
    return cells if is_done else graph.sigmoid(cells, is_composed)


def box(graph, values, cells, level):
    two, stride = graph.const(2), graph.const(graph.spec.strides[level])
    xy = graph.add('Sub', graph.add('Mul', graph.slice(values, 0, 2), two), graph.const(0.5))
    xy = graph.add('Mul', graph.add('Add', xy, graph.grid(cells, level, 0)), stride)
    wh = graph.add('Mul', graph.slice(values, 2, 4), two)
    return xy, graph.add('Mul', graph.add('Pow', wh, two), graph.anchor_grid(level))


def join(graph, values, cells, level):
    rest = graph.slice(values, 4, graph.spec.width)
    return graph.add('Concat', *box(graph, values, cells, level), rest, axis=4)


YOLOV5_DECODINGS = ('split', 'slices', 'scatter', 'folded', 'composed')
DECODINGS = {
    function.__name__: function
    for function in (
        split,
        slices,
        scatter,
        folded,
        composed,
        quantised,
        exponential,
        normalised,
        masks,
        multiplied,
    )
}
