// SPDX-License-Identifier: Apache-2.0
// The three blocks of a JK-PB as bytes. A block has one layout in two byte orders: little-endian in the long frames (from byte 6 on),
// big-endian in the Modbus registers, whose numbers count bytes. Private to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/pack_model.hpp"

namespace bmsgate::sim {

class JkPbImage {
 public:
  static constexpr std::size_t kSize = 293;  // bytes 6 to 298 of a frame

  explicit JkPbImage(bool big_endian) : big_endian_{big_endian} {}

  // `at` is the offset in the frame, as the vendor's tables and ours count.
  void put8(std::size_t at, std::uint64_t value) { bytes_[at - 6] = static_cast<std::uint8_t>(value); }
  void put16(std::size_t at, std::uint64_t value) { put(at, value, 2); }
  void put32(std::size_t at, std::uint64_t value) { put(at, value, 4); }
  void put_text(std::size_t at, std::string_view text, std::size_t width) {
    for (std::size_t i = 0; i < width && i < text.size(); ++i) put8(at + i, static_cast<std::uint8_t>(text[i]));
  }
  [[nodiscard]] const std::array<std::uint8_t, kSize>& bytes() const { return bytes_; }

 private:
  void put(std::size_t at, std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) put8(at + (big_endian_ ? width - 1 - i : i), value >> (8 * i));
  }

  std::array<std::uint8_t, kSize> bytes_{};
  bool big_endian_;
};

/// `cell_count` differs from the pack's own where a fault wants it so.
void fill_live(JkPbImage& image, const PackModel& model, std::uint8_t cell_count);
void fill_settings(JkPbImage& image, const PackModel& model, std::uint8_t address);
void fill_about(JkPbImage& image, const PackModel& model, std::uint8_t address);

}  // namespace bmsgate::sim
