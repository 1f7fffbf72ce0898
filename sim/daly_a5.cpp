// SPDX-License-Identifier: Apache-2.0
// Daly boards that speak A5: 13-byte frames, several frames for cells and temperatures, board n asked as 3F+n. Source: Daly "UART/485
// Communications Protocol V1.2" (maland16/daly-bms-uart), esphome/esphome #12445 for several boards, captures of 3S to 16S devices.
#include <fmt/format.h>

#include "sim/daly_alarms.hpp"
#include "sim/families.hpp"

namespace bmsgate::sim {
namespace {

constexpr std::size_t kFrameSize = 13;
constexpr core::Duration kDelay{65'000};
constexpr std::uint8_t kAppHost = 0x80;  // asked by a Bluetooth dongle
constexpr unsigned kMaxFrames = 16;
constexpr std::uint8_t kNoProbe = 0xFF;

using Data = std::array<std::uint8_t, 8>;

/// Fills the 8 data bytes of a reply; what a reply does not define keeps what was there before, as the real boards do.
class Filler {
 public:
  explicit Filler(Data& data) : data_{data} {}
  Filler& u8(std::uint64_t value) { return be(value, 1); }
  Filler& u16(std::uint64_t value) { return be(value, 2); }
  Filler& u32(std::uint64_t value) { return be(value, 4); }

 private:
  Filler& be(std::uint64_t value, unsigned width) {
    while (width-- > 0 && at_ < data_.size()) data_[at_++] = static_cast<std::uint8_t>(value >> (8 * width));
    return *this;
  }
  Data& data_;
  std::size_t at_{0};
};

struct Context {
  const PackState& s;
  const Limits& l;
  const PackProfile& p;
  bool inverted;
  std::uint8_t cells;  // as reported
  std::uint8_t life;
};

std::pair<std::size_t, std::size_t> extreme_probes(const PackState& s) {
  std::size_t low = 0, high = 0;
  for (std::size_t i = 1; i < s.probes; ++i) {
    if (s.temperature_dc[i] < s.temperature_dc[low]) low = i;
    if (s.temperature_dc[i] > s.temperature_dc[high]) high = i;
  }
  return {low, high};
}

void fill_temperatures(const Context& c, Filler f) {
  const auto [low, high] = extreme_probes(c.s);
  f.u8(daly_temperature(c.s.temperature_dc[high])).u8(high + 1).u8(daly_temperature(c.s.temperature_dc[low])).u8(low + 1);
}

void fill_balancing(const Context& c, Filler f) {
  for (unsigned byte = 0; byte < 6; ++byte) f.u8(c.s.balancing_cells >> (8 * byte));
  f.u16(0);
}

void fill_failures(const Context& c, Filler f) {
  auto bits = alarm_bits(kDalyAlarmBits, c.s.alarms);
  if (!c.s.charge_switch || !c.s.discharge_switch) bits |= std::uint64_t{1} << 52U;  // 6.b4: opened by command
  for (unsigned byte = 0; byte < 8; ++byte) f.u8(bits >> (8 * byte));
}

/// Ids whose answer is one frame.
struct Row {
  std::uint8_t id;
  void (*fill)(const Context&, Filler);
};
constexpr auto kRows = std::to_array<Row>({
    {0x90, [](const Context& c, Filler f) { f.u16(static_cast<std::uint64_t>(rounded(c.s.pack_mv, 100))).u16(0).u16(daly_current(c.s.current_ma, c.inverted)).u16(c.s.soc_permille); }},
    {0x91, [](const Context& c, Filler f) { f.u16(c.s.max_mv).u8(c.s.max_number).u16(c.s.min_mv).u8(c.s.min_number); }},
    {0x92, fill_temperatures},
    {0x93,
     [](const Context& c, Filler f) { f.u8(static_cast<std::uint64_t>(c.s.state)).u8(c.s.charge_mos).u8(c.s.discharge_mos).u8(c.life).u32(c.s.remaining_mah); }},
    {0x94,
     [](const Context& c, Filler f) {
       f.u8(c.cells).u8(c.s.probes).u8(c.s.state == core::State::kCharging).u8(c.s.state == core::State::kDischarging).u8(0).u16(c.s.cycles);
     }},
    {0x97, fill_balancing},
    {0x98, fill_failures},
    {0xD8, [](const Context&, Filler f) { f.u8(4).u8(0).u16(0).u32(0); }},
    {0x50, [](const Context& c, Filler f) { f.u32(c.s.nominal_mah).u16(0).u16(c.p.chemistry == Chemistry::kLfp ? 3200 : 3650); }},
    {0x51, [](const Context& c, Filler f) { f.u8(1).u8(c.s.cells).u8(0).u8(0).u8(c.s.probes).u8(0).u8(0); }},
    {0x52, [](const Context& c, Filler f) { f.u32(c.s.charged_mah / 1000).u32(c.s.discharged_mah / 1000); }},
    {0x53, [](const Context& c, Filler f) { f.u8(c.p.chemistry == Chemistry::kLfp ? 0 : 1).u8(0).u8(24).u8(6).u8(12).u16(3600).u8(0); }},
    {0x54, [](const Context&, Filler f) { f.u32(0x31305F32).u32(0x34303631); }},
    {0x58, [](const Context&, Filler f) { f.u32(0x32343036).u32(0x31320000); }},
    {0x59,
     [](const Context& c, Filler f) { f.u16(c.l.cell_ov_mv - 50U).u16(c.l.cell_ov_mv).u16(c.l.cell_uv_mv + 200U).u16(c.l.cell_uv_mv); }},
    {0x5A,
     [](const Context& c, Filler f) {
       const std::uint64_t n = c.s.cells;
       f.u16((c.l.cell_ov_mv - 50U) * n / 100).u16(c.l.cell_ov_mv * n / 100).u16((c.l.cell_uv_mv + 200U) * n / 100).u16(c.l.cell_uv_mv * n / 100);
     }},
    {0x5B,
     [](const Context& c, Filler f) {
       f.u16(30000 - c.l.charge_oc_ma * 9 / 1000).u16(30000 - c.l.charge_oc_ma / 100).u16(30000 + c.l.discharge_oc_ma * 9 / 1000).u16(30000 + c.l.discharge_oc_ma / 100);
     }},
    {0x5C,
     [](const Context& c, Filler f) {
       for (const int dc : {c.l.charge_ot_dc - 50, c.l.charge_ot_dc + 0, c.l.charge_ut_dc + 50, c.l.charge_ut_dc + 0}) f.u8(daly_temperature(dc));
       for (const int dc : {c.l.discharge_ot_dc - 50, c.l.discharge_ot_dc + 0, c.l.discharge_ut_dc + 50, c.l.discharge_ut_dc + 0}) f.u8(daly_temperature(dc));
     }},
    {0x5D, [](const Context& c, Filler f) { f.u16(1000).u16(1000).u16(c.l.soc_low_percent * 10U).u16(50); }},
    {0x5E, [](const Context& c, Filler f) { f.u16(c.l.cell_delta_mv / 2U).u16(c.l.cell_delta_mv).u8(10).u8(15); }},
    {0x5F,
     [](const Context& c, Filler f) {
       f.u16(static_cast<std::uint64_t>(c.p.balance_start_v * 1000 + 0.5)).u16(static_cast<std::uint64_t>(c.p.balance_delta_v * 1000 + 0.5));
     }},
    {0x60, [](const Context&, Filler f) { f.u16(800).u16(200); }},
});

/// Ids whose answer is a text in frames of 7 characters, numbered from 1.
struct TextRow {
  std::uint8_t id;
  std::uint8_t frames;
  std::string_view text;
};
constexpr auto kTexts = std::to_array<TextRow>({
    {0x55, 3, "DALY"},
    {0x56, 5, "DL-BMS-R32"},
    {0x57, 5, "DL-R32-0417"},
    {0x62, 2, "20240612_01"},
    {0x63, 2, "DL-BMS-R32-01E"},
});

class DalyA5 final : public Device {
 public:
  DalyA5(std::vector<Pack> packs, const DeviceOptions& options) : packs_{std::move(packs)}, options_{options}, boards_(packs_.size()) {}

  std::size_t hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) override;
  std::string_view last_request() const override { return last_; }
  bool mirrors_in_sleep() const override { return true; }

 private:
  struct Board {
    Data data{};  // of the last reply: undefined bytes keep it
    std::uint8_t life{0};
  };
  void answer(std::size_t which, std::span<const std::uint8_t> request, std::vector<Answer>& answers);
  [[nodiscard]] bool write(PackModel& model, std::uint8_t id, std::span<const std::uint8_t> data, Filler reply);
  void cells(std::size_t which, bool sixteen, Bytes& out);
  void temperatures(std::size_t which, Bytes& out);
  void text(std::size_t which, const TextRow& row, Bytes& out);
  void put_frame(std::size_t which, std::uint8_t id, Bytes& out) const;

  std::vector<Pack> packs_;
  DeviceOptions options_;
  std::vector<Board> boards_;
  std::string last_;
};

std::size_t DalyA5::hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) {
  if (heard[0] != 0xA5) return 1;
  if (heard.size() < kFrameSize) return 0;
  const auto frame = heard.first(kFrameSize);
  const auto sum = static_cast<std::uint8_t>(core::byte_sum(frame.first(kFrameSize - 1)));
  if (frame[3] != 8 || sum != frame[kFrameSize - 1]) return 1;
  const unsigned board = frame[1] == kAppHost ? packs_[0].address : frame[1] - 0x3FU;
  for (std::size_t i = 0; i < packs_.size(); ++i) {
    if (packs_[i].address == board) answer(i, frame, answers);
  }
  return kFrameSize;
}

void DalyA5::answer(std::size_t which, std::span<const std::uint8_t> request, std::vector<Answer>& answers) {
  const auto id = request[2];
  auto& model = *packs_[which].model;
  auto& board = boards_[which];
  const auto& state = model.state();
  last_ = fmt::format("board {}: id {:02X}", packs_[which].address, id);
  if (id == 0x93) ++board.life;
  const auto cell_count = faults.wrong_cell_count != 0 ? faults.wrong_cell_count : state.cells;
  const Context context{state, model.limits(), model.profile(), options_.inverted_current, cell_count, board.life};
  Bytes out;
  if (id == 0x95) cells(which, options_.sixteen_frames || request[1] == kAppHost, out);
  if (id == 0x96) temperatures(which, out);
  for (const auto& row : kTexts) {
    if (row.id == id) text(which, row, out);
  }
  for (const auto& row : kRows) {
    if (row.id != id) continue;
    row.fill(context, Filler{board.data});
    put_frame(which, id, out);
  }
  if (write(model, id, request.subspan(4, 8), Filler{board.data})) put_frame(which, id, out);
  if (!out.empty()) answers.push_back({std::move(out), kDelay, packs_[which].address, true});
}

/// False: not an id that writes.
bool DalyA5::write(PackModel& model, std::uint8_t id, std::span<const std::uint8_t> data, Filler reply) {
  switch (id) {
    case 0xD9: model.set_discharge_switch(data[0] != 0); break;
    case 0xDA: model.set_charge_switch(data[0] != 0); break;
    case 0x21: {
      const auto permille = static_cast<std::uint16_t>(data[6] << 8U | data[7]);
      if (permille > 1000) return false;
      model.set_soc(permille);
      reply.u8(1);
      return true;
    }
    case 0x00: model.restart(); break;
    default: return false;
  }
  reply.u8(data[0]);
  return true;
}

void DalyA5::put_frame(std::size_t which, std::uint8_t id, Bytes& out) const {
  const auto address = static_cast<std::uint8_t>(packs_[which].address + (faults.wrong_address ? 1 : 0));
  Bytes frame{0xA5, address, id, 8};
  frame.insert(frame.end(), boards_[which].data.begin(), boards_[which].data.end());
  put8(frame, core::byte_sum(frame) & 0xFFU);
  out.insert(out.end(), frame.begin(), frame.end());
}

void DalyA5::cells(std::size_t which, bool sixteen, Bytes& out) {
  const auto& state = packs_[which].model->state();
  const unsigned frames = sixteen ? kMaxFrames : (state.cells + 2U) / 3;
  auto& data = boards_[which].data;
  for (unsigned frame = 0; frame < frames; ++frame) {
    data[0] = static_cast<std::uint8_t>(frame + 1);
    for (std::size_t slot = 0; slot < 3; ++slot) {
      const auto cell = frame * 3 + slot;
      if (cell >= state.cells) continue;  // what was there before stays
      data[1 + 2 * slot] = static_cast<std::uint8_t>(state.cell_mv[cell] >> 8U);
      data[2 + 2 * slot] = static_cast<std::uint8_t>(state.cell_mv[cell]);
    }
    put_frame(which, 0x95, out);
  }
}

void DalyA5::temperatures(std::size_t which, Bytes& out) {
  const auto& state = packs_[which].model->state();
  auto& data = boards_[which].data;
  const unsigned frames = state.probes > 7 ? 2 : 1;
  for (unsigned frame = 0; frame < frames; ++frame) {
    data[0] = static_cast<std::uint8_t>(frame + 1);
    for (std::size_t slot = 0; slot < 7; ++slot) {
      const auto probe = frame * 7 + slot;
      data[1 + slot] = probe < state.probes ? static_cast<std::uint8_t>(daly_temperature(state.temperature_dc[probe])) : kNoProbe;
    }
    put_frame(which, 0x96, out);
  }
}

void DalyA5::text(std::size_t which, const TextRow& row, Bytes& out) {
  auto& data = boards_[which].data;
  for (unsigned frame = 0; frame < row.frames; ++frame) {
    data[0] = static_cast<std::uint8_t>(frame + 1);
    for (std::size_t slot = 0; slot < 7; ++slot) {
      const auto at = frame * 7 + slot;
      data[1 + slot] = static_cast<std::uint8_t>(at < row.text.size() ? row.text[at] : '\0');
    }
    put_frame(which, row.id, out);
  }
}

}  // namespace

std::unique_ptr<Device> make_daly_a5(std::vector<Pack> packs, const DeviceOptions& options) {
  return std::make_unique<DalyA5>(std::move(packs), options);
}

}  // namespace bmsgate::sim
