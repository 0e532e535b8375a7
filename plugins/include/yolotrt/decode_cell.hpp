// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of one candidate, for the GPU and the CPU alike. It is that of decode_raw_heads()
// in yolotrt_ros/core/decode.py, operation by operation, and gives the same bits.
#ifndef YOLOTRT__DECODE_CELL_HPP_
#define YOLOTRT__DECODE_CELL_HPP_

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "yolotrt/decode_params.hpp"
#include "yolotrt/element.hpp"

namespace yolotrt
{

template <InputFormat format>
using ElementOf = std::conditional_t<format == InputFormat::kFLOAT_LINEAR, float, HalfBits>;

/// Which anchor at which place a candidate is relative to.
struct Cell
{
  int32_t level, anchor, x, y;
};

struct ClassScore
{
  float score;
  int32_t class_id;
};

struct Detection
{
  Box box;
  float score;
  int32_t class_id;
};

/// The channels of one candidate: in linear memory one plane apart, in HWC8 side by side.
template <typename Element>
struct Channels
{
  const Element * first;
  int64_t step;

  YOLOTRT_HOST_DEVICE float operator[](int32_t channel) const
  {
    return load(first + channel * step);
  }
};

// Each operation is rounded for itself. A compiler may fuse a product and a sum into one operation
// with one rounding, and then scores at the threshold fall on the other side.
YOLOTRT_HOST_DEVICE inline float multiply(float a, float b)
{
#ifdef __CUDA_ARCH__
  return __fmul_rn(a, b);
#else
  return a * b;  // compiled with -ffp-contract=off
#endif
}

YOLOTRT_HOST_DEVICE inline float add(float a, float b)
{
#ifdef __CUDA_ARCH__
  return __fadd_rn(a, b);
#else
  return a + b;
#endif
}

/// Count the candidates that one level of one image has.
YOLOTRT_HOST_DEVICE inline int32_t num_candidates(const Level & level)
{
  return kANCHORS_PER_CELL * level.height * level.width;
}

/// Candidates are numbered level by level, and in a level in the order of their objectness in
/// memory, so that neighbouring threads read what lies side by side: in linear memory anchor by
/// anchor and row by row, in HWC8 row by row with the anchors of a cell one after the other.
template <InputFormat format>
YOLOTRT_HOST_DEVICE Cell locate(const DecodeParams & params, int32_t candidate)
{
  int32_t level = 0;
  while (candidate >= num_candidates(params.levels[level])) {
    candidate -= num_candidates(params.levels[level]);
    ++level;
  }
  const int32_t width = params.levels[level].width;
  if constexpr (format == InputFormat::kHALF_HWC8) {
    const int32_t cell = candidate / kANCHORS_PER_CELL;
    return {level, candidate % kANCHORS_PER_CELL, cell % width, cell / width};
  }
  const int32_t row = candidate / width;
  const int32_t height = params.levels[level].height;
  return {level, row / height, candidate % width, row % height};
}

/// Return how many channels each cell takes in HWC8, with what pads them.
YOLOTRT_HOST_DEVICE inline int64_t padded_channels(int32_t num_classes)
{
  const int64_t num_channels =
    static_cast<int64_t>(kANCHORS_PER_CELL) * (kFIRST_CLASS + num_classes);
  return (num_channels + kHWC8_CHANNELS - 1) / kHWC8_CHANNELS * kHWC8_CHANNELS;
}

template <InputFormat format>
YOLOTRT_HOST_DEVICE Channels<ElementOf<format>> channels_of(
  const DecodeParams & params, int32_t image, const Cell & cell)
{
  const int32_t width = params.levels[cell.level].width;
  const int64_t plane = static_cast<int64_t>(params.levels[cell.level].height) * width;
  const int64_t place = static_cast<int64_t>(cell.y) * width + cell.x;
  const int32_t anchor_channels = kFIRST_CLASS + params.num_classes;
  const auto * values = static_cast<const ElementOf<format> *>(params.levels[cell.level].values);
  if constexpr (format == InputFormat::kHALF_HWC8) {
    const int64_t first = (image * plane + place) * padded_channels(params.num_classes);
    return {values + first + static_cast<int64_t>(cell.anchor) * anchor_channels, 1};
  }
  const int64_t anchor = static_cast<int64_t>(image) * kANCHORS_PER_CELL + cell.anchor;
  return {values + anchor * anchor_channels * plane + place, plane};
}

/// Return the better of two classes; of equal ones the first.
YOLOTRT_HOST_DEVICE inline ClassScore stronger(const ClassScore & a, const ClassScore & b)
{
  const bool is_b = b.score > a.score || (b.score == a.score && b.class_id < a.class_id);
  return is_b ? b : a;
}

/// Find the best of the classes first, first + step, ...; of none, one that is no better than any.
template <typename Element>
YOLOTRT_HOST_DEVICE ClassScore
best_class(const Channels<Element> & channels, int32_t first, int32_t step, int32_t num_classes)
{
  ClassScore best{-INFINITY, first};
  for (int32_t class_id = first; class_id < num_classes; class_id += step) {
    const float score = channels[kFIRST_CLASS + class_id];
    // Not a number must reject the candidate whatever the other classes say. So does infinity,
    // and unlike NaN it is ordered.
    const float ordered = std::isnan(score) ? INFINITY : score;
    const bool is_better = ordered > best.score;
    best.score = is_better ? ordered : best.score;
    best.class_id = is_better ? class_id : best.class_id;
  }
  return best;
}

YOLOTRT_HOST_DEVICE inline float decode_center(float value, int32_t cell, float stride)
{
  return multiply(add(add(multiply(2.0f, value), -0.5f), static_cast<float>(cell)), stride);
}

YOLOTRT_HOST_DEVICE inline float decode_half_size(float value, float anchor)
{
  const float doubled = multiply(2.0f, value);
  return multiply(multiply(multiply(doubled, doubled), anchor), 0.5f);
}

template <typename Element>
YOLOTRT_HOST_DEVICE Box
decode_box(const Channels<Element> & channels, const Level & level, const Cell & cell)
{
  const float stride = static_cast<float>(level.stride);
  const float x = decode_center(channels[0], cell.x, stride);
  const float y = decode_center(channels[1], cell.y, stride);
  const float half_width = decode_half_size(channels[2], level.anchors[cell.anchor][0]);
  const float half_height = decode_half_size(channels[3], level.anchors[cell.anchor][1]);
  return {add(x, -half_width), add(y, -half_height), add(x, half_width), add(y, half_height)};
}

/// Not so for NaN, which is below nothing.
YOLOTRT_HOST_DEVICE inline bool is_finite(float value) { return fabsf(value) <= FLT_MAX; }

YOLOTRT_HOST_DEVICE inline bool is_kept(const Detection & detection, float score_threshold)
{
  const Box & box = detection.box;
  return is_finite(box.x1) && is_finite(box.y1) && is_finite(box.x2) && is_finite(box.y2) &&
         is_finite(detection.score) && detection.score >= score_threshold;
}

YOLOTRT_HOST_DEVICE inline void write_row(
  const DecodeParams & params, int32_t image, int32_t row, const Detection & detection)
{
  const int64_t index = static_cast<int64_t>(image) * params.num_candidates + row;
  params.boxes[index] = detection.box;
  params.scores[index] = detection.score;
  params.classes[index] = detection.class_id;
}

}  // namespace yolotrt

#endif  // YOLOTRT__DECODE_CELL_HPP_
