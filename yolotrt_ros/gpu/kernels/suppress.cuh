// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Greedy suppression of a sorted chunk by one block of threads. Each thread holds two candidates.
// In turns, the best 32 that are left are compared with each other, every warp picks for itself
// those that are kept, and all threads drop what these suppress. A turn takes three barriers and
// settles 32 candidates and all that they drop.
#ifndef YOLOTRT_SUPPRESS_CUH_
#define YOLOTRT_SUPPRESS_CUH_

#include "chunk.cuh"
#include "overlap.cuh"
#include "result.cuh"

namespace yolotrt
{

constexpr int kNUM_WARPS = kTHREADS / kWARP;
static_assert(kCHUNK == kWARP * kWARP, "a warp reads one word of alive bits a lane");

struct Member
{
  LabeledBox labeled;
  float score;
  bool is_alive;
};

/// The best 32 that are left.
struct Group
{
  unsigned alive[kWARP];  // a bit for each candidate of the chunk
  LabeledBox boxes[kWARP];
  float scores[kWARP];
  unsigned suppressed[kWARP];  // a bit for each weaker member
};

__device__ inline Member member_of(const Chunk & chunk, int place)
{
  if (place >= chunk.size) {
    return {{{0.0f, 0.0f, 0.0f, 0.0f}, 0}, 0.0f, false};
  }
  const Key key = chunk.keys[place];
  return {{chunk.boxes[chunk.slots[place]], class_of(key)}, score_of(key), true};
}

/// Put the best members that are left into the group; return how many there are, 32 at most.
__device__ inline int form_group(Member (&members)[2], Group & group)
{
  const int warp = warp_index();
  unsigned words[2];
  for (int half = 0; half < 2; ++half) {
    words[half] = __ballot_sync(kALL_LANES, members[half].is_alive);
    if (lane_index() == 0) {
      group.alive[warp + half * kNUM_WARPS] = words[half];
    }
  }
  __syncthreads();
  const int up_to_lane = inclusive_sum(__popc(group.alive[lane_index()]));
  for (int half = 0; half < 2; ++half) {
    const int up_to_word = __shfl_sync(kALL_LANES, up_to_lane, warp + half * kNUM_WARPS);
    const int rank = up_to_word - __popc(words[half]) + count_below(words[half]);
    if (members[half].is_alive && rank < kWARP) {
      group.boxes[rank] = members[half].labeled;
      group.scores[rank] = members[half].score;
      members[half].is_alive = false;
    }
  }
  __syncthreads();
  const int num_left = __shfl_sync(kALL_LANES, up_to_lane, kWARP - 1);
  return num_left < kWARP ? num_left : kWARP;
}

/// Return a bit for each member of the group that no better one suppresses; the same in all warps.
__device__ inline unsigned pick_kept(const SuppressionRule & rule, int size, Group & group)
{
  const int lane = lane_index();
  for (int better = warp_index(); better < kWARP; better += kNUM_WARPS) {
    const bool drops = better < lane && lane < size &&
      suppresses(rule, group.boxes[better], group.boxes[lane]);
    const unsigned suppressed = __ballot_sync(kALL_LANES, drops);
    if (lane == 0) {
      group.suppressed[better] = suppressed;
    }
  }
  __syncthreads();
  const unsigned suppressed = group.suppressed[lane];
  unsigned left = size == kWARP ? kALL_LANES : (1u << size) - 1u;
  unsigned kept = 0;
  while (left != 0) {
    const int best = __ffs(left) - 1;
    kept |= 1u << best;
    left &= ~(1u << best | __shfl_sync(kALL_LANES, suppressed, best));
  }
  return kept;
}

/// Append what is kept of a chunk to the rows; return how many rows there are then.
__device__ inline int suppress_chunk(
  const SuppressionRule & rule, const Chunk & chunk, int num_rows, int max_rows, ResultRow * rows,
  Group & group)
{
  Member members[2];
  for (int half = 0; half < 2; ++half) {
    Member & member = members[half];
    member = member_of(chunk, static_cast<int>(threadIdx.x) + half * kTHREADS);
    for (int row = 0; row < num_rows && member.is_alive; ++row) {
      member.is_alive = !suppresses(rule, labeled_box_of(rows[row]), member.labeled);
    }
  }
  for (;;) {
    const int size = form_group(members, group);
    if (size == 0) {
      return num_rows;
    }
    const unsigned kept = pick_kept(rule, size, group);
    const int row = num_rows + count_below(kept);
    const int lane = lane_index();
    if (warp_index() == 0 && (kept >> lane & 1u) && row < max_rows) {
      rows[row] = make_row(group.boxes[lane], group.scores[lane]);
    }
    num_rows += __popc(kept);
    if (num_rows >= max_rows) {
      return max_rows;
    }
    for (unsigned left = kept; left != 0; left &= left - 1u) {
      const LabeledBox better = group.boxes[__ffs(left) - 1];
      for (int half = 0; half < 2; ++half) {
        Member & member = members[half];
        member.is_alive = member.is_alive && !suppresses(rule, better, member.labeled);
      }
    }
  }
}

}  // namespace yolotrt

#endif  // YOLOTRT_SUPPRESS_CUH_
