// SPDX-License-Identifier: Apache-2.0
// Wiring of the history.
#include "host/records.hpp"

#include <filesystem>
#include <map>
#include <optional>

#include "host/web/api_history.hpp"
#include "outputs/energy.hpp"
#include "outputs/history/journal.hpp"
#include "outputs/history/reader.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::host {

struct Records::Impl {
  Impl(core::Hub& packs, core::Clock& time, core::Logger& log, const outputs::HistoryOptions& wanted, const std::string& data_dir)
      : hub{packs},
        clock{time},
        options{wanted},
        file{std::filesystem::path{data_dir} / kHistoryFile},
        recorder{options, file.string(), hub, clock, log},
        reader{file.string(), log},
        journal{hub, clock, recorder},
        meter{hub, [this](std::string_view key) { return kept(key); },
              [this](std::string key, std::string value) { recorder.keep_note(std::move(key), std::move(value)); }} {}

  /// Counters are read from the disk before the recorder starts, then handed out as packs report.
  void load_counters() {
    for (std::size_t i = 0; i < hub.pack_count(); ++i) {
      auto key = outputs::EnergyMeter::key_of(hub, static_cast<core::PackIndex>(i));
      if (auto note = recorder.load_note(key)) notes.emplace(std::move(key), std::move(*note));
    }
  }
  [[nodiscard]] std::optional<std::string> kept(std::string_view key) const {
    const auto note = notes.find(key);
    return note == notes.end() ? std::nullopt : std::optional{note->second};
  }

  core::Hub& hub;
  core::Clock& clock;
  const outputs::HistoryOptions& options;
  std::filesystem::path file;
  outputs::Recorder recorder;
  outputs::HistoryReader reader;
  outputs::Journal journal;
  outputs::EnergyMeter meter;
  std::map<std::string, std::string, std::less<>> notes;
};

Records::Records(core::Hub& hub, core::Clock& clock, core::Logger& log, const outputs::HistoryOptions& options, const std::string& data_dir)
    : impl_{std::make_unique<Impl>(hub, clock, log, options, data_dir)} {}

Records::~Records() {
  stop();
  impl_->hub.unsubscribe(impl_->journal);
  impl_->hub.unsubscribe(impl_->recorder);
  impl_->hub.set_completer(nullptr);
}

void Records::start() {
  impl_->load_counters();
  impl_->hub.set_completer(&impl_->meter);
  static_cast<void>(impl_->hub.subscribe(impl_->recorder));
  static_cast<void>(impl_->hub.subscribe(impl_->journal));
  impl_->recorder.start();
}

void Records::stop() {
  impl_->meter.keep_all();
  impl_->recorder.stop();
}

web::HistorySource Records::source() {
  return {.hub = impl_->hub,
          .clock = impl_->clock,
          .recorder = impl_->recorder,
          .reader = impl_->reader,
          .options = impl_->options,
          .file = impl_->file};
}

std::string Records::trouble() const { return impl_->recorder.trouble(); }

std::vector<web::Route> Records::routes() { return web::history_routes(source()); }

}  // namespace bmsgate::host
