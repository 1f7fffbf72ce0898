// SPDX-License-Identifier: Apache-2.0
// The daily files batt_YYYYMMDD.csv and the monthly archives batt_YYYYMM.tar.gz: made from the history when they are asked for.
// Part of the file routes; called on the loop thread, answers come from the history's threads.
#pragma once

#include <string>
#include <string_view>

#include "host/web/api_history.hpp"
#include "outputs/local_time.hpp"

namespace bmsgate::host::web {

/// Months that have files, oldest first: ["2026-05", …]
void list_months(const HistorySource& source, const Reply& reply);
/// The daily files of a month, newest first, of one pack or (empty) of all.
void list_days(const HistorySource& source, outputs::LocalDay first, std::string pack, const Reply& reply);
/// One daily file. `pack` may be empty where there is only one.
void send_day(const HistorySource& source, outputs::LocalDay day, std::string pack, const Reply& reply);
/// All daily files of a month as a .tar.gz, made while it is sent: PACK/batt_YYYYMMDD.csv.
void send_month(const HistorySource& source, outputs::LocalDay first, std::string pack, const Reply& reply);
/// Takes the readings of a day out of the history, and says so in the event log.
void remove_day(const HistorySource& source, outputs::LocalDay day, std::string pack, std::string_view user, const Reply& reply);
/// Takes a CSV file of the original into the history of a pack: {"rows","skipped","from","to"}.
void import_csv(const HistorySource& source, const Request& request, const Reply& reply);

/// "batt_202611.tar.gz"; `first`: the first day of that month.
[[nodiscard]] bool parse_month_name(std::string_view name, outputs::LocalDay& first);

}  // namespace bmsgate::host::web
