#include "client-lib/src/preview_maker.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client-lib/src/preview_words.h"
#include "server/core/limits.h"
#include "server/policy/determine.h"
#include "server/policy/explain.h"
#include "server/policy/facts_proto.h"
#include "server/policy/metrics.h"

namespace thon::client {
namespace {

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the team's view: ", what));
}

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

// The value over months of which the view holds all but those that began since;
// unknown if it holds fewer.
MetricNumber CarriedValue(const PreviewSource& source, const Policy& policy,
                          const MetricSelector& selector) {
  if (!IsActivityMetric(selector)) return kUnknownNumber;
  const std::vector<Month> months =
      MonthsLookedAt(policy, selector, source.month);
  const Month first_known(source.view->months(0).month());
  if (months.front() < first_known ||
      (selector.metric == Metric::kM08 && months.size() > 1)) {
    return kUnknownNumber;
  }
  std::vector<const v1::TeamMonth*> rows;
  for (const Month month : months) {
    const v1::TeamMonthView* const view = FindMonth(*source.view, month);
    rows.push_back(view == nullptr ? nullptr : &view->activity());
  }
  return ReadActivityMetric(selector, rows);
}

// The lasting facts of an earlier month, and none of what passes with a month.
BeneficiaryFacts CarryOver(const PreviewSource& source, const Policy& policy,
                           const v1::DeterminationView& from, Month from_month,
                           BeneficiaryFacts facts) {
  facts.counted.clear();
  for (const MetricSelector& selector : policy.selectors) {
    facts.counted.push_back(CarriedValue(source, policy, selector));
  }
  facts.with_held = facts.counted;
  facts.late_left_out = 0;
  facts.members.clear();
  if (policy.reads_roster()) facts.members = MembersOf(source.view->team());
  facts.update_submitted = Date();
  facts.update_confirmed = false;
  facts.mobilisations.clear();
  facts.other_support.clear();
  facts.decision = DecisionFact();
  if (source.month.year() == from_month.year()) {
    facts.year_used_vnd +=
        from.determination().amount_vnd() - from.determination().top_up_vnd();
  } else {
    facts.year_used_vnd = 0;
  }
  return facts;
}

bool SameList(const Policy& a, const Policy& b) {
  if (a.list.has_value() != b.list.has_value()) return false;
  return !a.list.has_value() ||
         (a.list->list_id == b.list->list_id && a.list->year == b.list->year);
}

// The version that holds for the month, of those known: the highest in force on
// its first day. nullptr: none is known.
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

MadePolicy Make(const PreviewSource& source, const Policy& policy,
                const v1::DeterminationView* said, Position policy_position,
                const BeneficiaryFacts& base) {
  MadePolicy made;
  BeneficiaryFacts facts = base;
  AddOwn(source, policy, &facts);
  Trace trace;
  const Result result = Determine(policy, facts, source.month, &trace);
  PolicyPreview& preview = made.preview;
  preview.policy_id = policy.id;
  preview.version = policy.version;
  preview.title = policy.title;
  preview.determination = ToRow(policy, result, policy_position);
  preview.derivation = ToDerivation(policy, facts, source.month, result, trace);
  preview.rests_on_own_events =
      !(Determine(policy, base, source.month) == result);
  if (said != nullptr) preview.server = said->determination();
  preview.text = SayPreview(preview, source.month);
  made.facts = ToProto(policy, facts);
  return made;
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

// Whether this phone's engine comes to what the server says. It may not: a
// policy was superseded, which its text does not say, or this app is old.
bool Reproduces(const Policy& policy, const v1::DeterminationView& said,
                const BeneficiaryFacts& facts, Month month) {
  const v1::Determination& row = said.determination();
  const v1::Determination own = ToRow(policy, Determine(policy, facts, month),
                                      Position(row.policy_position()));
  return own.SerializeAsString() == row.SerializeAsString();
}

// The server's word as it is.
MadePolicy Repeat(const Policy& policy, const v1::DeterminationView& said,
                  Month month) {
  MadePolicy made;
  made.preview.policy_id = policy.id;
  made.preview.version = policy.version;
  made.preview.title = policy.title;
  made.preview.determination = said.determination();
  made.preview.server = said.determination();
  made.preview.text = SayPreview(made.preview, month);
  made.facts = said.facts();
  return made;
}

void MakeHeld(const PreviewSource& source, const v1::TeamMonthView& month,
              MadePreview* made) {
  for (const v1::DeterminationView& said : month.determinations()) {
    const auto found = source.policies->find(
        {said.policy().policy_id(), said.policy().version()});
    if (found == source.policies->end()) {
      made->missing.push_back(SayNoText(said.policy()));
      continue;
    }
    absl::StatusOr<BeneficiaryFacts> facts =
        FromProto(found->second, said.facts());
    if (!facts.ok()) {
      made->missing.push_back(SayNoFacts(said.policy()));
      continue;
    }
    if (!Reproduces(found->second, said, *facts, source.month)) {
      made->missing.push_back(SayNotReproduced(said.policy()));
      made->policies.push_back(Repeat(found->second, said, source.month));
      continue;
    }
    facts->today = TodayFor(source, facts->today);
    made->policies.push_back(
        Make(source, found->second, &said,
             Position(said.determination().policy_position()), *facts));
  }
}

void MakeCarried(const PreviewSource& source, const v1::TeamMonthView& month,
                 MadePreview* made) {
  const Month from(month.month());
  made->facts_from = from;
  for (const v1::DeterminationView& said : month.determinations()) {
    const std::string& id = said.policy().policy_id();
    const auto before = source.policies->find({id, said.policy().version()});
    const Policy* const policy = VersionFor(*source.policies, id, source.month);
    if (before == source.policies->end() || policy == nullptr) {
      made->missing.push_back(SayNoText(said.policy()));
      continue;
    }
    const absl::StatusOr<BeneficiaryFacts> facts =
        FromProto(before->second, said.facts());
    if (!facts.ok() || !SameList(before->second, *policy)) {
      made->missing.push_back(SayNoFacts(said.policy()));
      continue;
    }
    BeneficiaryFacts carried = CarryOver(source, *policy, said, from, *facts);
    carried.today = TodayFor(source, facts->today);
    made->policies.push_back(
        Make(source, *policy, nullptr,
             policy == &before->second
                 ? Position(said.determination().policy_position())
                 : Position(),
             carried));
  }
}

}  // namespace

const v1::TeamMonthView* FindMonth(const v1::TeamView& view, Month month) {
  for (const v1::TeamMonthView& one : view.months()) {
    if (one.month() == month.yyyymm) return &one;
  }
  return nullptr;
}

const v1::DeterminationView* FindDetermination(const v1::TeamMonthView& month,
                                               absl::string_view policy_id) {
  for (const v1::DeterminationView& one : month.determinations()) {
    if (one.policy().policy_id() == policy_id) return &one;
  }
  return nullptr;
}

absl::Status CheckView(const v1::TeamView& view, std::uint64_t team,
                       Sequence sealed_end, const Policies& policies) {
  if (view.ByteSizeLong() > limits::kReplyBytesMax) return Bad("is too large");
  if (view.team().team_id() != team) return Bad("is another team's");
  if (view.end_sequence() > sealed_end.value) {
    return Bad("holds numbers that this phone never sent");
  }
  if (view.months_size() > kViewMonthsMax) return Bad("has too many months");
  if (view.policies_size() > kViewPoliciesMax) {
    return Bad("has too many policies");
  }
  if (view.team().members_size() > limits::kTeamMembersMax) {
    return Bad("has too many members");
  }
  Month before;
  for (const v1::TeamMonthView& month : view.months()) {
    const Month name(month.month());
    if (!name.valid() || name <= before) return Bad("its months are mixed up");
    before = name;
    if (month.determinations_size() > kViewPoliciesMax) {
      return Bad("has too many determinations");
    }
    std::string last;
    for (const v1::DeterminationView& one : month.determinations()) {
      if (one.policy().policy_id() <= last) {
        return Bad("its determinations are mixed up");
      }
      last = one.policy().policy_id();
      const auto policy =
          policies.find({one.policy().policy_id(), one.policy().version()});
      if (policy == policies.end()) continue;  // Asked for again.
      const absl::Status good = FromProto(policy->second, one.facts()).status();
      if (!good.ok()) return Bad(good.message());
    }
  }
  return absl::OkStatus();
}

MadePreview MakePreview(const PreviewSource& source) {
  MadePreview made;
  const v1::TeamView& view = *source.view;
  if (source.month.first_day() > source.own->time().today() &&
      FindMonth(view, source.month) == nullptr) {
    made.missing.push_back(SayNotBegun(source.month));
    return made;
  }
  if (view.months().empty()) {
    made.missing.push_back(SayNoMonths());
    return made;
  }
  const v1::TeamMonthView* const month = FindMonth(view, source.month);
  const v1::TeamMonthView& newest = view.months(view.months_size() - 1);
  if (month != nullptr) {
    MakeHeld(source, *month, &made);
  } else if (source.month.yyyymm > newest.month()) {
    MakeCarried(source, newest, &made);
  } else {
    made.missing.push_back(SayTooOld(source.month));
    return made;
  }
  if (made.policies.empty() && made.missing.empty()) {
    made.missing.push_back(SayNoPolicy(source.month));
  }
  return made;
}

}  // namespace thon::client
