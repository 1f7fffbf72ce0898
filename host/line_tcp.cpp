// SPDX-License-Identifier: Apache-2.0
// TCP connections to serial servers, raw and with RFC 2217: connected with a time-out, without Nagle, with keepalive, again and again.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "host/descriptor_line.hpp"
#include "host/telnet.hpp"

namespace asio = boost::asio;
using asio::ip::tcp;

namespace bmsgate::host {
namespace {

using std::chrono::milliseconds;
// Short enough together that a server which returns is read again within three seconds.
constexpr DescriptorLine::Retry kRetry{milliseconds{200}, milliseconds{500}};
constexpr milliseconds kConnectTime{1500};

void set_number(int fd, int level, int option, int value) { static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value)); }

class TcpLine : public DescriptorLine {
 public:
  TcpLine(asio::io_context& io, const LinkSpec& spec) : DescriptorLine{io, kRetry}, spec_{spec}, resolver_{io}, socket_{io}, limit_{io} {}
  ~TcpLine() override = default;

  bool set_baud(std::uint32_t) override { return false; }

 protected:
  virtual void connected(int fd) { opened(fd); }
  [[nodiscard]] std::string where() const { return fmt::format("{}:{}", spec_.target, spec_.port); }

 private:
  void open() override {
    const auto attempt = ++attempt_;
    limit_.expires_after(kConnectTime);
    limit_.async_wait([this, attempt, token = alive()](boost::system::error_code error) {
      if (token.expired() || error || attempt != attempt_) return;
      give_up();
      failed(fmt::format("{} does not answer: check its address and network", where()));
    });
    resolver_.async_resolve(spec_.target, std::to_string(spec_.port),
                            [this, attempt, token = alive()](boost::system::error_code error, const tcp::resolver::results_type& found) {
                              if (token.expired() || attempt != attempt_) return;
                              if (error) return refused(fmt::format("host {} is not known: {}", spec_.target, error.message()));
                              connect(attempt, found);
                            });
  }

  void connect(unsigned attempt, const tcp::resolver::results_type& found) {
    asio::async_connect(socket_, found, [this, attempt, token = alive()](boost::system::error_code error, const tcp::endpoint&) {
      if (token.expired() || attempt != attempt_) return;
      if (error) return refused(fmt::format("cannot connect to {}: {}", where(), error.message()));
      limit_.cancel();
      boost::system::error_code trouble;
      socket_.native_non_blocking(true, trouble);
      const int fd = socket_.release(trouble);
      if (trouble) return failed(trouble.message());
      set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
      set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
      set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
      set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
      connected(fd);
    });
  }

  void refused(const std::string& why) {
    give_up();
    failed(why);
  }

  void give_up() override {
    ++attempt_;
    limit_.cancel();
    resolver_.cancel();
    boost::system::error_code ignored;
    static_cast<void>(socket_.close(ignored));
  }

  LinkSpec spec_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer limit_;
  unsigned attempt_{0};
};

/// Waits for the server to confirm the speed; one that stays silent about it is used as it is.
class Rfc2217Line final : public TcpLine, private TelnetClient::Sink {
 public:
  Rfc2217Line(asio::io_context& io, const LinkSpec& spec, std::uint32_t baud) : TcpLine{io, spec}, baud_{baud} {}
  ~Rfc2217Line() override = default;

  bool set_baud(std::uint32_t baud) override {
    baud_ = baud;
    if (descriptor() >= 0) telnet_.ask_port(baud_, *this);
    return true;
  }

  bool send(std::span<const std::uint8_t> bytes) noexcept override {
    while (is_up() && !bytes.empty()) {
      TelnetClient::Chunk chunk;
      bytes = bytes.subspan(TelnetClient::encode(bytes, chunk));
      if (!write_raw(chunk.view())) return false;
    }
    return is_up();
  }

 private:
  static constexpr milliseconds kAnswerTime{1500};

  void connected(int fd) override {
    opened(fd, false);
    telnet_.begin(*this);
    arm_timer(kAnswerTime);
  }
  void received(std::span<const std::uint8_t> bytes) override { telnet_.feed(bytes, *this); }
  void on_timer() override {
    if (!is_up()) note_and_go(fmt::format("{} does not speak RFC 2217; its port is used with the speed it has", where()));
  }

  void on_data(std::span<const std::uint8_t> bytes) override { deliver(bytes); }
  void on_reply(std::span<const std::uint8_t> bytes) override { static_cast<void>(write_raw(bytes)); }
  void on_port_settings() override { telnet_.ask_port(baud_, *this); }
  void on_baud(std::uint32_t baud) override {
    if (is_up()) return;
    if (baud == baud_) return set_up();
    note_and_go(fmt::format("{} keeps its port at {} baud, wished for were {}", where(), baud, baud_));
  }
  void on_no_port_settings() override {
    if (!is_up()) note_and_go(fmt::format("{} lets nobody set its port; it is used with the speed it has", where()));
  }
  void note_and_go(const std::string& note) {
    if (note != noted_) events().on_line_note(note);
    noted_ = note;
    set_up();
  }

  TelnetClient telnet_;
  std::uint32_t baud_;
  std::string noted_;
};

}  // namespace

std::unique_ptr<Line> make_tcp_line(asio::io_context& io, const LinkSpec& spec) { return std::make_unique<TcpLine>(io, spec); }
std::unique_ptr<Line> make_rfc2217_line(asio::io_context& io, const LinkSpec& spec, std::uint32_t baud) {
  return std::make_unique<Rfc2217Line>(io, spec, baud);
}

}  // namespace bmsgate::host
