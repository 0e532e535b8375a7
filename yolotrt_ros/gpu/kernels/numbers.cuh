// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic that gives the same bits as NumPy's.
#ifndef YOLOTRT_NUMBERS_CUH_
#define YOLOTRT_NUMBERS_CUH_

namespace yolotrt
{

// Each operation is rounded for itself. The compiler would fuse a product and a sum into one
// operation with one rounding, and overlaps at the threshold would fall on the other side.
__device__ inline float add(float a, float b) { return __fadd_rn(a, b); }
__device__ inline float subtract(float a, float b) { return __fsub_rn(a, b); }
__device__ inline float multiply(float a, float b) { return __fmul_rn(a, b); }
__device__ inline float divide(float a, float b) { return __fdiv_rn(a, b); }

/// Not so for NaN, which is below nothing.
__device__ inline bool is_finite(float value) { return fabsf(value) <= 3.402823466e38f; }

__device__ inline bool is_finite(const float4 & box)
{
  return is_finite(box.x) && is_finite(box.y) && is_finite(box.z) && is_finite(box.w);
}

/// Return bits whose order as integers is that of the numbers; 0 and -0 are one number.
__device__ inline unsigned ordered_bits(float value)
{
  constexpr unsigned kSIGN = 0x80000000u;
  const unsigned bits = __float_as_uint(add(value, 0.0f));
  return bits & kSIGN ? ~bits : bits | kSIGN;
}

/// Undo ordered_bits.
__device__ inline float from_ordered_bits(unsigned bits)
{
  constexpr unsigned kSIGN = 0x80000000u;
  return __uint_as_float(bits & kSIGN ? bits ^ kSIGN : ~bits);
}

/// A number of half precision, which needs no header of CUDA to be read.
struct Half
{
  unsigned short bits;
};

__device__ inline float to_float(float value) { return value; }

__device__ inline float to_float(Half value)
{
  // The exponent of a half is 112 lower than that of the float with the same bits in front;
  // a product moves it, and makes normal numbers of those without a leading bit.
  constexpr float kTWO_TO_112 = 5.192296858534828e33f;
  const unsigned magnitude = (value.bits & 0x7fffu) << 13;
  const bool is_number = magnitude < 0x0f800000u;
  const unsigned bits = is_number ?
    __float_as_uint(multiply(__uint_as_float(magnitude), kTWO_TO_112)) : magnitude | 0x7f800000u;
  return __uint_as_float(bits | (value.bits & 0x8000u) << 16);
}

}  // namespace yolotrt

#endif  // YOLOTRT_NUMBERS_CUH_
