// SPDX-License-Identifier: Apache-2.0
// The table of faults and its reader.
#include "sim/faults.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace bmsgate::sim {
namespace {

using enum FaultUnit;
constexpr auto kTable = std::to_array<FaultInfo>({
    {"noise", "share of bytes that are replaced", kRate, &Faults::noise, 0.001, 1},
    {"lost", "share of bytes that vanish", kRate, &Faults::lost, 0.001, 1},
    {"inserted", "share of bytes before which a foreign byte appears", kRate, &Faults::inserted, 0.001, 1},
    {"cut", "share of answers that end early", kRate, &Faults::cut, 0.1, 1},
    {"duplicate", "share of answers that come twice", kRate, &Faults::duplicate, 0.1, 1},
    {"echo", "share of requests that come back before their answer", kRate, &Faults::echo, 1, 1},
    {"dead", "share of requests that get no answer", kRate, &Faults::dead, 1, 1},
    {"wrong-address", "share of answers that carry another address", kRate, &Faults::wrong_address, 1, 1},
    {"sleep", "asleep: this many requests wake it; a Daly sends them back", kNumber, &Faults::sleep, 3, 1e6},
    {"slow", "further milliseconds before each answer", kNumber, &Faults::slow, 400, 60000},
    {"wrong-cell-count", "the number of cells that is reported, whatever there is", kNumber, &Faults::wrong_cell_count, 15, 48},
    {"alarms", "KEY[:EVERY_S:FOR_S], e.g. cell_ov or mos_ot:600:60; without EVERY_S it stays", kAlarm, nullptr, 0, 0},
});

bool parse_number(std::string_view text, double max, double& out) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > max) return false;
  out = value;
  return true;
}

std::string_view cut_off(std::string_view& rest, char mark) {
  const auto at = rest.find(mark);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return part;
}

std::string parse_alarm(std::string_view value, Faults& faults) {
  const auto key = cut_off(value, ':');
  ForcedAlarm alarm;
  bool known = key.empty();
  if (known) alarm.id = core::AlarmId::kCellOv;
  for (const auto& have : core::kAlarms) {
    if (have.key != key) continue;
    alarm.id = have.id;
    known = true;
  }
  if (!known) return fmt::format("--fault alarms: there is no alarm '{}' (see `bmsgate dump alarms`)", key);
  double every_s = 0, for_s = alarm.for_s;
  const auto every = cut_off(value, ':');
  const bool ok = (every.empty() || parse_number(every, 1e9, every_s)) && (value.empty() || parse_number(value, 1e9, for_s));
  if (!ok) return "--fault alarms: expected KEY[:EVERY_S:FOR_S] with numbers of seconds";
  alarm.every_s = static_cast<std::uint32_t>(every_s);
  alarm.for_s = static_cast<std::uint32_t>(for_s);
  faults.alarm = alarm;
  return {};
}

}  // namespace

std::span<const FaultInfo> fault_table() { return kTable; }

std::string parse_fault(std::string_view text, Faults& faults) {
  auto value = text;
  const auto name = cut_off(value, '=');
  for (const auto& fault : kTable) {
    if (fault.name != name) continue;
    if (fault.unit == kAlarm) return parse_alarm(value, faults);
    double number = fault.preset;
    if (name.size() != text.size() && !parse_number(value, fault.max, number)) {
      return fmt::format("--fault {}: '{}' is not a number from 0 to {}", name, value, fault.max);
    }
    faults.*fault.member = number;
    return {};
  }
  std::string names;
  for (const auto& fault : kTable) names += fmt::format("{}{}", names.empty() ? "" : ", ", fault.name);
  return fmt::format("--fault: there is no fault '{}' (there are: {})", name, names);
}

std::string fault_help() {
  std::string help;
  for (const auto& fault : kTable) {
    help += fmt::format("  {:<18}{}", fault.name, fault.help);
    if (fault.unit != kAlarm) help += fmt::format(" (without =VALUE: {})", fault.preset);
    help += '\n';
  }
  return help;
}

}  // namespace bmsgate::sim
