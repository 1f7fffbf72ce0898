// SPDX-License-Identifier: Apache-2.0
// One client. Beast parses; reading, writing, limits and time-outs are here. One request at a time: what a client sends ahead stays in its
// socket until the answer is out.
#include "host/web/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ctime>
#include <optional>
#include <string>

namespace bmsgate::host::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr seconds kFirstByte{10};
constexpr seconds kKeepAlive{60};
constexpr seconds kHeader{10};  // from the first byte of a request to the end of its header
constexpr seconds kBody{60};
constexpr seconds kHandler{120};
constexpr seconds kWrite{30};  // for each piece of an answer
constexpr seconds kLinger{2};  // for the client to read a refusal before the connection is cut
constexpr std::size_t kMaxHeader = 16 * 1024;
constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kMaxDiscard = std::size_t{8} << 20;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kSafety =
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n";

std::optional<Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head: return Method::kGet;
    case http::verb::post: return Method::kPost;
    case http::verb::put: return Method::kPut;
    case http::verb::patch: return Method::kPatch;
    case http::verb::delete_: return Method::kDelete;
    default: return std::nullopt;
  }
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string http_date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

Response parse_problem(const ErrorCode& error) {
  if (error == http::error::header_limit || error == http::error::need_more) return problem(431, "the header of the request is too long");
  if (error == http::error::body_limit) return problem(413, "the body of the request is too long");
  return problem(400, "this is no proper HTTP request: " + error.message());
}

class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(Socket socket, std::shared_ptr<ConnectionHost> host)
      : socket_{std::move(socket)}, timer_{socket_.get_executor()}, host_{std::move(host)} {
    host_->join(*this);
  }
  ~HttpConnection() override { host_->leave(*this); }

  void start() override {
    ErrorCode error;
    socket_.set_option(asio::ip::tcp::no_delay{true}, error);
    const auto peer = socket_.remote_endpoint(error);
    if (error) return;
    auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    address_ = address.to_string();
    next_request(kFirstByte);
  }
  void close() override {
    const auto keep = std::move(hold_);
    ErrorCode ignored;
    timer_.cancel();
    socket_.close(ignored);
    response_ = {};
    ++serial_;
  }
  [[nodiscard]] TimePoint idle_since() const override { return idle_since_; }

 private:
  using Parser = http::request_parser<http::string_body>;

  // ---- time: one timer, moved only when a deadline comes nearer than it is set
  void set_deadline(Clock::duration time) {
    deadline_ = Clock::now() + time;
    if (!timer_runs_ || timer_.expiry() > deadline_) run_timer();
  }
  void no_deadline() { deadline_ = Clock::time_point::max(); }
  void run_timer() {
    timer_runs_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = weak_from_this()](ErrorCode error) {
      const auto alive = self.lock();
      if (!error && alive) alive->on_timer();
    });
  }
  void on_timer() {
    timer_runs_ = false;
    if (deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < deadline_) return run_timer();
    const bool half_request = parser_ && parser_->got_some() && !parser_->is_done();
    if (half_request && !refused_) return refuse(problem(408, "the request did not come in time"));
    if (hold_) return refuse(problem(504, "this took too long"));
    close();
  }

  // ---- reading
  void next_request(Clock::duration patience) {
    parser_.emplace();
    parser_->header_limit(kMaxHeader);
    parser_->body_limit(boost::none);  // checked in on_header(), where the route is known
    header_seen_ = false;
    if (!in_.empty()) return parse();
    idle_since_ = Clock::now();
    in_.shrink_to_fit();
    set_deadline(patience);
    read();
  }
  void read() {
    const auto have = in_.size();
    in_.resize(have + kReadSize);
    socket_.async_read_some(asio::buffer(in_.data() + have, kReadSize), [self = shared_from_this(), have](ErrorCode error, std::size_t n) {
      self->in_.resize(have + (error ? 0 : n));
      if (error) return self->close();
      self->parse();
    });
  }
  void parse() {
    if (idle_since_ != kBusy || !parser_->got_some()) set_deadline(kHeader);
    idle_since_ = kBusy;
    while (!parser_->is_done()) {
      ErrorCode error;
      const auto used = parser_->put(asio::buffer(in_), error);
      in_.erase(0, used);
      if (error == http::error::need_more && in_.size() <= kMaxHeader) return read();
      if (error) return refuse(parse_problem(error));
      if (parser_->is_header_done() && !header_seen_) {
        header_seen_ = true;
        if (!on_header()) return;
      }
      if (in_.empty() && !parser_->is_done()) return read();
    }
    handle();
  }
  /// False: refused, or waiting for the client to go on.
  bool on_header() {
    const auto& message = parser_->get();
    const auto method = method_of(message.method());
    if (!method) {
      refuse(problem(501, "this method is not known here"));
      return false;
    }
    if (message.version() >= 11 && message.find(http::field::host) == message.end()) {
      refuse(problem(400, "the header Host is missing"));
      return false;
    }
    if (parser_->is_done()) return true;
    auto* site = host_->current_site();
    const auto target = view(message.target());
    const auto limit = site != nullptr ? site->max_body(*method, target.substr(0, target.find('?'))) : 0;
    if (const auto length = parser_->content_length(); length && *length > limit) {
      refuse(problem(413, fmt::format("the body is too long: at most {} bytes are taken here", limit)));
      return false;
    }
    parser_->body_limit(limit);
    set_deadline(kBody);
    if (!boost::beast::iequals(message[http::field::expect], "100-continue") || !in_.empty()) return true;
    asio::async_write(socket_, asio::buffer(kContinue), [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (error) return self->close();
      self->read();
    });
    return false;
  }

  // ---- answering
  void handle() {
    auto* site = host_->current_site();
    if (site == nullptr) return close();
    const auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    chunked_ = message.version() >= 11;
    head_ = message.method() == http::verb::head;
    Request request;
    request.method = *method_of(message.method());
    request.head = head_;
    auto target = view(message.target());
    if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
      target.remove_prefix(std::min(target.size(), target.find('/', scheme + 3)));
    }
    if (!target.starts_with('/')) return refuse(problem(400, "the path begins with '/'"));
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.body = message.body();
    for (const auto& field : message) request.headers.emplace_back(view(field.name_string()), view(field.value()));
    request.caller.address = address_;
    set_deadline(kHandler);
    hold_ = shared_from_this();  // until it is answered or the deadline has come
    site->handle(request, [weak = weak_from_this(), executor = socket_.get_executor(), serial = ++serial_](Response response) {
      auto shared = std::make_shared<Response>(std::move(response));  // a Response may be moved, a handler wants to be copied
      asio::dispatch(executor, [weak, shared, serial] {
        const auto self = weak.lock();
        if (self && self->serial_ == serial) self->answer(std::move(*shared));
      });
    });
  }
  void answer(Response response) {
    const auto self = shared_from_this();
    hold_.reset();
    ++serial_;
    response_ = std::move(response);
    std::string header = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response_.status, reason(response_.status), http_date());
    const auto body = response_.body.empty() ? response_.fixed : std::string_view{response_.body};
    if (response_.source != nullptr || !body.empty()) header += fmt::format("Content-Type: {}\r\n", response_.type);
    bool has_cache_rule = false;
    for (const auto& [name, value] : response_.headers) {
      header += fmt::format("{}: {}\r\n", name, value);
      has_cache_rule = has_cache_rule || name == "Cache-Control";
    }
    if (!has_cache_rule) header += "Cache-Control: no-store\r\n";
    header += kSafety;
    if (response_.source != nullptr) {
      keep_alive_ = keep_alive_ && chunked_;
      if (chunked_) header += "Transfer-Encoding: chunked\r\n";
    } else if (response_.status != 204 && response_.status != 304) {
      header += fmt::format("Content-Length: {}\r\n", body.size());
    }
    if (!keep_alive_) header += "Connection: close\r\n";
    header_ = std::move(header) + "\r\n";
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(header_),
                                                    head_ ? asio::const_buffer{} : asio::buffer(body.data(), body.size())};
    set_deadline(kWrite);
    asio::async_write(socket_, buffers, [self](ErrorCode error, std::size_t) {
      if (error) return self->close();
      if (self->response_.source != nullptr && !self->head_) return self->next_piece();
      self->answered();
    });
  }
  void next_piece() {
    no_deadline();
    const auto source = response_.source;
    hold_ = shared_from_this();
    source->next([weak = weak_from_this(), executor = socket_.get_executor(), serial = ++serial_](BodySource::Piece piece) {
      asio::dispatch(executor, [weak, piece = std::move(piece), serial] {
        const auto self = weak.lock();
        if (self && self->serial_ == serial) self->write_piece(piece);
      });
    });
  }
  void write_piece(const BodySource::Piece& piece) {
    if (piece != nullptr && piece->empty()) return next_piece();  // a chunk of no bytes would be the end
    const auto self = shared_from_this();
    hold_.reset();
    ++serial_;
    piece_ = piece;
    const bool last = piece == nullptr;
    header_ = !chunked_ ? "" : last ? "0\r\n\r\n" : fmt::format("{:x}\r\n", piece->size());
    const std::array<asio::const_buffer, 3> buffers{asio::buffer(header_), last ? asio::const_buffer{} : asio::buffer(*piece),
                                                    asio::buffer("\r\n", chunked_ && !last ? 2 : 0)};
    set_deadline(kWrite);
    asio::async_write(socket_, buffers, [self, last](ErrorCode error, std::size_t) {
      if (error) return self->close();
      if (last) return self->answered();
      if (self->response_.source != nullptr) self->next_piece();  // without: closed after these bytes went out, before this was called
    });
  }
  void answered() {
    response_ = {};
    piece_.reset();
    header_.clear();
    if (host_->current_site() == nullptr) return close();
    if (keep_alive_) return next_request(kKeepAlive);
    linger();
  }
  /// Answers and ends the connection, whatever of the request is still to come.
  void refuse(Response response) {
    refused_ = true;
    keep_alive_ = false;
    hold_.reset();
    idle_since_ = kBusy;
    answer(std::move(response));
  }
  /// Closing while the client still sends would destroy the answer on its way: tell it that we are done, and read the rest away.
  void linger() {
    ErrorCode error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    if (error) return close();
    refused_ = true;
    set_deadline(kLinger);
    in_.resize(kReadSize);
    discard(0);
  }
  void discard(std::size_t so_far) {
    socket_.async_read_some(asio::buffer(in_), [self = shared_from_this(), so_far](ErrorCode error, std::size_t n) {
      if (error || so_far + n > kMaxDiscard) return self->close();
      self->discard(so_far + n);
    });
  }

  Socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<ConnectionHost> host_;
  std::string address_;
  std::string in_;  // received, not parsed yet
  std::optional<Parser> parser_;
  Response response_;
  std::string header_;
  BodySource::Piece piece_;
  std::shared_ptr<HttpConnection> hold_;  // keeps this alive while neither a read nor a write does
  Clock::time_point deadline_{Clock::time_point::max()};
  TimePoint idle_since_{kBusy};
  std::uint64_t serial_{0};  // an answer counts only for the request it belongs to
  bool timer_runs_{false};
  bool header_seen_{false};
  bool refused_{false};
  bool keep_alive_{false};
  bool chunked_{false};
  bool head_{false};
};

}  // namespace

std::shared_ptr<Connection> make_connection(Socket socket, std::shared_ptr<ConnectionHost> host) {
  return std::make_shared<HttpConnection>(std::move(socket), std::move(host));
}

}  // namespace bmsgate::host::web
