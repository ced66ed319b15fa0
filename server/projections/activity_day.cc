#include "server/projections/activity_day.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace thon {
namespace {

constexpr std::uint64_t kSessionMs = 15 * 60 * 1000;

// How long after `earlier`, which it does not come before. Right for any two
// instants: the difference of two signed numbers is always an unsigned one.
std::uint64_t After(const v1::ActivityFact& fact,
                    const v1::ActivityFact& earlier) {
  return static_cast<std::uint64_t>(fact.instant_ms()) -
         static_cast<std::uint64_t>(earlier.instant_ms());
}

// Facts of one session: one lead, and those who joined.
struct Group {
  const v1::ActivityFact* lead = nullptr;
  std::int64_t count = 0;
  // Of those who joined.
  std::vector<const v1::ActivityFact*> others;
};

bool SameSession(const v1::ActivityFact& a, const v1::ActivityFact& b) {
  return a.payload_type() == b.payload_type() && a.topic() == b.topic() &&
         a.venue() == b.venue() && a.place() == b.place() &&
         a.household() == b.household();
}

bool HasAuthor(const Group& group, std::uint32_t author_number) {
  if (group.lead->author_number() == author_number) return true;
  return std::any_of(group.others.begin(), group.others.end(),
                     [author_number](const v1::ActivityFact* fact) {
                       return fact->author_number() == author_number;
                     });
}

void AddMember(std::uint64_t member, std::int64_t activities,
               DayTotals* totals) {
  if (member == 0) return;
  auto it = std::lower_bound(
      totals->members.begin(), totals->members.end(), member,
      [](const auto& entry, std::uint64_t id) { return entry.first < id; });
  if (it == totals->members.end() || it->first != member) {
    it = totals->members.insert(it, {member, 0});
  }
  it->second += activities;
}

void Guide(std::uint32_t topic, std::int64_t people, DayTotals* totals) {
  if (people == 0) return;
  totals->people_reached += people;
  totals->people_by_topic[topic] += people;
}

// Calls visit(fact) for each report of the group.
template <typename Visit>
void ForEach(const Group& group, const Visit& visit) {
  visit(*group.lead);
  for (const v1::ActivityFact* fact : group.others) visit(*fact);
}

void AddVisit(const Group& group, DayTotals* totals) {
  if (group.count == 0) return;
  std::vector<std::uint32_t> topics;
  ForEach(group, [&topics](const v1::ActivityFact& fact) {
    if (fact.count() == 0) return;
    topics.insert(topics.end(), fact.topics().begin(), fact.topics().end());
  });
  if (topics.empty()) topics.push_back(v1::TOPIC_UNSPECIFIED);
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  totals->people_reached += group.count;
  for (const std::uint32_t topic : topics) {
    totals->people_by_topic[topic] += group.count;
  }
}

void AddCounts(const Group& group, DayTotals* totals) {
  const v1::ActivityFact& lead = *group.lead;
  switch (lead.payload_type()) {
    case v1::Event::kOutreachSession:
      Guide(lead.topic(), group.count, totals);
      break;
    case v1::Event::kTrainingHeld: {
      Guide(lead.topic(), group.count, totals);
      TrainingTotals& training = totals->trainings[lead.audience()];
      ++training.sessions;
      training.attendees += group.count;
      break;
    }
    case v1::Event::kFraudWarningIssued:
      Guide(v1::TOPIC_FRAUD_PREVENTION, group.count, totals);
      break;
    case v1::Event::kHouseholdVisit:
      AddVisit(group, totals);
      break;
    case v1::Event::kAppInstallAssisted:
      totals->installs += group.count;
      totals->installs_by_app[{lead.app(), lead.basis()}] += group.count;
      if (lead.basis() == v1::COUNT_BASIS_PERSON) {
        Guide(v1::TOPIC_DIGITAL_PLATFORMS, group.count, totals);
      }
      break;
    case v1::Event::kAccountOpenedAssisted:
      totals->accounts += group.count;
      totals->accounts_by_kind[lead.topic()] += group.count;
      break;
    case v1::Event::kOnlineDossierAssisted:
      // A dossier processed on line was submitted on line.
      totals->dossiers_submitted += group.count;
      if (lead.topic() == v1::DOSSIER_STAGE_PROCESSED) {
        totals->dossiers_processed += group.count;
      }
      break;
    default:
      break;
  }
}

// Of an instant that is not known there is no delay.
void AddTimes(const Group& group, DayTotals* totals) {
  bool known = false;
  std::int32_t delay = 0;
  ForEach(group, [&](const v1::ActivityFact& fact) {
    if (fact.quality() == v1::TIME_QUALITY_SUSPECT) return;
    delay = known ? std::min(delay, fact.delay_hours()) : fact.delay_hours();
    known = true;
  });
  if (known) {
    ++totals->delays[delay];
  } else {
    ++totals->suspect;
  }
}

void AddGroup(const Group& group, DayTotals* totals) {
  const v1::ActivityFact& lead = *group.lead;
  ++totals->activities;
  AddCounts(group, totals);
  AddTimes(group, totals);
  AddMember(lead.member_id(), 1, totals);
  if (group.others.empty()) return;
  std::vector<std::uint64_t> seen = {lead.member_id()};
  for (const v1::ActivityFact* fact : group.others) {
    if (std::find(seen.begin(), seen.end(), fact->member_id()) != seen.end()) {
      continue;
    }
    seen.push_back(fact->member_id());
    AddMember(fact->member_id(), 1, totals);
  }
}

// The row of `key` in rows that ascend by it, made if there is none.
// `key_of(row)` is a row's key, `name(row)` gives a new row its key.
template <typename Row, typename Key, typename KeyOf, typename Name>
Row* RowOf(const Key& key, const KeyOf& key_of, const Name& name,
           google::protobuf::RepeatedPtrField<Row>* rows) {
  const auto at = std::lower_bound(
      rows->begin(), rows->end(), key,
      [&key_of](const Row& row, const Key& k) { return key_of(row) < k; });
  const int i = static_cast<int>(at - rows->begin());
  if (at != rows->end() && key_of(*at) == key) return &*at;
  name(rows->Add());
  for (int j = rows->size() - 1; j > i; --j) rows->SwapElements(j, j - 1);
  return rows->Mutable(i);
}

template <typename Row, typename IsZero>
void DropZeros(const IsZero& is_zero,
               google::protobuf::RepeatedPtrField<Row>* rows) {
  rows->erase(std::remove_if(rows->begin(), rows->end(), is_zero), rows->end());
}

// Adds `sign` times the day's sums by part.
void AddParts(const DayTotals& totals, int sign, v1::TeamMonth* month) {
  for (const auto& [member, activities] : totals.members) {
    v1::MemberCount* const row = RowOf(
        member, [](const v1::MemberCount& r) { return r.member_id(); },
        [m = member](v1::MemberCount* r) { r->set_member_id(m); },
        month->mutable_members());
    row->set_activities(row->activities() + sign * activities);
  }
  for (const auto& [topic, people] : totals.people_by_topic) {
    const auto key = static_cast<v1::Topic>(topic);
    v1::TopicCount* const row = RowOf(
        key, [](const v1::TopicCount& r) { return r.topic(); },
        [key](v1::TopicCount* r) { r->set_topic(key); },
        month->mutable_people_by_topic());
    row->set_people(row->people() + sign * people);
  }
  for (const auto& [app, count] : totals.installs_by_app) {
    const auto key = std::make_pair(absl::string_view(app.first), app.second);
    v1::AppCount* const row = RowOf(
        key,
        [](const v1::AppCount& r) {
          return std::make_pair(absl::string_view(r.app()),
                                static_cast<int>(r.basis()));
        },
        [&key](v1::AppCount* r) {
          r->set_app(std::string(key.first));
          r->set_basis(static_cast<v1::CountBasis>(key.second));
        },
        month->mutable_installs_by_app());
    row->set_count(row->count() + sign * count);
  }
  for (const auto& [kind, count] : totals.accounts_by_kind) {
    const auto key = static_cast<v1::AccountKind>(kind);
    v1::AccountCount* const row = RowOf(
        key, [](const v1::AccountCount& r) { return r.kind(); },
        [key](v1::AccountCount* r) { r->set_kind(key); },
        month->mutable_accounts_by_kind());
    row->set_count(row->count() + sign * count);
  }
  for (const auto& [audience, training] : totals.trainings) {
    const auto key = static_cast<v1::Audience>(audience);
    v1::TrainingCount* const row = RowOf(
        key, [](const v1::TrainingCount& r) { return r.audience(); },
        [key](v1::TrainingCount* r) { r->set_audience(key); },
        month->mutable_trainings());
    row->set_sessions(row->sessions() + sign * training.sessions);
    row->set_attendees(row->attendees() + sign * training.attendees);
  }
  for (const auto& [hours, count] : totals.delays) {
    v1::DelayCount* const row = RowOf(
        hours, [](const v1::DelayCount& r) { return r.hours(); },
        [h = hours](v1::DelayCount* r) { r->set_hours(h); },
        month->mutable_delays());
    row->set_count(row->count() + sign * count);
  }
}

void DropEmptyParts(v1::TeamMonth* month) {
  DropZeros<v1::MemberCount>(
      [](const auto& row) { return row.activities() == 0; },
      month->mutable_members());
  DropZeros<v1::TopicCount>([](const auto& row) { return row.people() == 0; },
                            month->mutable_people_by_topic());
  DropZeros<v1::AppCount>([](const auto& row) { return row.count() == 0; },
                          month->mutable_installs_by_app());
  DropZeros<v1::AccountCount>([](const auto& row) { return row.count() == 0; },
                              month->mutable_accounts_by_kind());
  DropZeros<v1::TrainingCount>(
      [](const auto& row) { return row.sessions() == 0; },
      month->mutable_trainings());
  DropZeros<v1::DelayCount>([](const auto& row) { return row.count() == 0; },
                            month->mutable_delays());
}

// The day's sessions, by their first reports; in `followers` the indexes of
// facts that joined another author's, ascending.
std::vector<Group> GroupsOf(const v1::ActivityDay& day,
                            std::vector<int>* followers) {
  std::vector<Group> groups;
  groups.reserve(static_cast<std::size_t>(day.facts_size()));
  std::size_t recent = 0;  // Groups before it are too old to be joined.
  for (int i = 0; i < day.facts_size(); ++i) {
    const v1::ActivityFact& fact = day.facts(i);
    while (recent < groups.size() &&
           After(fact, *groups[recent].lead) >= kSessionMs) {
      ++recent;
    }
    Group* joined = nullptr;
    for (std::size_t g = recent; g < groups.size() && joined == nullptr; ++g) {
      if (SameSession(*groups[g].lead, fact) &&
          !HasAuthor(groups[g], fact.author_number())) {
        joined = &groups[g];
      }
    }
    if (joined == nullptr) {
      groups.push_back({.lead = &fact, .count = fact.count(), .others = {}});
    } else {
      joined->count = std::max(joined->count, fact.count());
      joined->others.push_back(&fact);
      followers->push_back(i);
    }
  }
  return groups;
}

}  // namespace

DayTotals TotalsOf(const v1::ActivityDay& day) {
  DayTotals totals;
  for (const Group& group : GroupsOf(day, &totals.followers)) {
    AddGroup(group, &totals);
  }
  totals.held = day.held_size();
  for (const v1::ActivityFact& fact : day.held()) {
    if (fact.quality() == v1::TIME_QUALITY_SUSPECT) ++totals.suspect;
  }
  return totals;
}

std::vector<std::vector<int>> SessionsOf(const v1::ActivityDay& day) {
  std::map<const v1::ActivityFact*, int> index;
  for (int i = 0; i < day.facts_size(); ++i) index[&day.facts(i)] = i;
  std::vector<std::vector<int>> sessions;
  std::vector<int> followers;
  for (const Group& group : GroupsOf(day, &followers)) {
    std::vector<int>& session = sessions.emplace_back();
    ForEach(group, [&](const v1::ActivityFact& fact) {
      session.push_back(index.at(&fact));
    });
  }
  return sessions;
}

void ReplaceDay(Date date, const DayTotals& before, const DayTotals& after,
                v1::TeamMonth* month) {
  const auto change = [&](std::int64_t DayTotals::*total) {
    return after.*total - before.*total;
  };
  month->set_active_days(month->active_days() + (after.activities > 0 ? 1 : 0) -
                         (before.activities > 0 ? 1 : 0));
  const std::uint32_t bit = std::uint32_t{1} << (date.day() - 1);
  month->set_active_day_bits(after.activities > 0
                                 ? month->active_day_bits() | bit
                                 : month->active_day_bits() & ~bit);
  month->set_activities(month->activities() + change(&DayTotals::activities));
  month->set_people_reached(month->people_reached() +
                            change(&DayTotals::people_reached));
  month->set_installs(month->installs() + change(&DayTotals::installs));
  month->set_accounts(month->accounts() + change(&DayTotals::accounts));
  month->set_dossiers_submitted(month->dossiers_submitted() +
                                change(&DayTotals::dossiers_submitted));
  month->set_dossiers_processed(month->dossiers_processed() +
                                change(&DayTotals::dossiers_processed));
  month->set_suspect(month->suspect() + change(&DayTotals::suspect));
  month->set_held(month->held() + change(&DayTotals::held));
  AddParts(after, 1, month);
  if (before.activities == 0) return;
  AddParts(before, -1, month);
  DropEmptyParts(month);
}

}  // namespace thon
