#!/usr/bin/env bash
# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Compile the decode plugin against several versions of TensorRT's headers. See usage() below.
set -euo pipefail

plugins=$(cd "$(dirname "${BASH_SOURCE[0]}")/../plugins" && pwd -P)
nvcc=${NVCC:-nvcc}
cxx=${CXX:-c++}

usage() {
  cat <<'USAGE'
Usage: scripts/check_plugin_headers.sh DIR...

Compiles the decode plugin's kernel, and its TensorRT code against the headers in each DIR (a folder
with NvInfer.h; they lie in the folder include of github.com/NVIDIA/TensorRT, one tag a version).
Warnings count as errors. No GPU and no TensorRT library is needed; nothing is linked or kept.

  ARCHS='87 90'   compute capabilities of the kernel (default: of each GPU family that nvcc knows)
  NVCC, CXX       the compilers (default: nvcc and c++)
USAGE
}

fail() {
  printf 'check_plugin_headers: %s\n' "$@" >&2
  exit 1
}

failed=''
report() { # report WHAT COMMAND...: prints one line, and the command's output where it fails
  local output
  if output=$("${@:2}" 2>&1); then
    printf 'ok      %s\n' "$1"
  else
    printf 'failed  %s\n%s\n' "$1" "$output"
    failed=yes
  fi
}

cuda_include() { # nvcc may be a link or a script, so it is asked
  local top
  top=$("$nvcc" --dryrun -E -x cu /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')
  printf '%s/include' "$top"
}

known_archs() {
  local known arch
  known=$("$nvcc" --list-gpu-arch)
  for arch in 75 80 86 87 89 90 100 101 110 120; do
    if grep -qx "compute_$arch" <<<"$known"; then printf '%s ' "$arch"; fi
  done
}

version() { # version DIR: such as 10.13.0, as the headers themselves compute it
  printf '#include <NvInferVersion.h>\nNV_TENSORRT_MAJOR.NV_TENSORRT_MINOR.NV_TENSORRT_PATCH\n' |
    "$cxx" -E -P -x c++ -isystem "$1" - | tail -n 1 | tr -d ' '
}

flags=(-std=c++17 -O1 -Wall -Wextra -Werror -I"$plugins/include")

compile_adapters() {
  local source
  for source in "$plugins"/src/*.cpp; do
    "$cxx" "${flags[@]}" -isystem "$1" -isystem "$cuda" -c "$source" -o /dev/null || return 1
  done
}

compile_kernel() {
  "$nvcc" -std=c++17 -I"$plugins/include" -Werror all-warnings -Xcompiler=-Wall,-Wextra \
    -gencode "arch=compute_$1,code=sm_$1" -c "$plugins/src/decode_kernel.cu" -o /dev/null
}

if [[ ${1:-} == -h || ${1:-} == --help ]]; then usage && exit; fi
if (($# == 0)); then usage >&2 && exit 2; fi
command -v "$nvcc" >/dev/null || fail "there is no $nvcc; install the CUDA toolkit, or set NVCC"
command -v "$cxx" >/dev/null || fail "there is no $cxx; install a C++ compiler, or set CXX"
for folder in "$@"; do
  [[ -f $folder/NvInferVersion.h ]] || fail "expected NvInferVersion.h in $folder, found none;" \
    'name the folder that holds NvInfer.h'
done

cuda=$(cuda_include)
for arch in ${ARCHS:-$(known_archs)}; do
  report "kernel for sm_$arch" compile_kernel "$arch"
done
for folder in "$@"; do
  report "TensorRT $(version "$folder")  $folder" compile_adapters "$folder"
done
[[ -z $failed ]]
