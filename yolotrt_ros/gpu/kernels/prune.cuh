// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Drops what the rows of a chunk suppress among all entries that are left, so that they need no
// place in later chunks. Without it, thousands of boxes on one object would come 1024 at a time.
#ifndef YOLOTRT_PRUNE_CUH_
#define YOLOTRT_PRUNE_CUH_

#include "chunk.cuh"
#include "suppress.cuh"

namespace yolotrt
{

// A chunk that keeps so few rows was dropped nearly whole, and most of the others will be. Of more
// rows, the comparisons would take longer than to look for the next chunk.
constexpr int kFEW_ROWS = 32;

/// Return how many entries are dropped.
__device__ inline int prune(
  const SuppressionRule & rule, const Candidates & candidates, Entry * entries, int num_entries,
  const ResultRow * rows, int num_rows, Chunk & chunk)
{
  if (threadIdx.x == 0) {
    chunk.num_dropped = 0;
  }
  __syncthreads();
  for (int first = 0; first < num_entries; first += kTHREADS) {
    const int place = first + static_cast<int>(threadIdx.x);
    const int index = place < num_entries ? entries[place].index : kTAKEN;
    bool is_dropped = false;
    if (index != kTAKEN) {
      const LabeledBox labeled = label(candidates.boxes[index], candidates.class_ids[index]);
      is_dropped = is_suppressed_by_rows(rule, rows, num_rows, labeled);
    }
    if (is_dropped) {
      entries[place].index = kTAKEN;
    }
    take_place(&chunk.num_dropped, is_dropped);
  }
  __syncthreads();
  return chunk.num_dropped;
}

}  // namespace yolotrt

#endif  // YOLOTRT_PRUNE_CUH_
