// SPDX-License-Identifier: Apache-2.0
// Changes of what is already recorded: a range of time taken out, rows from elsewhere put in. Chunks that are touched are written anew.
// Inside a transaction of the writer (Store::begin() … commit()), which is undone as a whole where one of these fails. Writer thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

/// The rows of a chunk that lie outside of [from_ms, to_ms). Any thread.
[[nodiscard]] Chunk without(const Chunk& chunk, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms);

/// Takes [from_ms, to_ms) of a pack out of all tiers. A damaged chunk is left as it is. False: the disk did not allow it.
[[nodiscard]] bool erase_range(Store& store, std::string_view pack, core::UtcMs from_ms, core::UtcMs to_ms);

/// Puts rows into the 20-minute tier; rows whose tick has data already are left out. How many were new; nullopt: the disk did not allow it.
[[nodiscard]] std::optional<std::size_t> insert_rows(Store& store, std::string_view pack, const Chunk& rows);

}  // namespace bmsgate::outputs
