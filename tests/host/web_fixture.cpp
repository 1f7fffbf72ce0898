// SPDX-License-Identifier: Apache-2.0
// The server under test runs in a thread of its own, as it does in the program; the test is its client.
#include "web_fixture.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <future>
#include <thread>

#include "host/system_clock.hpp"
#include "host/web/server.hpp"
#include "host/web/stream.hpp"
#include "host/web/traffic_stream.hpp"

namespace bmsgate::host::web {
namespace {

class NullLog final : public core::Logger {
 public:
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

Client::Client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}
Client::~Client() { ::close(socket_); }

void Client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Client::shrink_receive_buffer() const {
  const int size = 2048;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

bool Client::more() {
  std::array<char, 65536> buffer{};
  const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (n > 0) in_.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0;
}

bool Client::closed_by_server() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (n == 0) return true;
    if (n < 0) return errno == ECONNRESET;
  }
}

std::string Client::read_until(std::string_view end) {
  std::size_t at = 0;
  while ((at = in_.find(end)) == std::string::npos) {
    if (!more()) return {};
  }
  const auto text = in_.substr(0, at + end.size());
  in_.erase(0, at + end.size());
  return text;
}

Answer Client::answer(bool head) {
  Answer answer;
  auto header = read_until("\r\n\r\n");
  if (header.size() < 12) return answer;
  answer.status = std::atoi(header.c_str() + 9);
  std::size_t line = header.find("\r\n") + 2;
  while (line + 2 < header.size()) {
    const auto end = header.find("\r\n", line);
    const auto colon = header.find(':', line);
    answer.headers[lower(header.substr(line, colon - line))] = header.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  const auto length = answer.headers.count("content-length") != 0 ? std::stoul(answer.headers["content-length"]) : 0;
  while (!head && in_.size() < length && more()) {
  }
  if (!head) {
    answer.body = in_.substr(0, length);
    in_.erase(0, length);
  }
  return answer;
}

struct WebTest::Parts {
  Parts() {
    char pattern[] = "/tmp/bmsgate_web_XXXXXX";
    folder = ::mkdtemp(pattern);
    users = std::make_unique<Users>(folder / "users.json");
    EXPECT_FALSE(users->open());
    EXPECT_FALSE(server.listen("127.0.0.1", 0));
    auth = std::make_unique<Auth>(*users, options, clock, server.offload());
    site = std::make_unique<Site>(*auth);
    for (const auto* id : {"boat", "van"}) {
      core::PackConfig config;
      config.id.assign(id);
      config.name.assign("Pack \"" + std::string{id} + "\"");
      config.bus.assign("bus1");
      config.protocol.assign("jk-pb");
      EXPECT_TRUE(hub.add_pack(config).ok());
    }
    const BusSource buses{.all = [] { return std::vector<BusSnapshot>(1); },
                          .capture = [](std::string_view bus, std::chrono::seconds) -> std::optional<std::string> {
                            if (bus != "bus1") return std::nullopt;
                            return "# link: pty:/x\n";
                          },
                          .follow = [this](std::string_view) { return make_traffic_stream(traffic); }};
    site->add(pack_routes(hub, clock));
    site->add(stream.routes());
    site->add(bus_routes(hub, buses));
    site->add(session_routes(*auth));
    site->add(metrics_routes(hub, clock, buses));
    site->add(openapi_routes(*site));
  }
  ~Parts() { std::filesystem::remove_all(folder); }

  void run() {
    server.start(*site);
    thread = std::thread{[this] {
      const auto until_stopped = boost::asio::make_work_guard(loop);  // a stopped server leaves nothing to do
      loop.run();
    }};
  }

  std::filesystem::path folder;
  SystemClock clock;
  NullLog log;
  WebOptions options;
  core::Hub hub;
  TrafficLog traffic;
  boost::asio::io_context loop;
  std::unique_ptr<Users> users;
  std::unique_ptr<Auth> auth;
  Server server{loop, log, 16};
  EventStream stream{loop, hub, clock};
  std::unique_ptr<Site> site;
  std::thread thread;
};

WebTest::WebTest() = default;
WebTest::~WebTest() = default;

void WebTest::SetUp() {
  parts_ = std::make_unique<Parts>();
  parts_->run();
}

void WebTest::TearDown() {
  on_loop([this] {
    parts_->stream.stop();
    parts_->server.stop();
  });
  parts_->loop.stop();
  parts_->thread.join();
  parts_.reset();
}

std::uint16_t WebTest::port() const { return parts_->server.port(); }
core::Hub& WebTest::hub() { return parts_->hub; }
TrafficLog& WebTest::traffic() { return parts_->traffic; }
Users& WebTest::users() { return *parts_->users; }
WebOptions& WebTest::options() { return parts_->options; }
Site& WebTest::site() { return *parts_->site; }
boost::asio::io_context& WebTest::loop() { return parts_->loop; }
Auth& WebTest::auth() { return *parts_->auth; }
void WebTest::add_routes(std::vector<Route> routes) {
  on_loop([&] { parts_->site->add(std::move(routes)); });
}
std::size_t WebTest::connections() const {
  std::size_t count = 0;
  on_loop([&] { count = parts_->server.client_count(); });
  return count;
}

void WebTest::stop_server() { parts_->server.stop(); }

void WebTest::on_loop(const std::function<void()>& work) const {
  std::promise<void> done;
  boost::asio::post(parts_->loop, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void WebTest::publish(core::PackIndex pack, std::int32_t pack_mv) {
  on_loop([&] { publish_now(pack, pack_mv); });
}

void WebTest::publish_now(core::PackIndex pack, std::int32_t pack_mv) {
  core::Reading reading;
  reading.pack = pack;
  reading.at = parts_->clock.now();
  reading.utc_ms = parts_->clock.utc_ms();
  reading.sample.set(core::Field::kPackVoltage, pack_mv);
  reading.sample.set(core::Field::kSoc, 875);
  reading.sample.set(core::Field::kCellVoltage, 3301, 0);
  reading.sample.set(core::Field::kCellVoltage, 3303, 2);
  parts_->hub.publish(reading);
}

std::string WebTest::request(std::string_view method, std::string_view path, std::string_view extra, std::string_view body) const {
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}", method, path, port(), extra);
  if (!body.empty()) {
    if (extra.find("Content-Type") == std::string_view::npos) text += "Content-Type: application/json\r\n";
    text += fmt::format("Content-Length: {}\r\n", body.size());
  }
  return text + "\r\n" + std::string{body};
}

Answer WebTest::ask(std::string_view method, std::string_view path, std::string_view extra, std::string_view body) const {
  Client client{port()};
  client.send(request(method, path, extra, body));
  return client.answer(method == "HEAD");
}

std::string WebTest::log_in(std::string_view user, std::string_view password) const {
  const auto answer = ask("POST", "/api/v1/session", {}, fmt::format(R"({{"user":"{}","password":"{}"}})", user, password));
  EXPECT_EQ(answer.status, 200) << answer.body;
  if (answer.status != 200) return {};
  const auto& cookie = answer.headers.at("set-cookie");
  const std::string csrf{answer.json().at("csrf").as_string()};
  return fmt::format("Cookie: {}\r\nX-CSRF-Token: {}\r\n", cookie.substr(0, cookie.find(';')), csrf);
}

void WebTest::own_password() {
  on_loop([this] { EXPECT_FALSE(users().set_password("admin", kPassword)); });
}

}  // namespace bmsgate::host::web
