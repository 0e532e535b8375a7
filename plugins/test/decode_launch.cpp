// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The kernel without TensorRT, for tests and for compute-sanitizer.
#include "yolotrt/decode_kernel.hpp"

extern "C" {

/// Return the cudaError_t of the launch.
__attribute__((visibility("default"))) int32_t yolotrt_decode_launch(
  const yolotrt::DecodeParams * params, cudaStream_t stream)
{
  return yolotrt::launch_decode(*params, stream);
}

__attribute__((visibility("default"))) int64_t yolotrt_decode_params_size()
{
  return sizeof(yolotrt::DecodeParams);
}
}
