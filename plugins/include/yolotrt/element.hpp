// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Reading one number as float, on the GPU and on the CPU. FP16 is handled as its 16 bits.
#ifndef YOLOTRT__ELEMENT_HPP_
#define YOLOTRT__ELEMENT_HPP_

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#include <cuda_fp16.h>
#define YOLOTRT_HOST_DEVICE __host__ __device__
#else
#define YOLOTRT_HOST_DEVICE
#endif

namespace yolotrt
{

using HalfBits = uint16_t;

/// Widen an IEEE 754 binary16 number; every one of them is a float.
inline float half_to_float(HalfBits half)
{
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {  // zero and subnormal: the mantissa counts steps of 2^-24
    const float magnitude = static_cast<float>(mantissa) * 5.9604644775390625e-8f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t widened = exponent == 0x1fu ? 0xffu : exponent + (127 - 15);
  const uint32_t bits = sign | widened << 23 | mantissa << 13;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

YOLOTRT_HOST_DEVICE inline float load(const float * value)
{
#ifdef __CUDA_ARCH__
  return __ldg(value);
#else
  return *value;
#endif
}

YOLOTRT_HOST_DEVICE inline float load(const HalfBits * value)
{
#ifdef __CUDA_ARCH__
  return __half2float(__ushort_as_half(__ldg(value)));
#else
  return half_to_float(*value);
#endif
}

}  // namespace yolotrt

#endif  // YOLOTRT__ELEMENT_HPP_
