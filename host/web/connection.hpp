// SPDX-License-Identifier: Apache-2.0
// One client of the HTTP server: reads requests, hands them to the site, writes the answers. Used by server.cpp alone; loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "host/web/site.hpp"

namespace boost::asio {
class any_io_executor;
template <typename Protocol, typename Executor>
class basic_stream_socket;
namespace ip {
class tcp;
}
}  // namespace boost::asio

namespace bmsgate::host::web {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::any_io_executor>;

class Connection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr TimePoint kBusy = TimePoint::max();

  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual void close() = 0;
  /// Since when it waits for the next request; kBusy while one is under way.
  [[nodiscard]] virtual TimePoint idle_since() const = 0;
};

/// What a connection needs of the server. Outlives it.
class ConnectionHost {
 public:
  virtual void join(Connection& connection) = 0;
  virtual void leave(Connection& connection) = 0;
  /// nullptr: the server has been stopped.
  [[nodiscard]] virtual Site* current_site() = 0;

 protected:
  ~ConnectionHost() = default;
};

[[nodiscard]] std::shared_ptr<Connection> make_connection(Socket socket, std::shared_ptr<ConnectionHost> host);

}  // namespace bmsgate::host::web
