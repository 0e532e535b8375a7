# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sections of a comparison's page: accuracy, agreement, time, pictures."""

from __future__ import annotations

import numpy as np

from yolotrt_ros.tools.compare_pictures import differing_pictures
from yolotrt_ros.tools.compare_plots import (
    f1_by_score,
    precision_recall,
    score_changes,
    time_histogram,
    time_line,
)
from yolotrt_ros.tools.compare_run import Comparison
from yolotrt_ros.tools.compare_table import text_of
from yolotrt_ros.tools.network_figures import TOTAL
from yolotrt_ros.tools.report_page import (
    figure,
    folded,
    group,
    legend,
    Markup,
    paragraph,
    section,
    series_name,
    table,
)


def accuracy(comparison: Comparison) -> Markup:
    """Tell how right the networks are."""
    score = comparison.conditions.score_threshold
    header = ('network', 'precision', 'recall', 'F1', 'best F1', 'at score', 'small', 'medium',
              'large')  # fmt: skip
    rows = []
    for row, network in enumerate(comparison.networks):
        point, best = network.accuracy.at(score), network.accuracy.best_f1()
        sizes = [network.accuracy.per_size[size].mAP50_95 for size in header[-3:]]
        rows.append(
            (
                series_name(comparison.names[row], row),
                *(text_of(value, '.3f') for value in (point.precision, point.recall, point.f1)),
                text_of(best.f1 if best else None, '.3f'),
                text_of(best.score if best else None, '.2f'),
                *(text_of(value, '.4f') for value in sizes),
            )
        )
    caption = f'At score {score:g} and IoU 0.5; mAP50-95 of small, medium and large objects.'
    plots = [
        figure(
            precision_recall(comparison),
            f'Precision over recall at IoU 0.5, all classes together; dots: at score {score:g}.',
        ),
        figure(
            f1_by_score(comparison),
            'F1 by the score from which objects count: the top is the best place for it.',
        ),
    ]
    return section(
        'Accuracy',
        legend(comparison.names),
        group('plots', plots),
        table(header, rows, caption=caption, as_cards=True),
        folded('Every class', _classes(comparison)),
    )


def _classes(comparison: Comparison) -> Markup:
    """List mAP50-95 class by class, those with most objects first."""
    accuracies = [network.accuracy for network in comparison.networks]
    counts = accuracies[0].hits.num_objects
    rows = []
    for class_id in np.argsort(-counts, kind='stable').tolist():
        name = comparison.dataset.class_names[class_id]
        values = [accuracy.per_class[name].mAP50_95 for accuracy in accuracies]
        if counts[class_id]:
            rows.append((name, f'{counts[class_id]}', *(text_of(item, '.4f') for item in values)))
    header = ('class', 'objects', *comparison.names)
    return table(header, rows, caption='mAP50-95 of each class that has objects.')


def agreement(comparison: Comparison) -> Markup:
    """Tell how far they find the same objects."""
    names, matrix = comparison.names, comparison.agreement
    dots = [series_name(name, row) for row, name in enumerate(names)]
    shares = [
        (
            dots[i],
            *('' if i == j else text_of(matrix.share(i, j), '.1%') for j in range(len(names))),
        )
        for i in range(len(names))
    ]
    details = []
    for row in range(1, len(names)):
        pair = matrix.pair(0, row)
        iou = float(np.median(pair.ious)) if pair.ious else None
        score = float(np.median(pair.score_differences)) if pair.ious else None
        counts = (len(pair.ious), pair.num_missing, pair.num_extra, pair.num_class_changes)
        details.append((dots[row], *map(str, counts), text_of(iou, '.3f'), text_of(score, '.4f')))
    header = ('network', 'in common', 'missing', 'extra', 'other class', 'median IoU',
              'median score difference')  # fmt: skip
    plot = figure(
        score_changes(comparison),
        f'Scores of the objects that a network and {names[0]} both find: right of 0 it is surer.',
    )
    score = comparison.conditions.score_threshold
    return section(
        'Agreement',
        paragraph(
            f'Objects with a score of {score:g} or more, of the same class, at an IoU of 0.5 or '
            'more; a partner may score 0.05 less.'
        ),
        table(('objects in common', *names), shares),
        table(header, details, caption=f'Against {names[0]}.', as_cards=True),
        group('plots', [plot]),
    )


def times(comparison: Comparison) -> Markup:
    """Tell how long a frame takes."""
    stages = list(dict.fromkeys(name for row in comparison.networks for name in row.stages))
    header = ('network', *(stage for stage in stages if stage != TOTAL), 'total', 'p90', 'p99',
              'max', 'frames/s')  # fmt: skip
    rows = []
    for number, network in enumerate(comparison.networks):
        medians = [
            text_of(network.percentile_ms(50, stage) if stage in network.stages else None, '.3g')
            for stage in (*header[1 : header.index('total')], TOTAL)
        ]
        tail = [f'{network.percentile_ms(percent):.3g}' for percent in (90, 99, 100)]
        rate = f'{1e3 / network.percentile_ms(50):.3g}'
        rows.append((series_name(comparison.names[number], number), *medians, *tail, rate))
    width, height = comparison.conditions.frame_wh
    plots = [
        figure(time_histogram(comparison), 'How often a frame takes how long.'),
        figure(time_line(comparison), 'Every frame, in the order of the run.'),
    ]
    return section(
        'Time',
        paragraph(
            f'One frame of {width}x{height} at a time, from its pixels to its boxes; medians of '
            'the stages in milliseconds.'
        ),
        table(header, rows, as_cards=True),
        group('plots', plots),
    )


def pictures(comparison: Comparison, count: int) -> Markup:
    """Show where they differ most."""
    panels = list(differing_pictures(comparison, count))
    if not panels:
        text = 'No picture shows a difference.'
        return section('Pictures', paragraph(text))
    return section(
        'Pictures with the largest differences',
        paragraph(
            'In colour, with a name: objects that are not shared, which for '
            f'{comparison.names[0]} means with all others, and for these with it. In white: '
            'shared ones.'
        ),
        *panels,
    )
