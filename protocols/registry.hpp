// SPDX-License-Identifier: Apache-2.0
// The dialects by name, and a place to put one without the heap. Used by host/ and tests/; loop thread of the owner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string_view>

#include "core/protocol.hpp"

namespace bmsgate::protocols {

enum class Dialect : std::uint8_t {
#define DIALECT(id, ...) id,
#include "protocols/registry.def"
#undef DIALECT
};

/// Room for the largest dialect; each dialect's file asserts that it fits.
inline constexpr std::size_t kProtocolSize = std::size_t{48} * 1024;
using ProtocolStorage = std::span<std::byte, kProtocolSize>;

// Each constructs its dialect in the storage given.
#define DIALECT(id, key, make) core::Protocol* make(ProtocolStorage storage) noexcept;
#include "protocols/registry.def"
#undef DIALECT

struct DialectEntry {
  Dialect id;
  std::string_view key;
  core::Protocol* (*make)(ProtocolStorage) noexcept;
};
inline constexpr auto kDialects = std::to_array<DialectEntry>({
#define DIALECT(id, key, make) {Dialect::id, key, make},
#include "protocols/registry.def"
#undef DIALECT
});

[[nodiscard]] constexpr std::optional<Dialect> find_dialect(std::string_view key) noexcept {
  for (const auto& entry : kDialects) {
    if (entry.key == key) return entry.id;
  }
  return std::nullopt;
}

/// Owns one dialect in place. Neither copied nor moved: the dialect may point into itself.
class ProtocolBox {
 public:
  explicit ProtocolBox(Dialect dialect) noexcept : protocol_{kDialects[static_cast<std::size_t>(dialect)].make(storage_)} {}
  ProtocolBox(const ProtocolBox&) = delete;
  ProtocolBox& operator=(const ProtocolBox&) = delete;

  [[nodiscard]] core::Protocol& operator*() noexcept { return *protocol_; }
  [[nodiscard]] core::Protocol* operator->() noexcept { return protocol_; }

 private:
  alignas(std::max_align_t) std::array<std::byte, kProtocolSize> storage_;
  core::Protocol* protocol_;
};

}  // namespace bmsgate::protocols
