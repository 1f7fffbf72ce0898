// SPDX-License-Identifier: Apache-2.0
// VictoriaMetrics and InfluxDB as Debian packages them, over their own interfaces.
#include "bench/history_servers.hpp"

#include <functional>
#include <memory>

#include "bench/history_http.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::bench {
namespace {

constexpr const char* kVictoriaMetrics = "/usr/bin/victoria-metrics";
constexpr const char* kInfluxDb = "/usr/bin/influxd";
constexpr int kRuns = 20;
constexpr std::int64_t kStepS = 2'592;  // 30 days in 1,000 points
constexpr std::chrono::seconds kPatience{60};

void wait_until(const std::string& what, const std::function<bool()>& done) {
  const auto deadline = Steady::now() + kPatience;
  while (!done()) {
    if (Steady::now() > deadline) give_up(what + " did not come to rest");
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
  }
}

/// Calls visit(path, size) for every file of a folder while a server works in it.
void for_each_file(const fs::path& root, const std::function<void(const std::string& path, std::uintmax_t size)>& visit) {
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator{root, error}; !error && it != fs::recursive_directory_iterator{}; it.increment(error)) {
    std::error_code vanished;
    const auto size = it->is_regular_file(vanished) ? it->file_size(vanished) : 0;
    if (!vanished && it->is_regular_file(vanished)) visit(it->path().string(), size);
  }
}

/// One running server with one data set in it.
class Server {
 public:
  virtual ~Server() = default;
  virtual void load(const DataSet& set) = 0;
  virtual void settle() = 0;
  [[nodiscard]] virtual std::uintmax_t bytes() const = 0;
  /// Mean of each cell in 1,000 steps of 30 days, as JSON.
  [[nodiscard]] virtual std::string month() = 0;
};

class VictoriaMetrics final : public Server {
 public:
  explicit VictoriaMetrics(const std::string& folder)
      : folder_{folder},
        port_{free_port()},
        child_{
            {kVictoriaMetrics, "-storageDataPath=" + folder, fmt::format("-httpListenAddr=127.0.0.1:{}", port_), "-retentionPeriod=100y"},
            folder + ".log"},
        http_{port_} {}

  void load(const DataSet& set) override {
    std::vector<std::string> series(kValues);
    std::string times;
    Source source{set};
    for (std::int64_t row = 0; row < set.rows; ++row) {
      const auto& values = source.next();
      const char* comma = row > 0 ? "," : "";
      times += comma;
      outputs::append_integer(times, kStart + row * set.step_ms);
      for (std::size_t i = 0; i < kValues; ++i) {
        series[i] += comma;
        outputs::append_integer(series[i], values[i]);
      }
    }
    for (std::size_t i = 0; i < kValues; ++i) {
      http_.post("/api/v1/import", fmt::format(R"({{"metric":{{"__name__":"{}","n":"{}"}},"values":[{}],"timestamps":[{}]}})",
                                               i < kCells ? "cell" : "value", i, series[i], times));
    }
  }

  void settle() override {
    static_cast<void>(http_.get("/internal/force_flush"));
    static_cast<void>(http_.get("/internal/force_merge"));
    wait_until("VictoriaMetrics", [&] {
      const auto text = http_.get("/metrics");
      return text.find("vm_active_force_merges 0\n") != std::string::npos &&
             text.find("vm_active_merges{type=\"storage/small\"} 0\n") != std::string::npos;
    });
  }

  [[nodiscard]] std::uintmax_t bytes() const override {
    std::uintmax_t sum = 0;
    for (const auto* part : {"data", "indexdb"}) {
      for_each_file(fs::path{folder_} / part, [&](const std::string&, std::uintmax_t size) { sum += size; });
    }
    return sum;
  }

  [[nodiscard]] std::string month() override {
    return http_.get(fmt::format("/api/v1/query_range?query={}&start={}&end={}&step={}s&nocache=1",
                                 url_encoded(fmt::format("avg_over_time(cell[{}s])", kStepS)), kStart / 1000 + kStepS,
                                 kStart / 1000 + 1'000 * kStepS, kStepS));
  }

 private:
  std::string folder_;
  std::uint16_t port_;
  Child child_;
  HttpClient http_;
};

class InfluxDb final : public Server {
 public:
  explicit InfluxDb(const std::string& folder)
      : folder_{folder}, port_{free_port()}, child_{{kInfluxDb, "-config", configuration(folder, port_)}, folder + ".log"}, http_{port_} {
    http_.post("/query?q=CREATE%20DATABASE%20bench", {});
  }

  void load(const DataSet& set) override {
    constexpr std::int64_t kBatch = 5'000;
    std::string lines;
    Source source{set};
    for (std::int64_t row = 0; row < set.rows; ++row) {
      const auto& values = source.next();
      lines += "pack ";
      for (std::size_t i = 0; i < kValues; ++i) lines += fmt::format("{}c{}={}i", i > 0 ? "," : "", i, values[i]);
      lines += fmt::format(" {}\n", (kStart + row * set.step_ms) / 1000);
      if ((row + 1) % kBatch != 0 && row + 1 < set.rows) continue;
      http_.post("/write?db=bench&precision=s", std::move(lines));
      lines.clear();
    }
  }

  /// One file a shard, nothing left in the log of writes, nothing being made.
  void settle() override {
    wait_until("InfluxDB", [&] {
      std::vector<fs::path> shards;
      bool busy = false;
      for_each_file(folder_, [&](const std::string& path, std::uintmax_t size) {
        busy = busy || path.ends_with(".tmp") || (path.ends_with(".wal") && size > 0);
        if (path.ends_with(".tsm")) shards.push_back(fs::path{path}.parent_path());
      });
      std::ranges::sort(shards);
      return !busy && !shards.empty() && std::ranges::adjacent_find(shards) == shards.end();
    });
  }

  /// Without the series file, which is of one size (sparse, 8 × 4 MiB) however little is in it.
  [[nodiscard]] std::uintmax_t bytes() const override {
    std::uintmax_t sum = 0;
    for_each_file(folder_ + "/data", [&](const std::string& path, std::uintmax_t size) {
      if (path.find("/_series/") == std::string::npos) sum += size;
    });
    return sum;
  }

  [[nodiscard]] std::string month() override {
    std::string sql = "SELECT ";
    for (std::size_t i = 0; i < kCells; ++i) sql += fmt::format("{}mean(c{})", i > 0 ? "," : "", i);
    sql +=
        fmt::format(" FROM pack WHERE time >= {}s AND time < {}s GROUP BY time({}s)", kStart / 1000, (kStart + 30 * kDayMs) / 1000, kStepS);
    return http_.get("/query?db=bench&epoch=ms&q=" + url_encoded(sql));
  }

 private:
  static std::string configuration(const std::string& folder, std::uint16_t port) {
    const auto path = folder + ".conf";
    std::ofstream{path} << fmt::format(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n[meta]\ndir = \"{}/meta\"\n"
        "[data]\ndir = \"{}/data\"\nwal-dir = \"{}/wal\"\nquery-log-enabled = false\n"
        "cache-snapshot-write-cold-duration = \"1s\"\ncompact-full-write-cold-duration = \"2s\"\n"
        "[monitor]\nstore-enabled = false\n[subscriber]\nenabled = false\n"
        "[http]\nbind-address = \"127.0.0.1:{}\"\nlog-enabled = false\n",
        free_port(), folder, folder, folder, port);
    return path;
  }

  std::string folder_;
  std::uint16_t port_;
  Child child_;
  HttpClient http_;
};

template <class T>
std::optional<ServerFigures> measure(const Folder& folder, const std::string& name, const char* program) {
  if (!fs::exists(program)) {
    fmt::print("{} is not installed: the rows beside it are left out\n", program);
    return std::nullopt;
  }
  ServerFigures figures{.name = name};
  for (std::size_t i = 0; i < kSized.size(); ++i) {
    const auto& set = kSized[i];
    const auto place = folder.file(fmt::format("{} {}", name, i));
    T server{place};
    server.load(set);
    server.settle();
    figures.bytes_a_value[i] = static_cast<double>(server.bytes()) / (static_cast<double>(set.rows) * kValues);
    if (set.name != kMinutes.name) continue;
    if (numbers_in(server.month()) < 1'000 * kCells) give_up(name + " does not answer with all values");
    as_client([&] { figures.month_ms = median_ms(kRuns, [&] { static_cast<void>(numbers_in(server.month())); }); });
  }
  return figures;
}

}  // namespace

std::optional<ServerFigures> measure_victoria_metrics(const Folder& folder) {
  return measure<VictoriaMetrics>(folder, "VictoriaMetrics", kVictoriaMetrics);
}
std::optional<ServerFigures> measure_influxdb(const Folder& folder) { return measure<InfluxDb>(folder, "InfluxDB", kInfluxDb); }

}  // namespace bmsgate::bench
