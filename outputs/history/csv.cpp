// SPDX-License-Identifier: Apache-2.0
// CSV in pieces.
#include "outputs/history/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "outputs/history/rows.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::int64_t kStepsPerPiece = 2'048;
constexpr std::int64_t kReadingsPerPieceMs = 3'600'000;
constexpr std::int64_t kMarkMs = 1'200'000;

core::UtcMs aligned(core::UtcMs at_ms, std::int64_t step_ms) { return at_ms / step_ms * step_ms; }

}  // namespace

CsvWriter::CsvWriter(CsvQuestion question) : question_{std::move(question)} {
  for (const auto field : question_.fields) regs_.push_back(core::info(field).reg);
  at_ms_ = question_.every_ms > 0 ? aligned(question_.from_ms, question_.every_ms) : question_.from_ms;
}

/// Which elements occur: from the first and the last chunk of each tier, which is all but always the whole truth and costs nothing.
void CsvWriter::find_columns(const Store& store, std::span<const Chunk> pending) {
  std::set<std::pair<std::uint16_t, std::uint8_t>> found;
  const auto note = [&](const Chunk& chunk) {
    for (const auto& column : chunk.columns) found.insert({column.key.reg, column.key.element});
  };
  for (const auto& tier : kTiers) {
    const auto range = store.range(question_.pack, tier.tier);
    if (!range) continue;
    const auto from_ms = std::max(question_.from_ms, range->first);
    const auto to_ms = std::min(question_.to_ms, range->second);
    for (const auto at_ms : {from_ms, to_ms}) {
      store.for_each_chunk(question_.pack, tier.tier, at_ms, at_ms + tier.chunk_ms, [&](ChunkRow&& row) {
        if (const auto chunk = decode(row.bytes, {.regs = regs_, .values_only = true})) note(*chunk);
        return false;
      });
    }
  }
  for (const auto& chunk : pending) note(chunk);
  for (const auto field : question_.fields) {
    const auto& info = core::info(field);
    for (std::uint8_t element = 0; element < info.count; ++element) {
      if (info.count == 1 || found.contains({info.reg, element})) columns_.push_back({field, element});
    }
  }
}

void CsvWriter::append_header(std::string& out) const {
  out += "time";
  for (const auto& column : columns_) {
    const auto& info = core::info(column.field);
    out += ',';
    out += info.key;
    if (info.count > 1) out += fmt::format("_{}", column.element + 1);
  }
  out += '\n';
}

bool CsvWriter::next(const Store& store, std::span<const Chunk> pending, std::string& out) {
  if (!begun_) {
    begun_ = true;
    find_columns(store, pending);
    append_header(out);
  }
  if (columns_.empty() || at_ms_ > question_.to_ms) return false;
  return question_.every_ms > 0 ? steps(store, pending, out) : readings(store, pending, out);
}

bool CsvWriter::steps(const Store& store, std::span<const Chunk> pending, std::string& out) {
  HistoryQuery window;
  window.pack = question_.pack;
  window.fields = question_.fields;
  window.from_ms = at_ms_;
  window.points = static_cast<int>(kStepsPerPiece);
  window.to_ms = at_ms_ + kStepsPerPiece * question_.every_ms - 1;
  window.to_ms = std::min(window.to_ms, aligned(question_.to_ms, question_.every_ms) + question_.every_ms - 1);
  window.points = static_cast<int>((window.to_ms + 1 - window.from_ms) / question_.every_ms);
  const auto answer = query(store, pending, window);
  std::map<std::pair<core::Field, std::uint8_t>, const Series*> series;
  for (const auto& one : answer.series) series[{one.field, one.element}] = &one;
  std::vector<const Series*> ordered;
  for (const auto& column : columns_) {
    const auto found = series.find({column.field, column.element});
    ordered.push_back(found == series.end() ? nullptr : found->second);
  }
  for (std::size_t row = 0; row < answer.t_ms.size(); ++row) {
    const bool any = std::any_of(ordered.begin(), ordered.end(), [&](const Series* one) { return one != nullptr && one->valid[row]; });
    if (!any) continue;
    iso_.append(out, answer.t_ms[row]);
    for (const auto* one : ordered) {
      out += ',';
      if (one != nullptr && one->valid[row]) append_scaled(out, one->mean[row], core::info(one->field).decimals);
    }
    out += '\n';
  }
  at_ms_ = window.to_ms + 1;
  return true;
}

bool CsvWriter::readings(const Store& store, std::span<const Chunk> pending, std::string& out) {
  const auto to_ms = std::min(at_ms_ + kReadingsPerPieceMs, question_.to_ms + 1);
  const Piece piece{HistoryTier::kReadings, at_ms_, to_ms};
  std::vector<Chunk> chunks;
  bool in_order = true;
  for_each_planned(store, question_.pack, {&piece, 1}, pending, {.regs = regs_}, [&](const Piece&, const Chunk& chunk) {
    const auto tick_ms = info(HistoryTier::kReadings).tick_ms;
    if (chunk.times.empty() || chunk.times.front() * tick_ms >= piece.to_ms || chunk.times.back() * tick_ms < piece.from_ms) return true;
    in_order = in_order && (chunks.empty() || chunk.times.front() > chunks.back().times.back());
    chunks.push_back(chunk);
    return true;
  });
  if (!in_order) chunks = {merge(chunks, HistoryTier::kReadings)};  // the clock was set back
  for (const auto& chunk : chunks) append_readings(chunk, piece, out);
  at_ms_ = chunks.empty() ? next_reading(store, pending, to_ms) : to_ms;
  return true;
}

/// Where there is something again after an empty hour: years without any are passed over at once.
core::UtcMs CsvWriter::next_reading(const Store& store, std::span<const Chunk> pending, core::UtcMs from_ms) const {
  auto next_ms = question_.to_ms + 1;
  const auto held = store.range(question_.pack, HistoryTier::kReadings, from_ms, question_.to_ms);
  if (held) next_ms = std::min(next_ms, held->first);
  for (const auto& chunk : pending) {
    const auto tick_ms = info(HistoryTier::kReadings).tick_ms;
    if (!chunk.times.empty() && chunk.times.back() * tick_ms >= from_ms) next_ms = std::min(next_ms, chunk.times.front() * tick_ms);
  }
  return std::max(from_ms, next_ms);
}

void CsvWriter::append_readings(const Chunk& chunk, const Piece& piece, std::string& out) {
  std::vector<const Column*> ordered;
  for (const auto& column : columns_) {
    const ColumnKey key{core::info(column.field).reg, column.element, ColumnPart::kValue};
    const auto found = std::find_if(chunk.columns.begin(), chunk.columns.end(), [&](const Column& have) { return have.key == key; });
    ordered.push_back(found == chunk.columns.end() ? nullptr : &*found);
  }
  for (std::size_t row = 0; row < chunk.times.size(); ++row) {
    const auto at_ms = chunk.times[row] * info(HistoryTier::kReadings).tick_ms;
    if (at_ms < piece.from_ms || at_ms >= piece.to_ms) continue;
    iso_.append(out, at_ms);
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      out += ',';
      if (ordered[i] != nullptr && ordered[i]->has(row))
        append_scaled(out, ordered[i]->values[row], core::info(columns_[i].field).decimals);
    }
    out += '\n';
  }
}

bool parse_step(std::string_view text, std::int64_t& every_ms) {
  if (text == "raw") {
    every_ms = 0;
    return true;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (error != std::errc{} || number < 1 || number > 31'622'400) return false;
  const std::int64_t seconds = unit.empty() || unit == "s"    ? 1
                               : unit == "m" || unit == "min" ? 60
                               : unit == "h"                  ? 3'600
                               : unit == "d"                  ? 86'400
                                                              : 0;
  if (seconds == 0 || number * seconds > 31'622'400) return false;
  every_ms = number * seconds * 1000;
  return true;
}

std::string daily_csv(const Store& store, std::span<const Chunk> pending, std::string_view pack, LocalDay day) {
  HistoryQuery minutes;
  minutes.pack = pack;
  minutes.fields = {core::Field::kSoc, core::Field::kCellVoltage};
  const auto day_from_ms = start_of(day);
  const auto day_to_ms = start_of(next(day));
  minutes.from_ms = day_from_ms - kMarkMs / 2;
  minutes.to_ms = day_to_ms - 1;
  minutes.points = static_cast<int>((minutes.to_ms + 1 - minutes.from_ms) / 60'000);
  const auto answer = query(store, pending, minutes);
  std::size_t cells = 0;
  for (const auto& one : answer.series) {
    if (one.field == core::Field::kCellVoltage) cells = std::max<std::size_t>(cells, one.element + 1U);
  }
  std::string out = "time,soc";
  for (std::size_t cell = 1; cell <= cells; ++cell) out += fmt::format(",b{}", cell);
  out += '\n';
  bool any = false;
  for (auto mark_ms = day_from_ms; mark_ms < day_to_ms; mark_ms += kMarkMs) {
    std::size_t nearest = answer.t_ms.size();
    std::int64_t distance_ms = kMarkMs / 2 + 1;
    for (std::size_t row = 0; row < answer.t_ms.size(); ++row) {
      const bool valid = std::any_of(answer.series.begin(), answer.series.end(), [&](const Series& one) { return one.valid[row]; });
      if (!valid || std::abs(answer.t_ms[row] - mark_ms) >= distance_ms) continue;
      distance_ms = std::abs(answer.t_ms[row] - mark_ms);
      nearest = row;
    }
    if (nearest == answer.t_ms.size()) continue;
    any = any || answer.t_ms[nearest] >= day_from_ms;  // the end of the day before makes no file
    std::vector<std::string> values(1 + cells);
    for (const auto& one : answer.series) {
      if (!one.valid[nearest]) continue;
      append_scaled(values[one.field == core::Field::kSoc ? 0 : one.element + 1U], one.mean[nearest], core::info(one.field).decimals);
    }
    out += local_iso(mark_ms);
    for (const auto& value : values) out += ',' + value;
    out += '\n';
  }
  return any ? out : std::string{};
}

std::string daily_csv_name(LocalDay day) { return fmt::format("batt_{:04}{:02}{:02}.csv", day.year, day.month, day.day); }

bool parse_daily_csv_name(std::string_view name, LocalDay& day) {
  if (name.size() != 17 || !name.starts_with("batt_") || !name.ends_with(".csv")) return false;
  const auto digits = name.substr(5, 8);
  const auto dashed = fmt::format("{}-{}-{}", digits.substr(0, 4), digits.substr(4, 2), digits.substr(6, 2));
  return parse(dashed, day);
}

}  // namespace bmsgate::outputs
