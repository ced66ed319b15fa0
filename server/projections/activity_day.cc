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
  totals->people_by_topic[static_cast<v1::Topic>(topic)] += people;
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
    totals->people_by_topic[static_cast<v1::Topic>(topic)] += group.count;
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
      totals->accounts_by_kind[static_cast<v1::AccountKind>(lead.topic())] +=
          group.count;
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

// Calls visit(key, after - before) for each key whose sum changed.
template <typename Sums, typename Visit>
void ForEachChange(const Sums& before, const Sums& after, const Visit& visit) {
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    if (b == before.end() || (a != after.end() && a->first < b->first)) {
      visit(a->first, a->second);
      ++a;
    } else if (a == after.end() || b->first < a->first) {
      visit(b->first, decltype(b->second){} - b->second);
      ++b;
    } else {
      if (!(a->second == b->second)) visit(a->first, a->second - b->second);
      ++a;
      ++b;
    }
  }
}

// Changes the row of `key` in rows that ascend by it; it is made if there is
// none, and dropped if change(row) says that nothing is left of it. `key_of`
// is a row's key, `name` gives a new row its key.
template <typename Row, typename Key, typename KeyOf, typename Name,
          typename Change>
void ChangeRow(const Key& key, const KeyOf& key_of, const Name& name,
               const Change& change,
               google::protobuf::RepeatedPtrField<Row>* rows) {
  const auto at = std::lower_bound(
      rows->begin(), rows->end(), key,
      [&key_of](const Row& row, const Key& k) { return key_of(row) < k; });
  const int i = static_cast<int>(at - rows->begin());
  if (at == rows->end() || key < key_of(*at)) {
    name(rows->Add());
    MoveLastTo(i, rows);
  }
  if (!change(rows->Mutable(i))) rows->DeleteSubrange(i, 1);
}

void ReplaceInstalls(const DayTotals& before, const DayTotals& after,
                     v1::TeamMonth* month) {
  using AppKey = std::pair<absl::string_view, int>;
  ForEachChange(before.installs_by_app, after.installs_by_app,
                [month](const auto& app, std::int64_t count) {
                  const AppKey key(app.first, app.second);
                  ChangeRow(
                      key,
                      [](const v1::AppCount& row) {
                        return AppKey(row.app(), row.basis());
                      },
                      [&app](v1::AppCount* row) {
                        row->set_app(app.first);
                        row->set_basis(static_cast<v1::CountBasis>(app.second));
                      },
                      [count](v1::AppCount* row) {
                        row->set_count(row->count() + count);
                        return row->count() != 0;
                      },
                      month->mutable_installs_by_app());
                });
}

void ReplaceTrainings(const DayTotals& before, const DayTotals& after,
                      v1::TeamMonth* month) {
  ForEachChange(
      before.trainings, after.trainings,
      [month](v1::Audience audience, const TrainingTotals& training) {
        ChangeRow(
            audience,
            [](const v1::TrainingCount& row) { return row.audience(); },
            [audience](v1::TrainingCount* row) { row->set_audience(audience); },
            [&training](v1::TrainingCount* row) {
              row->set_sessions(row->sessions() + training.sessions);
              row->set_attendees(row->attendees() + training.attendees);
              return row->sessions() != 0;
            },
            month->mutable_trainings());
      });
}

void ReplaceParts(const DayTotals& before, const DayTotals& after,
                  v1::TeamMonth* month) {
  ForEachChange(
      before.members, after.members,
      [month](std::uint64_t member, std::int64_t activities) {
        ChangeRow(
            member, [](const v1::MemberCount& row) { return row.member_id(); },
            [member](v1::MemberCount* row) { row->set_member_id(member); },
            [activities](v1::MemberCount* row) {
              row->set_activities(row->activities() + activities);
              return row->activities() != 0;
            },
            month->mutable_members());
      });
  ForEachChange(before.people_by_topic, after.people_by_topic,
                [month](v1::Topic topic, std::int64_t people) {
                  ChangeRow(
                      topic,
                      [](const v1::TopicCount& row) { return row.topic(); },
                      [topic](v1::TopicCount* row) { row->set_topic(topic); },
                      [people](v1::TopicCount* row) {
                        row->set_people(row->people() + people);
                        return row->people() != 0;
                      },
                      month->mutable_people_by_topic());
                });
  ForEachChange(before.accounts_by_kind, after.accounts_by_kind,
                [month](v1::AccountKind kind, std::int64_t count) {
                  ChangeRow(
                      kind,
                      [](const v1::AccountCount& row) { return row.kind(); },
                      [kind](v1::AccountCount* row) { row->set_kind(kind); },
                      [count](v1::AccountCount* row) {
                        row->set_count(row->count() + count);
                        return row->count() != 0;
                      },
                      month->mutable_accounts_by_kind());
                });
  ForEachChange(before.delays, after.delays,
                [month](std::int32_t hours, std::int64_t count) {
                  ChangeRow(
                      hours,
                      [](const v1::DelayCount& row) { return row.hours(); },
                      [hours](v1::DelayCount* row) { row->set_hours(hours); },
                      [count](v1::DelayCount* row) {
                        row->set_count(row->count() + count);
                        return row->count() != 0;
                      },
                      month->mutable_delays());
                });
  ReplaceInstalls(before, after, month);
  ReplaceTrainings(before, after, month);
}

bool IsOfOneAuthor(const v1::ActivityDay& day) {
  return std::all_of(day.facts().begin(), day.facts().end(),
                     [&day](const v1::ActivityFact& fact) {
                       return fact.author_number() ==
                              day.facts(0).author_number();
                     });
}

// The day's sessions, by their first reports; in `followers` the indexes of
// facts that joined another author's, ascending.
std::vector<Group> GroupsOf(const v1::ActivityDay& day,
                            std::vector<int>* followers) {
  std::vector<Group> groups;
  groups.reserve(static_cast<std::size_t>(day.facts_size()));
  if (IsOfOneAuthor(day)) {  // Nobody joins a fact of their own.
    for (const v1::ActivityFact& fact : day.facts()) {
      groups.push_back({.lead = &fact, .count = fact.count(), .others = {}});
    }
    return groups;
  }
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
  ReplaceParts(before, after, month);
}

}  // namespace thon
