// SPDX-License-Identifier: Apache-2.0
// LINK texts.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "host/line.hpp"

namespace bmsgate::host {
namespace {

constexpr std::string_view kForms = "serial:/dev/ttyUSB0[?baud=9600&rs485=1], tcp:HOST:PORT, rfc2217:HOST:PORT or pty:PATH";

struct KindName {
  std::string_view prefix;
  LinkSpec::Kind kind;
};
constexpr std::array<KindName, 4> kKinds{{{"serial:", LinkSpec::Kind::kSerial},
                                          {"tcp:", LinkSpec::Kind::kTcp},
                                          {"rfc2217:", LinkSpec::Kind::kRfc2217},
                                          {"pty:", LinkSpec::Kind::kPty}}};

[[nodiscard]] std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// HOST:PORT, [IPv6]:PORT
[[nodiscard]] std::string parse_host(std::string_view text, LinkSpec& out) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return fmt::format("\"{}\" has no port: write HOST:PORT", text);
  const auto port = number(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return fmt::format("\"{}\" is no port: 1 to 65535", text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) return fmt::format("\"{}\" has no host: write HOST:PORT", text);
  out.target = host;
  out.port = static_cast<std::uint16_t>(*port);
  return {};
}

[[nodiscard]] std::string parse_parameter(std::string_view text, LinkSpec& out) {
  const auto equals = text.find('=');
  const auto key = text.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
  if (key == "baud" && out.has_baud()) {
    const auto baud = number(value);
    if (!baud || *baud < 300 || *baud > 4'000'000) return fmt::format("baud \"{}\" is no speed: 300 to 4000000", value);
    out.baud = *baud;
    return {};
  }
  if (key == "rs485" && out.kind == LinkSpec::Kind::kSerial) {
    if (value != "0" && value != "1") return fmt::format("rs485 is 0 or 1, not \"{}\"", value);
    out.rs485 = value == "1";
    return {};
  }
  return fmt::format("\"{}\" is not a parameter of this kind of link: there are baud (serial, rfc2217) and rs485 (serial)", key);
}

}  // namespace

std::string parse_link(std::string_view text, LinkSpec& out) {
  out = LinkSpec{};
  const KindName* kind = nullptr;
  for (const auto& one : kKinds) {
    if (text.starts_with(one.prefix)) kind = &one;
  }
  if (kind == nullptr) return fmt::format("\"{}\" is no link: write {}", text, kForms);
  out.kind = kind->kind;
  auto rest = text.substr(kind->prefix.size());
  const auto question = rest.find('?');
  auto parameters = question == std::string_view::npos ? std::string_view{} : rest.substr(question + 1);
  rest = rest.substr(0, question);
  if (rest.empty()) return fmt::format("\"{}\" names nothing: write {}", text, kForms);
  if (out.network()) {
    if (auto problem = parse_host(rest, out); !problem.empty()) return problem;
  } else {
    out.target = rest;
  }
  while (!parameters.empty()) {
    const auto end = parameters.find('&');
    if (auto problem = parse_parameter(parameters.substr(0, end), out); !problem.empty()) return problem;
    parameters = end == std::string_view::npos ? std::string_view{} : parameters.substr(end + 1);
  }
  return {};
}

}  // namespace bmsgate::host
