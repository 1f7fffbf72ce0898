// SPDX-License-Identifier: Apache-2.0
// The log, over spdlog.
#include "host/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstdlib>

namespace bmsgate::host {
namespace {

constexpr std::array kLevels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 4> kJournalPriorities{"<7>", "<6>", "<4>", "<3>"};

}  // namespace

struct Log::Impl {
  bool journal{std::getenv("JOURNAL_STREAM") != nullptr};  // NOLINT(concurrency-mt-unsafe): at start
  spdlog::logger logger{"bmsgate", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Log::Log() : impl_{std::make_unique<Impl>()} {
  impl_->logger.set_pattern(impl_->journal ? "%v" : "%H:%M:%S %v");
  impl_->logger.flush_on(spdlog::level::debug);
}
Log::~Log() = default;

void Log::write(core::Level level, std::string_view who, std::string_view message) noexcept {
  const auto i = static_cast<std::size_t>(level);
  if (impl_->journal) {
    impl_->logger.log(kLevels[i], "{}{}: {}", kJournalPriorities[i], who, message);
  } else {
    impl_->logger.log(kLevels[i], "{} {}: {}", kNames[i], who, message);
  }
}

void Log::set_level(core::Level level) noexcept { impl_->logger.set_level(kLevels[static_cast<std::size_t>(level)]); }

}  // namespace bmsgate::host
