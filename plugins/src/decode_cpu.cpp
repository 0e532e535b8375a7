// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The kernel's arithmetic in a plain loop, so that it can be tested where there is no GPU.
#include "yolotrt/decode_cell.hpp"

namespace yolotrt
{
namespace
{

template <InputFormat format>
int32_t decode_image(const DecodeParams & params, int32_t image)
{
  int32_t num_detections = 0;
  for (int32_t candidate = 0; candidate < params.num_candidates; ++candidate) {
    const Cell cell = locate<format>(params, candidate);
    const auto channels = channels_of<format>(params, image, cell);
    const float objectness = channels[kOBJECTNESS];
    if (!(objectness >= params.score_threshold)) {
      continue;
    }
    const ClassScore best = best_class(channels, 0, 1, params.num_classes);
    const Detection detection{
      decode_box(channels, params.levels[cell.level], cell), multiply(objectness, best.score),
      best.class_id};
    if (is_kept(detection, params.score_threshold)) {
      write_row(params, image, num_detections++, detection);
    }
  }
  return num_detections;
}

using DecodeImage = int32_t (*)(const DecodeParams &, int32_t);

/// Return null where there is no such format.
DecodeImage decoder_of(InputFormat format)
{
  switch (format) {
    case InputFormat::kFLOAT_LINEAR:
      return &decode_image<InputFormat::kFLOAT_LINEAR>;
    case InputFormat::kHALF_LINEAR:
      return &decode_image<InputFormat::kHALF_LINEAR>;
    case InputFormat::kHALF_HWC8:
      return &decode_image<InputFormat::kHALF_HWC8>;
  }
  return nullptr;
}

}  // namespace
}  // namespace yolotrt

extern "C" {

/// Return 0, or 1 where the parameters are wrong, as the launch of the kernel does.
__attribute__((visibility("default"))) int32_t yolotrt_decode_cpu(
  const yolotrt::DecodeParams * params)
{
  const yolotrt::DecodeImage decode_image = yolotrt::decoder_of(params->input_format);
  if (decode_image == nullptr) {
    return 1;
  }
  for (int32_t image = 0; image < params->batch_size; ++image) {
    params->num_detections[image] = decode_image(*params, image);
  }
  return 0;
}

/// For callers that write the struct down a second time in another language.
__attribute__((visibility("default"))) int64_t yolotrt_decode_params_size()
{
  return sizeof(yolotrt::DecodeParams);
}
}
