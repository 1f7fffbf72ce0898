// SPDX-License-Identifier: Apache-2.0
// The layers of one program's settings: loads them, lays them over one another, checks the whole, takes changes and saves them.
// A change either passes every check and is saved, or nothing has happened. Used by host/; one thread. Nothing throws.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/layer.hpp"

namespace bmsgate::config {

struct Override {
  std::string key;  // "web.port", "pack.boat.poll_s"
  std::string value;
  std::string origin;  // how people wrote it: "--port"
};

struct Inputs {
  std::string config_file;    // bmsgate.toml
  bool config_needed{false};  // it must be there
  std::string saved_file;     // settings.json; need not be there
  bool save{true};            // false: nothing is ever written
  Pairs environment;
  std::vector<Override> overrides;
};

/// Reports a problem with a value of a complete layer: group, id (empty in single tables), option, message. The store adds where.
using Report = std::function<void(std::string_view section, std::string_view id, std::string_view option, std::string message)>;
/// Checks between values, beyond the rows.
using CrossCheck = std::function<void(const Layer& resolved, const Report& report)>;

class Store {
 public:
  Store(Schema schema, CrossCheck check);

  /// Not empty: nothing has changed.
  [[nodiscard]] Problems load(const Inputs& inputs);
  [[nodiscard]] const Layer& resolved() const noexcept { return resolved_; }
  /// What is allowed but worth a line in the log: secrets in files that everybody can read.
  [[nodiscard]] std::vector<std::string> notes() const;

  enum class Mode : std::uint8_t { kPatch, kPut };
  struct Change {
    Problems problems;                 // not empty: nothing has changed
    std::vector<std::string> changed;  // keys of the groups whose values changed
    std::vector<std::string> restart;  // those among them with a change that takes effect at the next start only
  };
  /// A change as JSON text (config/reader.hpp). kPut: what is missing goes back to what the file or the default says, secrets aside.
  [[nodiscard]] Change change(std::string_view json, Mode mode);
  /// What change() would answer.
  [[nodiscard]] Change try_change(std::string_view json, Mode mode) const;
  /// The complete layer that change() would make; empty if it has problems, which go to `problems`.
  [[nodiscard]] Layer preview(std::string_view json, Problems& problems) const;
  /// Keys ("web.port") whose values differ from those that load() found, and take effect at the next start only.
  [[nodiscard]] std::vector<std::string> restart_needed() const;
  /// One value, as text.
  [[nodiscard]] Change set(std::string_view key, std::string_view value);

 private:
  struct Candidate {
    Layer saved;
    Layer resolved;
    Problems problems;
  };
  [[nodiscard]] Layer read_saved(Problems& problems) const;
  [[nodiscard]] Layer compose(const Layer& saved, const Layer& change) const;
  void check(Candidate& candidate) const;
  void assign_numbers(Candidate& candidate) const;
  void merge(Layer& saved, const Layer& change) const;
  void forget_missing(Layer& saved, const Layer& change) const;
  void drop_equal(Layer& saved) const;
  void refuse_overridden(const Layer& change, Candidate& candidate) const;
  [[nodiscard]] Candidate prepare(const Layer& change, Mode mode) const;
  [[nodiscard]] Change difference(Candidate& candidate) const;
  [[nodiscard]] Change commit(Candidate candidate);
  [[nodiscard]] std::string save(const Layer& saved) const;

  Schema schema_;
  CrossCheck check_;
  Inputs inputs_;
  Layer base_;   // defaults and file
  Layer saved_;  // settings.json
  Layer above_;  // environment and command line
  Layer resolved_;
  Layer loaded_;  // resolved_ as load() left it
};

}  // namespace bmsgate::config
