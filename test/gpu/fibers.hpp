// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
//
// Threads of a block as fibers of the CPU. At a barrier, or where lanes of a warp exchange values,
// fibers wait for each other as the threads of a GPU do; in between they run one after the other,
// in an order that differs from turn to turn: any thread next, or one warp as far as it gets
// before the others, so that a missing barrier shows.
#ifndef YOLOTRT_TEST_FIBERS_HPP_
#define YOLOTRT_TEST_FIBERS_HPP_

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

struct Dimensions { unsigned x, y, z; };

static Dimensions threadIdx, blockIdx;

namespace cuda_on_cpu
{

constexpr int kWARP = 32;
constexpr size_t kSTACK_BYTES = 64 * 1024;

struct Fiber
{
  int thread = 0;
  std::unique_ptr<char[]> stack{new char[kSTACK_BYTES]};
  ucontext_t start;
  jmp_buf state;
  bool is_started = false, is_done = false;
  int num_exchanges = 0;
};

/// A meeting point: the last one to come wakes the others.
struct Barrier
{
  int num_expected = 0, num_arrived = 0;
  const char * what = "";
  std::vector<Fiber *> waiting;
};

struct Warp
{
  Barrier barrier;
  std::vector<Fiber *> ready;
  uint64_t values[2][kWARP];  // two, so that a quick lane does not overwrite what others still read
};

static std::vector<Fiber> fibers;
static std::vector<Warp> warps;
static Barrier block_barrier;
static Fiber * current;
static jmp_buf scheduler;
static std::function<void()> kernel;
static std::string failure;
static std::mt19937 random_order;
static std::vector<int> warp_order;
static bool is_any_thread_next;

__attribute__((noinline)) inline void pause_fiber()
{
  if (_setjmp(current->state) == 0) {
    _longjmp(scheduler, 1);
  }
}

inline void make_ready(Fiber * fiber) { warps[fiber->thread / kWARP].ready.push_back(fiber); }

inline void change_order()
{
  is_any_thread_next = random_order() % 2;
  std::shuffle(warp_order.begin(), warp_order.end(), random_order);
}

/// Choose who runs next; nobody if all wait or are done.
inline Fiber * take_ready()
{
  if (is_any_thread_next) {
    std::shuffle(warp_order.begin(), warp_order.end(), random_order);
  }
  for (const int warp : warp_order) {
    std::vector<Fiber *> & ready = warps[warp].ready;
    if (!ready.empty()) {
      std::swap(ready[random_order() % ready.size()], ready.back());
      Fiber * const next = ready.back();
      ready.pop_back();
      return next;
    }
  }
  return nullptr;
}

inline void meet(Barrier & barrier, const char * what)
{
  if (barrier.num_arrived > 0 && std::strcmp(barrier.what, what) != 0) {
    failure = std::string("threads meet at different places: ") + barrier.what + ", " + what;
    pause_fiber();  // for ever
  }
  barrier.what = what;
  if (++barrier.num_arrived < barrier.num_expected) {
    barrier.waiting.push_back(current);
    pause_fiber();
    return;
  }
  barrier.num_arrived = 0;
  std::for_each(barrier.waiting.begin(), barrier.waiting.end(), make_ready);
  barrier.waiting.clear();
  if (&barrier == &block_barrier) {
    change_order();
  }
}

/// Give a value to the other lanes; return those of all lanes.
inline const uint64_t * exchange(uint64_t value, const char * what)
{
  Warp & warp = warps[current->thread / kWARP];
  uint64_t * values = warp.values[current->num_exchanges++ % 2];
  values[current->thread % kWARP] = value;
  meet(warp.barrier, what);
  return values;
}

inline void run_fiber()
{
  kernel();
  current->is_done = true;
  _longjmp(scheduler, 1);
}

__attribute__((noinline)) inline void resume(Fiber * fiber)
{
  current = fiber;
  threadIdx = {static_cast<unsigned>(fiber->thread), 0, 0};
  if (_setjmp(scheduler) != 0) {
    return;
  }
  if (fiber->is_started) {
    _longjmp(fiber->state, 1);
  }
  fiber->is_started = true;
  setcontext(&fiber->start);
}

inline void run_block(int num_threads)
{
  block_barrier = {num_threads, 0, "", {}};
  warps.assign(num_threads / kWARP, Warp{});
  for (Warp & warp : warps) {
    warp.barrier.num_expected = kWARP;
  }
  warp_order.resize(warps.size());
  std::iota(warp_order.begin(), warp_order.end(), 0);
  change_order();
  fibers.resize(num_threads);
  for (int thread = 0; thread < num_threads; ++thread) {
    Fiber & fiber = fibers[thread];
    fiber.thread = thread;
    fiber.is_started = fiber.is_done = false;
    fiber.num_exchanges = 0;
    getcontext(&fiber.start);
    fiber.start.uc_stack.ss_sp = fiber.stack.get();
    fiber.start.uc_stack.ss_size = kSTACK_BYTES;
    makecontext(&fiber.start, run_fiber, 0);
    make_ready(&fiber);
  }
  while (Fiber * const next = failure.empty() ? take_ready() : nullptr) {
    resume(next);
  }
  for (const Fiber & fiber : fibers) {
    if (!fiber.is_done && failure.empty()) {
      failure = "thread " + std::to_string(fiber.thread) + " waits for ever";
    }
  }
}

/// Run a grid of blocks, one after the other; return what went wrong, or nothing.
inline const char * launch(
  unsigned grid_x, unsigned grid_y, int num_threads, unsigned seed,
  const std::function<void()> & run)
{
  kernel = run;
  failure.clear();
  random_order.seed(seed);
  for (unsigned y = 0; y < grid_y; ++y) {
    for (unsigned x = 0; x < grid_x && failure.empty(); ++x) {
      blockIdx = {x, y, 0};
      run_block(num_threads);
    }
  }
  return failure.c_str();
}

}  // namespace cuda_on_cpu

#endif  // YOLOTRT_TEST_FIBERS_HPP_
