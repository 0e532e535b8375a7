# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Finds nvcc and defines yolotrt_link_cuda(target).

# JetPack and NVIDIA's packages install nvcc, but put it on nobody's PATH.
if(NOT DEFINED CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(YOLOTRT_NVCC nvcc PATHS /usr/local/cuda/bin /opt/cuda/bin)
  if(NOT YOLOTRT_NVCC)
    message(FATAL_ERROR
      "The CUDA compiler nvcc was not found on PATH nor in /usr/local/cuda/bin.\n"
      "Install the CUDA toolkit (on a Jetson: sudo apt install cuda-toolkit), or name the compiler "
      "with -DCMAKE_CUDA_COMPILER=/path/to/nvcc.")
  endif()
  set(CMAKE_CUDA_COMPILER "${YOLOTRT_NVCC}")
endif()
# Otherwise CMake would choose the compiler's oldest one, which the GPU may not run.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
  message(FATAL_ERROR
    "CMAKE_CUDA_ARCHITECTURES must name the GPU's compute capability without the dot.\n"
    "Give for example -DCMAKE_CUDA_ARCHITECTURES=87 for Jetson Orin, 90 for H100 and H200, 110 for "
    "Jetson Thor; nvidia-smi --query-gpu=compute_cap --format=csv prints that of a desktop GPU.")
endif()

enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)

function(yolotrt_link_cuda target)
  # The static runtime: the process may hold any other one.
  set_target_properties(${target} PROPERTIES CUDA_RUNTIME_LIBRARY Static LINKER_LANGUAGE CUDA)
  target_include_directories(${target} SYSTEM PRIVATE
    ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>")
  # Its symbols stay inside, and a missing one is an error of the linker, not of the loader.
  target_link_options(${target} PRIVATE
    "LINKER:--exclude-libs,ALL" "LINKER:--no-undefined" "LINKER:--as-needed")
endfunction()
