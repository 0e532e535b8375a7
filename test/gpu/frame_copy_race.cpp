// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Many batches of frames of all sizes by four threads, for a build with the thread sanitizer.

#include "frame_copy.cpp"

#include <cstdio>

namespace {

std::atomic<std::size_t> uploaded{0};

int set_context(void*) { return 0; }

int upload(std::uint64_t, const void*, std::size_t num_bytes, void*) {
  uploaded += num_bytes;
  return 0;
}

int launch(void* graph, void*) {
  *static_cast<std::size_t*>(graph) = uploaded.exchange(0);
  return 0;
}

}  // namespace

int main() {
  constexpr std::size_t kLARGEST = 300000;
  const Driver driver{set_context, upload, launch};
  std::vector<char> source(kLARGEST), host(3 * kLARGEST);
  unsigned state = 1;
  for (int round = 0; round < 20; ++round) {
    void* const copy = yolotrt_frame_copy_open(4, 8192, 32768, &driver, nullptr);
    for (int batch = 0; batch < 100; ++batch) {
      for (char& byte : source) byte = static_cast<char>(state = state * 1664525 + 1013904223);
      std::size_t total = 0, num_bytes[3];
      if (batch % 2) yolotrt_frame_copy_expect(copy);
      for (int frame = 0; frame < 3; ++frame) {
        num_bytes[frame] = (state = state * 1664525 + 1013904223) % kLARGEST;
        total += num_bytes[frame];
        if (!yolotrt_frame_copy_add(copy, source.data(), host.data() + frame * kLARGEST, 1,
                                    num_bytes[frame], nullptr)) {
          return 1;
        }
      }
      std::size_t seen = 0;
      Outcome outcome;
      yolotrt_frame_copy_finish(copy, &seen, nullptr, &outcome);
      for (int frame = 0; frame < 3; ++frame) {
        if (std::memcmp(source.data(), host.data() + frame * kLARGEST, num_bytes[frame]) != 0) {
          std::puts("bytes are missing");
          return 1;
        }
      }
      if (seen != total) {
        std::puts("uploads are missing");
        return 1;
      }
    }
    yolotrt_frame_copy_close(copy);
  }
  return 0;
}
