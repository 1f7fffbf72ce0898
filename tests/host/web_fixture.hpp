// SPDX-License-Identifier: Apache-2.0
// A web server with two made-up packs on a loopback port, and a client that says exactly what a test wants to say.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/hub.hpp"
#include "host/traffic_log.hpp"
#include "host/users.hpp"
#include "host/web/api.hpp"
#include "host/web/auth.hpp"
#include "host/web/site.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

struct Answer {
  int status{0};
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  [[nodiscard]] boost::json::value json() const { return boost::json::parse(body); }
};

/// One TCP connection to the server. Reading gives up after some seconds, with what has come.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes) const;
  /// The next answer; status 0: the server closed the connection or said nothing.
  [[nodiscard]] Answer answer(bool head = false);
  /// Reads until `end` has come; what was read up to and with it.
  [[nodiscard]] std::string read_until(std::string_view end);
  [[nodiscard]] bool closed_by_server();
  void shrink_receive_buffer() const;

 private:
  [[nodiscard]] bool more();
  int socket_;
  std::string in_;
};

class WebTest : public ::testing::Test {
 protected:
  WebTest();
  ~WebTest() override;
  void SetUp() override;
  void TearDown() override;

  /// One request on a connection of its own. `extra`: further header lines, each with its line end.
  [[nodiscard]] Answer ask(std::string_view method, std::string_view path, std::string_view extra = {}, std::string_view body = {}) const;
  [[nodiscard]] std::string request(std::string_view method, std::string_view path, std::string_view extra = {},
                                    std::string_view body = {}) const;
  [[nodiscard]] std::uint16_t port() const;

  /// Cookie and CSRF header lines of a new session.
  [[nodiscard]] std::string log_in(std::string_view user, std::string_view password) const;
  /// Gives admin a password of its own, so that the limits of the well-known one are gone.
  void own_password();

  /// Runs something on the server's thread and waits for it.
  void on_loop(const std::function<void()>& work) const;
  void publish(core::PackIndex pack, std::int32_t pack_mv);
  void publish_now(core::PackIndex pack, std::int32_t pack_mv);  // on the server's thread
  /// Further rows, before the first request.
  void add_routes(std::vector<Route> routes);

  static constexpr std::string_view kPassword = "correct horse";
  core::Hub& hub();
  TrafficLog& traffic();
  Users& users();
  WebOptions& options();
  Site& site();
  boost::asio::io_context& loop();
  Auth& auth();
  [[nodiscard]] std::size_t connections() const;
  void stop_server();  // on the server's thread

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace bmsgate::host::web
