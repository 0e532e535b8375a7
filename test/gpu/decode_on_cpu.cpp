// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The kernels of decode.cu as functions of a shared library.
#include "cuda_on_cpu.hpp"

#include "decode.cu"  // NOLINT(build/include)

using yolotrt::CandidateLists;
using yolotrt::Element;
using yolotrt::kTHREADS;
using yolotrt::Selection;

extern "C" const char * decode_yolov5_on_cpu(
  const Element * predictions, int num_rows, const Selection * selection,
  const CandidateLists * lists, unsigned blocks, unsigned batch, unsigned seed)
{
  return cuda_on_cpu::launch(blocks, batch, kTHREADS, seed, [&] {
    decode_yolov5(predictions, num_rows, selection, *lists);
  });
}

extern "C" const char * decode_yolov8_on_cpu(
  const Element * predictions, int num_rows, const Selection * selection,
  const CandidateLists * lists, unsigned blocks, unsigned batch, unsigned seed)
{
  return cuda_on_cpu::launch(blocks, batch, kTHREADS, seed, [&] {
    decode_yolov8(predictions, num_rows, selection, *lists);
  });
}

extern "C" const char * decode_end_to_end_on_cpu(
  const Element * predictions, int num_rows, const Selection * selection,
  const CandidateLists * lists, unsigned blocks, unsigned batch, unsigned seed)
{
  return cuda_on_cpu::launch(blocks, batch, kTHREADS, seed, [&] {
    decode_end_to_end(predictions, num_rows, selection, *lists);
  });
}

extern "C" const char * decode_counted_on_cpu(
  const int * counts, const Element * boxes, const Element * scores, const int * class_ids,
  int num_rows, const Selection * selection, const CandidateLists * lists, unsigned blocks,
  unsigned batch, unsigned seed)
{
  return cuda_on_cpu::launch(blocks, batch, kTHREADS, seed, [&] {
    decode_counted(counts, boxes, scores, class_ids, num_rows, selection, *lists);
  });
}

extern "C" float from_half(uint16_t bits) { return yolotrt::to_float(yolotrt::Half{bits}); }
