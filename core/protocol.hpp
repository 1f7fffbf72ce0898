// SPDX-License-Identifier: Apache-2.0
// What a dialect is: a codec without clock and port. It builds requests and turns bytes into reports; when to send, how long to wait and
// what to believe is decided elsewhere (poller, gate). One object per bus and dialect; called on the loop thread only.
//
// The poller's side of a conversation:
//   configure(address) · for step 0, 1, …: next_request() → send → begin() → feed()… until progress() is kComplete or time is up → end()
//   → after the last step finish(address)
// A listener, a sniffer and `decode` only feed() and, when the line pauses, quiet().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bms_setting.hpp"
#include "core/command.hpp"
#include "core/fixed.hpp"
#include "core/frame_buffer.hpp"
#include "core/result.hpp"
#include "core/sample.hpp"

namespace bmsgate::core {

/// What one asks a BMS for. A dialect whose live answer brings the rest along has nothing to ask for kSettings and kIdentity.
enum class Part : std::uint8_t { kLive, kSettings, kIdentity };

/// One request, ready for the line.
struct Request {
  FixedVector<std::uint8_t, 64> bytes;
  std::uint8_t address{0};
  std::uint16_t tag{0};       // what is asked, in the dialect's own terms (register, data id)
  bool changes_state{false};  // a command: never sent without the command gate
};

/// Everything one answer (or one cycle of answers) said. The pointers are valid during the call only; nullptr = not part of it.
struct Report {
  std::uint8_t address{0};
  bool confirmed{true};      // false: only a weak check protects it (a JK-PB frame without its ACK): believe it when the next one agrees
  std::uint64_t carried{0};  // one bit per Field of `live` that was not asked anew but carried over from an earlier answer
  const Sample* live{nullptr};
  const BmsSettings* settings{nullptr};
  const Identity* identity{nullptr};
};

/// A frame that was seen, for link statistics, the sniffer and other masters' traffic.
struct FrameNote {
  enum class Kind : std::uint8_t { kRequest, kReply, kAck, kMirror };  // kMirror: our own request came back (echo, or a sleeping Daly)
  Kind kind{};
  std::uint8_t address{0};
  std::uint16_t tag{0};
  bool write{false};  // a request (or its answer) that changes something in the BMS
  std::span<const std::uint8_t> bytes;
};

/// Who listens to a dialect.
class ReportSink {
 public:
  virtual void on_report(const Report& report) noexcept = 0;
  virtual void on_frame(const FrameNote& /*note*/) noexcept {}

 protected:
  ~ReportSink() = default;
};

/// How far the answer to the request of begin() has come.
enum class Progress : std::uint8_t {
  kWaiting,   // nothing of it yet
  kPartial,   // more frames are to follow, or may follow until the line is quiet
  kComplete,  // all there
  kRefused,   // the BMS answered with an error
};

/// Numbers a poller needs. Times in ms, from the fact sheets in docs/protocols/.
struct Timing {
  std::uint32_t baud;
  std::uint16_t gap_ms;            // silence between the end of an answer and the next request
  std::uint16_t reply_timeout_ms;  // until the first byte of an answer
  std::uint16_t quiet_ms;          // silence that ends an answer of unknown length
  std::uint8_t retries;            // further tries after the first
  std::uint8_t wake_requests;      // requests that may go unheard by a sleeping BMS before it is called missing
};

struct DialectInfo {
  std::string_view key;
  std::string_view title;
  Timing timing;
  std::uint8_t min_address;
  std::uint8_t max_address;
  std::uint8_t default_address;
  bool has_master;                     // a foreign master may live on such a line (JK-PB with DIP 0)
  bool mirrors_asleep{false};          // a sleeping BMS sends our own request back (Daly)
  std::int32_t pack_resolution_mv{1};  // of the pack voltage, for the plausibility gate
  bool confirm_first{true};            // the gate wants a second reading before the first one counts
};

/// How to read the sign of a Daly current: two families of firmware disagree (docs/protocols/daly.md).
enum class CurrentSign : std::uint8_t { kAuto, kNormal, kInverted };

/// What a user may set about one pack's dialect, and what is known of it from before.
struct DialectOptions {
  CurrentSign current_sign{CurrentSign::kAuto};
  std::int8_t sign_before{0};  // learned_sign() of an earlier run: holds until this one has learned it
  bool fill_aa{false};         // Daly A5: fill requests with AA in place of 00
  bool every_detail{false};    // ask for every live datum in each poll, not in turn
};

class Protocol {
 public:
  [[nodiscard]] virtual const DialectInfo& info() const noexcept = 0;

  // ---- asking
  /// Prepares an address for polling; forgets what was learned about it.
  virtual void configure(std::uint8_t address, const DialectOptions& options) noexcept = 0;
  /// The step-th request of one poll for `part`; false = there is none (any more) and finish() is due.
  [[nodiscard]] virtual bool next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept = 0;
  /// The step-th request of a command; value() tells whether another step follows. kUnsupported, kOutOfRange: nothing was built.
  [[nodiscard]] virtual Result<bool> command(const Command& command, std::uint8_t address, unsigned step, Request& out) noexcept = 0;
  /// A request goes out now: what comes in from here on may be its answer.
  virtual void begin(const Request& request) noexcept = 0;
  [[nodiscard]] virtual Progress progress() const noexcept = 0;
  /// The answer is complete, or was given up (`answered` false: the dialect may try another way next time). Includes quiet().
  virtual void end(bool answered, ReportSink& sink) noexcept = 0;
  /// All steps of a poll are through: a dialect whose reading takes several answers reports it here, if none is missing.
  virtual void finish(std::uint8_t address, ReportSink& sink) noexcept = 0;
  /// +1 or -1: the sign of the current that was learned for this address; 0 = not (yet) known or not needed.
  [[nodiscard]] virtual int learned_sign(std::uint8_t /*address*/) const noexcept { return 0; }

  // ---- hearing
  /// Bytes as they come, in pieces of any size; requests of other masters among them are understood.
  virtual void feed(std::span<const std::uint8_t> bytes, ReportSink& sink) noexcept = 0;
  /// The line pauses (Timing::quiet_ms), or the input has ended: what is incomplete stays so.
  virtual void quiet(ReportSink& sink) noexcept = 0;
  /// Reports whatever has been gathered, complete or not: for `decode` at the end of its input.
  virtual void flush(ReportSink& sink) noexcept = 0;
  [[nodiscard]] virtual const LineCounters& counters() const noexcept = 0;

 protected:
  ~Protocol() = default;  // lives in a ProtocolBox, never deleted through this
};

}  // namespace bmsgate::core
