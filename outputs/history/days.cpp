// SPDX-License-Identifier: Apache-2.0
// Daily summaries from the rows of the history.
#include "outputs/history/days.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

namespace bmsgate::outputs {
namespace {

using core::Field;

constexpr std::int32_t kFullSoc = 990;  // 0.1 %
constexpr core::UtcMs kMaxSocGapMs = 25 * 60'000;
constexpr std::int32_t kMaxSocStep = 100;  // 0.1 %: within 20 minutes at two times the capacity's current
constexpr double kMostCorrection = 0.1;    // of the energy that went in
constexpr double kMostPercent = 100;
constexpr double kLeastPercent = 50;

constexpr std::array kUsed{Field::kSoc,
                           Field::kCellVoltage,
                           Field::kCellDeltaVoltage,
                           Field::kTemperatureMin,
                           Field::kTemperatureMax,
                           Field::kEnergyCharged,
                           Field::kEnergyDischarged,
                           Field::kChargeCharged,
                           Field::kChargeDischarged,
                           Field::kFullCapacity,
                           Field::kNominalCapacity};

void lower(std::optional<Extreme>& have, std::int32_t value, core::UtcMs at_ms, int cell = 0) {
  if (!have || value < have->value) have = Extreme{value, at_ms, cell};
}
void raise(std::optional<Extreme>& have, std::int32_t value, core::UtcMs at_ms, int cell = 0) {
  if (!have || value > have->value) have = Extreme{value, at_ms, cell};
}

/// The columns of one element of a field in one chunk.
struct Columns {
  const Column* value{nullptr};
  const Column* below{nullptr};
  const Column* above{nullptr};

  [[nodiscard]] bool has(std::size_t row) const { return value != nullptr && value->has(row); }
  [[nodiscard]] std::int32_t mean(std::size_t row) const { return value->values[row]; }
  [[nodiscard]] std::int32_t least(std::size_t row) const { return mean(row) - (below != nullptr ? below->values[row] : 0); }
  [[nodiscard]] std::int32_t greatest(std::size_t row) const { return mean(row) + (above != nullptr ? above->values[row] : 0); }
};

/// Finds the columns of the used fields once a chunk.
class Table {
 public:
  explicit Table(const Chunk& chunk) {
    for (const auto& column : chunk.columns) {
      auto& place = column.key.reg == core::info(Field::kCellVoltage).reg ? cell(column.key.element) : places_[column.key.reg];
      (column.key.part == ColumnPart::kValue ? place.value : column.key.part == ColumnPart::kMin ? place.below : place.above) = &column;
    }
  }
  [[nodiscard]] const Columns& operator[](Field field) { return places_[core::info(field).reg]; }
  [[nodiscard]] const std::vector<Columns>& cells() const { return cells_; }

 private:
  Columns& cell(std::size_t element) {
    if (cells_.size() <= element) cells_.resize(element + 1);
    return cells_[element];
  }
  std::map<std::uint16_t, Columns> places_;
  std::vector<Columns> cells_;
};

/// A counter that only grows, followed over days: what it gained belongs to the day in which it was seen.
class Counter {
 public:
  std::int64_t gain(const Columns& columns, std::size_t row) {
    if (!columns.has(row)) return 0;
    const std::int64_t now = columns.mean(row);
    const auto gained = last_ && now > *last_ ? now - *last_ : 0;
    last_ = now;
    return gained;
  }

 private:
  std::optional<std::int64_t> last_;
};

struct Counters {
  Counter energy_in, energy_out, charge_in, charge_out;
  std::optional<std::int32_t> soc;
  core::UtcMs soc_at_ms{0};
};

void add_row(Table& table, std::size_t row, core::UtcMs at_ms, std::int64_t tick_ms, DaySummary& day) {
  if (const auto& soc = table[Field::kSoc]; soc.has(row)) {
    lower(day.soc_min, soc.least(row), at_ms);
    raise(day.soc_max, soc.greatest(row), at_ms);
    if (soc.mean(row) >= kFullSoc) day.full_ms += tick_ms;
  }
  for (std::size_t i = 0; i < table.cells().size(); ++i) {
    const auto& cell = table.cells()[i];
    if (!cell.has(row)) continue;
    lower(day.cell_min, cell.least(row), at_ms, static_cast<int>(i + 1));
    raise(day.cell_max, cell.greatest(row), at_ms, static_cast<int>(i + 1));
  }
  if (const auto& delta = table[Field::kCellDeltaVoltage]; delta.has(row)) raise(day.delta_max, delta.greatest(row), at_ms);
  if (const auto& low = table[Field::kTemperatureMin]; low.has(row)) lower(day.temperature_min, low.least(row), at_ms);
  if (const auto& high = table[Field::kTemperatureMax]; high.has(row)) raise(day.temperature_max, high.greatest(row), at_ms);
  if (const auto& full = table[Field::kFullCapacity]; full.has(row)) day.capacity_mah = full.mean(row);
  if (const auto& nominal = table[Field::kNominalCapacity]; nominal.has(row) && day.capacity_mah == 0) day.capacity_mah = nominal.mean(row);
  day.covered_ms += tick_ms;
}

void add_counters(Table& table, std::size_t row, core::UtcMs at_ms, Counters& counters, DaySummary& day) {
  day.energy_in_wh += counters.energy_in.gain(table[Field::kEnergyCharged], row);
  day.energy_out_wh += counters.energy_out.gain(table[Field::kEnergyDischarged], row);
  day.charge_in_mah += counters.charge_in.gain(table[Field::kChargeCharged], row);
  day.charge_out_mah += counters.charge_out.gain(table[Field::kChargeDischarged], row);
  const auto& soc = table[Field::kSoc];
  if (!soc.has(row)) return;
  // What flowed in a gap was not counted, and a correction by the BMS is no flow.
  const bool joined = counters.soc && at_ms - counters.soc_at_ms <= kMaxSocGapMs && std::abs(soc.mean(row) - *counters.soc) <= kMaxSocStep;
  if (joined) day.soc_gain += soc.mean(row) - *counters.soc;
  counters.soc = soc.mean(row);
  counters.soc_at_ms = at_ms;
}

}  // namespace

double DaySummary::cycles() const noexcept {
  if (capacity_mah <= 0) return 0;
  return static_cast<double>(charge_in_mah + charge_out_mah) / 2 / capacity_mah;
}

std::optional<double> DaySummary::efficiency_percent() const noexcept {
  const auto moved_mah = charge_in_mah + charge_out_mah;
  if (cycles() < 1 || energy_in_wh <= 0 || moved_mah <= 0) return std::nullopt;
  const double volts = static_cast<double>(energy_in_wh + energy_out_wh) / static_cast<double>(moved_mah) * 1000;
  const double kept_wh = static_cast<double>(soc_gain) / 1000 * capacity_mah / 1000 * volts;
  const double percent = 100 * (static_cast<double>(energy_out_wh) + kept_wh) / static_cast<double>(energy_in_wh);
  if (std::abs(kept_wh) > kMostCorrection * static_cast<double>(energy_in_wh) || percent > kMostPercent || percent < kLeastPercent)
    return std::nullopt;
  return percent;
}

std::vector<DaySummary> days(const Store& store, std::span<const Chunk> pending, std::string_view pack, LocalDay first, LocalDay last,
                             core::UtcMs now_ms) {
  constexpr std::int64_t kStepMs = 60'000;
  const auto from_ms = start_of(first);
  const auto to_ms = start_of(next(last)) - 1;
  std::vector<std::uint16_t> regs;
  for (const auto field : kUsed) regs.push_back(core::info(field).reg);

  std::map<LocalDay, DaySummary> found;
  Counters counters;
  DaySummary* day = nullptr;
  core::UtcMs day_from_ms = 0;
  core::UtcMs day_to_ms = 0;
  // The counters begin with what they were before the first day.
  const auto pieces = plan(store, pack, from_ms - 3 * 3'600'000, to_ms, kStepMs);
  for_each_planned(store, pack, pieces, pending, {.regs = regs}, [&](const Piece& piece, const Chunk& chunk) {
    Table table{chunk};
    const auto tick_ms = info(piece.tier).tick_ms;
    for (std::size_t row = 0; row < chunk.times.size(); ++row) {
      const auto at_ms = chunk.times[row] * tick_ms;
      if (at_ms < piece.from_ms || at_ms >= piece.to_ms) continue;
      if (day == nullptr || at_ms < day_from_ms || at_ms >= day_to_ms) {
        const auto local = day_of(at_ms);
        day = &found[local];
        day->day = local;
        day_from_ms = start_of(local);
        day_to_ms = start_of(next(local));
      }
      add_counters(table, row, at_ms, counters, *day);
      const auto gap_ms = row + 1 < chunk.times.size() ? (chunk.times[row + 1] - chunk.times[row]) * tick_ms : tick_ms;
      add_row(table, row, at_ms, std::min(gap_ms, std::max<std::int64_t>(tick_ms, kStepMs)), *day);
    }
    return true;
  });

  std::vector<DaySummary> made;
  for (auto& [local, summary] : found) {
    if (local < first || local > last) continue;
    summary.complete = start_of(next(local)) <= now_ms;
    made.push_back(summary);
  }
  return made;
}

DaySummary sum_up(std::span<const DaySummary> days) {
  DaySummary sum;
  if (days.empty()) return sum;
  sum.day = days.front().day;
  sum.complete = true;
  const auto take = [](std::optional<Extreme>& have, const std::optional<Extreme>& other, bool greatest) {
    if (other && (!have || (greatest ? other->value > have->value : other->value < have->value))) have = other;
  };
  for (const auto& day : days) {
    sum.energy_in_wh += day.energy_in_wh;
    sum.energy_out_wh += day.energy_out_wh;
    sum.charge_in_mah += day.charge_in_mah;
    sum.charge_out_mah += day.charge_out_mah;
    sum.soc_gain += day.soc_gain;
    sum.full_ms += day.full_ms;
    sum.covered_ms += day.covered_ms;
    if (day.capacity_mah != 0) sum.capacity_mah = day.capacity_mah;
    sum.complete = sum.complete && day.complete;
    take(sum.soc_min, day.soc_min, false);
    take(sum.soc_max, day.soc_max, true);
    take(sum.cell_min, day.cell_min, false);
    take(sum.cell_max, day.cell_max, true);
    take(sum.delta_max, day.delta_max, true);
    take(sum.temperature_min, day.temperature_min, false);
    take(sum.temperature_max, day.temperature_max, true);
  }
  return sum;
}

}  // namespace bmsgate::outputs
