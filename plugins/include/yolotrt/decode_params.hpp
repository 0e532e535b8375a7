// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What the decoder reads, how it reads it and where it writes. Plain data: no CUDA, no TensorRT.
#ifndef YOLOTRT__DECODE_PARAMS_HPP_
#define YOLOTRT__DECODE_PARAMS_HPP_

#include <cstdint>

namespace yolotrt
{

constexpr int32_t kNUM_LEVELS = 3;
constexpr int32_t kANCHORS_PER_CELL = 3;
// Channels of one anchor: four of the box, the objectness, then one for each class.
constexpr int32_t kOBJECTNESS = 4;
constexpr int32_t kFIRST_CLASS = 5;

/// What the values are and how they lie. Linear means [batch][channel][y][x]; HWC8 means
/// [batch][y][x][channel], with room for a multiple of eight channels.
enum class InputFormat : int32_t { kFLOAT_LINEAR = 0, kHALF_LINEAR = 1, kHALF_HWC8 = 2 };

constexpr int32_t kHWC8_CHANNELS = 8;

/// Corners in network pixels. The alignment makes a row one store.
struct alignas(16) Box
{
  float x1, y1, x2, y2;
};

/// One output of the network, after its sigmoid: [batch, 3 * (5 + num_classes), height, width], in
/// the order of its InputFormat.
struct Level
{
  const void * values;
  int32_t width;
  int32_t height;
  int32_t stride;                       ///< network pixels between neighbouring cells
  float anchors[kANCHORS_PER_CELL][2];  ///< width and height, network pixels
};

/// Travels by value as the argument of the kernel, so that no device memory is needed for it.
struct DecodeParams
{
  Level levels[kNUM_LEVELS];  ///< finest first
  InputFormat input_format;   ///< of all levels
  int32_t batch_size;
  int32_t num_classes;
  int32_t num_candidates;    ///< of one image: 3 * sum(height * width)
  float score_threshold;     ///< lowest objectness and lowest score kept, 0 to 1
  int32_t * num_detections;  ///< [batch]
  Box * boxes;               ///< [batch, num_candidates]
  float * scores;            ///< [batch, num_candidates]
  int32_t * classes;         ///< [batch, num_candidates]
};

}  // namespace yolotrt

#endif  // YOLOTRT__DECODE_PARAMS_HPP_
