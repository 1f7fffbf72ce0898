// SPDX-License-Identifier: Apache-2.0
// A pack as JSON text: the one place that turns readings into the public form of the API, the event stream, MQTT and `bmsgate decode`.
// Every function appends to `out` and allocates only when `out` has to grow: keep one string per outlet and clear() it. Any thread; the
// functions that take a Hub belong to the loop thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/bms_setting.hpp"
#include "core/hub.hpp"

namespace bmsgate::outputs {

/// A JSON string with its quotes. Any bytes are allowed in: what is not UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view text);
/// value / 10^decimals without trailing zeros: 52800 with 3 decimals is 52.8.
void append_scaled(std::string& out, std::int32_t value, unsigned decimals);
void append_integer(std::string& out, std::int64_t value);
/// "2026-11-22T17:25:01.123Z" with its quotes, or null if utc_ms is 0.
void append_time(std::string& out, core::UtcMs utc_ms);

/// One element of a field, which must be valid: a number, a bool, a state word or "HH:MM".
void append_value(std::string& out, const core::FieldInfo& field, std::int32_t value);
/// `"key":value` of one field: an array up to its last valid element with null for holes if the field has several. False: it is missing.
bool append_field(std::string& out, const core::Sample& sample, const core::FieldInfo& field);
/// {"pack_voltage":52.8,…}: the valid fields only.
void append_fields(std::string& out, const core::Sample& sample);
/// {"cell_ov":3.65,…}: the settings that were reported.
void append_settings(std::string& out, const core::BmsSettings& settings);
/// {"manufacturer":"…",…}: the parts that are known.
void append_info(std::string& out, const core::Identity& identity);
/// [{"key","severity","text","cell","value","since"},…]; null where a part is not known.
void append_alarms(std::string& out, std::span<const core::ActiveAlarm> alarms);
/// [{"key","severity","cell"},…] of one reading without a past; `cell` only where there is one, `text` only for `other`.
void append_alarms(std::string& out, const core::AlarmList& alarms);

/// The pack object of the API.
void append_pack(std::string& out, const core::Hub& hub, core::PackIndex pack, core::Instant now);
/// {"kind","time","pack",…}: what happened; alarms have key, severity, text, cell and value, changes of quality have `quality`.
void append_event(std::string& out, const core::Hub& hub, const core::Event& event);

}  // namespace bmsgate::outputs
