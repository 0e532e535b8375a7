// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What is downloaded: for each image one header and its rows. yolotrt_ros/gpu/nms.py reads them.
#ifndef YOLOTRT_RESULT_CUH_
#define YOLOTRT_RESULT_CUH_

#include "overlap.cuh"

namespace yolotrt
{

struct ResultHeader
{
  int num_rows;
  int num_nonfinite;   // rejected: not a number, or a class that does not exist
  int num_candidates;  // as the network gave it
  int num_selected;    // candidates that passed the thresholds
};

struct alignas(8) ResultRow
{
  float x1, y1, x2, y2, score;
  int class_id;
};

static_assert(sizeof(ResultHeader) == 16 && sizeof(ResultRow) == 24, "nms_result.py counts on it");

struct Result
{
  ResultHeader * header;
  ResultRow * rows;
};

/// Find the result of an image among those of a batch.
__device__ inline Result result_of(unsigned char * results, int image, int capacity)
{
  const size_t num_bytes = sizeof(ResultHeader) + sizeof(ResultRow) * static_cast<size_t>(capacity);
  unsigned char * first = results + num_bytes * static_cast<size_t>(image);
  return {
    reinterpret_cast<ResultHeader *>(first),
    reinterpret_cast<ResultRow *>(first + sizeof(ResultHeader))};
}

__device__ inline ResultRow make_row(const LabeledBox & labeled, float score)
{
  const float4 & box = labeled.box;
  // A sum with 0 leaves one zero only, so that equal results have equal bytes.
  return {add(box.x, 0.0f), add(box.y, 0.0f), add(box.z, 0.0f), add(box.w, 0.0f), score,
          labeled.class_id};
}

__device__ inline LabeledBox labeled_box_of(const ResultRow & row)
{
  return label({row.x1, row.y1, row.x2, row.y2}, row.class_id);
}

}  // namespace yolotrt

#endif  // YOLOTRT_RESULT_CUH_
