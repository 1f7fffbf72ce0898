// SPDX-License-Identifier: Apache-2.0
// Completes every reading with the gateway's own counters, and has them kept across restarts. Loop thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/hub.hpp"
#include "core/tally.hpp"

namespace bmsgate::outputs {

class EnergyMeter final : public core::Completer {
 public:
  /// `load` gives the text kept under a key, or nothing; `keep` keeps one (called at most once a second and pack; it must
  /// not write at once).
  using Load = std::function<std::optional<std::string>(std::string_view key)>;
  using Keep = std::function<void(std::string key, std::string value)>;

  EnergyMeter(const core::Hub& hub, Load load, Keep keep);
  /// Under which key the counters of a pack are kept.
  [[nodiscard]] static std::string key_of(const core::Hub& hub, core::PackIndex pack);
  void complete(core::Reading& reading) noexcept override;
  /// Keeps all counters now (at the end of the program).
  void keep_all();

 private:
  struct Slot {
    bool loaded{false};
    core::Tally tally;
    core::Instant kept_at{};
  };
  void keep(core::PackIndex pack);

  const core::Hub& hub_;
  Load load_;
  Keep keep_;
  std::array<Slot, core::kMaxPacks> slots_{};
};

/// Under which key the counters of a pack are kept.
[[nodiscard]] std::string tally_key(std::string_view pack);
/// The counters as the text that is kept, and back (nullopt: not that form).
[[nodiscard]] std::string to_text(const core::TallyState& state);
[[nodiscard]] std::optional<core::TallyState> tally_of(std::string_view text);

}  // namespace bmsgate::outputs
