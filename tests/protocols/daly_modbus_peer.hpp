// SPDX-License-Identifier: Apache-2.0
// A Daly board with registers for tests that talk with the D2 and P81 dialects.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "core/map.hpp"
#include "tests/protocols/daly_support.hpp"

namespace bmsgate::protocols::test {

using core::Field;
using core::Part;
using core::Progress;
using Words = std::vector<std::uint16_t>;

/// Registers of a board; a read of anything else is met with silence.
struct RegisterPeer {
  std::uint8_t request_address;
  std::uint8_t reply_address;
  std::map<std::uint16_t, Words> blocks;  // by first register
  std::vector<std::uint16_t> asked{};

  Octets hear(std::span<const std::uint8_t> request) {
    const auto reg = core::u16be(request, 2);
    const auto count = core::u16be(request, 4);
    asked.push_back(reg);
    const auto found = blocks.find(reg);
    if (request[0] != request_address || found == blocks.end()) return {};
    auto words = found->second;
    words.resize(count);
    return registers(reply_address, words);
  }
};

inline void poll(core::Protocol& dialect, RegisterPeer& peer, Ear& ear, Part part = Part::kLive, std::uint8_t address = 1) {
  core::Request request;
  for (unsigned step = 0; dialect.next_request(part, address, step, request); ++step) {
    dialect.begin(request);
    dialect.feed(peer.hear(request.bytes.view()), ear);
    dialect.end(dialect.progress() == Progress::kComplete, ear);
  }
  dialect.finish(address, ear);
}

/// A read request.
inline Octets read(std::uint8_t address, unsigned reg, unsigned count) {
  return crc({address, 3, static_cast<std::uint8_t>(reg >> 8U), static_cast<std::uint8_t>(reg), static_cast<std::uint8_t>(count >> 8U),
              static_cast<std::uint8_t>(count)});
}

}  // namespace bmsgate::protocols::test
