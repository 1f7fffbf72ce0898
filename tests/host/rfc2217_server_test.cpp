// SPDX-License-Identifier: Apache-2.0
// The RFC 2217 server answers every option and keeps data apart from them.
#include "host/rfc2217_server.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace bmsgate::host {
namespace {

using test::from_hex;

struct Row {
  const char* name;
  const char* sent;
  const char* data;
  const char* reply;
};

class Rfc2217ServerRow : public testing::TestWithParam<Row> {};

TEST_P(Rfc2217ServerRow, Answers) {
  // Whole, and byte by byte.
  for (const bool in_pieces : {false, true}) {
    Rfc2217Server server{115200};
    Rfc2217Server::Bytes data, reply;
    const auto sent = from_hex(GetParam().sent);
    if (in_pieces) {
      for (const auto byte : sent) server.feed({&byte, 1}, data, reply);
    } else {
      server.feed(sent, data, reply);
    }
    EXPECT_EQ(data, from_hex(GetParam().data));
    EXPECT_EQ(reply, from_hex(GetParam().reply));
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Rfc2217ServerRow,
                         testing::Values(Row{"data", "01 FF FF 02", "01 FF 02", ""},
                                         Row{"known_option_is_not_argued_about", "FF FB 2C FF FD 2C FF FB 00 FF FD 00", "", ""},
                                         Row{"go_ahead_is_agreed_once", "FF FB 03 FF FB 03", "", "FF FD 03"},
                                         Row{"unknown_options_are_refused", "FF FD 18 FF FB 1F", "", "FF FC 18 FF FE 1F"},
                                         Row{"baud", "FF FA 2C 01 00 00 25 80 FF F0", "", "FF FA 2C 65 00 00 25 80 FF F0"},
                                         Row{"baud_asked", "FF FA 2C 01 00 00 00 00 FF F0", "", "FF FA 2C 65 00 01 C2 00 FF F0"},
                                         Row{"ff_inside_a_value", "FF FA 2C 01 00 00 FF FF 00 FF F0", "",
                                             "FF FA 2C 65 00 00 FF FF 00 FF F0"},
                                         Row{"size_asked", "FF FA 2C 02 00 FF F0", "", "FF FA 2C 66 08 FF F0"},
                                         Row{"parity_even", "FF FA 2C 03 03 FF F0", "", "FF FA 2C 67 03 FF F0"},
                                         Row{"flow_control_asked", "FF FA 2C 05 00 FF F0", "", "FF FA 2C 69 01 FF F0"},
                                         Row{"dtr_off", "FF FA 2C 05 09 FF F0", "", "FF FA 2C 69 09 FF F0"},
                                         Row{"purge", "FF FA 2C 0C 03 FF F0", "", "FF FA 2C 70 03 FF F0"},
                                         Row{"other_subnegotiation", "FF FA 18 01 FF F0 07", "07", ""}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Rfc2217Server, DoublesFfForTheClient) {
  Rfc2217Server::Bytes out;
  Rfc2217Server::encode(from_hex("01 FF 02"), out);
  EXPECT_EQ(out, from_hex("01 FF FF 02"));
}

TEST(Rfc2217Server, AnEndlessSubnegotiationIsBounded) {
  Rfc2217Server server{9600};
  Rfc2217Server::Bytes data, reply;
  server.feed(from_hex("FF FA 2C 0A"), data, reply);
  server.feed(Rfc2217Server::Bytes(100'000, 1), data, reply);
  server.feed(from_hex("FF F0"), data, reply);
  EXPECT_LT(reply.size(), 100U);
}

}  // namespace
}  // namespace bmsgate::host
