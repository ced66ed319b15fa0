#include "server/projections/activity_day.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/string_view.h"

namespace thon {
namespace {

constexpr std::uint64_t kSessionMs = 15 * 60 * 1000;

// FNV-1a: names that differ get numbers that differ, but for chance. Whoever
// searches for a collision can only make their own team count less.
class NameHash {
 public:
  NameHash& Add(absl::string_view text) {
    for (const char c : text) Mix(static_cast<unsigned char>(c));
    Mix(0x100);  // So that "a", "bc" and "ab", "c" differ.
    return *this;
  }
  NameHash& Add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) Mix(number >> shift & 0xff);
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  void Mix(std::uint64_t v) { value_ = (value_ ^ v) * 0x100000001B3u; }
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

auto OrderOf(const v1::ActivityFact& fact) {
  return std::make_tuple(fact.instant_ms(), fact.author_number(),
                         fact.sequence());
}

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

void AddGroup(const Group& group, DayTotals* totals) {
  const v1::ActivityFact& lead = *group.lead;
  ++totals->activities;
  switch (lead.payload_type()) {
    case v1::Event::kOutreachSession:
    case v1::Event::kTrainingHeld:
    case v1::Event::kFraudWarningIssued:
      totals->people_reached += group.count;
      break;
    case v1::Event::kAppInstallAssisted:
      totals->installs += group.count;
      if (lead.topic() == v1::COUNT_BASIS_PERSON) {
        totals->people_reached += group.count;
      }
      break;
    case v1::Event::kAccountOpenedAssisted:
      totals->accounts += group.count;
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

void AddTo(v1::TeamMonth* month, std::uint64_t member,
           std::int64_t activities) {
  auto& members = *month->mutable_members();
  int i = 0;
  while (i < members.size() && members[i].member_id() < member) ++i;
  if (i == members.size() || members[i].member_id() != member) {
    members.Add()->set_member_id(member);
    std::rotate(members.begin() + i, members.end() - 1, members.end());
  }
  members[i].set_activities(members[i].activities() + activities);
}

}  // namespace

v1::ActivityFact MakeFact(const v1::Event& event, std::uint32_t author_number,
                          const JudgedTime& time) {
  v1::ActivityFact fact;
  fact.set_author_number(author_number);
  fact.set_sequence(event.sequence());
  fact.set_payload_type(event.payload_case());
  fact.set_instant_ms(time.latest.ms);
  fact.set_member_id(event.member_id());
  fact.set_venue(event.venue());
  if (time.quality != v1::TIME_QUALITY_TRUSTED) fact.set_quality(time.quality);

  const auto set = [&fact](std::int64_t count, int topic) {
    fact.set_count(count);
    fact.set_topic(static_cast<std::uint32_t>(topic));
  };
  NameHash place;
  switch (event.payload_case()) {
    case v1::Event::kTaskCompleted:
      set(event.task_completed().result(), event.task_completed().topic());
      place.Add(event.task_completed().task_id());
      break;
    case v1::Event::kOutreachSession:
      set(event.outreach_session().attendees(),
          event.outreach_session().topic());
      place.Add(event.outreach_session().place());
      break;
    case v1::Event::kHouseholdVisit:
      fact.set_household(event.household_visit().household());
      return fact;
    case v1::Event::kAppInstallAssisted:
      set(event.app_install_assisted().count(),
          event.app_install_assisted().basis());
      place.Add(event.app_install_assisted().app());
      break;
    case v1::Event::kAccountOpenedAssisted:
      set(event.account_opened_assisted().count(),
          event.account_opened_assisted().kind());
      break;
    case v1::Event::kOnlineDossierAssisted:
      set(event.online_dossier_assisted().count(),
          event.online_dossier_assisted().stage());
      place.Add(event.online_dossier_assisted().service_group());
      break;
    case v1::Event::kTrainingHeld:
      set(event.training_held().attendees(), event.training_held().topic());
      place.Add(static_cast<std::uint64_t>(event.training_held().audience()));
      break;
    case v1::Event::kTrainingAttended:
      place.Add(event.training_attended().course())
          .Add(event.training_attended().member_id());
      break;
    case v1::Event::kDigitalShopSupported:
      set(event.digital_shop_supported().count(), 0);
      place.Add(event.digital_shop_supported().kind());
      break;
    case v1::Event::kFraudWarningIssued:
      set(event.fraud_warning_issued().reach(),
          event.fraud_warning_issued().channel());
      break;
    case v1::Event::kModelProposed:
      set(0, event.model_proposed().type());
      place.Add(event.model_proposed().model_id());
      break;
    default:
      break;
  }
  fact.set_place(place.value());
  return fact;
}

void AddFact(v1::ActivityFact fact, v1::ActivityDay* day) {
  auto& facts = *day->mutable_facts();
  const auto order = OrderOf(fact);
  *facts.Add() = std::move(fact);
  const auto at =
      std::upper_bound(facts.begin(), facts.end() - 1, order,
                       [](const auto& key, const v1::ActivityFact& other) {
                         return key < OrderOf(other);
                       });
  // By pointers: facts are not copied.
  for (int i = facts.size() - 1; i > at - facts.begin(); --i) {
    facts.SwapElements(i, i - 1);
  }
}

int FindFact(const v1::ActivityDay& day, std::uint32_t author_number,
             Sequence sequence) {
  for (int i = 0; i < day.facts_size(); ++i) {
    const v1::ActivityFact& fact = day.facts(i);
    if (fact.sequence() == sequence.value &&
        fact.author_number() == author_number) {
      return i;
    }
  }
  return -1;
}

DayTotals TotalsOf(const v1::ActivityDay& day) {
  DayTotals totals;
  std::vector<Group> groups;
  groups.reserve(static_cast<std::size_t>(day.facts_size()));
  std::size_t recent = 0;  // Groups before it are too old to be joined.
  for (int i = 0; i < day.facts_size(); ++i) {
    const v1::ActivityFact& fact = day.facts(i);
    if (fact.quality() == v1::TIME_QUALITY_SUSPECT) ++totals.suspect;
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
      totals.followers.push_back(i);
    }
  }
  for (const Group& group : groups) AddGroup(group, &totals);
  return totals;
}

void ReplaceDay(const DayTotals& before, const DayTotals& after,
                v1::TeamMonth* month) {
  month->set_active_days(month->active_days() + (after.activities > 0 ? 1 : 0) -
                         (before.activities > 0 ? 1 : 0));
  month->set_activities(month->activities() + after.activities -
                        before.activities);
  month->set_people_reached(month->people_reached() + after.people_reached -
                            before.people_reached);
  month->set_installs(month->installs() + after.installs - before.installs);
  month->set_accounts(month->accounts() + after.accounts - before.accounts);
  month->set_dossiers_submitted(month->dossiers_submitted() +
                                after.dossiers_submitted -
                                before.dossiers_submitted);
  month->set_dossiers_processed(month->dossiers_processed() +
                                after.dossiers_processed -
                                before.dossiers_processed);
  month->set_suspect(month->suspect() + after.suspect - before.suspect);
  for (const auto& [member, activities] : after.members) {
    AddTo(month, member, activities);
  }
  for (const auto& [member, activities] : before.members) {
    AddTo(month, member, -activities);
  }
  auto& members = *month->mutable_members();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [](const v1::MemberCount& entry) {
                                 return entry.activities() == 0;
                               }),
                members.end());
}

}  // namespace thon
