// Copyright 2026 The yolotrt_ros authors
// SPDX-License-Identifier: Apache-2.0
#include "log.hpp"

#include <NvInferRuntime.h>

#include <cstdio>

namespace yolotrt
{

void log_error(const char * reason) noexcept
{
  char line[1024];
  std::snprintf(line, sizeof(line), "YoloLayer_TRT: %s", reason);
  nvinfer1::ILogger * logger = getLogger();
  if (logger != nullptr) {
    logger->log(nvinfer1::ILogger::Severity::kERROR, line);
  } else {
    std::fprintf(stderr, "%s\n", line);
  }
}

}  // namespace yolotrt
