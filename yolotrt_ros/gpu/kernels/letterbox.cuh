// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Neighbouring pixels of the network's input, as levels 0 to 255: the picture where it lies, and
// padding around it. core/letterbox.py and core/reference.py define them.
#ifndef YOLOTRT_LETTERBOX_CUH_
#define YOLOTRT_LETTERBOX_CUH_

#include "bayer_reader.cuh"
#include "bilinear.cuh"
#include "color.cuh"
#include "frame_parameters.cuh"
#include "packed_readers.cuh"
#include "pixel_reader.cuh"
#include "planar_readers.cuh"
#include "portable.cuh"

namespace yolotrt
{

/// Pixels of a row that are made together: as many as one store of four floats holds.
constexpr int kGROUP = 4;

/// Whether columns from x on, so many of them, show any of the picture.
YOLOTRT_DEVICE bool touches_columns(const FrameParameters & frame, int x, int count)
{
  return x + count > frame.pad_left && x < frame.pad_left + frame.resized_width;
}

YOLOTRT_DEVICE bool touches_rows(const FrameParameters & frame, int y, int count)
{
  return y + count > frame.pad_top && y < frame.pad_top + frame.resized_height;
}

/// @param x column of the network's input; outside the picture the tap is valid, but of no use.
YOLOTRT_DEVICE Tap tap_of_column(const FrameParameters & frame, int x)
{
  return column_tap(x - frame.pad_left, frame.pitch_x, frame.source_width);
}

/// @param y row of the network's input; likewise.
YOLOTRT_DEVICE Tap tap_of_row(const FrameParameters & frame, int y)
{
  return row_tap(y - frame.pad_top, frame.pitch_y, frame.source_height);
}

template <typename Reader>
YOLOTRT_DEVICE Rgb sample(const Reader & reader, const Tap & column, const Tap & row)
{
  const Pair upper = reader.pair(column.near, column.far, row.near);
  const Pair lower = reader.pair(column.near, column.far, row.far);
  return {
    mix(upper.near.red, upper.far.red, lower.near.red, lower.far.red, column, row),
    mix(upper.near.green, upper.far.green, lower.near.green, lower.far.green, column, row),
    mix(upper.near.blue, upper.far.blue, lower.near.blue, lower.far.blue, column, row)};
}

template <typename Reader>
YOLOTRT_DEVICE void sample_with(
  const FrameParameters & frame, const Tap (&columns)[kGROUP], const Tap & row,
  Rgb (&pixels)[kGROUP])
{
  const Reader reader(frame);
#ifdef __CUDACC__
#pragma unroll
#endif
  for (int i = 0; i < kGROUP; ++i) {
    pixels[i] = sample(reader, columns[i], row);
  }
}

/// Sample with the reader of the frame's layout. It is chosen once and not for each pixel: loads
/// are not moved across branches, and a thread would wait for one after the other.
YOLOTRT_DEVICE void sample_group(
  const FrameParameters & frame, const Tap (&columns)[kGROUP], const Tap & row,
  Rgb (&pixels)[kGROUP])
{
  const bool at_words = has_rows_at_words(frame);
  const bool in_words = Packed3InWords::fits(frame, columns[kGROUP - 1].far, row.far);
  switch (frame.layout) {
    case Layout::kEMPTY: return;
    case Layout::kGRAY_8: return sample_with<Gray8>(frame, columns, row, pixels);
    case Layout::kGRAY_16: return sample_with<Gray16>(frame, columns, row, pixels);
    case Layout::kPACKED_3:
      return in_words ? sample_with<Packed3InWords>(frame, columns, row, pixels) :
                        sample_with<Packed3>(frame, columns, row, pixels);
    case Layout::kPACKED_4:
      return at_words ? sample_with<Packed4<AtOnce>>(frame, columns, row, pixels) :
                        sample_with<Packed4<OneByOne>>(frame, columns, row, pixels);
    case Layout::kPACKED_422:
      return at_words ? sample_with<Packed422<AtOnce>>(frame, columns, row, pixels) :
                        sample_with<Packed422<OneByOne>>(frame, columns, row, pixels);
    case Layout::kSEMI_PLANAR: return sample_with<SemiPlanar>(frame, columns, row, pixels);
    case Layout::kPLANAR: return sample_with<Planar>(frame, columns, row, pixels);
    case Layout::kBAYER: return sample_with<Bayer>(frame, columns, row, pixels);
  }
}

/// Fill neighbouring pixels of a row that shows some of the picture.
/// @param x column of the first one.
/// @param columns taps of each of them.
YOLOTRT_DEVICE void letterbox_group(
  const FrameParameters & frame, int x, const Tap (&columns)[kGROUP], const Tap & row,
  int pad_level, Rgb (&pixels)[kGROUP])
{
  sample_group(frame, columns, row, pixels);
  for (int i = 0; i < kGROUP; ++i) {
    if (!touches_columns(frame, x + i, 1)) {
      pixels[i] = gray(pad_level);
    }
  }
}

}  // namespace yolotrt

#endif  // YOLOTRT_LETTERBOX_CUH_
