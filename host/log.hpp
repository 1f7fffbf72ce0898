// SPDX-License-Identifier: Apache-2.0
// Messages as lines on standard error: "12:03:04 warning bus boat: …", or with a priority for the journal of systemd. Any thread.
#pragma once

#include <memory>
#include <string_view>

#include "core/log.hpp"

namespace bmsgate::host {

class Log final : public core::Logger {
 public:
  Log();
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(core::Level level, std::string_view who, std::string_view message) noexcept override;
  /// Less important messages are dropped from now on.
  void set_level(core::Level level) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
