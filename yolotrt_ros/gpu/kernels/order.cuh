// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Which candidate comes first: the better score, then the lower class, then the lower x1 y1 x2 y2,
// as in yolotrt_ros/core/nms.py. Candidates that agree in all of these are the same row.
#ifndef YOLOTRT_ORDER_CUH_
#define YOLOTRT_ORDER_CUH_

#include "numbers.cuh"

namespace yolotrt
{

/// Score and class in one number, lower for what comes first.
using Key = unsigned long long;  // NOLINT(runtime/int)
static_assert(sizeof(Key) == 8, "a key holds two words");

/// The candidates of one image, in any order; class_ids are 0 or more.
struct Candidates
{
  const float4 * boxes;  // x1 y1 x2 y2, network pixels
  const float * scores;
  const int * class_ids;
};

/// Return the score's part of the key.
__device__ inline unsigned score_word(float score) { return ~ordered_bits(score); }

__device__ inline Key make_key(unsigned score_word, int class_id)
{
  return static_cast<Key>(score_word) << 32 | static_cast<unsigned>(class_id);
}

__device__ inline float score_of(Key key)
{
  return from_ordered_bits(~static_cast<unsigned>(key >> 32));
}

__device__ inline int class_of(Key key) { return static_cast<int>(key & 0xffffffffu); }

__device__ inline bool precedes(const float4 & a, const float4 & b)
{
  if (a.x != b.x) {
    return a.x < b.x;
  }
  if (a.y != b.y) {
    return a.y < b.y;
  }
  return a.z != b.z ? a.z < b.z : a.w < b.w;
}

/// A candidate that passed the thresholds.
struct Entry
{
  unsigned score_word;
  int index;  // among the candidates
};

/// Numbers that tell candidates apart: the order above, and in the end the place in memory.
constexpr int kORDER_WORDS = 7;

__device__ inline unsigned order_word(const Candidates & candidates, const Entry & entry, int word)
{
  if (word == 0) {
    return entry.score_word;
  }
  if (word == 1) {
    return static_cast<unsigned>(candidates.class_ids[entry.index]);
  }
  if (word == kORDER_WORDS - 1) {
    return static_cast<unsigned>(entry.index);
  }
  const float4 box = candidates.boxes[entry.index];
  return ordered_bits(word == 2 ? box.x : word == 3 ? box.y : word == 4 ? box.z : box.w);
}

}  // namespace yolotrt

#endif  // YOLOTRT_ORDER_CUH_
