#include "server/projections/activity_fold.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/core/check.h"
#include "server/core/signature.h"
#include "server/projections/activity.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/subtree.h"

namespace thon {
namespace {

// Mergers and splits in a row that an author's team is followed through.
constexpr int kTakeOversMax = 4;

}  // namespace

const v1::AuthorRow& ActivityFold::AuthorRowOf(const AuthorId& id) {
  const auto [it, added] = authors_.try_emplace(id);
  if (added) {
    // One without a row was enrolled by nobody who may: it stays unconfirmed.
    it->second = GetAuthor(rows_, id).value_or(v1::AuthorRow());
  }
  return it->second;
}

const v1::TeamRow* ActivityFold::Team(std::uint64_t id) {
  const auto [it, added] = teams_.try_emplace(id);
  if (added && id != 0) it->second = GetTeam(rows_, TeamId(id));
  return it->second.has_value() ? &*it->second : nullptr;
}

const v1::OrganisationRow* ActivityFold::Organisation(std::uint64_t id) {
  const auto [it, added] = organisations_.try_emplace(id);
  if (added && id != 0) it->second = GetOrganisation(rows_, OrganisationId(id));
  return it->second.has_value() ? &*it->second : nullptr;
}

bool ActivityFold::TookOver(std::uint64_t from, std::uint64_t team) {
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

void ActivityFold::ApplyBatch() {
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
                          .received = input_.trailer.receive_time,
                          .time = times[earlier + static_cast<std::size_t>(i)]};
    Put(subject, JudgeSubject(subject, nullptr, true), true);
    position = position.Next();
  }
  PutRow(rows_, Table::kTimeline, timeline_key, timeline_);
  for (std::size_t i = 0; i < earlier; ++i) {
    JudgeAgain({input_.author, times[i].sequence}, {.time = times[i]});
  }
}

void ActivityFold::ApplyFact(const Fact& fact) {
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
    case v1::Event::kAuthorEnrolled:
      BeginTimeline(event.author_enrolled());
      break;
    case v1::Event::kPlanAssigned:
      ApplyPlan(event, fact.position);
      break;
    case v1::Event::kInspectionRecorded:
      ApplyInspection(event, fact.position);
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

void ActivityFold::BeginTimeline(const v1::AuthorEnrolled& enrolled) {
  PublicKey key;
  if (!enrolled.predecessor().empty() ||
      !PublicKey::FromBytes(enrolled.public_key(), &key)) {
    return;
  }
  const std::string row_key = keys::Timeline(key.author());
  if (rows_.Get(Table::kTimeline, row_key).has_value()) return;
  v1::AuthorTimelineRow timeline;
  timeline.set_enrolled_ms(input_.trailer.receive_time.ms);
  PutRow(rows_, Table::kTimeline, row_key, timeline);
}

void ActivityFold::ApplyConfirmation(Holder holder, std::int32_t month,
                                     bool confirmed) {
  if (holder.id == 0 || !Month(month).valid()) return;
  activity_.Month(holder, Month(month)).set_update_confirmed(confirmed);
}

// A task of a unit is a task of each team that is below it on that day.
void ActivityFold::ApplyPlan(const v1::Event& event, Position position) {
  const v1::PlanAssigned& plan = event.plan_assigned();
  if (event.team_id() != 0) {
    activity_.AssignTask(TeamId(event.team_id()), plan, position);
    return;
  }
  for (const TeamId team :
       TeamsBelow(rows_, UnitId(event.unit_id()), input_.local_date)) {
    activity_.AssignTask(team, plan, position);
  }
}

// An inspection counts in the month of the day it says, else of the day it was
// recorded.
void ActivityFold::ApplyInspection(const v1::Event& event, Position position) {
  const v1::InspectionRecorded& inspection = event.inspection_recorded();
  const Date date = event.claimed_date() != 0 ? Date(event.claimed_date())
                                              : input_.local_date;
  v1::InspectionScore* const score =
      activity_.Month(Holder::Of(TeamId(inspection.team_id())), Month::Of(date))
          .add_inspections();
  score->set_position(position.value);
  score->set_score(inspection.score());
}

void ActivityFold::ApplyHeldDecided(const v1::HeldDecided& decision) {
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
void ActivityFold::ApplyCorrection(const EventName& target,
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

void ActivityFold::DropCorrection(const EventName& target, Position position) {
  v1::EventOverride decided =
      GetRow<v1::EventOverride>(rows_, Table::kOverride, NameKey(target))
          .value_or(v1::EventOverride());
  if (decided.correction_position() != position.value) return;
  decided.clear_correction();
  decided.clear_correction_position();
  JudgeAgain(target, {.decided = decided});
}

void ActivityFold::JudgeAgainWhatChanged() {
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

void ActivityFold::JudgeWaiting(const std::string& prefix) {
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
void ActivityFold::JudgeTeamAgain(TeamId team) {
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

}  // namespace thon
