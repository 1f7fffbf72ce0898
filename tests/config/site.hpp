// SPDX-License-Identifier: Apache-2.0
// A small program's settings for the tests: one of each kind of option, a table and two lists.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/section.hpp"
#include "config/store.hpp"
#include "core/option.hpp"

namespace bmsgate::config::test {

enum class Level : std::uint8_t { kLow, kHigh };

struct Server {
  bool enabled{false};
  std::uint16_t port{80};
  double ratio{1.5};
  std::string name{"gate"};
  std::string password;
  Level level{Level::kLow};
};
struct Line {
  std::string id;
  std::string link;
};
struct Unit {
  std::string id;
  std::string name;
  std::string line;
  int poll_s{5};
  int number{0};
};
struct Site {
  Server server;
  std::vector<Line> lines;
  std::vector<Unit> units;
};

inline constexpr std::string_view kIdPattern = "[a-z0-9_-]{1,19}";
inline constexpr std::string_view kIdHelp = "1 to 19 of a-z 0-9 _ -";

inline constexpr auto kServerOptions = std::to_array<core::Option>({
    core::option<&Server::enabled>({.key = "enabled", .label = "Server", .help = "Serve."}),
    core::option<&Server::port>({.key = "port", .label = "Port", .help = "Where.", .min = 1, .max = 65535, .flags = core::kRestart}),
    core::option<&Server::ratio>({.key = "ratio", .label = "Ratio", .help = "How much.", .min = 0, .max = 10}),
    core::option<&Server::name>(
        {.key = "name", .label = "Name", .help = "Who.", .min = 1, .max = 12, .pattern = "[^ ]*", .pattern_help = "no spaces"}),
    core::option<&Server::password>({.key = "password", .label = "Password", .help = "Hush.", .max = 20, .flags = core::kSecret}),
    core::option<&Server::level>({.key = "level", .label = "Level", .help = "How high.", .choices = "low|high"}),
});
inline constexpr auto kLineOptions = std::to_array<core::Option>({
    core::option<&Line::id>({.key = "id", .label = "Id", .help = "", .min = 1, .max = 19, .pattern = kIdPattern, .pattern_help = kIdHelp}),
    core::option<&Line::link>({.key = "link", .label = "Link", .help = "Where.", .min = 1}),
});
inline constexpr auto kUnitOptions = std::to_array<core::Option>({
    core::option<&Unit::id>({.key = "id", .label = "Id", .help = "", .min = 1, .max = 19, .pattern = kIdPattern, .pattern_help = kIdHelp}),
    core::option<&Unit::name>({.key = "name", .label = "Name", .help = "Who."}),
    core::option<&Unit::line>({.key = "line", .label = "Line", .help = "Where.", .min = 1, .refers_to = "line"}),
    core::option<&Unit::poll_s>({.key = "poll_s", .label = "Poll", .help = "How often.", .unit = "s", .min = 1, .max = 300}),
    core::option<&Unit::number>({.key = "number", .label = "Number", .help = "", .min = 0, .max = 247, .flags = core::kAssigned}),
});
inline constexpr auto kSections = std::to_array<Section>({
    section<&Site::server>({.key = "server", .title = "Server", .help = "The server.", .options = kServerOptions}),
    section<&Site::lines>({.key = "line", .title = "Lines", .help = "The lines.", .options = kLineOptions}),
    section<&Site::units>({.key = "unit", .title = "Units", .help = "The units.", .options = kUnitOptions}),
});
inline const Schema kSchema{kSections};

/// Problems as people read them.
inline std::vector<std::string> lines_of(const Problems& problems) {
  std::vector<std::string> out;
  for (const auto& problem : problems) out.push_back(problem.line());
  return out;
}

/// A folder of its own that vanishes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bmsgate-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, std::string_view text) const { std::ofstream{file(name), std::ios::binary} << text; }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in{file(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

 private:
  std::string path_;
};

/// A store over a folder: site.toml and settings.json.
class Program {
 public:
  [[nodiscard]] Problems load() {
    inputs.config_file = folder.file("site.toml");
    inputs.saved_file = folder.file("settings.json");
    return store.load(inputs);
  }
  [[nodiscard]] Site site() const {
    Site out;
    fill(kSchema, store.resolved(), &out);
    return out;
  }
  /// Where a value comes from: "server", "", "port" or "unit", "boat", "poll_s".
  [[nodiscard]] std::string where(std::string_view group, std::string_view id, std::string_view key) const {
    const auto s = *find_section(kSchema, group);
    return (*find_item(store.resolved().sections[s], id)).cells[*find_option(kSections[s], key)]->where;
  }

  Folder folder;
  Inputs inputs;
  Store store{kSchema, nullptr};
};

}  // namespace bmsgate::config::test
