#include "server/projections/activity.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/evidence.h"
#include "server/projections/activity_rows.h"
#include "server/projections/judgement.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// Months in which an event whose time spans several is shown as held.
constexpr int kHeldMonthsMax = 12;
constexpr int kMonthUpdatesMax = 32;
constexpr int kTakeOversMax = 4;

std::string NameKey(const EventName& name) {
  return keys::AuthorSequence(name.author, name.sequence);
}

EventName NameOf(absl::string_view key) {
  keys::KeyView view(key);
  EventName name;
  name.author = view.Author();
  name.sequence = Sequence(view.U64());
  return name;
}

// What an event can wait for, as the first byte of kWaiting's keys.
enum class WaitKind : std::uint8_t {
  kTeam = 1,
  kOrganisation = 2,
  kAuthor = 3
};

std::string WaitPrefix(WaitKind kind, absl::string_view id) {
  return keys::Key().U8(static_cast<std::uint8_t>(kind)).Bytes(id).Take();
}

// What an event that stands for `reason` waits for. A team's change can turn
// whatever does not count into something else; what the event says by itself it
// cannot change.
std::vector<std::string> WaitPrefixes(v1::StandingReason reason,
                                      const v1::Event& event,
                                      const AuthorId& author_id,
                                      const v1::AuthorRow& author) {
  std::vector<std::string> prefixes;
  switch (reason) {
    case v1::STANDING_REASON_UNSPECIFIED:
    case v1::STANDING_REASON_UNKNOWN_TYPE:
    case v1::STANDING_REASON_UNKNOWN_VALUE:
    case v1::STANDING_REASON_ABSURD_COUNT:
    case v1::STANDING_REASON_MALFORMED:
    case v1::STANDING_REASON_NOT_ALLOWED:
    case v1::STANDING_REASON_VOIDED:
    case v1::STANDING_REASON_SAME_SESSION:
      return prefixes;
    case v1::STANDING_REASON_OTHER_TEAM:
      prefixes.push_back(
          WaitPrefix(WaitKind::kTeam, keys::Team(TeamId(author.team_id()))));
      break;
    case v1::STANDING_REASON_REVOKED_AUTHOR:
    case v1::STANDING_REASON_UNCONFIRMED_AUTHOR:
      prefixes.push_back(WaitPrefix(WaitKind::kAuthor, author_id.view()));
      break;
    default:
      break;
  }
  if (author.kind() == v1::AUTHOR_KIND_ORGANISATION) {
    prefixes.push_back(WaitPrefix(
        WaitKind::kOrganisation,
        keys::Organisation(OrganisationId(author.organisation_id()))));
  } else {
    prefixes.push_back(
        WaitPrefix(WaitKind::kTeam, keys::Team(TeamId(event.team_id()))));
  }
  return prefixes;
}

// The event as a correction in force makes it: the target's envelope with the
// amendment's payload.
v1::Event Amend(const v1::Event& target, const v1::Event& amendment) {
  v1::Event result = target;
  v1::Event payload = amendment;
  // What is not payload is the target's, so it is taken out of the amendment
  // before the two are merged.
  payload.clear_sequence();
  payload.clear_member_id();
  payload.clear_organisation_id();
  payload.clear_team_id();
  payload.clear_unit_id();
  payload.clear_wall_time_ms();
  payload.clear_monotonic_ms();
  payload.clear_boot();
  payload.clear_claimed_date();
  payload.clear_evidence();
  payload.clear_originally();
  payload.clear_act();
  payload.clear_sealed_person();
  payload.clear_source_system();
  payload.clear_venue();
  result.clear_payload();
  result.MergeFrom(payload);
  return result;
}

v1::Event Effective(const v1::Event& event, const v1::EventOverride& decided) {
  return decided.correction().kind() == v1::CORRECTION_KIND_AMEND
             ? Amend(event, decided.correction().amended())
             : event;
}

// A correction is replaced by another one, never corrected; and an amendment is
// of the type that it amends, unless this version does not know that one.
bool MayCorrect(const v1::CorrectionIssued& correction,
                const v1::Event& target) {
  const v1::Event::PayloadCase payload = target.payload_case();
  if (payload == v1::Event::kCorrectionIssued) return false;
  return correction.kind() == v1::CORRECTION_KIND_VOID ||
         payload == v1::Event::PAYLOAD_NOT_SET ||
         payload == correction.amended().payload_case();
}

// Whether the instant matters: of an activity, and of what may turn out to be
// one. A report's month is in its payload.
bool HasInstant(const v1::Event& event) {
  return event.payload_case() == v1::Event::PAYLOAD_NOT_SET ||
         IsActivity(event.payload_case());
}

JudgedTime TimeOf(const v1::EventStanding& standing) {
  return {.sequence = Sequence(standing.sequence()),
          .quality = standing.time_quality(),
          .earliest = Instant(standing.earliest_ms()),
          .latest = Instant(standing.latest_ms()),
          .wall_clock_wrong = standing.wall_clock_wrong()};
}

// One entry's fold.
class EntryFold {
 public:
  EntryFold(const FoldInput& input, const EventSource& events, RowWriter& rows)
      : input_(input), events_(events), rows_(rows), activity_(events, rows) {}

  void Run() {
    if (input_.from_server) {
      for (const Fact& fact : input_.facts) ApplyFact(fact);
    } else {
      ApplyBatch();
    }
    JudgeAgainWhatChanged();
    activity_.Flush();
  }

 private:
  // An event with everything that stays the same however it is judged.
  struct Subject {
    EventName name;
    const v1::Event* event = nullptr;  // With its amendment.
    Position position;
    Date received_date;
    JudgedTime time;
  };

  // Why an earlier event is judged again.
  struct Change {
    std::optional<JudgedTime> time = std::nullopt;
    std::optional<v1::EventOverride> decided = std::nullopt;
    std::optional<Date> date =
        std::nullopt;  // Where its fact is, if the caller knows.
  };

  void ApplyBatch();
  void ApplyFact(const Fact& fact);
  void ApplyConfirmation(Holder holder, std::int32_t month, bool confirmed);
  void ApplyHeldDecided(const v1::HeldDecided& decision);
  void ApplyCorrection(const EventName& target,
                       const v1::CorrectionIssued& correction,
                       Position position);
  void DropCorrection(const EventName& target, Position position);

  void JudgeAgainWhatChanged();
  void JudgeWaiting(const std::string& prefix);
  void JudgeTeamAgain(TeamId team);
  void JudgeAgain(const EventName& name, const Change& change);

  Verdict JudgeSubject(const Subject& subject, const v1::EventOverride* decided,
                       bool fresh);
  bool IsAlreadyRecorded(const Subject& subject, bool fresh);
  bool TargetIsRight(const Subject& subject);
  void Put(const Subject& subject, Verdict verdict, bool fresh);
  void Retract(const Subject& subject, const v1::Event& old_event,
               const std::optional<v1::EventStanding>& old,
               std::optional<Date> date);
  void ChangeHeld(Holder holder, const v1::EventStanding& standing, int change);
  void AddUpdate(Holder holder, const Subject& subject);
  void RemoveUpdate(Holder holder, const Subject& subject, Month month);

  const v1::AuthorRow& AuthorRowOf(const AuthorId& id);
  const v1::TeamRow* Team(std::uint64_t id);
  const v1::OrganisationRow* Organisation(std::uint64_t id);
  bool TookOver(std::uint64_t from, std::uint64_t team);
  Holder HolderOf(const v1::AuthorRow& author, const v1::Event& event) const {
    return author.kind() == v1::AUTHOR_KIND_ORGANISATION
               ? Holder{true, author.organisation_id()}
               : Holder{false, event.team_id()};
  }

  const FoldInput& input_;
  const EventSource& events_;
  RowWriter& rows_;
  ActivityRows activity_;
  const TimeZone zone_ = TimeZone::VietNam();
  v1::AuthorTimelineRow timeline_;  // Of the batch's author.
  std::map<AuthorId, v1::AuthorRow> authors_;
  std::map<std::uint64_t, std::optional<v1::TeamRow>> teams_;
  std::map<std::uint64_t, std::optional<v1::OrganisationRow>> organisations_;
};

const v1::AuthorRow& EntryFold::AuthorRowOf(const AuthorId& id) {
  const auto [it, added] = authors_.try_emplace(id);
  if (added) {
    // One without a row was enrolled by nobody who may: it stays unconfirmed.
    it->second = GetAuthor(rows_, id).value_or(v1::AuthorRow());
  }
  return it->second;
}

const v1::TeamRow* EntryFold::Team(std::uint64_t id) {
  const auto [it, added] = teams_.try_emplace(id);
  if (added && id != 0) it->second = GetTeam(rows_, TeamId(id));
  return it->second.has_value() ? &*it->second : nullptr;
}

const v1::OrganisationRow* EntryFold::Organisation(std::uint64_t id) {
  const auto [it, added] = organisations_.try_emplace(id);
  if (added && id != 0) it->second = GetOrganisation(rows_, OrganisationId(id));
  return it->second.has_value() ? &*it->second : nullptr;
}

bool EntryFold::TookOver(std::uint64_t from, std::uint64_t team) {
  for (int step = 0; step < kTakeOversMax; ++step) {
    const v1::TeamRow* row = Team(from);
    if (row == nullptr || row->successor_team_ids().empty()) return false;
    const auto& successors = row->successor_team_ids();
    if (std::find(successors.begin(), successors.end(), team) !=
        successors.end()) {
      return true;
    }
    from = successors[0];  // The lead's line goes on.
  }
  return false;
}

void EntryFold::ApplyBatch() {
  const v1::Batch& batch = *input_.batch;
  std::vector<ClockReading> readings;
  readings.reserve(static_cast<std::size_t>(batch.events_size()));
  for (const v1::Event& event : batch.events()) {
    readings.push_back({.sequence = Sequence(event.sequence()),
                        .wall_time_ms = event.wall_time_ms(),
                        .monotonic_ms = event.monotonic_ms(),
                        .boot = event.boot()});
  }
  const std::string timeline_key = keys::Timeline(input_.author);
  timeline_ =
      GetRow<v1::AuthorTimelineRow>(rows_, Table::kTimeline, timeline_key)
          .value_or(v1::AuthorTimelineRow());
  const std::vector<JudgedTime> times = FoldReadings(
      batch.has_anchor() ? std::make_optional(batch.anchor()) : std::nullopt,
      readings, input_.trailer.receive_time, &timeline_);
  const std::size_t earlier = times.size() - readings.size();

  Position position = input_.trailer.first_position;
  for (int i = 0; i < batch.events_size(); ++i) {
    const v1::Event& event = batch.events(i);
    const Subject subject{.name = {input_.author, Sequence(event.sequence())},
                          .event = &event,
                          .position = position,
                          .received_date = input_.local_date,
                          .time = times[earlier + static_cast<std::size_t>(i)]};
    Put(subject, JudgeSubject(subject, nullptr, true), true);
    position = position.Next();
  }
  PutRow(rows_, Table::kTimeline, timeline_key, timeline_);
  for (std::size_t i = 0; i < earlier; ++i) {
    JudgeAgain({input_.author, times[i].sequence}, {.time = times[i]});
  }
}

void EntryFold::ApplyFact(const Fact& fact) {
  const v1::Event& event = *fact.event;
  if (!fact.effective) {
    // An import's facts have no number of their own.
    const auto index = static_cast<int>(fact.position.value -
                                        input_.trailer.first_position.value);
    if (&input_.batch->events(index) != fact.event) return;
    v1::EventStanding standing;
    standing.set_sequence(event.sequence());
    standing.set_position(fact.position.value);
    standing.set_standing(v1::STANDING_NOT_COUNTED);
    standing.set_reason(v1::STANDING_REASON_NO_EFFECT);
    standing.set_time_quality(v1::TIME_QUALITY_TRUSTED);
    activity_.SetStanding(input_.author, standing);
    return;
  }
  const auto confirm = [this](const auto& payload, bool confirmed) {
    const bool organisation = payload.team_id() == 0;
    ApplyConfirmation({organisation, organisation ? payload.organisation_id()
                                                  : payload.team_id()},
                      payload.period_month(), confirmed);
  };
  switch (event.payload_case()) {
    case v1::Event::kMonthlyUpdateConfirmed:
      confirm(event.monthly_update_confirmed(), true);
      break;
    case v1::Event::kMonthlyUpdateReturned:
      confirm(event.monthly_update_returned(), false);
      break;
    case v1::Event::kHeldDecided:
      ApplyHeldDecided(event.held_decided());
      break;
    case v1::Event::kCorrectionIssued: {
      const v1::CorrectionIssued& correction = event.correction_issued();
      EventName target;
      target.sequence = Sequence(correction.target_sequence());
      if (AuthorId::FromBytes(correction.target_author(), &target.author)) {
        ApplyCorrection(target, correction, fact.position);
      }
      break;
    }
    default:
      break;
  }
}

void EntryFold::ApplyConfirmation(Holder holder, std::int32_t month,
                                  bool confirmed) {
  if (holder.id == 0 || !Month(month).valid()) return;
  activity_.Month(holder, Month(month)).set_update_confirmed(confirmed);
}

void EntryFold::ApplyHeldDecided(const v1::HeldDecided& decision) {
  EventName name;
  if (!AuthorId::FromBytes(decision.author(), &name.author)) return;
  for (const v1::EventStanding& standing :
       StandingsOf(rows_, name.author, Sequence(decision.first_sequence()),
                   Sequence(decision.last_sequence()))) {
    if (standing.standing() != v1::STANDING_HELD) continue;
    name.sequence = Sequence(standing.sequence());
    v1::EventOverride decided =
        GetRow<v1::EventOverride>(rows_, Table::kOverride, NameKey(name))
            .value_or(v1::EventOverride());
    *decided.mutable_held() = decision;
    JudgeAgain(name, {.decided = decided});
  }
}

// Puts a correction in force, unless a later one is. An event of the server's
// author is corrected by whoever folds it (registry).
void EntryFold::ApplyCorrection(const EventName& target,
                                const v1::CorrectionIssued& correction,
                                Position position) {
  const v1::AuthorKind kind = AuthorRowOf(target.author).kind();
  if (kind != v1::AUTHOR_KIND_PHONE && kind != v1::AUTHOR_KIND_ORGANISATION) {
    return;
  }
  const std::optional<RecordedEvent> recorded =
      events_.Find(target.author, target.sequence);
  if (!recorded.has_value() || !MayCorrect(correction, recorded->event)) {
    return;
  }
  v1::EventOverride decided =
      GetRow<v1::EventOverride>(rows_, Table::kOverride, NameKey(target))
          .value_or(v1::EventOverride());
  if (decided.correction_position() >= position.value) return;
  *decided.mutable_correction() = correction;
  decided.set_correction_position(position.value);
  JudgeAgain(target, {.decided = decided});
}

void EntryFold::DropCorrection(const EventName& target, Position position) {
  v1::EventOverride decided =
      GetRow<v1::EventOverride>(rows_, Table::kOverride, NameKey(target))
          .value_or(v1::EventOverride());
  if (decided.correction_position() != position.value) return;
  decided.clear_correction();
  decided.clear_correction_position();
  JudgeAgain(target, {.decided = decided});
}

void EntryFold::JudgeAgainWhatChanged() {
  for (const std::string& key : rows_.Changed(Table::kTeam)) {
    JudgeTeamAgain(TeamId(keys::KeyView(key).U64()));
  }
  for (const std::string& key : rows_.Changed(Table::kOrganisation)) {
    JudgeWaiting(WaitPrefix(WaitKind::kOrganisation, key));
  }
  for (const std::string& key : rows_.Changed(Table::kAuthor)) {
    JudgeWaiting(WaitPrefix(WaitKind::kAuthor, key));
  }
}

void EntryFold::JudgeWaiting(const std::string& prefix) {
  std::vector<EventName> names;
  rows_.Scan(Table::kWaiting, prefix, "",
             [&](absl::string_view key, const RowVersion&) {
               names.push_back(NameOf(key.substr(prefix.size())));
               return true;
             });
  for (const EventName& name : names) JudgeAgain(name, {});
}

// A team changed: what waited for it, and what counts on a day on which it does
// not any more.
void EntryFold::JudgeTeamAgain(TeamId team) {
  JudgeWaiting(WaitPrefix(WaitKind::kTeam, keys::Team(team)));
  const v1::TeamRow* row = Team(team.value);
  if (row == nullptr) return;
  std::vector<std::pair<EventName, Date>> affected;
  ScanRows<v1::ActivityDay>(
      rows_, Table::kActivityDay, keys::Team(team),
      [&](absl::string_view key, const v1::ActivityDay& day, Position) {
        const Date date = keys::KeyView(key).Skip(8).Day();
        for (const v1::ActivityFact& fact : day.facts()) {
          if (CheckTeamDay(*row, MemberId(fact.member_id()), date) ==
              v1::STANDING_REASON_UNSPECIFIED) {
            continue;
          }
          const std::optional<AuthorId> author =
              AuthorOfNumber(rows_, fact.author_number());
          THON_CHECK(author.has_value());
          affected.push_back({{*author, Sequence(fact.sequence())}, date});
        }
        return true;
      });
  for (const auto& [name, date] : affected) JudgeAgain(name, {.date = date});
}

void EntryFold::JudgeAgain(const EventName& name, const Change& change) {
  const std::optional<RecordedEvent> recorded =
      events_.Find(name.author, name.sequence);
  if (!recorded.has_value()) return;
  v1::EventOverride decided =
      GetRow<v1::EventOverride>(rows_, Table::kOverride, NameKey(name))
          .value_or(v1::EventOverride());
  const v1::Event old_event = Effective(recorded->event, decided);
  const std::optional<v1::EventStanding> old = activity_.Exception(name);

  Subject subject{.name = name,
                  .event = &old_event,
                  .position = recorded->position,
                  .received_date = zone_.DateOf(recorded->receive_time),
                  .time = {}};
  std::optional<Date> date = change.date;
  if (old.has_value()) {
    subject.time = TimeOf(*old);
    if (old->local_date() != 0) date = Date(old->local_date());
  } else {
    // TRUSTED; the instant is in the fact if it is an activity.
    subject.time.sequence = name.sequence;
    subject.time.quality = v1::TIME_QUALITY_TRUSTED;
    const v1::AuthorRow& author = AuthorRowOf(name.author);
    const Holder holder = HolderOf(author, old_event);
    if (!date.has_value()) {
      date = activity_.FindDate(holder, author.number(), name.sequence);
    }
    if (date.has_value()) {
      const v1::ActivityDay& day = activity_.Day(holder, *date);
      const int i = FindFact(day, author.number(), name.sequence);
      if (i >= 0) {
        subject.time.earliest = subject.time.latest =
            Instant(day.facts(i).instant_ms());
      }
    }
  }
  Retract(subject, old_event, old, date);

  if (change.time.has_value()) subject.time = *change.time;
  if (change.decided.has_value()) {
    decided = *change.decided;
    if (decided.ByteSizeLong() == 0) {
      rows_.Delete(Table::kOverride, NameKey(name));
    } else {
      PutRow(rows_, Table::kOverride, NameKey(name), decided);
    }
  }
  const v1::Event event = Effective(recorded->event, decided);
  subject.event = &event;
  Put(subject, JudgeSubject(subject, &decided, false), false);
}

Verdict EntryFold::JudgeSubject(const Subject& subject,
                                const v1::EventOverride* decided, bool fresh) {
  const v1::Event& event = *subject.event;
  const v1::AuthorRow& author = AuthorRowOf(subject.name.author);
  JudgementInput input;
  input.author = &author;
  if (author.kind() == v1::AUTHOR_KIND_ORGANISATION) {
    input.organisation = Organisation(author.organisation_id());
  } else {
    input.team = Team(event.team_id());
    input.own_team = event.team_id() == author.team_id() ||
                     TookOver(author.team_id(), event.team_id());
  }
  input.position = subject.position;
  input.time = subject.time;
  input.already_recorded = IsAlreadyRecorded(subject, fresh);
  input.decided = decided;
  Verdict verdict = Judge(event, input, zone_);
  if (event.payload_case() == v1::Event::kCorrectionIssued &&
      verdict.standing != v1::STANDING_QUARANTINED && !TargetIsRight(subject)) {
    verdict = {.standing = v1::STANDING_NOT_COUNTED,
               .reason = v1::STANDING_REASON_NOT_ALLOWED};
  }
  return verdict;
}

// A phone corrects what it recorded itself before.
bool EntryFold::TargetIsRight(const Subject& subject) {
  const v1::CorrectionIssued& correction = subject.event->correction_issued();
  if (!correction.target_author().empty() &&
      correction.target_author() != subject.name.author.view()) {
    return false;
  }
  if (correction.target_sequence() >= subject.name.sequence.value) return false;
  const std::optional<RecordedEvent> target =
      events_.Find(subject.name.author, Sequence(correction.target_sequence()));
  return target.has_value() && MayCorrect(correction, target->event);
}

// Whether another event counts for the same original. Who came first keeps it,
// unless that one does not count and the original itself arrives.
bool EntryFold::IsAlreadyRecorded(const Subject& subject, bool fresh) {
  const std::string self = NameKey(subject.name);
  if (subject.event->has_originally()) {
    const v1::Original& original = subject.event->originally();
    EventName name;
    if (!AuthorId::FromBytes(original.author(), &name.author)) return false;
    name.sequence = Sequence(original.sequence());
    const std::string key = NameKey(name) + original.event_hash();
    if (const auto row = rows_.Get(Table::kOriginal, key); row.has_value()) {
      return row->value != self;
    }
    if (!fresh) return false;
    const std::optional<RecordedEvent> recorded =
        events_.Find(name.author, name.sequence);
    if (recorded.has_value() &&
        EventHash(recorded->event).view() == original.event_hash()) {
      rows_.Put(Table::kOriginal, key, NameKey(name));
      return true;
    }
    rows_.Put(Table::kOriginal, key, self);
    if (name.author == input_.author) {
      timeline_.set_has_copies(true);
      return false;
    }
    const std::string timeline_key = keys::Timeline(name.author);
    v1::AuthorTimelineRow timeline =
        GetRow<v1::AuthorTimelineRow>(rows_, Table::kTimeline, timeline_key)
            .value_or(v1::AuthorTimelineRow());
    timeline.set_has_copies(true);
    PutRow(rows_, Table::kTimeline, timeline_key, timeline);
    return false;
  }
  if (fresh && !timeline_.has_copies()) return false;
  const std::optional<RecordedEvent> recorded =
      events_.Find(subject.name.author, subject.name.sequence);
  if (!recorded.has_value()) return false;
  const std::string key = self + std::string(EventHash(recorded->event).view());
  const auto row = rows_.Get(Table::kOriginal, key);
  if (!row.has_value() || row->value == self) return false;
  if (!fresh) return true;
  const EventName copy = NameOf(row->value);
  const std::optional<v1::EventStanding> standing = activity_.Exception(copy);
  if (!standing.has_value() || standing->standing() == v1::STANDING_COUNTED ||
      standing->reason() == v1::STANDING_REASON_SAME_SESSION) {
    return true;
  }
  rows_.Put(Table::kOriginal, key, self);
  JudgeAgain(copy, {});
  return false;
}

// Adds what the event adds under its verdict. Requires that it adds nothing.
void EntryFold::Put(const Subject& subject, Verdict verdict, bool fresh) {
  const v1::Event& event = *subject.event;
  const v1::AuthorRow& author = AuthorRowOf(subject.name.author);
  const Holder holder = HolderOf(author, event);
  if (verdict.counted() && IsActivity(event.payload_case())) {
    if (activity_.Day(holder, verdict.date).facts_size() >= kDayFactsMax) {
      verdict = {.standing = v1::STANDING_QUARANTINED,
                 .reason = v1::STANDING_REASON_ABSURD_COUNT};
    } else {
      activity_.AddFact(holder, verdict.date,
                        MakeFact(event, author.number(), subject.time));
    }
  }
  if (!fresh || !verdict.counted() || subject.time.wall_clock_wrong ||
      subject.time.quality != v1::TIME_QUALITY_TRUSTED) {
    v1::EventStanding standing;
    standing.set_sequence(subject.name.sequence.value);
    standing.set_position(subject.position.value);
    standing.set_standing(verdict.standing);
    standing.set_reason(verdict.reason);
    standing.set_time_quality(subject.time.quality);
    standing.set_period_month(verdict.month.yyyymm);
    standing.set_wall_clock_wrong(subject.time.wall_clock_wrong);
    standing.set_local_date(verdict.date.days);
    if (HasInstant(event)) {
      standing.set_earliest_ms(subject.time.earliest.ms);
      standing.set_latest_ms(subject.time.latest.ms);
    }
    activity_.SetStanding(subject.name.author, standing);
    if (verdict.held()) ChangeHeld(holder, standing, 1);
    for (const std::string& prefix :
         WaitPrefixes(verdict.reason, event, subject.name.author, author)) {
      rows_.Put(Table::kWaiting, prefix + NameKey(subject.name), "");
    }
  }
  if (event.payload_case() == v1::Event::kMonthlyUpdateSubmitted) {
    if (verdict.counted()) AddUpdate(holder, subject);
  } else if (event.payload_case() == v1::Event::kCorrectionIssued) {
    const v1::CorrectionIssued& correction = event.correction_issued();
    const EventName target{subject.name.author,
                           Sequence(correction.target_sequence())};
    if (verdict.counted()) {
      ApplyCorrection(target, correction, subject.position);
    } else if (!fresh) {
      DropCorrection(target, subject.position);
    }
  }
}

// Takes out what the event added as it stood. A correction it is stays in force
// until the new verdict.
void EntryFold::Retract(const Subject& subject, const v1::Event& old_event,
                        const std::optional<v1::EventStanding>& old,
                        std::optional<Date> date) {
  const v1::AuthorRow& author = AuthorRowOf(subject.name.author);
  const Holder holder = HolderOf(author, old_event);
  if (old.has_value() && old->standing() == v1::STANDING_HELD) {
    ChangeHeld(holder, *old, -1);
  } else if (date.has_value()) {
    activity_.RemoveFact(holder, *date, author.number(), subject.name.sequence);
  }
  if (old_event.payload_case() == v1::Event::kMonthlyUpdateSubmitted) {
    RemoveUpdate(holder, subject,
                 Month(old_event.monthly_update_submitted().period_month()));
  }
  if (!old.has_value()) return;
  for (const std::string& prefix :
       WaitPrefixes(old->reason(), old_event, subject.name.author, author)) {
    rows_.Delete(Table::kWaiting, prefix + NameKey(subject.name));
  }
}

void EntryFold::ChangeHeld(Holder holder, const v1::EventStanding& standing,
                           int change) {
  if (standing.local_date() == 0) return;  // No activity.
  Month last = Month::Of(Date(standing.local_date()));
  Month month = last;
  if (standing.reason() == v1::STANDING_REASON_TWO_MONTHS) {
    month = Month::Of(zone_.DateOf(Instant(standing.earliest_ms())));
    last = Month::Of(zone_.DateOf(Instant(standing.latest_ms())));
  }
  for (int i = 0; i < kHeldMonthsMax && last >= month && last.valid(); ++i) {
    v1::TeamMonth& row = activity_.Month(holder, last);
    row.set_held(row.held() + change);
    if (standing.time_quality() == v1::TIME_QUALITY_SUSPECT) {
      row.set_suspect(row.suspect() + change);
    }
    last = last.Previous();
  }
}

void EntryFold::AddUpdate(Holder holder, const Subject& subject) {
  const auto& payload = subject.event->monthly_update_submitted();
  v1::TeamMonth& month = activity_.Month(holder, Month(payload.period_month()));
  v1::MonthUpdate update;
  update.set_received_date(subject.received_date.days);
  update.set_author_number(AuthorRowOf(subject.name.author).number());
  update.set_sequence(subject.name.sequence.value);
  const auto before = [](const v1::MonthUpdate& a, const v1::MonthUpdate& b) {
    return std::make_tuple(a.received_date(), a.author_number(), a.sequence()) <
           std::make_tuple(b.received_date(), b.author_number(), b.sequence());
  };
  auto& updates = *month.mutable_updates();
  *updates.Add() = std::move(update);
  for (int i = updates.size() - 1; i > 0 && before(updates[i], updates[i - 1]);
       --i) {
    updates.SwapElements(i, i - 1);
  }
  if (updates.size() > kMonthUpdatesMax) updates.RemoveLast();
  month.set_update_submitted_date(updates[0].received_date());
}

void EntryFold::RemoveUpdate(Holder holder, const Subject& subject, Month of) {
  if (!of.valid()) return;
  const std::uint32_t number = AuthorRowOf(subject.name.author).number();
  v1::TeamMonth& month = activity_.Month(holder, of);
  auto& updates = *month.mutable_updates();
  const auto at = std::find_if(
      updates.begin(), updates.end(), [&](const v1::MonthUpdate& update) {
        return update.author_number() == number &&
               update.sequence() == subject.name.sequence.value;
      });
  if (at == updates.end()) return;
  updates.erase(at);
  month.set_update_submitted_date(updates.empty() ? 0
                                                  : updates[0].received_date());
}

class Activity final : public Projection {
 public:
  absl::string_view name() const override { return "activity"; }
  int version() const override { return 1; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override {
    EntryFold(input, events, rows).Run();
  }
};

}  // namespace

std::unique_ptr<Projection> NewActivity() {
  return std::make_unique<Activity>();
}

std::vector<v1::EventStanding> StandingsOf(const RowReader& rows,
                                           const AuthorId& author,
                                           Sequence first, Sequence last) {
  std::vector<v1::EventStanding> standings;
  if (first.value == 0) first = Sequence(1);
  if (last < first) return standings;
  rows.Scan(Table::kStandings, author.view(),
            keys::Standings(author, StandingsRowOf(first)),
            [&](absl::string_view, const RowVersion& row) {
              v1::EntryStandings block;
              THON_CHECK(block.ParseFromArray(
                  row.value.data(), static_cast<int>(row.value.size())));
              for (v1::EventStanding& standing : *block.mutable_exceptions()) {
                if (standing.sequence() > last.value) return false;
                if (standing.sequence() >= first.value) {
                  standings.push_back(std::move(standing));
                }
              }
              return true;
            });
  return standings;
}

}  // namespace thon
