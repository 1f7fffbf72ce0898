// SPDX-License-Identifier: Apache-2.0
// Events as lines of the log.
#include "outputs/history/journal.hpp"

namespace bmsgate::outputs {
namespace {

std::string_view kind_of(core::EventKind kind) noexcept {
  switch (kind) {
    case core::EventKind::kAlarmStart:
    case core::EventKind::kAlarmEnd: return "alarm";
    case core::EventKind::kQuality:
    case core::EventKind::kLink: return "link";
    case core::EventKind::kCommand: return "command";
    case core::EventKind::kSettings: return "setting";
    case core::EventKind::kIdentity:
    case core::EventKind::kProgram: break;
  }
  return "system";
}

double in_unit(const core::FieldInfo& field, std::int32_t scaled) noexcept {
  return static_cast<double>(scaled) / core::pow10(field.decimals);
}

void add_alarm(const core::Event& event, EventRow& row) {
  row.key = core::info(event.alarm.id).key;
  row.severity = core::kSeverityNames[static_cast<std::size_t>(event.alarm.severity)];
  if (event.alarm.cell > 0) row.cell = event.alarm.cell;
  const auto* field = core::field_of(event.alarm);
  if (!event.has_value || field == nullptr) return;
  row.value = row.worst = in_unit(*field, event.value);
  row.unit = field->unit;
}

}  // namespace

EventRow event_row(const core::Hub& hub, const core::Event& event, core::UtcMs at_ms) {
  EventRow row;
  row.at_ms = event.utc_ms != 0 ? event.utc_ms : at_ms;
  row.kind = kind_of(event.kind);
  row.pack = event.pack != core::kNoPack ? hub.config(event.pack).id.view() : std::string_view{};
  row.key = core::kEventNames[static_cast<std::size_t>(event.kind)];
  row.severity = "info";
  row.text = event.text;
  if (event.kind == core::EventKind::kAlarmStart || event.kind == core::EventKind::kAlarmEnd) add_alarm(event, row);
  if (event.kind == core::EventKind::kQuality) {
    row.key = core::kQualityNames[static_cast<std::size_t>(event.quality)];
    row.severity = event.quality == core::Quality::kGood ? "info" : "warning";
  }
  return row;
}

void Journal::on_event(const core::Event& event) noexcept {
  auto row = event_row(hub_, event, clock_.utc_ms());
  if (event.kind == core::EventKind::kAlarmEnd) {
    recorder_.end_event(row.pack, row.kind, row.key, row.at_ms, row.value, row.text);
  } else {
    recorder_.log_event(std::move(row));
  }
}

}  // namespace bmsgate::outputs
