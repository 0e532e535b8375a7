// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The attributes of the ONNX node, which reach a plugin as fields: a name, a type, a length.
#ifndef FIELDS_HPP_
#define FIELDS_HPP_

#include <NvInferRuntime.h>

#include <array>
#include <cstdint>

#include "yolotrt/decode_params.hpp"

namespace yolotrt
{

constexpr char kPLUGIN_NAME[] = "YoloLayer_TRT";
constexpr char kPLUGIN_VERSION[] = "1";
constexpr char kPLUGIN_NAMESPACE[] = "";

constexpr int32_t kNUM_FIELDS = 4;
constexpr int32_t kNUM_ANCHOR_SIZES = kNUM_LEVELS * kANCHORS_PER_CELL * 2;
constexpr float kDEFAULT_SCORE_THRESHOLD = 0.01f;

struct DecodeAttributes
{
  int32_t max_stride;
  int32_t num_classes;
  float anchors[kNUM_ANCHOR_SIZES];  ///< width, height in network pixels, finest level first
  float score_threshold;
};

using Fields = std::array<nvinfer1::PluginField, kNUM_FIELDS>;

/// Describe the attributes as fields, which point into them.
Fields fields_of(const DecodeAttributes & attributes);

/// Read and check the attributes.
///
/// The threshold has a default, all others are required.
/// @throws std::invalid_argument a field is missing, unknown, of another type or length, or its
///   values are out of range.
DecodeAttributes read_fields(const nvinfer1::PluginFieldCollection * fields);

/// @throws std::invalid_argument a value is out of range.
void check_ranges(const DecodeAttributes & attributes);

/// The names, types and lengths by which TensorRT and its ONNX parser look attributes up.
class FieldNames
{
public:
  FieldNames();
  FieldNames(const FieldNames &) = delete;
  FieldNames & operator=(const FieldNames &) = delete;

  const nvinfer1::PluginFieldCollection * collection() const { return &collection_; }

private:
  Fields fields_;
  nvinfer1::PluginFieldCollection collection_;
};

}  // namespace yolotrt

#endif  // FIELDS_HPP_
