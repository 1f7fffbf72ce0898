// SPDX-License-Identifier: Apache-2.0
// Sockets of the Modbus TCP server.
#include "outputs/modbus_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <list>
#include <vector>

namespace bmsgate::outputs {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr std::size_t kReadSize = 1024;  // at most 85 requests at once, so at most 22 kB of answers wait for one client
constexpr std::size_t kKeptOutput = 4096;
constexpr auto kSweep = std::chrono::seconds{1};
constexpr auto kAcceptPause = std::chrono::milliseconds{200};  // after "too many open files" and the like

std::string listen_error(const std::string& where, std::uint16_t port, const Code& code) {
  const auto hint = code == asio::error::access_denied
                        ? "ports below 1024 need the right CAP_NET_BIND_SERVICE: choose another in modbus.port"
                    : code == asio::error::address_in_use ? "another program has it: choose another in modbus.port"
                                                          : "check modbus.listen and modbus.port";
  return fmt::format("cannot listen on {} port {}: {}; {}", where, port, code.message(), hint);
}

}  // namespace

class ModbusServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const ModbusContext& context, const ModbusOptions& options)
      : context_{context},
        options_{options},
        blocks_{context.hub, context.clock, {options.swap_floats, context.fahrenheit}},
        acceptor_{context.io},
        sweep_{context.io},
        pause_{context.io} {}

  void start() {
    if (!open()) return;
    context_.log.write(core::Level::kInfo, "modbus", fmt::format("listening on port {}", port_));
    accept();
    sweep();
  }

  void stop() {
    Code ignored;
    acceptor_.close(ignored);
    sweep_.cancel();
    pause_.cancel();
    while (!clients_.empty()) close(*clients_.front());
  }

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  [[nodiscard]] bool listening() const noexcept { return acceptor_.is_open(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::size_t client_count() const noexcept { return clients_.size(); }
  [[nodiscard]] const ModbusCounters& counters() const noexcept { return counters_; }

 private:
  struct Client {
    Client(tcp::socket accepted, Impl& server)
        : socket{std::move(accepted)}, session{server.context_.hub, server.blocks_, server.counters_, server.context_.version} {}
    tcp::socket socket;
    ModbusSession session;
    std::array<std::uint8_t, kReadSize> input{};
    std::vector<std::uint8_t> output;
    core::Instant heard{};  // when its last whole request came, or it connected: bytes that drip in do not count
    bool closing{false};    // after the answers that are still owed
    bool open{true};
  };
  using ClientPtr = std::shared_ptr<Client>;

  bool open() {
    Code code;
    const auto listen_on = [&](const tcp::endpoint& endpoint) {
      acceptor_.close(code);
      acceptor_.open(endpoint.protocol(), code);
      if (!code) acceptor_.set_option(tcp::acceptor::reuse_address{true}, code);
      if (!code && endpoint.address().is_v6() && options_.listen.empty()) acceptor_.set_option(asio::ip::v6_only{false}, code);
      if (!code) acceptor_.bind(endpoint, code);
      if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
      return !code;
    };
    bool good = false;
    if (options_.listen.empty()) {
      good = listen_on({tcp::v6(), options_.port});
      if (!good && code == asio::error::address_family_not_supported) good = listen_on({tcp::v4(), options_.port});
    } else {
      const auto address = asio::ip::make_address(options_.listen, code);
      good = !code && listen_on({address, options_.port});
    }
    if (good) {
      port_ = acceptor_.local_endpoint(code).port();
      return true;
    }
    error_ = listen_error(options_.listen.empty() ? "all addresses" : options_.listen, options_.port, code);
    acceptor_.close(code);
    return false;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const Code& code, tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (!code) {
        self->admit(std::move(socket));
        self->accept();
        return;
      }
      self->pause_.expires_after(kAcceptPause);
      self->pause_.async_wait([self](const Code& stopped) {
        if (!stopped) self->accept();
      });
    });
  }

  void admit(tcp::socket socket) {
    ++counters_.accepted;
    if (clients_.size() >= static_cast<std::size_t>(options_.max_clients)) {
      const auto silent = std::ranges::min_element(clients_, {}, [](const ClientPtr& client) { return client->heard; });
      ++counters_.evicted;
      close(**silent);
    }
    Code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    socket.set_option(asio::socket_base::keep_alive{true}, ignored);
    auto client = std::make_shared<Client>(std::move(socket), *this);
    client->heard = context_.clock.now();
    clients_.push_back(client);
    read(std::move(client));
  }

  void read(ClientPtr client) {
    auto& socket = client->socket;
    const auto buffer = asio::buffer(client->input);
    socket.async_read_some(buffer, [self = shared_from_this(), client = std::move(client)](const Code& code, std::size_t size) mutable {
      if (!client->open) return;
      if (code) {
        self->close(*client);
        return;
      }
      self->on_bytes(std::move(client), size);
    });
  }

  void on_bytes(ClientPtr client, std::size_t size) {
    const auto before = counters_.requests;
    client->closing = !client->session.on_bytes(std::span{client->input}.first(size), client->output);
    if (counters_.requests != before) client->heard = context_.clock.now();
    if (client->output.empty()) {
      after_write(std::move(client));
    } else {
      write(std::move(client));
    }
  }

  /// Nothing more is read from a client until it has taken its answers. Most answers go out at once, without the loop.
  void write(ClientPtr client) {
    Code code;
    client->socket.non_blocking(true, code);
    const auto sent = client->socket.write_some(asio::buffer(client->output), code);
    if (!code && sent == client->output.size()) {
      after_write(std::move(client));
      return;
    }
    if (code && code != asio::error::would_block && code != asio::error::try_again) {
      close(*client);
      return;
    }
    auto& socket = client->socket;
    const auto rest = asio::buffer(client->output) + sent;
    asio::async_write(socket, rest, [self = shared_from_this(), client = std::move(client)](const Code& failed, std::size_t) mutable {
      if (!client->open) return;
      if (failed) {
        self->close(*client);
        return;
      }
      self->after_write(std::move(client));
    });
  }

  void after_write(ClientPtr client) {
    client->output.clear();
    if (client->output.capacity() > kKeptOutput) client->output.shrink_to_fit();
    if (client->closing) {
      close(*client);
      return;
    }
    read(std::move(client));
  }

  void close(Client& client) {
    client.open = false;
    Code ignored;
    client.socket.close(ignored);
    clients_.remove_if([&](const ClientPtr& have) { return have.get() == &client; });
  }

  void sweep() {
    sweep_.expires_after(kSweep);
    sweep_.async_wait([self = shared_from_this()](const Code& code) {
      if (code) return;
      const auto silent_since = self->context_.clock.now() - std::chrono::seconds{self->options_.idle_s};
      std::vector<ClientPtr> silent;
      std::ranges::copy_if(self->clients_, std::back_inserter(silent),
                           [&](const ClientPtr& client) { return client->heard < silent_since; });
      for (const auto& client : silent) {
        ++self->counters_.evicted;
        self->close(*client);
      }
      self->sweep();
    });
  }

  ModbusContext context_;
  ModbusOptions options_;
  ModbusBlocks blocks_;
  ModbusCounters counters_;
  tcp::acceptor acceptor_;
  asio::steady_timer sweep_;
  asio::steady_timer pause_;
  std::list<ClientPtr> clients_;
  std::string error_;
  std::uint16_t port_{0};
};

ModbusServer::ModbusServer(const ModbusContext& context, const ModbusOptions& options) : impl_{std::make_shared<Impl>(context, options)} {
  if (options.enabled) impl_->start();
}

ModbusServer::~ModbusServer() { impl_->stop(); }

const std::string& ModbusServer::error() const noexcept { return impl_->error(); }
bool ModbusServer::listening() const noexcept { return impl_->listening(); }
std::uint16_t ModbusServer::port() const noexcept { return impl_->port(); }
std::size_t ModbusServer::client_count() const noexcept { return impl_->client_count(); }
const ModbusCounters& ModbusServer::counters() const noexcept { return impl_->counters(); }

}  // namespace bmsgate::outputs
