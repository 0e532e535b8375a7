// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What a kernel must know of the network's input. gpu/preprocess.py writes the same layout.
#ifndef YOLOTRT_NETWORK_INPUT_CUH_
#define YOLOTRT_NETWORK_INPUT_CUH_

#include "color.cuh"
#include "portable.cuh"

namespace yolotrt
{

constexpr int kPLANES = 3;

struct NetworkInput
{
  int width;
  int height;
  int pad_level;         // 0 to 255, the gray around the picture
  int red_plane;         // 0 where the planes are red, green, blue; 2 for the opposite order
  float scale[kPLANES];  // value = level * scale + bias, for each plane
  float bias[kPLANES];
};

static_assert(sizeof(NetworkInput) == 40, "NETWORK_DTYPE in gpu/preprocess.py has as many");

YOLOTRT_DEVICE float value_of(const NetworkInput & network, const Rgb & pixel, int plane)
{
  const int level =
    plane == 1 ? pixel.green : (plane == network.red_plane ? pixel.red : pixel.blue);
  return multiply_add(static_cast<float>(level), network.scale[plane], network.bias[plane]);
}

}  // namespace yolotrt

#endif  // YOLOTRT_NETWORK_INPUT_CUH_
