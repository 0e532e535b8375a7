// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The best candidates that are left, in shared memory, brought into order by one block.
#ifndef YOLOTRT_CHUNK_CUH_
#define YOLOTRT_CHUNK_CUH_

#include "cut.cuh"

namespace yolotrt
{

constexpr int kCHUNK = 1024;  // two candidates for each thread
constexpr int kTHREADS = kCHUNK / 2;

struct Chunk
{
  int size;
  Key keys[kCHUNK];
  unsigned short slots[kCHUNK];  // where the box of a key lies
  union {
    float4 boxes[kCHUNK];
    int histogram[kNUM_DIGITS];  // used before the boxes come
  };
  Cut cut;
};

/// Move the best entries into the chunk, as they come.
__device__ inline void fill_chunk(
  const Candidates & candidates, Entry * entries, int num_entries, int num_left, Chunk & chunk)
{
  const bool is_last = num_left <= kCHUNK;
  if (!is_last) {
    find_cut<kTHREADS>(candidates, entries, num_entries, kCHUNK, chunk.histogram, chunk.cut);
  }
  if (threadIdx.x == 0) {
    chunk.size = 0;
  }
  __syncthreads();
  for (int first = 0; first < num_entries; first += kTHREADS) {
    const int place = first + static_cast<int>(threadIdx.x);
    const Entry entry = place < num_entries ? entries[place] : Entry{0, kTAKEN};
    const bool is_wanted = entry.index != kTAKEN &&
      (is_last || is_before(candidates, entry, chunk.cut));
    const int slot = take_place(&chunk.size, is_wanted);
    if (is_wanted) {
      entries[place].index = kTAKEN;
      chunk.keys[slot] = make_key(entry.score_word, candidates.class_ids[entry.index]);
      chunk.slots[slot] = static_cast<unsigned short>(slot);
      chunk.boxes[slot] = candidates.boxes[entry.index];
    }
  }
  __syncthreads();
}

__device__ inline bool is_in_order(const Chunk & chunk, int first, int second)
{
  if (chunk.keys[first] != chunk.keys[second]) {
    return chunk.keys[first] < chunk.keys[second];
  }
  return !precedes(chunk.boxes[chunk.slots[second]], chunk.boxes[chunk.slots[first]]);
}

/// Sort keys and slots with Batcher's bitonic network; the boxes stay where they are.
__device__ inline void sort_chunk(Chunk & chunk)
{
  constexpr Key kBEHIND_ALL = ~Key{0};  // no finite score has this key
  const int thread = static_cast<int>(threadIdx.x);
  int length = 2 * kWARP;
  while (length < chunk.size) {
    length *= 2;
  }
  for (int place = chunk.size + thread; place < length; place += kTHREADS) {
    chunk.keys[place] = kBEHIND_ALL;
    chunk.slots[place] = 0;  // the same box for all: they are in order
  }
  __syncthreads();
  for (int run = 2; run <= length; run *= 2) {
    for (int distance = run / 2; distance > 0; distance /= 2) {
      const int first = 2 * thread - (thread & (distance - 1));
      const int second = first + distance;
      if (second < length) {
        const bool is_rising = (first & run) == 0;
        const bool swaps = is_rising ? !is_in_order(chunk, first, second) :
                                       !is_in_order(chunk, second, first);
        if (swaps) {
          const Key key = chunk.keys[first];
          chunk.keys[first] = chunk.keys[second];
          chunk.keys[second] = key;
          const unsigned short slot = chunk.slots[first];
          chunk.slots[first] = chunk.slots[second];
          chunk.slots[second] = slot;
        }
      }
      // A warp works on 64 places of its own until pairs are farther apart; the last step is
      // followed by a barrier because no length is below 64.
      const int next_distance = distance > 1 ? distance / 2 : run;
      if (distance > kWARP || next_distance > kWARP) {
        __syncthreads();
      } else {
        __syncwarp();
      }
    }
  }
}

}  // namespace yolotrt

#endif  // YOLOTRT_CHUNK_CUH_
