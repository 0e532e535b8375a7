// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#ifndef ENQUEUE_HPP_
#define ENQUEUE_HPP_

#include <NvInferRuntime.h>

#include "fields.hpp"

namespace yolotrt
{

/// Launch the decoder on the tensors that TensorRT hands over.
/// @returns 0, or 1 after the reason was logged.
int32_t enqueue(
  const DecodeAttributes & attributes, const nvinfer1::PluginTensorDesc * inputs,
  const void * const * input_values, void * const * output_values, cudaStream_t stream) noexcept;

}  // namespace yolotrt

#endif  // ENQUEUE_HPP_
