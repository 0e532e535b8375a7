// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Brings a chunk into order. Of up to 512 candidates, each thread counts how many come before its
// own: many comparisons, but they do not wait for each other, as the 45 steps of a network of that
// size do. Their number grows with the square, so that more go through Batcher's bitonic network.
#ifndef YOLOTRT_SORT_CUH_
#define YOLOTRT_SORT_CUH_

#include "chunk.cuh"

namespace yolotrt
{

constexpr Key kBEHIND_ALL = ~Key{0};  // no finite score has this key

__device__ inline unsigned score_word_of(Key key) { return static_cast<unsigned>(key >> 32); }

/// Count the candidates with a better score than that at a place, and those with the same score
/// that lie before it: no two have the same rank.
__device__ inline int rank_of(const Chunk & chunk, int padded_size, int place)
{
  const unsigned word = chunk.score_words[place];
  const int own_first = place - place % kWARP;
  int rank = 0;
  for (int first = 0; first < padded_size; first += kWARP) {
    const unsigned * words = chunk.score_words + first;
    if (first == own_first) {
#pragma unroll 8
      for (int item = 0; item < kWARP; ++item) {
        rank += words[item] < word + (first + item < place ? 1u : 0u);
      }
    } else {
      const unsigned bound = word + (first < own_first ? 1u : 0u);
#pragma unroll 8
      for (int item = 0; item < kWARP; ++item) {
        rank += words[item] < bound;
      }
    }
  }
  return rank;
}

__device__ inline bool is_tied(const Chunk & chunk, int size, int one, int other)
{
  return other >= 0 && other < size &&
         score_word_of(chunk.keys[one]) == score_word_of(chunk.keys[other]);
}

__device__ inline bool comes_before(const Chunk & chunk, int one, int other)
{
  return chunk.keys[one] != chunk.keys[other] ?
    chunk.keys[one] < chunk.keys[other] : precedes(chunk.boxes[one], chunk.boxes[other]);
}

/// Return where the candidate at a place belongs if those around it have the same score.
__device__ inline int place_among_tied(const Chunk & chunk, int size, int place)
{
  int moved = place;
  for (int other = place - 1; is_tied(chunk, size, place, other); --other) {
    moved -= comes_before(chunk, place, other);
  }
  for (int other = place + 1; is_tied(chunk, size, place, other); ++other) {
    moved += comes_before(chunk, other, place);
  }
  return moved;
}

/// Move the candidate at a place of this thread; all threads must call this.
__device__ inline void move(Chunk & chunk, bool is_mine, int from, int to)
{
  Key key = 0;
  float4 box{0.0f, 0.0f, 0.0f, 0.0f};
  if (is_mine) {
    key = chunk.keys[from];
    box = chunk.boxes[from];
  }
  __syncthreads();
  if (is_mine) {
    chunk.keys[to] = key;
    chunk.boxes[to] = box;
  }
  __syncthreads();
}

/// Sort up to one candidate a thread.
__device__ inline void sort_by_counting(int size, Chunk & chunk)
{
  const int place = static_cast<int>(threadIdx.x);
  const int padded_size = (size + kWARP - 1) / kWARP * kWARP;
  const bool is_mine = place < size;
  chunk.score_words[place] = score_word_of(is_mine ? chunk.keys[place] : kBEHIND_ALL);
  __syncthreads();
  move(chunk, is_mine, place, is_mine ? rank_of(chunk, padded_size, place) : 0);
  const int moved = is_mine ? place_among_tied(chunk, size, place) : place;
  if (__syncthreads_or(moved != place)) {
    move(chunk, is_mine, place, moved);
  }
}

__device__ inline bool is_in_order(const Chunk & chunk, int first, int second)
{
  if (chunk.keys[first] != chunk.keys[second]) {
    return chunk.keys[first] < chunk.keys[second];
  }
  return !precedes(chunk.boxes[chunk.slots[second]], chunk.boxes[chunk.slots[first]]);
}

/// Sort keys and slots of a whole chunk; the boxes stay where they are.
__device__ inline void sort_slots(int size, Chunk & chunk)
{
  const int thread = static_cast<int>(threadIdx.x);
  for (int place = thread; place < kCHUNK; place += kTHREADS) {
    const bool is_used = place < size;
    // All that is unused gets the same box: it is in order.
    chunk.slots[place] = static_cast<unsigned short>(is_used ? place : 0);
    if (!is_used) {
      chunk.keys[place] = kBEHIND_ALL;
    }
  }
  __syncthreads();
  for (int run = 2; run <= kCHUNK; run *= 2) {
    for (int distance = run / 2; distance > 0; distance /= 2) {
      const int first = 2 * thread - (thread & (distance - 1));
      const int second = first + distance;
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
      // A warp works on 64 places of its own until pairs are farther apart.
      const int next_distance = distance > 1 ? distance / 2 : run;
      if (distance > kWARP || next_distance > kWARP) {
        __syncthreads();
      } else {
        __syncwarp();
      }
    }
  }
}

/// Bring the boxes to the places of their keys.
__device__ inline void move_boxes(Chunk & chunk)
{
  const int thread = static_cast<int>(threadIdx.x);
  const float4 near = chunk.boxes[chunk.slots[thread]];
  const float4 far = chunk.boxes[chunk.slots[thread + kTHREADS]];
  __syncthreads();
  chunk.boxes[thread] = near;
  chunk.boxes[thread + kTHREADS] = far;
  __syncthreads();
}

/// Bring keys and boxes into order.
__device__ inline void sort_chunk(int size, Chunk & chunk)
{
  if (size <= kTHREADS) {
    sort_by_counting(size, chunk);
  } else {
    sort_slots(size, chunk);
    move_boxes(chunk);
  }
}

}  // namespace yolotrt

#endif  // YOLOTRT_SORT_CUH_
