// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Where to cut the candidates of an image so that the best of them fit into shared memory: a radix
// selection, digit by digit from the front of the order, by one block of threads. It ends as soon
// as half of the room is filled, mostly after two digits; a last word that differs for each
// candidate makes it end for any number of equal rows. Where scores are equal, one look at all
// other words tells which digits are the same for all, so that no time goes into those.
#ifndef YOLOTRT_CUT_CUH_
#define YOLOTRT_CUT_CUH_

#include "order.cuh"
#include "warp.cuh"

namespace yolotrt
{

constexpr int kDIGIT_BITS = 11;
constexpr int kNUM_DIGITS = 1 << kDIGIT_BITS;
constexpr int kWORD_BITS = 32;
constexpr unsigned kALL_BITS = 0xffffffffu;
constexpr int kTAKEN = -1;  // the index of an entry that is dealt with

/// What is lower than these words, compared one after the other, lies before the cut.
struct Cut
{
  unsigned words[kORDER_WORDS];
  int num_before;
  unsigned ones[kORDER_WORDS];   // bits set in the words of some entry with the cut's score
  unsigned zeros[kORDER_WORDS];  // bits not set in those of some
};

__device__ inline bool is_before(
  const Candidates & candidates, const Entry & entry, const Cut & cut)
{
  for (int word = 0; word < kORDER_WORDS; ++word) {
    const unsigned value = order_word(candidates, entry, word);
    if (value != cut.words[word]) {
      return value < cut.words[word];
    }
  }
  return false;
}

/// Tell whether all that is known of the cut, down to a bit of a word, is also true of an entry.
__device__ inline bool is_at_cut(
  const Candidates & candidates, const Entry & entry, const Cut & cut, int word, int lowest_bit)
{
  for (int earlier = 0; earlier < word; ++earlier) {
    if (order_word(candidates, entry, earlier) != cut.words[earlier]) {
      return false;
    }
  }
  return lowest_bit == kWORD_BITS ||
         order_word(candidates, entry, word) >> lowest_bit == cut.words[word] >> lowest_bit;
}

/// Count a digit in the histogram; most lanes of a warp often have the same one.
__device__ inline void count_digit(int * histogram, unsigned digit, bool counts)
{
  const unsigned counting = __ballot_sync(kALL_LANES, counts);
  if (counting == 0) {
    return;
  }
  const int leader = __ffs(counting) - 1;
  const unsigned common = __shfl_sync(kALL_LANES, digit, leader);
  const unsigned with_leader = __ballot_sync(kALL_LANES, counts && digit == common);
  if (lane_index() == leader) {
    atomicAdd(histogram + digit, __popc(with_leader));
  } else if (counts && digit != common) {
    atomicAdd(histogram + digit, 1);
  }
}

/// Find the first digit with which more than `room` entries would lie before the cut.
template <int kThreads>
__device__ void choose_digit(const int * histogram, int room, int lowest_bit, int word, Cut & cut)
{
  constexpr int kPER_THREAD = kNUM_DIGITS / kThreads;
  __shared__ int sums[kWARP];
  const int * mine = histogram + threadIdx.x * kPER_THREAD;
  int sum = 0;
  for (int digit = 0; digit < kPER_THREAD; ++digit) {
    sum += mine[digit];
  }
  const int up_to_here = inclusive_sum(sum);
  if (lane_index() == kWARP - 1) {
    sums[warp_index()] = up_to_here;
  }
  __syncthreads();
  const int of_warps = inclusive_sum(lane_index() < kThreads / kWARP ? sums[lane_index()] : 0);
  const int of_warps_before = __shfl_sync(kALL_LANES, of_warps, (warp_index() + kWARP - 1) % kWARP);
  int before = cut.num_before + up_to_here - sum + (warp_index() > 0 ? of_warps_before : 0);
  __syncthreads();  // all have read num_before
  for (int digit = 0; digit < kPER_THREAD; ++digit) {
    if (before <= room && before + mine[digit] > room) {
      cut.num_before = before;
      cut.words[word] |= (threadIdx.x * kPER_THREAD + digit) << lowest_bit;
    }
    before += mine[digit];
  }
  __syncthreads();
}

/// Note which bits of the words behind the score differ among the entries with the cut's score.
template <int kThreads>
__device__ void note_differences(
  const Candidates & candidates, const Entry * entries, int num_entries, Cut & cut)
{
  unsigned ones[kORDER_WORDS] = {};
  unsigned zeros[kORDER_WORDS] = {};
  for (int place = static_cast<int>(threadIdx.x); place < num_entries; place += kThreads) {
    const Entry entry = entries[place];
    if (entry.index == kTAKEN || entry.score_word != cut.words[0]) {
      continue;
    }
#pragma unroll
    for (int word = 1; word < kORDER_WORDS; ++word) {
      const unsigned value = order_word(candidates, entry, word);
      ones[word] |= value;
      zeros[word] |= ~value;
    }
  }
#pragma unroll
  for (int word = 1; word < kORDER_WORDS; ++word) {
    atomicOr(cut.ones + word, ones[word]);
    atomicOr(cut.zeros + word, zeros[word]);
  }
  __syncthreads();
}

/// Find a cut with room / 2 to room entries before it; there are more than that.
template <int kThreads>
__device__ void find_cut(
  const Candidates & candidates, const Entry * entries, int num_entries, int room,
  int * histogram, Cut & cut)
{
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < kORDER_WORDS) {
    cut.words[thread] = 0;
    cut.ones[thread] = 0;
    cut.zeros[thread] = 0;
  }
  if (thread == 0) {
    cut.num_before = 0;
  }
  for (int word = 0; word < kORDER_WORDS; ++word) {
    if (word == 1) {
      note_differences<kThreads>(candidates, entries, num_entries, cut);
    }
    for (int highest_bit = kWORD_BITS; highest_bit > 0; highest_bit -= kDIGIT_BITS) {
      const int lowest_bit = highest_bit > kDIGIT_BITS ? highest_bit - kDIGIT_BITS : 0;
      const unsigned digit_bits =
        kALL_BITS >> (kWORD_BITS - highest_bit) & kALL_BITS << lowest_bit;
      if (word > 0 && (cut.ones[word] & cut.zeros[word] & digit_bits) == 0) {
        if (thread == 0) {
          cut.words[word] |= cut.ones[word] & digit_bits;
        }
        continue;
      }
      for (int digit = thread; digit < kNUM_DIGITS; digit += kThreads) {
        histogram[digit] = 0;
      }
      __syncthreads();
      for (int first = 0; first < num_entries; first += kThreads) {
        const int place = first + thread;
        const Entry entry = place < num_entries ? entries[place] : Entry{0, kTAKEN};
        const bool counts = entry.index != kTAKEN &&
          is_at_cut(candidates, entry, cut, word, highest_bit);
        const unsigned value = counts ? order_word(candidates, entry, word) : 0;
        count_digit(histogram, value >> lowest_bit & (kNUM_DIGITS - 1), counts);
      }
      __syncthreads();
      choose_digit<kThreads>(histogram, room, lowest_bit, word, cut);
      if (cut.num_before >= room / 2) {
        return;
      }
    }
  }
}

}  // namespace yolotrt

#endif  // YOLOTRT_CUT_CUH_
