// SPDX-License-Identifier: Apache-2.0
// Loading, changing and saving the layers of one program.
#include "config/store.hpp"

#include <algorithm>
#include <cmath>

#include "config/file.hpp"
#include "config/node.hpp"
#include "config/reader.hpp"
#include "config/writer.hpp"

namespace bmsgate::config {
namespace {

bool flagged(const core::Option& option, core::OptionFlags flag) { return (option.flags & flag) != 0; }

bool same_values(const Item& a, const Item& b) {
  if (a.id != b.id) return false;
  for (std::size_t i = 0; i < a.cells.size(); ++i) {
    if (a.cells[i]->value != b.cells[i]->value) return false;
  }
  return true;
}

/// Whether an option that needs a restart differs between two complete lists of items.
bool restart_differs(const Section& section, const std::vector<Item>& before, const std::vector<Item>& after) {
  for (std::size_t i = 0; i < section.options.size(); ++i) {
    if (!flagged(section.options[i], core::kRestart)) continue;
    if (before.size() != after.size()) return true;
    for (std::size_t n = 0; n < before.size(); ++n) {
      if (before[n].cells[i]->value != after[n].cells[i]->value) return true;
    }
  }
  return false;
}

bool has_cells(const Item& item, std::size_t first) {
  return std::any_of(item.cells.begin() + static_cast<std::ptrdiff_t>(first), item.cells.end(), [](const auto& cell) { return cell; });
}

bool whole(const Section& section, const Item& item) {
  for (std::size_t i = 0; i < item.cells.size(); ++i) {
    if (required(section, i) && !item.cells[i]) return false;
  }
  return true;
}

std::int64_t number_of(const Item& item, std::size_t option) { return std::get<std::int64_t>(item.cells[option]->value); }

}  // namespace

Store::Store(Schema schema, CrossCheck check)
    : schema_{schema},
      check_{std::move(check)},
      base_{default_layer(schema)},
      saved_{empty_layer(schema)},
      above_{empty_layer(schema)},
      resolved_{default_layer(schema)} {}

Problems Store::load(const Inputs& inputs) {
  Store next{schema_, check_};
  next.inputs_ = inputs;
  Candidate candidate;
  auto& problems = candidate.problems;
  if (!inputs.config_file.empty()) {
    const auto file = read_file(inputs.config_file, kMaxFileBytes);
    if (file.error.empty()) {
      overlay(next.base_, read_toml(schema_, file.text, inputs.config_file, problems));
    } else if (file.exists || inputs.config_needed) {
      problems.push_back({.where = inputs.config_file, .key = {}, .pointer = {}, .message = file.error});
    }
  }
  candidate.saved = next.read_saved(problems);
  auto below = next.base_;
  overlay(below, candidate.saved);
  next.above_ = environment_layer(schema_, below, inputs.environment, problems);
  auto line = empty_layer(schema_);
  for (const auto& entry : inputs.overrides) {
    assign(schema_, line, entry.key, entry.value, Source::kCommandLine, entry.origin, problems);
  }
  overlay(next.above_, line);
  if (problems.empty()) {
    candidate.resolved = next.compose(candidate.saved, empty_layer(schema_));
    next.check(candidate);
  }
  if (!problems.empty()) return problems;
  const auto before = settings_json(schema_, candidate.saved);
  next.assign_numbers(candidate);
  if (auto why = before == settings_json(schema_, candidate.saved) ? std::string{} : next.save(candidate.saved); !why.empty()) {
    return {{.where = inputs.saved_file, .key = {}, .pointer = {}, .message = why}};
  }
  next.saved_ = std::move(candidate.saved);
  next.resolved_ = std::move(candidate.resolved);
  next.loaded_ = next.resolved_;
  *this = std::move(next);
  return {};
}

Store::Change Store::change(std::string_view json, Mode mode) {
  Problems problems;
  const auto change = read_json(schema_, json, {}, problems);
  if (!problems.empty()) return {.problems = std::move(problems), .changed = {}, .restart = {}};
  return commit(prepare(change, mode));
}

Store::Change Store::try_change(std::string_view json, Mode mode) const {
  Problems problems;
  const auto change = read_json(schema_, json, {}, problems);
  if (!problems.empty()) return {.problems = std::move(problems), .changed = {}, .restart = {}};
  auto candidate = prepare(change, mode);
  return difference(candidate);
}

Layer Store::preview(std::string_view json, Problems& problems) const {
  const auto change = read_json(schema_, json, {}, problems);
  if (!problems.empty()) return {};
  auto candidate = prepare(change, Mode::kPatch);
  problems = std::move(candidate.problems);
  return problems.empty() ? std::move(candidate.resolved) : Layer{};
}

std::vector<std::string> Store::restart_needed() const {
  std::vector<std::string> out;
  for (std::size_t s = 0; s < loaded_.sections.size(); ++s) {
    if (schema_[s].list) continue;  // their items are made anew at once
    const auto& before = loaded_.sections[s].front();
    const auto& now = resolved_.sections[s].front();
    for (std::size_t i = 0; i < schema_[s].options.size(); ++i) {
      const auto& option = schema_[s].options[i];
      if (!flagged(option, core::kRestart) || before.cells[i]->value == now.cells[i]->value) continue;
      out.push_back(std::string{schema_[s].key} + "." + std::string{option.key});
    }
  }
  return out;
}

Store::Change Store::set(std::string_view key, std::string_view value) {
  Problems problems;
  auto change = empty_layer(schema_);
  assign(schema_, change, key, value, Source::kSaved, {}, problems);
  if (!problems.empty()) return {.problems = std::move(problems), .changed = {}, .restart = {}};
  return commit(prepare(change, Mode::kPatch));
}

std::vector<std::string> Store::notes() const {
  std::vector<std::string> out;
  for (const auto& path : {inputs_.config_file, inputs_.saved_file}) {
    if (!readable_by_all(path)) continue;
    for (std::size_t s = 0; s < schema_.size(); ++s) {
      for (const auto& item : resolved_.sections[s]) {
        for (std::size_t i = 0; i < item.cells.size(); ++i) {
          const auto& option = schema_[s].options[i];
          if (!flagged(option, core::kSecret) || !item.cells[i]->where.starts_with(path)) continue;
          out.push_back(problem(schema_[s], item.id, option.key, item.cells[i]->where,
                                "every user of this machine can read this secret: chmod o-r " + path)
                            .line());
        }
      }
    }
  }
  return out;
}

Layer Store::read_saved(Problems& problems) const {
  if (inputs_.saved_file.empty()) return empty_layer(schema_);
  const auto file = read_file(inputs_.saved_file, kMaxFileBytes);
  if (file.error.empty()) {
    auto layer = read_json(schema_, file.text, inputs_.saved_file, problems);
    for (auto& items : layer.sections) {
      for (auto& item : items) {
        for (auto& cell : item.cells) {
          if (cell && cell->clear) cell.reset();  // a null, by hand
        }
      }
    }
    return layer;
  }
  if (file.exists) problems.push_back({.where = inputs_.saved_file, .key = {}, .pointer = {}, .message = file.error});
  return empty_layer(schema_);
}

/// An item that only settings.json knows, and only in part, adds to a table that has left the administrator's file: it rests until the
/// table comes back, unless this very change names it.
Layer Store::compose(const Layer& saved, const Layer& change) const {
  auto awake = saved;
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    if (!schema_[s].list) continue;
    std::erase_if(awake.sections[s], [&](const Item& item) {
      const bool known = find_item(base_.sections[s], item.id) != nullptr || find_item(above_.sections[s], item.id) != nullptr ||
                         find_item(change.sections[s], item.id) != nullptr;
      return !item.removed && !known && !whole(schema_[s], item);
    });
  }
  auto layer = base_;
  overlay(layer, awake);
  overlay(layer, above_);
  complete(schema_, layer);
  return layer;
}

void Store::check(Candidate& candidate) const {
  const auto& layer = candidate.resolved;
  check_references(schema_, layer, candidate.problems);
  const Report report = [&](std::string_view section_key, std::string_view id, std::string_view option_key, std::string message) {
    const auto s = find_section(schema_, section_key);
    if (!s) return;
    const auto* item = find_item(layer.sections[*s], id);
    const auto option = find_option(schema_[*s], option_key);
    std::string where;
    if (item != nullptr) where = option && item->cells[*option]->source != Source::kDefault ? item->cells[*option]->where : item->where;
    candidate.problems.push_back(problem(schema_[*s], id, option_key, std::move(where), std::move(message)));
  };
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const auto& items = layer.sections[s];
    for (std::size_t i = 0; i < schema_[s].options.size(); ++i) {
      if (!flagged(schema_[s].options[i], core::kAssigned)) continue;
      for (std::size_t n = 1; n < items.size(); ++n) {
        const auto number = number_of(items[n], i);
        const auto twin = std::find_if(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(n),
                                       [&](const Item& other) { return number != 0 && number_of(other, i) == number; });
        if (twin == items.begin() + static_cast<std::ptrdiff_t>(n)) continue;
        report(schema_[s].key, items[n].id, schema_[s].options[i].key,
               std::to_string(number) + " belongs to " + std::string{schema_[s].key} + " " + twin->id + " already");
      }
    }
  }
  if (candidate.problems.empty() && check_) check_(layer, report);
}

void Store::assign_numbers(Candidate& candidate) const {
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    for (std::size_t i = 0; i < schema_[s].options.size(); ++i) {
      const auto& option = schema_[s].options[i];
      if (!flagged(option, core::kAssigned)) continue;
      std::vector<std::int64_t> taken;
      for (const auto& item : candidate.resolved.sections[s]) taken.push_back(number_of(item, i));
      for (const auto& item : candidate.saved.sections[s]) {
        if (item.cells[i]) taken.push_back(number_of(item, i));
      }
      for (auto& item : candidate.resolved.sections[s]) {
        if (number_of(item, i) != 0) continue;
        std::int64_t number = 1;
        while (std::find(taken.begin(), taken.end(), number) != taken.end()) ++number;
        if (number > std::llround(option.max)) continue;
        taken.push_back(number);
        item.cells[i] =
            Cell{.value = number, .source = Source::kSaved, .where = inputs_.save ? inputs_.saved_file : "given at the next start"};
        auto& list = candidate.saved.sections[s];
        auto* saved = find_item(list, item.id);
        if (saved == nullptr) {
          Item fresh;
          fresh.id = item.id;
          fresh.source = Source::kSaved;
          fresh.where = inputs_.saved_file;
          fresh.cells.resize(schema_[s].options.size());
          fresh.cells.front() = item.cells.front();
          saved = &list.emplace_back(std::move(fresh));
        }
        saved->cells[i] = item.cells[i];
      }
    }
  }
}

void Store::merge(Layer& saved, const Layer& change) const {
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    auto& items = saved.sections[s];
    for (const auto& wish : change.sections[s]) {
      auto* have = find_item(items, wish.id);
      if (have == nullptr) {
        Item fresh = wish;
        std::fill(fresh.cells.begin(), fresh.cells.end(), std::nullopt);
        if (schema_[s].list) fresh.cells.front() = wish.cells.front();
        have = &items.emplace_back(std::move(fresh));
      }
      have->removed = wish.removed;
      if (wish.removed) {
        std::fill(have->cells.begin(), have->cells.end(), std::nullopt);
        continue;
      }
      const auto* now = find_item(resolved_.sections[s], wish.id);
      for (std::size_t i = 0; i < wish.cells.size(); ++i) {
        if (!wish.cells[i]) continue;
        // A stronger layer's value that comes back unchanged is no wish to save it.
        const bool echo = now != nullptr && now->cells[i]->source > Source::kSaved && now->cells[i]->value == wish.cells[i]->value;
        if (echo) continue;
        have->cells[i] = wish.cells[i];
        if (wish.cells[i]->clear) have->cells[i].reset();
      }
    }
  }
}

/// For kPut: takes away what the new document does not mention.
void Store::forget_missing(Layer& saved, const Layer& change) const {
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const auto& section = schema_[s];
    auto& items = saved.sections[s];
    for (auto& item : items) {
      for (std::size_t i = section.list ? 1 : 0; i < item.cells.size(); ++i) {
        const bool keep = flagged(section.options[i], core::kSecret) || flagged(section.options[i], core::kAssigned);
        if (!keep) item.cells[i].reset();
      }
    }
    if (!section.list) continue;
    std::erase_if(items, [&](const Item& item) {
      return !item.removed && find_item(change.sections[s], item.id) == nullptr && find_item(resolved_.sections[s], item.id) != nullptr;
    });
    for (const auto& item : base_.sections[s]) {
      if (find_item(change.sections[s], item.id) != nullptr || find_item(items, item.id) != nullptr) continue;
      Item gone;
      gone.id = item.id;
      gone.removed = true;
      gone.cells.resize(section.options.size());
      items.push_back(std::move(gone));
    }
  }
}

/// Only what differs is kept.
void Store::drop_equal(Layer& saved) const {
  auto base = base_;
  complete(schema_, base);
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const std::size_t first = schema_[s].list ? 1 : 0;
    for (auto& item : saved.sections[s]) {
      const auto* under = find_item(base.sections[s], item.id);
      for (std::size_t i = first; i < item.cells.size(); ++i) {
        if (!item.cells[i]) continue;
        const auto standard = under != nullptr ? under->cells[i]->value : get(schema_[s].options[i], schema_[s].defaults());
        if (item.cells[i]->value == standard) item.cells[i].reset();
        if (item.cells[i]) item.cells[i]->where = inputs_.saved_file;
      }
    }
    if (!schema_[s].list) continue;
    std::erase_if(saved.sections[s], [&](const Item& item) {
      const bool in_base = find_item(base.sections[s], item.id) != nullptr;
      const bool elsewhere = in_base || find_item(above_.sections[s], item.id) != nullptr;
      return item.removed ? !in_base : elsewhere && !has_cells(item, first);
    });
  }
}

void Store::refuse_overridden(const Layer& change, Candidate& candidate) const {
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    for (const auto& wish : change.sections[s]) {
      const auto* item = find_item(candidate.resolved.sections[s], wish.id);
      for (std::size_t i = 0; item != nullptr && i < wish.cells.size(); ++i) {
        if (wish.removed && item->cells[i]->source > Source::kSaved) {
          candidate.problems.push_back(
              problem(schema_[s], wish.id, {}, {}, "cannot be removed: it is set by " + item->cells[i]->where + ", which is stronger"));
          break;
        }
        if (!wish.cells[i] || wish.cells[i]->clear || item->cells[i]->source <= Source::kSaved) continue;
        if (item->cells[i]->value == wish.cells[i]->value) continue;
        candidate.problems.push_back(problem(schema_[s], wish.id, schema_[s].options[i].key, {},
                                             "is set by " + item->cells[i]->where + ", which is stronger; change it there"));
      }
    }
  }
}

Store::Candidate Store::prepare(const Layer& change, Mode mode) const {
  Candidate candidate;
  // Somebody may have used `bmsgate config set` meanwhile.
  candidate.saved = inputs_.save ? read_saved(candidate.problems) : saved_;
  if (!candidate.problems.empty()) return candidate;
  if (mode == Mode::kPut) forget_missing(candidate.saved, change);
  merge(candidate.saved, change);
  candidate.resolved = compose(candidate.saved, change);
  check(candidate);
  refuse_overridden(change, candidate);
  if (!candidate.problems.empty()) return candidate;
  drop_equal(candidate.saved);
  assign_numbers(candidate);
  candidate.resolved = compose(candidate.saved, change);
  return candidate;
}

Store::Change Store::difference(Candidate& candidate) const {
  Change change;
  change.problems = std::move(candidate.problems);
  if (!change.problems.empty()) return change;
  for (std::size_t s = 0; s < schema_.size(); ++s) {
    const auto& before = resolved_.sections[s];
    const auto& after = candidate.resolved.sections[s];
    if (std::equal(before.begin(), before.end(), after.begin(), after.end(), same_values)) continue;
    change.changed.emplace_back(schema_[s].key);
    if (restart_differs(schema_[s], before, after)) change.restart.emplace_back(schema_[s].key);
  }
  return change;
}

Store::Change Store::commit(Candidate candidate) {
  auto change = difference(candidate);
  if (!change.problems.empty()) return change;
  if (auto why = save(candidate.saved); !why.empty()) {
    change.problems.push_back({.where = inputs_.saved_file, .key = {}, .pointer = {}, .message = why});
    return change;
  }
  saved_ = std::move(candidate.saved);
  resolved_ = std::move(candidate.resolved);
  return change;
}

std::string Store::save(const Layer& saved) const {
  if (!inputs_.save || inputs_.saved_file.empty()) return {};
  return write_file(inputs_.saved_file, settings_json(schema_, saved));
}

}  // namespace bmsgate::config
