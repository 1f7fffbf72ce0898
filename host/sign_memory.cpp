// SPDX-License-Identifier: Apache-2.0
// {"house":-1} in current-signs.json.
#include "host/sign_memory.hpp"

#include <boost/json.hpp>
#include <filesystem>

#include "config/file.hpp"

namespace bmsgate::host {

namespace json = boost::json;

SignMemory::SignMemory(const std::string& data_dir, core::Logger& log) : log_{log} {
  if (data_dir.empty()) return;
  file_ = (std::filesystem::path{data_dir} / "current-signs.json").string();
  constexpr std::size_t kMost = 65'536;
  json::error_code error;
  const auto content = json::parse(config::read_file(file_, kMost).text, error);
  if (error || !content.is_object()) return;
  for (const auto& [pack, sign] : content.get_object()) {
    if (sign == 1 || sign == -1) signs_.emplace(pack, static_cast<int>(sign.get_int64()));
  }
}

int SignMemory::recall(std::string_view pack) const {
  const auto known = signs_.find(pack);
  return known == signs_.end() ? 0 : known->second;
}

void SignMemory::learn(std::string_view pack, int sign) {
  if (sign == 0 || recall(pack) == sign) return;
  signs_.insert_or_assign(std::string{pack}, sign);
  if (file_.empty()) return;
  json::object content;
  for (const auto& [id, one] : signs_) content[id] = one;
  if (const auto why = config::write_file(file_, json::serialize(content) + "\n"); !why.empty()) {
    log_.write(core::Level::kWarning, "bus", "the sign of a current cannot be kept: " + why);
  }
}

}  // namespace bmsgate::host
