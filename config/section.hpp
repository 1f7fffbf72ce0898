// SPDX-License-Identifier: Apache-2.0
// Where a group of options lives in the program's settings: one member, or a vector of them (a list of tables, merged by id).
// The host makes its table of these; everything in config/ walks it. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/option.hpp"

namespace bmsgate::config {

struct Section : core::OptionGroup {
  bool list{false};                                         // [[key]]; its first option is the id
  const void* (*defaults)(){nullptr};                       // one object with the default values
  void (*resize)(void* root, std::size_t count){nullptr};   // lists only
  void* (*object)(void* root, std::size_t index){nullptr};  // index 0 for a single table
};
using Schema = std::span<const Section>;

namespace detail {
template <class T>
struct ItemOf {
  using type = T;
  static constexpr bool kList = false;
};
template <class T>
struct ItemOf<std::vector<T>> {
  using type = T;
  static constexpr bool kList = true;
};
}  // namespace detail

/// Binds a member of the settings to its group.
template <auto Pointer>
[[nodiscard]] constexpr Section section(const core::OptionGroup& group) noexcept {
  using Root = typename core::detail::MemberOf<decltype(Pointer)>::object;
  using Member = typename core::detail::MemberOf<decltype(Pointer)>::member;
  using Item = typename detail::ItemOf<Member>::type;
  Section result{};
  static_cast<core::OptionGroup&>(result) = group;
  result.list = detail::ItemOf<Member>::kList;
  result.defaults = []() -> const void* {
    static const Item item{};
    return &item;
  };
  result.object = [](void* root, std::size_t index) -> void* {
    auto& member = static_cast<Root*>(root)->*Pointer;
    if constexpr (detail::ItemOf<Member>::kList) {
      return &member[index];
    } else {
      return index == 0 ? &member : nullptr;
    }
  };
  if constexpr (detail::ItemOf<Member>::kList) {
    result.resize = [](void* root, std::size_t count) { (static_cast<Root*>(root)->*Pointer).resize(count); };
  }
  return result;
}

}  // namespace bmsgate::config
