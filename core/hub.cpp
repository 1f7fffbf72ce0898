// SPDX-License-Identifier: Apache-2.0
// Latest readings, alarm transitions, fan-out.
#include "core/hub.hpp"

namespace bmsgate::core {
namespace {

/// Two reports of one alarm: the cell may wander while an alarm about cells lasts.
bool same_alarm(const Alarm& a, const Alarm& b) noexcept { return a.id == b.id && a.detail == b.detail; }

struct Concern {
  Field field;
  std::size_t element;
  bool high;  // the worst value is the highest
};

/// The value an alarm is about, where the table has one.
bool concern_of(const Alarm& alarm, Concern& out) noexcept {
  const std::size_t cell = alarm.cell > 0 ? alarm.cell - 1U : 0U;
  switch (alarm.id) {
    case AlarmId::kCellOv: out = {Field::kCellVoltage, cell, true}; return alarm.cell > 0;
    case AlarmId::kCellUv: out = {Field::kCellVoltage, cell, false}; return alarm.cell > 0;
    case AlarmId::kCellDelta: out = {Field::kCellDeltaVoltage, 0, true}; return true;
    case AlarmId::kPackOv: out = {Field::kPackVoltage, 0, true}; return true;
    case AlarmId::kPackUv: out = {Field::kPackVoltage, 0, false}; return true;
    case AlarmId::kChargeOc: out = {Field::kCurrent, 0, true}; return true;
    case AlarmId::kDischargeOc: out = {Field::kCurrent, 0, false}; return true;
    case AlarmId::kChargeOt:
    case AlarmId::kDischargeOt:
    case AlarmId::kBatteryOt: out = {Field::kTemperatureMax, 0, true}; return true;
    case AlarmId::kChargeUt:
    case AlarmId::kDischargeUt:
    case AlarmId::kBatteryUt: out = {Field::kTemperatureMin, 0, false}; return true;
    case AlarmId::kMosOt: out = {Field::kMosTemperature, 0, true}; return true;
    case AlarmId::kSocLow: out = {Field::kSoc, 0, false}; return true;
    case AlarmId::kSocHigh: out = {Field::kSoc, 0, true}; return true;
    default: return false;
  }
}

void note_value(ActiveAlarm& active, const Sample& sample) noexcept {
  Concern concern{};
  if (!concern_of(active.alarm, concern) || concern.element >= info(concern.field).count) return;
  if (!sample.has(concern.field, concern.element)) return;
  const auto value = sample.get(concern.field, concern.element);
  if (!active.has_value || (concern.high ? value > active.worst : value < active.worst)) active.worst = value;
  active.has_value = true;
}

Event alarm_event(EventKind kind, const ActiveAlarm& active, const Reading& reading) noexcept {
  Event event;
  event.kind = kind;
  event.pack = reading.pack;
  event.utc_ms = reading.utc_ms;
  event.alarm = active.alarm;
  event.value = active.worst;
  event.has_value = active.has_value;
  event.text = active.alarm.text();
  return event;
}

}  // namespace

const FieldInfo* field_of(const Alarm& alarm) noexcept {
  Concern concern{};
  return concern_of(alarm, concern) ? &info(concern.field) : nullptr;
}

Result<PackIndex> Hub::add_pack(const PackConfig& config) noexcept {
  if (count_ == kMaxPacks) return Error::kNoSpace;
  const auto pack = static_cast<PackIndex>(count_);
  slots_[pack].config = config;
  slots_[pack].latest.pack = pack;
  slots_[pack].rejected.pack = pack;
  ++count_;
  for (auto* subscriber : subscribers_) subscriber->on_pack(pack);
  return pack;
}

bool Hub::subscribe(Subscriber& subscriber) noexcept { return subscribers_.push_back(&subscriber); }

void Hub::unsubscribe(Subscriber& subscriber) noexcept {
  std::size_t kept = 0;
  for (auto* have : subscribers_) {
    if (have != &subscriber) subscribers_[kept++] = have;
  }
  subscribers_.resize(kept);
}

void Hub::publish(Reading& reading) noexcept {
  auto& slot = slots_[reading.pack];
  if (completer_ != nullptr) completer_->complete(reading);
  const bool recovered = slot.latest.quality != Quality::kGood;
  reading.quality = Quality::kGood;
  reading.sequence = slot.latest.sequence + 1;
  slot.latest = reading;
  AlarmChanges changes;
  track_alarms(slot, slot.latest, changes);  // first, so that everybody sees the alarms of this reading beside it
  for (auto* subscriber : subscribers_) subscriber->on_reading(slot.latest);
  if (recovered) {
    Event event;
    event.kind = EventKind::kQuality;
    event.pack = reading.pack;
    event.utc_ms = reading.utc_ms;
    event.quality = Quality::kGood;
    event.text = kQualityNames[0];
    announce(event);
  }
  for (const auto& change : changes) announce(change);
}

void Hub::track_alarms(Slot& slot, const Reading& reading, AlarmChanges& changes) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < slot.alarms.size(); ++i) {
    ActiveAlarm active = slot.alarms[i];
    bool lasts = false;
    for (const auto& alarm : reading.sample.alarms) {
      if (!same_alarm(alarm, active.alarm)) continue;
      active.alarm = alarm;
      lasts = true;
    }
    if (lasts) {
      note_value(active, reading.sample);
      slot.alarms[kept++] = active;
    } else {
      changes.push_back(alarm_event(EventKind::kAlarmEnd, active, reading));
    }
  }
  slot.alarms.resize(kept);
  for (const auto& alarm : reading.sample.alarms) {
    bool known = false;
    for (const auto& active : slot.alarms) known = known || same_alarm(active.alarm, alarm);
    if (known) continue;
    ActiveAlarm active{alarm, reading.utc_ms, 0, false};
    note_value(active, reading.sample);
    if (slot.alarms.push_back(active)) changes.push_back(alarm_event(EventKind::kAlarmStart, active, reading));
  }
}

void Hub::set_quality(PackIndex pack, Quality quality, UtcMs utc_ms) noexcept {
  auto& slot = slots_[pack];
  if (slot.latest.quality == quality) return;
  slot.latest.quality = quality;
  for (auto* subscriber : subscribers_) subscriber->on_pack(pack);
  Event event;
  event.kind = EventKind::kQuality;
  event.pack = pack;
  event.utc_ms = utc_ms;
  event.quality = quality;
  event.text = kQualityNames[static_cast<std::size_t>(quality)];
  announce(event);
}

void Hub::set_identity(PackIndex pack, const Identity& identity) noexcept {
  if (slots_[pack].identity == identity) return;
  slots_[pack].identity = identity;
  for (auto* subscriber : subscribers_) subscriber->on_pack(pack);
}

void Hub::set_settings(PackIndex pack, const BmsSettings& settings) noexcept {
  if (slots_[pack].settings == settings) return;
  slots_[pack].settings = settings;
  for (auto* subscriber : subscribers_) subscriber->on_pack(pack);
}

void Hub::set_protocol(PackIndex pack, std::string_view protocol, std::uint8_t address) noexcept {
  slots_[pack].config.protocol.assign(protocol);
  slots_[pack].config.address = address;
  for (auto* subscriber : subscribers_) subscriber->on_pack(pack);
}

void Hub::set_rejected(PackIndex pack, const Reading& reading) noexcept {
  slots_[pack].rejected = reading;
  slots_[pack].rejected.quality = Quality::kImplausible;
}

void Hub::announce(const Event& event) noexcept {
  for (auto* subscriber : subscribers_) subscriber->on_event(event);
}

PackIndex Hub::find(std::string_view id) const noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].config.id.view() == id) return static_cast<PackIndex>(i);
  }
  return kNoPack;
}

PackIndex Hub::find_unit(std::uint8_t unit) const noexcept {
  if (unit == 0 || unit == 255) return count_ > 0 ? PackIndex{0} : kNoPack;
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].config.unit == unit) return static_cast<PackIndex>(i);
  }
  return kNoPack;
}

}  // namespace bmsgate::core
