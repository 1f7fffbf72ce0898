// SPDX-License-Identifier: Apache-2.0
// bmsgate's own topics below the base topic:
//
//   status                 online | offline (the last will), retained
//   <pack>/availability    online | offline, retained: offline while the pack is stale, asleep or not yet heard
//   <pack>/state           all valid fields as one JSON object
//   <pack>/meta            who the pack is, retained: id, name, protocol, bus, address, unit, info, settings
//   <pack>/event           alarms that begin and end, changes of quality, commands …
//   bank/state             all packs together
//
// A good reading goes out at once if a value has moved by its dead band since the last one sent; all values go out every few minutes
// anyway. Values that change by themselves (running time, heartbeat, forecasts) do not count as moved. Loop thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "outputs/mqtt_client.hpp"
#include "outputs/mqtt_format.hpp"
#include "outputs/mqtt_options.hpp"

namespace bmsgate::outputs {

inline constexpr std::string_view kOnline = "online";
inline constexpr std::string_view kOffline = "offline";

class MqttNative final : public MqttFormat {
 public:
  MqttNative(const core::Hub& hub, MqttClient& client, const MqttOptions& options);

  void on_connected(core::Instant now) override;
  void on_reading(const core::Reading& reading) override;
  void on_pack(core::PackIndex pack) override;
  void on_event(const core::Event& event) override;
  void on_second(core::Instant now) override;

  [[nodiscard]] static MqttWill will(const MqttOptions& options);

 private:
  struct Sent {
    core::Sample sample;  // as last published
    bool any{false};
    bool online{false};
    bool told{false};  // availability has been published
  };
  [[nodiscard]] Sent& sent(core::PackIndex pack);
  [[nodiscard]] bool moved(const core::Sample& from, const core::Sample& to) const noexcept;
  void publish_state(core::PackIndex pack);
  void publish_availability(core::PackIndex pack);
  void publish_meta(core::PackIndex pack);
  void publish_bank();
  void publish_all();
  [[nodiscard]] std::string topic(core::PackIndex pack, std::string_view leaf) const;

  const core::Hub& hub_;
  MqttClient& client_;
  std::string base_;
  core::Duration full_every_;
  bool every_reading_;
  std::array<std::int32_t, core::kFieldCount> dead_bands_{};  // scaled; 0 = the field is not watched
  std::vector<Sent> sent_;
  core::Instant full_at_{};
  bool bank_due_{false};
};

}  // namespace bmsgate::outputs
