// SPDX-License-Identifier: Apache-2.0
// JK-PB packs on an RS485 line (UART protocol 001): trigger writes answered with a 300-byte frame and an ACK, FC03 blocks, FC10 writes; and
// the pack with DIP 0 that polls the others by itself. Source: mr-manuel/venus-os_dbus-serialbattery (JKBMS-PB.md, pull request 428),
// vendor "BMS RS485 ModBus" V1.1, bus log of firmware 14.20 (phinix-org/Multiple-JK-BMS-by-Modbus-RS485).
#include <fmt/format.h>

#include "sim/families.hpp"
#include "sim/jk_pb_image.hpp"

namespace bmsgate::sim {
namespace {

constexpr core::Duration kDelay{39'000};
constexpr core::Duration kMasterGap{100'000};
constexpr core::Duration kAbsentWait{220'000};
constexpr std::uint8_t kMaxAddress = 15;
constexpr std::uint16_t kMaxRegisters = 127;

enum Block : std::uint16_t { kSettings = 0x1000, kLive = 0x1200, kAbout = 0x1400 };
struct Trigger {
  std::uint16_t reg;
  Block block;
  std::uint8_t frame_type;
  std::string_view name;
};
constexpr auto kTriggers = std::to_array<Trigger>({
    {0x161C, kAbout, 3, "about"},
    {0x161E, kSettings, 1, "settings"},
    {0x1620, kLive, 2, "live"},
});
constexpr const Trigger& kAskSettings = kTriggers[1];
constexpr const Trigger& kAskLive = kTriggers[2];

enum Exception : std::uint8_t { kBadFunction = 1, kBadAddress = 2, kBadValue = 3 };

std::uint16_t be16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8U | bytes[at + 1]);
}

Bytes trigger_request(std::uint8_t address, std::uint16_t reg) {
  Bytes frame{address, 0x10};
  put_be(frame, reg, 2);
  put_be(frame, 1, 2);
  put8(frame, 2);
  put_be(frame, 0, 2);
  put_crc16(frame);
  return frame;
}

class JkPb final : public Device {
 public:
  JkPb(std::vector<Pack> packs, const DeviceOptions& options) : packs_{std::move(packs)}, options_{options} {}

  std::size_t hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) override;
  std::string_view last_request() const override { return last_; }
  bool talks() const override { return options_.master; }
  void talk(std::vector<Answer>& answers) override;

 private:
  [[nodiscard]] Pack* find(std::uint8_t address);
  void answer(const Pack& pack, std::span<const std::uint8_t> request, std::vector<Answer>& answers);
  [[nodiscard]] Bytes long_answer(const Pack& pack, const Trigger& trigger) const;
  [[nodiscard]] Bytes read(const Pack& pack, std::uint16_t reg, std::uint16_t count) const;
  [[nodiscard]] Bytes write(const Pack& pack, std::span<const std::uint8_t> request) const;
  [[nodiscard]] JkPbImage image(const Pack& pack, Block block, bool big_endian) const;
  [[nodiscard]] Bytes ack(std::uint8_t address, std::uint16_t reg, std::uint16_t count) const;
  [[nodiscard]] Bytes exception(std::uint8_t address, std::uint8_t function, Exception code) const;
  [[nodiscard]] std::uint8_t shown(std::uint8_t address) const { return faults.wrong_address ? (address + 1U) & 0x0FU : address; }

  std::vector<Pack> packs_;
  DeviceOptions options_;
  std::string last_;
  std::uint8_t master_step_{1};  // address that the master asks next; 0 = its own turn
};

Pack* JkPb::find(std::uint8_t address) {
  for (auto& pack : packs_) {
    if (pack.address == address) return &pack;
  }
  return nullptr;
}

std::size_t JkPb::hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) {
  if (options_.master) return heard.size();  // a master does not answer other masters
  if (heard[0] > kMaxAddress) return 1;
  if (heard.size() < 8) return 0;
  const bool is_write = heard[1] == 0x10;
  const std::size_t size = is_write ? 9U + heard[6] : 8U;
  if (size > 64) return 1;
  if (heard.size() < size) return 0;
  const auto request = heard.first(size);
  if (!core::crc16_modbus_ok(request)) return 1;
  if (const auto* pack = find(request[0])) answer(*pack, request, answers);
  return size;
}

void JkPb::answer(const Pack& pack, std::span<const std::uint8_t> request, std::vector<Answer>& answers) {
  const auto function = request[1];
  const auto reg = be16(request, 2);
  const auto count = be16(request, 4);
  Bytes reply;
  if (function == 0x03) {
    last_ = fmt::format("pack {}: read {:04X}+{}", pack.address, reg, count);
    reply = read(pack, reg, count);
  } else if (function == 0x10) {
    reply = write(pack, request);
    last_ = fmt::format("pack {}: write {:04X}", pack.address, reg);
    for (const auto& trigger : kTriggers) {
      if (trigger.reg == reg) last_ = fmt::format("pack {}: {}", pack.address, trigger.name);
    }
  } else {
    last_ = fmt::format("pack {}: function {:02X}", pack.address, function);
    reply = exception(pack.address, function, function == 0x06 ? kBadAddress : kBadFunction);
  }
  answers.push_back({std::move(reply), kDelay, pack.address, true});
}

JkPbImage JkPb::image(const Pack& pack, Block block, bool big_endian) const {
  JkPbImage image{big_endian};
  const auto cells = faults.wrong_cell_count != 0 ? faults.wrong_cell_count : pack.model->state().cells;
  switch (block) {
    case kLive: fill_live(image, *pack.model, cells); break;
    case kSettings: fill_settings(image, *pack.model, pack.address); break;
    case kAbout: fill_about(image, *pack.model, pack.address); break;
  }
  return image;
}

Bytes JkPb::long_answer(const Pack& pack, const Trigger& trigger) const {
  Bytes frame{0x55, 0xAA, 0xEB, 0x90, trigger.frame_type, static_cast<std::uint8_t>(options_.master && pack.address != 0 ? 5 : 0)};
  const auto block = image(pack, trigger.block, false);
  frame.insert(frame.end(), block.bytes().begin(), block.bytes().end());
  put8(frame, core::byte_sum(frame) & 0xFFU);
  frame.insert(frame.end(), options_.padding, 0);
  const auto confirmation = ack(pack.address, trigger.reg, 1);
  frame.insert(frame.end(), confirmation.begin(), confirmation.end());
  return frame;
}

Bytes JkPb::ack(std::uint8_t address, std::uint16_t reg, std::uint16_t count) const {
  Bytes frame{shown(address), 0x10};
  put_be(frame, reg, 2);
  put_be(frame, count, 2);
  put_crc16(frame);
  return frame;
}

Bytes JkPb::exception(std::uint8_t address, std::uint8_t function, Exception code) const {
  Bytes frame{shown(address), static_cast<std::uint8_t>(function | 0x80U), code};
  put_crc16(frame);
  return frame;
}

/// A register number is the base of its block plus a byte offset; `count` registers are 2 x count bytes from there on.
Bytes JkPb::read(const Pack& pack, std::uint16_t reg, std::uint16_t count) const {
  if (count == 0 || count > kMaxRegisters) return exception(pack.address, 0x03, kBadValue);
  for (const Block block : {kSettings, kLive, kAbout}) {
    if (reg < block) continue;
    const std::size_t offset = reg - static_cast<std::size_t>(block);
    const std::size_t size = 2U * count;
    if (offset % 2 != 0 || offset + size > JkPbImage::kSize - 1) continue;
    const auto bytes = image(pack, block, true).bytes();
    Bytes frame{shown(pack.address), 0x03, static_cast<std::uint8_t>(size)};
    frame.insert(frame.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                 bytes.begin() + static_cast<std::ptrdiff_t>(offset + size));
    put_crc16(frame);
    return frame;
  }
  return exception(pack.address, 0x03, kBadAddress);
}

Bytes JkPb::write(const Pack& pack, std::span<const std::uint8_t> request) const {
  const auto reg = be16(request, 2);
  const auto count = be16(request, 4);
  const std::size_t bytes = request[6];
  for (const auto& trigger : kTriggers) {
    if (trigger.reg == reg && count == 1 && bytes == 2) return long_answer(pack, trigger);
  }
  struct Switch {
    std::uint16_t reg;
    void (PackModel::*set)(bool);
  };
  constexpr auto kSwitches = std::to_array<Switch>({
      {0x1070, &PackModel::set_charge_switch},
      {0x1074, &PackModel::set_discharge_switch},
      {0x1078, &PackModel::set_balance_switch},
  });
  for (const auto& one : kSwitches) {
    if (one.reg != reg) continue;
    const bool well_formed = count == 2 && bytes == 4 && request[7] == 0 && request[8] == 0 && request[9] == 0 && request[10] <= 1;
    if (!well_formed) return exception(pack.address, 0x10, kBadValue);
    ((*pack.model).*one.set)(request[10] != 0);
    return ack(pack.address, reg, count);
  }
  return exception(pack.address, 0x10, kBadAddress);
}

/// One address of the master's round. The others answer on the same line; its own frames come without any request.
void JkPb::talk(std::vector<Answer>& answers) {
  const auto address = master_step_;
  master_step_ = static_cast<std::uint8_t>((master_step_ + 1) % (kMaxAddress + 1));
  if (address == 0) {
    const auto* own = find(0);
    if (own == nullptr) return;
    answers.push_back({long_answer(*own, kAskLive), kMasterGap, 0, true});
    answers.push_back({long_answer(*own, kAskSettings), kMasterGap, 0, true});
    return;
  }
  const auto* pack = find(address);
  answers.push_back({trigger_request(address, kAskLive.reg), pack == nullptr ? kAbsentWait : kMasterGap, address, false});
  if (pack == nullptr) return;
  answers.push_back({long_answer(*pack, kAskLive), kDelay, address, true});
  answers.push_back({trigger_request(address, kAskSettings.reg), kMasterGap, address, false});
  answers.push_back({long_answer(*pack, kAskSettings), kDelay, address, true});
}

}  // namespace

std::unique_ptr<Device> make_jk_pb(std::vector<Pack> packs, const DeviceOptions& options) {
  return std::make_unique<JkPb>(std::move(packs), options);
}

}  // namespace bmsgate::sim
