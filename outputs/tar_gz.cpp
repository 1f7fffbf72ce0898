// SPDX-License-Identifier: Apache-2.0
// POSIX ustar headers (IEEE Std 1003.1, pax, "ustar Interchange Format") in a gzip stream.
#include "outputs/tar_gz.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace bmsgate::outputs {
namespace {

constexpr std::size_t kBlock = 512;

/// Places of the fields in a header block.
struct Place {
  std::size_t at;
  std::size_t size;
};
constexpr Place kName{0, 100};
constexpr Place kMode{100, 8};
constexpr Place kUser{108, 8};
constexpr Place kGroup{116, 8};
constexpr Place kSize{124, 12};
constexpr Place kModified{136, 12};
constexpr Place kCheckSum{148, 8};
constexpr std::size_t kType = 156;
constexpr Place kMagic{257, 8};

using Header = std::array<char, kBlock>;

void put_octal(Header& header, Place place, std::uint64_t value) {
  for (std::size_t i = place.size - 1; i-- > 0;) {
    header[place.at + i] = static_cast<char>('0' + (value & 7U));
    value >>= 3U;
  }
}

Header header_of(std::string_view name, std::size_t size, std::int64_t modified_s) {
  Header header{};
  std::memcpy(header.data(), name.data(), std::min(name.size(), kName.size - 1));
  put_octal(header, kMode, 0644);
  put_octal(header, kUser, 0);
  put_octal(header, kGroup, 0);
  put_octal(header, kSize, size);
  put_octal(header, kModified, static_cast<std::uint64_t>(std::max<std::int64_t>(modified_s, 0)));
  header[kType] = '0';
  std::memcpy(header.data() + kMagic.at, "ustar\00000", kMagic.size);
  std::fill_n(header.begin() + kCheckSum.at, kCheckSum.size, ' ');  // as such it counts in the sum
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, {kCheckSum.at, kCheckSum.size - 1}, sum);
  header[kCheckSum.at + kCheckSum.size - 2] = '\0';
  return header;
}

}  // namespace

struct TarGz::Deflater {
  Deflater() {
    constexpr int kGzip = 16;  // zlib: a gzip header around the stream
    ready = deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void write(std::string_view bytes, int flush, std::string& out) {
    if (!ready) return;
    std::array<char, 16'384> buffer{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, flush);
      out.append(buffer.data(), buffer.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
  bool ready{false};
};

TarGz::TarGz() : deflater_{std::make_unique<Deflater>()} {}
TarGz::~TarGz() = default;

void TarGz::add(std::string_view name, std::string_view content, std::int64_t modified_s, std::string& out) {
  const auto header = header_of(name, content.size(), modified_s);
  deflater_->write({header.data(), header.size()}, Z_NO_FLUSH, out);
  deflater_->write(content, Z_NO_FLUSH, out);
  deflater_->write(std::string((kBlock - content.size() % kBlock) % kBlock, '\0'), Z_NO_FLUSH, out);
}

void TarGz::finish(std::string& out) { deflater_->write(std::string(2 * kBlock, '\0'), Z_FINISH, out); }

}  // namespace bmsgate::outputs
