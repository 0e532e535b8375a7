#!/usr/bin/env bash
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Run the tests that need no ROS with the oldest libraries that robots have. See usage() below.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=.venv-oldest
requirements=scripts/requirements-oldest.txt

usage() {
  cat <<'USAGE'
Usage: scripts/test_oldest.sh [PYTEST ARGUMENT...]

Runs the tests that need no ROS with the libraries of Ubuntu 22.04, which it installs into
.venv-oldest. Needs CPython 3.10, for which they were made, and its venv module.

  --help       print this text

  PYTHON=…     the interpreter to use (default: python3.10)
USAGE
}

install() {
  local python=${PYTHON:-python3.10}
  if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; then
    printf 'test_oldest: expected CPython 3.10, for which these libraries were made, but %s %s\n' \
      "$python" 'is none; install python3.10-venv, or name one: PYTHON=/path/to/python3.10' >&2
    exit 1
  fi
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$venv/installed.txt"
}

case ${1:-} in
  -h | --help) usage && exit ;;
esac
cmp --quiet "$requirements" "$venv/installed.txt" || install
folders=(test/{core,cpu,demo,gpu,plugins,scripts,tools,trt})
exec "$venv/bin/python" -m pytest -n 3 --dist loadfile "${folders[@]}" test/test_*.py "$@"
