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
constexpr int kNUM_WARPS = kTHREADS / kWARP;

struct Chunk
{
  int size;
  int num_dropped;  // entries that will never come into a chunk
  Key keys[kCHUNK];
  union alignas(16) {  // one after the other, the first two while the chunk is sorted
    unsigned score_words[kTHREADS];
    unsigned short slots[kCHUNK];  // where the box of a key lies
    unsigned suppressors[kCHUNK];  // a bit for each better one of the same 32 that overlaps
  };
  union {
    float4 boxes[kCHUNK];
    int histogram[kNUM_DIGITS];  // used before the boxes come
  };
  Cut cut;
};

/// Move the best entries that are left into the chunk, as they come; return how many they are.
__device__ inline int fill_chunk(
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
      chunk.boxes[slot] = candidates.boxes[entry.index];
    }
  }
  __syncthreads();
  return chunk.size;
}

}  // namespace yolotrt

#endif  // YOLOTRT_CHUNK_CUH_
