// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Loading the library registers the creator. getCreators() is not exported as well: a library
// with both is registered by the loader first and then refused by IPluginRegistry::loadLibrary().
#include <NvInferRuntime.h>

#include "decode_plugin_v2.hpp"
#include "decode_plugin_v3.hpp"

#ifndef YOLOTRT_SOURCE_DIGEST
#define YOLOTRT_SOURCE_DIGEST ""
#endif

namespace yolotrt
{
namespace
{

REGISTER_TENSORRT_PLUGIN(DecodePluginCreator);

}  // namespace
}  // namespace yolotrt

// What a loader asks before it uses the library.
extern "C" {

/// Return the version of the headers it was compiled with: major * 10000 + minor * 100 + patch.
__attribute__((visibility("default"))) int32_t yolotrt_plugin_tensorrt_version()
{
  return NV_TENSORRT_MAJOR * 10000 + NV_TENSORRT_MINOR * 100 + NV_TENSORRT_PATCH;
}

/// Return the digest of the sources that whoever compiled it gave, or an empty string.
__attribute__((visibility("default"))) const char * yolotrt_plugin_source_digest()
{
  return YOLOTRT_SOURCE_DIGEST;
}
}
