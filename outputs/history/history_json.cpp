// SPDX-License-Identifier: Apache-2.0
// History answers as text and bytes.
#include "outputs/history/history_json.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>

#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;

void append_numbers(std::string& out, std::string_view key, const std::vector<std::int32_t>& values, const std::vector<bool>& valid,
                    unsigned decimals) {
  out += '"';
  out += key;
  out += "\":[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    if (valid[i]) {
      append_scaled(out, values[i], decimals);
    } else {
      out += "null";
    }
  }
  out += ']';
}

void append_series(std::string& out, const Series& series) {
  const auto decimals = core::info(series.field).decimals;
  out += '{';
  append_numbers(out, "min", series.min, series.valid, decimals);
  out += ',';
  append_numbers(out, "avg", series.mean, series.valid, decimals);
  out += ',';
  append_numbers(out, "max", series.max, series.valid, decimals);
  out += '}';
}

template <class T>
void append_bytes(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// `,"key":value` in the unit of the field, or null.
void append_extreme(std::string& out, std::string_view key, const std::optional<Extreme>& extreme, Field field) {
  out += fmt::format(",\"{}\":", key);
  if (extreme) {
    append_scaled(out, extreme->value, core::info(field).decimals);
  } else {
    out += "null";
  }
}

void append_minute(std::string& out, std::string_view key, const std::optional<Extreme>& extreme) {
  out += extreme ? fmt::format(",\"{}\":{}", key, minute_of_day(extreme->at_ms)) : fmt::format(",\"{}\":null", key);
}

void append_number(std::string& out, std::string_view key, const std::optional<Extreme>& extreme) {
  out += extreme ? fmt::format(",\"{}\":{}", key, extreme->cell) : fmt::format(",\"{}\":null", key);
}

void append_when(std::string& out, std::string_view key, const std::optional<Extreme>& extreme) {
  out += fmt::format(",\"{}\":", key);
  append_time(out, extreme ? extreme->at_ms : 0);
}

/// The amounts that days, periods and statistics share, without braces.
void append_amounts(std::string& out, const DaySummary& sum) {
  out += fmt::format("\"kwh_in\":{:.3f},\"kwh_out\":{:.3f},\"ah_in\":{:.3f},\"ah_out\":{:.3f},\"cycles\":{:.3f},\"hours_full\":{:.2f}",
                     static_cast<double>(sum.energy_in_wh) / 1000, static_cast<double>(sum.energy_out_wh) / 1000,
                     static_cast<double>(sum.charge_in_mah) / 1000, static_cast<double>(sum.charge_out_mah) / 1000, sum.cycles(),
                     static_cast<double>(sum.full_ms) / 3'600'000);
}

void append_efficiency(std::string& out, const DaySummary& sum) {
  const auto percent = sum.efficiency_percent();
  out += percent ? fmt::format(",\"efficiency_pct\":{:.1f}", *percent) : ",\"efficiency_pct\":null";
}

}  // namespace

void append_envelope(std::string& out, const Envelope& envelope) {
  out += fmt::format("{{\"from\":{},\"to\":{},\"step_s\":{},\"t\":[", envelope.from_ms / 1000, envelope.to_ms / 1000,
                     static_cast<double>(envelope.step_ms) / 1000);
  for (std::size_t i = 0; i < envelope.t_ms.size(); ++i) {
    if (i > 0) out += ',';
    const auto t_ms = envelope.t_ms[i];
    append_integer(out, t_ms / 1000);
    if (t_ms % 1000 != 0) out += fmt::format(".{}", t_ms % 1000 / 100);
  }
  out += "],\"series\":{";
  const Series* last = nullptr;
  for (const auto& series : envelope.series) {
    const auto& field = core::info(series.field);
    const bool first = last == nullptr || last->field != series.field;
    if (first) {
      if (last != nullptr) out += core::info(last->field).count > 1 ? "]," : ",";
      append_string(out, field.key);
      out += field.count > 1 ? ":[" : ":";
    }
    // Elements without any data keep the places of those behind them.
    const int from = first ? 0 : last->element + 1;
    for (int element = from; element < series.element && field.count > 1; ++element) out += element > 0 ? ",null" : "null";
    if (series.element > 0 && field.count > 1) out += ',';
    append_series(out, series);
    last = &series;
  }
  if (last != nullptr && core::info(last->field).count > 1) out += ']';
  out += "}}";
}

void append_envelope_binary(std::string& out, const Envelope& envelope) {
  constexpr auto kNone = std::numeric_limits<std::int32_t>::min();
  out += "BGE1";
  append_bytes(out, static_cast<std::uint32_t>(envelope.t_ms.size()));
  append_bytes(out, static_cast<std::uint32_t>(envelope.series.size()));
  append_bytes(out, static_cast<std::uint32_t>(envelope.step_ms));
  append_bytes(out, static_cast<double>(envelope.from_ms));
  append_bytes(out, static_cast<double>(envelope.to_ms));
  for (const auto t_ms : envelope.t_ms) append_bytes(out, static_cast<std::uint32_t>((t_ms - envelope.from_ms) / 100));
  for (const auto& series : envelope.series) {
    append_bytes(out, core::info(series.field).reg);
    append_bytes(out, static_cast<std::uint8_t>(series.element));
    append_bytes(out, core::info(series.field).decimals);
    for (const auto* values : {&series.min, &series.mean, &series.max}) {
      for (std::size_t i = 0; i < values->size(); ++i) append_bytes(out, series.valid[i] ? (*values)[i] : kNone);
    }
  }
}

void append_day(std::string& out, const DaySummary& day) {
  out += fmt::format("{{\"date\":\"{}\",", text(day.day));
  append_amounts(out, day);
  append_extreme(out, "soc_min", day.soc_min, Field::kSoc);
  append_minute(out, "soc_min_at", day.soc_min);
  append_extreme(out, "soc_max", day.soc_max, Field::kSoc);
  append_minute(out, "soc_max_at", day.soc_max);
  append_extreme(out, "cell_min", day.cell_min, Field::kCellVoltage);
  append_number(out, "cell_min_number", day.cell_min);
  append_extreme(out, "cell_max", day.cell_max, Field::kCellVoltage);
  append_number(out, "cell_max_number", day.cell_max);
  append_extreme(out, "delta_max", day.delta_max, Field::kCellDeltaVoltage);
  append_extreme(out, "temperature_min", day.temperature_min, Field::kTemperatureMin);
  append_extreme(out, "temperature_max", day.temperature_max, Field::kTemperatureMax);
  out += fmt::format(",\"complete\":{}}}", day.complete);
}

void append_period(std::string& out, std::string_view period, const DaySummary& sum) {
  out += "{\"period\":";
  append_string(out, period);
  out += ',';
  append_amounts(out, sum);
  append_efficiency(out, sum);
  out += '}';
}

void append_statistics(std::string& out, const DaySummary& sum, core::UtcMs since_ms) {
  out += "{\"since\":";
  append_time(out, since_ms);
  out += ',';
  append_amounts(out, sum);
  append_efficiency(out, sum);
  append_extreme(out, "soc_min", sum.soc_min, Field::kSoc);
  append_when(out, "soc_min_time", sum.soc_min);
  append_extreme(out, "soc_max", sum.soc_max, Field::kSoc);
  append_when(out, "soc_max_time", sum.soc_max);
  append_extreme(out, "cell_min", sum.cell_min, Field::kCellVoltage);
  append_number(out, "cell_min_number", sum.cell_min);
  append_when(out, "cell_min_time", sum.cell_min);
  append_extreme(out, "cell_max", sum.cell_max, Field::kCellVoltage);
  append_number(out, "cell_max_number", sum.cell_max);
  append_when(out, "cell_max_time", sum.cell_max);
  append_extreme(out, "delta_max", sum.delta_max, Field::kCellDeltaVoltage);
  append_when(out, "delta_max_time", sum.delta_max);
  append_extreme(out, "temperature_min", sum.temperature_min, Field::kTemperatureMin);
  append_when(out, "temperature_min_time", sum.temperature_min);
  append_extreme(out, "temperature_max", sum.temperature_max, Field::kTemperatureMax);
  append_when(out, "temperature_max_time", sum.temperature_max);
  out += '}';
}

void append_event_row(std::string& out, const EventRow& event) {
  const auto add_text = [&](std::string_view key, std::string_view value) {
    out += fmt::format(",\"{}\":", key);
    value.empty() ? void(out += "null") : append_string(out, value);
  };
  const auto add_number = [&](std::string_view key, const std::optional<double>& value) {
    out += value ? fmt::format(",\"{}\":{}", key, *value) : fmt::format(",\"{}\":null", key);
  };
  out += fmt::format("{{\"id\":{},\"time\":", event.id);
  append_time(out, event.at_ms);
  out += ",\"end\":";
  append_time(out, event.end_ms);
  add_text("type", event.kind);
  add_text("severity", event.severity);
  add_text("pack", event.pack);
  add_text("key", event.key);
  add_text("text", event.text);
  out += event.cell ? fmt::format(",\"cell\":{}", *event.cell) : ",\"cell\":null";
  add_number("value", event.value);
  add_number("worst", event.worst);
  add_text("unit", event.unit);
  add_text("origin", event.origin);
  out += '}';
}

}  // namespace bmsgate::outputs
