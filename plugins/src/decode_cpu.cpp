// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The kernel's arithmetic in a plain loop, so that it can be tested where there is no GPU.
#include "yolotrt/decode_cell.hpp"

namespace yolotrt
{
namespace
{

template <typename Element>
int32_t decode_image(const DecodeParams & params, int32_t image)
{
  int32_t num_detections = 0;
  for (int32_t candidate = 0; candidate < params.num_candidates; ++candidate) {
    const Cell cell = locate(params, candidate);
    const auto channels = channels_of<Element>(params, image, cell);
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

}  // namespace
}  // namespace yolotrt

extern "C" {

__attribute__((visibility("default"))) void yolotrt_decode_cpu(const yolotrt::DecodeParams * params)
{
  const auto decode_image = params->element_type == yolotrt::ElementType::kHALF
                              ? &yolotrt::decode_image<yolotrt::HalfBits>
                              : &yolotrt::decode_image<float>;
  for (int32_t image = 0; image < params->batch_size; ++image) {
    params->num_detections[image] = decode_image(*params, image);
  }
}

/// For callers that write the struct down a second time in another language.
__attribute__((visibility("default"))) int64_t yolotrt_decode_params_size()
{
  return sizeof(yolotrt::DecodeParams);
}
}
