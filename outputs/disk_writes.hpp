// SPDX-License-Identifier: Apache-2.0
// How much the program has sent to the disks, as the kernel counts it. Any thread; reads a small file of the kernel, never a disk.
#pragma once

#include <cstdint>
#include <optional>

namespace bmsgate::outputs {

/// Bytes that this process has caused to be written to storage since it started; nullopt: the kernel does not count.
[[nodiscard]] std::optional<std::uint64_t> disk_bytes_written();

}  // namespace bmsgate::outputs
