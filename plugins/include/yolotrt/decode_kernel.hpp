// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#ifndef YOLOTRT__DECODE_KERNEL_HPP_
#define YOLOTRT__DECODE_KERNEL_HPP_

#include <cuda_runtime_api.h>

#include "yolotrt/decode_params.hpp"

namespace yolotrt
{

/// Decode a batch: one clearing of the counters and one kernel, both on the stream.
///
/// Allocates nothing and waits for nothing, so that it can be captured into a CUDA graph. All
/// pointers are device memory. Rows behind an image's num_detections are left as they are.
cudaError_t launch_decode(const DecodeParams & params, cudaStream_t stream);

}  // namespace yolotrt

#endif  // YOLOTRT__DECODE_KERNEL_HPP_
