// SPDX-License-Identifier: Apache-2.0
// History routes.
#include "host/web/api_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "outputs/history/csv.hpp"
#include "outputs/history/findings.hpp"
#include "outputs/history/history_json.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

using outputs::Chunk;
using outputs::LocalDay;
using outputs::Store;

constexpr std::string_view kBinaryType = "application/vnd.bmsgate.history";
constexpr core::UtcMs kDayMs = 86'400'000;

/// A question about one pack, as the parameters tell it; or why it cannot be asked.
struct Range {
  std::string pack;
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
  std::vector<core::Field> fields;
  std::optional<Response> refused;
};

std::optional<Response> read_time(const Request& request, std::string_view name, core::UtcMs& out) {
  const auto text = request.parameter(name);
  if (!text || outputs::parse_time(*text, out)) return std::nullopt;
  return problem(400, fmt::format("{}: '{}' is not a time; give seconds since 1970, 2026-11-22 or 2026-11-22T18:00:00Z", name, *text));
}

std::optional<Response> read_fields(const Request& request, std::string_view fallback, std::vector<core::Field>& out) {
  const auto text = request.parameter("fields").value_or(std::string{fallback});
  std::string_view left = text;
  while (!left.empty()) {
    const auto comma = std::min(left.find(','), left.size());
    const auto key = left.substr(0, comma);
    left.remove_prefix(std::min(comma + 1, left.size()));
    const auto* field = core::find_field(key);
    if (field == nullptr) return problem(400, fmt::format("fields: there is no field '{}'; see docs/fields.md", key));
    if (std::find(out.begin(), out.end(), field->field) == out.end()) out.push_back(field->field);
  }
  if (out.empty()) return problem(400, "fields: name at least one, for instance fields=soc,cell_voltage");
  return std::nullopt;
}

/// A pack may be gone from the settings while its history is still there: any id of the right form is asked for.
Range read_range(const HistorySource& source, const Request& request, std::string_view fields, core::UtcMs default_span_ms) {
  Range range;
  range.pack = request.args[0];
  range.to_ms = source.clock.utc_ms();
  range.refused = read_time(request, "to", range.to_ms);
  range.from_ms = range.to_ms - default_span_ms;
  if (!range.refused) range.refused = read_time(request, "from", range.from_ms);
  if (!range.refused) range.refused = read_fields(request, fields, range.fields);
  if (!range.refused && range.from_ms > range.to_ms) range.refused = problem(400, "from lies behind to");
  return range;
}

/// Runs a job on the reader thread; says so where the history cannot answer.
void ask(const HistorySource& source, const Reply& reply, std::function<Response(const Store&)> job) {
  const bool taken = source.reader.ask([reply, &recorder = source.recorder, job = std::move(job)](const Store* store) {
    const auto trouble = store != nullptr ? std::string{} : recorder.trouble();
    reply(store != nullptr
              ? job(*store)
              : problem(503, fmt::format("there is no history: {}", trouble.empty() ? "nothing has been written so far" : trouble)));
  });
  if (!taken) reply(problem(503, "the history is busy; try again in a moment"));
}

void answer_range(const HistorySource& source, const Request& request, const Reply& reply) {
  auto range = read_range(source, request, "soc,cell_voltage", kDayMs);
  if (range.refused) return reply(std::move(*range.refused));
  int points = 1'440;
  if (const auto text = request.parameter("points")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), points);
    if (error != std::errc{} || end != text->data() + text->size() || points < 1 || points > outputs::kMaxPoints) {
      return reply(problem(400, fmt::format("points: '{}' is not a number from 1 to {}", *text, outputs::kMaxPoints)));
    }
  }
  const bool binary = request.header("accept").find(kBinaryType) != std::string_view::npos;
  ask(source, reply, [&recorder = source.recorder, range = std::move(range), points, binary](const Store& store) {
    const auto envelope =
        outputs::query(store, recorder.pending(range.pack), {range.pack, range.from_ms, range.to_ms, range.fields, points});
    Response response;
    if (binary) {
      response.type = kBinaryType;
      outputs::append_envelope_binary(response.body, envelope);
    } else {
      outputs::append_envelope(response.body, envelope);
    }
    return response;
  });
}

/// CSV in pieces, each made on the reader thread when the client has taken the one before.
class CsvBody final : public BodySource {
 public:
  CsvBody(outputs::HistoryReader& reader, outputs::Recorder& recorder, outputs::CsvQuestion question)
      : reader_{reader}, state_{std::make_shared<State>(recorder, std::move(question))} {}

  void next(Give give) override {
    const bool taken = reader_.ask([state = state_, give](const Store* store) {
      auto piece = std::make_shared<std::string>();
      // Hours without data make no text; the client waits for some, or for the end.
      bool more = store != nullptr && !state->ended;
      while (more && piece->size() < kPieceBytes) more = state->writer.next(*store, state->recorder.pending(state->pack), *piece);
      state->ended = !more;
      give(piece->empty() ? nullptr : Piece{piece});
    });
    if (!taken) give(nullptr);
  }

 private:
  static constexpr std::size_t kPieceBytes = 256 * 1024;
  struct State {
    State(outputs::Recorder& to, outputs::CsvQuestion question) : recorder{to}, pack{question.pack}, writer{std::move(question)} {}
    outputs::Recorder& recorder;
    std::string pack;
    outputs::CsvWriter writer;
    bool ended{false};
  };
  outputs::HistoryReader& reader_;
  std::shared_ptr<State> state_;
};

void answer_csv(const HistorySource& source, const Request& request, const Reply& reply) {
  auto range = read_range(source, request, "soc,pack_voltage,current,cell_voltage", 30 * kDayMs);
  if (range.refused) return reply(std::move(*range.refused));
  outputs::CsvQuestion question;
  const auto every = request.parameter("every").value_or("20m");
  if (!outputs::parse_step(every, question.every_ms)) {
    return reply(problem(400, fmt::format("every: '{}' is not a step; give 20m, 1h, 30s, 1d or raw", every)));
  }
  question.pack = range.pack;
  question.from_ms = range.from_ms;
  question.to_ms = range.to_ms;
  question.fields = range.fields;
  Response response;
  response.type = "text/csv; charset=utf-8";
  response.headers.emplace_back(
      "Content-Disposition", fmt::format("attachment; filename=\"{}_{}.csv\"", range.pack, outputs::text(outputs::day_of(range.from_ms))));
  response.source = std::make_shared<CsvBody>(source.reader, source.recorder, std::move(question));
  reply(std::move(response));
}

/// The days asked for: from=2026-05-01&to=2026-11-22; without them the last 400.
struct DayRange {
  LocalDay first;
  LocalDay last;
  std::optional<Response> refused;
};

DayRange read_days(const HistorySource& source, const Request& request) {
  core::UtcMs to_ms = source.clock.utc_ms();
  DayRange range;
  range.refused = read_time(request, "to", to_ms);
  core::UtcMs from_ms = to_ms - 400 * kDayMs;
  if (!range.refused) range.refused = read_time(request, "from", from_ms);
  if (!range.refused && from_ms > to_ms) range.refused = problem(400, "from lies behind to");
  range.first = outputs::day_of(from_ms);
  range.last = outputs::day_of(to_ms);
  return range;
}

using Days = std::vector<outputs::DaySummary>;

void answer_days(const HistorySource& source, const Request& request, const Reply& reply, std::function<std::string(const Days&)> write) {
  auto range = read_days(source, request);
  if (range.refused) return reply(std::move(*range.refused));
  ask(source, reply,
      [&recorder = source.recorder, now_ms = source.clock.utc_ms(), pack = request.args[0], range = std::move(range),
       write = std::move(write)](const Store& store) {
        return json_response(write(outputs::days(store, recorder.pending(pack), pack, range.first, range.last, now_ms)));
      });
}

std::string write_days(const Days& days) {
  std::string out = "[";
  for (const auto& day : days) {
    if (out.size() > 1) out += ',';
    outputs::append_day(out, day);
  }
  return out + "]";
}

std::string write_periods(const Days& days, bool by_year) {
  const auto period = [by_year](const LocalDay& day) { return outputs::text(day).substr(0, by_year ? 4 : 7); };
  std::string out = "[";
  for (std::size_t i = 0; i < days.size();) {
    std::size_t end = i;
    while (end < days.size() && period(days[end].day) == period(days[i].day)) ++end;
    if (i > 0) out += ',';
    outputs::append_period(out, period(days[i].day), outputs::sum_up({days.data() + i, end - i}));
    i = end;
  }
  return out + "]";
}

std::string write_statistics(const Days& days) {
  std::string out;
  outputs::append_statistics(out, outputs::sum_up(days), days.empty() ? 0 : outputs::start_of(days.front().day));
  return out;
}

void answer_findings(const HistorySource& source, const Request& request, const Reply& reply) {
  constexpr core::UtcMs kStudiedMs = 60 * kDayMs;
  ask(source, reply, [&recorder = source.recorder, pack = request.args[0], now_ms = source.clock.utc_ms()](const Store& store) {
    std::string out;
    outputs::append_study(out, outputs::study_cells(store, recorder.pending(pack), pack, now_ms - kStudiedMs, now_ms), now_ms);
    return json_response(std::move(out));
  });
}

void answer_events(const HistorySource& source, const Request& request, const Reply& reply) {
  outputs::EventFilter filter;
  auto refused = read_time(request, "from", filter.from_ms);
  if (!refused) refused = read_time(request, "to", filter.to_ms);
  if (refused) return reply(std::move(*refused));
  filter.pack = request.parameter("pack").value_or("");
  filter.kind = request.parameter("type").value_or("");
  const auto number = [&](std::string_view name, std::int64_t fallback) {
    const auto text = request.parameter(name).value_or("");
    std::int64_t value = fallback;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  filter.limit = static_cast<int>(std::clamp<std::int64_t>(number("limit", 200), 1, 1'000));
  filter.before_id = number("before", 0);
  ask(source, reply, [&recorder = source.recorder, filter](const Store& store) {
    if (recorder.events_wait()) static_cast<void>(recorder.flush());  // who reads the log wants to see what has just happened
    std::string out = "[";
    for (const auto& event : store.events(filter)) {
      if (out.size() > 1) out += ',';
      outputs::append_event_row(out, event);
    }
    return json_response(out + "]");
  });
}

/// How long the disk lasts at the pace of the last days; empty: for ever, as far as one can tell.
std::string lasts_days(const outputs::TierUse& use, std::uint64_t free_bytes, int limit_mb) {
  const auto covered_days = static_cast<double>(use.to_ms - use.from_ms) / static_cast<double>(kDayMs);
  if (covered_days < 0.01 || use.bytes == 0) return "null";
  const auto bytes_a_day = static_cast<double>(use.bytes) / covered_days;
  const auto room =
      limit_mb > 0 ? std::min(static_cast<double>(free_bytes), static_cast<double>(limit_mb) * 1048576 - static_cast<double>(use.bytes))
                   : static_cast<double>(free_bytes);
  return fmt::format("{:.0f}", std::max(0.0, room) / bytes_a_day);
}

void answer_storage(const HistorySource& source, const Reply& reply) {
  const std::array<std::pair<int, int>, 3> limits{{{source.options.recent_days, source.options.recent_mb},
                                                   {source.options.minute_days, source.options.minute_mb},
                                                   {source.options.long_days, source.options.long_mb}}};
  ask(source, reply,
      [limits, file = source.file, counters = source.recorder.counters(), trouble = source.recorder.trouble()](const Store& store) {
        std::error_code error;
        const auto space = std::filesystem::space(file.parent_path(), error);
        const auto free_bytes = error ? 0 : static_cast<std::uint64_t>(space.available);
        std::string out = "{\"tiers\":[";
        for (const auto& tier : outputs::kTiers) {
          const auto use = store.use(tier.tier);
          const auto [days, mb] = limits[static_cast<std::size_t>(tier.tier)];
          if (tier.tier != outputs::HistoryTier::kReadings) out += ',';
          out +=
              fmt::format("{{\"key\":\"{}\",\"retention_days\":{},\"size_limit_mb\":{},\"used_bytes\":{},\"rows\":{},\"from\":", tier.key,
                          days > 0 ? std::to_string(days) : "null", mb > 0 ? std::to_string(mb) : "null", use.bytes, use.rows);
          outputs::append_time(out, use.from_ms);
          out += ",\"to\":";
          outputs::append_time(out, use.to_ms);
          out += fmt::format(",\"lasts_days\":{}}}", lasts_days(use, free_bytes, mb));
        }
        const auto file_bytes = std::filesystem::file_size(file, error);
        const auto per_day = outputs::bytes_per_day(counters);
        std::string message;
        outputs::append_string(message, trouble);
        out += fmt::format(
            "],\"used_bytes\":{},\"free_bytes\":{},\"written_bytes\":{},\"written_bytes_per_day\":{},\"lost_readings\":{},\"message\":{}}}",
            error ? 0 : file_bytes, free_bytes, counters.bytes_written, per_day ? std::to_string(*per_day) : "null", counters.lost,
            trouble.empty() ? "null" : message);
        return json_response(out);
      });
}

}  // namespace

std::vector<Route> history_routes(HistorySource source) {
  const auto kept = std::make_shared<const HistorySource>(std::move(source));
  const auto by_days = [kept](std::string (*write)(const Days&)) {
    return [kept, write](const Request& request, const Reply& reply) { answer_days(*kept, request, reply, write); };
  };
  const auto energy = [kept](const Request& request, const Reply& reply) {
    const bool by_year = request.parameter("by") == "year";
    answer_days(*kept, request, reply, [by_year](const Days& days) { return write_periods(days, by_year); });
  };
  return {
      {Method::kGet, "/api/v1/packs/{id}/history", Role::kViewer, "A range of time in so many points: least, mean and greatest", "json",
       [kept](const Request& request, const Reply& reply) { answer_range(*kept, request, reply); }, "from,to,fields,points"},
      {Method::kGet, "/api/v1/packs/{id}/history.csv", Role::kViewer, "A range of time as CSV", "text/csv",
       [kept](const Request& request, const Reply& reply) { answer_csv(*kept, request, reply); }, "from,to,fields,every"},
      {Method::kGet, "/api/v1/packs/{id}/days", Role::kViewer, "What each day was like", "json", by_days(write_days), "from,to"},
      {Method::kGet, "/api/v1/packs/{id}/energy", Role::kViewer, "Energy by month or year", "json", energy, "by,from,to"},
      {Method::kGet, "/api/v1/packs/{id}/statistics", Role::kViewer, "All days as one", "json", by_days(write_statistics), "from,to"},
      {Method::kGet, "/api/v1/packs/{id}/findings", Role::kViewer, "What the last weeks tell about the cells", "json",
       [kept](const Request& request, const Reply& reply) { answer_findings(*kept, request, reply); }},
      {Method::kGet, "/api/v1/events", Role::kViewer, "The event log, newest first", "json",
       [kept](const Request& request, const Reply& reply) { answer_events(*kept, request, reply); }, "pack,from,to,type,limit,before"},
      {Method::kGet, "/api/v1/history/storage", Role::kViewer, "What the history takes, and how long the disk will last", "json",
       [kept](const Request&, const Reply& reply) { answer_storage(*kept, reply); }},
  };
}

}  // namespace bmsgate::host::web
