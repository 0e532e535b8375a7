// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "tensors.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace yolotrt
{
namespace
{

using nvinfer1::DataType;
using nvinfer1::DimensionOperation;
using nvinfer1::Dims;
using nvinfer1::DimsExprs;
using nvinfer1::IDimensionExpr;
using nvinfer1::PluginTensorDesc;
using nvinfer1::TensorFormat;

// NCHW
constexpr int32_t kNUM_DIMS = 4;
constexpr int32_t kBATCH = 0;
constexpr int32_t kCHANNELS = 1;
constexpr int32_t kHEIGHT = 2;
constexpr int32_t kWIDTH = 3;

std::string describe(int32_t level, const Dims & dims)
{
  std::string text = "p" + std::to_string(3 + level) + " [";
  for (int32_t i = 0; i < dims.nbDims; ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(dims.d[i]);
  }
  return text + "]";
}

bool is_open(const Dims & dims)
{
  return std::any_of(dims.d, dims.d + dims.nbDims, [](int64_t size) { return size < 0; });
}

void check_channels(const DecodeAttributes & attributes, int32_t level, const Dims & dims)
{
  const int64_t expected =
    kANCHORS_PER_CELL * (kFIRST_CLASS + static_cast<int64_t>(attributes.num_classes));
  const bool fits =
    dims.nbDims == kNUM_DIMS && (dims.d[kCHANNELS] < 0 || dims.d[kCHANNELS] == expected);
  if (!fits) {
    throw std::invalid_argument(
      "input must be [B, " + std::to_string(expected) + ", H, W] for " +
      std::to_string(attributes.num_classes) + " classes, 3 * (5 + classes), but is " +
      describe(level, dims) + "; check num_classes and which outputs were cut");
  }
}

/// Find the network pixels between neighbouring cells, which are the same in both directions.
int32_t stride_of(
  const DecodeAttributes & attributes, int32_t level, const Dims & dims, const Dims & coarsest)
{
  const int64_t network_width = static_cast<int64_t>(coarsest.d[kWIDTH]) * attributes.max_stride;
  const int64_t network_height = static_cast<int64_t>(coarsest.d[kHEIGHT]) * attributes.max_stride;
  const int64_t width = dims.d[kWIDTH];
  const int64_t height = dims.d[kHEIGHT];
  const bool fits = width > 0 && height > 0 && network_width % width == 0 &&
                    network_height % height == 0 &&
                    network_width / width == network_height / height &&
                    network_width / width <= attributes.max_stride;
  if (!fits) {
    throw std::invalid_argument(
      "inputs must have one stride in both directions, up to max_stride, but " +
      describe(level, dims) + " has none for a network of " + std::to_string(network_width) + "x" +
      std::to_string(network_height) + " pixels, the size of " +
      describe(kNUM_LEVELS - 1, coarsest) + " times max_stride " +
      std::to_string(attributes.max_stride) + "; give p3, p4, p5 in this order, and p5's stride");
  }
  return static_cast<int32_t>(network_width / width);
}

void check_batch(const Dims & dims, const Dims & coarsest, int32_t level)
{
  if (dims.d[kBATCH] != coarsest.d[kBATCH]) {
    throw std::invalid_argument(
      "inputs must have the same batch size, but came as " + describe(level, dims) + " and " +
      describe(kNUM_LEVELS - 1, coarsest));
  }
}

/// The candidates of one image are counted in 32 bits.
int32_t count_candidates(const PluginTensorDesc * inputs)
{
  int64_t count = 0;
  for (int32_t level = 0; level < kNUM_LEVELS; ++level) {
    const Dims & dims = inputs[level].dims;
    count += static_cast<int64_t>(kANCHORS_PER_CELL) * dims.d[kHEIGHT] * dims.d[kWIDTH];
  }
  if (count > std::numeric_limits<int32_t>::max()) {
    throw std::invalid_argument(
      "inputs must have less than 2^31 candidates an image, but have " + std::to_string(count));
  }
  return static_cast<int32_t>(count);
}

Level make_level(
  const DecodeAttributes & attributes, int32_t index, const PluginTensorDesc * inputs,
  const void * values)
{
  const Dims & dims = inputs[index].dims;
  const Dims & coarsest = inputs[kNUM_LEVELS - 1].dims;
  Level level{};
  level.values = values;
  level.width = static_cast<int32_t>(dims.d[kWIDTH]);
  level.height = static_cast<int32_t>(dims.d[kHEIGHT]);
  level.stride = stride_of(attributes, index, dims, coarsest);
  constexpr int32_t sizes = kNUM_ANCHOR_SIZES / kNUM_LEVELS;
  std::copy_n(attributes.anchors + index * sizes, sizes, &level.anchors[0][0]);
  return level;
}

bool is_linear(const PluginTensorDesc & tensor) { return tensor.format == TensorFormat::kLINEAR; }

/// HWC8 is what convolutions on tensor cores write.
bool is_readable(const PluginTensorDesc & tensor)
{
  const bool is_hwc8 = tensor.format == TensorFormat::kHWC8;
  return (tensor.type == DataType::kFLOAT && is_linear(tensor)) ||
         (tensor.type == DataType::kHALF && (is_linear(tensor) || is_hwc8));
}

/// @param tensor is_readable().
InputFormat input_format(const PluginTensorDesc & tensor)
{
  if (tensor.format == TensorFormat::kHWC8) {
    return InputFormat::kHALF_HWC8;
  }
  return tensor.type == DataType::kHALF ? InputFormat::kHALF_LINEAR : InputFormat::kFLOAT_LINEAR;
}

}  // namespace

bool supports(int32_t index, const PluginTensorDesc & tensor, const PluginTensorDesc & first_input)
{
  if (index >= kNUM_INPUTS) {
    return is_linear(tensor) && tensor.type == output_type(index - kNUM_INPUTS);
  }
  return is_readable(tensor) && tensor.type == first_input.type &&
         tensor.format == first_input.format;
}

DataType output_type(int32_t output)
{
  return output == 1 || output == 2 ? DataType::kFLOAT : DataType::kINT32;
}

DimsExprs output_shape(
  int32_t output, const DimsExprs * inputs, nvinfer1::IExprBuilder & expressions)
{
  DimsExprs shape{};
  shape.nbDims = output == 1 ? 3 : 2;
  shape.d[0] = inputs[0].d[kBATCH];
  if (output == 0) {
    shape.d[1] = expressions.constant(1);
    return shape;
  }
  const IDimensionExpr * cells = expressions.constant(0);
  for (int32_t level = 0; level < kNUM_LEVELS; ++level) {
    const IDimensionExpr * of_level = expressions.operation(
      DimensionOperation::kPROD, *inputs[level].d[kHEIGHT], *inputs[level].d[kWIDTH]);
    cells = expressions.operation(DimensionOperation::kSUM, *cells, *of_level);
  }
  shape.d[1] = expressions.operation(
    DimensionOperation::kPROD, *cells, *expressions.constant(kANCHORS_PER_CELL));
  if (output == 1) {
    shape.d[2] = expressions.constant(4);
  }
  return shape;
}

void check_num_inputs(int32_t num_inputs)
{
  if (num_inputs != kNUM_INPUTS) {
    throw std::invalid_argument(
      "inputs must be p3, p4 and p5, but " + std::to_string(num_inputs) + " came");
  }
}

void check_sizes(
  const DecodeAttributes & attributes, const Dims & p3, const Dims & p4, const Dims & p5)
{
  const Dims * levels[kNUM_LEVELS] = {&p3, &p4, &p5};
  for (int32_t level = 0; level < kNUM_LEVELS; ++level) {
    check_channels(attributes, level, *levels[level]);
  }
  if (is_open(p3) || is_open(p4) || is_open(p5)) {
    return;
  }
  for (int32_t level = 0; level < kNUM_LEVELS; ++level) {
    check_batch(*levels[level], p5, level);
    stride_of(attributes, level, *levels[level], p5);
  }
}

DecodeParams make_params(
  const DecodeAttributes & attributes, const PluginTensorDesc * inputs,
  const void * const * input_values, void * const * output_values)
{
  check_sizes(attributes, inputs[0].dims, inputs[1].dims, inputs[2].dims);
  DecodeParams params{};
  for (int32_t level = 0; level < kNUM_LEVELS; ++level) {
    params.levels[level] = make_level(attributes, level, inputs, input_values[level]);
  }
  params.input_format = input_format(inputs[0]);
  params.batch_size = static_cast<int32_t>(inputs[0].dims.d[kBATCH]);
  params.num_classes = attributes.num_classes;
  params.num_candidates = count_candidates(inputs);
  params.score_threshold = attributes.score_threshold;
  params.num_detections = static_cast<int32_t *>(output_values[0]);
  params.boxes = static_cast<Box *>(output_values[1]);
  params.scores = static_cast<float *>(output_values[2]);
  params.classes = static_cast<int32_t *>(output_values[3]);
  return params;
}

}  // namespace yolotrt
