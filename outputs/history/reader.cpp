// SPDX-License-Identifier: Apache-2.0
// The reader thread.
#include "outputs/history/reader.hpp"

#include "outputs/history/background.hpp"

namespace bmsgate::outputs {

HistoryReader::HistoryReader(std::string path, core::Logger& logger)
    : path_{std::move(path)}, logger_{logger}, thread_{[this] { run(); }} {}

HistoryReader::~HistoryReader() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool HistoryReader::ask(Job job) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_ || jobs_.size() >= kMaxWaiting) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void HistoryReader::run() {
  work_in_background();
  std::unique_ptr<Store> store;
  std::string why;
  for (;;) {
    Job job;
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    // The writer may set the file aside and begin a new one: a connection is opened for each question (0.1 ms) and sees the file of now.
    store = Store::open(path_, OpenMode::kRead, logger_, why);
    job(store.get());
    store.reset();
  }
}

}  // namespace bmsgate::outputs
