// SPDX-License-Identifier: Apache-2.0
// Every capture of every dialect, maltreated at each of its bytes: cut in two, a byte lost, a byte changed, rubbish before, behind and
// between. Whatever is still reported is what the unharmed capture says, and every byte is accounted for.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/protocols/jk_support.hpp"

namespace bmsgate::test {
namespace {

namespace json = boost::json;
using core::Field;
using Make = core::Protocol* (*)(protocols::ProtocolStorage) noexcept;

struct Capture {
  std::string id;
  Make make{nullptr};
  Bytes bytes;
  bool weak{false};  // an 8-bit sum is all that protects it: a lost byte can go unnoticed
};

Capture read(const json::object& entry) {
  Capture out;
  out.id = entry.at("id").as_string().c_str();
  const auto bytes = from_hex(std::string_view{entry.at("hex").as_string()});
  if (const auto* request = entry.if_contains("request_hex")) out.bytes = from_hex(std::string_view{request->as_string()});
  out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
  const std::string_view protocol{entry.at("protocol").as_string()};
  const auto address = bytes.at(0);
  out.make = protocol == "jk-nw"         ? protocols::make_jk_nw
             : protocol == "jk-ble"      ? protocols::make_jk_ble
             : protocol == "daly-a5"     ? protocols::make_daly_a5
             : protocol != "daly-modbus" ? protocols::make_jk_pb
             : address == 0xD2           ? protocols::make_daly_d2
                                         : protocols::make_daly_p81;
  out.weak = out.make == protocols::make_jk_ble || out.make == protocols::make_jk_pb;
  return out;
}

const std::vector<Capture>& captures() {
  static const auto kAll = [] {
    std::vector<Capture> all;
    for (const auto* name : {"jk", "daly"}) {
      std::ifstream file{std::string{BMSGATE_TEST_DATA} + "/captures/" + name + ".json"};
      std::stringstream text;
      text << file.rdbuf();
      const auto entries = json::parse(text.str());
      for (const auto& entry : entries.as_array()) {
        const auto* kind = entry.as_object().if_contains("kind");
        if (kind == nullptr || kind->as_string() != "fc03-data") all.push_back(read(entry.as_object()));
      }
    }
    return all;
  }();
  return kAll;
}

/// What a dialect made of some bytes.
struct Outcome {
  std::vector<Heard> reports;
  core::LineCounters counters;
  std::size_t noted{0};  // bytes of the frames that it showed
};

Outcome hear(const Capture& capture, std::initializer_list<std::span<const std::uint8_t>> pieces) {
  Device device{capture.make};
  for (const auto piece : pieces) device->feed(piece, device.heard);
  device->flush(device.heard);
  Outcome out;
  out.reports = device.heard.reports;
  out.counters = device.counters();
  for (const auto& note : device.heard.notes) out.noted += note.bytes.size();
  return out;
}

bool same(const Outcome& a, const Outcome& b) {
  const auto equal = [](const Heard& x, const Heard& y) {
    return x.address == y.address && x.confirmed == y.confirmed && x.live == y.live && x.settings == y.settings && x.identity == y.identity;
  };
  return std::ranges::equal(a.reports, b.reports, equal) && a.counters.frames_ok == b.counters.frames_ok &&
         a.counters.bytes_skipped == b.counters.bytes_skipped && a.counters.unknown == b.counters.unknown;
}

/// A capture with what it says unharmed.
class Subject {
 public:
  explicit Subject(const Capture& capture) : capture_{capture} {
    for (const auto& report : clean_.reports) {
      if (report.live) add(*report.live);
      if (report.settings) add(*report.settings);
      if (report.identity) for_each_text(*report.identity, [&](auto, auto text) { texts_.insert(std::string{text}); });
    }
  }

  /// Everything in these reports was in those of the unharmed capture too.
  void expect_true(const Outcome& outcome, std::size_t at) const;

  /// Each byte belongs to a frame or was skipped. The 00 of a damaged JK-PB acknowledgement of pack 0 may pass for padding.
  [[nodiscard]] bool accounts_for(const Outcome& outcome, std::size_t bytes) const {
    const auto accounted = outcome.noted + outcome.counters.bytes_skipped;
    return accounted == bytes || (capture_.make == protocols::make_jk_pb && accounted + 1 == bytes);
  }

  using Pieces = std::initializer_list<std::span<const std::uint8_t>>;
  [[nodiscard]] Outcome hear(Pieces pieces) const { return test::hear(capture_, pieces); }
  [[nodiscard]] const Capture& capture() const { return capture_; }
  [[nodiscard]] const Bytes& bytes() const { return capture_.bytes; }
  [[nodiscard]] const Outcome& clean() const { return clean_; }

 private:
  /// With the frame that tells it apart lost, the sign of a Daly current is the usual one.
  [[nodiscard]] static std::int32_t plain(std::size_t slot, std::int32_t value) {
    const bool sign = slot == core::slot(Field::kCurrent) || slot == core::slot(Field::kPower);
    return sign ? std::abs(value) : value;
  }
  void add(const core::Sample& live) {
    for (std::size_t s = 0; s < core::kSlotCount; ++s) {
      if (live.slot_valid(s)) values_[s].insert(plain(s, live.slot_value(s)));
    }
    for (const auto& alarm : live.alarms) alarms_.insert(std::string{alarm.text()});
  }
  void add(const core::BmsSettings& settings) {
    core::Sample along;
    core::settings_to_fields(settings, along);
    add(along);
    for (const auto& setting : core::kBmsSettings) {
      if (settings.has(setting.id)) settings_[setting.id].insert(settings.get(setting.id));
    }
  }

  const Capture& capture_;
  const Outcome clean_ = hear({bytes()});
  std::map<std::size_t, std::set<std::int32_t>> values_;
  std::map<core::BmsSetting, std::set<std::int32_t>> settings_;
  std::set<std::string> texts_;
  std::set<std::string> alarms_;
};

void Subject::expect_true(const Outcome& outcome, std::size_t at) const {
  for (const auto& report : outcome.reports) {
    if (capture_.weak && !report.confirmed) continue;  // believed only when the next one agrees
    for (std::size_t s = 0; report.live && s < core::kSlotCount; ++s) {
      if (!report.live->slot_valid(s)) continue;
      const auto known = values_.find(s);
      // A5: where the count of cells and sensors is lost, slots behind the last one show.
      if (known == values_.end() && capture_.make == protocols::make_daly_a5) continue;
      ASSERT_NE(known, values_.end()) << "byte " << at << ", slot " << s;
      ASSERT_TRUE(known->second.contains(plain(s, report.live->slot_value(s)))) << "byte " << at << ", slot " << s;
    }
    for (const auto& alarm : report.live ? report.live->alarms : core::AlarmList{}) {
      ASSERT_TRUE(alarms_.contains(std::string{alarm.text()})) << "byte " << at << ", " << alarm.text();
    }
    for (const auto& setting : core::kBmsSettings) {
      if (!report.settings || !report.settings->has(setting.id)) continue;
      const auto known = settings_.find(setting.id);
      ASSERT_NE(known, settings_.end()) << "byte " << at << ", " << setting.key;
      ASSERT_TRUE(known->second.contains(report.settings->get(setting.id))) << "byte " << at << ", " << setting.key;
    }
    if (!report.identity) continue;
    for_each_text(*report.identity, [&](auto key, auto text) { EXPECT_TRUE(texts_.contains(std::string{text})) << at << ' ' << key; });
  }
}

/// All captures of one dialect.
class Damage : public testing::TestWithParam<std::size_t> {
 protected:
  template <class Check>
  void each(Check&& check) const {
    for (const auto& capture : captures()) {
      if (capture.make != protocols::kDialects[GetParam()].make) continue;
      SCOPED_TRACE(capture.id);
      check(Subject{capture});
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(Damage, EveryByteIsAccountedFor) {
  each([](const Subject& subject) { EXPECT_EQ(subject.clean().noted + subject.clean().counters.bytes_skipped, subject.bytes().size()); });
}

TEST_P(Damage, CutInTwoAnywhereItSaysTheSame) {
  each([](const Subject& subject) {
    const auto all = std::span{subject.bytes()};
    for (std::size_t at = 0; at <= all.size(); ++at) {
      ASSERT_TRUE(same(subject.hear({all.first(at), all.subspan(at)}), subject.clean())) << "byte " << at;
    }
  });
}

TEST_P(Damage, AChangedByteChangesNoValue) {
  each([](const Subject& subject) {
    for (const unsigned change : {0x01U, 0x80U, 0xFFU}) {
      for (std::size_t at = 0; at < subject.bytes().size(); ++at) {
        auto bytes = subject.bytes();
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ change);
        const auto outcome = subject.hear({bytes});
        ASSERT_NO_FATAL_FAILURE(subject.expect_true(outcome, at));
        ASSERT_LE(outcome.counters.frames_ok, subject.clean().counters.frames_ok) << "byte " << at;
        ASSERT_TRUE(subject.accounts_for(outcome, bytes.size())) << "byte " << at;
      }
    }
  });
}

TEST_P(Damage, ALostByteChangesNoValueAndHarmsNoneThatFollows) {
  each([](const Subject& subject) {
    for (std::size_t at = 0; at < subject.bytes().size(); ++at) {
      auto bytes = subject.bytes();
      bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
      const auto outcome = subject.hear({bytes, subject.bytes()});
      ASSERT_NO_FATAL_FAILURE(subject.expect_true(outcome, at));
      ASSERT_GE(outcome.counters.frames_ok, subject.clean().counters.frames_ok) << "byte " << at;
      ASSERT_TRUE(subject.accounts_for(outcome, bytes.size() + subject.bytes().size())) << "byte " << at;
    }
  });
}

TEST_P(Damage, RubbishAroundItIsSkipped) {
  each([](const Subject& subject) {
    const Bytes noise{0xFF, 0x7F, 0x33, 0x20, 0xFE, 0xC3};  // no dialect begins a frame like that
    const auto outcome = subject.hear({noise, subject.bytes(), noise});
    EXPECT_EQ(outcome.counters.frames_ok, subject.clean().counters.frames_ok);
    EXPECT_EQ(outcome.counters.bytes_skipped, subject.clean().counters.bytes_skipped + 2 * noise.size());
    EXPECT_EQ(outcome.reports.size(), subject.clean().reports.size());
    subject.expect_true(outcome, 0);
  });
}

TEST_P(Damage, ItsOwnBeginningBeforeItDoesNotHideIt) {
  each([](const Subject& subject) {
    const auto all = std::span{subject.bytes()};
    for (std::size_t size = 1; size < std::min<std::size_t>(all.size(), 8); ++size) {
      const auto outcome = subject.hear({all.first(size), all});
      EXPECT_GE(outcome.counters.frames_ok, subject.clean().counters.frames_ok) << size;
      EXPECT_TRUE(subject.accounts_for(outcome, size + all.size())) << size;
      subject.expect_true(outcome, size);
    }
  });
}

TEST_P(Damage, TwiceInARowIsTwiceTheFrames) {
  each([](const Subject& subject) {
    const auto once = subject.clean().counters.frames_ok;
    const auto outcome = subject.hear({subject.bytes(), subject.bytes()});
    // D2: a write and its like are a write and its echo.
    EXPECT_GE(outcome.counters.frames_ok, once == 0 ? 0 : 2 * once - 1);
    EXPECT_TRUE(subject.accounts_for(outcome, 2 * subject.bytes().size()));
    subject.expect_true(outcome, 0);
  });
}

TEST_P(Damage, OtherDialectsBeforeAndBehindChangeNoValue) {
  each([](const Subject& subject) {
    for (const auto& other : captures()) {
      if (other.make == subject.capture().make || (other.weak && subject.capture().weak)) continue;
      const auto outcome = subject.hear({other.bytes, subject.bytes(), other.bytes});
      EXPECT_GE(outcome.counters.frames_ok, subject.clean().counters.frames_ok) << other.id;
      subject.expect_true(outcome, 0);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, Damage, testing::Range<std::size_t>(0, protocols::kDialects.size()), [](const auto& param) {
  std::string name{protocols::kDialects[param.param].key};
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace bmsgate::test
