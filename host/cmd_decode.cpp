// SPDX-License-Identifier: Apache-2.0
// `bmsgate decode`: feeds a dialect and prints what it reports.
#include "host/cmd_decode.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>

#include "core/reading.hpp"
#include "host/decode_input.hpp"
#include "outputs/pack_json.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::host {
namespace {

using core::LineCounters;

constexpr std::size_t kMaxInput = std::size_t{256} << 20U;
constexpr std::uint64_t kPauseUs = 100'000;  // a reply does not pause that long, even behind a slow USB adapter

/// The counters that make up `errors`.
struct ErrorName {
  std::string_view key;
  std::uint32_t LineCounters::*count;
};
constexpr auto kErrors = std::to_array<ErrorName>({
    {"bad_checksum", &LineCounters::bad_checks},
    {"truncated", &LineCounters::truncated},
    {"unknown_reply", &LineCounters::unknown},
});

int complain(std::string_view what, int status) {
  std::fprintf(stderr, "bmsgate decode: %.*s\n", static_cast<int>(what.size()), what.data());
  return status;
}

/// What one line of output says: a live reading with the settings and the identity that were heard along with it.
struct Line {
  std::uint8_t address{0};
  std::optional<core::Sample> live;
  std::optional<core::BmsSettings> settings;
  std::optional<core::Identity> identity;

  /// False if something of it is here already, and is another one: then a new line is due.
  [[nodiscard]] bool takes(const core::Report& report) const {
    if (report.address != address) return false;
    if (report.live != nullptr && live) return false;
    if (report.settings != nullptr && settings && !(*report.settings == *settings)) return false;
    return report.identity == nullptr || !identity || *report.identity == *identity;
  }
  void add(const core::Report& report) {
    address = report.address;
    if (report.live != nullptr) live = *report.live;
    if (report.settings != nullptr) settings = *report.settings;
    if (report.identity != nullptr) identity = *report.identity;
  }
};

/// Holds each reading until the next one comes, so that what follows the last one belongs to it.
class Printer final : public core::ReportSink {
 public:
  Printer(core::Protocol& protocol, std::string& out) : protocol_{protocol}, out_{out} {}

  void on_report(const core::Report& report) noexcept override {
    if (line_ && !line_->takes(report)) print(held_);
    if (!line_) line_.emplace();
    line_->add(report);
    held_ = protocol_.counters();
  }
  /// The input has ended.
  void finish() {
    if (line_ || !printed_) print(protocol_.counters());
  }

 private:
  void print(const LineCounters& until);
  void append_errors(const LineCounters& until);

  core::Protocol& protocol_;
  std::string& out_;
  std::optional<Line> line_;
  LineCounters from_;  // as the line before ended
  LineCounters held_;  // as the held line ended
  bool printed_{false};
};

void Printer::append_errors(const LineCounters& until) {
  out_ += '[';
  for (const auto& error : kErrors) {
    const auto count = until.*error.count - from_.*error.count;
    if (count == 0) continue;
    if (out_.back() != '[') out_ += ',';
    out_ += R"({"error":)";
    outputs::append_string(out_, error.key);
    out_ += R"(,"count":)";
    outputs::append_integer(out_, count);
    out_ += '}';
  }
  out_ += ']';
}

void Printer::print(const LineCounters& until) {
  const auto line = line_.value_or(Line{});
  core::Sample sample = line.live.value_or(core::Sample{});
  if (line.settings) settings_to_fields(*line.settings, sample);
  if (line.live) {
    const auto measured = sample;
    core::derive(sample);
    sample.merge(measured);  // here people see what the frames say, also where it is late or rounded
  }
  out_ += R"({"protocol":)";
  outputs::append_string(out_, protocol_.info().key);
  out_ += R"(,"address":)";
  if (line_) {
    outputs::append_integer(out_, line.address);
  } else {
    out_ += "null";
  }
  out_ += R"(,"fields":)";
  outputs::append_fields(out_, sample);
  out_ += R"(,"alarms":)";
  outputs::append_alarms(out_, sample.alarms);
  out_ += R"(,"settings":)";
  outputs::append_settings(out_, line.settings.value_or(core::BmsSettings{}));
  out_ += R"(,"info":)";
  outputs::append_info(out_, line.identity.value_or(core::Identity{}));
  out_ += R"(,"frames_ok":)";
  outputs::append_integer(out_, until.frames_ok - from_.frames_ok);
  out_ += R"(,"bytes_skipped":)";
  outputs::append_integer(out_, until.bytes_skipped - from_.bytes_skipped);
  out_ += R"(,"errors":)";
  append_errors(until);
  out_ += "}\n";
  from_ = until;
  line_.reset();
  printed_ = true;
}

/// A pause, and the turn from reply to request, end what was incomplete.
void feed_all(core::Protocol& protocol, const std::vector<InputPiece>& pieces, core::ReportSink& sink) {
  const InputPiece* before = nullptr;
  for (const auto& piece : pieces) {
    const bool pause = before != nullptr && (piece.at_us > before->at_us + kPauseUs || (piece.to_bms && !before->to_bms));
    if (pause) protocol.quiet(sink);
    protocol.feed(piece.bytes, sink);
    before = &piece;
  }
  protocol.flush(sink);
}

class NoSink final : public core::ReportSink {
 public:
  void on_report(const core::Report& /*report*/) noexcept override {}
};

/// The dialect that makes most of the input: most good frames, then fewest bytes left over, then most frames that are merely damaged.
protocols::Dialect best_dialect(const std::vector<InputPiece>& pieces) {
  using Score = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
  std::optional<Score> best;
  auto dialect = protocols::Dialect::kJkNw;
  for (const auto& entry : protocols::kDialects) {
    const auto box = std::make_unique<protocols::ProtocolBox>(entry.id);
    NoSink sink;
    feed_all(**box, pieces, sink);
    const auto& seen = (*box)->counters();
    const Score score{seen.frames_ok, std::numeric_limits<std::uint32_t>::max() - seen.bytes_skipped, 2 * seen.bad_checks + seen.truncated};
    // Bare JK frames are as good to jk-pb, but jk-ble knows both layouts.
    if (best && (score < *best || (score == *best && entry.id != protocols::Dialect::kJkBle))) continue;
    best = score;
    dialect = entry.id;
  }
  return dialect;
}

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// Empty result = done.
std::string read_all(const std::string& path, std::string& text) {
  const bool standard = path.empty() || path == "-";
  const std::unique_ptr<std::FILE, CloseFile> opened{standard ? nullptr : std::fopen(path.c_str(), "rb")};
  if (!standard && !opened) return "cannot open " + path + ": " + std::strerror(errno);
  auto* file = standard ? stdin : opened.get();
  std::array<char, 65536> part{};
  while (const auto got = std::fread(part.data(), 1, part.size(), file)) {
    text.append(part.data(), got);
    if (text.size() > kMaxInput) return (standard ? "standard input" : path) + std::string{": more than 256 MiB, cut it into parts"};
  }
  if (std::ferror(file) != 0) return "cannot read " + (standard ? "standard input" : path) + ": " + std::strerror(errno);
  return {};
}

std::optional<InputFormat> find_format(std::string_view name) {
  if (name == "hex") return InputFormat::kHex;
  if (name == "bin") return InputFormat::kBin;
  if (name == "capture") return InputFormat::kCapture;
  return std::nullopt;
}

std::string dialect_names() {
  std::string names;
  for (const auto& entry : protocols::kDialects) {
    names += entry.key;
    names += ", ";
  }
  return names + "auto";
}

}  // namespace

int run_decode(const DecodeArgs& args) {
  const auto format = find_format(args.format);
  if (!format) return complain("there is no format '" + args.format + "'; there are hex, bin, capture", 2);
  auto dialect = protocols::find_dialect(args.protocol);
  if (!dialect && args.protocol != "auto") {
    return complain("there is no protocol '" + args.protocol + "'; there are " + dialect_names(), 2);
  }
  std::string text;
  if (const auto wrong = read_all(args.file, text); !wrong.empty()) return complain(wrong, 1);
  const std::string name = args.file.empty() || args.file == "-" ? "standard input" : args.file;
  std::vector<InputPiece> pieces;
  if (const auto wrong = parse_input(text, *format, pieces); !wrong.empty()) return complain(name + ", " + wrong, 1);
  const bool empty = std::all_of(pieces.begin(), pieces.end(), [](const InputPiece& piece) { return piece.bytes.empty(); });
  if (empty) return complain(name + " holds no bytes", 1);

  if (!dialect) dialect = best_dialect(pieces);
  const auto box = std::make_unique<protocols::ProtocolBox>(*dialect);
  std::string out;
  Printer printer{**box, out};
  feed_all(**box, pieces, printer);
  printer.finish();
  const bool written = std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
  return written ? 0 : complain(std::string{"cannot write: "} + std::strerror(errno), 1);
}

}  // namespace bmsgate::host
