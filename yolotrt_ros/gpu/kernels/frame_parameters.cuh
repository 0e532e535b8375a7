// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What the kernels must know of one frame. gpu/frame_parameters.py writes the same layout with NumPy.
#ifndef YOLOTRT_FRAME_PARAMETERS_CUH_
#define YOLOTRT_FRAME_PARAMETERS_CUH_

#include "portable.cuh"

namespace yolotrt
{

enum class Layout : int {
  kEMPTY = 0,        // no frame: padding only
  kGRAY_8 = 1,       // from here to kPACKED_4 the number is that of the bytes of a pixel
  kGRAY_16 = 2,
  kPACKED_3 = 3,
  kPACKED_4 = 4,     // one of them unused
  kPACKED_422 = 5,   // chroma shared by two columns
  kSEMI_PLANAR = 6,  // luma, then interleaved chroma
  kPLANAR = 7,       // luma, then two planes of chroma
  kBAYER = 8,
};

struct FrameParameters
{
  Size data;                  // address of the first byte, a multiple of four
  Size num_bytes;             // nothing is read at data + num_bytes or beyond
  Size step;                  // bytes from one row to the next in the first plane
  Size chroma_offset;         // bytes from data to the second plane
  Size second_chroma_offset;  // and to the third
  Size chroma_step;           // bytes from one row to the next in these planes
  double pitch_x;             // source pixels per network pixel
  double pitch_y;
  Layout layout;
  int order;                  // index of red in a pixel or mosaic, of luma in 4:2:2, of U in UV,
                              // of the low byte in two
  int chroma_shift;           // 1 where chroma has half the width and height, else 0
  int source_width;
  int source_height;
  int resized_width;          // the picture inside the network's input
  int resized_height;
  int pad_left;
  int pad_top;
  float scale_x;              // network pixels per source pixel
  float scale_y;
  int unused;
};

static_assert(sizeof(FrameParameters) == 112, "PARAMETER_DTYPE has as many");

}  // namespace yolotrt

#endif  // YOLOTRT_FRAME_PARAMETERS_CUH_
