// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// YoloLayer_TRT for TensorRT 10 and newer, where older plugin interfaces are deprecated.
#ifndef DECODE_PLUGIN_V3_HPP_
#define DECODE_PLUGIN_V3_HPP_

#include <NvInferRuntime.h>

#if NV_TENSORRT_MAJOR >= 10

#include <cstdint>

#include "fields.hpp"

namespace yolotrt
{

class DecodePluginV3 final : public nvinfer1::IPluginV3,
                             public nvinfer1::IPluginV3OneCore,
                             public nvinfer1::IPluginV3OneBuild,
                             public nvinfer1::IPluginV3OneRuntime
{
public:
  explicit DecodePluginV3(const DecodeAttributes & attributes);
  DecodePluginV3(const DecodePluginV3 &) = delete;
  DecodePluginV3 & operator=(const DecodePluginV3 &) = delete;

  // IPluginV3
  nvinfer1::IPluginCapability * getCapabilityInterface(
    nvinfer1::PluginCapabilityType type) noexcept override;
  DecodePluginV3 * clone() noexcept override;

  // IPluginV3OneCore
  const char * getPluginName() const noexcept override;
  const char * getPluginVersion() const noexcept override;
  const char * getPluginNamespace() const noexcept override;

  // IPluginV3OneBuild
  int32_t getNbOutputs() const noexcept override;
  int32_t getOutputDataTypes(
    nvinfer1::DataType * output_types, int32_t num_outputs, const nvinfer1::DataType * input_types,
    int32_t num_inputs) const noexcept override;
  int32_t getOutputShapes(
    const nvinfer1::DimsExprs * inputs, int32_t num_inputs,
    const nvinfer1::DimsExprs * shape_inputs, int32_t num_shape_inputs,
    nvinfer1::DimsExprs * outputs, int32_t num_outputs,
    nvinfer1::IExprBuilder & expressions) noexcept override;
  bool supportsFormatCombination(
    int32_t index, const nvinfer1::DynamicPluginTensorDesc * tensors, int32_t num_inputs,
    int32_t num_outputs) noexcept override;
  int32_t configurePlugin(
    const nvinfer1::DynamicPluginTensorDesc * inputs, int32_t num_inputs,
    const nvinfer1::DynamicPluginTensorDesc * outputs, int32_t num_outputs) noexcept override;

  // IPluginV3OneRuntime
  int32_t onShapeChange(
    const nvinfer1::PluginTensorDesc * inputs, int32_t num_inputs,
    const nvinfer1::PluginTensorDesc * outputs, int32_t num_outputs) noexcept override;
  int32_t enqueue(
    const nvinfer1::PluginTensorDesc * input_descs, const nvinfer1::PluginTensorDesc * output_descs,
    const void * const * inputs, void * const * outputs, void * workspace,
    cudaStream_t stream) noexcept override;
  DecodePluginV3 * attachToContext(nvinfer1::IPluginResourceContext * context) noexcept override;
  const nvinfer1::PluginFieldCollection * getFieldsToSerialize() noexcept override;

private:
  const DecodeAttributes attributes_;
  const Fields fields_;  // points into attributes_
  const nvinfer1::PluginFieldCollection serialized_;
};

class DecodePluginCreator final : public nvinfer1::IPluginCreatorV3One
{
public:
  const char * getPluginName() const noexcept override;
  const char * getPluginVersion() const noexcept override;
  const char * getPluginNamespace() const noexcept override;
  const nvinfer1::PluginFieldCollection * getFieldNames() noexcept override;
  DecodePluginV3 * createPlugin(
    const char * name, const nvinfer1::PluginFieldCollection * fields,
    nvinfer1::TensorRTPhase phase) noexcept override;

private:
  FieldNames field_names_;
};

}  // namespace yolotrt

#endif  // NV_TENSORRT_MAJOR >= 10
#endif  // DECODE_PLUGIN_V3_HPP_
