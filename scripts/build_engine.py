#!/usr/bin/env python3
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start ``build_engine`` from a source tree."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from yolotrt_ros.__main__ import main

sys.exit(main(['build_engine', *sys.argv[1:]]))
