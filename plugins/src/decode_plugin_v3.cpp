// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "decode_plugin_v3.hpp"

#if NV_TENSORRT_MAJOR >= 10

#include "enqueue.hpp"
#include "log.hpp"
#include "tensors.hpp"

namespace yolotrt
{

DecodePluginV3::DecodePluginV3(const DecodeAttributes & attributes)
: attributes_(attributes), fields_(fields_of(attributes_)), serialized_{kNUM_FIELDS, fields_.data()}
{
}

// IPluginV3

nvinfer1::IPluginCapability * DecodePluginV3::getCapabilityInterface(
  nvinfer1::PluginCapabilityType type) noexcept
{
  switch (type) {
    case nvinfer1::PluginCapabilityType::kCORE:
      return static_cast<nvinfer1::IPluginV3OneCore *>(this);
    case nvinfer1::PluginCapabilityType::kBUILD:
      return static_cast<nvinfer1::IPluginV3OneBuild *>(this);
    case nvinfer1::PluginCapabilityType::kRUNTIME:
      return static_cast<nvinfer1::IPluginV3OneRuntime *>(this);
  }
  return nullptr;
}

DecodePluginV3 * DecodePluginV3::clone() noexcept
{
  return or_on_failure<DecodePluginV3 *>(nullptr, [&] { return new DecodePluginV3(attributes_); });
}

// IPluginV3OneCore

const char * DecodePluginV3::getPluginName() const noexcept { return kPLUGIN_NAME; }

const char * DecodePluginV3::getPluginVersion() const noexcept { return kPLUGIN_VERSION; }

const char * DecodePluginV3::getPluginNamespace() const noexcept { return kPLUGIN_NAMESPACE; }

// IPluginV3OneBuild

int32_t DecodePluginV3::getNbOutputs() const noexcept { return kNUM_OUTPUTS; }

int32_t DecodePluginV3::getOutputDataTypes(
  nvinfer1::DataType * output_types, int32_t num_outputs, const nvinfer1::DataType *,
  int32_t) const noexcept
{
  for (int32_t output = 0; output < num_outputs; ++output) {
    output_types[output] = output_type(output);
  }
  return 0;
}

int32_t DecodePluginV3::getOutputShapes(
  const nvinfer1::DimsExprs * inputs, int32_t num_inputs, const nvinfer1::DimsExprs *, int32_t,
  nvinfer1::DimsExprs * outputs, int32_t num_outputs, nvinfer1::IExprBuilder & expressions) noexcept
{
  return or_on_failure(1, [&] {
    check_num_inputs(num_inputs);
    for (int32_t output = 0; output < num_outputs; ++output) {
      outputs[output] = output_shape(output, inputs, expressions);
    }
    return 0;
  });
}

bool DecodePluginV3::supportsFormatCombination(
  int32_t index, const nvinfer1::DynamicPluginTensorDesc * tensors, int32_t, int32_t) noexcept
{
  return supports(index, tensors[index].desc, tensors[0].desc);
}

int32_t DecodePluginV3::configurePlugin(
  const nvinfer1::DynamicPluginTensorDesc * inputs, int32_t num_inputs,
  const nvinfer1::DynamicPluginTensorDesc *, int32_t) noexcept
{
  return or_on_failure(1, [&] {
    check_num_inputs(num_inputs);
    check_sizes(attributes_, inputs[0].desc.dims, inputs[1].desc.dims, inputs[2].desc.dims);
    return 0;
  });
}

// IPluginV3OneRuntime

int32_t DecodePluginV3::onShapeChange(
  const nvinfer1::PluginTensorDesc * inputs, int32_t num_inputs, const nvinfer1::PluginTensorDesc *,
  int32_t) noexcept
{
  return or_on_failure(1, [&] {
    check_num_inputs(num_inputs);
    check_sizes(attributes_, inputs[0].dims, inputs[1].dims, inputs[2].dims);
    return 0;
  });
}

int32_t DecodePluginV3::enqueue(
  const nvinfer1::PluginTensorDesc * input_descs, const nvinfer1::PluginTensorDesc *,
  const void * const * inputs, void * const * outputs, void *, cudaStream_t stream) noexcept
{
  return yolotrt::enqueue(attributes_, input_descs, inputs, outputs, stream);
}

DecodePluginV3 * DecodePluginV3::attachToContext(nvinfer1::IPluginResourceContext *) noexcept
{
  return clone();
}

const nvinfer1::PluginFieldCollection * DecodePluginV3::getFieldsToSerialize() noexcept
{
  return &serialized_;
}

// IPluginCreatorV3One

const char * DecodePluginCreator::getPluginName() const noexcept { return kPLUGIN_NAME; }

const char * DecodePluginCreator::getPluginVersion() const noexcept { return kPLUGIN_VERSION; }

const char * DecodePluginCreator::getPluginNamespace() const noexcept { return kPLUGIN_NAMESPACE; }

const nvinfer1::PluginFieldCollection * DecodePluginCreator::getFieldNames() noexcept
{
  return field_names_.collection();
}

DecodePluginV3 * DecodePluginCreator::createPlugin(
  const char *, const nvinfer1::PluginFieldCollection * fields, nvinfer1::TensorRTPhase) noexcept
{
  // The fields of an engine file are those of getFieldsToSerialize(), so both phases read alike.
  return or_on_failure<DecodePluginV3 *>(
    nullptr, [&] { return new DecodePluginV3(read_fields(fields)); });
}

}  // namespace yolotrt

#endif  // NV_TENSORRT_MAJOR >= 10
