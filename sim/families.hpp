// SPDX-License-Identifier: Apache-2.0
// The families of virtual BMSs, for make_device(). Private to this folder.
#pragma once

#include <memory>
#include <vector>

#include "sim/device.hpp"
#include "sim/wire.hpp"

namespace bmsgate::sim {

[[nodiscard]] std::unique_ptr<Device> make_jk_nw(std::vector<Pack> packs, const DeviceOptions& options);
[[nodiscard]] std::unique_ptr<Device> make_jk_pb(std::vector<Pack> packs, const DeviceOptions& options);
[[nodiscard]] std::unique_ptr<Device> make_daly_a5(std::vector<Pack> packs, const DeviceOptions& options);
[[nodiscard]] std::unique_ptr<Device> make_daly_d2(std::vector<Pack> packs, const DeviceOptions& options);
[[nodiscard]] std::unique_ptr<Device> make_daly_p81(std::vector<Pack> packs, const DeviceOptions& options);

}  // namespace bmsgate::sim
