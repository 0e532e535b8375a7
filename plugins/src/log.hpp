// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#ifndef LOG_HPP_
#define LOG_HPP_

#include <cstdint>
#include <exception>

namespace yolotrt
{

/// Tell TensorRT's logger, or the standard error where no builder or runtime has brought one.
void log_error(const char * reason) noexcept;

/// Do the work. Where it throws, log the reason and return what tells TensorRT of the failure:
/// no exception may cross into TensorRT.
template <typename Result, typename Work>
Result or_on_failure(Result failure, Work && work) noexcept
{
  try {
    return work();
  } catch (const std::exception & error) {
    log_error(error.what());
  } catch (...) {
    log_error("unknown exception");
  }
  return failure;
}

}  // namespace yolotrt

#endif  // LOG_HPP_
