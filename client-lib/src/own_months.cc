#include "client-lib/src/own_months.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/core/evidence.h"
#include "server/core/limits.h"

namespace thon::client {
namespace {

using Effect = OwnEvent::Effect;

// The element for which `key_of` gives `key`, made where it belongs: these
// lists are ascending.
template <typename Row, typename Key, typename KeyOf, typename Make>
Row* FindOrAdd(google::protobuf::RepeatedPtrField<Row>* rows, const Key& key,
               const KeyOf& key_of, const Make& make) {
  int at = 0;
  while (at < rows->size() && key_of(rows->Get(at)) < key) ++at;
  if (at == rows->size() || key_of(rows->Get(at)) != key) {
    make(rows->Add());
    for (int i = rows->size() - 1; i > at; --i) rows->SwapElements(i, i - 1);
  }
  return rows->Mutable(at);
}

void AddMember(std::uint64_t member, v1::TeamMonth* month) {
  if (member == 0) return;
  v1::MemberCount* const row = FindOrAdd(
      month->mutable_members(), member,
      [](const v1::MemberCount& m) { return m.member_id(); },
      [member](v1::MemberCount* m) { m->set_member_id(member); });
  row->set_activities(row->activities() + 1);
}

void AddPeople(v1::Topic topic, std::int64_t people, v1::TeamMonth* month) {
  if (people == 0) return;
  v1::TopicCount* const row = FindOrAdd(
      month->mutable_people_by_topic(), topic,
      [](const v1::TopicCount& t) { return t.topic(); },
      [topic](v1::TopicCount* t) { t->set_topic(topic); });
  row->set_people(row->people() + people);
}

// People told something about a topic.
void AddReached(v1::Topic topic, std::int64_t people, v1::TeamMonth* month) {
  month->set_people_reached(month->people_reached() + people);
  AddPeople(topic, people, month);
}

void AddInstalls(const v1::AppInstallAssisted& install, v1::TeamMonth* month) {
  month->set_installs(month->installs() + install.count());
  if (install.basis() == v1::COUNT_BASIS_PERSON) {
    AddReached(v1::TOPIC_DIGITAL_PLATFORMS, install.count(), month);
  }
  v1::AppCount* const row = FindOrAdd(
      month->mutable_installs_by_app(),
      std::make_pair(install.app(), install.basis()),
      [](const v1::AppCount& a) { return std::make_pair(a.app(), a.basis()); },
      [&install](v1::AppCount* a) {
        a->set_app(install.app());
        a->set_basis(install.basis());
      });
  row->set_count(row->count() + install.count());
}

// A visit guides people once, on each of its topics.
void AddVisit(const v1::HouseholdVisit& visit, v1::TeamMonth* month) {
  if (visit.outcome() != v1::VISIT_OUTCOME_GUIDED) return;
  std::set<int> topics(visit.topics().begin(), visit.topics().end());
  if (topics.empty()) topics.insert(v1::TOPIC_UNSPECIFIED);
  month->set_people_reached(month->people_reached() + 1);
  for (const int topic : topics) {
    AddPeople(static_cast<v1::Topic>(topic), 1, month);
  }
}

void AddAccounts(const v1::AccountOpenedAssisted& account,
                 v1::TeamMonth* month) {
  month->set_accounts(month->accounts() + account.count());
  v1::AccountCount* const row = FindOrAdd(
      month->mutable_accounts_by_kind(), account.kind(),
      [](const v1::AccountCount& a) { return a.kind(); },
      [&account](v1::AccountCount* a) { a->set_kind(account.kind()); });
  row->set_count(row->count() + account.count());
}

void AddTraining(const v1::TrainingHeld& training, v1::TeamMonth* month) {
  v1::TrainingCount* const row = FindOrAdd(
      month->mutable_trainings(), training.audience(),
      [](const v1::TrainingCount& t) { return t.audience(); },
      [&training](v1::TrainingCount* t) {
        t->set_audience(training.audience());
      });
  row->set_sessions(row->sessions() + 1);
  row->set_attendees(row->attendees() + training.attendees());
}

bool IsCount(std::int64_t count, std::int64_t least) {
  return least <= count && count <= limits::kCountMax;
}

// Whether the numbers are such as the log counts.
bool HasGoodCounts(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kTaskCompleted:
      return IsCount(event.task_completed().result(), 0);
    case v1::Event::kOutreachSession:
      return IsCount(event.outreach_session().attendees(), 0);
    case v1::Event::kAppInstallAssisted:
      return IsCount(event.app_install_assisted().count(), 1);
    case v1::Event::kAccountOpenedAssisted:
      return IsCount(event.account_opened_assisted().count(), 1);
    case v1::Event::kOnlineDossierAssisted:
      return IsCount(event.online_dossier_assisted().count(), 1);
    case v1::Event::kTrainingHeld:
      return IsCount(event.training_held().attendees(), 0);
    case v1::Event::kDigitalShopSupported:
      return IsCount(event.digital_shop_supported().count(), 1);
    case v1::Event::kFraudWarningIssued:
      return IsCount(event.fraud_warning_issued().reach(), 0);
    default:
      return true;
  }
}

std::string TypeOf(const v1::Event& event) {
  const auto* const field = v1::Event::descriptor()->FindFieldByNumber(
      static_cast<int>(event.payload_case()));
  return field == nullptr ? std::string() : field->name();
}

}  // namespace

bool IsActivity(const v1::Event& event) {
  return event.payload_case() >= v1::Event::kTaskCompleted &&
         event.payload_case() <= v1::Event::kModelProposed;
}

void AddActivity(const v1::Event& event, Date date, v1::TeamMonth* month) {
  const std::uint32_t bit = std::uint32_t{1} << (date.day() - 1);
  if ((month->active_day_bits() & bit) == 0) {
    month->set_active_day_bits(month->active_day_bits() | bit);
    month->set_active_days(month->active_days() + 1);
  }
  month->set_activities(month->activities() + 1);
  AddMember(event.member_id(), month);
  switch (event.payload_case()) {
    case v1::Event::kOutreachSession:
      return AddReached(event.outreach_session().topic(),
                        event.outreach_session().attendees(), month);
    case v1::Event::kTrainingHeld:
      AddTraining(event.training_held(), month);
      return AddReached(event.training_held().topic(),
                        event.training_held().attendees(), month);
    case v1::Event::kFraudWarningIssued:
      return AddReached(v1::TOPIC_FRAUD_PREVENTION,
                        event.fraud_warning_issued().reach(), month);
    case v1::Event::kHouseholdVisit:
      return AddVisit(event.household_visit(), month);
    case v1::Event::kAppInstallAssisted:
      return AddInstalls(event.app_install_assisted(), month);
    case v1::Event::kAccountOpenedAssisted:
      return AddAccounts(event.account_opened_assisted(), month);
    case v1::Event::kOnlineDossierAssisted: {
      // A dossier processed on line was submitted on line.
      const v1::OnlineDossierAssisted& dossier =
          event.online_dossier_assisted();
      month->set_dossiers_submitted(month->dossiers_submitted() +
                                    dossier.count());
      if (dossier.stage() == v1::DOSSIER_STAGE_PROCESSED) {
        month->set_dossiers_processed(month->dossiers_processed() +
                                      dossier.count());
      }
      return;
    }
    default:
      return;
  }
}

OwnMonths::OwnMonths(const About& about, PhoneTime time,
                     std::map<Month, v1::TeamMonth> rows)
    : about_(about), time_(std::move(time)) {
  for (auto& [month, row] : rows) {
    OwnMonth& own = months_[month];
    own.counted = row;
    own.with_held = row;
    own.before = std::move(row);
  }
}

void OwnMonths::NoteCorrection(const AuthorId& author, const v1::Event& event) {
  const v1::CorrectionIssued& correction = event.correction_issued();
  EventName target{author, Sequence(correction.target_sequence())};
  if (!correction.target_author().empty() &&
      !AuthorId::FromBytes(correction.target_author(), &target.author)) {
    return;
  }
  corrections_[target] = {correction, false};  // The newest is in force.
}

v1::StandingReason OwnMonths::CheckTeamDay(const v1::Event& event,
                                           Date date) const {
  const v1::TeamRow& team = *about_.team;
  if (date.days < team.founded_date()) return v1::STANDING_REASON_BEFORE_TEAM;
  if (team.ended_date() != 0 && date.days >= team.ended_date()) {
    return v1::STANDING_REASON_TEAM_ENDED;
  }
  bool ever = false;
  bool on = false;
  for (const v1::TeamMember& member : team.members()) {
    if (member.member_id() != event.member_id()) continue;
    ever = true;
    on |= member.joined_date() <= date.days &&
          (member.left_date() == 0 || date.days < member.left_date());
  }
  if (!on) {
    return ever ? v1::STANDING_REASON_NOT_A_MEMBER
                : v1::STANDING_REASON_UNKNOWN_MEMBER;
  }
  for (const v1::DateRange& range : team.suspensions()) {
    if (range.from_date() <= date.days &&
        (range.to_date() == 0 || date.days <= range.to_date())) {
      return v1::STANDING_REASON_TEAM_SUSPENDED;
    }
  }
  return v1::STANDING_REASON_UNSPECIFIED;
}

OwnMonths::Judged OwnMonths::Judge(const v1::Event& event,
                                   bool confirmed) const {
  Judged judged;
  bool known = false;
  JudgedTime time;
  time.earliest = time_.Of(event, &known);
  time.latest = time.earliest;
  time.quality = known ? v1::TIME_QUALITY_TRUSTED : v1::TIME_QUALITY_ESTIMATED;
  const JudgedDay day = DayOf(time, Date(event.claimed_date()),
                              TimeZone::VietNam(), limits::kBackdateDaysMax);
  judged.date = day.date;
  judged.doubtful = !known;
  const auto none = [&judged](v1::StandingReason reason) {
    judged.effect = Effect::kNone;
    judged.reason = reason;
    return judged;
  };
  if (!HasGoodCounts(event)) return none(v1::STANDING_REASON_ABSURD_COUNT);
  if (event.team_id() != about_.team_id) {
    return none(v1::STANDING_REASON_OTHER_TEAM);
  }
  const v1::StandingReason team_day = about_.team == nullptr
                                          ? v1::STANDING_REASON_UNSPECIFIED
                                          : CheckTeamDay(event, day.date);
  if (team_day != v1::STANDING_REASON_UNSPECIFIED &&
      team_day != v1::STANDING_REASON_TEAM_SUSPENDED) {
    return none(team_day);
  }
  judged.reason = !confirmed      ? v1::STANDING_REASON_UNCONFIRMED_AUTHOR
                  : day.backdated ? v1::STANDING_REASON_BACKDATED
                                  : team_day;
  if (judged.reason != v1::STANDING_REASON_UNSPECIFIED) {
    judged.effect = Effect::kHeld;
  }
  return judged;
}

void OwnMonths::TakeUpdate(const v1::Event& event, bool confirmed) {
  if (!confirmed || event.team_id() != about_.team_id) return;
  const auto at =
      months_.find(Month(event.monthly_update_submitted().period_month()));
  if (at != months_.end()) at->second.update_submitted = true;
}

void OwnMonths::List(const EventName& name, const v1::Event& event,
                     const Judged& judged) {
  if (listed_.size() == kOwnEventsMax) {
    ++not_listed_;
    return;
  }
  listed_.push_back({.name = name,
                     .type = TypeOf(event),
                     .date = judged.date,
                     .effect = judged.effect,
                     .reason = judged.reason,
                     .clock_doubtful = judged.doubtful});
}

void OwnMonths::Take(const AuthorId& author, const EventName& name,
                     bool confirmed, v1::Event event) {
  if (event.has_monthly_update_submitted()) return TakeUpdate(event, confirmed);
  if (!IsActivity(event)) return;
  bool voided = false;
  for (const EventName& one :
       {name, EventName{author, Sequence(event.sequence())}}) {
    const auto found = corrections_.find(one);
    if (found == corrections_.end()) continue;
    found->second.used = true;
    const v1::CorrectionIssued& correction = found->second.correction;
    if (correction.kind() == v1::CORRECTION_KIND_VOID) {
      voided = true;
    } else if (correction.amended().payload_case() == event.payload_case()) {
      const auto* const field = v1::Event::descriptor()->FindFieldByNumber(
          static_cast<int>(event.payload_case()));
      event.GetReflection()
          ->MutableMessage(&event, field)
          ->CopyFrom(correction.amended().GetReflection()->GetMessage(
              correction.amended(), field));
    }
    break;
  }
  Judged judged = Judge(event, confirmed);
  if (voided) {
    judged.effect = Effect::kNone;
    judged.reason = v1::STANDING_REASON_VOIDED;
  }
  const Month month = Month::Of(judged.date);
  if (month == about_.shown) {
    doubtful_ |= judged.doubtful;
    List(name, event, judged);
  }
  const auto at = months_.find(month);
  if (judged.effect == Effect::kNone || at == months_.end()) return;
  OwnMonth& own = at->second;
  const std::string& household = event.household_visit().household();
  visited_ |= event.has_household_visit();
  AddActivity(event, judged.date, &own.with_held);
  if (event.has_household_visit()) own.households_with_held.insert(household);
  if (judged.effect == Effect::kHeld) {
    ++own.held_events;
    return;
  }
  ++own.counted_events;
  AddActivity(event, judged.date, &own.counted);
  if (event.has_household_visit()) own.households.insert(household);
}

void OwnMonths::NoteVisited(const v1::Event& event) {
  const std::string& household = event.household_visit().household();
  const bool asked = std::any_of(
      months_.begin(), months_.end(), [&household](const auto& entry) {
        return entry.second.households_with_held.count(household) != 0;
      });
  if (!asked) return;
  bool known = false;
  const Date date = event.claimed_date() != 0
                        ? Date(event.claimed_date())
                        : TimeZone::VietNam().DateOf(time_.Of(event, &known));
  const auto at = months_.find(Month::Of(date));
  if (at != months_.end()) at->second.visited.insert(household);
}

std::int64_t OwnMonths::NewHouseholds(const std::vector<Month>& months,
                                      bool with_held) const {
  std::set<absl::string_view> households;
  for (const Month month : months) {
    const OwnMonth* const own = Find(month);
    if (own == nullptr) continue;
    const auto& visited =
        with_held ? own->households_with_held : own->households;
    households.insert(visited.begin(), visited.end());
  }
  for (const Month month : months) {
    const OwnMonth* const own = Find(month);
    if (own == nullptr) continue;
    for (const std::string& household : own->visited) {
      households.erase(household);
    }
  }
  return static_cast<std::int64_t>(households.size());
}

const OwnMonth* OwnMonths::Find(Month month) const {
  const auto at = months_.find(month);
  return at == months_.end() ? nullptr : &at->second;
}

void OwnMonths::Finish() {
  for (auto& [month, own] : months_) {
    own.counted.set_households(own.counted.households() +
                               NewHouseholds({month}, false));
    own.with_held.set_households(own.with_held.households() +
                                 NewHouseholds({month}, true));
  }
}

std::int64_t OwnMonths::corrections_left() const {
  std::int64_t left = 0;
  for (const auto& [target, one] : corrections_) left += one.used ? 0 : 1;
  return left;
}

}  // namespace thon::client
