// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "fields.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace yolotrt
{
namespace
{

using nvinfer1::PluginField;
using nvinfer1::PluginFieldCollection;
using nvinfer1::PluginFieldType;

std::string describe(PluginFieldType type, int64_t length)
{
  std::string name = "type number " + std::to_string(static_cast<int32_t>(type));
  switch (type) {
    case PluginFieldType::kINT32: name = "INT32"; break;
    case PluginFieldType::kFLOAT32: name = "FLOAT32"; break;
    case PluginFieldType::kFLOAT16: name = "FLOAT16"; break;
    case PluginFieldType::kFLOAT64: name = "FLOAT64"; break;
    case PluginFieldType::kCHAR: name = "CHAR"; break;
    default: break;
  }
  return std::to_string(length) + (length == 1 ? " value of " : " values of ") + name;
}

std::invalid_argument wrong_field(const PluginField & expected, const std::string & found)
{
  const bool is_integer = expected.type == PluginFieldType::kINT32;
  return std::invalid_argument(
    "attribute '" + std::string(expected.name) + "' must be " +
    describe(expected.type, expected.length) + ", but " + found + "; in ONNX write it " +
    (is_integer ? "as an integer" : "with a decimal point, such as 10.0 in place of 10"));
}

void check_name(const Fields & expected, const PluginField & field)
{
  const auto is_named = [&](const PluginField & known) {
    return field.name != nullptr && std::strcmp(known.name, field.name) == 0;
  };
  if (std::none_of(expected.begin(), expected.end(), is_named)) {
    std::string known;
    for (const PluginField & each : expected) {
      known += std::string(known.empty() ? "" : ", ") + each.name;
    }
    throw std::invalid_argument(
      "unknown attribute '" + std::string(field.name == nullptr ? "" : field.name) +
      "'; known are " + known);
  }
}

/// Return the one field of that name, or nullptr where there is none.
const PluginField * find(const PluginFieldCollection & fields, const char * name)
{
  const PluginField * found = nullptr;
  for (int32_t i = 0; i < fields.nbFields; ++i) {
    if (std::strcmp(fields.fields[i].name, name) == 0) {
      if (found != nullptr) {
        throw std::invalid_argument("attribute '" + std::string(name) + "' was given twice");
      }
      found = &fields.fields[i];
    }
  }
  return found;
}

/// Copy the field's values to the place that the expected one points to.
void copy_values(const PluginField & expected, const PluginField & field)
{
  if (field.type != expected.type || field.length != expected.length) {
    throw wrong_field(expected, describe(field.type, field.length) + " came");
  }
  if (field.data == nullptr) {
    throw wrong_field(expected, "it came without data");
  }
  // It points into attributes of read_fields(), which may be written; both types have four bytes.
  std::memcpy(const_cast<void *>(expected.data), field.data, 4 * expected.length);
}

std::invalid_argument out_of_range(const char * name, const char * range, double value)
{
  char number[32];
  std::snprintf(number, sizeof(number), "%g", value);
  return std::invalid_argument(
    "attribute '" + std::string(name) + "' must be " + range + ", but is " + number);
}

}  // namespace

Fields fields_of(const DecodeAttributes & attributes)
{
  return {
    PluginField{"max_stride", &attributes.max_stride, PluginFieldType::kINT32, 1},
    PluginField{"num_classes", &attributes.num_classes, PluginFieldType::kINT32, 1},
    PluginField{"anchors", attributes.anchors, PluginFieldType::kFLOAT32, kNUM_ANCHOR_SIZES},
    PluginField{
      "prenms_score_threshold", &attributes.score_threshold, PluginFieldType::kFLOAT32, 1}};
}

DecodeAttributes read_fields(const PluginFieldCollection * fields)
{
  DecodeAttributes attributes{};
  attributes.score_threshold = kDEFAULT_SCORE_THRESHOLD;
  const Fields expected = fields_of(attributes);
  const PluginFieldCollection given =
    fields != nullptr && fields->fields != nullptr ? *fields : PluginFieldCollection{0, nullptr};
  for (int32_t i = 0; i < given.nbFields; ++i) {
    check_name(expected, given.fields[i]);
  }
  for (const PluginField & each : expected) {
    const PluginField * field = find(given, each.name);
    if (field != nullptr) {
      copy_values(each, *field);
    } else if (each.data != &attributes.score_threshold) {
      throw wrong_field(each, "it is missing");
    }
  }
  check_ranges(attributes);
  return attributes;
}

void check_ranges(const DecodeAttributes & attributes)
{
  if (attributes.max_stride < 1) {
    throw out_of_range("max_stride", "1 or more", attributes.max_stride);
  }
  if (attributes.num_classes < 1) {
    throw out_of_range("num_classes", "1 or more", attributes.num_classes);
  }
  for (const float size : attributes.anchors) {
    if (!(std::isfinite(size) && size > 0.0f)) {
      throw out_of_range("anchors", "finite numbers above 0", size);
    }
  }
  // Not so for NaN either, which is between nothing.
  if (!(attributes.score_threshold >= 0.0f && attributes.score_threshold <= 1.0f)) {
    throw out_of_range("prenms_score_threshold", "from 0 to 1", attributes.score_threshold);
  }
}

FieldNames::FieldNames()
: fields_(fields_of(DecodeAttributes{})), collection_{kNUM_FIELDS, fields_.data()}
{
  for (PluginField & field : fields_) {
    field.data = nullptr;
  }
}

}  // namespace yolotrt
