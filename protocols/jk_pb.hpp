// SPDX-License-Identifier: Apache-2.0
// State of the dialect jk-pb: what is open, what waits for its acknowledgement, what is known of each pack. For jk_pb*.cpp only; everybody
// else makes it through registry.hpp. Loop thread of the bus.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/protocol.hpp"
#include "protocols/jk_frame.hpp"
#include "protocols/jk_modbus.hpp"

namespace bmsgate::protocols::pb {

using core::BmsSettings;
using core::Part;
using core::Progress;
using core::ReportSink;
using core::Request;
using core::Sample;
using core::Scan;
using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t kAddresses = kJkMaxAddress + 1;

struct FrameTrigger {
  std::uint8_t type;
  std::uint16_t reg;
};
inline constexpr std::array<FrameTrigger, 5> kFrameTriggers{{{kJkSettings, kTriggerSettings},
                                                             {kJkStatus, kTriggerStatus},
                                                             {kJkAbout, kTriggerAbout},
                                                             {kJkSystemLog, kTriggerSystemLog},
                                                             {kJkDetailLog, kTriggerDetailLog}}};
[[nodiscard]] constexpr std::uint16_t trigger_of(std::uint8_t type) noexcept {
  for (const auto& entry : kFrameTriggers) {
    if (entry.type == type) return entry.reg;
  }
  return 0;
}

// Where registers of the about block stand in its content, for hiding what is secret.
[[nodiscard]] constexpr bool in_about(std::uint16_t reg) noexcept { return reg >= kRegAbout && reg < kRegActions; }
[[nodiscard]] constexpr std::size_t about_offset(std::uint16_t reg) noexcept { return in_about(reg) ? 6U + reg - kRegAbout : 0U; }
inline constexpr std::size_t kNoSecrets = SIZE_MAX;

struct RegisterRead {
  std::uint16_t reg;
  std::uint16_t count;
};
// Firmware answers at most about 120 registers at a time.
inline constexpr std::array<RegisterRead, 2> kLiveReads{{{kRegLive, 120}, {0x12F0, 16}}};

/// Ways to ask for live values; a pack that does not answer one is asked in the next. Firmware from 15.36 on was seen that sends no status
/// before it was asked for the other two.
enum class Way : std::uint8_t { kStatus, kAllThree, kRegisters, kEnd };

struct Pack {
  Way way{Way::kStatus};
  bool answered{false};
  std::uint8_t third_probe{0};  // frames in a row with T3 apart from the MOS value, up to kProbeProven
  std::uint8_t failures{0};
  BmsSettings settings;  // as confirmed; its switches and capacity go along with live values
};

/// The request that is open: our own, or the last one heard from another master.
struct Open {
  bool valid{false};
  bool own{false};
  std::uint8_t address{0};
  std::uint16_t reg{0};
  std::uint16_t count{0};  // registers of a read; 0 = a write
  bool taken{false};       // its register reply has come: it does not name another one
  Progress progress{Progress::kWaiting};

  [[nodiscard]] bool is_live() const noexcept { return reg == kTriggerStatus || (reg >= kRegLive && reg < kRegAbout); }
};

class JkPb final : public core::Protocol {
 public:
  [[nodiscard]] const core::DialectInfo& info() const noexcept override;
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

  void configure(std::uint8_t address, const core::DialectOptions& /*options*/) noexcept override {
    if (address < kAddresses) packs_[address] = {};
  }
  [[nodiscard]] bool next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept override;
  [[nodiscard]] core::Result<bool> command(const core::Command& command, std::uint8_t address, unsigned step,
                                           Request& out) noexcept override;
  void begin(const Request& request) noexcept override;
  [[nodiscard]] Progress progress() const noexcept override { return open_.own ? open_.progress : Progress::kWaiting; }
  void end(bool answered, ReportSink& sink) noexcept override;
  void finish(std::uint8_t address, ReportSink& sink) noexcept override;

  void feed(Bytes bytes, ReportSink& sink) noexcept override {
    buffer_.feed(
        bytes, counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_piece(b, sink); });
  }
  void quiet(ReportSink& sink) noexcept override {
    closing_ = true;
    buffer_.quiet(
        counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_piece(b, sink); });
    closing_ = false;
    padding_left_ = 0;
    settle(sink);
  }
  void flush(ReportSink& sink) noexcept override {
    quiet(sink);
    report_gathered(sink);
  }

 private:
  [[nodiscard]] Scan scan(Bytes bytes) const noexcept;
  void on_piece(Bytes bytes, ReportSink& sink) noexcept;
  void on_modbus(Bytes frame, ReportSink& sink) noexcept;
  void on_request(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;
  void on_ack(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;
  void on_registers(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;

  void allow_padding(unsigned bytes) noexcept {
    padding_left_ = bytes;
    padding_from_ = counters_.bytes_skipped;
  }

  void note(const core::FrameNote& note, std::size_t data_at, std::size_t offset, ReportSink& sink) const noexcept;

  /// A frame that waited for its acknowledgement will not get it.
  void settle(ReportSink& sink) noexcept;
  void report_frame(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void report_status(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void report_settings(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void gather_live(std::uint8_t address, const JkBlock& block, ReportSink& sink) noexcept;
  void report_gathered(ReportSink& sink) noexcept;
  void watch_third_probe(Pack& pack, const JkBlock& block, Sample& sample) const noexcept;

  core::FrameBuffer<1024> buffer_;
  core::LineCounters counters_;
  std::array<Pack, kAddresses> packs_{};
  Open open_;
  bool closing_{false};  // inside quiet(): nothing more will come
  // Some firmware puts a 00 directly before or after the acknowledgement.
  unsigned padding_left_{0};
  std::uint32_t padding_from_{0};  // bytes skipped until then

  bool waits_for_ack_{false};
  std::uint32_t skipped_before_{0};
  std::array<std::uint8_t, kJkFrameSize> frame_{};

  Sample live_;
  core::Identity identity_;
  BmsSettings unproven_;  // settings of the last frame without an acknowledgement
  std::uint8_t unproven_address_{0xFF};

  // One reading in the making, out of several register reads.
  Sample gathered_;
  std::uint8_t gathered_address_{0xFF};  // FF: none
  std::size_t gathered_to_{0};           // content offset up to which it has come
  bool gathered_main_{false};
};

}  // namespace bmsgate::protocols::pb
