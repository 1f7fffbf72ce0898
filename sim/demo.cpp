// SPDX-License-Identifier: Apache-2.0
// The demo's packs and their state of today.
#include "sim/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bmsgate::sim {
namespace {

constexpr unsigned kPacksPerSet = 4;
constexpr core::UtcMs kHourMs = 3'600'000;
constexpr unsigned kRunUpDays = 30;  // long enough that the start no longer matters
constexpr core::UtcMs kRunUpMs = kRunUpDays * 24 * kHourMs;
constexpr unsigned kPastDays = 200;  // what history tells of

PackProfile jk_bx_8s(std::uint64_t seed) {
  PackProfile profile;
  profile.seed = seed;
  profile.cells = 8;
  profile.capacity_ah = 100;
  profile.solar_peak_a = 28;
  profile.evening_load_a = 12;
  profile.idle_load_a = 1.5;
  profile.resistance_ohm = 0.0012;
  profile.cycles_so_far = 212;
  return profile;
}

/// The pair shares one bank; the second has the weak cell.
PackProfile jk_pb_16s(std::uint64_t seed, bool weak) {
  PackProfile profile;
  profile.seed = seed;
  profile.probes = 4;
  profile.cycles_so_far = 341;
  if (weak) {
    profile.weak_cell = 7;
    profile.soh = 0.98;
  }
  return profile;
}

/// The one with an alarm now and then.
PackProfile daly_16s(std::uint64_t seed) {
  PackProfile profile;
  profile.seed = seed;
  profile.capacity_ah = 230;
  profile.balancer = Balancer::kPassive;
  profile.solar_peak_a = 62;
  profile.evening_load_a = 28;
  profile.idle_load_a = 3;
  profile.cycles_so_far = 158;
  profile.forced_alarm = ForcedAlarm{core::AlarmId::kMosOt, core::Severity::kAlarm, 90, 900, 60};
  return profile;
}

struct Template {
  std::string_view bus;
  std::string_view protocol;
  std::string_view pack;
  std::string_view name;
  std::uint8_t address;
};
constexpr std::array<Template, kPacksPerSet> kSet{{
    {"cabin", "jk-nw", "cabin", "Cabin 8S", 1},
    {"house", "jk-pb", "house-1", "House bank A", 1},
    {"house", "jk-pb", "house-2", "House bank B", 2},
    {"barn", "daly-a5", "barn", "Barn 16S", 1},
}};

PackProfile profile_of(unsigned which, std::uint64_t seed) {
  switch (which) {
    case 0: return jk_bx_8s(seed);
    case 1: return jk_pb_16s(seed, false);
    case 2: return jk_pb_16s(seed, true);
    default: return daly_16s(seed);
  }
}

}  // namespace

std::vector<DemoLine> demo_lines(unsigned packs) {
  std::vector<DemoLine> lines;
  for (unsigned n = 0; n < std::clamp(packs, 1U, 64U); ++n) {
    const auto set = n / kPacksPerSet;
    const auto which = n % kPacksPerSet;
    const auto& like = kSet[which];
    const auto suffix = set == 0 ? std::string{} : fmt::format("-s{}", set + 1);
    const auto bus = fmt::format("{}{}", like.bus, suffix);
    if (lines.empty() || lines.back().bus != bus) lines.push_back({bus, std::string{like.protocol}, {}});
    auto name = set == 0 ? std::string{like.name} : fmt::format("{} ({})", like.name, set + 1);
    lines.back().packs.push_back({fmt::format("{}{}", like.pack, suffix), std::move(name), like.address, profile_of(which, 100 + n)});
  }
  return lines;
}

std::unique_ptr<Simulator> make_demo_simulator(const DemoLine& line, core::UtcMs now_utc_ms) {
  std::vector<Pack> packs;
  for (const auto& demo : line.packs) {
    auto profile = demo.profile;
    // The alarms of the show count from now, not from the run-up.
    if (profile.forced_alarm) profile.forced_alarm->first_s += static_cast<std::uint32_t>(kRunUpMs / 1000);
    auto model = std::make_shared<PackModel>(profile);
    model->advance(now_utc_ms - kRunUpMs);
    const auto before_mah = model->state().cycled_mah;
    model->advance(now_utc_ms);
    // The days of the past that were not run through count as well; rather too much than a counter that runs back.
    const auto mah_a_day = static_cast<double>(model->state().cycled_mah - before_mah) / kRunUpDays;
    model->add_past_throughput(1.15 * mah_a_day / 1000 * (kPastDays - kRunUpDays));
    packs.push_back({demo.address, std::move(model)});
  }
  SimulatorOptions options;
  options.baud = line.protocol.starts_with("daly") ? 9600 : 115200;
  options.start_utc_ms = now_utc_ms;
  std::vector<std::unique_ptr<Device>> devices;
  devices.push_back(make_device(line.protocol, packs, {}));
  return std::make_unique<Simulator>(std::move(devices), std::move(packs), options);
}

}  // namespace bmsgate::sim
