// SPDX-License-Identifier: Apache-2.0
// One client that asks without a pause, 16 packs that must not notice.
#include "bench/history_live.hpp"

#include <atomic>

#include "bench/history_data.hpp"
#include "bench/history_http.hpp"
#include "bench/history_packs.hpp"

namespace bmsgate::bench {
namespace {

constexpr int kPacks = 16;
constexpr std::chrono::seconds kWarmUp{5};
constexpr std::chrono::seconds kQuiet{15};  // with nobody asking, for the processor time
constexpr int kMonthsOfCsv = 5;

std::chrono::seconds asking_time() {
  const char* given = std::getenv("BENCH_SECONDS");
  return std::chrono::seconds{given != nullptr ? std::atoi(given) : 100};
}

/// The program with a past of three packs that are no longer there (one for each tier), and 16 that are. A commit each second, sixty times
/// as often as by default: whatever writing disturbs is seen in the time of a benchmark.
std::unique_ptr<Child> start_program(const Folder& folder, const std::vector<std::uint16_t>& links, std::uint16_t web) {
  fs::create_directories(folder.file("data"));
  for (const auto& [pack, set] : {std::pair{"minutes", kMinutes}, std::pair{"seconds", kSeconds}, std::pair{"halfyear", kHalfYear}}) {
    add_history(folder.file("data/history.db"), pack, set);
  }
  std::string toml = fmt::format(
      "[web]\nport = {}\nlisten = \"127.0.0.1\"\n[history]\nrecent_days = 0\nminute_days = 0\nlong_days = 0\ncommit_s = 1\n", web);
  for (std::size_t i = 0; i < links.size(); ++i) {
    toml += fmt::format(
        "[[bus]]\nid = \"line{0}\"\nlink = \"tcp:127.0.0.1:{1}\"\n"
        "[[pack]]\nid = \"p{0}\"\nbus = \"line{0}\"\nprotocol = \"jk-pb\"\naddress = 1\npoll_s = 1\n",
        i + 1, links[i]);
  }
  folder.write("live.toml", toml);
  return std::make_unique<Child>(
      std::vector<std::string>{program(), "run", "--config", folder.file("live.toml"), "--data", folder.file("data")},
      folder.file("live.log"));
}

std::string target(std::string_view pack, core::UtcMs span_ms, int points) {
  return fmt::format("/api/v1/packs/{}/history?from={}&to={}&fields=cell_voltage&points={}", pack, kStart / 1000,
                     (kStart + span_ms) / 1000 - 1, points);
}

std::string csv_target(core::UtcMs span_ms) {
  std::string fields = "cell_voltage";
  for (const auto field : kScalars) fields += fmt::format(",{}", core::info(field).key);
  return fmt::format("/api/v1/packs/minutes/history.csv?from={}&to={}&every=1m&fields={}", kStart / 1000, (kStart + span_ms) / 1000 - 1,
                     fields);
}

/// How late a thread wakes that only waits: what this machine adds to every figure here.
std::vector<double> timer_lateness(const std::atomic<bool>& stop) {
  std::vector<double> late;
  auto next = Steady::now();
  while (!stop) {
    next += std::chrono::milliseconds{20};
    std::this_thread::sleep_until(next);
    late.push_back(std::chrono::duration<double, std::milli>(Steady::now() - next).count());
  }
  return late;
}

/// The kinds of questions in turn, again and again, and how long each took.
class Asker {
 public:
  explicit Asker(std::uint16_t port) : http_{port} {}

  void ask_all() {
    ask_json(month_ms, target("minutes", 30 * kDayMs, 1'000), 1'000);
    ask_json(day_ms, target("seconds", kDayMs, 1'440), 1'440);
    ask_json(half_year_ms, target("halfyear", 180 * kDayMs, 1'440), 1'440);
    csv(30 * kDayMs);
  }
  void csv(core::UtcMs span_ms) {
    const auto begin = Steady::now();
    const auto bytes = http_.get(csv_target(span_ms)).size();
    csv_mb_s.push_back(static_cast<double>(bytes) / 1e6 / std::chrono::duration<double>(Steady::now() - begin).count());
  }

  std::vector<double> month_ms, day_ms, half_year_ms, csv_mb_s;

 private:
  void ask_json(std::vector<double>& times, const std::string& url, std::size_t points) {
    const auto begin = Steady::now();
    const auto numbers = numbers_in(http_.get(url));
    times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begin).count());
    if (numbers < points * kCells * 3) give_up(fmt::format("{}: {} numbers are too few", url, numbers));
  }

  HttpClient http_;
};

}  // namespace

LiveFigures measure_live(const Folder& folder) {
  LiveFigures figures;
  VirtualPacks packs{kPacks};
  const auto web = free_port();
  const auto child = start_program(folder, packs.ports(), web);
  std::this_thread::sleep_for(kWarmUp);

  auto cpu = cpu_seconds(child->pid());
  std::this_thread::sleep_for(kQuiet);
  figures.processor_pct = (cpu_seconds(child->pid()) - cpu) / std::chrono::duration<double>(kQuiet).count() * 100;

  Asker asker{web};
  asker.csv(kDayMs);
  const auto memory = memory_mb(child->pid(), "VmHWM:");
  for (int i = 0; i < kMonthsOfCsv; ++i) asker.csv(30 * kDayMs);
  figures.csv_memory_mb = memory_mb(child->pid(), "VmHWM:") - memory;
  asker.ask_all();
  asker.csv_mb_s.clear();

  std::atomic<bool> stop{false};
  std::vector<double> timer;
  std::thread control{[&] { timer = timer_lateness(stop); }};
  packs.begin();
  const auto begin = Steady::now();
  as_client([&] {
    while (Steady::now() < begin + asking_time()) asker.ask_all();
  });
  const auto wall = std::chrono::duration<double>(Steady::now() - begin).count();
  stop = true;
  control.join();
  if (!child->alive()) give_up("the gateway ended by itself");
  const auto late = packs.finish(std::chrono::seconds{1});

  figures.polls_a_second = static_cast<double>(late.size()) / wall;
  figures.poll_late_ms = quantiles(late);
  figures.timer_late_ms = quantiles(timer);
  figures.queries = 4 * asker.csv_mb_s.size();
  figures.month_ms = quantiles(asker.month_ms).median;
  figures.day_ms = quantiles(asker.day_ms).median;
  figures.half_year_ms = quantiles(asker.half_year_ms).median;
  figures.csv_mb_s = quantiles(asker.csv_mb_s).median;
  return figures;
}

}  // namespace bmsgate::bench
