// SPDX-License-Identifier: Apache-2.0
// /api/v1/stream: server-sent events. The JSON of a reading is made once, whoever listens. A client that is slow loses intermediate
// readings (it gets the latest of each pack when it is ready again) and, beyond a limit, old events. Loop thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "host/web/http.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

class EventStream {
 public:
  EventStream(boost::asio::io_context& loop, core::Hub& hub, const core::Clock& clock);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// Sends an event of any name; `json` is one line.
  void send(std::string_view name, std::string_view json);
  /// True if nobody listens: then there is no need to make JSON.
  [[nodiscard]] bool idle() const;
  /// Ends all streams.
  void stop();

  [[nodiscard]] std::vector<Route> routes();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bmsgate::host::web
