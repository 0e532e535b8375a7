// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// YoloLayer_TRT for TensorRT 8, which has no newer plugin interface.
#ifndef DECODE_PLUGIN_V2_HPP_
#define DECODE_PLUGIN_V2_HPP_

#include <NvInferRuntime.h>

#if NV_TENSORRT_MAJOR < 10

#include <cstddef>
#include <cstdint>
#include <string>

#include "fields.hpp"

namespace yolotrt
{

class DecodePluginV2 final : public nvinfer1::IPluginV2DynamicExt
{
public:
  DecodePluginV2(const DecodeAttributes & attributes, const std::string & plugin_namespace);

  // IPluginV2
  const char * getPluginType() const noexcept override;
  const char * getPluginVersion() const noexcept override;
  int32_t getNbOutputs() const noexcept override;
  int32_t initialize() noexcept override;
  void terminate() noexcept override;
  size_t getSerializationSize() const noexcept override;
  void serialize(void * buffer) const noexcept override;
  void destroy() noexcept override;
  void setPluginNamespace(const char * plugin_namespace) noexcept override;
  const char * getPluginNamespace() const noexcept override;

  // IPluginV2Ext
  nvinfer1::DataType getOutputDataType(
    int32_t index, const nvinfer1::DataType * input_types,
    int32_t num_inputs) const noexcept override;

  // IPluginV2DynamicExt
  DecodePluginV2 * clone() const noexcept override;
  nvinfer1::DimsExprs getOutputDimensions(
    int32_t index, const nvinfer1::DimsExprs * inputs, int32_t num_inputs,
    nvinfer1::IExprBuilder & expressions) noexcept override;
  bool supportsFormatCombination(
    int32_t index, const nvinfer1::PluginTensorDesc * tensors, int32_t num_inputs,
    int32_t num_outputs) noexcept override;
  void configurePlugin(
    const nvinfer1::DynamicPluginTensorDesc * inputs, int32_t num_inputs,
    const nvinfer1::DynamicPluginTensorDesc * outputs, int32_t num_outputs) noexcept override;
  size_t getWorkspaceSize(
    const nvinfer1::PluginTensorDesc * inputs, int32_t num_inputs,
    const nvinfer1::PluginTensorDesc * outputs, int32_t num_outputs) const noexcept override;
  int32_t enqueue(
    const nvinfer1::PluginTensorDesc * input_descs, const nvinfer1::PluginTensorDesc * output_descs,
    const void * const * inputs, void * const * outputs, void * workspace,
    cudaStream_t stream) noexcept override;

private:
  DecodeAttributes attributes_;
  std::string namespace_;
};

class DecodePluginCreator final : public nvinfer1::IPluginCreator
{
public:
  const char * getPluginName() const noexcept override;
  const char * getPluginVersion() const noexcept override;
  const nvinfer1::PluginFieldCollection * getFieldNames() noexcept override;
  DecodePluginV2 * createPlugin(
    const char * name, const nvinfer1::PluginFieldCollection * fields) noexcept override;
  DecodePluginV2 * deserializePlugin(
    const char * name, const void * serial, size_t length) noexcept override;
  void setPluginNamespace(const char * plugin_namespace) noexcept override;
  const char * getPluginNamespace() const noexcept override;

private:
  FieldNames field_names_;
  std::string namespace_{kPLUGIN_NAMESPACE};
};

}  // namespace yolotrt

#endif  // NV_TENSORRT_MAJOR < 10
#endif  // DECODE_PLUGIN_V2_HPP_
