// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads that copy frames into memory that the GPU reads, and start the upload of each piece as
// soon as it is there. Nothing here waits for Python's lock: neither the threads between two
// pieces nor the launch behind the last one.
//
// The functions of CUDA's driver are handed in, so this file needs neither its headers nor its
// library. Every function is called by one thread at a time, with the context current.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace {

// Of the driver, each returns a CUresult: cuCtxSetCurrent, cuMemcpyHtoDAsync, cuGraphLaunch.
struct Driver {
  int (*set_context)(void* context);
  int (*upload)(std::uint64_t device, const void* host, std::size_t num_bytes, void* stream);
  int (*launch)(void* graph, void* stream);
};

struct Outcome {
  std::int32_t upload_status;  // of the first call that failed
  std::int32_t launch_status;
  double copied_s;  // when the last byte was copied, seconds of the monotonic clock
};

struct Piece {
  const char* source;
  char* host;
  std::uint64_t device;  // 0: nothing is uploaded
  std::size_t num_bytes;
  void* stream;
};

class FrameCopy {
 public:
  FrameCopy(int num_threads, std::size_t piece_bytes, const Driver& driver, void* context)
      : driver_(driver), context_(context), piece_bytes_(piece_bytes) {
    pieces_.reserve(1024);
    try {
      for (int i = 1; i < num_threads; ++i) helpers_.emplace_back([this] { help(); });
    } catch (...) {  // the machine has no more threads
      stop();
      throw;
    }
  }

  ~FrameCopy() { stop(); }

  // Helpers begin at once; the caller takes part in finish(). Throws std::bad_alloc.
  void add(const Piece& frame) {
    if (frame.source == frame.host) {
      upload(frame);
      return;
    }
    std::size_t num_added = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (std::size_t begin = 0; begin < frame.num_bytes; begin += piece_bytes_, ++num_added) {
        const std::size_t rest = frame.num_bytes - begin;
        pieces_.push_back({frame.source + begin, frame.host + begin,
                           frame.device ? frame.device + begin : 0,
                           rest < piece_bytes_ ? rest : piece_bytes_, frame.stream});
      }
    }
    // The last piece is the caller's own. Waking a thread costs some microseconds.
    for (std::size_t i = 0; i + 1 < num_added && i < helpers_.size(); ++i) work_.notify_one();
  }

  // Returns once everything is copied, and its upload enqueued; then launches a graph, or none.
  Outcome finish(void* graph, void* stream) {
    while (copy_next()) {
    }
    // What others copy still is less than a piece each: asking is faster than being woken.
    for (int asked = 0; num_done_.load(std::memory_order_acquire) < pieces_.size(); ++asked) {
      if (asked > 1000) std::this_thread::yield();
    }
    Outcome outcome{status_.exchange(0), 0, now_s()};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      pieces_.clear();
      next_ = 0;
      num_done_.store(0, std::memory_order_relaxed);
    }
    if (graph != nullptr && outcome.upload_status == 0) {
      outcome.launch_status = driver_.launch(graph, stream);
    }
    return outcome;
  }

 private:
  void help() {
    driver_.set_context(context_);  // where it is gone the uploads fail and tell
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return is_stopped_ || next_ < pieces_.size(); });
      if (is_stopped_) return;
      lock.unlock();
      while (copy_next()) {
      }
      lock.lock();
    }
  }

  bool copy_next() {
    Piece piece;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (next_ == pieces_.size()) return false;
      piece = pieces_[next_++];
    }
    std::memcpy(piece.host, piece.source, piece.num_bytes);
    upload(piece);
    num_done_.fetch_add(1, std::memory_order_release);
    return true;
  }

  void upload(const Piece& piece) {
    if (piece.device == 0) return;
    const int status = driver_.upload(piece.device, piece.host, piece.num_bytes, piece.stream);
    int none = 0;
    if (status != 0) status_.compare_exchange_strong(none, status);
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopped_ = true;
    }
    work_.notify_all();
    for (std::thread& helper : helpers_) helper.join();
  }

  static double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  const Driver driver_;
  void* const context_;
  const std::size_t piece_bytes_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Piece> pieces_;  // of the frames between the first add() and finish()
  std::size_t next_ = 0;
  std::atomic<std::size_t> num_done_{0};
  std::atomic<int> status_{0};
  bool is_stopped_ = false;
};

}  // namespace

extern "C" {

// Returns null where the machine has too little memory or too few threads.
void* yolotrt_frame_copy_open(int num_threads, std::size_t piece_bytes, const Driver* driver,
                              void* context) {
  try {
    return new FrameCopy(num_threads, piece_bytes, *driver, context);
  } catch (const std::exception&) {
    return nullptr;
  }
}

// A source that is where its copy shall be is uploaded in one piece. Returns 0 where the machine
// has too little memory; then some pieces of the frame may be copied, up to the next finish().
int yolotrt_frame_copy_add(void* copy, const void* source, void* host, std::uint64_t device,
                           std::size_t num_bytes, void* stream) {
  try {
    static_cast<FrameCopy*>(copy)->add({static_cast<const char*>(source),
                                        static_cast<char*>(host), device, num_bytes, stream});
    return 1;
  } catch (const std::exception&) {
    return 0;
  }
}

void yolotrt_frame_copy_finish(void* copy, void* graph, void* stream, Outcome* outcome) {
  *outcome = static_cast<FrameCopy*>(copy)->finish(graph, stream);
}

void yolotrt_frame_copy_close(void* copy) { delete static_cast<FrameCopy*>(copy); }

}  // extern "C"
