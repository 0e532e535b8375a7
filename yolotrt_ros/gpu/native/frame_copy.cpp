// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads that copy frames into memory that the GPU reads, and start the upload of what lies there
// already. Nothing here waits for Python's lock: neither the threads between two pieces nor the
// launch behind the last one.
//
// The functions of CUDA's driver are handed in, so this file needs neither its headers nor its
// library. Every function is called by one thread at a time; those that call the driver make the
// context the current one.

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

struct Frame {
  const char* source;
  char* host;
  std::uint64_t device;  // 0: nothing is uploaded
  std::size_t num_bytes;
  void* stream;
};

using Clock = std::chrono::steady_clock;

// How long a helper stays awake for frames that were announced.
constexpr std::chrono::milliseconds kPATIENCE{1};

class FrameCopy {
 public:
  FrameCopy(int num_threads, std::size_t piece_bytes, std::size_t upload_bytes,
            const Driver& driver, void* context)
      : driver_(driver), context_(context), piece_bytes_(piece_bytes), upload_bytes_(upload_bytes) {
    pieces_.reserve(1024);
    try {
      for (int i = 1; i < num_threads; ++i) helpers_.emplace_back([this] { help(); });
    } catch (...) {  // the machine has no more threads
      stop();
      throw;
    }
  }

  ~FrameCopy() { stop(); }

  // Waking a thread may take longer than copying a piece, so it begins before there is one.
  void expect() {
    const Clock::time_point now = Clock::now();
    const bool are_awake = now + kPATIENCE / 2 < expected_until_.load(std::memory_order_relaxed);
    if (helpers_.empty() || are_awake) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      expected_until_.store(now + kPATIENCE, std::memory_order_relaxed);
    }
    work_.notify_all();
  }

  // Helpers begin at once; the caller takes part in finish(). Throws std::bad_alloc.
  void add(const Frame& frame) {
    if (frame.source == frame.host) {
      driver_.set_context(context_);
      upload(frame, 0, frame.num_bytes);
      return;
    }
    const std::size_t num_pieces = (frame.num_bytes + piece_bytes_ - 1) / piece_bytes_;
    if (num_pieces == 0) return;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      frames_.reserve(frames_.size() + 1);  // nothing may be thrown between the two lists
      pieces_.reserve(pieces_.size() + num_pieces);
      frames_.push_back({frame, pieces_.size(), num_pieces});
      for (std::size_t i = 0; i < num_pieces; ++i) pieces_.push_back({frames_.size() - 1});
      num_left_.fetch_add(num_pieces, std::memory_order_relaxed);
      num_open_.fetch_add(1, std::memory_order_relaxed);
    }
    // The last piece is the caller's own.
    for (std::size_t i = 0; i + 1 < num_pieces && i < helpers_.size(); ++i) work_.notify_one();
  }

  // Returns once everything is copied, and its upload enqueued; then launches a graph, or none.
  Outcome finish(void* graph, void* stream) {
    driver_.set_context(context_);
    while (copy_next()) {
    }
    // What others copy still is less than a piece each: asking is faster than being woken.
    for (int asked = 0; num_open_.load(std::memory_order_acquire) != 0; ++asked) {
      if (asked > 1000) std::this_thread::yield();
    }
    Outcome outcome{status_.exchange(0), 0, now_s()};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      frames_.clear();
      pieces_.clear();
      next_ = 0;
      expected_until_.store({}, std::memory_order_relaxed);
    }
    if (graph != nullptr && outcome.upload_status == 0) {
      outcome.launch_status = driver_.launch(graph, stream);
    }
    return outcome;
  }

 private:
  struct Piece {
    std::size_t frame;
    bool is_copied = false;
  };

  struct Job {
    Frame frame;
    std::size_t first_piece;
    std::size_t num_pieces;
    std::size_t num_copied = 0;  // pieces before the first one that is missing
    std::size_t num_uploaded = 0;  // bytes
    bool is_uploading = false;
  };

  void help() {
    driver_.set_context(context_);  // where it is gone the uploads fail and tell
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      work_.wait(lock, [this] { return is_stopped_ || next_ < pieces_.size() || is_expecting(); });
      if (is_stopped_) return;
      lock.unlock();
      while (num_left_.load(std::memory_order_relaxed) == 0 && is_expecting()) {
        std::this_thread::yield();
      }
      while (copy_next()) {
      }
      lock.lock();
    }
  }

  bool is_expecting() const {
    return Clock::now() < expected_until_.load(std::memory_order_relaxed);
  }

  bool copy_next() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (next_ == pieces_.size()) return false;
    const std::size_t index = next_++;
    num_left_.fetch_sub(1, std::memory_order_relaxed);
    const std::size_t of_frame = pieces_[index].frame;
    const Frame frame = frames_[of_frame].frame;
    const std::size_t begin = (index - frames_[of_frame].first_piece) * piece_bytes_;
    lock.unlock();
    const std::size_t rest = frame.num_bytes - begin;
    std::memcpy(frame.host + begin, frame.source + begin, rest < piece_bytes_ ? rest : piece_bytes_);
    lock.lock();
    pieces_[index].is_copied = true;
    upload_ready(of_frame, lock);
    return true;
  }

  // Small pieces keep the threads equally busy, but each upload is a call to the driver, and
  // calls of several threads wait for each other: one thread uploads what is there of a frame.
  void upload_ready(std::size_t of_frame, std::unique_lock<std::mutex>& lock) {
    while (!frames_[of_frame].is_uploading) {
      Job& job = frames_[of_frame];
      while (job.num_copied < job.num_pieces && pieces_[job.first_piece + job.num_copied].is_copied) {
        ++job.num_copied;
      }
      const bool is_whole = job.num_copied == job.num_pieces;
      const std::size_t end = is_whole ? job.frame.num_bytes : job.num_copied * piece_bytes_;
      const std::size_t begin = job.num_uploaded;
      if (begin == job.frame.num_bytes) {
        num_open_.fetch_sub(1, std::memory_order_release);
        return;
      }
      if (!is_whole && end - begin < upload_bytes_) return;
      job.num_uploaded = end;
      job.is_uploading = true;
      const Frame frame = job.frame;
      lock.unlock();
      upload(frame, begin, end);
      lock.lock();
      frames_[of_frame].is_uploading = false;  // add() may have moved the jobs
    }
  }

  void upload(const Frame& frame, std::size_t begin, std::size_t end) {
    if (frame.device == 0) return;
    const int status =
        driver_.upload(frame.device + begin, frame.host + begin, end - begin, frame.stream);
    int none = 0;
    if (status != 0) status_.compare_exchange_strong(none, status);
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopped_ = true;
      expected_until_.store({}, std::memory_order_relaxed);
    }
    work_.notify_all();
    for (std::thread& helper : helpers_) helper.join();
  }

  static double now_s() {
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  }

  const Driver driver_;
  void* const context_;
  const std::size_t piece_bytes_, upload_bytes_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Job> frames_;  // between the first add() and finish()
  std::vector<Piece> pieces_;  // of all frames, in their order
  std::size_t next_ = 0;
  std::atomic<std::size_t> num_left_{0};  // pieces that nobody has taken
  std::atomic<std::size_t> num_open_{0};  // frames that are not copied and uploaded
  std::atomic<Clock::time_point> expected_until_{};
  std::atomic<int> status_{0};
  bool is_stopped_ = false;
};

}  // namespace

extern "C" {

// Returns null where the machine has too little memory or too few threads.
void* yolotrt_frame_copy_open(int num_threads, std::size_t piece_bytes, std::size_t upload_bytes,
                              const Driver* driver, void* context) {
  try {
    return new FrameCopy(num_threads, piece_bytes, upload_bytes, *driver, context);
  } catch (const std::exception&) {
    return nullptr;
  }
}

void yolotrt_frame_copy_expect(void* copy) { static_cast<FrameCopy*>(copy)->expect(); }

// A source that is where its copy shall be is uploaded in one piece. Returns 0 where the machine
// has too little memory; then nothing of the frame is copied.
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
