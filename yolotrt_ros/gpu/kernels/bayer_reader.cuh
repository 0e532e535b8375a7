// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Reader of a mosaic with one colour sample a pixel.
#ifndef YOLOTRT_BAYER_READER_CUH_
#define YOLOTRT_BAYER_READER_CUH_

#include "color.cuh"
#include "frame_parameters.cuh"
#include "pixel_reader.cuh"
#include "portable.cuh"

namespace yolotrt
{

/// Fills in the missing colours from the neighbours; the outermost pixels repeat the inner ones.
class Bayer : public PixelByPixel<Bayer>
{
public:
  YOLOTRT_DEVICE explicit Bayer(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), width_(frame.source_width), height_(frame.source_height),
    red_x_(frame.order % 2), red_y_(frame.order / 2)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    if (width_ < 3 || height_ < 3) {
      return gray(0);
    }
    x = clamp(x, 1, width_ - 2);
    y = clamp(y, 1, height_ - 2);
    const Byte * above = plane_.row(y - 1) + x;
    const Byte * here = plane_.row(y) + x;
    const Byte * below = plane_.row(y + 1) + x;
    // All are read before any is asked for its colour: threads that branch would wait twice.
    const int centre = load_byte(here);
    const int left_right = load_byte(here - 1) + load_byte(here + 1);
    const int up_down = load_byte(above) + load_byte(below);
    const int corners = load_byte(above - 1) + load_byte(above + 1) + load_byte(below - 1) +
                        load_byte(below + 1);
    const bool is_red_row = y % 2 == red_y_;
    const bool is_green = (x % 2 == red_x_) != is_red_row;
    const int green = is_green ? centre : (left_right + up_down + 2) >> 2;
    const int own = is_green ? (left_right + 1) >> 1 : centre;  // the other colour of this row
    const int other = is_green ? (up_down + 1) >> 1 : (corners + 2) >> 2;
    return is_red_row ? Rgb{own, green, other} : Rgb{other, green, own};
  }

private:
  Plane plane_;
  int width_;
  int height_;
  int red_x_;
  int red_y_;
};

}  // namespace yolotrt

#endif  // YOLOTRT_BAYER_READER_CUH_
