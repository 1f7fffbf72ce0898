// SPDX-License-Identifier: Apache-2.0
// What the JK tests share: a dialect in place, a sink that keeps everything, bytes from hex text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes from_hex(std::string_view text) {
  Bytes bytes;
  std::string digits;
  for (const auto c : text) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

struct Heard {
  std::uint8_t address{0};
  bool confirmed{false};
  std::optional<core::Sample> live;
  std::optional<core::BmsSettings> settings;
  std::optional<core::Identity> identity;
};

struct Note {
  core::FrameNote::Kind kind{};
  std::uint8_t address{0};
  std::uint16_t tag{0};
  bool write{false};
  Bytes bytes;
};

class Recorder final : public core::ReportSink {
 public:
  void on_report(const core::Report& report) noexcept override {
    Heard heard{.address = report.address, .confirmed = report.confirmed, .live = {}, .settings = {}, .identity = {}};
    if (report.live != nullptr) heard.live = *report.live;
    if (report.settings != nullptr) heard.settings = *report.settings;
    if (report.identity != nullptr) heard.identity = *report.identity;
    reports.push_back(heard);
  }
  void on_frame(const core::FrameNote& note) noexcept override {
    notes.push_back({note.kind, note.address, note.tag, note.write, {note.bytes.begin(), note.bytes.end()}});
  }

  std::vector<Heard> reports;
  std::vector<Note> notes;
};

/// A dialect with its own recorder.
class Device {
 public:
  explicit Device(core::Protocol* (*make)(protocols::ProtocolStorage) noexcept) : protocol_{make(storage_)} {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  core::Protocol* operator->() { return protocol_; }
  void feed(const Bytes& bytes) { protocol_->feed(bytes, heard); }
  void feed_singly(const Bytes& bytes) {
    for (const auto byte : bytes) protocol_->feed({&byte, 1}, heard);
  }
  [[nodiscard]] const core::LineCounters& counters() const { return protocol_->counters(); }
  /// The step-th request of a poll, empty if there is none.
  Bytes request(core::Part part, std::uint8_t address, unsigned step = 0) {
    core::Request out;
    if (!protocol_->next_request(part, address, step, out)) return {};
    return {out.bytes.begin(), out.bytes.end()};
  }
  /// Sends a request as the poller would.
  core::Request begin(core::Part part, std::uint8_t address, unsigned step = 0) {
    core::Request out;
    if (protocol_->next_request(part, address, step, out)) protocol_->begin(out);
    return out;
  }

  Recorder heard;

 private:
  alignas(std::max_align_t) std::array<std::byte, protocols::kProtocolSize> storage_{};
  core::Protocol* protocol_;
};

}  // namespace bmsgate::test
