// SPDX-License-Identifier: Apache-2.0
// The HTTP client of bench/history.
#include "bench/history_http.hpp"

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cctype>

#include "bench/gateway.hpp"

namespace bmsgate::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

std::size_t count_numbers(const boost::json::value& value) {
  std::size_t count = 0;
  switch (value.kind()) {
    case boost::json::kind::array:
      for (const auto& one : value.get_array()) count += count_numbers(one);
      return count;
    case boost::json::kind::object:
      for (const auto& one : value.get_object()) count += count_numbers(one.value());
      return count;
    case boost::json::kind::string: {
      const auto& text = value.get_string();
      double number = 0;
      const auto* end = text.data() + text.size();
      return std::from_chars(text.data(), end, number).ptr == end && !text.empty() ? 1 : 0;
    }
    default: return value.is_number() ? 1 : 0;
  }
}

}  // namespace

struct HttpClient::Impl {
  std::string exchange(http::verb method, std::string_view target, std::string body) {
    http::request<http::string_body> request{method, {target.data(), target.size()}, 11};
    request.set(http::field::host, "127.0.0.1");
    request.body() = std::move(body);
    request.prepare_payload();
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    boost::system::error_code error;
    http::write(socket, request, error);
    if (!error) http::read(socket, buffer, parser, error);
    if (error) give_up(fmt::format("{}: {}", target.substr(0, 60), error.message()));
    auto response = parser.release();
    if (response.result_int() / 100 != 2) give_up(fmt::format("{}: {} {}", target.substr(0, 60), response.result_int(), response.body()));
    return std::move(response.body());
  }

  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  boost::beast::flat_buffer buffer;
};

HttpClient::HttpClient(std::uint16_t port) : impl_{std::make_unique<Impl>()} {
  impl_->socket.assign(asio::ip::tcp::v4(), connect_to(port));
}
HttpClient::~HttpClient() = default;

std::string HttpClient::get(std::string_view target) { return impl_->exchange(http::verb::get, target, {}); }
std::string HttpClient::post(std::string_view target, std::string body) {
  return impl_->exchange(http::verb::post, target, std::move(body));
}

void as_client(const std::function<void()>& work) {
  std::thread client{[&] {
    ::setpriority(PRIO_PROCESS, 0, 10);  // of this thread alone
    work();
  }};
  client.join();
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::size_t numbers_in(std::string_view json) {
  boost::system::error_code error;
  const auto value = boost::json::parse({json.data(), json.size()}, error);
  if (error) give_up(fmt::format("an answer is no JSON: {}", json.substr(0, 80)));
  return count_numbers(value);
}

}  // namespace bmsgate::bench
