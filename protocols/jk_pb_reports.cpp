// SPDX-License-Identifier: Apache-2.0
// What JK-PB says: frames and register replies to reports, and what is remembered of each pack for them.
#include <algorithm>

#include "protocols/jk_pb.hpp"

namespace bmsgate::protocols::pb {
namespace {

using core::Field;
using core::FrameNote;

constexpr std::int32_t kApart = 20;       // 2.0 degrees: T3 so far from the MOS value is a probe of its own ...
constexpr std::uint8_t kProbeProven = 5;  // ... once it was so in this many frames in a row: a damaged frame can pass its 8-bit sum

}  // namespace

/// Others see a frame without its secrets. `data_at`: where the content of the about frame begins, `offset`: with what offset of it.
void JkPb::note(const FrameNote& note, std::size_t data_at, std::size_t offset, ReportSink& sink) const noexcept {
  if (data_at == kNoSecrets) return sink.on_frame(note);
  std::array<std::uint8_t, kJkFrameSize> shown{};
  const auto size = std::min(note.bytes.size(), shown.size());
  std::copy_n(note.bytes.begin(), size, shown.begin());
  hide_jk_secrets(std::span{shown}.first(size).subspan(data_at), offset);
  auto hidden = note;
  hidden.bytes = Bytes{shown}.first(size);
  sink.on_frame(hidden);
}

void JkPb::settle(ReportSink& sink) noexcept {
  if (waits_for_ack_) report_frame(open_.valid ? open_.address : std::uint8_t{0}, false, sink);
}

void JkPb::report_frame(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  waits_for_ack_ = false;
  const JkBlock block{frame_};
  const auto reg = trigger_of(frame_[kJkTypeAt]);
  note({FrameNote::Kind::kReply, address, reg, false, frame_}, reg == kTriggerAbout ? 0 : kNoSecrets, 0, sink);
  switch (frame_[kJkTypeAt]) {
    case kJkStatus: return report_status(address, confirmed, sink);
    case kJkSettings: return report_settings(address, confirmed, sink);
    case kJkAbout:
      identity_ = {};
      read_jk_about(block, identity_);
      return sink.on_report({.address = address, .confirmed = confirmed, .identity = &identity_});
    default: return;
  }
}

void JkPb::report_status(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  const JkBlock block{frame_};
  auto& pack = packs_[address];
  live_.reset();
  read_jk_status(block, JkLayout::k32S, live_);
  watch_third_probe(pack, block, live_);
  settings_to_fields(pack.settings, live_);
  sink.on_report({.address = address, .confirmed = confirmed, .live = &live_});
}

/// Without an acknowledgement, settings count once they have been heard twice.
void JkPb::report_settings(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  BmsSettings heard;
  read_jk_settings({frame_}, heard);
  const bool again = unproven_address_ == address && unproven_ == heard;
  if (!confirmed) {
    unproven_ = heard;
    unproven_address_ = address;
  }
  if (confirmed || again) packs_[address].settings = heard;
  sink.on_report({.address = address, .confirmed = confirmed, .settings = &heard});
}

/// A third probe that happens to be as warm as the MOS is still one.
void JkPb::watch_third_probe(Pack& pack, const JkBlock& block, Sample& sample) const noexcept {
  if (!sample.has(Field::kMosTemperature)) return;
  const auto mos = sample.get(Field::kMosTemperature);
  if (const auto third = sample.value(Field::kTemperature, 2); third && (*third > mos + kApart || *third < mos - kApart)) {
    if (pack.third_probe < kProbeProven) ++pack.third_probe;
  } else if (pack.third_probe < kProbeProven) {
    pack.third_probe = 0;
  } else if (!third && jk_third_probe_is_copy(block)) {
    sample.set(Field::kTemperature, mos, 2);
  }
}

// ---- registers

void JkPb::on_registers(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept {
  ++counters_.frames_ok;
  const bool answers = open_.valid && !open_.taken && open_.address == frame.address && frame.data.size() == std::size_t{2} * open_.count;
  const auto reg = answers ? open_.reg : jk_block_of_size(frame.data.size());
  if (answers) {
    open_.taken = true;
    open_.progress = Progress::kComplete;
  }
  note({FrameNote::Kind::kReply, frame.address, reg, false, bytes}, in_about(reg) ? 3 : kNoSecrets, about_offset(reg), sink);
  const std::uint16_t base = reg >= kRegAbout ? kRegAbout : reg >= kRegLive ? kRegLive : kRegSettings;
  const JkBlock block{frame.data, 6U + reg - base, true};
  // 240 bytes may as well be the settings.
  const bool doubtful = !answers && reg == kRegLive && !jk_layout_fits(block, JkLayout::k32S);
  if (reg < kRegSettings || reg >= kRegActions || doubtful) {
    ++counters_.unknown;
    return;
  }
  if (base == kRegLive) return gather_live(frame.address, block, sink);
  if (base == kRegSettings) {
    read_jk_settings(block, packs_[frame.address].settings);
    return sink.on_report({.address = frame.address, .settings = &packs_[frame.address].settings});
  }
  identity_ = {};
  read_jk_about(block, identity_);
  sink.on_report({.address = frame.address, .identity = &identity_});
}

/// Our own reads end with finish(). Another master's cycle ends where it begins anew, or as soon as all that we would read has come.
void JkPb::gather_live(std::uint8_t address, const JkBlock& block, ReportSink& sink) noexcept {
  const auto to = block.first + block.bytes.size();
  const bool again = open_.own && to == gathered_to_;  // the same reply twice
  if (gathered_address_ != address || (block.first < gathered_to_ && !again)) {
    if (open_.own) {
      gathered_address_ = 0xFF;
    } else {
      report_gathered(sink);
    }
    gathered_.reset();
    gathered_main_ = false;
  }
  gathered_address_ = address;
  gathered_to_ = to;
  read_jk_status(block, JkLayout::k32S, gathered_);
  // The T3 slot and the MOS value come in different reads: on boards with registers T3 repeats it, and is left out.
  gathered_main_ = gathered_main_ || (gathered_.has(Field::kPackVoltage) && gathered_.has(Field::kSoc));
  constexpr auto kEnd = 6U + kLiveReads[1].reg - kRegLive + 2U * kLiveReads[1].count;
  if (!open_.own && gathered_main_ && gathered_to_ >= kEnd) report_gathered(sink);
}

void JkPb::report_gathered(ReportSink& sink) noexcept {
  if (gathered_address_ == 0xFF) return;
  const auto address = gathered_address_;
  gathered_address_ = 0xFF;
  settings_to_fields(packs_[address].settings, gathered_);
  sink.on_report({.address = address, .live = &gathered_});
}

}  // namespace bmsgate::protocols::pb
