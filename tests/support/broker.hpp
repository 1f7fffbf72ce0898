// SPDX-License-Identifier: Apache-2.0
// A real broker for tests: child processes, waiting, certificates.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/free_port.hpp"

namespace bmsgate::test {

/// A child process, ended with the test.
class Process {
 public:
  Process(std::vector<std::string> arguments, const std::string& output) {
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&files, 1, 2);
    if (::posix_spawnp(&pid_, argv[0], &files, nullptr, argv.data(), environ) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&files);
  }
  ~Process() { end(SIGTERM); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void signal(int number) const { ::kill(pid_, number); }
  void end(int number) {
    if (pid_ <= 0) return;
    ::kill(pid_, number);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_{-1};
};

inline bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience = std::chrono::seconds{20}) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

inline std::string mosquitto() { return std::filesystem::exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto"; }

/// ca.crt, other.crt (of a stranger), broker.crt and client.crt signed by the first, for 127.0.0.1; keys beside them.
inline void make_certificates(const std::filesystem::path& folder) {
  const auto run = [&](const std::string& command) {
    ASSERT_EQ(std::system(("cd " + folder.string() + " && openssl " + command + " >/dev/null 2>&1").c_str()), 0) << command;
  };
  const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
  run("req -x509 " + key + "-keyout ca.key -out ca.crt -subj /CN=test-ca -days 2");
  run("req -x509 " + key + "-keyout other.key -out other.crt -subj /CN=other-ca -days 2");
  for (const std::string name : {"broker", "client"}) {
    run("req " + key + "-keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name + " -addext subjectAltName=IP:127.0.0.1");
    run("x509 -req -in " + name + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -out " + name + ".crt -days 2 -copy_extensions copy");
  }
}

}  // namespace bmsgate::test
