// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Grid: x runs over the candidates of all levels, y over the images. A block works in three steps:
//   1. each thread reads the objectness of one candidate, in the order of memory; survivors are
//      listed
//   2. eight threads decode one survivor, so that its class scores are read at the same time
//   3. the block takes its rows of the output with one atomic and writes them side by side
// Nearly all blocks of a real image end after step 1. In linear memory the class scores of a
// survivor lie a plane apart; one thread would wait for 80 of them nearly one by one, and a whole
// warp for each survivor would idle on networks with few classes and queue up where survivors
// cluster. In HWC8 the eight threads read their scores from one or two sectors of memory at a time.
#include <cuda_runtime.h>

#include "yolotrt/decode_cell.hpp"
#include "yolotrt/decode_kernel.hpp"

namespace yolotrt
{
namespace
{

constexpr int32_t kTHREADS = 256;  // and candidates, of a block
constexpr int32_t kLANES = 8;      // threads that decode one survivor together
constexpr int32_t kWARP_SIZE = 32;
constexpr int64_t kMAX_IMAGES = 65535;  // CUDA's limit of gridDim.y

template <InputFormat format>
__device__ bool survives(const DecodeParams & params, int32_t image, int64_t candidate)
{
  if (candidate >= params.num_candidates) {
    return false;
  }
  const Cell cell = locate<format>(params, static_cast<int32_t>(candidate));
  return channels_of<format>(params, image, cell)[kOBJECTNESS] >= params.score_threshold;
}

/// Return, in all kLANES neighbouring threads, the best of the classes that each of them found.
__device__ ClassScore strongest_of_lanes(ClassScore best)
{
  // Only these threads: others of the warp may have no survivor left to decode.
  const uint32_t first_lane = threadIdx.x % kWARP_SIZE / kLANES * kLANES;
  const uint32_t lanes = ((1u << kLANES) - 1u) << first_lane;
  for (int32_t distance = kLANES / 2; distance > 0; distance /= 2) {
    const ClassScore other{
      __shfl_xor_sync(lanes, best.score, distance),
      __shfl_xor_sync(lanes, best.class_id, distance)};
    best = stronger(best, other);
  }
  return best;
}

template <InputFormat format>
__device__ Detection decode_by_lanes(const DecodeParams & params, int32_t image, int32_t candidate)
{
  const Cell cell = locate<format>(params, candidate);
  const auto channels = channels_of<format>(params, image, cell);
  const Box box = decode_box(channels, params.levels[cell.level], cell);
  const float objectness = channels[kOBJECTNESS];
  const ClassScore best =
    strongest_of_lanes(best_class(channels, threadIdx.x % kLANES, kLANES, params.num_classes));
  return {box, multiply(objectness, best.score), best.class_id};
}

template <InputFormat format>
__global__ void __launch_bounds__(kTHREADS) decode_kernel(const DecodeParams params)
{
  __shared__ int32_t survivors[kTHREADS];
  __shared__ Detection detections[kTHREADS];
  __shared__ int32_t num_survivors, num_detections, first_row;

  const int32_t image = blockIdx.y;
  const int64_t candidate = static_cast<int64_t>(blockIdx.x) * kTHREADS + threadIdx.x;
  if (threadIdx.x == 0) {
    num_survivors = 0;
    num_detections = 0;
  }
  const bool is_survivor = survives<format>(params, image, candidate);
  if (!__syncthreads_or(is_survivor)) {
    return;
  }
  if (is_survivor) {
    survivors[atomicAdd(&num_survivors, 1)] = static_cast<int32_t>(candidate);
  }
  __syncthreads();

  for (int32_t i = threadIdx.x / kLANES; i < num_survivors; i += kTHREADS / kLANES) {
    const Detection detection = decode_by_lanes<format>(params, image, survivors[i]);
    if (threadIdx.x % kLANES == 0 && is_kept(detection, params.score_threshold)) {
      detections[atomicAdd(&num_detections, 1)] = detection;
    }
  }
  __syncthreads();

  if (threadIdx.x == 0 && num_detections > 0) {
    first_row = atomicAdd(params.num_detections + image, num_detections);
  }
  __syncthreads();
  if (static_cast<int32_t>(threadIdx.x) < num_detections) {
    write_row(params, image, first_row + threadIdx.x, detections[threadIdx.x]);
  }
}

using DecodeKernel = void (*)(DecodeParams);

/// Return null where there is no such format.
DecodeKernel kernel_of(InputFormat format)
{
  switch (format) {
    case InputFormat::kFLOAT_LINEAR:
      return &decode_kernel<InputFormat::kFLOAT_LINEAR>;
    case InputFormat::kHALF_LINEAR:
      return &decode_kernel<InputFormat::kHALF_LINEAR>;
    case InputFormat::kHALF_HWC8:
      return &decode_kernel<InputFormat::kHALF_HWC8>;
  }
  return nullptr;
}

}  // namespace

cudaError_t launch_decode(const DecodeParams & params, cudaStream_t stream)
{
  const DecodeKernel kernel = kernel_of(params.input_format);
  if (kernel == nullptr || params.batch_size < 1 || params.batch_size > kMAX_IMAGES) {
    return cudaErrorInvalidValue;
  }
  const cudaError_t cleared = cudaMemsetAsync(
    params.num_detections, 0, params.batch_size * sizeof(*params.num_detections), stream);
  if (cleared != cudaSuccess) {
    return cleared;
  }
  const int64_t blocks = (static_cast<int64_t>(params.num_candidates) + kTHREADS - 1) / kTHREADS;
  const dim3 grid(static_cast<uint32_t>(blocks), static_cast<uint32_t>(params.batch_size));
  kernel<<<grid, kTHREADS, 0, stream>>>(params);
  return cudaGetLastError();
}

}  // namespace yolotrt
