// SPDX-License-Identifier: Apache-2.0
// Size and speed of the history beside plain SQLite rows, VictoriaMetrics and InfluxDB (where they are installed), all on the same made-up
// data in one run. Our own questions go through the real program over HTTP while it polls and writes 16 packs; what they cost without a
// program around them is shown beside. Data: bench/history_data.hpp.
#include <optional>

#include "bench/history_live.hpp"
#include "bench/history_local.hpp"
#include "bench/history_servers.hpp"
#include "bench/report.hpp"

namespace {

using namespace bmsgate::bench;

using Servers = std::vector<ServerFigures>;

constexpr double kMostLateMs = 5;

void add_sizes(std::vector<Row>& rows, const Sizes& sizes, const Servers& servers) {
  for (std::size_t i = 0; i < kSized.size(); ++i) {
    const auto& set = kSized[i];
    rows.push_back({fmt::format("bytes a value, {}", set.name), sizes.ours[i], "B", "SQLite rows", sizes.rows[i], set.limit});
    for (const auto& server : servers) rows.push_back({"  beside", sizes.ours[i], "B", server.name, server.bytes_a_value[i]});
  }
  const auto year_mb = sizes.ours[0] * static_cast<double>(kValues) * 1'440 * 365 / 1e6;
  rows.push_back({"a year of minutes of a pack", year_mb, "MB", "", kNone, 60});
}

void add_queries(std::vector<Row>& rows, const LiveFigures& live, const LocalTimes& local, const Servers& servers) {
  constexpr double kMonthLimit = 14.8;  // where no server is there to be compared with
  const auto month = [&](const std::string& reference, double reference_ms, double limit) {
    rows.push_back({"30 days of minutes to 1,000 points, HTTP", live.month_ms, "ms", reference, reference_ms, limit});
  };
  if (servers.empty()) month("", kNone, kMonthLimit);
  for (const auto& server : servers) month(server.name + ", HTTP, idle", server.month_ms, server.month_ms);
  rows.push_back({"  in process", local.month, "ms", "GROUP BY on SQLite rows", local.month_rows});
  rows.push_back(
      {"24 h of seconds to 1,440 points, HTTP", live.day_ms, "ms", "GROUP BY on SQLite rows", local.day_rows, local.day_rows / 4});
  rows.push_back({"  in process", local.day, "ms", "GROUP BY on SQLite rows", local.day_rows});
  rows.push_back({"180 days of 20 min to 1,440 points, HTTP", live.half_year_ms, "ms", "reading SQLite rows", local.half_year_rows,
                  1.5 * local.half_year_rows});
  rows.push_back({"  in process", local.half_year, "ms", "reading SQLite rows", local.half_year_rows});
  rows.push_back({"a month of minutes as CSV, HTTP", live.csv_mb_s, "MB/s", "", kNone, 50, true});
  rows.push_back({"memory gained by streaming it 5 times", live.csv_memory_mb, "MB", "", kNone, 4});
}

void add_polls(std::vector<Row>& rows, const LiveFigures& live) {
  rows.push_back({"meanwhile: polls a second", live.polls_a_second, "1/s", "asked for", 16, 15.5, true});
  rows.push_back({"questions answered", static_cast<double>(live.queries), "", ""});
  rows.push_back({"a poll is late by, median", live.poll_late_ms.median, "ms", "empty timer", live.timer_late_ms.median});
  rows.push_back({"a poll is late by, p99", live.poll_late_ms.p99, "ms", "empty timer", live.timer_late_ms.p99});
  rows.push_back({"a poll is late by, p99.9", live.poll_late_ms.p999, "ms", "empty timer", live.timer_late_ms.p999, kMostLateMs});
  rows.push_back({"processor time, a commit a second", live.processor_pct, "%", ""});
}

}  // namespace

int main() {
  const Folder folder;
  Servers servers;
  if (auto figures = measure_victoria_metrics(folder)) servers.push_back(std::move(*figures));
  if (auto figures = measure_influxdb(folder)) servers.push_back(std::move(*figures));
  const auto sizes = measure_sizes(folder);
  const auto local = measure_local(folder);
  const auto live = measure_live(folder);
  std::vector<Row> rows;
  add_sizes(rows, sizes, servers);
  add_queries(rows, live, local, servers);
  add_polls(rows, live);
  if (live.poll_late_ms.p999 > kMostLateMs && live.timer_late_ms.p999 > kMostLateMs) {
    fmt::print("This machine lets even an empty timer wait for {:.0f} ms: polls can be judged when it has nothing else to do.\n",
               live.timer_late_ms.p999);
  }
  return report("history", rows);
}
