// SPDX-License-Identifier: Apache-2.0
// Turns what the hub announces into lines of the event log: alarms with cell, value and worst value, links that came and went, restarts,
// identity, settings, commands. Loop thread; the recorder writes.
#pragma once

#include "core/hub.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {

class Journal final : public core::Subscriber {
 public:
  Journal(const core::Hub& hub, const core::Clock& clock, Recorder& recorder) noexcept : hub_{hub}, clock_{clock}, recorder_{recorder} {}

  void on_event(const core::Event& event) noexcept override;

 private:
  const core::Hub& hub_;
  const core::Clock& clock_;
  Recorder& recorder_;
};

/// The line of an event; `at_ms` stands in where the event carries no time. Public for the event stream, which shows the same.
[[nodiscard]] EventRow event_row(const core::Hub& hub, const core::Event& event, core::UtcMs at_ms);

}  // namespace bmsgate::outputs
