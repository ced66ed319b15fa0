#include "client-lib/src/preview_facts.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "server/policy/metrics.h"

namespace thon::client {
namespace {

bool IsActivityMetric(const MetricSelector& selector) {
  return InfoOf(selector.metric).source == MetricSource::kActivity;
}

std::vector<Month> MonthsLookedAt(const Policy& policy,
                                  const MetricSelector& selector, Month month) {
  return MonthsOf(selector.over, month,
                  policy.has_period ? policy.first_month() : month);
}

// Own events reach the log today at the earliest.
bool IsLate(const Policy& policy, Month month, Date today) {
  return policy.late.effect == LateEffect::kLeftOut &&
         today >= policy.late_deadline(month);
}

// What the own events add to a value. Numerators and denominators are summed
// over months, so the difference of two readings of the months that are here is
// the difference of the value.
MetricNumber AddedTo(const PreviewSource& source, const Policy& policy,
                     const MetricSelector& selector, Date today,
                     bool with_held) {
  std::vector<const v1::TeamMonth*> before;
  std::vector<const v1::TeamMonth*> after;
  std::vector<Month> in_time;
  for (const Month month : MonthsLookedAt(policy, selector, source.month)) {
    const OwnMonth* const own = source.own->Find(month);
    if (own == nullptr) continue;
    const bool late = IsLate(policy, month, today);
    if (!late) in_time.push_back(month);
    before.push_back(&own->before);
    after.push_back(late        ? &own->before
                    : with_held ? &own->with_held
                                : &own->counted);
  }
  if (selector.metric == Metric::kM08) {
    return {source.own->NewHouseholds(in_time, with_held), 0};
  }
  const MetricNumber was = ReadActivityMetric(selector, before);
  const MetricNumber is = ReadActivityMetric(selector, after);
  return {is.numerator - was.numerator, is.denominator - was.denominator};
}

// The roster as the engine takes it.
std::vector<MemberFact> MembersOf(const v1::TeamRow& team) {
  std::vector<MemberFact> members;
  for (const v1::TeamMember& row : team.members()) {
    MemberFact member;
    member.id = MemberId(row.member_id());
    for (const int affiliation : row.affiliations()) {
      member.affiliations.push_back(static_cast<v1::Affiliation>(affiliation));
    }
    member.joined = Date(row.joined_date());
    member.left = Date(row.left_date());
    members.push_back(std::move(member));
  }
  return members;
}

class Carrier {
 public:
  // `facts`: of month `from`, under `before`.
  Carrier(const PreviewSource& source, const Policy& policy,
          const Policy& before, Month from, const BeneficiaryFacts& facts)
      : source_(source),
        policy_(policy),
        before_(before),
        from_(from),
        facts_(facts) {}

  BeneficiaryFacts Run(const v1::Determination& said) const {
    BeneficiaryFacts facts = facts_;
    facts.counted.clear();
    facts.with_held.clear();
    for (const MetricSelector& selector : policy_.selectors) {
      facts.counted.push_back(Value(selector, facts_.counted));
      facts.with_held.push_back(Value(selector, facts_.with_held));
    }
    facts.late_left_out = 0;
    facts.members.clear();
    if (policy_.reads_roster()) facts.members = MembersOf(source_.view->team());
    facts.update_submitted = Date();
    facts.update_confirmed = false;
    facts.mobilisations.clear();
    facts.decision = DecisionFact();
    // Who else pays is determined before; support from outside is not known.
    facts.other_support.clear();
    facts.year_used_vnd =
        source_.month.year() == from_.year()
            ? facts.year_used_vnd + said.amount_vnd() - said.top_up_vnd()
            : 0;
    return facts;
  }

 private:
  // Nothing is known of months that began since the view. Where the time that
  // is looked at begins with the same month as it did for `from_`, the value
  // goes on from there; where the view holds all of it, its rows say it.
  MetricNumber Value(const MetricSelector& selector,
                     const std::vector<MetricNumber>& values) const {
    if (!IsActivityMetric(selector)) return kUnknownNumber;
    const std::vector<Month> months =
        MonthsLookedAt(policy_, selector, source_.month);
    const auto same =
        std::find(before_.selectors.begin(), before_.selectors.end(), selector);
    const auto at = static_cast<std::size_t>(same - before_.selectors.begin());
    if (at < values.size() && months.front() <= from_ &&
        MonthsLookedAt(before_, selector, from_).front() == months.front()) {
      return values[at];
    }
    if (months.front() < Month(source_.view->months(0).month())) {
      return kUnknownNumber;
    }
    std::vector<const v1::TeamMonth*> rows;
    for (const Month month : months) {
      const v1::TeamMonthView* const view = FindMonth(*source_.view, month);
      rows.push_back(view == nullptr ? nullptr : &view->activity());
    }
    // Households that were visited in several months the rows do not tell.
    if (selector.metric == Metric::kM08 &&
        std::count(rows.begin(), rows.end(), nullptr) + 1 <
            static_cast<std::ptrdiff_t>(rows.size())) {
      return kUnknownNumber;
    }
    return ReadActivityMetric(selector, rows);
  }

  const PreviewSource& source_;
  const Policy& policy_;
  const Policy& before_;
  const Month from_;
  const BeneficiaryFacts& facts_;
};

}  // namespace

void AddOwn(const PreviewSource& source, const Policy& policy,
            BeneficiaryFacts* facts) {
  if (facts->counted.size() != policy.selectors.size() ||
      facts->with_held.size() != policy.selectors.size()) {
    return;  // An organisation's: it has no activities that count.
  }
  const Date today = facts->today;
  std::set<Month> months;
  for (std::size_t i = 0; i < policy.selectors.size(); ++i) {
    const MetricSelector& selector = policy.selectors[i];
    if (!IsActivityMetric(selector)) continue;
    const MetricNumber counted =
        AddedTo(source, policy, selector, today, false);
    const MetricNumber with_held =
        AddedTo(source, policy, selector, today, true);
    facts->counted[i].numerator += counted.numerator;
    facts->counted[i].denominator += counted.denominator;
    facts->with_held[i].numerator += with_held.numerator;
    facts->with_held[i].denominator += with_held.denominator;
    for (const Month month : MonthsLookedAt(policy, selector, source.month)) {
      months.insert(month);
    }
  }
  for (const Month month : months) {
    const OwnMonth* const own = source.own->Find(month);
    if (own != nullptr && IsLate(policy, month, today)) {
      facts->late_left_out += own->counted_events;
    }
  }
  const OwnMonth* const own = source.own->Find(source.month);
  if (own != nullptr && own->update_submitted &&
      facts->update_submitted.days == 0) {
    facts->update_submitted = today;
  }
}

BeneficiaryFacts CarryOver(const PreviewSource& source, const Policy& policy,
                           const Policy& before, Month from,
                           const BeneficiaryFacts& facts,
                           const v1::Determination& said) {
  return Carrier(source, policy, before, from, facts).Run(said);
}

bool SameList(const Policy& a, const Policy& b) {
  if (a.list.has_value() != b.list.has_value()) return false;
  return !a.list.has_value() ||
         (a.list->list_id == b.list->list_id && a.list->year == b.list->year);
}

const Policy* VersionFor(const Policies& policies, const std::string& id,
                         Month month) {
  const Policy* chosen = nullptr;
  for (auto at = policies.lower_bound({id, 0});
       at != policies.end() && at->first.first == id; ++at) {
    if (chosen == nullptr || at->second.effective_from <= month.first_day()) {
      chosen = &at->second;
    }
  }
  return chosen;
}

Date TodayFor(const PreviewSource& source, Date said) {
  const PhoneTime& time = source.own->time();
  // A wall clock alone moves no deadline.
  Date today = time.anchored() ? std::max(said, time.today()) : said;
  // What was asked for has begun on this phone.
  if (Month::Of(time.today()) >= source.month) {
    today = std::max(today, source.month.first_day());
  }
  return today;
}

}  // namespace thon::client
