// SPDX-License-Identifier: Apache-2.0
// Settings (bms_setting.def) and identity that a BMS reports about itself. Read-only copies: nothing here is ever written back. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/field.hpp"
#include "core/fixed.hpp"
#include "core/sample.hpp"

namespace bmsgate::core {

enum class BmsSetting : std::uint8_t {
#define BMS_SETTING(id, ...) id,
#include "core/bms_setting.def"
#undef BMS_SETTING
};

struct BmsSettingInfo {
  BmsSetting id;
  std::string_view key;
  std::string_view label;
  std::string_view unit;
  std::uint8_t decimals;
  Kind kind;
};

namespace detail {
constexpr auto make_bms_settings() noexcept {
  using enum Kind;
  return std::to_array<BmsSettingInfo>({
#define BMS_SETTING(id, key, label, unit, decimals, kind) {BmsSetting::id, #key, label, unit, decimals, kind},
#include "core/bms_setting.def"
#undef BMS_SETTING
  });
}
}  // namespace detail
inline constexpr auto kBmsSettings = detail::make_bms_settings();
inline constexpr std::size_t kBmsSettingCount = kBmsSettings.size();

/// Values of the settings that were reported, scaled by their decimals.
class BmsSettings {
 public:
  constexpr void set(BmsSetting id, std::int32_t value) noexcept {
    const auto i = static_cast<std::size_t>(id);
    values_[i] = value;
    valid_[i] = true;
  }
  [[nodiscard]] constexpr bool has(BmsSetting id) const noexcept { return valid_[static_cast<std::size_t>(id)]; }
  /// Only where has().
  [[nodiscard]] constexpr std::int32_t get(BmsSetting id) const noexcept { return values_[static_cast<std::size_t>(id)]; }
  constexpr void clear() noexcept { valid_ = {}; }
  friend constexpr bool operator==(const BmsSettings& a, const BmsSettings& b) noexcept {
    if (a.valid_ != b.valid_) return false;
    for (std::size_t i = 0; i < kBmsSettingCount; ++i) {
      if (a.valid_[i] && a.values_[i] != b.values_[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int32_t, kBmsSettingCount> values_{};
  std::array<bool, kBmsSettingCount> valid_{};
};

/// Settings that are live fields as well: what is wished of the switches, and the design capacity.
struct SettingAndField {
  BmsSetting setting;
  Field field;
};
inline constexpr std::array<SettingAndField, 4> kSettingsThatAreFields{{{BmsSetting::kSwitchCharge, Field::kChargeSwitch},
                                                                        {BmsSetting::kSwitchDischarge, Field::kDischargeSwitch},
                                                                        {BmsSetting::kSwitchBalance, Field::kBalanceSwitch},
                                                                        {BmsSetting::kCapacity, Field::kNominalCapacity}}};
static_assert(info(Field::kNominalCapacity).decimals == kBmsSettings[static_cast<std::size_t>(BmsSetting::kCapacity)].decimals);

/// Fills those that `sample` lacks.
constexpr void settings_to_fields(const BmsSettings& settings, Sample& sample) noexcept {
  for (const auto& both : kSettingsThatAreFields) {
    if (settings.has(both.setting) && !sample.has(both.field)) sample.set(both.field, settings.get(both.setting));
  }
}

/// Who a BMS says it is. Passwords and PINs never get here.
struct Identity {
  FixedString<32> manufacturer;
  FixedString<32> model;
  FixedString<32> hardware;
  FixedString<32> software;
  FixedString<32> serial;
  FixedString<32> device_name;
  FixedString<16> production_date;  // as the BMS prints it: YYMM, YYMMDD or YYYYMMDD

  friend constexpr bool operator==(const Identity&, const Identity&) noexcept = default;
};

/// Calls visit(key, text) for every part of an identity that is known, in the order of the contract.
template <class Visit>
constexpr void for_each_text(const Identity& identity, Visit&& visit) {
  const auto one = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) visit(key, text);
  };
  one("manufacturer", identity.manufacturer.view());
  one("model", identity.model.view());
  one("hardware", identity.hardware.view());
  one("software", identity.software.view());
  one("serial", identity.serial.view());
  one("device_name", identity.device_name.view());
  one("production_date", identity.production_date.view());
}

}  // namespace bmsgate::core
