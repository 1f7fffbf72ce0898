// SPDX-License-Identifier: Apache-2.0
// LINK texts, right and wrong.
#include <gtest/gtest.h>

#include "host/line.hpp"

namespace bmsgate::host {
namespace {

struct LinkRow {
  const char* text;
  const char* problem;  // a part of it; "" = none
};
class LinkTest : public ::testing::TestWithParam<LinkRow> {};

TEST_P(LinkTest, IsReadOrRefused) {
  LinkSpec spec;
  const auto problem = parse_link(GetParam().text, spec);
  const std::string_view wanted = GetParam().problem;
  EXPECT_EQ(problem.empty(), wanted.empty()) << problem;
  EXPECT_NE(problem.find(wanted), std::string::npos) << problem;
}

INSTANTIATE_TEST_SUITE_P(Rows, LinkTest,
                         ::testing::Values(LinkRow{"serial:/dev/ttyUSB0", ""}, LinkRow{"serial:/dev/ttyUSB0?baud=9600&rs485=1", ""},
                                           LinkRow{"tcp:gateway.local:8899", ""}, LinkRow{"rfc2217:10.0.0.2:2217?baud=9600", ""},
                                           LinkRow{"tcp:[::1]:99", ""}, LinkRow{"pty:/tmp/x", ""}, LinkRow{"/dev/ttyUSB0", "is no link"},
                                           LinkRow{"serial:", "names nothing"}, LinkRow{"tcp:host", "has no port"},
                                           LinkRow{"tcp:host:0", "is no port"}, LinkRow{"tcp:host:70000", "is no port"},
                                           LinkRow{"tcp::99", "has no host"}, LinkRow{"serial:/dev/x?baud=fast", "is no speed"},
                                           LinkRow{"serial:/dev/x?speed=1", "is not a parameter"},
                                           LinkRow{"tcp:host:1?baud=9600", "is not a parameter"},
                                           LinkRow{"serial:/dev/x?rs485=yes", "rs485 is 0 or 1"}));

TEST(Link, KeepsItsParts) {
  LinkSpec spec;
  ASSERT_EQ(parse_link("serial:/dev/serial/by-id/usb-FTDI?baud=19200&rs485=1", spec), "");
  EXPECT_EQ(spec.target, "/dev/serial/by-id/usb-FTDI");
  EXPECT_EQ(spec.baud, 19200U);
  EXPECT_TRUE(spec.rs485);
  ASSERT_EQ(parse_link("tcp:[fe80::1]:2217", spec), "");
  EXPECT_EQ(spec.target, "fe80::1");
  EXPECT_EQ(spec.port, 2217);
  EXPECT_EQ(spec.baud, 0U);
}

}  // namespace
}  // namespace bmsgate::host
