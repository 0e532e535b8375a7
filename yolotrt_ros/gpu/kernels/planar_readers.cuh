// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Readers of layouts whose luma and chroma lie in planes of their own.
#ifndef YOLOTRT_PLANAR_READERS_CUH_
#define YOLOTRT_PLANAR_READERS_CUH_

#include "color.cuh"
#include "frame_parameters.cuh"
#include "pixel_reader.cuh"
#include "portable.cuh"

namespace yolotrt
{

class SemiPlanar : public PixelByPixel<SemiPlanar>
{
public:
  YOLOTRT_DEVICE explicit SemiPlanar(const FrameParameters & frame)
  : luma_(frame, 0, frame.step), chroma_(frame, frame.chroma_offset, frame.chroma_step),
    shift_(frame.chroma_shift), u_(frame.order)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const Byte * chroma = chroma_.row(y >> shift_) + 2 * (x >> shift_);
    return yuv_to_rgb(
      load_byte(luma_.row(y) + x), load_byte(chroma + u_), load_byte(chroma + 1 - u_));
  }

private:
  Plane luma_;
  Plane chroma_;
  int shift_;
  int u_;
};

class Planar : public PixelByPixel<Planar>
{
public:
  YOLOTRT_DEVICE explicit Planar(const FrameParameters & frame)
  : luma_(frame, 0, frame.step), u_(frame, frame.chroma_offset, frame.chroma_step),
    v_(frame, frame.second_chroma_offset, frame.chroma_step), shift_(frame.chroma_shift)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const int chroma_x = x >> shift_;
    const int chroma_y = y >> shift_;
    return yuv_to_rgb(
      load_byte(luma_.row(y) + x), load_byte(u_.row(chroma_y) + chroma_x),
      load_byte(v_.row(chroma_y) + chroma_x));
  }

private:
  Plane luma_;
  Plane u_;
  Plane v_;
  int shift_;
};

}  // namespace yolotrt

#endif  // YOLOTRT_PLANAR_READERS_CUH_
