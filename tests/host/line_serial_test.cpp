// SPDX-License-Identifier: Apache-2.0
// Serial ports and ptys: opened, unplugged, plugged in again, refused.
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>

#include "tests/host/line_support.hpp"

namespace bmsgate::host {
namespace {

/// A port that answers its ioctls as told and remembers them.
struct FakeTty final : TtyControl {
  int set_raw(int, std::uint32_t baud) const noexcept override {
    bauds.push_back(baud);
    return 0;
  }
  int set_rs485(int) const noexcept override {
    ++rs485_calls;
    return rs485;
  }
  int set_low_latency(int) const noexcept override { return 0; }
  int set_exclusive(int) const noexcept override { return 0; }
  mutable std::vector<std::uint32_t> bauds;
  mutable int rs485_calls{0};
  int rs485{0};
};

using SerialLineTest = LineTest;

TEST_F(SerialLineTest, PassesEveryByteBothWays) {
  const FarEnd far{path("tty")};
  auto& serial = open("serial:" + path("tty") + "?baud=9600");
  ASSERT_EQ(events.ups, 1);
  EXPECT_TRUE(serial.send(every_byte()));
  EXPECT_EQ(far.read(), every_byte());
  far.write(every_byte());
  EXPECT_TRUE(until([&] { return events.bytes.size() == 256; }));
  EXPECT_EQ(events.bytes, every_byte());
  ASSERT_EQ(events.notes.size(), 1U) << "a pty has no low-latency mode: one line";
  EXPECT_NE(events.notes[0].find("low-latency"), std::string::npos);
}

TEST_F(SerialLineTest, APortThatVanishesComesBackByItself) {
  auto far = std::make_unique<FarEnd>(path("tty"));
  auto& serial = open("serial:" + path("tty"));
  far.reset();
  EXPECT_TRUE(until([&] { return events.downs > 0; }));
  EXPECT_FALSE(serial.send(Bytes{1}));
  EXPECT_TRUE(until([&] { return events.downs > 1; }));
  EXPECT_NE(events.reasons.back().find("is not there"), std::string::npos) << events.reasons.back();
  far = std::make_unique<FarEnd>(path("tty"));
  EXPECT_TRUE(until([&] { return events.ups == 2; }));
  EXPECT_TRUE(serial.send(Bytes{1, 2}));
  EXPECT_EQ(far->read(), (Bytes{1, 2}));
  EXPECT_EQ(events.notes.size(), 1U) << "what a port lacks is said once";
}

TEST_F(SerialLineTest, AnythingElseThanAPortIsCalledSo) {
  std::ofstream{path("file")} << "text";
  open("serial:" + path("file"));
  ASSERT_EQ(events.reasons.size(), 1U);
  EXPECT_EQ(events.reasons[0], path("file") + " is no serial port");
}

TEST_F(SerialLineTest, APortWithoutPermissionIsOneClearLine) {
  std::ofstream{path("locked")} << "";
  ASSERT_EQ(::chmod(path("locked").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  // The superuser may open everything: a child without rights tries.
  const auto child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(3);
    open("serial:" + path("locked"));
    const bool told = events.reasons.size() == 1 && events.reasons[0].find("no permission") != std::string::npos;
    ::_exit(told ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SerialLineTest, APortInUseIsCalledSo) {
  const FarEnd far{path("tty")};
  open("serial:" + path("tty"));
  Events second_events;
  LinkSpec spec;
  ASSERT_EQ(parse_link("serial:" + path("tty"), spec), "");
  const auto second = make_line(io, spec, 9600);
  second->start(second_events);
  EXPECT_EQ(second_events.ups, 0);
  ASSERT_EQ(second_events.reasons.size(), 1U);
  EXPECT_NE(second_events.reasons[0].find("in use"), std::string::npos);
  second->stop();
}

TEST_F(SerialLineTest, Rs485AndSpeedReachThePort) {
  const FarEnd far{path("tty")};
  FakeTty tty;
  tty.rs485 = ENOTTY;
  auto& serial = open("serial:" + path("tty") + "?baud=9600&rs485=1", tty);
  EXPECT_EQ(tty.bauds, (std::vector<std::uint32_t>{9600}));
  EXPECT_EQ(tty.rs485_calls, 1);
  ASSERT_EQ(events.notes.size(), 1U);
  EXPECT_NE(events.notes[0].find("RS485"), std::string::npos);
  EXPECT_TRUE(serial.set_baud(115200));
  EXPECT_EQ(tty.bauds.back(), 115200U);
  line->stop();
  line.reset();
}

TEST_F(SerialLineTest, Rs485IsLeftAloneWhereNobodyWantsIt) {
  const FarEnd far{path("tty")};
  const FakeTty tty;
  open("serial:" + path("tty"), tty);
  EXPECT_EQ(tty.rs485_calls, 0);
  EXPECT_TRUE(events.notes.empty());
  line->stop();
  line.reset();
}

TEST_F(SerialLineTest, DiscardedInputIsGone) {
  const FarEnd far{path("tty")};
  auto& serial = open("serial:" + path("tty"));
  far.write({1, 2, 3});
  serial.discard_input();
  far.write({4});
  EXPECT_TRUE(until([&] { return !events.bytes.empty(); }));
  EXPECT_EQ(events.bytes, (Bytes{4}));
}

TEST_F(SerialLineTest, APtyWaitsForWhoeverOpensItsLink) {
  auto& pty = open("pty:" + path("line"));
  ASSERT_EQ(events.ups, 1);
  for (int round = 1; round <= 2; ++round) {
    const int peer = ::open(path("line").c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK);
    ASSERT_GE(peer, 0);
    ASSERT_TRUE(until([&] { return events.ups == round; }));
    EXPECT_TRUE(pty.send(Bytes{0x0A, 0x0D, 0xFF}));
    Bytes got(8);
    got.resize(static_cast<std::size_t>(::read(peer, got.data(), got.size())));
    EXPECT_EQ(got, (Bytes{0x0A, 0x0D, 0xFF}));
    EXPECT_EQ(::write(peer, "x", 1), 1);
    EXPECT_TRUE(until([&] { return events.bytes.size() == static_cast<std::size_t>(round); }));
    ::close(peer);
    ASSERT_TRUE(until([&] { return events.downs >= round; }));
  }
  pty.stop();
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path("line"))));
}

TEST_F(SerialLineTest, APtyNeverOverwritesAFile) {
  std::ofstream{path("precious")} << "text";
  open("pty:" + path("precious"));
  ASSERT_EQ(events.reasons.size(), 1U);
  EXPECT_TRUE(std::filesystem::is_regular_file(path("precious")));
}

}  // namespace
}  // namespace bmsgate::host
