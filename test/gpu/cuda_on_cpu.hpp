// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs kernels on a CPU: the very source, with what CUDA gives to it in plain C++. Include it
// before the source of the kernels.
#ifndef YOLOTRT_TEST_CUDA_ON_CPU_HPP_
#define YOLOTRT_TEST_CUDA_ON_CPU_HPP_

#include <cmath>

#include "fibers.hpp"

#define __device__
#define __global__
#define __forceinline__ inline
#define __shared__ static  // one block runs at a time
#define __launch_bounds__(...)

struct alignas(16) float4 { float x, y, z, w; };

namespace cuda_on_cpu
{

template <typename T>
T shuffle(const char * what, T value, int source, bool has_source)
{
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(value));
  const uint64_t * const values = exchange(bits, what);
  if (has_source) {
    std::memcpy(&value, &values[source], sizeof(value));
  }
  return value;
}

inline int lane() { return current->thread % kWARP; }

}  // namespace cuda_on_cpu

inline void __syncthreads() { cuda_on_cpu::meet(cuda_on_cpu::block_barrier, "__syncthreads"); }
inline void __syncwarp() { cuda_on_cpu::exchange(0, "__syncwarp"); }

inline unsigned __ballot_sync(unsigned, bool vote)
{
  const uint64_t * const votes = cuda_on_cpu::exchange(vote, "__ballot_sync");
  unsigned bits = 0;
  for (int lane = 0; lane < cuda_on_cpu::kWARP; ++lane) {
    bits |= static_cast<unsigned>(votes[lane]) << lane;
  }
  return bits;
}

inline bool __syncthreads_or(bool vote)
{
  static bool any;
  __syncthreads();
  any = false;
  __syncthreads();
  any = any || vote;
  __syncthreads();
  return any;
}

template <typename T>
T __shfl_sync(unsigned, T value, int source)
{
  return cuda_on_cpu::shuffle("__shfl_sync", value, source, true);
}

template <typename T>
T __shfl_up_sync(unsigned, T value, int distance)
{
  const int source = cuda_on_cpu::lane() - distance;
  return cuda_on_cpu::shuffle("__shfl_up_sync", value, source, source >= 0);
}

template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask)
{
  return cuda_on_cpu::shuffle("__shfl_xor_sync", value, cuda_on_cpu::lane() ^ mask, true);
}

inline unsigned atomicOr(unsigned * address, unsigned bits)
{
  const unsigned before = *address;
  *address |= bits;
  return before;
}

inline int atomicAdd(int * address, int value)
{
  const int before = *address;
  *address += value;
  return before;
}

inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(unsigned bits) { return __builtin_ffs(static_cast<int>(bits)); }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }

// Compiled with -ffp-contract=off: each operation is rounded for itself.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }

inline unsigned __float_as_uint(float value)
{
  unsigned bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float __uint_as_float(unsigned bits)
{
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

#endif  // YOLOTRT_TEST_CUDA_ON_CPU_HPP_
