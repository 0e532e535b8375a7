// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What the threads of a warp find out together. All 32 must call these functions.
#ifndef YOLOTRT_WARP_CUH_
#define YOLOTRT_WARP_CUH_

namespace yolotrt
{

constexpr int kWARP = 32;
constexpr unsigned kALL_LANES = 0xffffffffu;

__device__ inline int lane_index() { return static_cast<int>(threadIdx.x) % kWARP; }
__device__ inline int warp_index() { return static_cast<int>(threadIdx.x) / kWARP; }

/// Count the bits below that of this lane.
__device__ inline int count_below(unsigned bits)
{
  return __popc(bits & ((1u << lane_index()) - 1u));
}

/// Return the sum of the values of this lane and all below it.
__device__ inline int inclusive_sum(int value)
{
  for (int distance = 1; distance < kWARP; distance *= 2) {
    const int below = __shfl_up_sync(kALL_LANES, value, distance);
    value += lane_index() >= distance ? below : 0;
  }
  return value;
}

/// Return a place of its own behind the counter to each lane that wants one, with one atomic.
__device__ inline int take_place(int * counter, bool wanted)
{
  const unsigned lanes = __ballot_sync(kALL_LANES, wanted);
  int first = 0;
  if (lanes != 0 && lane_index() == 0) {
    first = atomicAdd(counter, __popc(lanes));
  }
  return __shfl_sync(kALL_LANES, first, 0) + count_below(lanes);
}

}  // namespace yolotrt

#endif  // YOLOTRT_WARP_CUH_
