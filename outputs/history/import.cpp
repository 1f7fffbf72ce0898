// SPDX-License-Identifier: Apache-2.0
// Reading CSV files of others.
#include "outputs/history/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <vector>

#include "core/reading.hpp"
#include "outputs/history/rows.hpp"

namespace bmsgate::outputs {
namespace {

constexpr HistoryTier kTier = HistoryTier::kTwentyMinutes;
constexpr std::string_view kBlank = " \t\r\"";
constexpr std::size_t kMaxColumns = 128;

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view take(std::string_view& text, char end) {
  const auto at = std::min(text.find(end), text.size());
  const auto part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  while (!line.empty() && parts.size() < kMaxColumns) parts.push_back(trim(take(line, separator)));
  return parts;
}

std::optional<int> whole(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

std::optional<double> number(std::string_view text) {
  std::string dotted{text};
  std::replace(dotted.begin(), dotted.end(), ',', '.');
  double value = 0;
  const auto [end, error] = std::from_chars(dotted.data(), dotted.data() + dotted.size(), value);
  const auto rest = trim({end, static_cast<std::size_t>(dotted.data() + dotted.size() - end)});
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return rest.empty() || rest == "%" || rest == "V" || rest == "mV" ? std::optional{value} : std::nullopt;
}

// ---- times

/// 2026-11-22, 22.11.2026, 22/11/26, …: three numbers, the year first or last.
bool read_date(std::string_view text, LocalDay& day) {
  std::array<int, 3> parts{};
  std::size_t first_size = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto end = std::min(text.find_first_of("-/."), text.size());
    const auto part = whole(text.substr(0, end));
    if (!part || (i < 2 && end == text.size()) || (i == 2 && end != text.size())) return false;
    if (i == 0) first_size = end;
    parts.at(i) = *part;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  day = first_size == 4 ? LocalDay{parts[0], parts[1], parts[2]} : LocalDay{parts[2], parts[1], parts[0]};
  if (day.year < 100) day.year += 2000;
  if (first_size != 4 && day.month > 12) std::swap(day.month, day.day);
  return day.month >= 1 && day.month <= 12 && day.day >= 1 && day.day <= 31;
}

/// 17:20, 17:20:05, 17:20:05.3Z, 17:20:05+01:00 of a day.
bool read_clock(std::string_view text, LocalDay day, core::UtcMs& out) {
  const auto zone_at = text.find_first_of("Z+-");
  const auto zone = zone_at == std::string_view::npos ? std::string_view{} : text.substr(zone_at);
  auto clock = text.substr(0, std::min(zone_at, text.find('.')));
  const auto hours = whole(take(clock, ':'));
  const auto minutes = whole(take(clock, ':'));
  const auto seconds = clock.empty() ? std::optional{0} : whole(clock);
  if (!hours || !minutes || !seconds || *hours < 0 || *minutes < 0 || *seconds < 0) return false;
  return parse_time(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", day.year, day.month, day.day, *hours, *minutes, *seconds, zone),
                    out);
}

bool read_time(std::string_view text, const std::optional<LocalDay>& day_of_file, core::UtcMs& out) {
  if (text.find_first_not_of("0123456789") == std::string_view::npos) return text.size() >= 9 && parse_time(text, out);
  const auto gap = text.find_first_of("T ");
  if (gap == std::string_view::npos) return day_of_file && read_clock(text, *day_of_file, out);
  LocalDay day;
  return read_date(text.substr(0, gap), day) && read_clock(trim(text.substr(gap + 1)), day, out);
}

/// The eight digits of a day in a file's name.
std::optional<LocalDay> day_in(std::string_view name) {
  std::string digits;
  for (const char c : name) {
    if (c >= '0' && c <= '9') digits += c;
  }
  LocalDay day;
  if (digits.size() != 8 || !parse(fmt::format("{}-{}-{}", digits.substr(0, 4), digits.substr(4, 2), digits.substr(6)), day)) {
    return std::nullopt;
  }
  return day;
}

// ---- columns

enum class Meaning : std::uint8_t { kNothing, kTime, kDate, kSoc, kCell };
struct Heading {
  Meaning meaning{Meaning::kNothing};
  std::size_t cell{0};
};

/// time, date, soc, b1, b_01, cell1, "Cell 1", batt_01, cell_voltage_1 …
Heading heading_of(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') name += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) name += c;
  }
  if (name == "time" || name == "datetime" || name == "timestamp" || name == "hour") return {Meaning::kTime};
  if (name == "date" || name == "day") return {Meaning::kDate};
  if (name.starts_with("soc")) return {Meaning::kSoc};
  const auto digit = name.find_first_of("0123456789");
  const auto cell = digit == std::string::npos ? std::nullopt : whole(std::string_view{name}.substr(digit));
  for (const auto* stem : {"b", "c", "v", "batt", "cell", "cellvoltage"}) {
    if (cell && name.substr(0, digit) == stem && *cell >= 1 && static_cast<std::size_t>(*cell) <= core::kMaxCells) {
      return {Meaning::kCell, static_cast<std::size_t>(*cell) - 1};
    }
  }
  return {};
}

std::vector<Heading> usual_headings(std::size_t columns) {
  std::vector<Heading> headings{{Meaning::kTime}, {Meaning::kSoc}};
  for (std::size_t cell = 0; cell + 2 < columns && cell < core::kMaxCells; ++cell) headings.push_back({Meaning::kCell, cell});
  return headings;
}

/// Volts or millivolts, whichever makes a cell of it.
void set_cell(core::Sample& sample, std::size_t cell, double value) {
  const auto millivolts = value < 10 ? value * 1000 : value;
  if (millivolts >= core::info(core::Field::kCellVoltage).min && millivolts <= core::info(core::Field::kCellVoltage).max) {
    sample.set(core::Field::kCellVoltage, static_cast<std::int32_t>(std::lround(millivolts)), cell);
  }
}

bool has_data(const core::Sample& sample) {
  if (sample.has(core::Field::kSoc)) return true;
  for (std::size_t cell = 0; cell < core::kMaxCells; ++cell) {
    if (sample.has(core::Field::kCellVoltage, cell)) return true;
  }
  return false;
}

struct Line {
  core::UtcMs at_ms{0};
  core::Sample sample;
};

std::optional<Line> read_line(const std::vector<std::string_view>& parts, const std::vector<Heading>& headings,
                              const std::optional<LocalDay>& day_of_file) {
  Line line;
  std::string time;
  std::string date;
  for (std::size_t i = 0; i < std::min(parts.size(), headings.size()); ++i) {
    const auto& heading = headings[i];
    if (heading.meaning == Meaning::kTime) time = parts[i];
    if (heading.meaning == Meaning::kDate) date = parts[i];
    const auto value = heading.meaning == Meaning::kSoc || heading.meaning == Meaning::kCell ? number(parts[i]) : std::nullopt;
    if (!value) continue;
    if (heading.meaning == Meaning::kCell) set_cell(line.sample, heading.cell, *value);
    if (heading.meaning == Meaning::kSoc && *value >= 0 && *value <= 100) {
      line.sample.set(core::Field::kSoc, static_cast<std::int32_t>(std::lround(*value * 10)));
    }
  }
  if (!date.empty()) time = time.empty() ? date : date + " " + time;
  if (time.empty() || !read_time(time, day_of_file, line.at_ms) || !has_data(line.sample)) return std::nullopt;
  return line;
}

char separator_of(std::string_view line) {
  return line.find(';') != std::string_view::npos ? ';' : line.find('\t') != std::string_view::npos ? '\t' : ',';
}

}  // namespace

ImportedCsv read_original_csv(std::string_view text, std::string_view name, core::UtcMs before_ms) {
  ImportedCsv result;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto day_of_file = day_in(name);
  const auto tick_ms = info(kTier).tick_ms;
  std::vector<Heading> headings;
  std::map<std::int64_t, core::Sample> rows;
  char separator = ',';
  while (!text.empty()) {
    const auto line = trim(take(text, '\n'));
    if (line.empty() || line.front() == '#') continue;
    if (headings.empty()) separator = separator_of(line);
    const auto parts = split(line, separator);
    const bool first = headings.empty();
    if (first || heading_of(parts[0]).meaning == Meaning::kTime || heading_of(parts[0]).meaning == Meaning::kDate) {
      headings.clear();  // files that were joined have headings in between
      std::transform(parts.begin(), parts.end(), std::back_inserter(headings), heading_of);
      const auto is_time = [](const Heading& one) { return one.meaning == Meaning::kTime || one.meaning == Meaning::kDate; };
      if (std::any_of(headings.begin(), headings.end(), is_time)) continue;
      headings = usual_headings(parts.size());
      if (!read_line(parts, headings, day_of_file)) {
        result.error = "the first line is neither a heading (time,soc,b1,b2,…) nor a line of data";
        return result;
      }
    }
    const auto read = read_line(parts, headings, day_of_file);
    // Samples were taken around the marks: 17:19:58 is that of 17:20.
    const auto tick = read ? (read->at_ms + tick_ms / 2) / tick_ms : 0;
    if (!read || read->at_ms <= 0 || tick * tick_ms >= before_ms || rows.size() >= kMaxChunkRows * 8 ||
        !rows.emplace(tick, read->sample).second) {
      ++result.skipped;
    }
  }
  if (headings.empty()) result.error = "the file is empty";
  ChunkBuilder builder;
  for (auto& [tick, sample] : rows) {
    core::derive(sample);
    builder.add(row_of(kTier, tick * tick_ms, sample));
  }
  result.rows = builder.chunk();
  if (!rows.empty()) {
    result.from_ms = rows.begin()->first * tick_ms;
    result.to_ms = rows.rbegin()->first * tick_ms;
  }
  return result;
}

}  // namespace bmsgate::outputs
