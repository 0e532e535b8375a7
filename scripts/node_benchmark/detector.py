# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
The detector node as it is deployed, but around a pipeline without a network.

``python -m scripts.node_benchmark.detector CALL_MS [NODE ARGUMENT...]``
"""

from __future__ import annotations

import sys

from scripts.node_benchmark.stand_in import StandInPipeline
from yolotrt_ros import assembly
from yolotrt_ros.core.config import DetectorConfig
from yolotrt_ros.core.pipeline import Pipeline


def main() -> int:
    """Run the node; returns its exit status."""
    call_s = float(sys.argv[1]) / 1e3

    def stand_in(config: DetectorConfig) -> Pipeline:
        return StandInPipeline(call_s, config.max_batch)

    # Before the node is imported, which takes its pipeline from there.
    assembly.build_pipeline = stand_in
    from yolotrt_ros.ros import detector_node

    return detector_node.main(sys.argv[2:])


if __name__ == '__main__':
    sys.exit(main())
