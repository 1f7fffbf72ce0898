// SPDX-License-Identifier: Apache-2.0
// Telnet commands and the serial port option.
#include "host/telnet.hpp"

#include <algorithm>

namespace bmsgate::host {
namespace {

enum : std::uint8_t {
  kSe = 240,
  kSb = 250,
  kWill = 251,
  kWont = 252,
  kDo = 253,
  kDont = 254,
  kIac = 255,
};
enum : std::uint8_t { kBinary = 0, kSuppressGoAhead = 3, kComPort = 44 };
enum : std::uint8_t { kSetBaud = 1, kSetDataSize = 2, kSetParity = 3, kSetStopSize = 4, kSetControl = 5, kServer = 100 };

constexpr std::array<std::uint8_t, 3> kWanted{kBinary, kSuppressGoAhead, kComPort};

[[nodiscard]] bool wanted(std::uint8_t option) noexcept { return std::find(kWanted.begin(), kWanted.end(), option) != kWanted.end(); }

void say(TelnetClient::Sink& sink, std::uint8_t verb, std::uint8_t option) {
  const std::array<std::uint8_t, 3> bytes{kIac, verb, option};
  sink.on_reply(bytes);
}

}  // namespace

void TelnetClient::begin(Sink& sink) {
  *this = TelnetClient{};
  for (const auto option : kWanted) {
    we_do_[option] = true;
    say(sink, kWill, option);
    if (option == kComPort) continue;
    they_do_[option] = true;
    say(sink, kDo, option);
  }
}

void TelnetClient::ask_port(std::uint32_t baud, Sink& sink) const {
  core::FixedVector<std::uint8_t, 64> bytes;
  const auto begin_sub = [&](std::uint8_t what) {
    for (const std::uint8_t byte : {std::uint8_t{kIac}, std::uint8_t{kSb}, std::uint8_t{kComPort}, what}) bytes.push_back(byte);
  };
  const auto end_sub = [&] {
    bytes.push_back(kIac);
    bytes.push_back(kSe);
  };
  begin_sub(kSetBaud);
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(baud >> shift);
    if (byte == kIac) bytes.push_back(kIac);
    bytes.push_back(byte);
  }
  end_sub();
  constexpr std::array<std::array<std::uint8_t, 2>, 4> kEightNoneOne{
      {{kSetDataSize, 8}, {kSetParity, 1}, {kSetStopSize, 1}, {kSetControl, 1}}};
  for (const auto& [what, value] : kEightNoneOne) {
    begin_sub(what);
    bytes.push_back(value);
    end_sub();
  }
  sink.on_reply(bytes.view());
}

void TelnetClient::feed(std::span<const std::uint8_t> bytes, Sink& sink) {
  std::size_t plain = 0;  // where a run of data begins
  const auto flush = [&](std::size_t end) {
    if (state_ == State::kData && end > plain) sink.on_data(bytes.subspan(plain, end - plain));
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = bytes[i];
    switch (state_) {
      case State::kData:
        if (byte != kIac) break;
        flush(i);
        state_ = State::kCommand;
        break;
      case State::kCommand:
        if (byte == kIac) {
          state_ = State::kData;
          plain = i;  // a doubled FF is one byte of data
          break;
        }
        command(byte);
        plain = i + 1;
        break;
      case State::kOption:
        option(byte, sink);
        state_ = State::kData;
        plain = i + 1;
        break;
      case State::kSub:
        if (byte == kIac) {
          state_ = State::kSubCommand;
        } else {
          sub_.push_back(byte);
        }
        break;
      case State::kSubCommand:
        if (byte == kIac) {
          sub_.push_back(byte);
          state_ = State::kSub;
          break;
        }
        if (byte == kSe) subnegotiation(sink);
        state_ = State::kData;
        plain = i + 1;
        break;
    }
  }
  flush(bytes.size());
}

void TelnetClient::command(std::uint8_t byte) {
  state_ = State::kData;
  if (byte == kSb) {
    sub_.clear();
    state_ = State::kSub;
  } else if (byte >= kWill && byte <= kDont) {
    verb_ = byte;
    state_ = State::kOption;
  }
}

void TelnetClient::option(std::uint8_t option, Sink& sink) {
  const bool agree = wanted(option);
  if (option == kComPort && (verb_ == kDo || verb_ == kWill) && !port_offered_) {
    port_offered_ = true;
    sink.on_port_settings();
  }
  switch (verb_) {
    case kDo:
      if (we_do_[option]) break;
      we_do_[option] = agree;
      say(sink, agree ? kWill : kWont, option);
      break;
    case kDont:
      if (option == kComPort) sink.on_no_port_settings();
      if (!we_do_[option]) break;
      we_do_[option] = false;
      say(sink, kWont, option);
      break;
    case kWill:
      if (they_do_[option]) break;
      they_do_[option] = agree;
      say(sink, agree ? kDo : kDont, option);
      break;
    case kWont:
      if (!they_do_[option]) break;
      they_do_[option] = false;
      say(sink, kDont, option);
      break;
    default: break;
  }
}

void TelnetClient::subnegotiation(Sink& sink) {
  if (sub_.size() < 6 || sub_[0] != kComPort || sub_[1] != kServer + kSetBaud) return;
  std::uint32_t baud = 0;
  for (std::size_t i = 2; i < 6; ++i) baud = baud << 8U | sub_[i];
  sink.on_baud(baud);
}

std::size_t TelnetClient::encode(std::span<const std::uint8_t> bytes, Chunk& out) {
  std::size_t taken = 0;
  while (taken < bytes.size() && out.size() + 2 <= Chunk::capacity()) {
    if (bytes[taken] == kIac) out.push_back(kIac);
    out.push_back(bytes[taken++]);
  }
  return taken;
}

}  // namespace bmsgate::host
