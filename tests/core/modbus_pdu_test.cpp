// SPDX-License-Identifier: Apache-2.0
#include "core/modbus_pdu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bmsgate::core::modbus {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(const Pdu& pdu) { return {pdu.begin(), pdu.end()}; }

Bytes write_request(std::size_t count, std::size_t byte_count, std::size_t data_bytes, std::uint16_t start = 0) {
  Bytes pdu{0x10,
            static_cast<std::uint8_t>(start >> 8),
            static_cast<std::uint8_t>(start),
            static_cast<std::uint8_t>(count >> 8),
            static_cast<std::uint8_t>(count),
            static_cast<std::uint8_t>(byte_count)};
  pdu.resize(pdu.size() + data_bytes, 0x11);
  return pdu;
}

struct RequestRow {
  const char* what;
  Bytes pdu;
  Exception expected;
};

TEST(ModbusPdu, RequestsAreCheckedInTheOrderOfTheStandard) {
  using enum Exception;
  const std::vector<RequestRow> rows{
      {"nothing", {}, kFunction},
      {"function 0", {0x00}, kFunction},
      {"read coils", {0x01, 0, 0, 0, 1}, kFunction},
      {"write coil", {0x05, 0, 0, 0xFF, 0}, kFunction},
      {"read and write", {0x17, 0, 0, 0, 1}, kFunction},
      {"error bit set", {0x83, 0, 0, 0, 1}, kFunction},
      {"read one", {0x03, 0x07, 0xD0, 0, 1}, kNone},
      {"read input", {0x04, 0, 0, 0, 1}, kNone},
      {"read none", {0x03, 0, 0, 0, 0}, kValue},
      {"read 125", {0x03, 0, 0, 0, 125}, kNone},
      {"read 126", {0x03, 0, 0, 0, 126}, kValue},
      {"read 65535", {0x03, 0, 0, 0xFF, 0xFF}, kValue},
      {"last register", {0x03, 0xFF, 0xFF, 0, 1}, kNone},
      {"beyond the last", {0x03, 0xFF, 0xFF, 0, 2}, kAddress},
      {"none beyond the last", {0x03, 0xFF, 0xFF, 0, 0}, kValue},
      {"short read", {0x03, 0, 0, 0}, kValue},
      {"long read", {0x03, 0, 0, 0, 1, 0}, kValue},
      {"bare read", {0x04}, kValue},
      {"write single", {0x06, 0, 1, 0x12, 0x34}, kNone},
      {"short write single", {0x06, 0, 1, 0x12}, kValue},
      {"long write single", {0x06, 0, 1, 0x12, 0x34, 0}, kValue},
      {"write none", write_request(0, 0, 0), kValue},
      {"write one", write_request(1, 2, 2), kNone},
      {"write 123", write_request(123, 246, 246), kNone},
      {"write 124", write_request(124, 248, 247), kValue},
      {"byte count too small", write_request(2, 2, 4), kValue},
      {"byte count odd", write_request(2, 3, 3), kValue},
      {"fewer bytes than counted", write_request(2, 4, 3), kValue},
      {"more bytes than counted", write_request(2, 4, 5), kValue},
      {"write past the end", write_request(2, 4, 4, 0xFFFF), kAddress},
      {"write head only", {0x10, 0, 0, 0, 1}, kValue},
      {"identification", {0x2B, 0x0E, 1, 0}, kNone},
      {"another MEI type", {0x2B, 0x0D, 1, 0}, kFunction},
      {"identification code 0", {0x2B, 0x0E, 0, 0}, kValue},
      {"identification code 5", {0x2B, 0x0E, 5, 0}, kValue},
      {"short identification", {0x2B, 0x0E, 1}, kValue},
      {"bare 2B", {0x2B}, kValue},
  };
  for (const auto& row : rows) {
    Request request;
    EXPECT_EQ(parse_request(row.pdu, request), row.expected) << row.what;
  }
}

TEST(ModbusPdu, WrittenValuesAreRead) {
  Request request;
  const Bytes single{0x06, 0x01, 0x02, 0xAB, 0xCD};
  ASSERT_EQ(parse_request(single, request), Exception::kNone);
  EXPECT_EQ(request.start, 0x0102);
  EXPECT_EQ(request.value(0), 0xABCD);
  Pdu reply;
  reply_write(reply, request);
  EXPECT_EQ(bytes_of(reply), single);
  const Bytes multiple{0x10, 0, 5, 0, 2, 4, 0, 1, 0xFF, 0xFE};
  ASSERT_EQ(parse_request(multiple, request), Exception::kNone);
  EXPECT_EQ(request.value(1), 0xFFFE);
  reply_write(reply, request);
  EXPECT_EQ(bytes_of(reply), (Bytes{0x10, 0, 5, 0, 2}));
}

TEST(ModbusPdu, RepliesAreBigEndian) {
  Pdu reply;
  reply_registers(reply, Function::kReadInput, std::to_array<std::uint16_t>({0x0102, 0xFF00}));
  EXPECT_EQ(bytes_of(reply), (Bytes{0x04, 4, 1, 2, 0xFF, 0}));
  reply_exception(reply, 0x01, Exception::kFunction);
  EXPECT_EQ(bytes_of(reply), (Bytes{0x81, 0x01}));
}

constexpr auto kObjects = std::to_array<DeviceObject>({{0, "vendor"}, {1, "code"}, {2, "1.0"}, {4, "name"}});

Bytes identify(std::uint8_t code, std::uint8_t object, std::span<const DeviceObject> objects) {
  Request request;
  EXPECT_EQ(parse_request(Bytes{0x2B, 0x0E, code, object}, request), Exception::kNone);
  Pdu reply;
  const auto exception = reply_device_id(reply, request, objects);
  if (exception != Exception::kNone) reply_exception(reply, 0x2B, exception);
  return bytes_of(reply);
}

TEST(ModbusPdu, IdentificationHasThreeLevels) {
  EXPECT_EQ(identify(1, 0, kObjects),
            (Bytes{0x2B, 0x0E, 1, 0x82, 0, 0, 3, 0, 6, 'v', 'e', 'n', 'd', 'o', 'r', 1, 4, 'c', 'o', 'd', 'e', 2, 3, '1', '.', '0'}));
  EXPECT_EQ(identify(1, 2, kObjects), (Bytes{0x2B, 0x0E, 1, 0x82, 0, 0, 1, 2, 3, '1', '.', '0'}));
  EXPECT_EQ(identify(2, 4, kObjects), (Bytes{0x2B, 0x0E, 2, 0x82, 0, 0, 1, 4, 4, 'n', 'a', 'm', 'e'}));
  EXPECT_EQ(identify(4, 4, kObjects), (Bytes{0x2B, 0x0E, 4, 0x82, 0, 0, 1, 4, 4, 'n', 'a', 'm', 'e'}));
  EXPECT_EQ(identify(4, 3, kObjects), (Bytes{0xAB, 0x02})) << "no such object";
  EXPECT_EQ(identify(3, 0x77, kObjects), identify(3, 0, kObjects)) << "a stream from an unknown object begins at the front";
  EXPECT_EQ(identify(1, 4, kObjects), identify(1, 0, kObjects)) << "an object outside the level likewise";
}

TEST(ModbusPdu, LongIdentificationComesInPieces) {
  const std::string text(120, 'x');
  const std::string longest(300, 'y');
  const auto objects = std::to_array<DeviceObject>({{0, text}, {1, text}, {2, longest}});
  const auto first = identify(1, 0, objects);
  EXPECT_EQ((Bytes{first.begin() + 4, first.begin() + 7}), (Bytes{0xFF, 2, 2}));
  EXPECT_EQ(first.size(), 7 + 2 * 122U);
  const auto second = identify(1, 2, objects);
  EXPECT_EQ((Bytes{second.begin() + 4, second.begin() + 7}), (Bytes{0, 0, 1}));
  EXPECT_EQ(second.size(), kMaxPdu);
}

TEST(ModbusPdu, RepliesAreHeldAgainstTheirRequest) {
  struct Row {
    const char* what;
    Bytes request;
    Bytes reply;
    Error expected;
  };
  const Bytes read{0x03, 0, 100, 0, 2};
  const Bytes write{0x06, 0, 1, 0, 7};
  for (const auto& row : std::vector<Row>{
           {"two registers", read, {0x03, 4, 0, 1, 0, 2}, Error::kNone},
           {"one register", read, {0x03, 2, 0, 1}, Error::kBadFrame},
           {"cut", read, {0x03, 4, 0, 1, 0}, Error::kBadFrame},
           {"another function", read, {0x04, 4, 0, 1, 0, 2}, Error::kBadFrame},
           {"exception", read, {0x83, 2}, Error::kRefused},
           {"exception 0", read, {0x83, 0}, Error::kBadFrame},
           {"long exception", read, {0x83, 2, 0}, Error::kBadFrame},
           {"nothing", read, {}, Error::kBadFrame},
           {"write echoed", write, write, Error::kNone},
           {"write echoed with another value", write, {0x06, 0, 1, 0, 8}, Error::kBadFrame},
           {"writes echoed", write_request(2, 4, 4), {0x10, 0, 0, 0, 2}, Error::kNone},
       }) {
    Reply reply;
    EXPECT_EQ(parse_reply(row.request, row.reply, reply), row.expected) << row.what;
  }
}

TEST(ModbusPdu, ClientsKeepTheLimits) {
  Pdu pdu;
  EXPECT_FALSE(encode_read(pdu, Function::kReadHolding, 0, 0));
  EXPECT_FALSE(encode_read(pdu, Function::kReadHolding, 0, 126));
  EXPECT_FALSE(encode_read(pdu, Function::kReadHolding, 0xFFFF, 2));
  ASSERT_TRUE(encode_read(pdu, Function::kReadInput, 0xFFFF, 1));
  EXPECT_EQ(bytes_of(pdu), (Bytes{0x04, 0xFF, 0xFF, 0, 1}));
  EXPECT_FALSE(encode_write_multiple(pdu, 0, {}));
  EXPECT_FALSE(encode_write_multiple(pdu, 0, std::vector<std::uint16_t>(124)));
  ASSERT_TRUE(encode_write_multiple(pdu, 3, std::to_array<std::uint16_t>({0x0102})));
  EXPECT_EQ(bytes_of(pdu), (Bytes{0x10, 0, 3, 0, 1, 2, 1, 2}));
  encode_write_single(pdu, 9, 0x0A0B);
  EXPECT_EQ(bytes_of(pdu), (Bytes{0x06, 0, 9, 0x0A, 0x0B}));
}

Bytes adu(std::uint16_t transaction, const Bytes& pdu, std::uint8_t unit = 1) {
  const auto head = mbap(transaction, unit, pdu.size());
  Bytes out(head.begin(), head.end());
  out.insert(out.end(), pdu.begin(), pdu.end());
  return out;
}

/// All transactions cut out of `stream` when it arrives in pieces of `piece` bytes; -1 at the end if the stream was refused.
std::vector<int> transactions(const Bytes& stream, std::size_t piece) {
  std::vector<int> found;
  Framer framer;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    auto input = std::span{stream}.subspan(at, std::min(piece, stream.size() - at));
    Frame frame;
    for (;;) {
      const auto outcome = framer.next(input, frame);
      if (outcome == Framer::Outcome::kBad) found.push_back(-1);
      if (outcome != Framer::Outcome::kFrame) break;
      found.push_back(frame.transaction);
      EXPECT_EQ(frame.pdu.size(), frame.transaction) << "the tests number frames by the size of their PDU";
      EXPECT_EQ(frame.unit, 1);
    }
    if (!found.empty() && found.back() == -1) break;
  }
  return found;
}

TEST(ModbusFraming, FramesSurviveEveryCut) {
  Bytes stream;
  for (const std::size_t size : {5U, 1U, 253U, 2U, 100U}) {
    const auto frame = adu(static_cast<std::uint16_t>(size), Bytes(size, 0x03));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    ASSERT_THAT(transactions(stream, piece), ::testing::ElementsAre(5, 1, 253, 2, 100)) << piece;
  }
}

TEST(ModbusFraming, WhatIsNotModbusIsRefusedAtOnce) {
  EXPECT_THAT(transactions({0, 1, 0, 1}, 1), ::testing::ElementsAre(-1)) << "protocol 1";
  EXPECT_THAT(transactions({0, 1, 0, 0, 0, 0}, 6), ::testing::ElementsAre(-1)) << "length 0";
  EXPECT_THAT(transactions({0, 1, 0, 0, 0, 1}, 2), ::testing::ElementsAre(-1)) << "length 1";
  EXPECT_THAT(transactions({0, 1, 0, 0, 0, 255}, 6), ::testing::ElementsAre(-1)) << "length 255";
  EXPECT_THAT(transactions({'G', 'E', 'T', ' ', '/'}, 5), ::testing::ElementsAre(-1));
  EXPECT_THAT(transactions({0, 1, 0, 0, 0, 254}, 6), ::testing::IsEmpty()) << "length 254 is allowed";
}

}  // namespace
}  // namespace bmsgate::core::modbus
