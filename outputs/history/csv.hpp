// SPDX-License-Identifier: Apache-2.0
// History as CSV, made in pieces so that a year needs no more memory than a day. Reader thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outputs/history/query.hpp"
#include "outputs/local_time.hpp"

namespace bmsgate::outputs {

struct CsvQuestion {
  std::string pack;
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
  std::int64_t every_ms{1'200'000};  // 0: every reading as it came (where it is still kept)
  std::vector<core::Field> fields;
};

/// Writes the header, then row after row: local time with its offset, then the fields (means of the step) in their units. An array field
/// has a column for each element that occurs, named `key_1`, `key_2`, …. Missing is empty.
class CsvWriter {
 public:
  explicit CsvWriter(CsvQuestion question);
  /// Appends the next piece (at most about 1 MB); false: that was all.
  [[nodiscard]] bool next(const Store& store, std::span<const Chunk> pending, std::string& out);

 private:
  struct Heading {
    core::Field field;
    std::uint8_t element;
  };
  void find_columns(const Store& store, std::span<const Chunk> pending);
  void append_header(std::string& out) const;
  bool steps(const Store& store, std::span<const Chunk> pending, std::string& out);
  [[nodiscard]] core::UtcMs next_reading(const Store& store, std::span<const Chunk> pending, core::UtcMs from_ms) const;
  void append_readings(const Chunk& chunk, const Piece& piece, std::string& out);
  bool readings(const Store& store, std::span<const Chunk> pending, std::string& out);

  CsvQuestion question_;
  std::vector<std::uint16_t> regs_;
  std::vector<Heading> columns_;
  core::UtcMs at_ms_;
  IsoWriter iso_;
  bool begun_{false};
};

/// "20m", "1h", "30s", "1d", "raw" or a number of seconds. False: none of these, or more than 366 days.
[[nodiscard]] bool parse_step(std::string_view text, std::int64_t& every_ms);

/// The original's daily file: `time,soc,b1…bN`, the reading nearest to each 20-minute mark of a local day (V, %). Empty: no data.
[[nodiscard]] std::string daily_csv(const Store& store, std::span<const Chunk> pending, std::string_view pack, LocalDay day);
/// "batt_20261122.csv", and back.
[[nodiscard]] std::string daily_csv_name(LocalDay day);
[[nodiscard]] bool parse_daily_csv_name(std::string_view name, LocalDay& day);

}  // namespace bmsgate::outputs
