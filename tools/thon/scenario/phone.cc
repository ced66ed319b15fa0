#include "tools/thon/scenario/phone.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/limits.h"

namespace thon::scenario {
namespace {

constexpr std::int64_t kOnBeforeMs = 3'600'000;
constexpr char kAppVersion[] = "scenario";

}  // namespace

Phone::Phone(std::string name, const Enrolment& whose, Instant now)
    : name_(std::move(name)), seed_(name_), whose_(whose) {
  MakeKey();
  MakeBoot(Instant(now.ms - kOnBeforeMs));
}

void Phone::MakeKey() {
  const Hash seed =
      Sha256Of(absl::StrCat("thon scenario key\n", seed_, "\n", generation_));
  absl::StatusOr<SigningKey> key = SigningKey::FromSeed(seed.view());
  THON_CHECK(key.ok());
  key_ = std::make_shared<const SigningKey>(*std::move(key));
  authors_.push_back(author());
}

void Phone::MakeBoot(Instant now) {
  boot_ = BootOf(++boots_);
  zero_ms_ = now.ms;
}

std::uint32_t Phone::BootOf(std::int64_t number) const {
  const Hash drawn =
      Sha256Of(absl::StrCat("thon scenario boot\n", name_, "\n", number));
  std::uint32_t boot = 0;
  for (int i = 0; i < 4; ++i) {
    boot = (boot << 8) |
           static_cast<std::uint8_t>(drawn.view()[static_cast<std::size_t>(i)]);
  }
  return boot;
}

Phone Phone::CloneAs(const std::string& name) const {
  Phone clone = *this;
  clone.name_ = name;
  clone.answers.clear();
  return clone;
}

void Phone::SetClock(const ClockChange& change, Instant now) {
  if (change.wall.has_value()) wall_offset_ms_ = change.wall->ms - now.ms;
  if (change.offset_ms.has_value()) wall_offset_ms_ = *change.offset_ms;
  if (change.boot) MakeBoot(now);
  if (change.boot_number != 0) {
    boot_ = BootOf(change.boot_number);
    boots_ = std::max(boots_, change.boot_number);
  }
  if (change.monotonic_ms.has_value()) zero_ms_ = now.ms - *change.monotonic_ms;
}

v1::Anchor Phone::Hear(Instant server_time, Instant now) const {
  v1::Anchor anchor;
  anchor.set_server_time_ms(server_time.ms);
  anchor.set_monotonic_ms(Monotonic(now));
  anchor.set_boot(boot_);
  return anchor;
}

void Phone::KeepAnchor(const v1::Anchor& anchor, bool carried) {
  anchor_ = anchor;
  anchor_carried_ = carried;
}

void Phone::Append(v1::Event event, const std::string& name) {
  event.set_sequence(next_.value);
  if (!name.empty()) {
    event_names_[next_.value] = name;
    places_[name] = {author(), next_, EventHash(event)};
  }
  next_ = next_.Next();
  pending_.push_back({std::move(event), name});
}

void Phone::Record(const v1::Event& event, const std::string& name,
                   Instant now) {
  v1::Event recorded = event;
  recorded.set_wall_time_ms(now.ms + wall_offset_ms_);
  recorded.set_monotonic_ms(Monotonic(now));
  recorded.set_boot(boot_);
  Append(std::move(recorded), name);
}

void Phone::SealFirst(std::size_t count,
                      const std::optional<v1::Anchor>& anchor) {
  while (count > 0) {
    v1::Batch batch;
    batch.set_author(std::string(author().view()));
    batch.set_first_sequence(pending_.front().event.sequence());
    if (batch.first_sequence() > 1) {
      batch.set_previous_hash(std::string(previous_.view()));
    }
    batch.set_app_version(kAppVersion);
    if (anchor.has_value()) *batch.mutable_anchor() = *anchor;
    // A batch has room for its events whatever their size.
    while (count > 0 &&
           static_cast<std::size_t>(batch.events_size()) <
               limits::kBatchEventsMax &&
           (batch.events_size() == 0 ||
            batch.ByteSizeLong() + pending_.front().event.ByteSizeLong() +
                    limits::kKiB <
                limits::kBatchBytesMax)) {
      *batch.add_events() = std::move(pending_.front().event);
      pending_.pop_front();
      --count;
    }
    SealedAs sealed;
    sealed.sealed = SealBatch(batch, *key_);
    sealed.author = author();
    sealed.first = Sequence(batch.first_sequence());
    sealed.count = batch.events_size();
    previous_ = BatchHash(sealed.sealed.batch());
    batches_.push_back(std::move(sealed));
  }
}

bool Phone::Seal(const std::optional<v1::Anchor>& anchor) {
  // An anchor that no batch carried yet goes with the events of its boot; the
  // next one says nothing about them.
  if (anchor.has_value() && anchor_.has_value() && !anchor_carried_ &&
      anchor_->boot() != anchor->boot()) {
    const auto end = std::find_if(
        pending_.begin(), pending_.end(), [&](const Recorded& recorded) {
          return recorded.event.boot() != anchor_->boot();
        });
    const auto own = static_cast<std::size_t>(end - pending_.begin());
    if (own > 0) SealFirst(own, anchor_);
  }
  if (pending_.empty()) return false;
  SealFirst(pending_.size(), anchor);
  anchor_carried_ = anchor_carried_ || anchor.has_value();
  return true;
}

bool Phone::SealWith(const GivenAnchor& given) {
  if (pending_.empty()) return false;
  v1::Anchor anchor;
  anchor.set_server_time_ms(given.time.ms);
  anchor.set_monotonic_ms(given.monotonic_ms);
  anchor.set_boot(BootOf(given.boot_number));
  SealFirst(pending_.size(), anchor);
  return true;
}

Signature Phone::Succeed() {
  const std::shared_ptr<const SigningKey> old_key = key_;
  const AuthorId old_author = author();
  std::vector<Recorded> again;
  for (SealedAs& sealed : batches_) {
    if (sealed.acknowledged || !(sealed.author == old_author)) continue;
    v1::Batch batch;
    THON_CHECK(batch.ParseFromString(sealed.sealed.batch()));
    for (v1::Event& event : *batch.mutable_events()) {
      const auto name = event_names_.find(event.sequence());
      again.push_back(
          {std::move(event), name == event_names_.end() ? "" : name->second});
    }
    // It went into the new chain; the old one is over.
    sealed.acknowledged = true;
  }
  for (Recorded& recorded : pending_) again.push_back(std::move(recorded));
  pending_.clear();
  event_names_.clear();
  ++generation_;
  MakeKey();
  next_ = Sequence(1);
  anchor_carried_ = false;
  for (Recorded& recorded : again) {
    if (!recorded.event.has_originally()) {
      const Hash hash = EventHash(recorded.event);
      v1::Original* const original = recorded.event.mutable_originally();
      original->set_author(std::string(old_author.view()));
      original->set_sequence(recorded.event.sequence());
      original->set_event_hash(std::string(hash.view()));
    }
    Append(std::move(recorded.event), recorded.name);
  }
  return old_key->Sign(kSuccessorContext, key_->public_key().view());
}

std::optional<EventPlace> Phone::Find(const std::string& event) const {
  const auto found = places_.find(event);
  if (found == places_.end()) return std::nullopt;
  return found->second;
}

}  // namespace thon::scenario
