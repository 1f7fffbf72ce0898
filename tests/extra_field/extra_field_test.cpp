// SPDX-License-Identifier: Apache-2.0
// One line added to the table of data is enough: the datum appears in the API, in CSV, in Modbus, in the docs and in the descriptions that
// pages and scripts are made from. Nothing but extra.def names it. (The pages' side: web/tests/details.test.tsx, with the same line.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "core/hub.hpp"
#include "host/docs.hpp"
#include "host/web/api.hpp"
#include "outputs/history/csv.hpp"
#include "outputs/history/rows.hpp"
#include "outputs/modbus_blocks.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate {
namespace {

using ::testing::HasSubstr;
constexpr core::UtcMs kTime = 1'795'370'400'000;  // a full hour
constexpr const core::FieldInfo& kExtra = core::kFields.back();
constexpr std::int32_t kValue = 475;  // 47.5

struct FixedClock final : core::Clock {
  [[nodiscard]] core::Instant now() const noexcept override { return core::Instant{std::chrono::seconds{100}}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return kTime; }
};
struct NullLog final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

core::Reading reading() {
  core::Reading reading;
  reading.at = FixedClock{}.now();
  reading.utc_ms = kTime;
  reading.sample.set(core::Field::kHumidity, kValue);
  reading.sample.set(core::Field::kSoc, 800);
  return reading;
}

class ExtraField : public ::testing::Test {
 protected:
  void SetUp() override {
    core::PackConfig config;
    config.id.assign("boat");
    config.unit = 1;
    ASSERT_TRUE(hub_->add_pack(config).ok());
    auto one = reading();
    hub_->publish(one);
  }
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  FixedClock clock_;
};

TEST_F(ExtraField, IsTheOneOfTheAddedLine) {
  EXPECT_EQ(kExtra.key, "humidity");
  EXPECT_EQ(core::info(core::Field::kHumidity).key, kExtra.key);
}

TEST_F(ExtraField, IsInThePackOfTheApi) {
  std::string pack;
  outputs::append_pack(pack, *hub_, 0, clock_.now());
  EXPECT_EQ(boost::json::parse(pack).at("fields").at(kExtra.key).to_number<double>(), 47.5) << pack;
}

TEST_F(ExtraField, IsInCsv) {
  const auto file = std::filesystem::temp_directory_path() / ("bmsgate-extra-" + std::to_string(::getpid()) + ".db");
  std::string why;
  NullLog log;
  {
    const auto store = outputs::Store::open(file.string(), outputs::OpenMode::kWrite, log, why);
    ASSERT_NE(store, nullptr) << why;
    outputs::ChunkBuilder builder;
    ASSERT_TRUE(builder.add(outputs::row_of(outputs::HistoryTier::kReadings, kTime, reading().sample)));
    const auto& chunk = builder.chunk();
    outputs::CsvWriter writer{
        {.pack = "boat", .from_ms = kTime - 1000, .to_ms = kTime + 1000, .every_ms = 0, .fields = {core::Field::kHumidity}}};
    std::string csv;
    while (writer.next(*store, std::span{&chunk, 1}, csv)) {
    }
    EXPECT_THAT(csv, HasSubstr(std::string{kExtra.key}));
    EXPECT_THAT(csv, HasSubstr(",47.5"));
  }
  for (const auto* rest : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + rest);
}

TEST_F(ExtraField, IsInTheModbusBlock) {
  outputs::ModbusBlocks blocks{*hub_, clock_, {}};
  std::array<std::uint16_t, 1> registers{};
  EXPECT_EQ(blocks.read(0, kExtra.reg, registers), core::modbus::Exception::kNone);
  EXPECT_EQ(registers[0], kValue);
}

TEST_F(ExtraField, IsInTheDocs) {
  for (const auto& page : {host::fields_page(), host::registers_page()}) EXPECT_THAT(page, HasSubstr(std::string{kExtra.key}));
}

TEST_F(ExtraField, IsInTheDescriptions) {
  const auto fields = boost::json::parse(host::fields_json());
  const auto& last = fields.as_array().back().as_object();
  EXPECT_EQ(last.at("key"), "humidity");
  EXPECT_EQ(last.at("label"), "Humidity");
  EXPECT_EQ(last.at("unit"), "%");
  const auto api = boost::json::parse(host::web::openapi_json({}));
  EXPECT_EQ(api.at_pointer("/components/schemas/Fields/properties/humidity/x-unit"), "%");
}

}  // namespace
}  // namespace bmsgate
