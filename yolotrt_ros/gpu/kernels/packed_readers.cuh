// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Readers of layouts with one plane in which the channels of a pixel lie side by side.
#ifndef YOLOTRT_PACKED_READERS_CUH_
#define YOLOTRT_PACKED_READERS_CUH_

#include "color.cuh"
#include "frame_parameters.cuh"
#include "pixel_reader.cuh"
#include "portable.cuh"

namespace yolotrt
{

class Gray8 : public PixelByPixel<Gray8>
{
public:
  YOLOTRT_DEVICE explicit Gray8(const FrameParameters & frame) : plane_(frame, 0, frame.step) {}

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const { return gray(load_byte(plane_.row(y) + x)); }

private:
  Plane plane_;
};

class Gray16 : public PixelByPixel<Gray16>
{
public:
  YOLOTRT_DEVICE explicit Gray16(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), low_(frame.order)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const Byte * first = plane_.row(y) + 2 * x;
    return gray(narrow(load_byte(first + low_) | load_byte(first + 1 - low_) << 8));
  }

private:
  Plane plane_;
  int low_;
};

class Packed3 : public PixelByPixel<Packed3>
{
public:
  YOLOTRT_DEVICE explicit Packed3(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), red_(frame.order)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const Byte * first = plane_.row(y) + 3 * x;
    return {load_byte(first + red_), load_byte(first + 1), load_byte(first + 2 - red_)};
  }

private:
  Plane plane_;
  int red_;
};

/// Reads neighbours together: their six bytes lie in two or three words.
class Packed3InWords
{
public:
  YOLOTRT_DEVICE explicit Packed3InWords(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), red_(frame.order)
  {
  }

  /// Whether every word with a byte of the pixels up to this one lies within the frame's bytes.
  static YOLOTRT_DEVICE bool fits(const FrameParameters & frame, int x, int y)
  {
    const Size last = frame.data + y * frame.step + 3 * x + 2;
    return frame.source_width > 1 && word_of(last) + sizeof(Word) <= frame.data + frame.num_bytes;
  }

  /// @param near the column left of far.
  YOLOTRT_DEVICE Pair pair(int near, int, int y) const
  {
    const Size first = reinterpret_cast<Size>(plane_.row(y) + 3 * near);
    const Word words[] = {
      load(word_of(first)), load(word_of(first + 4)), load(word_of(first + 5))};
    const int shift = 8 * static_cast<int>(first % sizeof(Word));
    const Word low = join_words(words[0], words[1], shift);   // bytes 0 to 3
    const Word high = join_words(words[1], words[2], shift);  // bytes 4 and 5
    return {
      in_order(low & 0xff, low >> 8 & 0xff, low >> 16 & 0xff),
      in_order(low >> 24, high & 0xff, high >> 8 & 0xff)};
  }

private:
  static YOLOTRT_DEVICE Size word_of(Size address)
  {
    return address / sizeof(Word) * sizeof(Word);
  }

  static YOLOTRT_DEVICE Word load(Size address)
  {
    return load_word(reinterpret_cast<const Byte *>(address));
  }

  YOLOTRT_DEVICE Rgb in_order(int first, int green, int last) const
  {
    return red_ == 0 ? Rgb{first, green, last} : Rgb{last, green, first};
  }

  Plane plane_;
  int red_;
};

/// How four neighbouring bytes are read: at once where the rows begin at words ...
struct AtOnce
{
  static YOLOTRT_DEVICE Word load(const Byte * first) { return load_word(first); }
};

/// ... and one by one elsewhere.
struct OneByOne
{
  static YOLOTRT_DEVICE Word load(const Byte * first)
  {
    return load_byte(first) | load_byte(first + 1) << 8 | load_byte(first + 2) << 16 |
           static_cast<Word>(load_byte(first + 3)) << 24;
  }
};

YOLOTRT_DEVICE bool has_rows_at_words(const FrameParameters & frame)
{
  return frame.step % sizeof(Word) == 0;
}

YOLOTRT_DEVICE int byte_of(Word word, int index) { return word >> 8 * index & 0xff; }

template <typename FourBytes>
class Packed4 : public PixelByPixel<Packed4<FourBytes>>
{
public:
  YOLOTRT_DEVICE explicit Packed4(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), red_(frame.order)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const Word word = FourBytes::load(plane_.row(y) + 4 * x);
    return {byte_of(word, red_), byte_of(word, 1), byte_of(word, 2 - red_)};
  }

private:
  Plane plane_;
  int red_;
};

template <typename FourBytes>
class Packed422 : public PixelByPixel<Packed422<FourBytes>>
{
public:
  YOLOTRT_DEVICE explicit Packed422(const FrameParameters & frame)
  : plane_(frame, 0, frame.step), luma_(frame.order)
  {
  }

  YOLOTRT_DEVICE Rgb pixel(int x, int y) const
  {
    const Word two_pixels = FourBytes::load(plane_.row(y) + 4 * (x / 2));
    const int u = 1 - luma_;
    return yuv_to_rgb(
      byte_of(two_pixels, luma_ + 2 * (x % 2)), byte_of(two_pixels, u),
      byte_of(two_pixels, u + 2));
  }

private:
  Plane plane_;
  int luma_;
};

}  // namespace yolotrt

#endif  // YOLOTRT_PACKED_READERS_CUH_
