// SPDX-License-Identifier: Apache-2.0
// A Daly A5 board for tests that talk with the dialect.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/protocols/daly_support.hpp"

namespace bmsgate::protocols::test {

using core::Field;
using core::Part;
using core::Progress;

/// A board on the other end: answers by id; what is not listed is met with silence.
struct FramePeer {
  std::uint8_t address{1};
  std::uint8_t host{0x40};
  std::map<std::uint8_t, Octets> answers;
  std::vector<std::uint8_t> asked;

  Octets hear(std::span<const std::uint8_t> request) {
    asked.push_back(request[2]);
    if (request[1] != host) return {};
    const auto found = answers.find(request[2]);
    return found == answers.end() ? Octets{} : found->second;
  }
};

inline Octets cells(std::uint8_t address, const std::vector<std::uint16_t>& mv, std::size_t frames = 0, std::uint8_t first = 1) {
  Octets out;
  frames = std::max(frames, (mv.size() + 2) / 3);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    Octets data{static_cast<std::uint8_t>(frame + first)};
    for (std::size_t slot = 3 * frame; slot < 3 * frame + 3; ++slot) {
      const unsigned value = slot < mv.size() ? mv[slot] : 0U;
      data.push_back(static_cast<std::uint8_t>(value >> 8U));
      data.push_back(static_cast<std::uint8_t>(value));
    }
    data.push_back(0x77);
    out = out + a5(address, 0x95, data);
  }
  return out;
}

inline const std::vector<std::uint16_t> kCells{3301, 3302, 3303, 3304, 3305, 3306, 3307, 3308};

/// An 8S board with everything in order.
inline FramePeer eight_cells(std::uint8_t address = 1) {
  FramePeer peer;
  peer.address = address;
  peer.host = static_cast<std::uint8_t>(0x3F + address);
  peer.answers = {
      {0x90, a5(address, 0x90, {0x01, 0x08, 0, 0, 0x75, 0x30, 0x01, 0xF4})},
      {0x91, a5(address, 0x91, {0x0C, 0xEC, 8, 0x0C, 0xE5, 1})},
      {0x92, a5(address, 0x92, {61, 1, 60, 2})},
      {0x93, a5(address, 0x93, {0, 1, 1, 7, 0, 0, 0x9C, 0x40})},
      {0x94, a5(address, 0x94, {8, 2, 0, 1, 0, 0, 12, 0x43})},
      {0x95, cells(address, kCells)},
      {0x96, a5(address, 0x96, {1, 61, 60, 0, 0, 0, 0, 0x32})},
      {0x97, a5(address, 0x97, {0x81})},
      {0x98, a5(address, 0x98)},
  };
  return peer;
}

/// One poll as the poller does it: live requests up to three times.
inline void poll(core::Protocol& dialect, FramePeer& peer, Ear& ear, Part part = Part::kLive) {
  core::Request request;
  for (unsigned step = 0; dialect.next_request(part, peer.address, step, request); ++step) {
    for (int tries = part == Part::kLive ? 0 : 2; tries < 3; ++tries) {
      dialect.begin(request);
      dialect.feed(peer.hear(request.bytes.view()), ear);
      if (dialect.progress() == Progress::kPartial) dialect.quiet(ear);
      const bool answered = dialect.progress() == Progress::kComplete;
      dialect.end(answered, ear);
      if (answered) break;
    }
  }
  dialect.finish(peer.address, ear);
}

class DalyA5Test : public testing::Test {
 protected:
  void hear(const Octets& bytes) { box->feed(bytes, ear); }
  /// The request for an id as the next poll makes it.
  core::Request ask(std::uint8_t id) {
    core::Request request;
    for (unsigned step = 0; box->next_request(Part::kLive, 1, step, request); ++step) {
      if (request.bytes[2] == id) break;
    }
    EXPECT_EQ(request.bytes[2], id);
    box->begin(request);
    return request;
  }
  core::Sample only_reading() {
    box->flush(ear);
    EXPECT_EQ(ear.reports.size(), 1U);
    return ear.reports.empty() || !ear.reports[0].live ? core::Sample{} : *ear.reports[0].live;
  }
  Box box{make_daly_a5};
  Ear ear;
};

}  // namespace bmsgate::protocols::test
