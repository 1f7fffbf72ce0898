// SPDX-License-Identifier: Apache-2.0
// Daly A5: what is asked in one poll, under which host address, and what silence means.
#include <algorithm>

#include "core/crc.hpp"
#include "protocols/daly_a5.hpp"

namespace bmsgate::protocols::a5 {
namespace {

using core::Part;

constexpr std::uint8_t kPcHost = 0x40;
constexpr std::uint8_t kBluetoothHost = 0x80;

// Commands.
constexpr std::uint8_t kRestart = 0x00;
constexpr std::uint8_t kSetSoc = 0x21;
constexpr std::uint8_t kDischargeSwitch = 0xD9;
constexpr std::uint8_t kChargeSwitch = 0xDA;

constexpr std::uint8_t kTriesUntilAbsent = 2;  // settings, identity, slower ids: one that a board lacks is met with silence
constexpr std::uint8_t kFastTriesUntilAbsent = 12;
constexpr std::uint8_t kMissesUntilForgotten = 3;  // values of a slower id are carried over for so many unanswered requests
constexpr std::uint8_t kMissesUntilOtherHost = 12;

constexpr std::array<std::uint8_t, 5> kSlowIds{kTemperatures, kBalance, kStatus, kTemperatureExtremes, kCellExtremes};
constexpr std::array<std::uint8_t, 6> kSlowTurns{kTemperatures, kBalance, kStatus, kTemperatures, kTemperatureExtremes, kCellExtremes};
constexpr std::array<std::uint8_t, 12> kSettingIds{0x50, 0x51, kTotals, 0x53, 0x59, 0x5A, 0x5B, 0x5C, 0x5D, 0x5E, 0x5F, 0x60};
constexpr std::array<std::uint8_t, 7> kIdentityIds{0x62, 0x63, 0x57, 0x54, 0x55, 0x56, 0x6A};

void count_miss(Board& board, std::uint8_t id) noexcept {
  auto& misses = board.misses[id - kFirstPlanned];
  if (misses < 0xFF) ++misses;
  if (misses >= kMissesUntilForgotten && bit(id) != 0 && (bit(id) & kFast) == 0) forget(board, id);
}

}  // namespace

bool is_write(std::uint8_t id) noexcept {
  return id == kRestart || (id >= 0x10 && id < kFirstPlanned) || id == kDischargeSwitch || id == kChargeSwitch;
}

std::uint8_t board_of_host(std::uint8_t host) noexcept {
  const auto board = static_cast<std::uint8_t>(host - kPcHost + 1);
  return host >= kPcHost && is_board(board) ? board : std::uint8_t{1};
}

bool absent(const Board& board, std::uint8_t id) noexcept {
  const std::size_t i = id - kFirstPlanned;
  if (id == kPack || id == kSwitches || board.served[i]) return false;
  return board.misses[i] >= ((bit(id) & kFast) != 0 ? kFastTriesUntilAbsent : kTriesUntilAbsent);
}

std::uint16_t needed(const Board& board) noexcept {
  unsigned ids = kFast;
  for (const auto id : kFastIds) {
    if (absent(board, id)) ids &= ~static_cast<unsigned>(bit(id));
  }
  return static_cast<std::uint16_t>(ids);
}

void make_plan(Board& board, Part part) noexcept {
  board.plan.clear();
  const auto add = [&](std::uint8_t id) {
    if (!absent(board, id) && std::ranges::find(board.plan, id) == board.plan.end()) static_cast<void>(board.plan.push_back(id));
  };
  if (part != Part::kLive) {
    if (part == Part::kSettings) std::ranges::for_each(kSettingIds, add);
    if (part == Part::kIdentity) std::ranges::for_each(kIdentityIds, add);
    return;
  }
  add(kPack);
  add(kSwitches);                         // side by side: the sign rule compares the two
  if (!board.status_known) add(kStatus);  // the number of cells tells when an answer to 95 is whole
  add(kCells);
  add(kFailures);
  for (const auto id : kSlowIds) {
    if (board.options.every_detail || !board.served[id - kFirstPlanned]) add(id);
  }
  if (board.again != 0) {
    add(board.again);
    board.again = 0;
  } else {
    add(kSlowTurns[board.turn++ % kSlowTurns.size()]);
  }
}

void build_request(core::Request& out, const Board& board, std::uint8_t address, std::uint8_t id, Bytes data) noexcept {
  out = {};
  out.address = address;
  out.tag = id;
  const auto host = static_cast<std::uint8_t>(kPcHost + address - 1);
  const std::array<std::uint8_t, kDataAt> head{kStart, board.host_80 ? kBluetoothHost : host, id, kDataSize};
  static_cast<void>(out.bytes.append(head));
  static_cast<void>(out.bytes.append(data));
  static_cast<void>(out.bytes.push_back(static_cast<std::uint8_t>(core::byte_sum(out.bytes.view()))));
}

core::Error build_command(const core::Command& command, const Board& board, std::uint8_t address, core::Request& out) noexcept {
  if (const auto error = check_argument(command); error != core::Error::kNone) return error;
  std::array<std::uint8_t, kDataSize> data{};
  std::uint8_t id = kRestart;
  switch (command.id) {
    case core::CommandId::kChargeMos:
    case core::CommandId::kDischargeMos:
      id = command.id == core::CommandId::kChargeMos ? kChargeSwitch : kDischargeSwitch;
      data[0] = static_cast<std::uint8_t>(command.value);
      break;
    case core::CommandId::kSetSoc:  // date and time before it may be zero
      id = kSetSoc;
      data[6] = static_cast<std::uint8_t>(command.value >> 8);
      data[7] = static_cast<std::uint8_t>(command.value);
      break;
    case core::CommandId::kRestart: break;
    case core::CommandId::kBalance: return core::Error::kUnsupported;
  }
  build_request(out, board, address, id, data);
  out.changes_state = true;
  return core::Error::kNone;
}

bool accepted(const core::Request& command, Bytes answer) noexcept {
  const auto id = command.bytes[2];
  if (id == kDischargeSwitch || id == kChargeSwitch) return answer[0] == command.bytes[kDataAt];
  return id != kSetSoc || answer[0] == 1;
}

void count_answer(Board& board, const core::Request& request, bool whole) noexcept {
  board.host_works = true;
  board.host_80 = request.bytes[1] == kBluetoothHost;
  board.host_misses = 0;
  if (board.silent.size() < board.silent.capacity()) {
    for (const auto id : board.silent) count_miss(board, id);
  }
  board.silent.clear();
  if (!whole) return;
  const std::size_t i = request.bytes[2] - kFirstPlanned;
  board.served[i] = true;
  board.misses[i] = 0;
}

void count_silence(Board& board, const core::Request& request) noexcept {
  if (board.host_misses < 0xFF) ++board.host_misses;
  if (board.host_misses >= kMissesUntilOtherHost) board.host_works = false;
  if (!board.host_works && request.address == 1) board.host_80 = request.bytes[1] != kBluetoothHost;
  // Silence says something about an id only if the board answers something else afterwards: else it sleeps.
  static_cast<void>(board.silent.push_back(request.bytes[2]));
}

}  // namespace bmsgate::protocols::a5
