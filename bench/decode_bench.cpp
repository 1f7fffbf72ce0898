// SPDX-License-Identifier: Apache-2.0
// Time to decode one captured frame: fed whole through Protocol, its values copied out of the report into a Sample. Median of 101 rounds of
// 2,000 calls. The reference figures were measured on such a machine with the same
// frames, logging of the other programs compiled away.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>

#include "bench/report.hpp"
#include "protocols/registry.hpp"

namespace {

namespace json = boost::json;
using namespace bmsgate;

struct Case {
  std::string_view name;
  protocols::Dialect dialect;
  std::string_view file;
  std::string_view vector;
  std::string_view reference;
  double reference_us;
  double limit_us;
  std::size_t frames;  // in the vector
};

constexpr auto kCases = std::to_array<Case>({
    {"JK-PB status, 300 + 8 bytes", protocols::Dialect::kJkPb, "jk.json", "pb-15.41-a3-status", "syssi jk_bms_ble (C++)", 0.41, 0.5, 1},
    {"JK NW answer, 291 bytes", protocols::Dialect::kJkNw, "jk.json", "nw-16s-11.26-idle", "syssi jk_bms (C++)", 1.28, 1.0, 1},
    {"Daly A5 frame, 13 bytes", protocols::Dialect::kDalyA5, "daly.json", "a5-7s-full-cycle", "esphome daly_bms (C++)", 0.048, 0.15, 11},
});

std::vector<std::uint8_t> load(const Case& item) {
  std::ifstream file{std::string{BMSGATE_TEST_DATA} + "/captures/" + std::string{item.file}};
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::uint8_t> bytes;
  boost::system::error_code failed;
  const auto all = json::parse(text.str(), failed);
  if (failed || !all.is_array()) return bytes;
  for (const auto& entry : all.as_array()) {
    if (entry.at("id").as_string() != item.vector) continue;
    std::istringstream hex{std::string{entry.at("hex").as_string()}};
    for (unsigned byte = 0; hex >> std::hex >> byte;) bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  return bytes;
}

class Copy final : public core::ReportSink {
 public:
  void on_report(const core::Report& report) noexcept override {
    if (report.live != nullptr) sample = *report.live;
    ++reports;
  }
  core::Sample sample;
  std::uint64_t reports{0};
};

/// Microseconds for one call.
double measure(const Case& item, const std::vector<std::uint8_t>& bytes) {
  constexpr int kRounds = 101;
  constexpr int kCalls = 2000;
  const auto box = std::make_unique<protocols::ProtocolBox>(item.dialect);
  Copy sink;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int call = 0; call < kCalls; ++call) (*box)->feed(bytes, sink);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    rounds.push_back(took.count() / kCalls);
  }
  if (sink.reports == 0 || !sink.sample.has(core::Field::kPackVoltage)) return bench::kNone;
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

}  // namespace

int main() {
  std::vector<bench::Row> rows;
  for (const auto& item : kCases) {
    const auto value = measure(item, load(item)) / static_cast<double>(item.frames);
    rows.push_back({std::string{item.name}, value, "us", std::string{item.reference}, item.reference_us, item.limit_us});
  }
  return bench::report("decode", rows);
}
