// SPDX-License-Identifier: Apache-2.0
// The program from outside: usage, errors in one line, exit status, nothing half-started, an orderly end.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/free_port.hpp"

namespace bmsgate::host {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Result {
  int status{-1};  // exit status; -1: it did not end by itself
  std::string out;
  std::string err;
};

/// The program as another process, with its output in pipes.
class Program {
 public:
  /// `before` runs in the new process; where it answers false the program does not start.
  explicit Program(std::vector<std::string> args, std::string_view input = {}, const std::function<bool()>& before = {}) {
    std::array<int, 2> in{}, out{}, err{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC) | ::pipe2(out.data(), O_CLOEXEC) | ::pipe2(err.data(), O_CLOEXEC), 0);
    args.insert(args.begin(), BMSGATE_PROGRAM);
    std::vector<char*> pointers;
    for (auto& arg : args) pointers.push_back(arg.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
      if (!before || before()) ::execv(BMSGATE_PROGRAM, pointers.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    EXPECT_EQ(::write(in[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    ::close(in[1]);
    out_ = out[0];
    err_ = err[0];
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const { ::kill(pid_, signal); }
  /// Reads standard output until `text` has come.
  [[nodiscard]] bool says(std::string_view text) {
    std::array<char, 4096> buffer{};
    while (result_.out.find(text) == std::string::npos) {
      const auto n = ::read(out_, buffer.data(), buffer.size());
      if (n <= 0) return false;
      result_.out.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return true;
  }
  /// Waits for its end. Its errors are a few lines, which fit in the pipe.
  [[nodiscard]] Result end() {
    static_cast<void>(says(std::string_view{"\0", 1}));  // to the end of its output
    std::array<char, 4096> buffer{};
    for (auto n = ::read(err_, buffer.data(), buffer.size()); n > 0; n = ::read(err_, buffer.data(), buffer.size())) {
      result_.err.append(buffer.data(), static_cast<std::size_t>(n));
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFEXITED(status)) result_.status = WEXITSTATUS(status);
    return result_;
  }

 private:
  pid_t pid_{-1};
  int out_{-1}, err_{-1};
  Result result_;
};

Result run(std::vector<std::string> args, std::string_view input = {}) { return Program{std::move(args), input}.end(); }

std::size_t lines(std::string_view text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

/// A listening socket on a free loopback port.
class TakenPort {
 public:
  TakenPort() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, port_{test::bind_free_port(socket_)} {
    EXPECT_EQ(::listen(socket_, 1), 0);
  }
  ~TakenPort() { release(); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;

  [[nodiscard]] int port() const { return port_; }
  void release() { ::close(std::exchange(socket_, -1)); }

 private:
  int socket_;
  int port_;
};

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (std::filesystem::temp_directory_path() / "bmsgate_program_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string file(const char* name, std::string_view content) const {
    std::ofstream{folder_ / name} << content;
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string data() const { return (folder_ / "data").string(); }

 private:
  std::filesystem::path folder_;
};

struct UsageCase {
  const char* name;
  std::vector<std::string> args;
};
class WrongUsage : public ::testing::TestWithParam<UsageCase> {};
TEST_P(WrongUsage, IsOneLineAndStatus2) {
  const auto result = run(GetParam().args);
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(lines(result.err), 1U) << result.err;
  EXPECT_THAT(result.err, StartsWith("bmsgate"));
  EXPECT_EQ(result.out, "");
}
INSTANTIATE_TEST_SUITE_P(
    Rows, WrongUsage,
    ::testing::Values(UsageCase{"nothing", {}}, UsageCase{"unknown_command", {"fly"}}, UsageCase{"unknown_option", {"run", "--fast"}},
                      UsageCase{"missing_value", {"run", "--config"}}, UsageCase{"too_many_packs", {"demo", "--packs", "65"}},
                      UsageCase{"port_0", {"demo", "--port", "0"}}, UsageCase{"broken_broker", {"demo", "--mqtt", "host:port"}},
                      UsageCase{"probe_without_link", {"probe"}}, UsageCase{"probe_of_no_link", {"probe", "usb0"}},
                      UsageCase{"unknown_dialect", {"decode", "--protocol", "modem"}}, UsageCase{"user_without_action", {"user"}},
                      UsageCase{"missing_settings", {"run", "--config", "/nonexistent/bmsgate.toml"}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Program, NamesTheCommandThatWasProbablyMeant) {
  EXPECT_THAT(run({"prob"}).err, HasSubstr("there is no command 'prob'; did you mean probe?"));
}

TEST(Program, SaysItsVersionAndHelp) {
  EXPECT_THAT(run({"--version"}).out, StartsWith("bmsgate "));
  const auto help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const auto* command : {"run", "demo", "probe", "decode", "simulate", "replay", "config", "export", "dump", "user"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
  }
}

TEST(Program, FailsAtAMissingPort) {
  const auto result = run({"probe", "serial:/dev/not-there"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("/dev/not-there"));
}

TEST_F(ProgramTest, ABrokenSettingsFileIsNamedWithItsLine) {
  const auto settings = file("bmsgate.toml", "[web]\nport = 8080\nprot = 1\n");
  const auto result = run({"run", "--config", settings, "--data", data()});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(lines(result.err), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr(settings + ":3"));
  EXPECT_FALSE(std::filesystem::exists(data()));
}

TEST_F(ProgramTest, ATakenPortEndsTheStart) {
  TakenPort taken;
  const auto settings = file("bmsgate.toml", fmt::format("[web]\nport = {}\nlisten = \"127.0.0.1\"\n", taken.port()));
  const auto result = run({"run", "--config", settings, "--data", data()});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(lines(result.err), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr(fmt::format("port {}", taken.port())));
}

TEST_F(ProgramTest, OneFolderServesOneGateway) {
  TakenPort free;
  const auto settings = file("bmsgate.toml", fmt::format("[web]\nport = {}\nlisten = \"127.0.0.1\"\n", free.port()));
  free.release();
  Program first{{"run", "--config", settings, "--data", data()}};
  while (!std::filesystem::exists(data() + "/users.json")) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto second = run({"run", "--config", settings, "--data", data()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("in use by another bmsgate"));
  first.send(SIGTERM);
  EXPECT_EQ(first.end().status, 0);
}

TEST_F(ProgramTest, ManagesUsers) {
  const auto user = [&](std::vector<std::string> args, std::string_view input = {}) {
    args.insert(args.begin(), "user");
    args.insert(args.end(), {"--data", data()});
    return run(std::move(args), input);
  };
  EXPECT_THAT(user({"list"}).out, HasSubstr("well-known password"));
  EXPECT_EQ(user({"passwd", "admin"}, "short\n").status, 1);
  EXPECT_EQ(user({"passwd", "admin"}, "correct horse\n").status, 0);
  EXPECT_EQ(user({"add", "otto", "--role", "operator"}, "otto's password\n").status, 0);
  EXPECT_EQ(user({"add", "vera", "--role", "queen"}, "vera's password\n").status, 2);
  EXPECT_EQ(user({"token", "otto"}).out.size(), 44U);
  EXPECT_EQ(user({"remove", "admin"}).status, 1);  // the last one
  EXPECT_EQ(user({"remove", "nobody"}).status, 1);
  const auto list = user({"list"}).out;
  EXPECT_THAT(list, HasSubstr("otto"));
  EXPECT_THAT(list, HasSubstr("operator"));
  EXPECT_THAT(list, ::testing::Not(HasSubstr("well-known")));
}

/// One HTTP request to a loopback port; the whole answer, empty if nobody is there.
std::string ask(int port, std::string_view method, std::string_view path, std::string_view token = {}, std::string_view body = {}) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const auto request = fmt::format(
        "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        method, path, token, body.size(), body);
    static_cast<void>(::send(socket, request.data(), request.size(), MSG_NOSIGNAL));
    std::array<char, 4096> buffer{};
    for (auto n = ::recv(socket, buffer.data(), buffer.size(), 0); n > 0; n = ::recv(socket, buffer.data(), buffer.size(), 0)) {
      answer.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(socket);
  return answer;
}

bool answers(int port) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (!ask(port, "GET", "/healthz").empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return false;
}

/// Makes a folder read-only for this process alone; needs root, or user name spaces.
bool make_read_only(const std::string& folder) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  const auto* path = folder.c_str();
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::mount(path, path, nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

TEST_F(ProgramTest, RunsOnAReadOnlyDisk) {
  TakenPort free;
  const auto settings = file("bmsgate.toml", fmt::format("[web]\nport = {}\nlisten = \"127.0.0.1\"\n", free.port()));
  auto token = run({"user", "token", "admin", "--data", data()}).out;
  token.pop_back();
  free.release();
  std::array<int, 2> told{};
  ASSERT_EQ(::pipe2(told.data(), O_CLOEXEC), 0);
  Program program{{"run", "--config", settings, "--data", data()}, {}, [&] {
                    const char fine = make_read_only(data()) ? 'y' : 'n';
                    return ::write(told[1], &fine, 1) == 1 && fine == 'y';
                  }};
  ::close(told[1]);
  char fine = 'n';
  const auto got = ::read(told[0], &fine, 1);
  ::close(told[0]);
  if (got != 1 || fine != 'y') GTEST_SKIP() << "this machine allows neither root nor a user to make a mount name space";
  ASSERT_TRUE(answers(free.port()));
  std::string system;
  for (int tries = 0; tries < 1000 && system.find(R"("key":"history","state":"error")") == std::string::npos; ++tries) {
    system = ask(free.port(), "GET", "/api/v1/system", token);
  }
  EXPECT_THAT(system, HasSubstr("the disk is read-only"));
  EXPECT_THAT(ask(free.port(), "GET", "/api/v1/history/storage", token), HasSubstr("the disk is read-only"));
  EXPECT_THAT(ask(free.port(), "GET", "/api/v1/packs", token), StartsWith("HTTP/1.1 200"));
  program.send(SIGTERM);
  const auto result = program.end();
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("is on a read-only disk: readings are shown, but neither they nor settings are kept"));
}

TEST_F(ProgramTest, BeginsAnewWithWhatNeedsIt) {
  TakenPort first, second;
  first.release();
  second.release();
  const auto settings = file("bmsgate.toml", fmt::format("[web]\nport = {}\nlisten = \"127.0.0.1\"\n", first.port()));
  auto token = run({"user", "token", "admin", "--data", data()}).out;
  token.pop_back();
  Program program{{"run", "--config", settings, "--data", data()}};
  ASSERT_TRUE(answers(first.port()));
  const auto change = fmt::format(R"({{"web":{{"port":{}}}}})", second.port());
  EXPECT_THAT(ask(first.port(), "PATCH", "/api/v1/settings", token, change), HasSubstr(R"("restart":["web"])"));
  EXPECT_THAT(ask(first.port(), "GET", "/api/v1/system", token), HasSubstr(R"("restart_needed":["web.port"])"));
  const auto answer = ask(first.port(), "POST", "/api/v1/system/restart", token, "{}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(answer, HasSubstr(fmt::format(R"("port":{})", second.port())));
  ASSERT_TRUE(answers(second.port()));
  EXPECT_EQ(ask(first.port(), "GET", "/healthz"), "") << "the old port is closed";
  EXPECT_THAT(ask(second.port(), "GET", "/api/v1/system", token), HasSubstr(R"("restart_needed":[])"));
  // Not into settings that it could not start with.
  static_cast<void>(file("bmsgate.toml", "[wbe]\n"));
  EXPECT_THAT(ask(second.port(), "POST", "/api/v1/system/restart", token, "{}"), StartsWith("HTTP/1.1 409"));
  program.send(SIGTERM);  // still the same process
  EXPECT_EQ(program.end().status, 0);
}

TEST_F(ProgramTest, TheDemoStartsAndEnds) {
  TakenPort web, modbus;
  const auto web_port = web.port(), modbus_port = modbus.port();
  web.release();
  modbus.release();
  Program demo{
      {"demo", "--packs", "1", "--port", std::to_string(web_port), "--modbus-port", std::to_string(modbus_port), "--data", data()}};
  ASSERT_TRUE(demo.says("Ctrl-C"));
  EXPECT_THAT(ask(web_port, "GET", "/api/v1/system"), HasSubstr(R"("demo_password":")")) << "for the log-in page";
  const auto before = std::chrono::steady_clock::now();
  demo.send(SIGTERM);
  const auto result = demo.end();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{5});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr(fmt::format("http://localhost:{}/", web_port)));
  EXPECT_THAT(result.out, HasSubstr("admin  "));
}

}  // namespace
}  // namespace bmsgate::host
