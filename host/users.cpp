// SPDX-License-Identifier: Apache-2.0
// The users file.
#include "host/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bmsgate::host {
namespace {

namespace json = boost::json;

// Argon2id with 7 MiB and 5 passes: one of the equivalent choices of the OWASP password storage cheat sheet, and the one that small boards
// can afford.
constexpr unsigned long long kPasses = 5;
constexpr std::size_t kMemoryBytes = std::size_t{7} << 20;
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMaxUsers = 64;
constexpr std::size_t kMaxTokens = 16;

bool name_is_fine(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), fine);
}

Failure last_admin(std::string_view name) { return fmt::format("'{}' is the last admin; add another one first", name); }

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.resize(std::strlen(text.c_str()));
  return text;
}

std::string hash_token(std::string_view token) {
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(), nullptr, 0);
  return base64(hash.data(), hash.size());
}

std::string errno_text() { return std::strerror(errno); }

/// Writes a whole file beside the old one and swaps them, so that a power cut leaves one of the two.
Failure replace_file(const std::filesystem::path& file, std::string_view content) {
  const auto temporary = file.string() + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fmt::format("cannot write {}: {}", temporary, errno_text());
  bool fine = ::fchmod(fd, S_IRUSR | S_IWUSR) == 0;
  for (std::size_t done = 0; fine && done < content.size();) {
    const auto n = ::write(fd, content.data() + done, content.size() - done);
    fine = n > 0;
    if (fine) done += static_cast<std::size_t>(n);
  }
  fine = fine && ::fsync(fd) == 0;
  const auto why = errno_text();
  ::close(fd);
  if (!fine) return fmt::format("cannot write {}: {}", temporary, why);
  if (::rename(temporary.c_str(), file.c_str()) != 0) return fmt::format("cannot write {}: {}", file.string(), errno_text());
  return std::nullopt;
}

std::timespec modified_at(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? status.st_mtim : std::timespec{};
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::optional<User> parse_user(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  User user;
  user.name = text_of(*object, "name");
  user.hash = text_of(*object, "hash");
  const auto role = find_role(text_of(*object, "role"));
  if (!name_is_fine(user.name) || !role) return std::nullopt;
  user.role = *role;
  const auto* flag = object->if_contains("default_password");
  user.default_password = flag != nullptr && flag->is_bool() && flag->get_bool();
  if (const auto* tokens = object->if_contains("tokens"); tokens != nullptr && tokens->is_array()) {
    for (const auto& token : tokens->get_array()) {
      if (token.is_string()) user.tokens.emplace_back(token.get_string());
    }
  }
  return user;
}

}  // namespace

std::optional<Role> find_role(std::string_view name) {
  for (std::size_t i = 1; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

Failure password_trouble(std::string_view password) {
  if (password.size() < kMinPassword) return fmt::format("the password is too short: use at least {} characters", kMinPassword);
  if (password.size() > kMaxPassword) return fmt::format("the password is too long: use at most {} characters", kMaxPassword);
  return std::nullopt;
}

bool verify_password(const std::string& hash, std::string_view password) {
  return sodium_init() >= 0 && crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

std::string hash_password(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (sodium_init() < 0) return {};
  if (crypto_pwhash_str(text.data(), password.data(), password.size(), kPasses, kMemoryBytes) != 0) return {};
  return text.data();
}

std::string random_token() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (sodium_init() < 0) std::abort();  // no randomness: nothing safe can be done
  randombytes_buf(bytes.data(), bytes.size());
  return base64(bytes.data(), bytes.size());
}

Failure Users::open() {
  if (std::error_code error; std::filesystem::exists(file_, error)) return read();
  User admin;
  admin.name = kDefaultUser;
  admin.role = Role::kAdmin;
  admin.hash = hash_password(kDefaultPassword);
  admin.default_password = true;
  users_ = {std::move(admin)};
  return write();
}

void Users::refresh() {
  const auto now = modified_at(file_);
  if (now.tv_sec == modified_.tv_sec && now.tv_nsec == modified_.tv_nsec) return;
  auto before = users_;
  if (read()) {
    users_ = std::move(before);
    modified_ = now;  // complain to nobody again and again; the next change is read anew
  }
}

Failure Users::read() {
  const auto broken = [&](std::string_view why) {
    return fmt::format("{}: {}; repair it, or delete it to start with user admin again", file_.string(), why);
  };
  const auto modified = modified_at(file_);
  std::ifstream input{file_, std::ios::binary};
  if (!input) return fmt::format("cannot read {}: {}", file_.string(), errno_text());
  std::ostringstream content;
  content << input.rdbuf();
  json::error_code error;
  const auto root = json::parse(content.str(), error);
  if (error) return broken("not valid JSON (" + error.message() + ")");
  const auto* object = root.if_object();
  const auto* list = object != nullptr ? object->if_contains("users") : nullptr;
  if (list == nullptr || !list->is_array()) return broken("no list \"users\"");
  std::vector<User> users;
  for (const auto& value : list->get_array()) {
    auto user = parse_user(value);
    if (!user) return broken("a user without proper name or role");
    users.push_back(std::move(*user));
  }
  users_ = std::move(users);
  modified_ = modified;
  return std::nullopt;
}

Failure Users::write() {
  json::array list;
  for (const auto& user : users_) {
    json::object object{{"name", user.name}, {"role", kRoleNames[static_cast<std::size_t>(user.role)]}, {"hash", user.hash}};
    if (user.default_password) object["default_password"] = true;
    if (!user.tokens.empty()) object["tokens"] = json::array(user.tokens.begin(), user.tokens.end());
    list.emplace_back(std::move(object));
  }
  auto failure = replace_file(file_, json::serialize(json::object{{"users", std::move(list)}}) + "\n");
  modified_ = modified_at(file_);
  return failure;
}

std::ptrdiff_t Users::admin_count() const {
  return std::count_if(users_.begin(), users_.end(), [](const User& each) { return each.role == Role::kAdmin; });
}

const User* Users::find(std::string_view name) const {
  const auto it = std::find_if(users_.begin(), users_.end(), [&](const User& user) { return user.name == name; });
  return it == users_.end() ? nullptr : &*it;
}

User* Users::find_mutable(std::string_view name) {
  const auto it = std::find_if(users_.begin(), users_.end(), [&](const User& user) { return user.name == name; });
  return it == users_.end() ? nullptr : &*it;
}

const User* Users::find_token(std::string_view token) const {
  if (token.empty() || token.size() > 128) return nullptr;
  const auto hash = hash_token(token);
  for (const auto& user : users_) {
    for (const auto& have : user.tokens) {
      if (have.size() == hash.size() && sodium_memcmp(have.data(), hash.data(), hash.size()) == 0) return &user;
    }
  }
  return nullptr;
}

bool Users::default_password() const {
  return std::any_of(users_.begin(), users_.end(), [](const User& user) { return user.default_password; });
}

Failure Users::add(std::string_view name, Role role, std::string_view password) {
  if (!name_is_fine(name)) return fmt::format("'{}' is no user name: use 1 to 32 of a-z, 0-9, '_', '-' and '.'", name);
  if (find(name) != nullptr) return fmt::format("user '{}' exists already", name);
  if (users_.size() >= kMaxUsers) return fmt::format("there are {} users already; remove one first", kMaxUsers);
  if (!password.empty()) {
    if (auto trouble = password_trouble(password)) return trouble;
  }
  User user;
  user.name = name;
  user.role = role;
  if (!password.empty()) user.hash = hash_password(password);
  users_.push_back(std::move(user));
  return write();
}

Failure Users::save(std::string_view name, Role role, std::string_view password) {
  auto* user = find_mutable(name);
  if (user == nullptr) return add(name, role, password);
  if (user->role == Role::kAdmin && role != Role::kAdmin && admin_count() == 1) return last_admin(name);
  user->role = role;
  return password.empty() ? write() : set_password(name, password);
}

Failure Users::set_password(std::string_view name, std::string_view password) {
  if (auto trouble = password_trouble(password)) return trouble;
  return set_hash(name, hash_password(password));
}

Failure Users::set_hash(std::string_view name, std::string hash) {
  auto* user = find_mutable(name);
  if (user == nullptr) return fmt::format("there is no user '{}'; `bmsgate user list` shows them", name);
  if (hash.empty()) return "not enough memory to hash the password";
  user->hash = std::move(hash);
  user->default_password = false;
  return write();
}

Failure Users::remove(std::string_view name) {
  const auto* user = find(name);
  if (user == nullptr) return fmt::format("there is no user '{}'; `bmsgate user list` shows them", name);
  if (user->role == Role::kAdmin && admin_count() == 1) return last_admin(name);
  users_.erase(users_.begin() + (user - users_.data()));
  return write();
}

Failure Users::add_token(std::string_view name, std::string& token) {
  auto* user = find_mutable(name);
  if (user == nullptr) return fmt::format("there is no user '{}'; `bmsgate user list` shows them", name);
  if (user->tokens.size() >= kMaxTokens) return fmt::format("user '{}' has {} tokens already", name, kMaxTokens);
  token = random_token();
  user->tokens.push_back(hash_token(token));
  return write();
}

}  // namespace bmsgate::host
