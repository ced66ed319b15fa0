#include <algorithm>
#include <tuple>
#include <utility>

#include "server/core/batch.h"
#include "server/projections/activity_day.h"
#include "server/projections/activity_fold.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"

namespace thon {
namespace {

// Months in which an event whose time spans several is shown as held.
constexpr int kHeldMonthsMax = 12;
constexpr int kMonthUpdatesMax = 32;

}  // namespace

void ActivityFold::JudgeAgain(const EventName& name, const Change& change) {
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
                  .received = recorded->receive_time,
                  .time = {}};
  std::optional<Date> date = change.date;
  if (old.has_value()) {
    subject.time = TimeOf(*old);
    if (old->local_date() != 0) date = Date(old->local_date());
  } else {
    // TRUSTED; the instant is in the fact if it is an activity.
    subject.time.sequence = name.sequence;
    subject.time.quality = v1::TIME_QUALITY_TRUSTED;
    if (IsActivity(old_event.payload_case())) {
      date = FindInstant(name, old_event, date, &subject.time);
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

// Where the fact of an event that is COUNTED and TRUSTED is, and its instant.
// `hint` is looked at first.
std::optional<Date> ActivityFold::FindInstant(const EventName& name,
                                              const v1::Event& event,
                                              std::optional<Date> hint,
                                              JudgedTime* time) {
  const v1::AuthorRow& author = AuthorRowOf(name.author);
  const Holder holder = HolderOf(author, event);
  const auto in = [&](Date date) {
    return FindFact(activity_.Day(holder, date).facts(), author.number(),
                    name.sequence);
  };
  std::optional<Date> date = hint;
  if (!date.has_value() || in(*date) < 0) {
    date = activity_.FindDate(holder, author.number(), name.sequence);
  }
  if (date.has_value()) {
    time->earliest = time->latest =
        Instant(activity_.Day(holder, *date).facts(in(*date)).instant_ms());
  }
  return date;
}

Verdict ActivityFold::JudgeSubject(const Subject& subject,
                                   const v1::EventOverride* decided,
                                   bool fresh) {
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
  if (event.payload_case() == v1::Event::kIndicatorObserved) {
    return JudgeObservation(subject, verdict);
  }
  return verdict;
}

// An organisation observes what is below its own unit, and no day to come.
Verdict ActivityFold::JudgeObservation(const Subject& subject,
                                       Verdict verdict) {
  if (verdict.standing == v1::STANDING_QUARANTINED ||
      verdict.standing == v1::STANDING_NOT_COUNTED) {
    return verdict;
  }
  const v1::IndicatorObserved& seen = subject.event->indicator_observed();
  const Date as_of(seen.as_of_date());
  if (as_of > zone_.DateOf(subject.received)) {
    return {.standing = v1::STANDING_QUARANTINED,
            .reason = v1::STANDING_REASON_MALFORMED};
  }
  const v1::OrganisationRow* const organisation =
      Organisation(AuthorRowOf(subject.name.author).organisation_id());
  if (organisation == nullptr ||
      !IsBelow(rows_, UnitId(seen.unit_id()), UnitId(organisation->unit_id()),
               as_of)) {
    return {.standing = v1::STANDING_NOT_COUNTED,
            .reason = v1::STANDING_REASON_NOT_ALLOWED};
  }
  verdict.month = Month::Of(as_of);
  return verdict;
}

// A phone corrects what it recorded itself before.
bool ActivityFold::TargetIsRight(const Subject& subject) {
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
bool ActivityFold::IsAlreadyRecorded(const Subject& subject, bool fresh) {
  const std::string self = NameKey(subject.name);
  if (subject.event->has_originally()) {
    const v1::Original& original = subject.event->originally();
    EventName name;
    // What cannot name an event is MALFORMED, and leaves no row.
    if (!AuthorId::FromBytes(original.author(), &name.author) ||
        original.sequence() == 0 ||
        original.event_hash().size() != Hash::kSize) {
      return false;
    }
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

v1::EventStanding ActivityFold::StandingOf(const Subject& subject,
                                           const Verdict& verdict) {
  v1::EventStanding standing;
  standing.set_sequence(subject.name.sequence.value);
  standing.set_position(subject.position.value);
  standing.set_standing(verdict.standing);
  standing.set_reason(verdict.reason);
  standing.set_time_quality(subject.time.quality);
  standing.set_period_month(verdict.month.yyyymm);
  standing.set_wall_clock_wrong(subject.time.wall_clock_wrong);
  standing.set_local_date(verdict.date.days);
  if (HasInstant(*subject.event)) {
    standing.set_earliest_ms(subject.time.earliest.ms);
    standing.set_latest_ms(subject.time.latest.ms);
  }
  return standing;
}

// Whether the days on which the activity counts, or would, can take it.
bool ActivityFold::HasRoom(Holder holder, const Verdict& verdict,
                           const std::vector<Date>& held) {
  if (verdict.counted()) {
    return activity_.Day(holder, verdict.date).facts_size() < kDayFactsMax;
  }
  return std::all_of(held.begin(), held.end(), [&](Date date) {
    return activity_.Day(holder, date).held_size() < kDayFactsMax;
  });
}

// Adds what the event adds under its verdict. Requires that it adds nothing.
void ActivityFold::Put(const Subject& subject, Verdict verdict, bool fresh) {
  const v1::Event& event = *subject.event;
  const v1::AuthorRow& author = AuthorRowOf(subject.name.author);
  const Holder holder = HolderOf(author, event);
  if (IsActivity(event.payload_case()) &&
      (verdict.counted() || verdict.held())) {
    const std::vector<Date> held = verdict.held()
                                       ? HeldDates(StandingOf(subject, verdict))
                                       : std::vector<Date>();
    const auto fact = [&](Date date) {
      return MakeFact(event, author.number(), subject.time, date,
                      subject.received);
    };
    if (!HasRoom(holder, verdict, held)) {
      verdict = {.standing = v1::STANDING_QUARANTINED,
                 .reason = v1::STANDING_REASON_ABSURD_COUNT};
    } else if (verdict.counted()) {
      activity_.AddFact(holder, verdict.date, fact(verdict.date));
    } else {
      for (const Date date : held) activity_.AddHeld(holder, date, fact(date));
    }
  }
  if (!fresh || !verdict.counted() || subject.time.wall_clock_wrong ||
      subject.time.quality != v1::TIME_QUALITY_TRUSTED) {
    activity_.SetStanding(subject.name.author, StandingOf(subject, verdict));
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
void ActivityFold::Retract(const Subject& subject, const v1::Event& old_event,
                           const std::optional<v1::EventStanding>& old,
                           std::optional<Date> date) {
  const v1::AuthorRow& author = AuthorRowOf(subject.name.author);
  const Holder holder = HolderOf(author, old_event);
  if (old.has_value() && old->standing() == v1::STANDING_HELD) {
    for (const Date day : HeldDates(*old)) {
      activity_.RemoveHeld(holder, day, author.number(), subject.name.sequence);
    }
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

// The days on which a held event would count, by what is decided: the day as
// judged; of one whose time spans months, that day and the last day of each
// month before it, as Decide() in judgement.cc has it.
std::vector<Date> ActivityFold::HeldDates(
    const v1::EventStanding& standing) const {
  std::vector<Date> dates;
  const Date date(standing.local_date());
  if (date == Date()) return dates;  // No activity.
  Month month = Month::Of(date);
  if (!month.valid()) return dates;
  dates.push_back(date);
  if (standing.reason() != v1::STANDING_REASON_TWO_MONTHS) return dates;
  const Month first = Month::Of(zone_.DateOf(Instant(standing.earliest_ms())));
  for (int i = 1; i < kHeldMonthsMax && month > first; ++i) {
    month = month.Previous();
    if (!month.valid()) break;
    dates.push_back(month.last_day());
  }
  return dates;
}

void ActivityFold::AddUpdate(Holder holder, const Subject& subject) {
  const auto& payload = subject.event->monthly_update_submitted();
  const Date received = zone_.DateOf(subject.received);
  // A month that has not begun has nothing to report.
  if (received < Month(payload.period_month()).first_day()) return;
  v1::TeamMonth& month = activity_.Month(holder, Month(payload.period_month()));
  v1::MonthUpdate update;
  update.set_received_date(received.days);
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

void ActivityFold::RemoveUpdate(Holder holder, const Subject& subject,
                                Month of) {
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

}  // namespace thon
