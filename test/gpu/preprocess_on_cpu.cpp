// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs the arithmetic of yolotrt_ros/gpu/kernels/preprocess.cu on the CPU, pixel by pixel.
#include <cstddef>

#include "frame_parameters.cuh"
#include "letterbox.cuh"
#include "network_input.cuh"

namespace
{

using yolotrt::FrameParameters;
using yolotrt::kGROUP;
using yolotrt::kPLANES;
using yolotrt::NetworkInput;
using yolotrt::Rgb;
using yolotrt::Size;

// The frame that is being read, and how many reads went astray.
thread_local Size allowed_begin = 0;
thread_local Size allowed_end = 0;
thread_local int num_stray_reads = 0;

void make_group(
  const FrameParameters & frame, const NetworkInput & network, int x, int y, Rgb (&pixels)[kGROUP])
{
  if (touches_columns(frame, x, kGROUP) && touches_rows(frame, y, 1)) {
    yolotrt::Tap columns[kGROUP];
    for (int i = 0; i < kGROUP; ++i) {
      columns[i] = tap_of_column(frame, x + i);
    }
    letterbox_group(frame, x, columns, tap_of_row(frame, y), network.pad_level, pixels);
    return;
  }
  for (Rgb & pixel : pixels) {
    pixel = yolotrt::gray(network.pad_level);
  }
}

}  // namespace

void yolotrt::on_read(const Byte * address, int num_bytes)
{
  const Size begin = reinterpret_cast<Size>(address);
  const bool is_inside = begin >= allowed_begin && begin + num_bytes <= allowed_end;
  const bool is_aligned = begin % num_bytes == 0;
  num_stray_reads += is_inside && is_aligned ? 0 : 1;
}

extern "C" {

/// Make the input of one frame.
/// @param output float (3, height, width).
/// @returns the number of reads outside the frame's bytes or at an address that a GPU refuses.
int preprocess_frame(
  const FrameParameters * frame, const NetworkInput * network, float * output)
{
  allowed_begin = frame->data;
  allowed_end = frame->data + frame->num_bytes;
  num_stray_reads = 0;
  for (int y = 0; y < network->height; ++y) {
    for (int x = 0; x < network->width; x += kGROUP) {
      Rgb pixels[kGROUP] = {};
      make_group(*frame, *network, x, y, pixels);
      for (int i = 0; i < kGROUP && x + i < network->width; ++i) {
        for (int plane = 0; plane < kPLANES; ++plane) {
          output[(plane * network->height + y) * network->width + x + i] =
            value_of(*network, pixels[i], plane);
        }
      }
    }
  }
  return num_stray_reads;
}

/// Write the offsets of the fields of FrameParameters and NetworkInput, and their sizes.
void struct_layouts(int * offsets)
{
#define OFFSET(type, field) *offsets++ = static_cast<int>(offsetof(type, field))
  OFFSET(FrameParameters, data);
  OFFSET(FrameParameters, num_bytes);
  OFFSET(FrameParameters, step);
  OFFSET(FrameParameters, chroma_offset);
  OFFSET(FrameParameters, second_chroma_offset);
  OFFSET(FrameParameters, chroma_step);
  OFFSET(FrameParameters, pitch_x);
  OFFSET(FrameParameters, pitch_y);
  OFFSET(FrameParameters, layout);
  OFFSET(FrameParameters, order);
  OFFSET(FrameParameters, chroma_shift);
  OFFSET(FrameParameters, source_width);
  OFFSET(FrameParameters, source_height);
  OFFSET(FrameParameters, resized_width);
  OFFSET(FrameParameters, resized_height);
  OFFSET(FrameParameters, pad_left);
  OFFSET(FrameParameters, pad_top);
  OFFSET(FrameParameters, scale_x);
  OFFSET(FrameParameters, scale_y);
  OFFSET(FrameParameters, unused);
  *offsets++ = sizeof(FrameParameters);
  OFFSET(NetworkInput, width);
  OFFSET(NetworkInput, height);
  OFFSET(NetworkInput, pad_level);
  OFFSET(NetworkInput, red_plane);
  OFFSET(NetworkInput, scale);
  OFFSET(NetworkInput, bias);
  *offsets++ = sizeof(NetworkInput);
#undef OFFSET
}
}
