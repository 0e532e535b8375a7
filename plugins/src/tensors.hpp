// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The plugin's tensors in TensorRT's words, the same for all plugin interfaces.
#ifndef TENSORS_HPP_
#define TENSORS_HPP_

#include <NvInferRuntime.h>

#include <cstdint>

#include "fields.hpp"
#include "yolotrt/decode_params.hpp"

namespace yolotrt
{

constexpr int32_t kNUM_INPUTS = kNUM_LEVELS;
constexpr int32_t kNUM_OUTPUTS = 4;  // number of detections, boxes, scores, classes

/// Inputs are all FP32 linear, all FP16 linear or all FP16 HWC8; outputs are INT32, FP32, FP32,
/// INT32, linear.
/// @param index position among all tensors, inputs first.
bool supports(
  int32_t index, const nvinfer1::PluginTensorDesc & tensor,
  const nvinfer1::PluginTensorDesc & first_input);

nvinfer1::DataType output_type(int32_t output);

/// [B, 1], [B, N, 4], [B, N] and [B, N] with N = 3 * sum(H * W), for open sizes too.
nvinfer1::DimsExprs output_shape(
  int32_t output, const nvinfer1::DimsExprs * inputs, nvinfer1::IExprBuilder & expressions);

/// @throws std::invalid_argument there are not kNUM_INPUTS of them.
void check_num_inputs(int32_t num_inputs);

/// Check the inputs' sizes as far as they are known; open ones are -1.
/// @throws std::invalid_argument they do not fit the attributes or each other.
void check_sizes(
  const DecodeAttributes & attributes, const nvinfer1::Dims & p3, const nvinfer1::Dims & p4,
  const nvinfer1::Dims & p5);

/// @param inputs of kNUM_INPUTS tensors, all sizes known.
/// @throws std::invalid_argument the inputs do not fit the attributes or each other.
DecodeParams make_params(
  const DecodeAttributes & attributes, const nvinfer1::PluginTensorDesc * inputs,
  const void * const * input_values, void * const * output_values);

}  // namespace yolotrt

#endif  // TENSORS_HPP_
