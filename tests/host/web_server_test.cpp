// SPDX-License-Identifier: Apache-2.0
// What the server does with good and bad HTTP: limits, half requests, slow readers.
#include <gmock/gmock.h>

#include <thread>

#include "web_fixture.hpp"

namespace bmsgate::host::web {
namespace {

using ::testing::HasSubstr;

class Server : public WebTest {};

TEST_F(Server, KeepsTheConnection) {
  Client client{port()};
  client.send(request("GET", "/api/v1/packs"));
  EXPECT_EQ(client.answer().status, 200);
  client.send(request("GET", "/api/v1/bank"));
  EXPECT_EQ(client.answer().status, 200);
}

TEST_F(Server, AnswersRequestsSentAheadInOrder) {
  Client client{port()};
  client.send(request("GET", "/api/v1/packs") + request("GET", "/nothing.here") + request("GET", "/api/v1/packs/van"));
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(client.answer().status, 404);
  EXPECT_EQ(client.answer().json().at("id"), "van");
}

TEST_F(Server, TakesARequestByteByByte) {
  Client client{port()};
  for (const char c : request("GET", "/api/v1/packs/boat")) client.send({&c, 1});
  EXPECT_EQ(client.answer().json().at("id"), "boat");
}

TEST_F(Server, HeadHasTheHeaderOnly) {
  Client client{port()};
  client.send(request("HEAD", "/api/v1/packs") + request("GET", "/api/v1/packs"));
  const auto head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), client.answer().headers.at("content-length"));
}

TEST_F(Server, OldClientsGetAClosedConnection) {
  Client client{port()};
  client.send("GET /api/v1/packs HTTP/1.0\r\n\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.closed_by_server());
}

struct BadCase {
  const char* name;
  std::string request;
  int status;
};
class BadRequest : public WebTest, public ::testing::WithParamInterface<BadCase> {};
TEST_P(BadRequest, IsRefusedAndTheNextClientIsServed) {
  {
    Client client{port()};
    client.send(GetParam().request);
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, GetParam().status);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_TRUE(client.closed_by_server());
  }
  EXPECT_EQ(ask("GET", "/api/v1/packs").status, 200);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, BadRequest,
    ::testing::Values(
        BadCase{"noise", "\x01\x02\x03\r\n\r\n", 400}, BadCase{"no_version", "GET /\r\n\r\n", 400},
        BadCase{"no_host", "GET / HTTP/1.1\r\n\r\n", 400}, BadCase{"strange_method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        BadCase{"relative_path", "GET packs HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        BadCase{"long_header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n", 431},
        BadCase{"two_lengths", "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        BadCase{"length_and_chunks", "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                400},
        BadCase{"long_body", "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", 413},
        BadCase{"endless_chunk_line",
                "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(40'000, 'x'), 431}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(Server, TellsOfALongBodyWhileItIsStillBeingSent) {
  Client client{port()};
  client.send(request("POST", "/api/v1/session", "Content-Length: 3000000\r\n"));
  client.send(std::string(3'000'000, 'x'));
  EXPECT_EQ(client.answer().status, 413);
}

TEST_F(Server, RefusesALongChunkedBody) {
  Client client{port()};
  client.send(request("POST", "/api/v1/session", "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n"));
  for (int i = 0; i < 40; ++i) client.send("10000\r\n" + std::string(0x10000, 'x') + "\r\n");
  EXPECT_EQ(client.answer().status, 413);
}

TEST_F(Server, AsksForTheBodyWhereTheClientWaits) {
  Client client{port()};
  client.send(request("POST", "/api/v1/session", "Expect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("100 Continue"));
  client.send("{}");
  EXPECT_EQ(client.answer().status, 400);
}

TEST_F(Server, HalfRequestsHoldUpNobody) {
  std::vector<std::unique_ptr<Client>> half;
  for (int i = 0; i < 10; ++i) {
    half.push_back(std::make_unique<Client>(port()));
    half.back()->send("GET /api/v1/packs HTTP/1.1\r\nHos");
  }
  EXPECT_EQ(ask("GET", "/api/v1/packs").status, 200);
}

TEST_F(Server, MakesRoomByClosingWhoWaitsLongest) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 24; ++i) {  // 16 are allowed
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->send(request("GET", "/api/v1/packs"));
    EXPECT_EQ(clients.back()->answer().status, 200);
  }
  EXPECT_LE(connections(), 16U);
  EXPECT_TRUE(clients.front()->closed_by_server());
}

TEST_F(Server, SendsSafetyHeaders) {
  const auto answer = ask("GET", "/");
  EXPECT_THAT(answer.headers.at("content-security-policy"), HasSubstr("default-src 'self'"));
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.headers.at("referrer-policy"), "no-referrer");
}

TEST_F(Server, PagesComePackedWithATagAndPlainForOldClients) {
  const auto packed = ask("GET", "/", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  const auto plain = ask("GET", "/");
  EXPECT_THAT(plain.body, HasSubstr("<!doctype html>"));
  EXPECT_GT(plain.body.size(), packed.body.size());
  const auto again = ask("GET", "/", "If-None-Match: " + plain.headers.at("etag") + "\r\n");
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
}

class PagePath : public WebTest, public ::testing::WithParamInterface<const char*> {};
TEST_P(PagePath, ShowsThePages) { EXPECT_EQ(ask("GET", GetParam()).headers.at("content-type"), "text/html; charset=utf-8"); }
INSTANTIATE_TEST_SUITE_P(Original, PagePath,
                         ::testing::Values("/batt", "/graph", "/config", "/misc", "/mqtt", "/modbustcp", "/display", "/pushsafer", "/vUart",
                                           "/bmsalarms", "/fwupgrade", "/settings/mqtt"));

TEST_F(Server, KnowsItsPathsAndMethods) {
  EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
  EXPECT_EQ(ask("GET", "/../etc/passwd").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/packs/%00").status, 404);
  const auto answer = ask("DELETE", "/api/v1/packs");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD");
}

/// A body of many pieces, as a long export has.
class Pieces final : public BodySource {
 public:
  explicit Pieces(int count) : left_{count} {}
  void next(Give give) override {
    if (left_-- == 0) return give(nullptr);
    give(std::make_shared<const std::string>(65'536, 'x'));
  }

 private:
  int left_;
};

TEST_F(Server, StreamsLongBodiesAndLetsSlowReadersWait) {
  add_routes({{Method::kGet, "/long", Role::kNone, "", "text/plain", [](const Request&, const Reply& reply) {
                 Response response;
                 response.type = "text/plain";
                 response.source = std::make_shared<Pieces>(400);
                 reply(std::move(response));
               }}});
  Client slow{port()};
  slow.shrink_receive_buffer();
  slow.send(request("GET", "/long"));
  EXPECT_EQ(ask("GET", "/api/v1/packs").status, 200);  // while nobody takes the 26 MB

  Client quick{port()};
  quick.send(request("GET", "/long"));
  const auto header = quick.read_until("\r\n\r\n");
  EXPECT_THAT(header, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_GT(quick.read_until("\r\n0\r\n\r\n").size(), 400U * 65'536U);
  quick.send(request("GET", "/api/v1/packs"));  // and the connection lives on
  EXPECT_EQ(quick.answer().status, 200);
}

TEST_F(Server, AnswersFromAnotherThread) {
  std::thread worker;
  add_routes({{Method::kGet, "/later", Role::kNone, "", "",
               [&worker](const Request&, const Reply& reply) { worker = std::thread{[reply] { reply(json_response("{}")); }}; }}});
  EXPECT_EQ(ask("GET", "/later").status, 200);
  worker.join();
}

}  // namespace
}  // namespace bmsgate::host::web
