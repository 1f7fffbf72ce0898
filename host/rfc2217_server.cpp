// SPDX-License-Identifier: Apache-2.0
// Telnet and COM-PORT options, answered.
#include "host/rfc2217_server.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace bmsgate::host {
namespace {

enum Telnet : std::uint8_t { kSe = 240, kSb = 250, kWill = 251, kWont = 252, kDo = 253, kDont = 254, kIac = 255 };
enum Option : std::uint8_t { kBinary = 0, kSuppressGoAhead = 3, kComPort = 44 };
enum ComPort : std::uint8_t {
  kSignature = 0,
  kBaud = 1,
  kDataSize = 2,
  kParity = 3,
  kStopSize = 4,
  kControl = 5,
  kSuspend = 8,
  kResume = 9
};
constexpr std::uint8_t kServerOffset = 100;
constexpr std::size_t kMaxSub = 64;  // longer ones are cut: none that matters is
constexpr std::string_view kName = "bmsgate simulator";

bool known(std::uint8_t option) { return option == kBinary || option == kSuppressGoAhead || option == kComPort; }

/// "What is it now?" as SET-CONTROL asks it, and the answer: no flow control, no break, DTR and RTS on.
struct Ask {
  std::uint8_t question;
  std::uint8_t answer;
};
constexpr auto kControlAsks = std::to_array<Ask>({{0, 1}, {4, 6}, {7, 8}, {10, 11}, {13, 14}});

}  // namespace

Rfc2217Server::Bytes Rfc2217Server::greeting() {
  return {kIac, kWill, kSuppressGoAhead, kIac, kWill, kBinary, kIac, kDo, kBinary, kIac, kWill, kComPort, kIac, kDo, kComPort};
}

void Rfc2217Server::encode(std::span<const std::uint8_t> bytes, Bytes& out) {
  for (const auto byte : bytes) {
    out.push_back(byte);
    if (byte == kIac) out.push_back(kIac);
  }
}

void Rfc2217Server::data_byte(std::uint8_t byte, Bytes& data) {
  if (byte == kIac) {
    state_ = State::kCommand;
  } else {
    data.push_back(byte);
  }
}

void Rfc2217Server::feed(std::span<const std::uint8_t> bytes, Bytes& data, Bytes& reply) {
  for (const auto byte : bytes) {
    switch (state_) {
      case State::kData: data_byte(byte, data); break;
      case State::kCommand:
        state_ = State::kData;
        if (byte == kIac) data.push_back(byte);
        if (byte >= kWill && byte <= kDont) {
          verb_ = byte;
          state_ = State::kOption;
        }
        if (byte == kSb) {
          sub_.clear();
          state_ = State::kSub;
        }
        break;
      case State::kOption:
        option(byte, reply);
        state_ = State::kData;
        break;
      case State::kSub:
        if (byte == kIac) {
          state_ = State::kSubCommand;
        } else if (sub_.size() < kMaxSub) {
          sub_.push_back(byte);
        }
        break;
      case State::kSubCommand:
        state_ = State::kSub;
        if (byte == kIac && sub_.size() < kMaxSub) sub_.push_back(byte);
        if (byte == kSe) {
          subnegotiation(reply);
          state_ = State::kData;
        }
        break;
    }
  }
}

void Rfc2217Server::option(std::uint8_t option, Bytes& reply) {
  if (verb_ == kWont || verb_ == kDont) return;  // nothing is insisted on
  if (!agreed_.insert(verb_ << 8U | option).second) return;
  const bool client_offers = verb_ == kWill;
  // The greeting has said yes already; a second yes would only ask for another answer.
  const bool greeted = client_offers ? option == kBinary || option == kComPort : known(option);
  if (greeted) return;
  const std::uint8_t yes = client_offers ? kDo : kWill;
  const std::uint8_t no = client_offers ? kDont : kWont;
  reply.insert(reply.end(), {kIac, known(option) ? yes : no, option});
}

void Rfc2217Server::subnegotiation(Bytes& reply) {
  if (sub_.size() < 2 || sub_[0] != kComPort) return;
  const auto command = sub_[1];
  Bytes value{sub_.begin() + 2, sub_.end()};
  switch (command) {
    case kSignature: value.assign(kName.begin(), kName.end()); break;
    case kBaud: {
      if (value.size() != 4) return;
      const auto asked =
          static_cast<std::uint32_t>(value[0]) << 24U | static_cast<std::uint32_t>(value[1] << 16U | value[2] << 8U | value[3]);
      if (asked != 0) baud_ = asked;
      value = {static_cast<std::uint8_t>(baud_ >> 24U), static_cast<std::uint8_t>(baud_ >> 16U), static_cast<std::uint8_t>(baud_ >> 8U),
               static_cast<std::uint8_t>(baud_)};
      break;
    }
    case kDataSize:
      if (value == Bytes{0}) value = {8};
      break;
    case kParity:
    case kStopSize:
      if (value == Bytes{0}) value = {1};
      break;
    case kControl:
      for (const auto& ask : kControlAsks) {
        if (value == Bytes{ask.question}) {
          value = {ask.answer};
          break;
        }
      }
      break;
    case kSuspend:
    case kResume: return;
    default: break;  // masks and purges: what was asked is in force
  }
  reply.insert(reply.end(), {kIac, kSb, kComPort, static_cast<std::uint8_t>(command + kServerOffset)});
  encode(value, reply);
  reply.insert(reply.end(), {kIac, kSe});
}

}  // namespace bmsgate::host
