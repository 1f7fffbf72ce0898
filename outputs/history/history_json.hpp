// SPDX-License-Identifier: Apache-2.0
// Answers of the history as JSON text and as the compact binary form. Any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "outputs/history/days.hpp"
#include "outputs/history/query.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

/// {"from","to","step_s","t":[…],"series":{"soc":{"min","avg","max"},"cell_voltage":[{…},…]}}: seconds, units, null in gaps.
void append_envelope(std::string& out, const Envelope& envelope);
/// The same as little-endian numbers (docs/history-format.md): "BGE1", counts, times, then min, mean and max of each series.
void append_envelope_binary(std::string& out, const Envelope& envelope);
/// One element of /days.
void append_day(std::string& out, const DaySummary& day);
/// One element of /energy: `period` is "2026-11" or "2026".
void append_period(std::string& out, std::string_view period, const DaySummary& sum);
/// /statistics.
void append_statistics(std::string& out, const DaySummary& sum, core::UtcMs since_ms);
/// One element of /events.
void append_event_row(std::string& out, const EventRow& event);

}  // namespace bmsgate::outputs
