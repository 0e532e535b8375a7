// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// What the readers of all layouts are made of. A reader gives the pixels at two columns of a row as
// RGB; columns and rows lie within the source.
#ifndef YOLOTRT_PIXEL_READER_CUH_
#define YOLOTRT_PIXEL_READER_CUH_

#include "color.cuh"
#include "frame_parameters.cuh"
#include "portable.cuh"

namespace yolotrt
{

struct Pair
{
  Rgb near;
  Rgb far;
};

class Plane
{
public:
  YOLOTRT_DEVICE Plane(const FrameParameters & frame, Size offset, Size step)
  : first_(reinterpret_cast<const Byte *>(frame.data + offset)), step_(step)
  {
  }

  YOLOTRT_DEVICE const Byte * row(int y) const { return first_ + y * step_; }

private:
  const Byte * first_;
  Size step_;
};

/// Gives two pixels by asking the derived class for each.
template <typename Derived>
class PixelByPixel
{
public:
  YOLOTRT_DEVICE Pair pair(int near, int far, int y) const
  {
    const Derived & self = static_cast<const Derived &>(*this);
    return {self.pixel(near, y), self.pixel(far, y)};
  }
};

}  // namespace yolotrt

#endif  // YOLOTRT_PIXEL_READER_CUH_
