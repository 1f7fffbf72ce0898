// SPDX-License-Identifier: Apache-2.0
// What the Daly tests share: a dialect in place, a sink that remembers, bytes from hex, frames with a right check.
#pragma once

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crc.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols::test {

using Octets = std::vector<std::uint8_t>;

inline Octets hex(std::string_view text) {
  Octets bytes;
  std::string digits;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

inline std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

inline Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// An A5 frame: address, id, up to eight data bytes.
inline Octets a5(std::uint8_t address, std::uint8_t id, Octets data = {}) {
  Octets frame{0xA5, address, id, 8};
  data.resize(8);
  frame = frame + data;
  frame.push_back(static_cast<std::uint8_t>(core::byte_sum(frame)));
  return frame;
}

/// A Modbus frame with its CRC.
inline Octets crc(Octets frame) {
  const unsigned check = core::crc16_modbus(frame);
  frame.push_back(static_cast<std::uint8_t>(check));
  frame.push_back(static_cast<std::uint8_t>(check >> 8U));
  return frame;
}

/// The reply to a read of registers.
inline Octets registers(std::uint8_t address, const std::vector<std::uint16_t>& values) {
  Octets frame{address, 3, static_cast<std::uint8_t>(2 * values.size())};
  for (const unsigned value : values) {
    frame.push_back(static_cast<std::uint8_t>(value >> 8U));
    frame.push_back(static_cast<std::uint8_t>(value));
  }
  return crc(frame);
}

/// One report, copied.
struct Copy {
  std::uint8_t address{0};
  std::uint64_t carried{0};
  std::optional<core::Sample> live;
  std::optional<core::BmsSettings> settings;
  std::optional<core::Identity> identity;
};

struct Note {
  core::FrameNote::Kind kind;
  std::uint8_t address;
  std::uint16_t tag;
  bool write;
  Octets bytes;
};

class Ear final : public core::ReportSink {
 public:
  void on_report(const core::Report& report) noexcept override {
    Copy copy;
    copy.address = report.address;
    copy.carried = report.carried;
    if (report.live != nullptr) copy.live = *report.live;
    if (report.settings != nullptr) copy.settings = *report.settings;
    if (report.identity != nullptr) copy.identity = *report.identity;
    reports.push_back(copy);
  }
  void on_frame(const core::FrameNote& note) noexcept override {
    notes.push_back({note.kind, note.address, note.tag, note.write, {note.bytes.begin(), note.bytes.end()}});
  }
  [[nodiscard]] std::size_t count(core::FrameNote::Kind kind) const {
    std::size_t n = 0;
    for (const auto& note : notes) n += note.kind == kind ? 1U : 0U;
    return n;
  }

  std::vector<Copy> reports;
  std::vector<Note> notes;
};

using Make = core::Protocol* (*)(ProtocolStorage) noexcept;

/// A dialect in place, without the table of all dialects.
class Box {
 public:
  explicit Box(Make make) : protocol_{make(storage_)} {}
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  core::Protocol* operator->() { return protocol_; }
  core::Protocol& operator*() { return *protocol_; }

 private:
  alignas(std::max_align_t) std::array<std::byte, kProtocolSize> storage_;
  core::Protocol* protocol_;
};

/// A field in its unit, or nothing.
inline std::optional<double> value(const core::Sample& sample, core::Field field, std::size_t element = 0) {
  if (!sample.has(field, element)) return std::nullopt;
  return static_cast<double>(sample.get(field, element)) / core::pow10(core::info(field).decimals);
}

/// A setting in its unit, or nothing.
inline std::optional<double> value(const core::BmsSettings& settings, core::BmsSetting setting) {
  if (!settings.has(setting)) return std::nullopt;
  return static_cast<double>(settings.get(setting)) / core::pow10(core::kBmsSettings[static_cast<std::size_t>(setting)].decimals);
}

/// The millivolts of the cells from 1 on, -1 for a hole.
inline std::vector<int> cells_mv(const core::Sample& sample) {
  std::vector<int> cells;
  for (std::size_t i = 0; i < sample.extent(core::Field::kCellVoltage); ++i) {
    cells.push_back(sample.has(core::Field::kCellVoltage, i) ? sample.get(core::Field::kCellVoltage, i) : -1);
  }
  return cells;
}

}  // namespace bmsgate::protocols::test
