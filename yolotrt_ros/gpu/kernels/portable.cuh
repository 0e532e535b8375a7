// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What device code needs in two versions, so that the arithmetic also runs on a CPU (GCC, Clang).
// Nothing is included: NVRTC compiles these files without any folder of headers.
#ifndef YOLOTRT_PORTABLE_CUH_
#define YOLOTRT_PORTABLE_CUH_

#ifdef __CUDACC__
#define YOLOTRT_DEVICE __device__ __forceinline__
#else
#define YOLOTRT_DEVICE inline
#endif

namespace yolotrt
{

using Byte = unsigned char;
using Word = unsigned int;           // four bytes, the first in the lowest bits
using Size = unsigned long long;     // NOLINT(runtime/int)
static_assert(sizeof(Word) == 4 && sizeof(int) == 4, "fields and shifts count on it");
static_assert(sizeof(Size) == 8 && sizeof(Size) == sizeof(void *), "addresses are kept in it");

YOLOTRT_DEVICE int clamp(int value, int lowest, int highest)
{
  return value < lowest ? lowest : (value > highest ? highest : value);
}

#ifndef __CUDACC__
/// Is told each read of a frame's bytes. Whoever runs this on a CPU defines it.
void on_read(const Byte * address, int num_bytes);
#endif

YOLOTRT_DEVICE int load_byte(const Byte * address)
{
#ifdef __CUDACC__
  return __ldg(address);
#else
  on_read(address, 1);
  return *address;
#endif
}

/// @param address a multiple of four.
YOLOTRT_DEVICE Word load_word(const Byte * address)
{
#ifdef __CUDACC__
  return __ldg(reinterpret_cast<const Word *>(address));
#else
  on_read(address, sizeof(Word));
  Word word;
  __builtin_memcpy(&word, address, sizeof(word));
  return word;
#endif
}

/// Return the four bytes that begin so many bits into two neighbouring words.
/// @param shift 0 to 31.
YOLOTRT_DEVICE Word join_words(Word low, Word high, int shift)
{
#ifdef __CUDACC__
  return __funnelshift_r(low, high, shift);
#else
  return static_cast<Word>((static_cast<Size>(high) << 32 | low) >> shift);
#endif
}

/// Round to nearest, ties to even.
YOLOTRT_DEVICE int round_to_int(float value)
{
#ifdef __CUDACC__
  return __float2int_rn(value);
#else
  return static_cast<int>(__builtin_nearbyintf(value));
#endif
}

/// value * factor - subtrahend with both operations rounded: fused, some results would differ.
YOLOTRT_DEVICE double multiply_then_subtract(double value, double factor, double subtrahend)
{
#ifdef __CUDACC__
  return __dsub_rn(__dmul_rn(value, factor), subtrahend);
#else
  return value * factor - subtrahend;  // compiled with -ffp-contract=off
#endif
}

/// value * factor + addend, rounded once.
YOLOTRT_DEVICE float multiply_add(float value, float factor, float addend)
{
#ifdef __CUDACC__
  return __fmaf_rn(value, factor, addend);
#else
  return __builtin_fmaf(value, factor, addend);
#endif
}

YOLOTRT_DEVICE float round_down(float value)
{
#ifdef __CUDACC__
  return floorf(value);
#else
  return __builtin_floorf(value);
#endif
}

}  // namespace yolotrt

#endif  // YOLOTRT_PORTABLE_CUH_
