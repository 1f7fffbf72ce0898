// SPDX-License-Identifier: Apache-2.0
// Who may do what: names, roles, password hashes and tokens in `users.json` of the data folder (mode 0600). Used by the web server and by
// `bmsgate user`; both may be at work at once, so the file is read again when it has changed. Loop thread, except verify_password().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bmsgate::host {

/// Each role may do what the ones before it may. kNone: somebody who has not logged in.
enum class Role : std::uint8_t { kNone, kViewer, kOperator, kAdmin };
inline constexpr std::array<std::string_view, 4> kRoleNames{"none", "viewer", "operator", "admin"};
[[nodiscard]] std::optional<Role> find_role(std::string_view name);

inline constexpr std::string_view kDefaultUser = "admin";
inline constexpr std::string_view kDefaultPassword = "admin!";
inline constexpr std::size_t kMinPassword = 8;
inline constexpr std::size_t kMaxPassword = 256;

struct User {
  std::string name;
  Role role{Role::kViewer};
  std::string hash;                 // Argon2id in its usual text form; empty: no log-in by password
  bool default_password{false};     // the one that every new installation has
  std::vector<std::string> tokens;  // hashes of bearer tokens
};

/// What went wrong, as a sentence for people; nothing = it worked.
using Failure = std::optional<std::string>;

class Users {
 public:
  explicit Users(std::filesystem::path file) : file_{std::move(file)} {}

  /// Reads the file; makes one with user `admin` and the well-known password if there is none.
  [[nodiscard]] Failure open();
  /// Reads the file again if somebody else has changed it; keeps what it has if that fails.
  void refresh();

  [[nodiscard]] const std::vector<User>& all() const { return users_; }
  [[nodiscard]] const User* find(std::string_view name) const;
  [[nodiscard]] const User* find_token(std::string_view token) const;
  /// True while some user still has the well-known password.
  [[nodiscard]] bool default_password() const;

  // Each of these writes the file.
  [[nodiscard]] Failure add(std::string_view name, Role role, std::string_view password);
  /// Adds a user, or gives one who exists another role and, if it is not empty, another password.
  [[nodiscard]] Failure save(std::string_view name, Role role, std::string_view password);
  [[nodiscard]] Failure set_password(std::string_view name, std::string_view password);
  /// The same with a password that was checked and hashed elsewhere.
  [[nodiscard]] Failure set_hash(std::string_view name, std::string hash);
  [[nodiscard]] Failure remove(std::string_view name);
  /// A new token for scripts; `token` is shown once and never again.
  [[nodiscard]] Failure add_token(std::string_view name, std::string& token);

 private:
  [[nodiscard]] Failure read();
  [[nodiscard]] Failure write();
  [[nodiscard]] std::ptrdiff_t admin_count() const;
  [[nodiscard]] User* find_mutable(std::string_view name);

  std::filesystem::path file_;
  std::vector<User> users_;
  std::timespec modified_{};
};

/// What is wrong with a new password; nothing = it will do. Any thread.
[[nodiscard]] Failure password_trouble(std::string_view password);
/// About 20 ms on a PC and 200 ms on a small board, 7 MB while it runs: off the loop. Any thread.
[[nodiscard]] bool verify_password(const std::string& hash, std::string_view password);
[[nodiscard]] std::string hash_password(std::string_view password);
/// 256 random bits, as text for URLs and headers. Any thread.
[[nodiscard]] std::string random_token();

}  // namespace bmsgate::host
