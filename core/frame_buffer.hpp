// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of bytes into frames and resynchronises one byte at a time. All dialects share it; a dialect supplies only the question
// "what begins at this byte?". Loop thread of the owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bmsgate::core {

/// What a line has seen; never reset while the program runs.
struct LineCounters {
  std::uint32_t frames_ok{0};      // right check, and a reply (requests of other masters are not counted)
  std::uint32_t bad_checks{0};     // a whole frame whose sum or CRC is wrong
  std::uint32_t truncated{0};      // a frame that began and never ended
  std::uint32_t bytes_skipped{0};  // bytes that belong to no frame
  std::uint32_t unknown{0};        // good replies that nobody can read, or not to their end: no request, size or table tells what they hold
};

enum class Verdict : std::uint8_t {
  kFrame,     // `size` bytes are a frame with a right check
  kMore,      // a frame may begin here, but not all of it has come
  kNone,      // no frame begins here
  kBadCheck,  // all of a frame has come, its check is wrong
};

struct Scan {
  Verdict verdict;
  std::uint16_t size{0};
};

/// Capacity must exceed the longest frame. `scan(span) -> Scan` sees what is buffered from a candidate byte on (never empty);
/// `frame(span)` takes each good frame. Neither may keep the span.
template <std::size_t Capacity>
class FrameBuffer {
 public:
  template <class ScanFn, class FrameFn>
  void feed(std::span<const std::uint8_t> bytes, LineCounters& counters, ScanFn&& scan, FrameFn&& frame) {
    while (!bytes.empty()) {
      const auto take = std::min(bytes.size(), Capacity - size_);
      std::copy_n(bytes.begin(), take, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
      size_ += take;
      bytes = bytes.subspan(take);
      drain(counters, scan, frame, false);
    }
  }

  /// The line has gone quiet: what is still waiting for its end will not get it. Looks for good frames behind a false start.
  template <class ScanFn, class FrameFn>
  void quiet(LineCounters& counters, ScanFn&& scan, FrameFn&& frame) {
    drain(counters, scan, frame, true);
  }

  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const std::uint8_t> pending() const noexcept { return {buffer_.data(), size_}; }

 private:
  template <class ScanFn, class FrameFn>
  void drain(LineCounters& counters, ScanFn& scan, FrameFn& frame, bool no_more) {
    std::size_t at = 0;
    while (at < size_) {
      const Scan found = scan(std::span<const std::uint8_t>{buffer_.data() + at, size_ - at});
      if (found.verdict == Verdict::kFrame) {
        frame(std::span<const std::uint8_t>{buffer_.data() + at, found.size});
        at += found.size;
        continue;
      }
      // A buffer that is full from its first byte on and still wants more holds no frame.
      if (found.verdict == Verdict::kMore && !no_more && !(at == 0 && size_ == Capacity)) break;
      if (found.verdict == Verdict::kBadCheck) ++counters.bad_checks;
      if (found.verdict == Verdict::kMore && no_more) ++counters.truncated;
      ++counters.bytes_skipped;
      ++at;
    }
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at), buffer_.begin() + static_cast<std::ptrdiff_t>(size_), buffer_.begin());
    size_ -= at;
  }

  std::array<std::uint8_t, Capacity> buffer_{};
  std::size_t size_{0};
};

}  // namespace bmsgate::core
