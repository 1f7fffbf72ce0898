// SPDX-License-Identifier: Apache-2.0
// Which family speaks which protocol.
#include "sim/device.hpp"

#include <array>

#include "sim/families.hpp"

namespace bmsgate::sim {
namespace {

struct Family {
  std::string_view protocol;
  std::unique_ptr<Device> (*make)(std::vector<Pack>, const DeviceOptions&);
};
constexpr auto kFamilies = std::to_array<Family>({
    {"jk-nw", make_jk_nw},
    {"jk-pb", make_jk_pb},
    {"daly-a5", make_daly_a5},
    {"daly-d2", make_daly_d2},
    {"daly-p81", make_daly_p81},
});

}  // namespace

std::unique_ptr<Device> make_device(std::string_view protocol, std::vector<Pack> packs, const DeviceOptions& options) {
  for (const auto& family : kFamilies) {
    if (family.protocol == protocol) return family.make(std::move(packs), options);
  }
  return nullptr;
}

}  // namespace bmsgate::sim
