// SPDX-License-Identifier: Apache-2.0
// The pages, which live inside the program. Loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "host/web/http.hpp"

namespace bmsgate::host::web {

/// One file of web/dist; made at build time (cmake/embed_files.cmake).
struct EmbeddedFile {
  std::string_view path;  // "/assets/index-1a2b3c.js"
  std::string_view etag;  // with its quotes
  bool gzip;              // the bytes are compressed
  const char* begin;
  const char* end;
};
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

/// Answers a GET or HEAD for a path that no route has: a file, the start page for the paths of pages, or 404.
[[nodiscard]] Response serve_page(const Request& request);

}  // namespace bmsgate::host::web
