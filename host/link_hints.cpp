// SPDX-License-Identifier: Apache-2.0
// The rules behind the hints.
#include "host/link_hints.hpp"

#include <array>
#include <cstdint>

namespace bmsgate::host {
namespace {

constexpr std::uint32_t kEnough = 5;  // requests before anything is said about answers

struct BusRule {
  std::string_view key;
  bool warning;
  std::string_view text;
  bool (*applies)(const BusSnapshot&);
};

bool says(const BusSnapshot& bus, std::string_view word) { return bus.error.find(word) != std::string::npos; }
bool silent(const BusSnapshot& bus) { return bus.state == LineState::kOpen && bus.stats.requests >= kEnough && bus.stats.replies == 0; }
bool garbled(const BusSnapshot& bus) { return bus.stats.bytes_skipped + bus.stats.bad_checks > 0; }

constexpr auto kBusRules = std::to_array<BusRule>({
    {"port_missing", true, "The port is not there. Is the adapter plugged in?",
     [](const BusSnapshot& bus) { return says(bus, "is not there"); }},
    {"no_permission", true, "The program may not open the port. Add its user to the group dialout.",
     [](const BusSnapshot& bus) { return says(bus, "no permission"); }},
    {"no_reply", true, "Nothing answers. Check power, plug and wires; A and B, or TX and RX, may be swapped.",
     [](const BusSnapshot& bus) { return silent(bus) && !garbled(bus); }},
    {"wrong_baud", true, "Bytes come, but none make sense: wrong speed, wrong protocol, or A and B swapped.",
     [](const BusSnapshot& bus) { return silent(bus) && garbled(bus); }},
    {"noise", true, "More than one answer in fifty is damaged. Check the shield, the ground wire and the termination.",
     [](const BusSnapshot& bus) { return bus.stats.replies >= 50 && bus.stats.bad_checks * 50 > bus.stats.replies; }},
    {"echo", false, "The adapter sends back what we send. That is taken care of.", [](const BusSnapshot& bus) { return bus.echo; }},
    {"foreign_master", false, "Another device asks on this line.", [](const BusSnapshot& bus) { return bus.foreign_master; }},
});

struct PackRule {
  std::string_view key;
  bool warning;
  std::string_view text;
  bool (*applies)(const BusSnapshot&, const PackLink&);
};

constexpr auto kPackRules = std::to_array<PackRule>({
    {"asleep", false, "The BMS sleeps. It wakes with a charge, a load or its button.",
     [](const BusSnapshot&, const PackLink& pack) { return pack.asleep; }},
    {"no_reply", true, "This address does not answer, others on the line do. Check its address switches and its plug.",
     [](const BusSnapshot& bus, const PackLink& pack) {
       return !pack.asleep && pack.stats.requests >= kEnough && pack.stats.replies == 0 && bus.stats.replies > 0;
     }},
    {"duplicate_address", true, "Its answers often collide: two packs may have the same address.",
     [](const BusSnapshot& bus, const PackLink& pack) {
       return bus.packs.size() > 1 && pack.stats.replies >= 20 && (pack.stats.bad_checks + pack.stats.truncated) * 4 > pack.stats.replies;
     }},
    {"wrong_protocol", true, "It answers, but not as this protocol would. Check the protocol number of the BMS.",
     [](const BusSnapshot&, const PackLink& pack) {
       return pack.stats.refused >= kEnough && pack.stats.refused * 2 > pack.stats.requests;
     }},
    {"slow", false, "Its answers take longer than usual.",
     [](const BusSnapshot&, const PackLink& pack) { return pack.stats.replies >= 20 && latency_of(pack.stats).median_ms > 250; }},
});

double quantile(const core::LinkStats& stats, double share) {
  std::uint64_t total = 0;
  for (const auto count : stats.latency) total += count;
  if (total == 0) return 0;
  const double wanted = static_cast<double>(total) * share;
  double before = 0;
  for (std::size_t i = 0; i < stats.latency.size(); ++i) {
    const double count = stats.latency[i];
    if (before + count >= wanted && count > 0) {
      const double low = i == 0 ? 0 : core::kLatencyBoundsMs[i - 1];
      const double high = i < core::kLatencyBoundsMs.size() ? core::kLatencyBoundsMs[i] : low;
      return low + (high - low) * (wanted - before) / count;
    }
    before += count;
  }
  return core::kLatencyBoundsMs.back();
}

}  // namespace

std::vector<LinkHint> hints_of(const BusSnapshot& bus) {
  std::vector<LinkHint> hints;
  for (const auto& rule : kBusRules) {
    if (rule.applies(bus)) hints.push_back({rule.key, rule.warning, std::string{rule.text}});
  }
  return hints;
}

std::vector<LinkHint> hints_of(const BusSnapshot& bus, const PackLink& pack) {
  std::vector<LinkHint> hints;
  for (const auto& rule : kPackRules) {
    if (rule.applies(bus, pack)) hints.push_back({rule.key, rule.warning, std::string{rule.text}});
  }
  if (!pack.doubt.empty()) hints.push_back({"implausible", false, "Not believed lately: " + pack.doubt});
  return hints;
}

LatencySummary latency_of(const core::LinkStats& stats) { return {quantile(stats, 0.5), quantile(stats, 0.95)}; }

double success_percent(const core::LinkStats& stats) { return stats.requests == 0 ? 0 : 100.0 * stats.replies / stats.requests; }

}  // namespace bmsgate::host
