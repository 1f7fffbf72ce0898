// SPDX-License-Identifier: Apache-2.0
// Listening, the list of clients, the helper thread.
#include "host/web/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "host/web/connection.hpp"

namespace bmsgate::host::web {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

struct Server::Impl final : std::enable_shared_from_this<Server::Impl>, ConnectionHost {
  Impl(asio::io_context& io, core::Logger& logger, std::size_t most) : loop{io}, acceptor{io}, pause{io}, log{logger}, max_clients{most} {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
      if (error) return self->accept_later();  // out of file descriptors, for instance
      self->admit(std::move(socket));
      self->accept();
    });
  }
  void accept_later() {
    pause.expires_after(std::chrono::milliseconds{200});
    pause.async_wait([self = shared_from_this()](ErrorCode error) {
      if (!error) self->accept();
    });
  }
  void admit(tcp::socket socket) {
    if (connections.size() >= max_clients && !drop_idle()) {
      log.write(core::Level::kWarning, "web", "too many clients; one was turned away (web.max_clients)");
      ErrorCode ignored;
      static constexpr std::string_view kBusy =
          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(kBusy), ignored);
      return;
    }
    make_connection(std::move(socket), shared_from_this())->start();
  }
  /// Makes room: closes the client that has waited longest between two requests.
  bool drop_idle() {
    Connection* oldest = nullptr;
    for (auto* each : connections) {
      if (each->idle_since() != Connection::kBusy && (oldest == nullptr || each->idle_since() < oldest->idle_since())) oldest = each;
    }
    if (oldest == nullptr) return false;
    connections.erase(std::find(connections.begin(), connections.end(), oldest));
    oldest->close();
    return true;
  }

  void close_all() {
    pause.cancel();
    site = nullptr;
    const auto open = std::exchange(connections, {});
    for (auto* connection : open) connection->close();
  }

  // ConnectionHost
  void join(Connection& connection) override { connections.push_back(&connection); }
  void leave(Connection& connection) override { std::erase(connections, &connection); }
  [[nodiscard]] Site* current_site() override { return site; }

  asio::io_context& loop;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  core::Logger& log;
  std::size_t max_clients;
  Site* site{nullptr};
  std::vector<Connection*> connections;
  std::unique_ptr<asio::thread_pool> helper;
};

Server::Server(asio::io_context& loop, core::Logger& log, std::size_t max_clients)
    : impl_{std::make_shared<Impl>(loop, log, max_clients)} {}

Server::~Server() { stop(); }

std::optional<ListenError> Server::listen(const std::string& address, std::uint16_t port) {
  auto& acceptor = impl_->acceptor;
  ErrorCode error;
  const auto failed = [&](std::string_view hint) {
    ErrorCode ignored;
    acceptor.close(ignored);
    const bool refused = error == asio::error::access_denied || error == asio::error::address_in_use;
    return ListenError{
        fmt::format("web: cannot listen on {}port {}: {}; {}", address.empty() ? "" : address + " ", port, error.message(), hint), refused};
  };
  const auto where = address.empty() ? asio::ip::address{asio::ip::address_v6::any()} : asio::ip::make_address(address, error);
  if (error) return failed("give an IP address of this machine as web.listen");
  tcp::endpoint endpoint{where, port};
  acceptor.open(endpoint.protocol(), error);
  if (error && address.empty()) {  // a machine without IPv6
    endpoint = {asio::ip::address_v4::any(), port};
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error && endpoint.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only{!address.empty()}, error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return failed(error == asio::error::address_in_use ? "end the program that uses it or choose another web.port"
                                                       : "choose another web.port");
  return std::nullopt;
}

void Server::start(Site& site) {
  impl_->site = &site;
  impl_->accept();
}

void Server::pause() {
  ErrorCode ignored;
  impl_->acceptor.cancel(ignored);
  impl_->close_all();
}

void Server::stop() {
  ErrorCode ignored;
  impl_->acceptor.close(ignored);
  impl_->close_all();
  if (impl_->helper) {
    impl_->helper->join();
    impl_->helper.reset();
  }
}

std::uint16_t Server::port() const {
  ErrorCode ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

std::size_t Server::client_count() const { return impl_->connections.size(); }

Offload Server::offload() {
  return [impl = impl_](std::function<void()> work, std::function<void()> done) {
    if (impl->site == nullptr) return;
    if (!impl->helper) impl->helper = std::make_unique<asio::thread_pool>(1);
    asio::post(*impl->helper, [impl, work = std::move(work), done = std::move(done)] {
      work();
      asio::post(impl->loop, [impl, done] {
        if (impl->site != nullptr) done();
      });
    });
  };
}

}  // namespace bmsgate::host::web
