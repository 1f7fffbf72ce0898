// SPDX-License-Identifier: Apache-2.0
// Reports become readings; readings grow old.
#include "core/intake.hpp"

#include <algorithm>

namespace bmsgate::core {

Intake::Intake(Hub& hub, const Clock& clock, PackIndex pack, const GateRules& rules, Duration period) noexcept
    : hub_{hub}, clock_{clock}, pack_{pack}, gate_{rules}, period_{period} {}

Belief Intake::take(const Report& report, Instant at) noexcept {
  // Identity and settings first: whoever is told of the reading finds them in place.
  auto belief = Belief::kPublish;
  const auto worse = [&belief](Belief other) { belief = std::max(belief, other); };
  if (report.identity != nullptr) worse(take_identity(*report.identity));
  if (report.settings != nullptr) worse(take_settings(*report.settings));
  if (report.live != nullptr) worse(take_live(report, at));
  return belief;
}

Belief Intake::take_live(const Report& report, Instant at) noexcept {
  reading_.pack = pack_;
  reading_.at = at;
  reading_.utc_ms = utc_of(at);
  reading_.sample = *report.live;
  derive(reading_.sample);
  const auto carried = put_settings(reading_.sample, report.carried);
  const auto belief = gate_.judge(reading_.sample, report.confirmed, carried, at);
  switch (belief) {
    case Belief::kPublish:
      last_good_ = at;
      hub_.publish(reading_);
      break;
    case Belief::kUnconfirmed: ++hub_.stats(pack_).unconfirmed; break;
    case Belief::kRejected:
      ++hub_.stats(pack_).rejected;
      hub_.set_rejected(pack_, reading_);
      break;
  }
  return belief;
}

/// Fields that a dialect carries over from a settings answer: what was heard twice counts, as if it had been asked for just now.
FieldMask Intake::put_settings(Sample& sample, FieldMask carried) const noexcept {
  const auto& settings = hub_.settings(pack_);
  for (const auto& both : kSettingsThatAreFields) {
    const auto bit = FieldMask{1} << index(both.field);
    if ((carried & bit) == 0 || !settings.has(both.setting)) continue;
    sample.set(both.field, settings.get(both.setting));
    carried &= ~bit;
  }
  return carried;
}

// The checks that protect settings and texts are as weak as those of live values: what is new must be heard twice.
Belief Intake::take_settings(const BmsSettings& settings) noexcept {
  if (settings == hub_.settings(pack_)) {
    has_pending_settings_ = false;
    return Belief::kPublish;
  }
  const bool agreed = has_pending_settings_ && settings == pending_settings_;
  has_pending_settings_ = !agreed;
  pending_settings_ = settings;
  if (!agreed) return Belief::kUnconfirmed;
  hub_.set_settings(pack_, settings);
  return Belief::kPublish;
}

Belief Intake::take_identity(const Identity& identity) noexcept {
  if (identity == hub_.identity(pack_)) {
    has_pending_identity_ = false;
    return Belief::kPublish;
  }
  const bool agreed = has_pending_identity_ && identity == pending_identity_;
  has_pending_identity_ = !agreed;
  pending_identity_ = identity;
  if (!agreed) return Belief::kUnconfirmed;
  hub_.set_identity(pack_, identity);
  return Belief::kPublish;
}

void Intake::asleep() noexcept { hub_.set_quality(pack_, Quality::kAsleep, clock_.utc_ms()); }

void Intake::on_time(Instant now) noexcept {
  const auto quality = hub_.latest(pack_).quality;
  if (quality == Quality::kGood && now >= last_good_ + hold_time()) hub_.set_quality(pack_, Quality::kHeld, clock_.utc_ms());
  if (quality == Quality::kHeld && now >= last_good_ + hold_time() + kHeldFor) hub_.set_quality(pack_, Quality::kStale, clock_.utc_ms());
}

Instant Intake::next_deadline() const noexcept {
  switch (hub_.latest(pack_).quality) {
    case Quality::kGood: return last_good_ + hold_time();
    case Quality::kHeld: return last_good_ + hold_time() + kHeldFor;
    default: return kFarFuture;
  }
}

Duration Intake::hold_time() const noexcept { return std::max(3 * period_, kMinHold); }

UtcMs Intake::utc_of(Instant at) const noexcept {
  const auto utc_ms = clock_.utc_ms();
  if (utc_ms == 0) return 0;
  return utc_ms - (clock_.now() - at).count() / 1000;
}

}  // namespace bmsgate::core
