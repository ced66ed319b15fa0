#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/strings/string_view.h"
#include "server/projections/activity_day.h"

namespace thon {
namespace {

constexpr std::int64_t kHourMs = 60 * 60 * 1000;

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

std::int32_t Hours(Instant from, Instant to) {
  if (to <= from) return 0;
  const std::uint64_t ms =
      static_cast<std::uint64_t>(to.ms) - static_cast<std::uint64_t>(from.ms);
  return static_cast<std::int32_t>(std::min<std::uint64_t>(
      ms / kHourMs, std::numeric_limits<std::int32_t>::max()));
}

void SetVisit(const v1::HouseholdVisit& visit, v1::ActivityFact* fact) {
  fact->set_household(visit.household());
  fact->set_count(visit.outcome() == v1::VISIT_OUTCOME_GUIDED ? 1 : 0);
  std::vector<std::uint32_t> topics;
  for (const int topic : visit.topics()) {
    topics.push_back(static_cast<std::uint32_t>(topic));
  }
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  for (const std::uint32_t topic : topics) fact->add_topics(topic);
}

}  // namespace

v1::ActivityFact MakeFact(const v1::Event& event, std::uint32_t author_number,
                          const JudgedTime& time, Date date, Instant received) {
  v1::ActivityFact fact;
  fact.set_author_number(author_number);
  fact.set_sequence(event.sequence());
  fact.set_payload_type(event.payload_case());
  fact.set_instant_ms(time.latest.ms);
  fact.set_member_id(event.member_id());
  fact.set_venue(event.venue());
  if (time.quality != v1::TIME_QUALITY_TRUSTED) fact.set_quality(time.quality);
  fact.set_days_late(TimeZone::VietNam().DateOf(received).days - date.days);
  fact.set_delay_hours(Hours(time.latest, received));

  const auto set = [&fact](std::int64_t count, int topic) {
    fact.set_count(count);
    fact.set_topic(static_cast<std::uint32_t>(topic));
  };
  NameHash place;
  switch (event.payload_case()) {
    case v1::Event::kTaskCompleted:
      set(event.task_completed().result(), event.task_completed().topic());
      place.Add(event.task_completed().task_id());
      fact.set_task_id(event.task_completed().task_id());
      break;
    case v1::Event::kOutreachSession:
      set(event.outreach_session().attendees(),
          event.outreach_session().topic());
      place.Add(event.outreach_session().place());
      break;
    case v1::Event::kHouseholdVisit:
      SetVisit(event.household_visit(), &fact);
      return fact;
    case v1::Event::kAppInstallAssisted:
      set(event.app_install_assisted().count(),
          event.app_install_assisted().basis());
      place.Add(event.app_install_assisted().app());
      fact.set_app(event.app_install_assisted().app());
      fact.set_basis(event.app_install_assisted().basis());
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
      fact.set_audience(event.training_held().audience());
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

void AddFact(v1::ActivityFact fact, ActivityFacts* day) {
  ActivityFacts& facts = *day;
  const auto order = OrderOf(fact);
  *facts.Add() = std::move(fact);
  const auto at =
      std::upper_bound(facts.begin(), facts.end() - 1, order,
                       [](const auto& key, const v1::ActivityFact& other) {
                         return key < OrderOf(other);
                       });
  MoveLastTo(static_cast<int>(at - facts.begin()), &facts);
}

int FindFact(const ActivityFacts& facts, std::uint32_t author_number,
             Sequence sequence) {
  for (int i = 0; i < facts.size(); ++i) {
    const v1::ActivityFact& fact = facts[i];
    if (fact.sequence() == sequence.value &&
        fact.author_number() == author_number) {
      return i;
    }
  }
  return -1;
}

}  // namespace thon
