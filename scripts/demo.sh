#!/usr/bin/env bash
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Set up where needed, then run camera, detector and listener and show what was found.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --quiet
exec .venv/bin/python -m yolotrt_ros demo "$@"
