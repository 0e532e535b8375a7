// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Greedy suppression of a sorted chunk by one block of threads. Each thread holds two candidates,
// so that each warp holds two groups: 32 that follow each other in the order. First, all groups
// are compared with themselves. Then, group by group, the warp that holds it settles which of its
// members are kept, and all warps drop what these suppress: one barrier a group.
#ifndef YOLOTRT_SUPPRESS_CUH_
#define YOLOTRT_SUPPRESS_CUH_

#include "chunk.cuh"
#include "overlap.cuh"
#include "result.cuh"

namespace yolotrt
{

constexpr int kHALVES = kCHUNK / kTHREADS;

struct Member
{
  LabeledBox labeled;
  bool is_alive;
};

/// What is kept of a group, best first.
struct Kept
{
  int size;
  LabeledBox boxes[kWARP];
};

/// Two, so that a group is settled while slow warps still read what was kept of the one before.
struct KeptPair
{
  Kept kept[2];
};
static_assert(kNUM_WARPS % 2 == 0, "neighbouring groups use different ones");

__device__ inline LabeledBox labeled_box_at(const Chunk & chunk, int place)
{
  return label(chunk.boxes[place], class_of(chunk.keys[place]));
}

/// Find for each candidate the better ones of its group that overlap it too much.
__device__ inline void find_suppressors(const SuppressionRule & rule, int size, Chunk & chunk)
{
  const int lane = lane_index();
  for (int place = warp_index(); place < size; place += kNUM_WARPS) {
    const int better = place - place % kWARP + lane;
    const bool drops = better < place &&
      suppresses(rule, labeled_box_at(chunk, better), labeled_box_at(chunk, place));
    const unsigned suppressors = __ballot_sync(kALL_LANES, drops);
    if (lane == 0) {
      chunk.suppressors[place] = suppressors;
    }
  }
}

/// Return a bit for each lane whose candidate no kept better one of its group suppresses.
/// Groups need few rounds: in each, all are kept over which no better one can still decide.
__device__ inline unsigned settle(unsigned suppressors, bool is_alive)
{
  const unsigned own_bit = 1u << lane_index();
  unsigned open = __ballot_sync(kALL_LANES, is_alive);
  unsigned kept = 0;
  while (open != 0) {
    const bool is_kept = (open & own_bit) != 0 && (suppressors & open) == 0;
    const unsigned newly_kept = __ballot_sync(kALL_LANES, is_kept);
    kept |= newly_kept;
    open &= ~(newly_kept | __ballot_sync(kALL_LANES, (suppressors & newly_kept) != 0));
  }
  return kept;
}

/// Append what is kept of the group of this warp to the rows.
__device__ inline void keep(
  const Chunk & chunk, int place, const Member & member, int num_rows, int max_rows,
  ResultRow * rows, Kept & kept)
{
  const unsigned bits = settle(member.is_alive ? chunk.suppressors[place] : 0, member.is_alive);
  const int rank = count_below(bits);
  if (bits >> lane_index() & 1u) {
    kept.boxes[rank] = member.labeled;
    if (num_rows + rank < max_rows) {
      rows[num_rows + rank] = make_row(member.labeled, score_of(chunk.keys[place]));
    }
  }
  if (lane_index() == 0) {
    kept.size = __popc(bits);
  }
}

__device__ inline void drop(const SuppressionRule & rule, const Kept & kept, Member & member)
{
  if (!member.is_alive) {
    return;
  }
  bool is_alive = true;
#pragma unroll 4
  for (int better = 0; better < kept.size; ++better) {
    is_alive &= !suppresses(rule, kept.boxes[better], member.labeled);
  }
  member.is_alive = is_alive;
}

__device__ inline bool is_suppressed_by_rows(
  const SuppressionRule & rule, const ResultRow * rows, int num_rows, const LabeledBox & labeled)
{
  bool is_suppressed = false;
#pragma unroll 4
  for (int row = 0; row < num_rows; ++row) {
    is_suppressed |= suppresses(rule, labeled_box_of(rows[row]), labeled);
  }
  return is_suppressed;
}

/// Append what is kept of a chunk to the rows; return how many rows there are then.
__device__ inline int suppress_chunk(
  const SuppressionRule & rule, int size, Chunk & chunk, int num_rows, int max_rows,
  ResultRow * rows, KeptPair & pair)
{
  const int thread = static_cast<int>(threadIdx.x);
  Member members[kHALVES];
#pragma unroll
  for (int half = 0; half < kHALVES; ++half) {
    const int place = thread + half * kTHREADS;
    if (place < size) {
      const LabeledBox labeled = labeled_box_at(chunk, place);
      members[half] = {labeled, !is_suppressed_by_rows(rule, rows, num_rows, labeled)};
    } else {
      members[half] = {{{0.0f, 0.0f, 0.0f, 0.0f}, 0, 0.0f}, false};
    }
  }
  find_suppressors(rule, size, chunk);
  __syncthreads();
#pragma unroll
  for (int half = 0; half < kHALVES; ++half) {
    for (int warp = 0; warp < kNUM_WARPS; ++warp) {
      if (half * kTHREADS + warp * kWARP >= size) {
        return num_rows;
      }
      Kept & kept = pair.kept[warp % 2];
      if (warp_index() == warp) {
        keep(chunk, thread + half * kTHREADS, members[half], num_rows, max_rows, rows, kept);
        members[half].is_alive = false;
      }
      __syncthreads();
      num_rows += kept.size;
      if (num_rows >= max_rows) {
        return max_rows;
      }
#pragma unroll
      for (int later = half; later < kHALVES; ++later) {
        drop(rule, kept, members[later]);
      }
    }
  }
  return num_rows;
}

}  // namespace yolotrt

#endif  // YOLOTRT_SUPPRESS_CUH_
