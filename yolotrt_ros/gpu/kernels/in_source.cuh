// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows in network pixels become rows in pixels of the camera image: Selection.in_source() of
// yolotrt_ros/core/selection.py, bit by bit, by one block of threads.
#ifndef YOLOTRT_IN_SOURCE_CUH_
#define YOLOTRT_IN_SOURCE_CUH_

#include "chunk.cuh"
#include "frame_parameters.cuh"
#include "numbers.cuh"
#include "result.cuh"
#include "warp.cuh"

namespace yolotrt
{

/// Bring a coordinate to the camera image, and into it.
__device__ inline float to_source(float value, int pad, float scale, int side)
{
  const float moved = divide(subtract(value, static_cast<float>(pad)), scale);
  const float limit = static_cast<float>(side);
  // Not less and not more than a limit is what NumPy asks, too; -0 becomes 0.
  return moved > 0.0f ? (moved < limit ? moved : limit) : 0.0f;
}

__device__ inline ResultRow to_source(const ResultRow & row, const FrameParameters & frame)
{
  return {
    to_source(row.x1, frame.pad_left, frame.scale_x, frame.source_width),
    to_source(row.y1, frame.pad_top, frame.scale_y, frame.source_height),
    to_source(row.x2, frame.pad_left, frame.scale_x, frame.source_width),
    to_source(row.y2, frame.pad_top, frame.scale_y, frame.source_height),
    row.score, row.class_id};
}

/// Tell whether any of a box lies in the image, and enough of it to be worth a row.
__device__ inline bool is_large_enough(const ResultRow & row, float min_side)
{
  return row.x2 > row.x1 && row.y2 > row.y1 && subtract(row.x2, row.x1) >= min_side &&
         subtract(row.y2, row.y1) >= min_side;
}

/// Bring all rows there, close up those that stay, and return how many these are.
__device__ inline int bring_to_source(
  const FrameParameters & frame, float min_side, int num_rows, ResultRow * rows)
{
  __shared__ int sums[kNUM_WARPS];
  int num_kept = 0;
  for (int first = 0; first < num_rows; first += kTHREADS) {
    const int index = first + static_cast<int>(threadIdx.x);
    ResultRow row{0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0};
    if (index < num_rows) {
      row = to_source(rows[index], frame);
    }
    const bool is_kept = index < num_rows && is_large_enough(row, min_side);
    const unsigned kept = __ballot_sync(kALL_LANES, is_kept);
    if (lane_index() == 0) {
      sums[warp_index()] = __popc(kept);
    }
    __syncthreads();  // all rows are read, and none is written yet
    int rank = num_kept + count_below(kept);
    for (int warp = 0; warp < kNUM_WARPS; ++warp) {
      rank += warp < warp_index() ? sums[warp] : 0;
      num_kept += sums[warp];
    }
    if (is_kept) {
      rows[rank] = row;
    }
    __syncthreads();  // all have read the sums
  }
  return num_kept;
}

}  // namespace yolotrt

#endif  // YOLOTRT_IN_SOURCE_CUH_
