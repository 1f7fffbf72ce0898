// SPDX-License-Identifier: Apache-2.0
// A plain HTTP client on one kept connection, the same for every server that bench/history asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bmsgate::bench {

class HttpClient {
 public:
  /// Waits until something listens on the port of this machine.
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The body of the answer; gives up on any status but 2xx.
  [[nodiscard]] std::string get(std::string_view target);
  std::string post(std::string_view target, std::string body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Runs `work` at a low priority and waits for it: a client on another machine would take no time from the server it asks.
void as_client(const std::function<void()>& work);

[[nodiscard]] std::string url_encoded(std::string_view text);

/// Decodes a JSON text as a client would, and counts its numbers (numbers in strings too); gives up where it is none.
[[nodiscard]] std::size_t numbers_in(std::string_view json);

}  // namespace bmsgate::bench
