// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Bilinear resampling in fixed point. core/resize.py defines it and explains the numbers.
#ifndef YOLOTRT_BILINEAR_CUH_
#define YOLOTRT_BILINEAR_CUH_

#include "portable.cuh"

namespace yolotrt
{

constexpr float kWEIGHT_ONE = 2048.0f;

/// The two source pixels that an output pixel is mixed from, along one side. Sides have at most
/// 2^15 pixels, so that four shorts do, which are read from shared memory at once.
struct alignas(8) Tap
{
  short near;         // NOLINT(runtime/int)
  short far;          // NOLINT(runtime/int)
  short near_weight;  // NOLINT(runtime/int)
  short far_weight;   // NOLINT(runtime/int)
};

YOLOTRT_DEVICE Tap make_tap(int first, float fraction, int source)
{
  Tap tap;
  tap.near = static_cast<short>(clamp(first, 0, source - 1));
  tap.far = static_cast<short>(clamp(first + 1, 0, source - 1));
  tap.near_weight = static_cast<short>(round_to_int((1.0f - fraction) * kWEIGHT_ONE));
  tap.far_weight = static_cast<short>(round_to_int(fraction * kWEIGHT_ONE));
  return tap;
}

/// Return where a pixel of the resized picture lies in the source, counted from centre to centre.
YOLOTRT_DEVICE float source_position(int index, double pitch)
{
  return static_cast<float>(multiply_then_subtract(index + 0.5, pitch, 0.5));
}

/// Beyond the border the outermost pixel has the whole weight. Beyond the right one that is far's,
/// so that near and far are always neighbours, unless the source has one column only.
/// @param column may lie outside the picture; the tap then lies within the source all the same.
YOLOTRT_DEVICE Tap column_tap(int column, double pitch, int source)
{
  const float position = source_position(column, pitch);
  const float whole = round_down(position);
  const int first = static_cast<int>(whole);
  if (first < 0 || source == 1) {
    return make_tap(0, 0.0f, source);
  }
  if (first >= source - 1) {
    return make_tap(source - 2, 1.0f, source);
  }
  return make_tap(first, position - whole, source);
}

/// @param row likewise.
YOLOTRT_DEVICE Tap row_tap(int row, double pitch, int source)
{
  const float position = source_position(row, pitch);
  const float whole = round_down(position);
  return make_tap(static_cast<int>(whole), position - whole, source);
}

/// Mix the samples of the upper left, upper right, lower left and lower right pixel.
YOLOTRT_DEVICE int mix(
  int upper_near, int upper_far, int lower_near, int lower_far, const Tap & column,
  const Tap & row)
{
  const int upper = (upper_near * column.near_weight + upper_far * column.far_weight) >> 4;
  const int lower = (lower_near * column.near_weight + lower_far * column.far_weight) >> 4;
  return (((upper * row.near_weight) >> 16) + ((lower * row.far_weight) >> 16) + 2) >> 2;
}

}  // namespace yolotrt

#endif  // YOLOTRT_BILINEAR_CUH_
