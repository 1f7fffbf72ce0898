// SPDX-License-Identifier: Apache-2.0
// Serving the pages.
#include "host/web/static_files.hpp"

#include <boost/beast/zlib/inflate_stream.hpp>
#include <string>

namespace bmsgate::host::web {
namespace {

struct Type {
  std::string_view ending;
  std::string_view type;
};
constexpr auto kTypes = std::to_array<Type>({
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
});

std::string_view type_of(std::string_view path) {
  for (const auto& type : kTypes) {
    if (path.ends_with(type.ending)) return type.type;
  }
  return "application/octet-stream";
}

const EmbeddedFile* find_file(std::string_view path) {
  for (const auto& file : embedded_files()) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

bool lists_etag(std::string_view header, std::string_view etag) { return header == "*" || header.find(etag) != std::string_view::npos; }

/// For the rare client that does not take gzip: a gzip file is ten bytes of header, raw deflate, and eight bytes of check sum and length.
std::string unpack(std::string_view packed) {
  constexpr std::size_t kHeader = 10, kTrailer = 8;
  if (packed.size() < kHeader + kTrailer) return {};
  std::size_t size = 0;
  for (std::size_t i = 4; i > 0; --i) size = (size << 8U) | static_cast<unsigned char>(packed[packed.size() - 5 + i]);
  std::string out(size, '\0');
  boost::beast::zlib::z_params state;
  state.next_in = packed.data() + kHeader;
  state.avail_in = packed.size() - kHeader - kTrailer;
  state.next_out = out.data();
  state.avail_out = out.size();
  boost::beast::zlib::inflate_stream inflate;
  boost::system::error_code error;
  inflate.write(state, boost::beast::zlib::Flush::finish, error);
  out.resize(state.total_out);
  return out;
}

}  // namespace

Response serve_page(const Request& request) {
  if (request.method != Method::kGet) return problem(404, "there is nothing at this path");
  const auto decoded = percent_decode(request.path);
  const std::string path = decoded ? *decoded : std::string{};
  const auto* file = path == "/" ? find_file("/index.html") : find_file(path);
  if (file == nullptr) {
    // The pages find their way by the path, so each path of theirs is answered with the start page.
    const bool is_page = !path.empty() && !path.starts_with("/api/") && path.find('.') == std::string::npos;
    file = is_page ? find_file("/index.html") : nullptr;
  }
  if (file == nullptr) return problem(404, "there is nothing at this path");
  Response response;
  response.headers.emplace_back("ETag", file->etag);
  response.headers.emplace_back("Cache-Control", file->path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (lists_etag(request.header("If-None-Match"), file->etag)) {
    response.status = 304;
    return response;
  }
  response.type = type_of(file->path);
  const std::string_view bytes{file->begin, static_cast<std::size_t>(file->end - file->begin)};
  if (!file->gzip) {
    response.fixed = bytes;
  } else if (request.header("Accept-Encoding").find("gzip") != std::string_view::npos) {
    response.fixed = bytes;
    response.headers.emplace_back("Content-Encoding", "gzip");
  } else {
    response.body = unpack(bytes);
  }
  return response;
}

}  // namespace bmsgate::host::web
