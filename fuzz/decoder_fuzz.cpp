// SPDX-License-Identifier: Apache-2.0
// Every dialect as a stream. The input is a list of pieces: bytes as they are, repaired frames (so that what lies behind the checks is
// reached), pauses, and a poller's calls in between. It must survive, and what it reports must be sane.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "core/crc.hpp"
#include "core/reading.hpp"
#include "protocols/registry.hpp"

namespace {

using namespace bmsgate;
using Bytes = std::span<const std::uint8_t>;

void require(bool condition) {
  if (!condition) std::abort();
}

class Checker final : public core::ReportSink {
 public:
  void on_report(const core::Report& report) noexcept override {
    if (report.live != nullptr) {
      core::Sample sample = *report.live;
      core::derive(sample);
      for (const auto& alarm : sample.alarms) require(!alarm.text().empty());
    }
    if (report.identity != nullptr) {
      for_each_text(*report.identity, [](auto, auto text) {
        for (const auto c : text) require(static_cast<unsigned char>(c) >= 0x20);
      });
    }
  }
  void on_frame(const core::FrameNote& note) noexcept override { require(!note.bytes.empty()); }
};

/// Takes numbers off the front of the input.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_{bytes} {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  Bytes take(std::size_t size) {
    const auto part = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(part.size());
    return part;
  }

 private:
  Bytes bytes_;
};

void put_crc(std::vector<std::uint8_t>& frame) {
  const auto crc = core::crc16_modbus(frame);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8U));
}
void put_sum(std::vector<std::uint8_t>& frame) { frame.push_back(static_cast<std::uint8_t>(core::byte_sum(frame) & 0xFFU)); }

/// A frame of the dialect with right head and check round whatever the input says.
std::vector<std::uint8_t> whole_frame(protocols::Dialect dialect, Input& input) {
  std::vector<std::uint8_t> frame;
  const auto add = [&](Bytes bytes) { frame.insert(frame.end(), bytes.begin(), bytes.end()); };
  switch (dialect) {
    case protocols::Dialect::kJkNw: {
      const auto information = input.take(input.byte() + std::size_t{input.byte()});
      const auto length = information.size() + 18;
      add(std::array<std::uint8_t, 4>{0x4E, 0x57, static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length & 0xFFU)});
      const std::uint8_t command = input.byte() % 8U;
      add(std::array<std::uint8_t, 7>{0, 0, 0, 0, command, 0, static_cast<std::uint8_t>(input.byte() % 3U)});
      add(information);
      add(std::array<std::uint8_t, 5>{0, 0, 0, 0, 0x68});
      const auto sum = core::byte_sum(frame);
      add(std::array<std::uint8_t, 4>{0, 0, static_cast<std::uint8_t>(sum >> 8U & 0xFFU), static_cast<std::uint8_t>(sum & 0xFFU)});
      return frame;
    }
    case protocols::Dialect::kJkPb:
    case protocols::Dialect::kJkBle:
      if (dialect == protocols::Dialect::kJkBle || input.byte() % 2U == 0) {
        add(std::array<std::uint8_t, 5>{0x55, 0xAA, 0xEB, 0x90, static_cast<std::uint8_t>(input.byte() % 8U)});
        add(input.take(294));
        frame.resize(299);
        put_sum(frame);
        return frame;
      }
      break;
    case protocols::Dialect::kDalyA5:
      add(std::array<std::uint8_t, 4>{0xA5, input.byte(), input.byte(), 8});
      add(input.take(8));
      frame.resize(12);
      put_sum(frame);
      return frame;
    case protocols::Dialect::kDalyD2:
    case protocols::Dialect::kDalyP81: break;
  }
  add(input.take(2));  // Modbus: address and function, then a request or a reply that counts its bytes
  frame.resize(2);
  if (input.byte() % 2U == 0) {
    add(input.take(4));
    frame.resize(6);
  } else {
    const auto data = input.take(input.byte());
    frame.push_back(static_cast<std::uint8_t>(data.size()));
    add(data);
  }
  put_crc(frame);
  return frame;
}

/// What a poller does: asks, commands, ends.
void poll(core::Protocol& protocol, Input& input, core::ReportSink& sink) {
  core::Request request;
  const auto address = input.byte();
  const auto what = input.byte();
  const auto step = input.byte() % 8U;
  switch (what % 6U) {
    case 0: protocol.configure(address, {.current_sign = {}, .fill_aa = (what & 8U) != 0, .every_detail = (what & 16U) != 0}); break;
    case 1:
      if (protocol.next_request(static_cast<core::Part>(address % 3U), address % 20U, step, request)) protocol.begin(request);
      break;
    case 2: {
      const core::Command command{static_cast<core::CommandId>(step % core::kCommands.size()), input.byte()};
      if (protocol.command(command, address % 20U, what / 6U % 4U, request).ok()) protocol.begin(request);
      break;
    }
    case 3: protocol.end((what & 8U) != 0, sink); break;
    case 4: protocol.finish(address % 20U, sink); break;
    default: static_cast<void>(protocol.progress()); break;
  }
  if (!request.bytes.empty() && (what & 64U) != 0) protocol.feed(request.bytes.view(), sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{{data, size}};
  const auto dialect = protocols::kDialects[input.byte() % protocols::kDialects.size()].id;
  const auto box = std::make_unique<protocols::ProtocolBox>(dialect);
  Checker sink;
  while (!input.empty()) {
    switch (const auto what = input.byte(); what % 8U) {
      case 0: (*box)->quiet(sink); break;
      case 1: (*box)->flush(sink); break;
      case 2: poll(**box, input, sink); break;
      case 3:
      case 4: (*box)->feed(input.take(what / 8U), sink); break;
      default: (*box)->feed(whole_frame(dialect, input), sink); break;
    }
  }
  (*box)->flush(sink);
  return 0;
}
