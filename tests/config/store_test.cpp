// SPDX-License-Identifier: Apache-2.0
#include "config/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/writer.hpp"
#include "tests/config/site.hpp"

namespace bmsgate::config {
namespace {

using test::lines_of;
using test::Program;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Mode = Store::Mode;

constexpr std::string_view kToml =
    "[server]\n"
    "port = 8080\n"
    "password = \"hush-hush\"\n"
    "[[line]]\n"
    "id = \"garage\"\n"
    "link = \"tcp:a:1\"\n"
    "[[unit]]\n"
    "id = \"boat\"\n"
    "line = \"garage\"\n"
    "poll_s = 10\n";

std::unique_ptr<Program> program(std::string_view toml = kToml, std::string_view json = {}) {
  auto out = std::make_unique<Program>();
  out->folder.write("site.toml", toml);
  if (!json.empty()) out->folder.write("settings.json", json);
  return out;
}

TEST(Store, LaysTheLayersOverOneAnother) {
  struct Case {
    std::string_view toml;
    std::string_view json;
    Pairs environment;
    std::vector<Override> overrides;
    int port;
    std::string_view where;
  };
  const Case cases[] = {
      {"", "", {}, {}, 80, "default"},
      {"[server]\nport = 1\n", "", {}, {}, 1, "site.toml:2"},
      {"[server]\nport = 1\n", R"({"server":{"port":2}})", {}, {}, 2, "settings.json"},
      {"[server]\nport = 1\n", R"({"server":{"port":2}})", {{"BMSGATE_SERVER_PORT", "3"}}, {}, 3, "environment BMSGATE_SERVER_PORT"},
      {"[server]\nport = 1\n", R"({"server":{"port":2}})", {{"BMSGATE_SERVER_PORT", "3"}}, {{"server.port", "4", "--port"}}, 4, "--port"},
  };
  for (const auto& c : cases) {
    const auto p = program(c.toml, c.json);
    p->inputs.environment = c.environment;
    p->inputs.overrides = c.overrides;
    ASSERT_THAT(lines_of(p->load()), IsEmpty());
    EXPECT_EQ(p->site().server.port, c.port);
    EXPECT_THAT(p->where("server", "", "port"), testing::EndsWith(std::string{c.where}));
  }
}

TEST(Store, MergesListsById) {
  const auto p = program(kToml, R"({"unit":[{"id":"boat","poll_s":20},{"id":"van","line":"garage"}],"line":{"shed":{"link":"tcp:b:1"}}})");
  p->inputs.environment = {{"BMSGATE_UNIT_BOAT_NAME", "The boat"}, {"BMSGATE_UNIT_CAR_LINE", "shed"}, {"BMSGATE_UNIT_CAR_POLL_S", "7"}};
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto site = p->site();
  ASSERT_EQ(site.units.size(), 3U);
  EXPECT_EQ(site.units[0].id, "boat");
  EXPECT_EQ(site.units[0].name, "The boat");
  EXPECT_EQ(site.units[0].line, "garage");
  EXPECT_EQ(site.units[0].poll_s, 20);
  EXPECT_EQ(site.units[1].id, "van");
  EXPECT_EQ(site.units[1].poll_s, 5);
  EXPECT_EQ(site.units[2].id, "car");
  EXPECT_EQ(site.units[2].poll_s, 7);
  EXPECT_THAT(p->where("unit", "boat", "line"), HasSubstr("site.toml:9"));
  EXPECT_EQ(p->where("unit", "van", "poll_s"), "default");
}

TEST(Store, FindsTheItemOfAVariableByItsCapitals) {
  const auto p = program("[[line]]\nid = \"rs485-1\"\nlink = \"x\"\n");
  p->inputs.environment = {{"BMSGATE_LINE_RS485_1_LINK", "y"}};
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  ASSERT_EQ(p->site().lines.size(), 1U);
  EXPECT_EQ(p->site().lines[0].link, "y");
}

TEST(Store, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string_view toml;
    std::string_view json;
    Pairs environment;
    std::vector<Override> overrides;
    std::string_view problem;  // ends with
  };
  const Case cases[] = {
      {"[[unit]]\nid = \"a\"\nline = \"garge\"\n[[line]]\nid = \"garage\"\nlink = \"x\"\n",
       "",
       {},
       {},
       "site.toml:3: unit.a.line: there is no line \"garge\"; did you mean garage?"},
      {"[[unit]]\nid = \"a\"\n", "", {}, {}, "site.toml:1: unit.a.line: is missing"},
      {"[[line]]\nid = \"a\"\nlink = \"x\"\n[[unit]]\nid = \"a\"\nline = \"a\"\nnumber = 3\n[[unit]]\nid = \"b\"\nline = \"a\"\nnumber = "
       "3\n",
       "",
       {},
       {},
       "site.toml:11: unit.b.number: 3 belongs to unit a already"},
      {"", R"({"server":{"port":0}})", {}, {}, "settings.json: server.port: 0 is below 1 (allowed 1-65535)"},
      {"", "{\n\"server\": nonsense}", {}, {}, "settings.json: is not valid JSON, line 2: syntax error"},
      {"",
       "",
       {{"BMSGATE_SERVER_PORT", "x"}},
       {},
       "environment BMSGATE_SERVER_PORT: server.port: \"x\" is not a whole number (allowed 1-65535)"},
      {"", "", {{"BMSGATE_SERVER_PROT", "1"}}, {}, "environment BMSGATE_SERVER_PROT: server: no setting has this name; did you mean port?"},
      {"",
       "",
       {{"BMSGATE_UNIT_BOAT_POL_S", "1"}},
       {},
       "environment BMSGATE_UNIT_BOAT_POL_S: unit: no setting has this name; did you mean poll_s?"},
      {"",
       "",
       {{"BMSGATE_UNIT_B%_NAME", "1"}},
       {},
       "environment \"BMSGATE_UNIT_B%_NAME\": unit.id: \"b%\" is not allowed here: 1 to 19 of a-z 0-9 _ -"},
      {"", "", {}, {{"server.port", "0", "--port"}}, "--port: server.port: 0 is below 1 (allowed 1-65535)"},
      {"", "", {}, {{"server", "0", "--set"}}, "--set: server: unknown setting"},
      {"", "", {}, {{"srver.port", "0", "--set"}}, "--set: srver.port: there is no group srver; did you mean server?"},
      {"", "", {}, {{"unit.boat", "0", "--set"}}, "--set: unit.boat: write it as unit.ID.KEY"},
      {"", "", {}, {{"unit.boat.id", "x", "--set"}}, "--set: unit.boat.id: cannot be changed; add a new one and remove the old one"},
  };
  for (const auto& c : cases) {
    const auto p = program(c.toml, c.json);
    p->inputs.environment = c.environment;
    p->inputs.overrides = c.overrides;
    EXPECT_THAT(lines_of(p->load()), ElementsAre(testing::EndsWith(std::string{c.problem})));
    EXPECT_EQ(p->site().server.port, 80) << "nothing is half applied";
  }
}

TEST(Store, LeavesForeignVariablesAlone) {
  const auto p = program();
  p->inputs.environment = {{"BMSGATE_HOME", "/x"}, {"BMSGATE_SERVER", "x"}, {"SERVER_PORT", "1"}, {"BMSGATE_", ""}};
  EXPECT_THAT(lines_of(p->load()), IsEmpty());
}

TEST(Store, WantsAFileThatWasNamed) {
  Program p;
  EXPECT_THAT(lines_of(p.load()), IsEmpty());
  p.inputs.config_needed = true;
  EXPECT_THAT(lines_of(p.load()), ElementsAre(testing::EndsWith("site.toml: cannot be read: No such file or directory")));
  std::filesystem::create_directory(p.folder.file("site.toml"));
  p.inputs.config_needed = false;
  EXPECT_THAT(lines_of(p.load()), ElementsAre(testing::EndsWith("site.toml: cannot be read: it is no regular file")));
}

TEST(Store, SavesOnlyWhatDiffers) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto change =
      p->store.change(R"({"server":{"port":9090,"ratio":1.5},"unit":[{"id":"boat","poll_s":10,"name":"Boat"}]})", Mode::kPatch);
  ASSERT_THAT(lines_of(change.problems), IsEmpty());
  EXPECT_THAT(change.changed, ElementsAre("server", "unit"));
  EXPECT_THAT(change.restart, ElementsAre("server"));
  EXPECT_EQ(p->folder.read("settings.json"),
            "{\n  \"server\": {\n    \"port\": 9090\n  },\n  \"unit\": [\n    {\n      \"id\": \"boat\",\n      \"name\": \"Boat\",\n"
            "      \"number\": 1\n    }\n  ]\n}\n");
  EXPECT_EQ(p->folder.read("site.toml"), kToml) << "the administrator's file stays as it is";

  Program again;
  again.folder.write("site.toml", kToml);
  again.folder.write("settings.json", p->folder.read("settings.json"));
  ASSERT_THAT(lines_of(again.load()), IsEmpty());
  EXPECT_EQ(again.site().server.port, 9090);
  EXPECT_EQ(again.site().units[0].name, "Boat");

  EXPECT_THAT(p->store.change(R"({"server":{"port":8080}})", Mode::kPatch).changed, ElementsAre("server"));
  EXPECT_THAT(p->folder.read("settings.json"), Not(HasSubstr("server"))) << "back to what the file says: no longer saved";
  EXPECT_THAT(p->store.change(R"({"unit":[{"id":"boat","name":null}]})", Mode::kPatch).changed, ElementsAre("unit"));
  EXPECT_EQ(p->site().units[0].name, "");
  EXPECT_THAT(p->store.change("{}", Mode::kPatch).changed, IsEmpty());
}

TEST(Store, KeepsTheFilePrivateAndWhole) {
  const auto p = program();
  p->folder.write("settings.json.tmp", "left over");
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  ASSERT_THAT(lines_of(p->store.set("server.password", "secret").problems), IsEmpty());
  struct stat about {};
  ASSERT_EQ(::stat(p->folder.file("settings.json").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(p->folder.file("settings.json.tmp")));
}

TEST(Store, ChangesNothingWhereItCannotSave) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto before = p->folder.read("settings.json");
  std::filesystem::create_directories(p->folder.file("settings.json.tmp/x"));  // the temporary file cannot be made
  const auto change = p->store.change(R"({"server":{"port":9090}})", Mode::kPatch);
  EXPECT_THAT(lines_of(change.problems), ElementsAre(HasSubstr("settings.json: cannot be written: ")));
  EXPECT_EQ(p->site().server.port, 8080);
  EXPECT_EQ(p->folder.read("settings.json"), before);
}

TEST(Store, RefusesAChangeAsAWhole) {
  struct Case {
    std::string_view json;
    std::vector<std::string> problems;
  };
  const Case cases[] = {
      {R"({"server":{"port":9090,"ratio":99}})", {"server.ratio: 99 is above 10 (allowed 0-10)"}},
      {R"({"server":{"port":9090},"unit":[{"id":"new"}]})", {"unit.new.line: is missing"}},
      {R"({"server":{"port":9090},"line":[{"id":"garage","remove":true}]})", {"unit.boat.line: there is no line \"garage\""}},
      {R"({"server":{"port":9090},"unit":[{"id":"new","line":"garage","number":1}]})", {"unit.new.number: 1 belongs to unit boat already"}},
      {R"({"server":{"port":9090,"name":"other"}})",
       {"server.name: is set by environment BMSGATE_SERVER_NAME, which is stronger; change it there"}},
      {R"({"server":{"port":9090})", {"is not valid JSON, line 1: incomplete JSON"}},
  };
  const auto p = program();
  p->inputs.environment = {{"BMSGATE_SERVER_NAME", "env"}};
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto before = p->folder.read("settings.json");
  for (const auto& c : cases) {
    auto change = p->store.try_change(c.json, Mode::kPatch);
    for (auto& problem : change.problems) problem.where.clear();
    EXPECT_EQ(lines_of(change.problems), c.problems);
    EXPECT_FALSE(p->store.change(c.json, Mode::kPatch).problems.empty());
    EXPECT_EQ(p->site().server.port, 8080);
    EXPECT_EQ(p->folder.read("settings.json"), before);
  }
  EXPECT_THAT(lines_of(p->store.change(R"({"server":{"name":"env"}})", Mode::kPatch).problems), IsEmpty()) << "an echo is no change";
}

TEST(Store, TriesWithoutChanging) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto before = p->folder.read("settings.json");
  EXPECT_THAT(p->store.try_change(R"({"server":{"port":9090}})", Mode::kPatch).changed, ElementsAre("server"));
  EXPECT_EQ(p->site().server.port, 8080);
  EXPECT_EQ(p->folder.read("settings.json"), before);
}

TEST(Store, RemovesAndRestoresItems) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  ASSERT_THAT(lines_of(p->store.change(R"({"unit":[{"id":"boat","remove":true},{"id":"van","line":"garage"}]})", Mode::kPatch).problems),
              IsEmpty());
  ASSERT_EQ(p->site().units.size(), 1U);
  EXPECT_EQ(p->site().units[0].id, "van");
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_EQ(p->site().units.size(), 1U) << "what the file has stays removed at the next start";
  ASSERT_THAT(lines_of(p->store.change(R"({"unit":{"van":null,"boat":{}}})", Mode::kPatch).problems), IsEmpty());
  ASSERT_EQ(p->site().units.size(), 1U);
  EXPECT_EQ(p->site().units[0].id, "boat");
  EXPECT_EQ(p->site().units[0].poll_s, 10);
}

TEST(Store, PutReplacesEverythingButSecretsAndNumbers) {
  const auto p = program(kToml, R"({"server":{"ratio":3,"password":"new"},"unit":[{"id":"van","line":"garage"}]})");
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  const auto number = p->site().units[0].number;
  const auto change =
      p->store.change(R"({"server":{"name":"x"},"line":[{"id":"garage"}],"unit":[{"id":"boat","name":"Boat"}]})", Mode::kPut);
  ASSERT_THAT(lines_of(change.problems), IsEmpty());
  const auto site = p->site();
  EXPECT_EQ(site.server.name, "x");
  EXPECT_EQ(site.server.ratio, 1.5);
  EXPECT_EQ(site.server.port, 8080);
  EXPECT_EQ(site.server.password, "new");
  ASSERT_EQ(site.units.size(), 1U);
  EXPECT_EQ(site.units[0].name, "Boat");
  EXPECT_EQ(site.units[0].number, number);
  ASSERT_THAT(lines_of(p->store.change(R"({"unit":[]})", Mode::kPut).problems), IsEmpty());
  EXPECT_THAT(p->site().units, IsEmpty());
  EXPECT_THAT(p->site().lines, IsEmpty());
}

TEST(Store, GivesNumbersOnceAndKeepsThem) {
  const std::string head = "[[line]]\nid = \"l\"\nlink = \"x\"\n";
  const auto unit = [](const std::string& id) { return "[[unit]]\nid = \"" + id + "\"\nline = \"l\"\n"; };
  const auto p = program(head + unit("a") + unit("b"));
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_EQ(p->site().units[0].number, 1);
  EXPECT_EQ(p->site().units[1].number, 2);
  p->folder.write("site.toml", head + unit("c") + unit("b"));  // a leaves, c comes before b
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_EQ(p->site().units[0].number, 3) << "1 is kept for a";
  EXPECT_EQ(p->site().units[1].number, 2);
  p->folder.write("site.toml", head + unit("a") + unit("b"));
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_EQ(p->site().units[0].number, 1) << "a is back";
  p->inputs.save = false;
  p->folder.write("site.toml", head + unit("d"));
  const auto before = p->folder.read("settings.json");
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_EQ(p->site().units[0].number, 4);
  EXPECT_EQ(p->folder.read("settings.json"), before);
}

TEST(Store, TakesUpWhatAnotherProgramSaved) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  Program other;
  other.inputs = p->inputs;
  ASSERT_THAT(lines_of(other.store.load(p->inputs)), IsEmpty());
  ASSERT_THAT(lines_of(other.store.set("server.ratio", "4").problems), IsEmpty());
  ASSERT_THAT(lines_of(p->store.set("server.name", "me").problems), IsEmpty());
  EXPECT_EQ(p->site().server.ratio, 4);
  EXPECT_THAT(p->folder.read("settings.json"), testing::AllOf(HasSubstr("ratio"), HasSubstr("me")));
}

TEST(Store, AsksTheCrossCheck) {
  Store store{test::kSchema, [](const Layer& layer, const Report& report) {
                test::Site site;
                fill(test::kSchema, layer, &site);
                if (site.server.enabled && site.server.password.empty()) report("server", "", "password", "is needed");
              }};
  test::Folder folder;
  folder.write("site.toml", "[server]\nenabled = true\n");
  Inputs inputs{.config_file = folder.file("site.toml"),
                .config_needed = true,
                .saved_file = folder.file("s.json"),
                .environment = {},
                .overrides = {}};
  EXPECT_THAT(lines_of(store.load(inputs)), ElementsAre("server.password: is needed"));
}

TEST(Store, NotesASecretThatEverybodyCanRead) {
  const auto p = program();
  std::filesystem::permissions(p->folder.file("site.toml"), std::filesystem::perms{0640});
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  EXPECT_THAT(p->store.notes(), IsEmpty());
  std::filesystem::permissions(p->folder.file("site.toml"), std::filesystem::perms{0644});
  EXPECT_THAT(p->store.notes(), ElementsAre(HasSubstr("site.toml:3: server.password: every user of this machine can read this secret")));
}

TEST(Store, NeverShowsASecret) {
  const auto p = program();
  ASSERT_THAT(lines_of(p->load()), IsEmpty());
  ASSERT_THAT(lines_of(p->store.set("server.password", "hush-hush-two").problems), IsEmpty());
  const auto& layer = p->store.resolved();
  const std::string texts[] = {
      values_json(test::kSchema, layer),
      toml_text(test::kSchema, layer, {.help = true, .sources = true, .diff = false}),
      toml_text(test::kSchema, layer, {.help = false, .sources = false, .diff = true}),
      schema_json(test::kSchema),
      markdown(test::kSchema),
  };
  for (const auto& text : texts) EXPECT_THAT(text, Not(HasSubstr("hush-hush")));
  EXPECT_THAT(texts[0], HasSubstr(R"("secrets":["server.password"])"));
  EXPECT_THAT(texts[1], HasSubstr("# password is set; it is not shown"));
  for (const std::string_view text : {"x\ny", "123456789012345678901"}) {
    const auto change = p->store.set("server.password", text);
    ASSERT_EQ(change.problems.size(), 1U);
    EXPECT_THAT(change.problems[0].line(), Not(HasSubstr(std::string{text})));
  }
}

}  // namespace
}  // namespace bmsgate::config
