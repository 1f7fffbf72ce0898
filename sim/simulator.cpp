// SPDX-License-Identifier: Apache-2.0
// The virtual line: who hears what, when an answer begins, how fast its bytes leave, what goes wrong on the way.
#include "sim/simulator.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bmsgate::sim {
namespace {

constexpr std::size_t kMaxHeard = 1024;
constexpr core::Duration kFallsAsleepAfter{60'000'000};
constexpr std::int64_t kBitsPerByte = 10;  // 8N1

struct Family {
  std::string_view protocol;
  std::uint32_t baud;
  std::uint8_t max_address;
  std::uint8_t max_cells;
  std::size_t max_packs;
};
constexpr auto kFamilies = std::to_array<Family>({
    {"jk-nw", 115200, 255, 32, 1},
    {"jk-pb", 115200, 15, 32, 16},
    {"daly-a5", 9600, 16, 48, 16},
    {"daly-d2", 9600, 255, 32, 1},
    {"daly-p81", 9600, 16, 48, 16},
});

const Family* find_family(std::string_view protocol) {
  for (const auto& family : kFamilies) {
    if (family.protocol == protocol) return &family;
  }
  return nullptr;
}

std::string check_spec(const LineSpec& spec, const Family& family) {
  if (spec.addresses.empty()) return "no address given";
  if (spec.addresses.size() > family.max_packs) return fmt::format("{}: at most {} packs share a line", spec.protocol, family.max_packs);
  for (std::size_t i = 0; i < spec.addresses.size(); ++i) {
    const auto address = spec.addresses[i];
    const bool first_board_is_1 = family.protocol == "daly-a5" || family.protocol == "daly-p81";
    if (address > family.max_address || (first_board_is_1 && address == 0)) {
      return fmt::format("{}: address {} is outside {}-{}", spec.protocol, address, first_board_is_1 ? 1 : 0, family.max_address);
    }
    if (std::count(spec.addresses.begin(), spec.addresses.end(), address) > 1) return fmt::format("address {} is given twice", address);
  }
  if (spec.cells < 1 || spec.cells > family.max_cells)
    return fmt::format("{}: {} cells are outside 1-{}", spec.protocol, spec.cells, family.max_cells);
  return {};
}

}  // namespace

Simulator::Simulator(std::vector<std::unique_ptr<Device>> devices, std::vector<Pack> packs, const SimulatorOptions& options)
    : packs_{std::move(packs)}, options_{options}, random_{options.seed} {
  for (auto& device : devices) ears_.push_back({std::move(device), {}});
}

PackModel* Simulator::pack(std::uint8_t address) {
  for (auto& pack : packs_) {
    if (pack.address == address) return pack.model.get();
  }
  return nullptr;
}

core::Duration Simulator::wire_time(std::size_t bytes) const {
  if (!options_.paced) return core::Duration{0};
  return core::Duration{static_cast<std::int64_t>(bytes) * kBitsPerByte * 1'000'000 / options_.baud};
}

bool Simulator::chance(double rate) {
  if (rate <= 0) return false;
  return std::uniform_real_distribution<double>{0, 1}(random_) < rate;
}

void Simulator::advance_packs(core::Instant now) {
  if (!begun_) {
    begun_ = true;
    started_ = line_free_ = last_input_ = now;
    for (auto& pack : packs_) pack.model->advance(std::max<core::UtcMs>(options_.start_utc_ms, 1));
  }
  if (options_.speed == 0) return;
  const auto passed_ms = static_cast<double>((now - started_).count()) / 1000 * options_.speed;
  for (auto& pack : packs_) pack.model->advance(std::max<core::UtcMs>(options_.start_utc_ms, 1) + static_cast<core::UtcMs>(passed_ms));
}

void Simulator::on_bytes(std::span<const std::uint8_t> bytes, core::Instant now) {
  if (bytes.empty()) return;
  advance_packs(now);
  stats_.bytes_in += bytes.size();
  const auto pause = now - last_input_;
  last_input_ = now;
  if (pause > kFallsAsleepAfter) slept_through_ = 0;
  // On a real line the last byte of a request comes in later than the first by the time it takes on the wire.
  line_free_ = std::max(line_free_, now) + wire_time(bytes.size());
  for (auto& ear : ears_) {
    if (pause > options_.idle_reset) {
      stats_.unheard += ear.heard.size();
      ear.heard.clear();
    }
    hear(ear, bytes);
  }
}

void Simulator::hear(Ear& ear, std::span<const std::uint8_t> bytes) {
  auto& heard = ear.heard;
  heard.insert(heard.end(), bytes.begin(), bytes.end());
  std::vector<Answer> answers;
  while (!heard.empty()) {
    answers.clear();
    ear.device->faults.wrong_address = chance(options_.faults.wrong_address);
    ear.device->faults.wrong_cell_count = static_cast<std::uint8_t>(options_.faults.wrong_cell_count);
    const auto done = ear.device->hear(heard, answers);
    if (done == 0) break;
    if (answers.empty()) {
      stats_.unheard += done;
    } else {
      answer(ear, std::span{heard}.first(done), answers);
    }
    heard.erase(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(done));
  }
  if (heard.size() > kMaxHeard) heard.clear();
}

void Simulator::answer(Ear& ear, std::span<const std::uint8_t> request, std::vector<Answer>& answers) {
  const auto& faults = options_.faults;
  ++stats_.requests;
  if (chance(faults.echo)) enqueue({request.begin(), request.end()}, core::Duration{0});
  if (slept_through_ < static_cast<unsigned>(faults.sleep)) {
    ++slept_through_;
    if (ear.device->mirrors_in_sleep()) enqueue({request.begin(), request.end()}, core::Duration{2000});
    if (log_) log_(fmt::format("{}: asleep", ear.device->last_request()));
    return;
  }
  if (chance(faults.dead)) {
    if (log_) log_(fmt::format("{}: not answered", ear.device->last_request()));
    return;
  }
  std::size_t size = 0;
  auto delay = core::Duration{static_cast<std::int64_t>(faults.slow * 1000)};
  for (auto& one : answers) {
    size += one.bytes.size();
    const bool twice = chance(faults.duplicate);
    if (twice) enqueue(one.bytes, one.delay + delay);
    enqueue(std::move(one.bytes), (twice ? core::Duration{5000} : one.delay) + delay);
    ++stats_.answers;
    delay = core::Duration{0};
  }
  if (log_) log_(fmt::format("{}: {} bytes", ear.device->last_request(), size));
}

void Simulator::damage(std::vector<std::uint8_t>& bytes) {
  const auto& faults = options_.faults;
  if (faults.noise <= 0 && faults.lost <= 0 && faults.inserted <= 0 && faults.cut <= 0) return;
  std::vector<std::uint8_t> damaged;
  for (const auto byte : bytes) {
    if (chance(faults.inserted)) damaged.push_back(static_cast<std::uint8_t>(random_()));
    if (chance(faults.lost)) continue;
    const auto flip = static_cast<std::uint8_t>(1 + random_() % 255);
    damaged.push_back(chance(faults.noise) ? static_cast<std::uint8_t>(byte ^ flip) : byte);
  }
  if (chance(faults.cut) && !damaged.empty()) damaged.resize(random_() % damaged.size());
  if (damaged != bytes) ++stats_.damaged;
  bytes = std::move(damaged);
}

void Simulator::enqueue(std::vector<std::uint8_t> bytes, core::Duration delay) {
  damage(bytes);
  const auto start = line_free_ + delay;
  line_free_ = start + wire_time(bytes.size());
  if (!bytes.empty()) queue_.push_back({std::move(bytes), start, 0});
}

void Simulator::let_talk() {
  std::vector<Answer> answers;
  for (auto& ear : ears_) {
    if (ear.device->talks()) ear.device->talk(answers);
  }
  for (auto& one : answers) {
    ++stats_.answers;
    enqueue(std::move(one.bytes), one.delay);
  }
}

core::Instant Simulator::next_deadline() const {
  if (queue_.empty()) {
    const bool talkative = std::any_of(ears_.begin(), ears_.end(), [](const Ear& ear) { return ear.device->talks(); });
    return talkative ? line_free_ : core::kFarFuture;
  }
  const auto& front = queue_.front();
  if (!options_.paced) return front.start;
  // The first bytes leave early, so that the delay before an answer shows as it is.
  const auto slice = front.sent == 0 ? options_.slice / 6 : options_.slice;
  const auto slice_bytes = static_cast<std::size_t>(std::max<std::int64_t>(slice.count() * options_.baud / kBitsPerByte / 1'000'000, 1));
  return front.start + wire_time(std::min(front.sent + slice_bytes, front.bytes.size()));
}

void Simulator::poll(core::Instant now, std::vector<std::uint8_t>& out) {
  advance_packs(now);
  while (!queue_.empty()) {
    auto& front = queue_.front();
    if (now < front.start) return;
    auto due = front.bytes.size();
    if (options_.paced) {
      // The largest n with wire_time(n) <= passed, so that a deadline of next_deadline() always lets a byte go.
      const auto passed_us = static_cast<std::uint64_t>((now - front.start).count());
      constexpr std::uint64_t kScale = kBitsPerByte * 1'000'000;
      due = std::min<std::size_t>(due, ((passed_us + 1) * options_.baud + kScale - 1) / kScale - 1);
    }
    out.insert(out.end(), front.bytes.begin() + static_cast<std::ptrdiff_t>(front.sent),
               front.bytes.begin() + static_cast<std::ptrdiff_t>(due));
    stats_.bytes_out += due - front.sent;
    front.sent = due;
    if (due < front.bytes.size()) return;
    queue_.pop_front();
  }
  line_free_ = std::max(line_free_, now);
  let_talk();
}

std::unique_ptr<Simulator> make_simulator(const LineSpec& spec, std::string& error) {
  const auto* family = find_family(spec.protocol);
  if (family == nullptr) {
    error = fmt::format("there is no protocol '{}' to simulate (there are: jk-nw, jk-pb, daly-a5, daly-d2, daly-p81)", spec.protocol);
    return nullptr;
  }
  error = check_spec(spec, *family);
  if (!error.empty()) return nullptr;
  std::vector<Pack> packs;
  for (std::size_t i = 0; i < spec.addresses.size(); ++i) {
    PackProfile profile;
    if (i < spec.profiles.size()) {
      profile = spec.profiles[i];
    } else {
      profile.cells = spec.cells;
      profile.seed = spec.simulator.seed + i;
      profile.start_soc = 0.55 + 0.03 * static_cast<double>(i % 8);
    }
    if (spec.simulator.faults.alarm) profile.forced_alarm = spec.simulator.faults.alarm;
    packs.push_back({spec.addresses[i], std::make_shared<PackModel>(profile)});
  }
  auto options = spec.simulator;
  if (options.baud == 0) options.baud = family->baud;
  std::vector<std::unique_ptr<Device>> devices;
  devices.push_back(make_device(spec.protocol, packs, spec.device));
  return std::make_unique<Simulator>(std::move(devices), std::move(packs), options);
}

}  // namespace bmsgate::sim
