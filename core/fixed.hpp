// SPDX-License-Identifier: Apache-2.0
// Containers of a fixed capacity that never touch the heap. Any thread, no locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bmsgate::core {

/// A vector in place. push_back answers false when it is full.
template <class T, std::size_t Capacity>
class FixedVector {
 public:
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return Capacity; }
  [[nodiscard]] constexpr T& operator[](std::size_t i) noexcept { return items_[i]; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept { return items_[i]; }
  [[nodiscard]] constexpr T* begin() noexcept { return items_.data(); }
  [[nodiscard]] constexpr T* end() noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr const T* begin() const noexcept { return items_.data(); }
  [[nodiscard]] constexpr const T* end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr std::span<const T> view() const noexcept { return {items_.data(), size_}; }

  constexpr bool push_back(const T& item) noexcept {
    if (size_ == Capacity) return false;
    items_[size_++] = item;
    return true;
  }
  /// As many of `items` as fit; false if some did not.
  constexpr bool append(std::span<const T> items) noexcept {
    for (const auto& item : items) {
      if (!push_back(item)) return false;
    }
    return true;
  }
  constexpr void clear() noexcept { size_ = 0; }
  constexpr void resize(std::size_t size) noexcept { size_ = size < Capacity ? size : Capacity; }

 private:
  std::array<T, Capacity> items_{};
  std::size_t size_{0};
};

/// A short text in place; longer input is cut.
template <std::size_t Capacity>
class FixedString {
 public:
  constexpr FixedString() noexcept = default;
  constexpr FixedString(std::string_view text) noexcept { assign(text); }  // NOLINT(google-explicit-constructor)

  constexpr void assign(std::string_view text) noexcept {
    size_ = static_cast<std::uint8_t>(text.size() < Capacity ? text.size() : Capacity);
    for (std::size_t i = 0; i < size_; ++i) chars_[i] = text[i];
  }
  constexpr void clear() noexcept { size_ = 0; }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {chars_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] friend constexpr bool operator==(const FixedString& a, const FixedString& b) noexcept { return a.view() == b.view(); }

 private:
  static_assert(Capacity <= 255);
  std::array<char, Capacity> chars_{};
  std::uint8_t size_{0};
};

}  // namespace bmsgate::core
