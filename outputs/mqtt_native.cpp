// SPDX-License-Identifier: Apache-2.0
// What goes out on the native topics, and when.
#include "outputs/mqtt_native.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "outputs/bank.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

bool is_online(const core::Reading& reading) noexcept {
  return reading.sequence > 0 && (reading.quality == core::Quality::kGood || reading.quality == core::Quality::kHeld);
}

/// The change that counts, scaled: so many steps of the last digit that people are shown. Words and switches count whole.
std::int32_t dead_band_of(const core::FieldInfo& field, double steps) noexcept {
  if (field.tier == core::Tier::kNever) return 0;
  if (field.kind != core::Kind::kNumber) return 1;
  const auto step = core::pow10(field.decimals > field.precision ? field.decimals - unsigned{field.precision} : 0U);
  return static_cast<std::int32_t>(std::clamp(std::ceil(steps * step), 1.0, 2e9));
}

}  // namespace

MqttNative::MqttNative(const core::Hub& hub, MqttClient& client, const MqttOptions& options)
    : hub_{hub},
      client_{client},
      base_{options.base_topic + '/'},
      full_every_{std::chrono::seconds{options.full_s}},
      every_reading_{options.dead_band <= 0} {
  for (const auto& field : core::kFields) dead_bands_[core::index(field.field)] = dead_band_of(field, options.dead_band);
}

MqttWill MqttNative::will(const MqttOptions& options) { return {options.base_topic + "/status", std::string{kOffline}}; }

std::string MqttNative::topic(core::PackIndex pack, std::string_view leaf) const {
  std::string text = base_;
  text += hub_.config(pack).id.view();
  text += '/';
  text += leaf;
  return text;
}

MqttNative::Sent& MqttNative::sent(core::PackIndex pack) {
  if (sent_.size() <= pack) sent_.resize(std::size_t{pack} + 1);
  return sent_[pack];
}

bool MqttNative::moved(const core::Sample& from, const core::Sample& to) const noexcept {
  for (const auto& field : core::kFields) {
    const auto band = dead_bands_[core::index(field.field)];
    if (band == 0) continue;
    const auto first = core::slot(field.field);
    for (std::size_t s = first; s < first + field.count; ++s) {
      if (from.slot_valid(s) != to.slot_valid(s)) return true;
      if (to.slot_valid(s) && std::abs(std::int64_t{to.slot_value(s)} - from.slot_value(s)) >= band) return true;
    }
  }
  return false;
}

void MqttNative::publish_state(core::PackIndex pack) {
  const auto& reading = hub_.latest(pack);
  auto& last = sent(pack);
  last.sample = reading.sample;
  last.any = true;
  std::string payload;
  payload.reserve(1024);
  append_fields(payload, reading.sample);
  client_.publish({topic(pack, "state"), std::move(payload), MqttKind::kState});
  bank_due_ = true;
}

void MqttNative::publish_availability(core::PackIndex pack) {
  auto& last = sent(pack);
  last.online = is_online(hub_.latest(pack));
  last.told = true;
  client_.publish({topic(pack, "availability"), std::string{last.online ? kOnline : kOffline}, MqttKind::kRetained});
  bank_due_ = true;
}

void MqttNative::publish_meta(core::PackIndex pack) {
  const auto& config = hub_.config(pack);
  std::string payload = R"({"id":)";
  append_string(payload, config.id.view());
  payload += R"(,"name":)";
  append_string(payload, config.name.view());
  payload += R"(,"protocol":)";
  append_string(payload, config.protocol.view());
  payload += R"(,"bus":)";
  append_string(payload, config.bus.view());
  payload += R"(,"address":)";
  append_integer(payload, config.address);
  payload += R"(,"unit":)";
  append_integer(payload, config.unit);
  payload += R"(,"info":)";
  append_info(payload, hub_.identity(pack));
  payload += R"(,"settings":)";
  append_settings(payload, hub_.settings(pack));
  payload += '}';
  client_.publish({topic(pack, "meta"), std::move(payload), MqttKind::kRetained});
}

void MqttNative::publish_bank() {
  bank_due_ = false;
  std::string payload;
  append_bank(payload, hub_);
  client_.publish({base_ + "bank/state", std::move(payload), MqttKind::kState});
}

void MqttNative::publish_all() {
  client_.publish({base_ + "status", std::string{kOnline}, MqttKind::kRetained});
  for (std::size_t i = 0; i < hub_.pack_count(); ++i) {
    const auto pack = static_cast<core::PackIndex>(i);
    publish_availability(pack);
    if (is_online(hub_.latest(pack))) publish_state(pack);
  }
  publish_bank();
}

void MqttNative::on_connected(core::Instant now) {
  full_at_ = now;
  for (std::size_t i = 0; i < hub_.pack_count(); ++i) publish_meta(static_cast<core::PackIndex>(i));
  publish_all();
}

void MqttNative::on_reading(const core::Reading& reading) {
  const auto& last = sent(reading.pack);
  if (!last.told || !last.online) publish_availability(reading.pack);
  if (every_reading_ || !last.any || moved(last.sample, reading.sample)) publish_state(reading.pack);
}

void MqttNative::on_pack(core::PackIndex pack) {
  publish_meta(pack);
  const auto& last = sent(pack);
  if (!last.told || last.online != is_online(hub_.latest(pack))) publish_availability(pack);
}

void MqttNative::on_event(const core::Event& event) {
  if (event.pack >= hub_.pack_count()) return;
  std::string payload;
  append_event(payload, hub_, event);
  client_.publish({topic(event.pack, "event"), std::move(payload), MqttKind::kEvent});
}

void MqttNative::on_second(core::Instant now) {
  if (now - full_at_ >= full_every_) {
    full_at_ = now;
    publish_all();
  } else if (bank_due_) {
    publish_bank();
  }
}

}  // namespace bmsgate::outputs
