// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Candidates from the outputs of networks without the decode plugin: decode() of
// yolotrt_ros/core/decode.py, bit by bit. Grids: x runs over the rows or columns of an image, y
// over the images. YOLOTRT_ELEMENT is the type of the outputs, float or yolotrt::Half.
#include "best_class.cuh"
#include "candidate_list.cuh"
#include "numbers.cuh"
#include "selection.cuh"
#include "warp.cuh"

#ifndef YOLOTRT_ELEMENT
#define YOLOTRT_ELEMENT float
#endif

namespace yolotrt
{

using Element = YOLOTRT_ELEMENT;
constexpr int kTHREADS = 256;
constexpr int kLANES = 8;                   // threads that read the class scores of one row
constexpr int kSLICES = kTHREADS / kWARP;   // threads that read the class scores of one column
constexpr int kBOX = 4;                     // numbers in front of the scores

/// Return, in all kLANES neighbouring threads, the best of the classes that each of them found.
__device__ ClassScore strongest_of_lanes(ClassScore best)
{
  for (int distance = kLANES / 2; distance > 0; distance /= 2) {
    const ClassScore other{
      __shfl_xor_sync(kALL_LANES, best.score, distance),
      __shfl_xor_sync(kALL_LANES, best.class_id, distance)};
    best = stronger(best, other);
  }
  return best;
}

__device__ float4 corners_of_row(const Element * row)
{
  return corners(to_float(row[0]), to_float(row[1]), to_float(row[2]), to_float(row[3]));
}

/// Check a row that came with a class id; one that the network does not have makes it unsound.
__device__ Found check_row(
  const Selection & selection, const float4 & box, float score, float class_id)
{
  const bool is_known = class_id >= 0.0f && class_id < static_cast<float>(selection.num_classes);
  const float not_a_number = __uint_as_float(0x7fffffffu);
  return {
    !(score < score_floor(selection, Element{})), box, is_known ? score : not_a_number,
    is_known ? static_cast<int>(class_id) : 0};
}

}  // namespace yolotrt

/// @param predictions [B, num_rows, 5+nc]: cx cy w h objectness class scores.
/// A block looks at the objectness of 256 rows, lets eight threads read the class scores of each
/// row that is left, and has one thread put each of them out.
extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS) decode_yolov5(
  const yolotrt::Element * predictions, int num_rows, const yolotrt::Selection * selection_block,
  const yolotrt::CandidateLists lists)
{
  using namespace yolotrt;  // NOLINT(build/namespaces)
  __shared__ int survivors[kTHREADS];
  __shared__ ClassScore bests[kTHREADS];
  __shared__ int num_survivors;
  const Selection & selection = *selection_block;
  const int thread = static_cast<int>(threadIdx.x);
  const int image = static_cast<int>(blockIdx.y);
  const int width = kBOX + 1 + selection.num_classes;
  const Element * rows = predictions + static_cast<size_t>(image) * num_rows * width;
  const auto row_at = [&](int row) { return rows + static_cast<size_t>(row) * width; };

  const int row = static_cast<int>(blockIdx.x) * kTHREADS + thread;
  const bool survives = row < num_rows &&
    !(to_float(row_at(row)[kBOX]) < score_floor(selection, Element{}));
  if (thread == 0) {
    num_survivors = 0;
  }
  if (!__syncthreads_or(survives)) {
    return;
  }
  const int place = take_place(&num_survivors, survives);
  if (survives) {
    survivors[place] = row;
  }
  __syncthreads();

  for (int first = 0; first < num_survivors; first += kTHREADS / kLANES) {
    const int survivor = first + thread / kLANES;
    const int num_classes = survivor < num_survivors ? selection.num_classes : 0;
    const Element * scores = row_at(num_classes ? survivors[survivor] : 0) + kBOX + 1;
    const ClassScore best = strongest_of_lanes(
      best_class(scores, 1, thread % kLANES, kLANES, num_classes));
    if (num_classes && thread % kLANES == 0) {
      bests[survivor] = best;
    }
  }
  __syncthreads();

  Found found{};
  if (thread < num_survivors) {
    const Element * survivor = row_at(survivors[thread]);
    const ClassScore best = bests[thread];
    found = {
      true, corners_of_row(survivor), multiply(to_float(survivor[kBOX]), best.score),
      best.class_id};
  }
  append(lists, image, selection, found);
}

/// @param predictions [B, 4+nc, num_columns]: cx cy w h class scores, one column a candidate.
/// A block looks at 32 columns; each of its warps reads an eighth of the class scores.
extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS) decode_yolov8(
  const yolotrt::Element * predictions, int num_columns,
  const yolotrt::Selection * selection_block, const yolotrt::CandidateLists lists)
{
  using namespace yolotrt;  // NOLINT(build/namespaces)
  __shared__ ClassScore bests[kSLICES][kWARP];
  const Selection & selection = *selection_block;
  const int lane = lane_index(), warp = warp_index();
  const int image = static_cast<int>(blockIdx.y);
  const int column = static_cast<int>(blockIdx.x) * kWARP + lane;
  const size_t gap = static_cast<size_t>(num_columns);
  const Element * first =
    predictions + static_cast<size_t>(image) * (kBOX + selection.num_classes) * gap + column;

  const int num_classes = column < num_columns ? selection.num_classes : 0;
  bests[warp][lane] = best_class(first + kBOX * gap, gap, warp, kSLICES, num_classes);
  __syncthreads();
  if (warp > 0) {
    return;
  }
  ClassScore best = bests[0][lane];
  for (int slice = 1; slice < kSLICES; ++slice) {
    best = stronger(best, bests[slice][lane]);
  }
  Found found{};
  if (column < num_columns && !(best.score < score_floor(selection, Element{}))) {
    const float4 box = corners(
      to_float(first[0]), to_float(first[gap]), to_float(first[2 * gap]), to_float(first[3 * gap]));
    found = {true, box, best.score, best.class_id};
  }
  append(lists, image, selection, found);
}

/// @param predictions [B, num_rows, 6]: x1 y1 x2 y2 score class.
extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS) decode_end_to_end(
  const yolotrt::Element * predictions, int num_rows, const yolotrt::Selection * selection_block,
  const yolotrt::CandidateLists lists)
{
  using namespace yolotrt;  // NOLINT(build/namespaces)
  const int image = static_cast<int>(blockIdx.y);
  const int row = static_cast<int>(blockIdx.x) * kTHREADS + static_cast<int>(threadIdx.x);
  Found found{};
  if (row < num_rows) {
    constexpr int kWIDTH = kBOX + 2;
    const Element * values =
      predictions + (static_cast<size_t>(image) * num_rows + static_cast<size_t>(row)) * kWIDTH;
    const float4 box{
      to_float(values[0]), to_float(values[1]), to_float(values[2]), to_float(values[3])};
    found = check_row(*selection_block, box, to_float(values[4]), to_float(values[5]));
  }
  append(lists, image, *selection_block, found);
}

/// @param counts [B]: rows of each image; what lies behind them is not read.
/// @param boxes [B, num_rows, 4]: x1 y1 x2 y2.
/// @param scores [B, num_rows].
/// @param class_ids [B, num_rows].
extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS) decode_counted(
  const int * counts, const yolotrt::Element * boxes, const yolotrt::Element * scores,
  const int * class_ids, int num_rows, const yolotrt::Selection * selection_block,
  const yolotrt::CandidateLists lists)
{
  using namespace yolotrt;  // NOLINT(build/namespaces)
  const int image = static_cast<int>(blockIdx.y);
  const int row = static_cast<int>(blockIdx.x) * kTHREADS + static_cast<int>(threadIdx.x);
  const int count = counts[image];
  if (count < 0 || count > num_rows) {
    if (row == 0) {
      lists.counts[image] = count;  // handed on, to be reported
    }
    return;
  }
  Found found{};
  if (row < count) {
    const size_t place = static_cast<size_t>(image) * num_rows + static_cast<size_t>(row);
    const Element * values = boxes + place * kBOX;
    const float4 box{
      to_float(values[0]), to_float(values[1]), to_float(values[2]), to_float(values[3])};
    const bool is_known = class_ids[place] >= 0 && class_ids[place] < selection_block->num_classes;
    found = check_row(
      *selection_block, box, to_float(scores[place]),
      is_known ? static_cast<float>(class_ids[place]) : -1.0f);
  }
  append(lists, image, *selection_block, found);
}
