// SPDX-License-Identifier: Apache-2.0
// Settings of one line ([[bus]]) and of one battery pack on it ([[pack]]). Used by host/; loop thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/option.hpp"
#include "core/poller.hpp"
#include "core/protocol.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::host {

struct BusOptions {
  std::string id;
  std::string link;
  core::BusRole role{core::BusRole::kMaster};
};

struct PackOptions {
  static constexpr int kDefaultAddress = -1;  // DialectInfo::default_address

  std::string id;
  std::string name;
  std::string bus;
  std::string protocol{"auto"};
  int address{kDefaultAddress};
  int poll_s{5};
  int unit{0};  // Modbus unit; 0 = not assigned yet, never seen outside of the settings
  core::CurrentSign current_sign{core::CurrentSign::kAuto};
  bool fill_aa{false};
  bool every_detail{false};

  [[nodiscard]] core::DialectOptions dialect_options() const noexcept {
    return {.current_sign = current_sign, .fill_aa = fill_aa, .every_detail = every_detail};
  }
  [[nodiscard]] const std::string& shown_name() const noexcept { return name.empty() ? id : name; }
};

namespace detail {
/// "auto|jk-nw|…": every dialect of the registry that can be polled (jk-ble is for decoding alone).
struct ProtocolChoices {
  std::array<char, 128> chars{};
  std::size_t size{0};

  constexpr void add(std::string_view text) noexcept {
    for (const char c : text) chars[size++] = c;
  }
  constexpr ProtocolChoices() noexcept {
    add("auto");
    for (const auto& dialect : protocols::kDialects) {
      if (dialect.id == protocols::Dialect::kJkBle) continue;
      add("|");
      add(dialect.key);
    }
  }
};
inline constexpr ProtocolChoices kProtocolChoices;
}  // namespace detail

inline constexpr std::string_view kIdPattern = "[a-z0-9_-]{1,19}";
inline constexpr std::string_view kIdHelp = "1 to 19 of a-z 0-9 _ -";

inline constexpr auto kBusOptions = std::to_array<core::Option>({
    core::option<&BusOptions::id>({.key = "id",
                                   .label = "Id",
                                   .help = "Short name of the line; packs refer to it.",
                                   .min = 1,
                                   .max = 19,
                                   .pattern = kIdPattern,
                                   .pattern_help = kIdHelp}),
    core::option<&BusOptions::link>({.key = "link",
                                     .label = "Link",
                                     .help = "Where the line is: serial:/dev/ttyUSB0 (?baud=9600&rs485=1 if need be), tcp:HOST:PORT, "
                                             "rfc2217:HOST:PORT or pty:PATH.",
                                     .min = 1}),
    core::option<&BusOptions::role>({.key = "role",
                                     .label = "Role",
                                     .help =
                                         "master: bmsgate asks the packs. listener: it never transmits and hears what another master asks, "
                                         "as beside a JK pack with address 0.",
                                     .choices = "master|listener"}),
});

inline constexpr auto kPackOptions = std::to_array<core::Option>({
    core::option<&PackOptions::id>({.key = "id",
                                    .label = "Id",
                                    .help = "Short name of the pack in addresses, topics and files. Keep it once it is chosen.",
                                    .min = 1,
                                    .max = 19,
                                    .pattern = kIdPattern,
                                    .pattern_help = kIdHelp}),
    core::option<&PackOptions::name>({.key = "name", .label = "Name", .help = "What people call the pack. Empty: its id.", .max = 48}),
    core::option<&PackOptions::bus>(
        {.key = "bus", .label = "Bus", .help = "Id of the line that the pack is wired to.", .min = 1, .max = 19, .refers_to = "bus"}),
    core::option<&PackOptions::protocol>({.key = "protocol",
                                          .label = "Protocol",
                                          .help = "Dialect that the BMS speaks. auto: found out at the start.",
                                          .choices = {detail::kProtocolChoices.chars.data(), detail::kProtocolChoices.size}}),
    core::option<&PackOptions::address>(
        {.key = "address",
         .label = "Address",
         .help = "Address on the line (JK: the DIP switches, Daly: the board number). -1: the usual one of the protocol.",
         .min = -1,
         .max = 255}),
    core::option<&PackOptions::poll_s>(
        {.key = "poll_s", .label = "BMS data refresh", .help = "Time from one question to the next.", .unit = "s", .min = 1, .max = 300}),
    core::option<&PackOptions::unit>({.key = "unit",
                                      .label = "Modbus unit",
                                      .help = "Unit number of the pack for Modbus. 0: the next free one is assigned once and kept.",
                                      .min = 0,
                                      .max = 247,
                                      .flags = core::kAdvanced | core::kAssigned}),
    core::option<&PackOptions::current_sign>(
        {.key = "current_sign",
         .label = "Sign of the current",
         .help = "Daly: two families of firmware count the current the other way round. auto: learned from "
                 "the state that the BMS reports.",
         .choices = "auto|normal|inverted",
         .flags = core::kAdvanced}),
    core::option<&PackOptions::fill_aa>({.key = "fill_aa",
                                         .label = "Fill requests with AA",
                                         .help = "Daly A5: some boards answer only if the unused bytes of a request are AA.",
                                         .flags = core::kAdvanced}),
    core::option<&PackOptions::every_detail>({.key = "every_detail",
                                              .label = "Every detail each time",
                                              .help = "Ask for every live value in each poll, not for the slow ones in turn.",
                                              .flags = core::kAdvanced}),
});

}  // namespace bmsgate::host
