// SPDX-License-Identifier: Apache-2.0
// Keeps the signs of currents that dialects have learned (Daly: two families of firmware disagree), so that the first reading after a
// restart has the right one. A file of the data folder, written when a pack has learned something new: once in its life. Loop thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace bmsgate::host {

class SignMemory {
 public:
  /// `data_dir` empty: remembers for this run only. A file that cannot be read is as good as none.
  SignMemory(const std::string& data_dir, core::Logger& log);

  /// +1 or -1; 0: nothing is known of this pack.
  [[nodiscard]] int recall(std::string_view pack) const;
  void learn(std::string_view pack, int sign);

 private:
  std::string file_;
  core::Logger& log_;
  std::map<std::string, int, std::less<>> signs_;
};

}  // namespace bmsgate::host
