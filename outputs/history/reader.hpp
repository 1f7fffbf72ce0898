// SPDX-License-Identifier: Apache-2.0
// The reading side of the history: one thread with its own connection that answers questions one after another, so that the loop thread
// never waits for a disk. Any thread may ask; the answer is given on the reader thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/log.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

class HistoryReader {
 public:
  /// `store` is nullptr while there is no file.
  using Job = std::function<void(const Store* store)>;
  static constexpr std::size_t kMaxWaiting = 32;

  HistoryReader(std::string path, core::Logger& logger);
  ~HistoryReader();
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  /// False: too many questions wait already; the job is not run. Jobs that wait when the reader ends are not run either.
  [[nodiscard]] bool ask(Job job);

 private:
  void run();

  const std::string path_;
  core::Logger& logger_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_{false};
  std::thread thread_;
};

}  // namespace bmsgate::outputs
