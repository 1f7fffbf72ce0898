// SPDX-License-Identifier: Apache-2.0
// A JK-Bx on its GPS/UART port: "NW" frames. Source: syssi/esphome-jk-bms (protocol-design-uart-ttl-gps-port), ArminJo/JK-BMSToPylontechCAN
// logs; the order and the widths of the ids are those of firmware 11.26 and 11.54.
#include "sim/families.hpp"

namespace bmsgate::sim {
namespace {

constexpr std::size_t kRequestOverhead = 20;  // all but the information field
constexpr std::size_t kMinLength = 19;
constexpr std::size_t kMaxLength = 400;
constexpr core::Duration kDelay{26'000};
enum Command : std::uint8_t { kActivate = 1, kWrite = 2, kRead = 3, kPassword = 5, kReadAll = 6 };

constexpr auto kAlarmBits = std::to_array<AlarmBit>({
    {core::AlarmId::kSocLow, core::Severity::kHint, 0},
    {core::AlarmId::kMosOt, core::Severity::kHint, 1},
    {core::AlarmId::kPackOv, core::Severity::kHint, 2},
    {core::AlarmId::kPackUv, core::Severity::kHint, 3},
    {core::AlarmId::kBatteryOt, core::Severity::kHint, 4},
    {core::AlarmId::kDischargeOt, core::Severity::kHint, 4},
    {core::AlarmId::kChargeOc, core::Severity::kHint, 5},
    {core::AlarmId::kDischargeOc, core::Severity::kHint, 6},
    {core::AlarmId::kCellDelta, core::Severity::kHint, 7},
    {core::AlarmId::kChargeOt, core::Severity::kHint, 8},
    {core::AlarmId::kBatteryUt, core::Severity::kHint, 9},
    {core::AlarmId::kChargeUt, core::Severity::kHint, 9},
    {core::AlarmId::kCellOv, core::Severity::kHint, 10},
    {core::AlarmId::kCellUv, core::Severity::kHint, 11},
});

struct View {
  const PackState& s;
  const Limits& l;
  const PackProfile& p;
  std::uint8_t wrong_cell_count;
};

std::int64_t temperature(std::int32_t dc) {
  const auto whole = rounded(dc, 10);
  return whole < 0 ? 100 - whole : whole;
}

std::int64_t current(std::int32_t ma) {
  const auto hundredths = rounded(ma < 0 ? -ma : ma, 10);
  return hundredths | (ma > 0 ? 0x8000 : 0);
}

std::int64_t status(const View& v) { return (v.s.charge_mos ? 1 : 0) | (v.s.discharge_mos ? 2 : 0) | (v.s.balancing_cells != 0 ? 4 : 0); }

struct Row {
  std::uint8_t id;
  std::uint8_t width;
  std::int64_t (*value)(const View&);  // nullptr: a text, see put_text_id()
};
constexpr auto kIds = std::to_array<Row>({
    {0x79, 0, nullptr},
    {0x80, 2, [](const View& v) { return temperature(v.s.mos_temperature_dc); }},
    {0x81, 2, [](const View& v) { return temperature(v.s.temperature_dc[0]); }},
    {0x82, 2, [](const View& v) { return temperature(v.s.temperature_dc[1]); }},
    {0x83, 2, [](const View& v) { return rounded(v.s.pack_mv, 10); }},
    {0x84, 2, [](const View& v) { return current(v.s.current_ma); }},
    {0x85, 1, [](const View& v) { return rounded(v.s.soc_permille, 10); }},
    {0x86, 1, [](const View& v) { return std::int64_t{v.s.probes}; }},
    {0x87, 2, [](const View& v) { return std::int64_t{v.s.cycles}; }},
    {0x89, 4, [](const View& v) { return static_cast<std::int64_t>(v.s.cycled_mah / 1000); }},
    {0x8A, 2, [](const View& v) { return std::int64_t{v.wrong_cell_count != 0 ? v.wrong_cell_count : v.s.cells}; }},
    {0x8B, 2, [](const View& v) { return static_cast<std::int64_t>(alarm_bits(kAlarmBits, v.s.alarms)); }},
    {0x8C, 2, status},
    {0x8E, 2, [](const View& v) { return std::int64_t{v.l.cell_ov_mv} * v.s.cells / 10; }},
    {0x8F, 2, [](const View& v) { return std::int64_t{v.l.cell_uv_mv} * v.s.cells / 10; }},
    {0x90, 2, [](const View& v) { return std::int64_t{v.l.cell_ov_mv}; }},
    {0x91, 2, [](const View& v) { return std::int64_t{v.l.cell_ov_release_mv}; }},
    {0x92, 2, [](const View&) { return std::int64_t{5}; }},
    {0x93, 2, [](const View& v) { return std::int64_t{v.l.cell_uv_mv}; }},
    {0x94, 2, [](const View& v) { return std::int64_t{v.l.cell_uv_release_mv}; }},
    {0x95, 2, [](const View&) { return std::int64_t{5}; }},
    {0x96, 2, [](const View& v) { return std::int64_t{v.l.cell_delta_mv}; }},
    {0x97, 2, [](const View& v) { return std::int64_t{v.l.discharge_oc_ma} / 1000; }},
    {0x98, 2, [](const View&) { return std::int64_t{300}; }},
    {0x99, 2, [](const View& v) { return std::int64_t{v.l.charge_oc_ma} / 1000; }},
    {0x9A, 2, [](const View&) { return std::int64_t{30}; }},
    {0x9B, 2, [](const View& v) { return static_cast<std::int64_t>(v.p.balance_start_v * 1000 + 0.5); }},
    {0x9C, 2, [](const View& v) { return static_cast<std::int64_t>(v.p.balance_delta_v * 1000 + 0.5); }},
    {0x9D, 1, [](const View& v) { return std::int64_t{v.s.balance_switch}; }},
    {0x9E, 2, [](const View& v) { return std::int64_t{v.l.mos_ot_dc} / 10; }},
    {0x9F, 2, [](const View&) { return std::int64_t{70}; }},
    {0xA0, 2, [](const View&) { return std::int64_t{70}; }},
    {0xA1, 2, [](const View&) { return std::int64_t{60}; }},
    {0xA2, 2, [](const View&) { return std::int64_t{20}; }},
    {0xA3, 2, [](const View& v) { return std::int64_t{v.l.charge_ot_dc} / 10; }},
    {0xA4, 2, [](const View& v) { return std::int64_t{v.l.discharge_ot_dc} / 10; }},
    {0xA5, 2, [](const View& v) { return std::int64_t{v.l.charge_ut_dc} / 10; }},
    {0xA6, 2, [](const View& v) { return std::int64_t{v.l.charge_ut_dc} / 10 + 5; }},
    {0xA7, 2, [](const View& v) { return std::int64_t{v.l.discharge_ut_dc} / 10; }},
    {0xA8, 2, [](const View& v) { return std::int64_t{v.l.discharge_ut_dc} / 10 + 10; }},
    {0xA9, 1, [](const View& v) { return std::int64_t{v.s.cells}; }},
    {0xAA, 4, [](const View& v) { return std::int64_t{v.s.nominal_mah} / 1000; }},
    {0xAB, 1, [](const View& v) { return std::int64_t{v.s.charge_switch}; }},
    {0xAC, 1, [](const View& v) { return std::int64_t{v.s.discharge_switch}; }},
    {0xAD, 2, [](const View&) { return std::int64_t{1048}; }},
    {0xAE, 1, [](const View&) { return std::int64_t{1}; }},
    {0xAF, 1, [](const View& v) { return std::int64_t{v.p.chemistry == Chemistry::kNmc}; }},
    {0xB0, 2, [](const View&) { return std::int64_t{10}; }},
    {0xB1, 1, [](const View& v) { return std::int64_t{v.l.soc_low_percent}; }},
    {0xB2, 10, nullptr},
    {0xB3, 1, [](const View&) { return std::int64_t{0}; }},
    {0xB4, 8, nullptr},
    {0xB5, 4, nullptr},
    {0xB6, 4, [](const View& v) { return std::int64_t{v.s.runtime_s} / 60; }},
    {0xB7, 15, nullptr},
    {0xB8, 1, [](const View&) { return std::int64_t{0}; }},
    {0xB9, 4, [](const View& v) { return rounded(v.s.full_mah, 1000); }},
    {0xBA, 24, nullptr},
    {0xC0, 1, [](const View&) { return std::int64_t{1}; }},
});

void put_cells(Bytes& out, const View& v) {
  put8(out, 3U * v.s.cells);
  for (unsigned i = 0; i < v.s.cells; ++i) {
    put8(out, i + 1);
    put_be(out, v.s.cell_mv[i], 2);
  }
}

void put_id(Bytes& out, const Row& row, const View& v) {
  put8(out, row.id);
  if (row.value != nullptr) {
    put_be(out, static_cast<std::uint64_t>(row.value(v)), row.width);
    return;
  }
  switch (row.id) {
    case 0x79: put_cells(out, v); break;
    case 0xB2: put_text(out, "123456", row.width, '\0'); break;
    case 0xB4: put_text(out, "JK-BMS", row.width, '\0'); break;
    case 0xB5: put_text(out, "2408", row.width, '\0'); break;
    case 0xB7: put_text(out, "11A_____S11.54_", row.width, '_'); break;
    default: put_text(out, "JK-B2A24S20P", row.width, '\0'); break;
  }
}

class JkNw final : public Device {
 public:
  explicit JkNw(std::vector<Pack> packs) : packs_{std::move(packs)} {}

  std::size_t hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) override;
  std::string_view last_request() const override { return last_; }

 private:
  void answer(std::span<const std::uint8_t> request, std::vector<Answer>& answers);
  [[nodiscard]] Bytes information(std::uint8_t command, std::span<const std::uint8_t> asked);
  [[nodiscard]] bool write(std::span<const std::uint8_t> asked);
  [[nodiscard]] View view() const {
    const auto& model = *packs_[0].model;
    return {model.state(), model.limits(), model.profile(), faults.wrong_cell_count};
  }

  std::vector<Pack> packs_;
  std::string_view last_;
  bool unlocked_{false};
};

std::size_t JkNw::hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) {
  if (heard[0] != 0x4E) return 1;
  if (heard.size() < 4) return heard.size() > 1 && heard[1] != 0x57 ? 1 : 0;
  if (heard[1] != 0x57) return 1;
  const std::size_t length = static_cast<std::size_t>(heard[2] << 8U | heard[3]);
  if (length < kMinLength || length > kMaxLength) return 1;
  const auto size = length + 2;
  if (heard.size() < size) return 0;
  const auto frame = heard.first(size);
  const auto sum = core::byte_sum(frame.first(size - 4)) & 0xFFFFU;
  if (frame[size - 5] != 0x68 || (frame[size - 2] << 8U | frame[size - 1]) != static_cast<int>(sum)) return 1;
  answer(frame, answers);
  return size;
}

void JkNw::answer(std::span<const std::uint8_t> request, std::vector<Answer>& answers) {
  constexpr std::uint8_t kIsRequest = 0;
  if (request[10] != kIsRequest) return;
  const auto command = request[8];
  const auto info = information(command, request.subspan(11, request.size() - kRequestOverhead));
  if (info.empty()) return;
  Bytes frame{0x4E, 0x57};
  put_be(frame, info.size() + kRequestOverhead - 2, 2);
  for (std::size_t i = 4; i < 8; ++i) put8(frame, request[i] ^ (faults.wrong_address && i == 7 ? 1U : 0U));
  put8(frame, command);
  put_be(frame, 0x0001, 2);  // source: BMS; transport: answer
  frame.insert(frame.end(), info.begin(), info.end());
  put_be(frame, 0, 4);
  put8(frame, 0x68);
  const auto sum = core::byte_sum(frame);
  put_be(frame, sum & 0xFFFFU, 4);
  answers.push_back({std::move(frame), kDelay, packs_[0].address, true});
}

Bytes JkNw::information(std::uint8_t command, std::span<const std::uint8_t> asked) {
  Bytes info;
  switch (command) {
    case kReadAll:
      last_ = "read all";
      for (const auto& row : kIds) put_id(info, row, view());
      break;
    case kRead:
      last_ = "read one id";
      for (const auto& row : kIds) {
        if (!asked.empty() && row.id == asked[0]) put_id(info, row, view());
      }
      break;
    case kActivate:
      last_ = "activate";
      info = {0};
      break;
    case kPassword:
      last_ = "password";
      unlocked_ = true;
      info = {0};
      break;
    case kWrite:
      last_ = "write";
      if (write(asked)) info = {asked[0]};
      break;
    default: break;
  }
  return info;
}

/// False: not accepted, and nothing is answered. The balancer switch 9D is among those: firmware 11 does not take it.
bool JkNw::write(std::span<const std::uint8_t> asked) {
  if (asked.size() != 2 || !unlocked_) return false;
  unlocked_ = false;
  auto& model = *packs_[0].model;
  const bool on = asked[1] != 0;
  switch (asked[0]) {
    case 0xAB: model.set_charge_switch(on); return true;
    case 0xAC: model.set_discharge_switch(on); return true;
    case 0xBB: model.restart(); return true;
    default: return false;
  }
}

}  // namespace

std::unique_ptr<Device> make_jk_nw(std::vector<Pack> packs, const DeviceOptions& /*options*/) {
  return std::make_unique<JkNw>(std::move(packs));
}

}  // namespace bmsgate::sim
