// SPDX-License-Identifier: Apache-2.0
// The HTTP server: sockets, parsing, limits and time-outs; what is answered is the Site's business. All on the loop thread. HTTP/1.1 with
// keep-alive. A client that sends or takes nothing for too long is dropped; it holds a socket and some kilobytes, never a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/log.hpp"
#include "host/web/auth.hpp"
#include "host/web/site.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

/// Why a port could not be opened.
struct ListenError {
  std::string text;     // "cannot listen on port 80: Permission denied"
  bool refused{false};  // no right, or taken by another program: another port may do
};

class Server {
 public:
  Server(boost::asio::io_context& loop, core::Logger& log, std::size_t max_clients);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// `address` empty: all addresses of this machine. Port 0: any free one.
  [[nodiscard]] std::optional<ListenError> listen(const std::string& address, std::uint16_t port);
  /// Begins to answer. The site must live until pause() or stop().
  void start(Site& site);
  /// Closes all connections and forgets the site; new clients wait until start().
  void pause();
  /// The same for good.
  void stop();
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t client_count() const;

  /// One thread for work that takes long, made when it is first needed.
  [[nodiscard]] Offload offload();

  struct Impl;  // in the .cpp; named here for the connections

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace bmsgate::host::web
