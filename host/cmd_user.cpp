// SPDX-License-Identifier: Apache-2.0
// Users on the command line.
#include "host/cmd_user.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "host/settings.hpp"
#include "host/users.hpp"

namespace bmsgate::host {
namespace {

int fail(int status, std::string_view text) {
  fmt::print(stderr, "bmsgate user: {}\n", text);
  return status;
}

/// One line; not shown if it comes from a terminal.
std::optional<std::string> read_secret(std::string_view prompt) {
  const bool terminal = ::isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal) {
    fmt::print(stderr, "{}", prompt);
    ::tcgetattr(STDIN_FILENO, &before);
    auto silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line;
  const bool got = static_cast<bool>(std::getline(std::cin, line));
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fmt::print(stderr, "\n");
  }
  if (!got) return std::nullopt;
  return line;
}

std::optional<std::string> ask_password() {
  auto first = read_secret("New password: ");
  if (!first || ::isatty(STDIN_FILENO) == 0) return first;
  const auto second = read_secret("Again: ");
  if (second != first) {
    static_cast<void>(fail(1, "the two passwords differ; nothing was changed"));
    return std::nullopt;
  }
  return first;
}

int list(const Users& users) {
  for (const auto& user : users.all()) {
    fmt::print("{:<20} {:<9}{}{}\n", user.name, kRoleNames[static_cast<std::size_t>(user.role)],
               user.default_password ? "well-known password, change it" : "",
               user.tokens.empty() ? "" : fmt::format("{} token(s)", user.tokens.size()));
  }
  return 0;
}

int change(Users& users, const UserArgs& args) {
  std::string token;
  Failure failure;
  if (args.action == "remove") {
    failure = users.remove(args.name);
  } else if (args.action == "token") {
    failure = users.add_token(args.name, token);
  } else {
    const auto role = find_role(args.role);
    if (!role) return fail(2, fmt::format("'{}' is no role: use viewer, operator or admin", args.role));
    if (args.action == "passwd" && users.find(args.name) == nullptr) {
      return fail(1, fmt::format("there is no user '{}'; `bmsgate user list` shows them", args.name));
    }
    const auto password = ask_password();
    if (!password) return 1;
    if (password->empty()) return fail(1, "no password was given; nothing was changed");
    failure = args.action == "add" ? users.add(args.name, *role, *password) : users.set_password(args.name, *password);
  }
  if (failure) return fail(1, *failure);
  if (!token.empty()) fmt::print("{}\n", token);
  return 0;
}

}  // namespace

int run_user(const UserArgs& args) {
  const std::filesystem::path folder{args.data_dir.empty() ? std::string{kDefaultDataDir} : args.data_dir};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(1, fmt::format("cannot make the data folder {}: {}; name another one with --data", folder.string(), error.message()));
  Users users{folder / "users.json"};
  if (auto failure = users.open()) return fail(1, *failure);
  return args.action == "list" ? list(users) : change(users, args);
}

}  // namespace bmsgate::host
