# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Finds TensorRT's headers and libnvinfer of the same major version: sets TENSORRT_INCLUDE_DIR,
# TENSORRT_LIBRARY_DIR and YOLOTRT_NVINFER.

foreach(folder TENSORRT_INCLUDE_DIR TENSORRT_LIBRARY_DIR)
  if(NOT DEFINED ${folder} AND DEFINED ENV{${folder}})
    set(${folder} "$ENV{${folder}}")
  endif()
endforeach()

set(prefixes /usr/local/tensorrt /opt/tensorrt /usr/src/tensorrt /usr/local/cuda /usr/local /usr)
set(machines aarch64-linux-gnu x86_64-linux-gnu)
set(include_dirs)
set(library_dirs)
foreach(prefix IN LISTS prefixes)
  list(APPEND include_dirs "${prefix}/include")
  list(APPEND library_dirs "${prefix}/lib" "${prefix}/lib64")
  foreach(machine IN LISTS machines)
    list(APPEND include_dirs "${prefix}/include/${machine}")
    list(APPEND library_dirs "${prefix}/lib/${machine}")
  endforeach()
endforeach()

# A folder that was named is the only one to look in.
if(DEFINED TENSORRT_INCLUDE_DIR)
  set(include_dirs "${TENSORRT_INCLUDE_DIR}")
endif()
if(DEFINED TENSORRT_LIBRARY_DIR)
  set(library_dirs "${TENSORRT_LIBRARY_DIR}")
endif()

find_file(YOLOTRT_NVINFER_VERSION_H NvInferVersion.h PATHS ${include_dirs} NO_DEFAULT_PATH)
if(NOT YOLOTRT_NVINFER_VERSION_H)
  list(JOIN include_dirs "\n  " looked_in)
  message(FATAL_ERROR
    "TensorRT's headers were not found: there is no NvInferVersion.h in\n  ${looked_in}\n"
    "Install them (on a Jetson or with NVIDIA's apt repository: sudo apt install "
    "libnvinfer-headers-dev), or name their folder with -DTENSORRT_INCLUDE_DIR=/path/to/include "
    "or the environment variable of that name. pip's package tensorrt has no headers; take those "
    "of the same version from github.com/NVIDIA/TensorRT, folder include.")
endif()
get_filename_component(TENSORRT_INCLUDE_DIR "${YOLOTRT_NVINFER_VERSION_H}" DIRECTORY)

# NV_TENSORRT_MAJOR is a number, or since 10.13 the name of the macro that is one.
file(STRINGS "${YOLOTRT_NVINFER_VERSION_H}" version_line
  REGEX "^#define +(NV_TENSORRT_MAJOR|TRT_MAJOR_ENTERPRISE) +[0-9]+")
if(NOT version_line MATCHES "(NV_TENSORRT_MAJOR|TRT_MAJOR_ENTERPRISE) +([0-9]+)")
  message(FATAL_ERROR
    "${YOLOTRT_NVINFER_VERSION_H} must define NV_TENSORRT_MAJOR as a number, but does not.\n"
    "This TensorRT is not known here; versions 8.6 to 11 are.")
endif()
set(major "${CMAKE_MATCH_2}")

# By the name with the major version, which pip's package has too, and which cannot be a mismatch.
find_file(YOLOTRT_NVINFER "libnvinfer.so.${major}" PATHS ${library_dirs} NO_DEFAULT_PATH)
if(NOT YOLOTRT_NVINFER)
  list(JOIN library_dirs "\n  " looked_in)
  message(FATAL_ERROR
    "TensorRT's library was not found: there is no libnvinfer.so.${major} in\n  ${looked_in}\n"
    "The headers in ${TENSORRT_INCLUDE_DIR} are of TensorRT ${major}. Install the library of the "
    "same version, or name its folder with -DTENSORRT_LIBRARY_DIR=/path/to/lib or the environment "
    "variable of that name. With pip it is the folder tensorrt_libs, or tensorrt for version 8, of "
    "site-packages.")
endif()
get_filename_component(TENSORRT_LIBRARY_DIR "${YOLOTRT_NVINFER}" DIRECTORY)
message(STATUS "TensorRT ${major}: ${TENSORRT_INCLUDE_DIR}, ${YOLOTRT_NVINFER}")
