// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "enqueue.hpp"

#include <stdexcept>
#include <string>

#include "log.hpp"
#include "tensors.hpp"
#include "yolotrt/decode_kernel.hpp"

namespace yolotrt
{

int32_t enqueue(
  const DecodeAttributes & attributes, const nvinfer1::PluginTensorDesc * inputs,
  const void * const * input_values, void * const * output_values, cudaStream_t stream) noexcept
{
  return or_on_failure(1, [&] {
    const DecodeParams params = make_params(attributes, inputs, input_values, output_values);
    const cudaError_t status = launch_decode(params, stream);
    if (status != cudaSuccess) {
      throw std::runtime_error(
        std::string("the kernel could not be launched: ") + cudaGetErrorName(status) + ": " +
        cudaGetErrorString(status));
    }
    return 0;
  });
}

}  // namespace yolotrt
