// SPDX-License-Identifier: Apache-2.0
// What Daly's two Modbus-like dialects (D2, P81) share: framing, whose answer a block is, when a reading is whole, commands.
// A dialect supplies tables and what to do with a block. Used by protocols/daly_d2.cpp and daly_p81.cpp; loop thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/frame_buffer.hpp"
#include "core/protocol.hpp"
#include "protocols/daly_live.hpp"

namespace bmsgate::protocols {

/// How requests and replies are addressed: board n is asked at `request` + n - 1 and answers as `reply` + n - 1.
struct ModbusAddressing {
  std::uint8_t request;
  std::uint8_t reply;
  std::uint8_t boards;
  [[nodiscard]] constexpr bool shared() const noexcept { return request == reply; }
};

/// One read of a plan. An optional block that never answers is left out after two tries; such rows come last in their part.
struct ModbusBlock {
  core::Part part;
  std::uint16_t reg;
  std::uint8_t count;
  bool optional{false};
};

/// Which register a reply of so many bytes begins with, where no request was heard.
struct ListedBlock {
  std::uint8_t bytes;
  std::uint16_t reg;
};

/// A register that tells which block of a live reading (ModbusBoard::kMain, ...) it lies in.
struct BlockMark {
  std::uint16_t reg;
  std::uint8_t block;
};

/// Registers with a password: they leave a dialect as asterisks only.
struct SecretRange {
  std::uint16_t first;
  std::uint16_t last;
};

/// The register that a command writes (function 06).
struct ModbusCommand {
  core::CommandId id;
  std::uint16_t reg;
};

struct ModbusTraits {
  core::DialectInfo info;
  ModbusAddressing addressing;
  SecretRange secret;
  FieldMask extra_fields;  // that come with ModbusBoard::kExtra
  FieldMask aside_fields;  // that come with ModbusBoard::kAside
  std::uint8_t required;   // blocks of a live reading (ModbusBoard::kMain, kExtra) without which it is not reported
  std::span<const BlockMark> marks;
  std::span<const ModbusBlock> plan;
  std::span<const ListedBlock> listed;
  std::span<const ModbusCommand> commands;
};

class ModbusDialect : public core::Protocol {
 public:
  static constexpr std::size_t kMaxBoards = 16;

  explicit ModbusDialect(const ModbusTraits& traits) noexcept : traits_{traits} {}

  [[nodiscard]] const core::DialectInfo& info() const noexcept override { return traits_.info; }
  void configure(std::uint8_t address, const core::DialectOptions& options) noexcept override;
  [[nodiscard]] bool next_request(core::Part part, std::uint8_t address, unsigned step, core::Request& out) noexcept override;
  [[nodiscard]] core::Result<bool> command(const core::Command& command, std::uint8_t address, unsigned step,
                                           core::Request& out) noexcept override;
  void begin(const core::Request& request) noexcept override;
  [[nodiscard]] core::Progress progress() const noexcept override { return progress_; }
  void end(bool answered, core::ReportSink& sink) noexcept override;
  void finish(std::uint8_t address, core::ReportSink& sink) noexcept override;
  [[nodiscard]] int learned_sign(std::uint8_t address) const noexcept override;
  void feed(Bytes bytes, core::ReportSink& sink) noexcept override;
  void quiet(core::ReportSink& sink) noexcept override;
  void flush(core::ReportSink& sink) noexcept override;
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

 protected:
  ~ModbusDialect() = default;

  /// Takes over the registers of a block.
  virtual void take_block(ModbusBoard& board, std::uint16_t reg, Bytes data) noexcept = 0;

 private:
  struct Exchange {
    std::uint8_t board{0};  // from 1
    std::uint8_t function{0};
    std::uint16_t reg{0};
    std::uint16_t count{0};  // registers asked for; the value of a write of one register
  };

  [[nodiscard]] core::Scan scan(Bytes bytes) const noexcept;
  [[nodiscard]] core::Scan scan_write_many(Bytes bytes, bool reply) const noexcept;
  void on_frame(Bytes frame, core::ReportSink& sink) noexcept;
  void on_read_reply(std::uint8_t board, Bytes frame, core::ReportSink& sink) noexcept;
  void on_write(std::uint8_t board, Bytes frame, core::ReportSink& sink) noexcept;
  void on_request(Bytes frame, core::ReportSink& sink) noexcept;
  void close_reading(std::uint8_t address, std::uint8_t blocks, core::ReportSink& sink) noexcept;
  void hear_block(std::uint8_t address, std::uint16_t reg, Bytes data, core::ReportSink& sink) noexcept;
  void report(std::uint8_t address, std::uint8_t blocks, core::ReportSink& sink) noexcept;
  void note(const core::FrameNote& note, std::size_t data_at, core::ReportSink& sink) const noexcept;
  [[nodiscard]] std::uint8_t board_of(std::uint8_t wire_address, std::uint8_t first) const noexcept;
  /// Which blocks of a live reading lie in these registers.
  [[nodiscard]] std::uint8_t blocks_in(std::uint16_t reg, std::size_t count) const noexcept;
  [[nodiscard]] std::uint16_t listed_register(std::size_t bytes) const noexcept;  // kUnknownRegister: not listed
  void build(core::Request& out, std::uint8_t board, std::uint8_t function, std::uint16_t reg, std::uint16_t value) const noexcept;
  [[nodiscard]] Exchange parse_request(Bytes frame) const noexcept;

  const ModbusTraits& traits_;
  core::FrameBuffer<512> buffer_;
  core::LineCounters counters_;
  std::array<ModbusBoard, kMaxBoards> boards_{};

  // The exchange of begin().
  bool asking_{false};
  bool own_{false};  // built by next_request(): its values belong to the poll
  std::size_t row_{0};
  Exchange asked_;
  core::Request request_;
  core::Progress progress_{core::Progress::kWaiting};
  core::Request built_;
  std::size_t built_row_{0};

  core::FixedVector<Exchange, 4> heard_requests_;  // of another master, not answered yet
  core::FixedVector<std::uint8_t, 8> open_write_;  // a write seen once: its like is the echo
};

}  // namespace bmsgate::protocols
