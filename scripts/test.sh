#!/usr/bin/env bash
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Check style and types, then run the tests. See usage() below.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.venv/bin/python
failed=()

usage() {
  cat <<'USAGE'
Usage: scripts/test.sh [--lint | --no-lint] [PYTEST ARGUMENT...]

Sets up .venv where needed, checks style (ruff) and types (mypy), then runs the tests, in three
processes (-n 0: in one). Every part runs even if one before it fails; the exit status is 1 if any failed.

  --lint       style and types only
  --no-lint    tests only
  --help       print this text

Examples: scripts/test.sh
          scripts/test.sh --no-lint -k letterbox
          scripts/test.sh -m 'not gpu'
USAGE
}

check() { # check TITLE COMMAND...
  printf '\n== %s\n' "$1"
  "${@:2}" || failed+=("$1")
}

# NumPy's own annotations change from version to version: ours are checked against the pinned one,
# and not beside an installed ROS, which brings another.
check_types() {
  local pinned
  pinned=$(sed -n 's/^numpy==\([0-9.]*\).*/\1/p' scripts/requirements.txt)
  if "$python" -c "import numpy; raise SystemExit(numpy.__version__ != '$pinned')"; then
    check 'mypy' "$python" -m mypy
  else
    printf '\n== mypy: skipped, because types are checked with NumPy %s only\n' "$pinned"
  fi
}

# Tests that talk over DDS must not meet other robots, nor another run on this machine: a ROS domain
# is free while nothing listens on its discovery port. Beyond 101 ports of this range get scarce.
isolate_ros() {
  local domain attempt
  for ((attempt = 0; attempt < 20; attempt++)); do
    domain=$((1 + RANDOM % 101))
    grep --quiet --no-messages "$(printf ':%04X ' $((7400 + 250 * domain)))" /proc/net/udp || break
  done
  export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-$domain}
  export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}
  # Humble knows only the older variable, and its successors warn about that one.
  if [[ ${ROS_DISTRO:-} == humble ]]; then export ROS_LOCALHOST_ONLY=${ROS_LOCALHOST_ONLY:-1}; fi
}

lint=yes tests=yes
case ${1:-} in
  --lint) tests='' && shift ;;
  --no-lint) lint='' && shift ;;
  -h | --help) usage && exit ;;
esac

scripts/setup.sh
if [[ -n $lint ]]; then
  check 'ruff check' "$python" -m ruff check
  check 'ruff format' "$python" -m ruff format --check
  check_types
fi
if [[ -n $tests ]]; then
  isolate_ros
  check 'pytest' "$python" -m pytest -n 3 --dist loadfile "$@"
fi

if ((${#failed[@]})); then
  summary=$(printf ', %s' "${failed[@]}")
  printf '\nfailed: %s\n' "${summary:2}"
  exit 1
fi
