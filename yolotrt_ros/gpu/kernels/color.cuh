// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Conversions to RGB. core/color.py defines them and explains the numbers.
#ifndef YOLOTRT_COLOR_CUH_
#define YOLOTRT_COLOR_CUH_

#include "portable.cuh"

namespace yolotrt
{

/// Each 0 to 255.
struct Rgb
{
  int red;
  int green;
  int blue;
};

YOLOTRT_DEVICE Rgb gray(int level) { return {level, level, level}; }

/// Bring 16 bits to 8: full scale to full scale, rounded to nearest.
YOLOTRT_DEVICE int narrow(int level) { return (level + 128) / 257; }

YOLOTRT_DEVICE Rgb yuv_to_rgb(int y, int u, int v)
{
  constexpr int kSHIFT = 20;
  const int luma = (y > 16 ? y - 16 : 0) * 1220542 + (1 << (kSHIFT - 1));
  u -= 128;
  v -= 128;
  return {
    clamp((luma + 1673527 * v) >> kSHIFT, 0, 255),
    clamp((luma - 409993 * u - 852492 * v) >> kSHIFT, 0, 255),
    clamp((luma + 2116026 * u) >> kSHIFT, 0, 255)};
}

}  // namespace yolotrt

#endif  // YOLOTRT_COLOR_CUH_
