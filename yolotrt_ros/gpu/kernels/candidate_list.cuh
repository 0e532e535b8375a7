// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the decode kernels put what they find, and nms.cu reads it.
#ifndef YOLOTRT_CANDIDATE_LIST_CUH_
#define YOLOTRT_CANDIDATE_LIST_CUH_

#include "numbers.cuh"
#include "selection.cuh"
#include "warp.cuh"

namespace yolotrt
{

/// A growing list for each image of a batch, in no particular order.
struct CandidateLists
{
  int * counts;         // [B], 0 in the beginning
  int * rejected;       // [B], 0 in the beginning
  float4 * boxes;       // [B, stride]: x1 y1 x2 y2, network pixels
  float * scores;       // [B, stride]
  int * class_ids;      // [B, stride]
  long long stride;     // NOLINT(runtime/int): eight bytes like the pointers, so without padding
};

struct Found
{
  bool is_there;  // otherwise the rest means nothing
  float4 box;
  float score;
  int class_id;
};

/// Return the lowest score worth a closer look, in the precision of the network's output.
__device__ inline float score_floor(const Selection & selection, float)
{
  return selection.score_floor;
}

__device__ inline float score_floor(const Selection & selection, Half)
{
  return selection.score_floor_of_half;
}

__device__ inline float4 corners(float center_x, float center_y, float width, float height)
{
  const float half_width = multiply(width, 0.5f), half_height = multiply(height, 0.5f);
  return {
    subtract(center_x, half_width), subtract(center_y, half_height),
    add(center_x, half_width), add(center_y, half_height)};
}

/// Append what reaches the threshold, and count what is not a number. All lanes must call it.
__device__ inline void append(
  const CandidateLists & lists, int image, const Selection & selection, const Found & found)
{
  const bool is_sound = is_finite(found.score) && is_finite(found.box);
  const bool is_kept = found.is_there && is_sound && found.score >= selection.score_floor;
  const int row = take_place(lists.counts + image, is_kept);
  if (is_kept) {
    const size_t place =
      static_cast<size_t>(image) * static_cast<size_t>(lists.stride) + static_cast<size_t>(row);
    lists.boxes[place] = found.box;
    lists.scores[place] = found.score;
    lists.class_ids[place] = found.class_id;
  }
  take_place(lists.rejected + image, found.is_there && !is_sound);
}

}  // namespace yolotrt

#endif  // YOLOTRT_CANDIDATE_LIST_CUH_
