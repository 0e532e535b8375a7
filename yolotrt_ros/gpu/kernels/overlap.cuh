// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// When a box drops a weaker one: operation by operation as in yolotrt_ros/core/nms.py.
#ifndef YOLOTRT_OVERLAP_CUH_
#define YOLOTRT_OVERLAP_CUH_

#include "numbers.cuh"

namespace yolotrt
{

struct SuppressionRule
{
  float iou_threshold;
  bool is_class_agnostic;
};

__device__ inline float area(const float4 & box)
{
  return multiply(subtract(box.z, box.x), subtract(box.w, box.y));
}

/// A box x1 y1 x2 y2 in x y z w, its class, and its area, which many comparisons need.
struct LabeledBox
{
  float4 box;
  int class_id;
  float area;
};

__device__ inline LabeledBox label(const float4 & box, int class_id)
{
  return {box, class_id, area(box)};
}

/// Tell whether two boxes share too much; the same bits whichever of them comes first.
__device__ inline bool overlaps_too_much(
  const LabeledBox & one, const LabeledBox & other, float iou_threshold)
{
  const float width = subtract(fminf(one.box.z, other.box.z), fmaxf(one.box.x, other.box.x));
  const float height = subtract(fminf(one.box.w, other.box.w), fmaxf(one.box.y, other.box.y));
  const float overlap = multiply(fmaxf(width, 0.0f), fmaxf(height, 0.0f));
  const float joined = subtract(add(one.area, other.area), overlap);
  // A product instead of a quotient: two empty boxes have no union to divide by.
  return overlap > multiply(iou_threshold, joined);
}

__device__ inline bool suppresses(
  const SuppressionRule & rule, const LabeledBox & better, const LabeledBox & worse)
{
  // No short cut for another class: without branches, several comparisons run interleaved.
  const bool may = rule.is_class_agnostic | (better.class_id == worse.class_id);
  return may & overlaps_too_much(better, worse, rule.iou_threshold);
}

}  // namespace yolotrt

#endif  // YOLOTRT_OVERLAP_CUH_
