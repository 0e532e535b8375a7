// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "decode_plugin_v2.hpp"

#if NV_TENSORRT_MAJOR < 10

#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "enqueue.hpp"
#include "log.hpp"
#include "tensors.hpp"

namespace yolotrt
{
namespace
{

/// What an engine file holds of the plugin. The first field tells layouts apart.
struct Record
{
  uint32_t format;
  DecodeAttributes attributes;
};

constexpr uint32_t kRECORD_FORMAT = 1;
static_assert(std::is_trivially_copyable<Record>::value, "is copied as bytes");
static_assert(sizeof(Record) == 88, "padding would be written to engine files");

DecodeAttributes read_record(const void * serial, size_t length)
{
  Record record{};
  if (serial == nullptr || length != sizeof(record)) {
    throw std::invalid_argument(
      "the engine file must hold " + std::to_string(sizeof(record)) +
      " bytes of this plugin, but holds " + std::to_string(length) +
      "; it was built with another plugin of this name; build it again");
  }
  std::memcpy(&record, serial, sizeof(record));
  if (record.format != kRECORD_FORMAT) {
    throw std::invalid_argument(
      "the engine file must hold format " + std::to_string(kRECORD_FORMAT) +
      " of this plugin, but holds " + std::to_string(record.format) +
      "; it was built with another version of this plugin; build it again");
  }
  check_ranges(record.attributes);
  return record.attributes;
}

}  // namespace

DecodePluginV2::DecodePluginV2(
  const DecodeAttributes & attributes, const std::string & plugin_namespace)
: attributes_(attributes), namespace_(plugin_namespace)
{
}

// IPluginV2

const char * DecodePluginV2::getPluginType() const noexcept { return kPLUGIN_NAME; }

const char * DecodePluginV2::getPluginVersion() const noexcept { return kPLUGIN_VERSION; }

int32_t DecodePluginV2::getNbOutputs() const noexcept { return kNUM_OUTPUTS; }

int32_t DecodePluginV2::initialize() noexcept { return 0; }

void DecodePluginV2::terminate() noexcept {}

size_t DecodePluginV2::getSerializationSize() const noexcept { return sizeof(Record); }

void DecodePluginV2::serialize(void * buffer) const noexcept
{
  const Record record{kRECORD_FORMAT, attributes_};
  std::memcpy(buffer, &record, sizeof(record));
}

void DecodePluginV2::destroy() noexcept { delete this; }

void DecodePluginV2::setPluginNamespace(const char * plugin_namespace) noexcept
{
  or_on_failure(0, [&] {
    namespace_ = plugin_namespace;
    return 0;
  });
}

const char * DecodePluginV2::getPluginNamespace() const noexcept { return namespace_.c_str(); }

// IPluginV2Ext

nvinfer1::DataType DecodePluginV2::getOutputDataType(
  int32_t index, const nvinfer1::DataType *, int32_t) const noexcept
{
  return output_type(index);
}

// IPluginV2DynamicExt

DecodePluginV2 * DecodePluginV2::clone() const noexcept
{
  return or_on_failure<DecodePluginV2 *>(
    nullptr, [&] { return new DecodePluginV2(attributes_, namespace_); });
}

nvinfer1::DimsExprs DecodePluginV2::getOutputDimensions(
  int32_t index, const nvinfer1::DimsExprs * inputs, int32_t num_inputs,
  nvinfer1::IExprBuilder & expressions) noexcept
{
  return or_on_failure(nvinfer1::DimsExprs{-1, {}}, [&] {
    check_num_inputs(num_inputs);
    return output_shape(index, inputs, expressions);
  });
}

bool DecodePluginV2::supportsFormatCombination(
  int32_t index, const nvinfer1::PluginTensorDesc * tensors, int32_t, int32_t) noexcept
{
  return supports(index, tensors[index], tensors[0]);
}

void DecodePluginV2::configurePlugin(
  const nvinfer1::DynamicPluginTensorDesc * inputs, int32_t num_inputs,
  const nvinfer1::DynamicPluginTensorDesc *, int32_t) noexcept
{
  // This interface has no way to refuse; what is wrong here is logged, and enqueue() refuses it.
  or_on_failure(0, [&] {
    check_num_inputs(num_inputs);
    check_sizes(attributes_, inputs[0].desc.dims, inputs[1].desc.dims, inputs[2].desc.dims);
    return 0;
  });
}

size_t DecodePluginV2::getWorkspaceSize(
  const nvinfer1::PluginTensorDesc *, int32_t, const nvinfer1::PluginTensorDesc *,
  int32_t) const noexcept
{
  return 0;
}

int32_t DecodePluginV2::enqueue(
  const nvinfer1::PluginTensorDesc * input_descs, const nvinfer1::PluginTensorDesc *,
  const void * const * inputs, void * const * outputs, void *, cudaStream_t stream) noexcept
{
  return yolotrt::enqueue(attributes_, input_descs, inputs, outputs, stream);
}

// IPluginCreator

const char * DecodePluginCreator::getPluginName() const noexcept { return kPLUGIN_NAME; }

const char * DecodePluginCreator::getPluginVersion() const noexcept { return kPLUGIN_VERSION; }

const nvinfer1::PluginFieldCollection * DecodePluginCreator::getFieldNames() noexcept
{
  return field_names_.collection();
}

DecodePluginV2 * DecodePluginCreator::createPlugin(
  const char *, const nvinfer1::PluginFieldCollection * fields) noexcept
{
  return or_on_failure<DecodePluginV2 *>(
    nullptr, [&] { return new DecodePluginV2(read_fields(fields), namespace_); });
}

DecodePluginV2 * DecodePluginCreator::deserializePlugin(
  const char *, const void * serial, size_t length) noexcept
{
  return or_on_failure<DecodePluginV2 *>(
    nullptr, [&] { return new DecodePluginV2(read_record(serial, length), namespace_); });
}

void DecodePluginCreator::setPluginNamespace(const char * plugin_namespace) noexcept
{
  or_on_failure(0, [&] {
    namespace_ = plugin_namespace;
    return 0;
  });
}

const char * DecodePluginCreator::getPluginNamespace() const noexcept { return namespace_.c_str(); }

}  // namespace yolotrt

#endif  // NV_TENSORRT_MAJOR < 10
