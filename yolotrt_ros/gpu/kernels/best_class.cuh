// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The best of the class scores of a candidate.
#ifndef YOLOTRT_BEST_CLASS_CUH_
#define YOLOTRT_BEST_CLASS_CUH_

#include "numbers.cuh"

namespace yolotrt
{

struct ClassScore
{
  float score;
  int class_id;
};

/// Return the better of two classes; of equal ones the first.
__device__ inline ClassScore stronger(const ClassScore & a, const ClassScore & b)
{
  const bool is_b = b.score > a.score || (b.score == a.score && b.class_id < a.class_id);
  return is_b ? b : a;
}

/// Find the best of the classes first, first + step and so on, whose scores lie `gap` apart.
template <typename Element>
__device__ ClassScore best_class(
  const Element * scores, size_t gap, int first, int step, int num_classes)
{
  const float infinity = __uint_as_float(0x7f800000u);
  ClassScore best{-infinity, first};
#pragma unroll 4
  for (int class_id = first; class_id < num_classes; class_id += step) {
    const float score = to_float(scores[static_cast<size_t>(class_id) * gap]);
    // Not a number must reject the candidate whatever the other classes say. So does infinity,
    // and unlike NaN it is ordered.
    const ClassScore other{score == score ? score : infinity, class_id};
    best = other.score > best.score ? other : best;
  }
  return best;
}

}  // namespace yolotrt

#endif  // YOLOTRT_BEST_CLASS_CUH_
