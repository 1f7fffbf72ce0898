// SPDX-License-Identifier: Apache-2.0
// Daily files and monthly archives.
#include "host/web/history_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "outputs/history/csv.hpp"
#include "outputs/history/day_list.hpp"
#include "outputs/history/import.hpp"
#include "outputs/pack_json.hpp"
#include "outputs/tar_gz.hpp"

namespace bmsgate::host::web {
namespace {

using outputs::LocalDay;
using outputs::Recorder;
using outputs::Store;

struct DayFile {
  std::string pack;
  LocalDay day;
};

LocalDay month_after(LocalDay first) { return {first.month == 12 ? first.year + 1 : first.year, first.month % 12 + 1, 1}; }

Response busy() { return problem(503, "the history is busy; try again in a moment"); }

Response no_day(LocalDay day, std::string_view pack) {
  return problem(404, fmt::format("there is no {}{}{}: nothing was recorded on that day", outputs::daily_csv_name(day),
                                  pack.empty() ? "" : " of pack ", pack));
}

/// Packs that are meant; those that are gone from the settings keep their files.
std::vector<std::string> packs_of(const Store& store, const std::string& wanted) {
  return wanted.empty() ? store.packs() : std::vector{wanted};
}

/// A file belongs to one pack: the one that is named, or the only one. nullopt: it has to be named.
std::optional<std::string> one_pack(const Store& store, const std::string& wanted) {
  auto packs = packs_of(store, wanted);
  return packs.size() == 1 ? std::optional{std::move(packs.front())} : std::nullopt;
}
Response name_the_pack() { return problem(400, "several packs have such a file: add ?pack=ID"); }

std::vector<DayFile> files_of_month(const Store& store, Recorder& recorder, LocalDay first, const std::string& pack) {
  std::vector<DayFile> files;
  const auto from_ms = outputs::start_of(first);
  const auto to_ms = outputs::start_of(month_after(first));
  for (const auto& name : packs_of(store, pack)) {
    for (const auto& day : outputs::days_with_data(store, recorder.pending(name), name, from_ms, to_ms)) files.push_back({name, day});
  }
  return files;
}

void append_file(std::string& out, const DayFile& file, std::size_t size, core::UtcMs now_ms) {
  if (out.size() > 1) out += ',';
  out += fmt::format(R"({{"name":"{}","kind":"log","size":{},"modified":)", outputs::daily_csv_name(file.day), size);
  outputs::append_time(out, std::min(outputs::start_of(outputs::next(file.day)), now_ms));
  out += ",\"pack\":";
  outputs::append_string(out, file.pack);
  out += '}';
}

/// An archive on its way: each piece holds some days, made on the reader thread when the client has taken the one before.
class MonthBody final : public BodySource {
 public:
  MonthBody(const HistorySource& source, std::vector<DayFile> files)
      : reader_{source.reader}, state_{std::make_shared<State>(source.recorder, std::move(files), source.clock.utc_ms())} {}

  void next(Give give) override {
    const bool taken = reader_.ask([state = state_, give](const Store* store) {
      auto piece = std::make_shared<std::string>();
      while (store != nullptr && !state->ended && piece->size() < kPieceBytes) state->add_day(*store, *piece);
      give(piece->empty() ? nullptr : Piece{piece});
    });
    if (!taken) give(nullptr);
  }

 private:
  static constexpr std::size_t kPieceBytes = 64 * 1024;
  struct State {
    State(Recorder& to, std::vector<DayFile> days, core::UtcMs now) : recorder{to}, files{std::move(days)}, now_ms{now} {}
    void add_day(const Store& store, std::string& out) {
      if (at == files.size()) {
        archive.finish(out);
        ended = true;
        return;
      }
      const auto& [pack, day] = files[at++];
      const auto modified_ms = std::min(outputs::start_of(outputs::next(day)), now_ms);
      const auto csv = outputs::daily_csv(store, recorder.pending(pack), pack, day);
      if (!csv.empty()) archive.add(fmt::format("{}/{}", pack, outputs::daily_csv_name(day)), csv, modified_ms / 1000, out);
    }
    Recorder& recorder;
    std::vector<DayFile> files;
    core::UtcMs now_ms;
    outputs::TarGz archive;
    std::size_t at{0};
    bool ended{false};
  };
  outputs::HistoryReader& reader_;
  std::shared_ptr<State> state_;
};

}  // namespace

bool parse_month_name(std::string_view name, LocalDay& first) {
  constexpr std::string_view kFront = "batt_";
  constexpr std::string_view kBack = ".tar.gz";
  if (name.size() != kFront.size() + 6 + kBack.size() || !name.starts_with(kFront) || !name.ends_with(kBack)) return false;
  const auto digits = name.substr(kFront.size(), 6);
  return outputs::parse(fmt::format("{}-{}-01", digits.substr(0, 4), digits.substr(4)), first);
}

void list_months(const HistorySource& source, const Reply& reply) {
  const bool taken = source.reader.ask([reply, &recorder = source.recorder, now_ms = source.clock.utc_ms()](const Store* store) {
    std::set<std::string> months;
    for (const auto& pack : store != nullptr ? store->packs() : std::vector<std::string>{}) {
      for (const auto& day : outputs::days_with_data(*store, recorder.pending(pack), pack, 0, now_ms + 1)) {
        months.insert(outputs::text(day).substr(0, 7));
      }
    }
    std::string out = "[";
    for (const auto& month : months) {
      if (out.size() > 1) out += ',';
      outputs::append_string(out, month);
    }
    reply(json_response(out + "]"));
  });
  if (!taken) reply(busy());
}

void list_days(const HistorySource& source, LocalDay first, std::string pack, const Reply& reply) {
  const bool taken = source.reader.ask(
      [reply, &recorder = source.recorder, first, pack = std::move(pack), now_ms = source.clock.utc_ms()](const Store* store) {
        std::string out = "[";
        auto files = store != nullptr ? files_of_month(*store, recorder, first, pack) : std::vector<DayFile>{};
        std::stable_sort(files.begin(), files.end(), [](const DayFile& a, const DayFile& b) { return a.day > b.day; });
        for (const auto& file : files) {
          const auto size = outputs::daily_csv(*store, recorder.pending(file.pack), file.pack, file.day).size();
          if (size > 0) append_file(out, file, size, now_ms);
        }
        reply(json_response(out + "]"));
      });
  if (!taken) reply(busy());
}

void send_day(const HistorySource& source, LocalDay day, std::string pack, const Reply& reply) {
  const bool taken = source.reader.ask([reply, &recorder = source.recorder, day, wanted = std::move(pack)](const Store* store) {
    if (store == nullptr) return reply(no_day(day, wanted));
    const auto id = one_pack(*store, wanted);
    if (!id) return reply(name_the_pack());
    Response response;
    response.body = outputs::daily_csv(*store, recorder.pending(*id), *id, day);
    if (response.body.empty()) return reply(no_day(day, *id));
    response.type = "text/csv; charset=utf-8";
    response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", outputs::daily_csv_name(day)));
    reply(std::move(response));
  });
  if (!taken) reply(busy());
}

void send_month(const HistorySource& source, LocalDay first, std::string pack, const Reply& reply) {
  const bool taken = source.reader.ask([reply, source, first, pack = std::move(pack)](const Store* store) {
    const auto month = outputs::text(first).substr(0, 7);
    auto files = store != nullptr ? files_of_month(*store, source.recorder, first, pack) : std::vector<DayFile>{};
    if (files.empty()) return reply(problem(404, fmt::format("nothing was recorded in {}", month)));
    Response response;
    response.type = "application/gzip";
    response.headers.emplace_back("Content-Disposition",
                                  fmt::format("attachment; filename=\"batt_{}{}.tar.gz\"", month.substr(0, 4), month.substr(5)));
    response.source = std::make_shared<MonthBody>(source, std::move(files));
    reply(std::move(response));
  });
  if (!taken) reply(busy());
}

void remove_day(const HistorySource& source, LocalDay day, std::string pack, std::string_view user, const Reply& reply) {
  auto erase = [reply, source, day, user = std::string{user}](const std::string& id) {
    outputs::EventRow event;
    event.at_ms = source.clock.utc_ms();
    event.kind = "system";
    event.pack = id;
    event.key = "history_deleted";
    event.severity = "info";
    event.text = fmt::format("{} was deleted", outputs::daily_csv_name(day));
    event.origin = user;
    auto done = [reply, event, &recorder = source.recorder](bool ok) {
      if (!ok) return reply(problem(503, "the disk does not allow it; nothing was deleted"));
      recorder.log_event(event);
      Response response;
      response.status = 204;
      reply(std::move(response));
    };
    if (!source.recorder.erase(id, outputs::start_of(day), outputs::start_of(outputs::next(day)), std::move(done))) reply(busy());
  };
  const bool taken = source.reader.ask([reply, source, day, wanted = std::move(pack), erase](const Store* store) {
    if (store == nullptr) return reply(no_day(day, wanted));
    const auto id = one_pack(*store, wanted);
    if (!id) return reply(name_the_pack());
    const auto from_ms = outputs::start_of(day);
    const auto to_ms = outputs::start_of(outputs::next(day));
    if (outputs::days_with_data(*store, source.recorder.pending(*id), *id, from_ms, to_ms).empty()) return reply(no_day(day, *id));
    erase(*id);
  });
  if (!taken) reply(busy());
}

void import_csv(const HistorySource& source, const Request& request, const Reply& reply) {
  const auto pack = request.parameter("pack").value_or("");
  if (source.hub.find(pack) == core::kNoPack) return reply(problem(404, fmt::format("pack: there is no pack '{}'; add ?pack=ID", pack)));
  // The last hours are the gateway's own business: their rows are still being made.
  const auto before_ms = source.clock.utc_ms() - 2 * 3'600'000;
  auto job = [reply, source, pack, before_ms, name = request.parameter("name").value_or(""), text = std::string{request.body},
              user = request.caller.user](const Store*) {
    auto csv = outputs::read_original_csv(text, name, before_ms);
    if (!csv.error.empty()) return reply(problem(422, csv.error));
    const auto read = csv.rows.times.size();
    outputs::EventRow event;
    event.at_ms = source.clock.utc_ms();
    event.kind = "system";
    event.pack = pack;
    event.key = "history_imported";
    event.severity = "info";
    event.origin = user;
    auto done = [reply, event, read, skipped = csv.skipped, from_ms = csv.from_ms, to_ms = csv.to_ms,
                 &recorder = source.recorder](std::optional<std::size_t> added) mutable {
      if (!added) return reply(problem(503, "the disk does not allow it; nothing was imported"));
      event.text = fmt::format("{} rows of history were imported", *added);
      if (*added > 0) recorder.log_event(event);
      std::string out = fmt::format("{{\"rows\":{},\"skipped\":{},\"from\":", *added, skipped + read - *added);
      outputs::append_time(out, from_ms);
      out += ",\"to\":";
      outputs::append_time(out, to_ms);
      reply(json_response(out + "}"));
    };
    if (!source.recorder.insert(pack, std::move(csv.rows), std::move(done))) reply(busy());
  };
  if (!source.reader.ask(std::move(job))) reply(busy());
}

}  // namespace bmsgate::host::web
