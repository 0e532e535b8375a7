// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Thresholds, class filter and non-maximum suppression of a batch, then the way of the boxes to the
// camera image: apply() and in_source() of Selection in yolotrt_ros/core/selection.py, row by row
// and bit by bit, whatever the order of the candidates.
//
// One block of 512 threads works on one image, from start to end: of a real image some hundred
// candidates pass the threshold, and then the time goes into waiting for memory and barriers, not
// into arithmetic. Up to 1024 go straight into shared memory. More are listed, and taken from the
// list at most 1024 at a time, best first, until enough rows are kept.
#include "chunk.cuh"
#include "frame_parameters.cuh"
#include "in_source.cuh"
#include "order.cuh"
#include "overlap.cuh"
#include "prune.cuh"
#include "result.cuh"
#include "selection.cuh"
#include "sort.cuh"
#include "suppress.cuh"
#include "warp.cuh"

namespace yolotrt
{

constexpr int kPER_TURN = 4;  // candidates that a thread waits for at the same time

struct Counters
{
  int num_selected;
  int num_nonfinite;
};

struct Sighting
{
  float4 box;
  float score;
  int class_id;
  float threshold;
};

__device__ bool is_sound(const Sighting & sighting, int num_classes)
{
  return is_finite(sighting.score) && is_finite(sighting.box) && sighting.class_id >= 0 &&
         sighting.class_id < num_classes;
}

/// List the candidates that pass the thresholds, in any order; the first of them fill the chunk.
__device__ void select(
  const Selection & selection, const float * thresholds, const Candidates & candidates,
  int num_candidates, Entry * entries, Chunk & chunk, Counters & counters)
{
  const float minus_infinity = __uint_as_float(0xff800000u);
  const int thread = static_cast<int>(threadIdx.x);
  for (int first = 0; first < num_candidates; first += kPER_TURN * kTHREADS) {
    Sighting sightings[kPER_TURN];
    // Everything is read before anything is looked at: memory is waited for twice, not 20 times.
#pragma unroll
    for (int item = 0; item < kPER_TURN; ++item) {
      const int index = first + item * kTHREADS + thread;
      if (index < num_candidates) {
        sightings[item] = {
          candidates.boxes[index], candidates.scores[index], candidates.class_ids[index], 0.0f};
      } else {
        sightings[item] = {{0.0f, 0.0f, 0.0f, 0.0f}, minus_infinity, 0, 0.0f};
      }
    }
#pragma unroll
    for (Sighting & sighting : sightings) {
      sighting.threshold = is_sound(sighting, selection.num_classes) ?
        thresholds[sighting.class_id] : 0.0f;
    }
#pragma unroll
    for (int item = 0; item < kPER_TURN; ++item) {
      if (first + item * kTHREADS >= num_candidates) {
        break;
      }
      const Sighting & sighting = sightings[item];
      const bool is_weak = sighting.score < selection.score_floor;  // NaN is not
      const bool is_nonfinite = !is_weak && !is_sound(sighting, selection.num_classes);
      const bool is_selected = !is_weak && !is_nonfinite && sighting.score >= sighting.threshold;
      const int place = take_place(&counters.num_selected, is_selected);
      if (is_selected) {
        const unsigned word = score_word(sighting.score);
        entries[place] = {word, first + item * kTHREADS + thread};
        if (place < kCHUNK) {
          chunk.keys[place] = make_key(word, sighting.class_id);
          chunk.boxes[place] = sighting.box;
        }
      }
      if (is_nonfinite) {
        atomicAdd(&counters.num_nonfinite, 1);
      }
    }
  }
  __syncthreads();
}

}  // namespace yolotrt

/// Grid: one block of kTHREADS threads for each image.
/// @param counts int [B]: candidates of each image; what lies behind them is not read.
/// @param boxes float [B, stride, 4]: x1 y1 x2 y2 in network pixels, from an address divisible by 16.
/// @param scores float [B, stride].
/// @param class_ids int [B, stride].
/// @param rejected int [B]: candidates that the decoder rejected; null for none.
/// @param frames [B]: where each image lies in the network's input; null leaves network pixels.
/// @param entries [B, stride]: room to work in.
/// @param results [B]: a ResultHeader and `capacity` rows each, without gaps.
extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS, 1) nms(
  const int * counts, const float4 * boxes, const float * scores, const int * class_ids,
  const int * rejected, int stride, const yolotrt::FrameParameters * frames,
  const yolotrt::Selection * selection_block, yolotrt::Entry * entries, int capacity,
  unsigned char * results)
{
  using namespace yolotrt;  // NOLINT(build/namespaces)
  __shared__ Chunk chunk;
  __shared__ KeptPair kept;
  __shared__ Counters counters;
  const int image = static_cast<int>(blockIdx.x);
  const size_t first = static_cast<size_t>(image) * static_cast<size_t>(stride);
  const Candidates candidates{boxes + first, scores + first, class_ids + first};
  const Selection selection = *selection_block;
  const SuppressionRule rule{selection.iou_threshold, selection.is_class_agnostic != 0};
  const Result result = result_of(results, image, capacity);
  const int max_rows = min(selection.max_detections, capacity);
  const int num_candidates = min(max(counts[image], 0), stride);

  if (threadIdx.x == 0) {
    counters = {0, 0};
  }
  __syncthreads();
  select(
    selection, class_thresholds(*selection_block), candidates, num_candidates, entries + first,
    chunk, counters);

  int num_rows = 0;
  const int num_selected = counters.num_selected;
  for (int num_left = num_selected; num_left > 0 && num_rows < max_rows;) {
    const int size = num_selected <= kCHUNK ? num_selected :
      fill_chunk(candidates, entries + first, num_selected, num_left, chunk);
    num_left -= size;
    sort_chunk(size, chunk);
    const int num_rows_before = num_rows;
    num_rows = suppress_chunk(rule, size, chunk, num_rows, max_rows, result.rows, kept);
    const int num_new = num_rows - num_rows_before;
    if (num_left > kCHUNK && num_rows < max_rows && num_new <= kFEW_ROWS) {
      num_left -= prune(
        rule, candidates, entries + first, num_selected, result.rows + num_rows_before, num_new,
        chunk);
    }
  }
  if (frames != nullptr) {
    num_rows = bring_to_source(frames[image], selection.min_box_size, num_rows, result.rows);
  }
  if (threadIdx.x == 0) {
    const int num_nonfinite = counters.num_nonfinite + (rejected ? rejected[image] : 0);
    *result.header = {num_rows, num_nonfinite, counts[image], num_selected};
  }
}
