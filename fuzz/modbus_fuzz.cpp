// SPDX-License-Identifier: Apache-2.0
// Feeds a Modbus TCP session a stream in pieces: it must survive, and all that it answers must be well-formed frames, one a request.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "core/modbus_pdu.hpp"
#include "outputs/modbus_session.hpp"

namespace {

using namespace bmsgate;

class StillClock final : public core::Clock {
 public:
  [[nodiscard]] core::Instant now() const noexcept override { return core::Instant{std::chrono::seconds{100}}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return 1'750'000'000'000; }
};

std::unique_ptr<core::Hub> make_hub() {
  auto hub = std::make_unique<core::Hub>();
  core::PackConfig config;
  config.id.assign("boat");
  config.unit = 1;
  const auto pack = hub->add_pack(config).value();
  core::Reading reading;
  reading.pack = pack;
  for (std::size_t s = 0; s < core::kSlotCount; s += 2) reading.sample.set_slot(s, static_cast<std::int32_t>(s * 1000));
  core::derive(reading.sample);
  hub->publish(reading);
  return hub;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const StillClock clock;
  static const auto hub = make_hub();
  if (size < 1) return 0;
  outputs::ModbusBlocks blocks{*hub, clock, {}};
  outputs::ModbusCounters counters;
  outputs::ModbusSession session{*hub, blocks, counters, "1.0"};
  std::vector<std::uint8_t> out;
  auto rest = std::span{data, size}.subspan(1);
  const std::size_t piece = data[0] == 0 ? rest.size() : data[0];
  bool open = true;
  while (open && !rest.empty()) {
    const auto bytes = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(bytes.size());
    open = session.on_bytes(bytes, out);
  }
  core::modbus::Framer framer;
  core::modbus::Frame frame;
  std::span<const std::uint8_t> answers{out};
  std::uint64_t frames = 0;
  while (framer.next(answers, frame) == core::modbus::Framer::Outcome::kFrame) ++frames;
  require(frames == counters.requests);
  require(answers.empty() && !framer.inside_frame());
  return 0;
}
