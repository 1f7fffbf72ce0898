// SPDX-License-Identifier: Apache-2.0
// /proc/self/io (proc(5)): write_bytes less cancelled_write_bytes.
#include "outputs/disk_writes.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace bmsgate::outputs {

std::optional<std::uint64_t> disk_bytes_written() {
  std::ifstream io{"/proc/self/io"};
  std::optional<std::uint64_t> written;
  std::string key;
  std::uint64_t value = 0;
  while (io >> key >> value) {
    if (key == "write_bytes:") written = value;
    if (key == "cancelled_write_bytes:" && written) written = *written - std::min(*written, value);
  }
  return written;
}

}  // namespace bmsgate::outputs
