// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The kernel of nms.cu as a function of a shared library.
#include "cuda_on_cpu.hpp"

#include "nms.cu"  // NOLINT(build/include)

extern "C" const char * run_nms(
  const int * counts, const float4 * boxes, const float * scores, const int * class_ids,
  const int * rejected, int stride, const yolotrt::FrameParameters * frames,
  const yolotrt::Selection * selection, yolotrt::Entry * entries, int capacity,
  unsigned char * results, unsigned batch, unsigned seed)
{
  return cuda_on_cpu::launch(batch, 1, yolotrt::kTHREADS, seed, [&] {
    nms(
      counts, boxes, scores, class_ids, rejected, stride, frames, selection, entries, capacity,
      results);
  });
}

extern "C" unsigned ordered_bits(float value) { return yolotrt::ordered_bits(value); }

extern "C" float from_ordered_bits(unsigned bits) { return yolotrt::from_ordered_bits(bits); }
