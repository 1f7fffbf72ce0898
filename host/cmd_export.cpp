// SPDX-License-Identifier: Apache-2.0
// History to standard output.
#include "host/cmd_export.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "outputs/history/csv.hpp"
#include "outputs/history/history_json.hpp"

namespace bmsgate::host {
namespace {

/// Damage in the file is told on standard error.
struct ErrorLines final : core::Logger {
  void write(core::Level, std::string_view who, std::string_view message) noexcept override {
    fmt::print(stderr, "bmsgate: {}: {}\n", who, message);
  }
};

int usage(std::string_view what) {
  fmt::print(stderr, "bmsgate: {}\n", what);
  return 2;
}

bool read_fields(std::string_view list, std::vector<core::Field>& out, std::string& unknown) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto* field = core::find_field(list.substr(0, comma));
    if (field == nullptr) {
      unknown = list.substr(0, comma);
      return false;
    }
    out.push_back(field->field);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}

/// What remains to be written when a pipe is closed is nobody's loss.
bool put(const std::string& text) { return std::fwrite(text.data(), 1, text.size(), stdout) == text.size(); }

int write_csv(const outputs::Store& store, outputs::CsvQuestion question) {
  outputs::CsvWriter writer{std::move(question)};
  std::string piece;
  bool more = true;
  while (more) {
    piece.clear();
    more = writer.next(store, {}, piece);
    if (!put(piece)) return 1;
  }
  return 0;
}

int write_json(const outputs::Store& store, const outputs::CsvQuestion& question) {
  const auto step_ms = std::max<std::int64_t>(question.every_ms, 1'000);
  const auto points = (question.to_ms - question.from_ms) / step_ms;
  if (points < 1 || points > outputs::kMaxPoints) {
    return usage(fmt::format("export: this makes {} steps; JSON holds 1 to {}, take a longer --every or CSV", points, outputs::kMaxPoints));
  }
  std::string out;
  outputs::append_envelope(
      out, outputs::query(store, {}, {question.pack, question.from_ms, question.to_ms, question.fields, static_cast<int>(points)}));
  return put(out + "\n") ? 0 : 1;
}

}  // namespace

int run_export(const ExportArgs& args) {
  outputs::CsvQuestion question;
  question.pack = args.pack;
  if (!outputs::parse_time(args.from, question.from_ms))
    return usage(fmt::format("export: --from '{}' is no time; give 2026-11-22 or 2026-11-22T18:00", args.from));
  if (!outputs::parse_time(args.to, question.to_ms))
    return usage(fmt::format("export: --to '{}' is no time; give 2026-11-22 or 2026-11-22T18:00", args.to));
  if (question.from_ms > question.to_ms) return usage("export: --from lies behind --to");
  if (!outputs::parse_step(args.every, question.every_ms))
    return usage(fmt::format("export: --every '{}' is no step; give 20m, 1h, 30s, 1d or raw", args.every));
  if (args.format != "csv" && args.format != "json")
    return usage(fmt::format("export: --format '{}' is neither csv nor json", args.format));
  std::string unknown;
  if (!read_fields(args.fields.empty() ? "soc,pack_voltage,current,cell_voltage" : args.fields, question.fields, unknown)) {
    return usage(fmt::format("export: there is no field '{}'; `bmsgate dump fields` lists them", unknown));
  }

  ErrorLines log;
  std::string why;
  const auto file = std::filesystem::path{args.data_dir.empty() ? "/var/lib/bmsgate" : args.data_dir} / "history.db";
  const auto store = outputs::Store::open(file.string(), outputs::OpenMode::kRead, log, why);
  if (!store) {
    fmt::print(stderr, "bmsgate: {}; --data names the data folder\n", why);
    return 1;
  }
  const auto packs = store->packs();
  if (std::find(packs.begin(), packs.end(), args.pack) == packs.end()) {
    fmt::print(stderr, "bmsgate: there is no history of a pack '{}'; there is of: {}\n", args.pack, fmt::join(packs, ", "));
    return 1;
  }
  return args.format == "csv" ? write_csv(*store, std::move(question)) : write_json(*store, question);
}

}  // namespace bmsgate::host
