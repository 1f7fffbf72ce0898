// SPDX-License-Identifier: Apache-2.0
// Readings, alarms, identity and events as JSON text, straight from the tables.
#include "outputs/pack_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>

namespace bmsgate::outputs {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the valid UTF-8 sequence at the front of `text`, or 0.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  if (length < 3) return length;
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool beyond = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

void append_control(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += kHex[c >> 4U];
  out += kHex[c & 15U];
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width) out.append(width - length, '0');
  out.append(digits.data(), length);
}

void append_key(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
}

void append_bool(std::string& out, bool value) { out += value ? "true" : "false"; }

void append_text(std::string& out, std::string_view key, std::string_view text) {
  append_key(out, key);
  append_string(out, text);
}

void append_alarm_words(std::string& out, const core::Alarm& alarm) {
  append_text(out, "key", core::info(alarm.id).key);
  append_text(out, "severity", core::kSeverityNames[static_cast<std::size_t>(alarm.severity)]);
}

/// text, cell and value of an alarm; null where there is none.
void append_alarm_details(std::string& out, const core::Alarm& alarm, bool has_value, std::int32_t value) {
  append_text(out, "text", alarm.text());
  append_key(out, "cell");
  if (alarm.cell > 0) {
    append_integer(out, alarm.cell);
  } else {
    out += "null";
  }
  append_key(out, "value");
  const auto* field = core::field_of(alarm);
  if (has_value && field != nullptr) {
    append_value(out, *field, value);
  } else {
    out += "null";
  }
}

void append_reading_head(std::string& out, const core::Reading& reading, core::Instant now) {
  append_text(out, "quality", core::kQualityNames[static_cast<std::size_t>(reading.quality)]);
  append_key(out, "age_s");
  if (reading.sequence == 0) {
    out += "null";
  } else {
    const auto age_ds = std::max<std::int64_t>((now - reading.at).count(), 0) / 100'000;
    append_scaled(out, static_cast<std::int32_t>(std::min<std::int64_t>(age_ds, 2'147'483'647)), 1);
  }
  append_key(out, "time");
  append_time(out, reading.sequence == 0 ? 0 : reading.utc_ms);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const auto length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
    } else if (c < 0x20 || c == 0x7F) {
      append_control(out, c);
    } else if (length == 0) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_scaled(std::string& out, std::int32_t value, unsigned decimals) {
  std::array<char, 24> text{};
  char* const end = text.data() + text.size();
  char* at = end;
  std::uint32_t rest = value < 0 ? 0U - static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(value);
  const auto put_digit = [&] {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  };
  for (; decimals > 0 && rest % 10 == 0; --decimals) rest /= 10;
  if (decimals > 0) {
    for (; decimals > 0; --decimals) put_digit();
    *--at = '.';
  }
  do put_digit();
  while (rest > 0);
  if (value < 0) *--at = '-';
  out.append(at, end);
}

void append_time(std::string& out, core::UtcMs utc_ms) {
  if (utc_ms == 0) {
    out += "null";
    return;
  }
  using namespace std::chrono;
  const sys_time<milliseconds> instant{milliseconds{utc_ms}};
  const auto midnight = floor<days>(instant);
  const year_month_day date{midnight};
  const hh_mm_ss time{instant - midnight};
  out += '"';
  append_padded(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, time.hours().count(), 2);
  out += ':';
  append_padded(out, time.minutes().count(), 2);
  out += ':';
  append_padded(out, time.seconds().count(), 2);
  out += '.';
  append_padded(out, time.subseconds().count(), 3);
  out += "Z\"";
}

void append_value(std::string& out, const core::FieldInfo& field, std::int32_t value) {
  switch (field.kind) {
    case core::Kind::kNumber: append_scaled(out, value, field.decimals); return;
    case core::Kind::kBool: append_bool(out, value != 0); return;
    case core::Kind::kState: {
      const auto state = static_cast<std::size_t>(value);
      out += '"';
      out += value >= 0 && state < core::kStateNames.size() ? core::kStateNames[state] : std::string_view{"unknown"};
      out += '"';
      return;
    }
    case core::Kind::kClock:
      out += '"';
      append_padded(out, value / 60, 2);
      out += ':';
      append_padded(out, value % 60, 2);
      out += '"';
      return;
  }
}

bool append_field(std::string& out, const core::Sample& sample, const core::FieldInfo& field) {
  const auto extent = sample.extent(field.field);
  if (extent == 0) return false;
  out += '"';
  out += field.key;
  out += "\":";
  if (field.count == 1) {
    append_value(out, field, sample.get(field.field));
    return true;
  }
  for (std::size_t i = 0; i < extent; ++i) {
    out += i == 0 ? '[' : ',';
    if (sample.has(field.field, i)) {
      append_value(out, field, sample.get(field.field, i));
    } else {
      out += "null";
    }
  }
  out += ']';
  return true;
}

void append_fields(std::string& out, const core::Sample& sample) {
  out += '{';
  for (const auto& field : core::kFields) {
    if (append_field(out, sample, field)) out += ',';
  }
  if (out.back() == ',') out.pop_back();
  out += '}';
}

void append_settings(std::string& out, const core::BmsSettings& settings) {
  out += '{';
  for (const auto& setting : core::kBmsSettings) {
    if (!settings.has(setting.id)) continue;
    append_key(out, setting.key);
    if (setting.kind == core::Kind::kBool) {
      append_bool(out, settings.get(setting.id) != 0);
    } else {
      append_scaled(out, settings.get(setting.id), setting.decimals);
    }
  }
  out += '}';
}

void append_info(std::string& out, const core::Identity& identity) {
  out += '{';
  core::for_each_text(identity, [&](std::string_view key, std::string_view text) { append_text(out, key, text); });
  out += '}';
}

void append_alarms(std::string& out, std::span<const core::ActiveAlarm> alarms) {
  out += '[';
  for (const auto& active : alarms) {
    out += '{';
    append_alarm_words(out, active.alarm);
    append_alarm_details(out, active.alarm, active.has_value, active.worst);
    append_key(out, "since");
    append_time(out, active.since_utc_ms);
    out += "},";
  }
  if (out.back() == ',') out.pop_back();
  out += ']';
}

void append_alarms(std::string& out, const core::AlarmList& alarms) {
  out += '[';
  for (const auto& alarm : alarms) {
    out += '{';
    append_alarm_words(out, alarm);
    if (alarm.cell > 0) {
      append_key(out, "cell");
      append_integer(out, alarm.cell);
    }
    if (alarm.id == core::AlarmId::kOther) append_text(out, "text", alarm.text());
    out += "},";
  }
  if (out.back() == ',') out.pop_back();
  out += ']';
}

void append_pack(std::string& out, const core::Hub& hub, core::PackIndex pack, core::Instant now) {
  const auto& config = hub.config(pack);
  const auto& reading = hub.latest(pack);
  out += '{';
  append_text(out, "id", config.id.view());
  append_text(out, "name", config.name.view());
  append_text(out, "protocol", config.protocol.view());
  append_text(out, "bus", config.bus.view());
  append_key(out, "address");
  append_integer(out, config.address);
  append_reading_head(out, reading, now);
  append_key(out, "fields");
  append_fields(out, reading.sample);
  append_key(out, "alarms");
  append_alarms(out, hub.alarms(pack));
  append_key(out, "info");
  append_info(out, hub.identity(pack));
  out += '}';
}

void append_event(std::string& out, const core::Hub& hub, const core::Event& event) {
  out += '{';
  append_text(out, "kind", core::kEventNames[static_cast<std::size_t>(event.kind)]);
  append_key(out, "time");
  append_time(out, event.utc_ms);
  append_key(out, "pack");
  if (event.pack < hub.pack_count()) {
    append_string(out, hub.config(event.pack).id.view());
  } else {
    out += "null";
  }
  if (event.kind == core::EventKind::kAlarmStart || event.kind == core::EventKind::kAlarmEnd) {
    append_alarm_words(out, event.alarm);
    append_alarm_details(out, event.alarm, event.has_value, event.value);
  } else {
    if (event.kind == core::EventKind::kQuality) append_text(out, "quality", core::kQualityNames[static_cast<std::size_t>(event.quality)]);
    append_text(out, "text", event.text);
  }
  out += '}';
}

}  // namespace bmsgate::outputs
