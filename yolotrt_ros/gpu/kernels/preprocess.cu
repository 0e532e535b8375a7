// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// From the bytes of camera messages to the network's input, NCHW, in one pass: colour, resize,
// padding, normalization. A frame's geometry is read from memory, so that a CUDA graph that was
// recorded once serves every image size and encoding.
//
// Grid: x and y run over tiles of the input, z over the frames of the batch. A block
//   1. works out which source pixels its columns and rows are mixed from, into shared memory:
//      this takes double precision, of which small GPUs have little, and tiles need it only once
//      for each column and row instead of for each pixel
//   2. makes its pixels, each thread kGROUP neighbours of one row, stored at once in each plane
#include "frame_parameters.cuh"
#include "letterbox.cuh"
#include "network_input.cuh"

namespace yolotrt
{

constexpr int kTHREADS_X = 16;
constexpr int kTHREADS_Y = 16;
constexpr int kTILE_WIDTH = kTHREADS_X * kGROUP;
constexpr int kTILE_HEIGHT = kTHREADS_Y;
static_assert(
  kTILE_WIDTH + kTILE_HEIGHT <= kTHREADS_X * kTHREADS_Y, "a thread works out one tap at most");

/// FP16 is handled as its 16 bits: the header that declares it is not always there.
using HalfBits = unsigned short;  // NOLINT(runtime/int)

struct Taps
{
  // Neighbouring threads take neighbouring elements: [column % kGROUP][column / kGROUP].
  Tap columns[kGROUP][kTHREADS_X];
  Tap rows[kTHREADS_Y];
};

__device__ __forceinline__ HalfBits to_half(float value)
{
  HalfBits half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
  return half;
}

__device__ __forceinline__ void store(float * to, float value) { *to = value; }

__device__ __forceinline__ void store(HalfBits * to, float value) { *to = to_half(value); }

__device__ __forceinline__ void store_group(float * to, const float (&values)[kGROUP])
{
  *reinterpret_cast<float4 *>(to) = make_float4(values[0], values[1], values[2], values[3]);
}

__device__ __forceinline__ void store_group(HalfBits * to, const float (&values)[kGROUP])
{
  *reinterpret_cast<ushort4 *>(to) = make_ushort4(
    to_half(values[0]), to_half(values[1]), to_half(values[2]), to_half(values[3]));
}

/// Fill the block's taps; every thread of the block calls it.
__device__ __forceinline__ void find_taps(const FrameParameters & frame, int x, int y, Taps & taps)
{
  const int thread = threadIdx.y * kTHREADS_X + threadIdx.x;
  if (thread < kTILE_WIDTH) {
    taps.columns[thread % kGROUP][thread / kGROUP] = tap_of_column(frame, x + thread);
  } else if (thread < kTILE_WIDTH + kTILE_HEIGHT) {
    const int row = thread - kTILE_WIDTH;
    taps.rows[row] = tap_of_row(frame, y + row);
  }
  __syncthreads();
}

template <typename Output>
__device__ __forceinline__ void write_group(
  const NetworkInput & network, int x, int y, const Rgb (&pixels)[kGROUP], Output * output)
{
#pragma unroll
  for (int plane = 0; plane < kPLANES; ++plane) {
    float values[kGROUP];
#pragma unroll
    for (int i = 0; i < kGROUP; ++i) {
      values[i] = value_of(network, pixels[i], plane);
    }
    const Size image = blockIdx.z;
    const Size row = (image * kPLANES + plane) * network.height + y;
    Output * to = output + row * network.width + x;
    if (network.width % kGROUP == 0) {
      store_group(to, values);
      continue;
    }
    for (int i = 0; i < kGROUP && x + i < network.width; ++i) {
      store(to + i, values[i]);
    }
  }
}

template <typename Output>
__device__ __forceinline__ void preprocess(
  const FrameParameters * __restrict__ frames, Output * __restrict__ output,
  const NetworkInput & network)
{
  __shared__ Taps taps;
  const FrameParameters frame = frames[blockIdx.z];
  const int tile_x = blockIdx.x * kTILE_WIDTH;
  const int tile_y = blockIdx.y * kTILE_HEIGHT;
  const bool is_tile_in_picture =
    touches_columns(frame, tile_x, kTILE_WIDTH) && touches_rows(frame, tile_y, kTILE_HEIGHT);
  if (is_tile_in_picture) {
    find_taps(frame, tile_x, tile_y, taps);
  }
  const int x = tile_x + threadIdx.x * kGROUP;
  const int y = tile_y + threadIdx.y;
  if (x >= network.width || y >= network.height) {
    return;
  }
  Rgb pixels[kGROUP];
  if (is_tile_in_picture && touches_columns(frame, x, kGROUP) && touches_rows(frame, y, 1)) {
    Tap columns[kGROUP];
#pragma unroll
    for (int i = 0; i < kGROUP; ++i) {
      columns[i] = taps.columns[i][threadIdx.x];
    }
    letterbox_group(frame, x, columns, taps.rows[threadIdx.y], network.pad_level, pixels);
  } else {
#pragma unroll
    for (int i = 0; i < kGROUP; ++i) {
      pixels[i] = gray(network.pad_level);
    }
  }
  write_group(network, x, y, pixels, output);
}

}  // namespace yolotrt

extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS_X * yolotrt::kTHREADS_Y)
preprocess_fp32(
  const yolotrt::FrameParameters * frames, float * output, yolotrt::NetworkInput network)
{
  yolotrt::preprocess(frames, output, network);
}

extern "C" __global__ void __launch_bounds__(yolotrt::kTHREADS_X * yolotrt::kTHREADS_Y)
preprocess_fp16(
  const yolotrt::FrameParameters * frames, yolotrt::HalfBits * output,
  yolotrt::NetworkInput network)
{
  yolotrt::preprocess(frames, output, network);
}
