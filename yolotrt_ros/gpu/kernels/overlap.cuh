// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// When a box drops a weaker one: operation by operation as in yolotrt_ros/core/nms.py.
#ifndef YOLOTRT_OVERLAP_CUH_
#define YOLOTRT_OVERLAP_CUH_

#include "numbers.cuh"

namespace yolotrt
{

/// A box x1 y1 x2 y2 in x y z w, and its class.
struct LabeledBox
{
  float4 box;
  int class_id;
};

struct SuppressionRule
{
  float iou_threshold;
  bool is_class_agnostic;
};

__device__ inline float area(const float4 & box)
{
  return multiply(subtract(box.z, box.x), subtract(box.w, box.y));
}

__device__ inline bool overlaps_too_much(
  const float4 & better, const float4 & worse, float iou_threshold)
{
  const float width = subtract(fminf(better.z, worse.z), fmaxf(better.x, worse.x));
  const float height = subtract(fminf(better.w, worse.w), fmaxf(better.y, worse.y));
  const float overlap = multiply(fmaxf(width, 0.0f), fmaxf(height, 0.0f));
  const float joined = subtract(add(area(better), area(worse)), overlap);
  // A product instead of a quotient: two empty boxes have no union to divide by.
  return overlap > multiply(iou_threshold, joined);
}

__device__ inline bool suppresses(
  const SuppressionRule & rule, const LabeledBox & better, const LabeledBox & worse)
{
  return (rule.is_class_agnostic || better.class_id == worse.class_id) &&
         overlaps_too_much(better.box, worse.box, rule.iou_threshold);
}

}  // namespace yolotrt

#endif  // YOLOTRT_OVERLAP_CUH_
