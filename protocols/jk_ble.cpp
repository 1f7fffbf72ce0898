// SPDX-License-Identifier: Apache-2.0
// JK over Bluetooth, for decoding only: the frames of JK-PB without acknowledgement and address, in the 24S or the 32S layout.
// Facts: docs/protocols/jk.md (syssi/esphome-jk-bms docs/protocol-design-ble.md, captures).
#include <algorithm>
#include <array>
#include <new>
#include <optional>

#include "core/crc.hpp"
#include "protocols/jk_frame.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace {

using core::FrameNote;
using core::ReportSink;
using core::Scan;
using core::Verdict;
using Bytes = std::span<const std::uint8_t>;

constexpr core::DialectInfo kInfo{
    .key = "jk-ble",
    .title = "JK over Bluetooth (decoding only)",
    .timing = {.baud = 115200, .gap_ms = 100, .reply_timeout_ms = 1000, .quiet_ms = 200, .retries = 0, .wake_requests = 0},
    .min_address = 0,
    .max_address = 0,
    .default_address = 0,
    .has_master = false,
};

constexpr std::array<std::uint8_t, 4> kRequestHeader{0xAA, 0x55, 0x90, 0xEB};
constexpr std::size_t kRequestSize = 20;
constexpr unsigned kFirst32sVersion = 11;

class JkBle final : public core::Protocol {
 public:
  [[nodiscard]] const core::DialectInfo& info() const noexcept override { return kInfo; }
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

  void configure(std::uint8_t /*address*/, const core::DialectOptions& /*options*/) noexcept override {}
  [[nodiscard]] bool next_request(core::Part, std::uint8_t, unsigned, core::Request&) noexcept override { return false; }
  [[nodiscard]] core::Result<bool> command(const core::Command&, std::uint8_t, unsigned, core::Request&) noexcept override {
    return core::Error::kUnsupported;
  }
  void begin(const core::Request& /*request*/) noexcept override {}
  [[nodiscard]] core::Progress progress() const noexcept override { return core::Progress::kWaiting; }
  void end(bool /*answered*/, ReportSink& sink) noexcept override { quiet(sink); }
  void finish(std::uint8_t /*address*/, ReportSink& /*sink*/) noexcept override {}

  void feed(Bytes bytes, ReportSink& sink) noexcept override {
    buffer_.feed(
        bytes, counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_frame(b, sink); });
  }
  void quiet(ReportSink& sink) noexcept override {
    closing_ = true;
    buffer_.quiet(
        counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_frame(b, sink); });
    closing_ = false;
  }
  void flush(ReportSink& sink) noexcept override { quiet(sink); }

 private:
  [[nodiscard]] Scan scan(Bytes bytes) const noexcept;
  void on_frame(Bytes frame, ReportSink& sink) noexcept;
  [[nodiscard]] std::optional<JkLayout> layout(const JkBlock& block) const noexcept;

  core::FrameBuffer<1024> buffer_;
  core::LineCounters counters_;
  bool closing_{false};
  unsigned version_{0};  // before the point of the software version; 0 = not heard
  core::Sample live_;
  core::BmsSettings settings_;
  core::Identity identity_;
};
static_assert(sizeof(JkBle) <= kProtocolSize);

Scan JkBle::scan(Bytes bytes) const noexcept {
  if (closing_ && bytes.size() < kRequestHeader.size()) return {Verdict::kNone};
  if (bytes[0] != kRequestHeader[0]) return scan_jk_frame(bytes);
  const auto known = std::min(bytes.size(), kRequestHeader.size());
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(known), kRequestHeader.begin())) return {Verdict::kNone};
  if (bytes.size() < kRequestSize) return {Verdict::kMore};
  const bool good = (core::byte_sum(bytes.first(kRequestSize - 1)) & 0xFFU) == bytes[kRequestSize - 1];
  return {good ? Verdict::kFrame : Verdict::kNone, kRequestSize};
}

void JkBle::on_frame(Bytes frame, ReportSink& sink) noexcept {
  if (frame.size() == kRequestSize) return sink.on_frame({FrameNote::Kind::kRequest, 0, frame[4], false, frame});
  ++counters_.frames_ok;
  const JkBlock block{frame};
  std::array<std::uint8_t, kJkFrameSize> shown{};
  std::copy(frame.begin(), frame.end(), shown.begin());
  if (frame[kJkTypeAt] == kJkAbout) hide_jk_secrets(shown, 0);
  sink.on_frame({FrameNote::Kind::kReply, 0, frame[kJkTypeAt], false, shown});
  switch (frame[kJkTypeAt]) {
    case kJkStatus: {
      const auto which = layout(block);
      if (!which) {
        ++counters_.unknown;
        return;
      }
      live_.reset();
      read_jk_status(block, *which, live_);
      settings_to_fields(settings_, live_);
      return sink.on_report({.confirmed = false, .live = &live_});
    }
    case kJkSettings:
      settings_.clear();
      read_jk_settings(block, settings_);
      return sink.on_report({.confirmed = false, .settings = &settings_});
    case kJkAbout:
      identity_ = {};
      read_jk_about(block, identity_);
      version_ = 0;
      for (const auto c : identity_.software.view()) {
        if (c < '0' || c > '9') break;
        version_ = version_ * 10 + static_cast<unsigned>(c - '0');
      }
      return sink.on_report({.confirmed = false, .identity = &identity_});
    default: return;
  }
}

/// The wrong layout has the right cells but a nonsense total; where neither fits (a cell off its wire), the firmware decides.
std::optional<JkLayout> JkBle::layout(const JkBlock& block) const noexcept {
  if (jk_layout_fits(block, JkLayout::k32S)) return JkLayout::k32S;
  if (jk_layout_fits(block, JkLayout::k24S)) return JkLayout::k24S;
  if (version_ == 0) return std::nullopt;
  return version_ < kFirst32sVersion ? JkLayout::k24S : JkLayout::k32S;
}

}  // namespace

core::Protocol* make_jk_ble(ProtocolStorage storage) noexcept { return new (storage.data()) JkBle; }

}  // namespace bmsgate::protocols
