// SPDX-License-Identifier: Apache-2.0
#include "host/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "host/docs.hpp"
#include "tests/config/site.hpp"

namespace bmsgate::host {
namespace {

using config::test::Folder;
using config::test::lines_of;
using testing::ElementsAreArray;
using testing::IsEmpty;

SettingsHooks hooks() {
  return {.link_error = [](std::string_view link) -> std::string { return link.starts_with("tcp:") ? "" : "is no link"; },
          .addresses = [](std::string_view protocol) -> std::optional<SettingsHooks::Addresses> {
            if (protocol == "auto") return std::nullopt;
            return SettingsHooks::Addresses{.min = 1, .max = 16, .standard = 1};
          }};
}

config::Problems load(SettingsStore& store, const Folder& folder, std::string_view toml) {
  folder.write("bmsgate.toml", toml);
  return store.load({.config_file = folder.file("bmsgate.toml"), .data_dir = folder.file("data"), .environment = {}, .overrides = {}});
}

TEST(Settings, BeginWithTheDefaultsOfTheContract) {
  const Folder folder;
  SettingsStore store{hooks()};
  ASSERT_THAT(lines_of(load(store, folder, "[[bus]]\nid = \"b\"\nlink = \"tcp:h:1\"\n[[pack]]\nid = \"p\"\nbus = \"b\"\n")), IsEmpty());
  const auto& now = store.current();
  EXPECT_EQ(now.web.port, 80);
  EXPECT_FALSE(now.mqtt.enabled);
  EXPECT_EQ(now.mqtt.base_topic, "bmsgate");
  EXPECT_EQ(now.mqtt.full_s, 300);
  EXPECT_FALSE(now.modbus.enabled);
  EXPECT_EQ(now.modbus.port, 502);
  EXPECT_GE(now.modbus.max_clients, 64);
  EXPECT_FALSE(now.modbus.swap_floats);
  EXPECT_EQ(now.history.recent_days, 14);
  EXPECT_EQ(now.history.minute_days, 400);
  EXPECT_EQ(now.history.commit_s, 60);
  ASSERT_EQ(now.buses.size(), 1U);
  EXPECT_EQ(now.buses[0].role, core::BusRole::kMaster);
  ASSERT_EQ(now.packs.size(), 1U);
  EXPECT_EQ(now.packs[0].protocol, "auto");
  EXPECT_EQ(now.packs[0].poll_s, 5);
  EXPECT_EQ(now.packs[0].unit, 1);
}

TEST(Settings, CheckWhatOneValueMeansToAnother) {
  const std::string bus = "[[bus]]\nid = \"b\"\nlink = \"tcp:h:1\"\n";
  struct Case {
    std::string toml;
    std::vector<std::string> problems;  // behind the file's name
  };
  const Case cases[] = {
      {"[[bus]]\nid = \"b\"\nlink = \"tpc:h:1\"\n", {":3: bus.b.link: is no link"}},
      {bus + "[[bus]]\nid = \"c\"\nlink = \"tcp:h:1?x=1\"\n", {":6: bus.c.link: is the line of bus b already; put the packs on one bus"}},
      {bus + "[[pack]]\nid = \"p\"\nbus = \"b\"\nprotocol = \"daly-a5\"\naddress = 17\n",
       {":8: pack.p.address: 17 is no address of daly-a5 (allowed 1-16)"}},
      {bus + "[[pack]]\nid = \"p\"\nbus = \"b\"\nprotocol = \"jk-pb\"\n[[pack]]\nid = \"q\"\nbus = \"b\"\nprotocol = \"jk-pb\"\naddress = "
             "1\n",
       {":12: pack.q.address: is that of pack p on the same bus"}},
      {bus + "[[pack]]\nid = \"p\"\nbus = \"b\"\nprotocol = \"jk-ble\"\n",
       {":7: pack.p.protocol: \"jk-ble\" is not one of auto, jk-nw, jk-pb, daly-a5, daly-d2, daly-p81"}},
      {"[modbus]\nenabled = true\nport = 80\n", {":3: modbus.port: 80 is the port of the web server already (web.port)"}},
      {"[general]\ntime_zone = \"../../etc\"\n",
       {":2: general.time_zone: \"../../etc\" is not allowed here: a name such as Europe/Rome, or empty"}},
      {"[mqtt]\nbase_topic = \"a/#\"\n", {":2: mqtt.base_topic: \"a/#\" is not allowed here: no spaces, + or #, and no / at its ends"}},
      {"[web]\nlisten = \"1.2.3\"\n", {":2: web.listen: \"1.2.3\" is no IP address"}},
      {"[web]\nlisten = \"here\"\n", {":2: web.listen: \"here\" is not allowed here: an IP address, or empty"}},
  };
  for (const auto& c : cases) {
    const Folder folder;
    SettingsStore store{hooks()};
    std::vector<std::string> wanted;
    for (const auto& problem : c.problems) wanted.push_back(folder.file("bmsgate.toml") + problem);
    EXPECT_THAT(lines_of(load(store, folder, c.toml)), ElementsAreArray(wanted));
    EXPECT_FALSE(std::filesystem::exists(folder.file("data/settings.json"))) << "nothing is half done";
  }
}

TEST(Settings, TakeAChangeAndGiveItBack) {
  const Folder folder;
  SettingsStore store{hooks()};
  ASSERT_THAT(lines_of(load(store, folder, "")), IsEmpty());
  const auto change = store.patch(
      R"({"mqtt":{"enabled":true,"password":"hush"},"bus":[{"id":"b","link":"tcp:h:1"}],"pack":[{"id":"p","bus":"b","poll_s":1}]})");
  ASSERT_THAT(lines_of(change.problems), IsEmpty());
  EXPECT_THAT(change.changed, testing::ElementsAre("mqtt", "bus", "pack"));
  EXPECT_TRUE(store.current().mqtt.enabled);
  EXPECT_EQ(store.current().mqtt.password, "hush");
  EXPECT_EQ(store.current().packs.at(0).poll_s, 1);
  const auto values = boost::json::parse(store.values_json());
  EXPECT_EQ(values.at("secrets").at(0).as_string(), "mqtt.password");
  EXPECT_EQ(store.put(boost::json::serialize(values.at("values"))).changed.size(), 0U) << "the whole document back changes nothing";
  EXPECT_EQ(store.current().mqtt.password, "hush");
}

TEST(Settings, HaveAnExampleThatIsAccepted) {
  const Folder folder;
  SettingsStore store{hooks()};
  EXPECT_THAT(lines_of(load(store, folder, example_toml())), IsEmpty());
}

/// Keys are contracts: lower case, no key twice in a group, a label and a help text for people.
TEST(Settings, AreAllDescribed) {
  for (const auto& section : settings_schema()) {
    std::set<std::string_view> keys;
    EXPECT_FALSE(section.help.empty()) << section.key;
    for (const auto& option : section.options) {
      EXPECT_TRUE(keys.insert(option.key).second) << section.key << "." << option.key;
      EXPECT_FALSE(option.label.empty()) << option.key;
      EXPECT_TRUE(option.help.ends_with(".")) << option.key;
      EXPECT_EQ(option.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos) << option.key;
      EXPECT_TRUE(option.type != core::OptionType::kChoice || !option.choices.empty()) << option.key;
      EXPECT_TRUE(option.pattern.empty() || !option.pattern_help.empty()) << option.key;
      auto standard = config::get(option, section.defaults());
      const bool needed = section.list && option.min > 0 && standard == config::Value{std::string{}};
      EXPECT_TRUE(needed || config::check(option, standard).empty()) << section.key << "." << option.key << ": its own default";
    }
  }
}

}  // namespace
}  // namespace bmsgate::host
