// SPDX-License-Identifier: Apache-2.0
// What the three Daly dialects share: failure bits, fault words, the sign of the current, placeholders of sensors that are not fitted.
// Used by protocols/daly_*.cpp only; loop thread. Sources by short name: docs/protocols/daly.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "core/map.hpp"
#include "core/protocol.hpp"

namespace bmsgate::protocols {

using Bytes = std::span<const std::uint8_t>;

/// Bytes that so many registers take, or where in a map a register stands.
[[nodiscard]] constexpr std::size_t register_bytes(std::size_t registers) noexcept { return 2 * registers; }

/// Current on the wire: (raw - 30000) x 0.1 A, or mA for the balancer.
inline constexpr std::int32_t kDalyCurrentZero = 30000;

/// One bit per Field.
using FieldMask = std::uint64_t;
static_assert(core::kFieldCount <= 64);
[[nodiscard]] constexpr FieldMask mask_of(std::initializer_list<core::Field> fields) noexcept {
  FieldMask mask = 0;
  for (const auto field : fields) mask |= FieldMask{1} << core::index(field);
  return mask;
}
/// Makes every element of these fields missing.
void clear_fields(core::Sample& sample, FieldMask fields) noexcept;
/// Shows the settings that are live fields as well; answers these fields.
FieldMask copy_settings(const core::BmsSettings& settings, core::Sample& live) noexcept;

/// Timing of every Daly line (V1.2; pacing measured by ANTON: a gap of 20 ms loses a third of the requests, 120 ms loses none).
inline constexpr core::Timing kDalyTiming{
    .baud = 9600, .gap_ms = 120, .reply_timeout_ms = 500, .quiet_ms = 100, .retries = 2, .wake_requests = 3};

/// What the table of dialects says of each of them. A sleeping board sends back what it hears (D2MQTT, MALAND).
[[nodiscard]] constexpr core::DialectInfo daly_info(std::string_view key, std::string_view title, std::uint8_t boards) noexcept {
  return {.key = key,
          .title = title,
          .timing = kDalyTiming,
          .min_address = 1,
          .max_address = boards,
          .default_address = 1,
          .has_master = false,
          .mirrors_asleep = true,
          .pack_resolution_mv = 100,
          .confirm_first = false};
}

/// Tag of a FrameNote whose register nobody named.
inline constexpr std::uint16_t kUnknownRegister = 0xFFFF;

/// Adds what the seven failure bytes of A5 0x98 (and D2 3A-3D, low byte first) say, and the fault code that may follow as the eighth.
void add_failure_bits(Bytes failure, core::AlarmList& alarms) noexcept;

/// Adds what the seven fault words of P81 6D-73 say (PATAG).
void add_fault_words(std::span<const std::uint16_t, 7> words, core::AlarmList& alarms) noexcept;

/// 0.1 °C of a temperature register or byte (raw - 40 °C); nothing where no sensor is fitted (0, FF, FFFF).
[[nodiscard]] constexpr std::optional<std::int32_t> daly_temperature(std::uint32_t raw) noexcept {
  if (raw == 0 || raw >= 0xFF) return std::nullopt;
  return (static_cast<std::int32_t>(raw) - 40) * 10;
}

/// mA of a current limit: charge and discharge limits lie on opposite sides of 30000, so only the magnitude counts.
[[nodiscard]] constexpr std::int32_t limit_ma(std::uint16_t raw) noexcept {
  const std::int32_t tenths = raw - kDalyCurrentZero;
  return (tenths < 0 ? -tenths : tenths) * 100;
}

/// False for what a board says just after waking, or while its measuring part is down (MALAND #22, D2MQTT #164, ANTON): such a cycle is
/// dropped. `cells` 0 = not known.
[[nodiscard]] constexpr bool awake(std::uint16_t pack_tenths, std::uint16_t current_raw, std::uint16_t soc_tenths,
                                   unsigned cells) noexcept {
  const unsigned most = cells == 0 ? 0xFFFF : 2 * cells * 45;
  return pack_tenths != 0 && pack_tenths <= most && current_raw != 0 && soc_tenths <= 1000;
}

/// Two families of firmware disagree about the sign of the current. Compared with the state of the same cycle, five agreeing readings of
/// 2 A and more decide for good. Until then the latest of them tells: a pack that says "discharging" is not shown with a positive current.
class SignLatch {
 public:
  SignLatch() = default;
  /// `before`: what an earlier run has learned (+1, -1; 0 = nothing).
  constexpr explicit SignLatch(std::int8_t before) noexcept : before_{before} {}
  constexpr void observe(std::int32_t tenths, std::int32_t state) noexcept {
    const auto magnitude = tenths < 0 ? -tenths : tenths;
    if (learned_ != 0 || magnitude < kMinTenths || state == static_cast<std::int32_t>(core::State::kIdle)) return;
    const std::int8_t seen = (tenths > 0) == (state == static_cast<std::int32_t>(core::State::kCharging)) ? 1 : -1;
    agreeing_ = seen == candidate_ ? static_cast<std::uint8_t>(agreeing_ + 1) : std::uint8_t{1};
    candidate_ = seen;
    if (agreeing_ >= kNeeded) learned_ = seen;
  }
  [[nodiscard]] constexpr int learned() const noexcept { return learned_; }
  [[nodiscard]] constexpr std::int32_t factor(core::CurrentSign setting) const noexcept {
    if (setting == core::CurrentSign::kNormal) return 1;
    if (setting == core::CurrentSign::kInverted) return -1;
    if (learned_ != 0) return learned_;
    if (before_ != 0) return before_;
    return candidate_ == 0 ? 1 : candidate_;
  }

 private:
  static constexpr std::int32_t kMinTenths = 20;
  static constexpr std::uint8_t kNeeded = 5;
  std::int8_t before_{0};
  std::int8_t candidate_{0};
  std::int8_t learned_{0};
  std::uint8_t agreeing_{0};
};

/// A text field as Daly sends it: ends at the first NUL or FF, blanks around it cut, never anything but printable ASCII.
[[nodiscard]] std::string_view daly_text(Bytes bytes) noexcept;

/// Applies a table to a block that begins `first_byte` bytes into the map: rows outside are left alone, rows that are not there any more
/// become missing.
template <class Target, class Into>
constexpr void apply_from(std::span<const core::MapRow<Target>> rows, Bytes block, std::size_t first_byte, Into& into) noexcept {
  for (auto row : rows) {
    if (row.offset < first_byte) continue;
    row.offset = static_cast<std::uint16_t>(row.offset - first_byte);
    if (row.offset + core::width(row.encoding) > block.size()) continue;
    if constexpr (requires { into.clear(row.target); }) into.clear(row.target);
    core::apply(std::span<const core::MapRow<Target>>{&row, 1}, block, into);
  }
}

/// Checks the argument of a command; what a dialect then writes: 0 or 1, or 0.1 %.
[[nodiscard]] constexpr core::Error check_argument(const core::Command& command) noexcept {
  switch (core::info(command.id).argument) {
    case core::Argument::kSwitch: return command.value == 0 || command.value == 1 ? core::Error::kNone : core::Error::kOutOfRange;
    case core::Argument::kPercent: return command.value >= 0 && command.value <= 1000 ? core::Error::kNone : core::Error::kOutOfRange;
    case core::Argument::kNone: break;
  }
  return core::Error::kNone;
}

}  // namespace bmsgate::protocols
