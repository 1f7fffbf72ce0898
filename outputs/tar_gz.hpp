// SPDX-License-Identifier: Apache-2.0
// A .tar.gz made in pieces: file after file is appended, compressed as it comes, so that an archive needs no more memory than its largest
// file. Any thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bmsgate::outputs {

class TarGz {
 public:
  TarGz();
  ~TarGz();
  TarGz(const TarGz&) = delete;
  TarGz& operator=(const TarGz&) = delete;

  /// `name`: a relative path of at most 99 bytes; `modified_s`: seconds since 1970. What is ready of the archive is appended to `out`.
  void add(std::string_view name, std::string_view content, std::int64_t modified_s, std::string& out);
  /// The end of the archive. Nothing may be added afterwards.
  void finish(std::string& out);

 private:
  struct Deflater;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace bmsgate::outputs
