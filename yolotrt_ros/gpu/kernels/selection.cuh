// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules that may change from launch to launch. yolotrt_ros/gpu/selection_block.py writes them.
#ifndef YOLOTRT_SELECTION_CUH_
#define YOLOTRT_SELECTION_CUH_

namespace yolotrt
{

struct Selection
{
  float score_floor;          // the lowest of all thresholds
  float score_floor_of_half;  // the same, rounded to half precision
  float iou_threshold;
  int max_detections;
  int is_class_agnostic;
  int num_classes;
  float min_box_size;         // pixels of the camera image
  int unused;
};

/// Return the score that each class must reach; infinite for a class that is not wanted.
__device__ inline const float * class_thresholds(const Selection & selection)
{
  return reinterpret_cast<const float *>(&selection + 1);
}

}  // namespace yolotrt

#endif  // YOLOTRT_SELECTION_CUH_
