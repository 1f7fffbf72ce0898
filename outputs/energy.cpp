// SPDX-License-Identifier: Apache-2.0
// Energy counters: loading, counting, keeping.
#include "outputs/energy.hpp"

#include <fmt/format.h>

#include <charconv>

#include "outputs/local_time.hpp"

namespace bmsgate::outputs {
namespace {

// Into memory; it reaches the disk with the readings it belongs to, so that no kill lets the counters run back behind them.
constexpr auto kKeepEvery = std::chrono::seconds{1};

}  // namespace

std::string tally_key(std::string_view pack) { return "tally." + std::string{pack}; }

std::string to_text(const core::TallyState& state) {
  return fmt::format("{} {} {} {} {} {} {}", state.energy_in_mws, state.energy_out_mws, state.charge_in_mas, state.charge_out_mas,
                     state.day, state.soc_max, state.soc_max_minute);
}

std::optional<core::TallyState> tally_of(std::string_view text) {
  core::TallyState state;
  std::array<std::int64_t, 7> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (auto& number : numbers) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return std::nullopt;
    at = next;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    if (numbers[i] < 0) return std::nullopt;
  }
  state.energy_in_mws = numbers[0];
  state.energy_out_mws = numbers[1];
  state.charge_in_mas = numbers[2];
  state.charge_out_mas = numbers[3];
  state.day = numbers[4];
  state.soc_max = static_cast<std::int32_t>(numbers[5]);
  state.soc_max_minute = static_cast<std::int32_t>(numbers[6]);
  return state;
}

std::string EnergyMeter::key_of(const core::Hub& hub, core::PackIndex pack) { return "tally." + std::string{hub.config(pack).id.view()}; }

EnergyMeter::EnergyMeter(const core::Hub& hub, Load load, Keep keep) : hub_{hub}, load_{std::move(load)}, keep_{std::move(keep)} {}

void EnergyMeter::complete(core::Reading& reading) noexcept {
  auto& slot = slots_[reading.pack];
  if (!slot.loaded) {
    slot.loaded = true;
    slot.kept_at = reading.at;
    const auto text = load_(key_of(hub_, reading.pack));
    const auto state = text ? tally_of(*text) : std::nullopt;
    if (state) slot.tally = core::Tally{*state};
  }
  slot.tally.count(reading.sample, reading.at, reading.utc_ms != 0 ? local_ms(reading.utc_ms) : 0);
  if (reading.at - slot.kept_at >= kKeepEvery) {
    slot.kept_at = reading.at;
    keep(reading.pack);
  }
}

void EnergyMeter::keep(core::PackIndex pack) { keep_(key_of(hub_, pack), to_text(slots_[pack].tally.state())); }

void EnergyMeter::keep_all() {
  for (std::size_t pack = 0; pack < hub_.pack_count(); ++pack) {
    if (slots_[pack].loaded) keep(static_cast<core::PackIndex>(pack));
  }
}

}  // namespace bmsgate::outputs
