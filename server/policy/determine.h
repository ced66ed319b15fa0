// The engine: what a policy says about one beneficiary and one month. A pure
// function from the policy and the facts; it runs in the server, in the
// verifier and on the phone.
//
// The rules are asked in one order, which is the order of the states: who and
// when the policy covers (NOT_COVERED), what must be so (REJECTED), what a
// person must decide (HELD), money (COVERED_UNFUNDED, PROVISIONAL). The first
// rule that does not hold decides; rules behind it are not asked. A trace, when
// asked for, is written by the same run, so that an explanation cannot differ
// from the result.
#ifndef THON_POLICY_DETERMINE_H_
#define THON_POLICY_DETERMINE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/core/limits.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"
#include "thon/v1/policy.pb.h"

namespace thon {

inline constexpr Date kOpenEnd{std::numeric_limits<std::int32_t>::max()};

// Days, both ends included; kOpenEnd: for ever.
struct DayRange {
  Date from;
  Date to = kOpenEnd;
};

// Where the beneficiary's unit stands towards the policy's issuer, by unit id
// and never by code (T25).
enum class Territory : std::uint8_t {
  kInside,
  kOutside,
  // The issuer ended before the month, and the unit was in it till then: only a
  // person can say whether the old act goes on.
  kFormerlyInside,
};

struct ListingFact {
  v1::RegistrationTarget target = v1::REGISTRATION_TARGET_UNSPECIFIED;
  DayRange days;
};

// A funding decision for the policy, as it concerns the beneficiary.
struct FundingFact {
  Position position;
  Month first;
  Month last;
  bool reaches_back = false;  // Also covers months before `recorded`.
  Date recorded;
  bool in_set = false;
  // What is left of the ceiling for this beneficiary and month.
  std::int64_t remaining_vnd = limits::kMoneyMax;
  // What people call it, for explanations; no rule looks at it.
  std::string number = {};
  Date issued = {};
};

struct MemberFact {
  MemberId id;
  std::vector<v1::Affiliation> affiliations;
  Date joined;
  Date left;  // First day on which they are no member; days 0: they are.
  // One day, and any day, of membership.
  bool IsMemberOn(Date day) const {
    return joined <= day && (left.days == 0 || day < left);
  }
};

// A commune's top-up that covers the month.
struct TopUpFact {
  Position position;
  Month first;
  Month last;
  bool reaches_back = false;  // Also covers months before `recorded`.
  Date recorded;
  std::int64_t amount_vnd = 0;  // For a team and month.
};

struct MobilisationFact {
  Position position;
  Date date;
  v1::Shift shift = v1::SHIFT_UNSPECIFIED;
  std::int64_t persons = 0;
  std::int64_t rate_vnd = 0;  // 0: the policy's own.
};

// What else supports the beneficiary in the month: another policy that pays it,
// or support from outside.
struct OtherSupportFact {
  std::string policy_id;  // Empty: from outside.
  Position position;      // From outside: where it was recorded.
  std::int64_t amount_vnd = 0;
};

// An officer's decision of a month that was held.
struct DecisionFact {
  Position position;  // 0: nothing was decided.
  bool pay = false;
};

// Everything the engine looks at besides the policy, for one month. Each field
// is an input with the name given in brackets; a trace names the inputs that a
// rule looked at.
struct BeneficiaryFacts {
  v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM;  // [kind]
  Date today;  // The last day opened. [today]

  // A team's; for an organisation the rest stays as it is.
  v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;    // [level]
  v1::UnitKind unit_kind = v1::UNIT_KIND_UNSPECIFIED;  // [unit_kind]
  Territory territory = Territory::kOutside;           // [territory]
  bool placement_pending = false;                      // [placement_pending]
  // Newest change of the units looked at.
  Position structure_position;

  DayRange exists;                    // [exists]
  std::vector<DayRange> suspensions;  // Ascending by first day. [suspensions]

  std::vector<ListingFact> listings;  // Of the team's commune. [listings]
  Position list_position;             // 0: the list is not there.

  // Who is and was a member; only if the policy reads_roster(). [members]
  std::vector<MemberFact> members;

  // One value for each of Policy::selectors, in its order; empty if it has
  // none. Values of rosters and updates (M04 to M07) the engine computes itself
  // and does not read here. [metric:M02], [metric:M10 app=VNeID]
  std::vector<MetricNumber> counted;
  // The same with every held activity counted.
  std::vector<MetricNumber> with_held;
  // Activities that came after the policy's deadline. [late_left_out]
  std::int64_t late_left_out = 0;

  Date update_submitted;          // days 0: not submitted. [update_submitted]
  bool update_confirmed = false;  // [update_confirmed]

  std::vector<FundingFact> fundings;  // Ascending by position. [fundings]
  // Amounts without top-ups of earlier months of the calendar year. [year_used]
  std::int64_t year_used_vnd = 0;

  std::vector<TopUpFact> top_ups;  // Ascending by position. [top_ups]
  // Of the month, by position. [mobilisations]
  std::vector<MobilisationFact> mobilisations;
  // By policy id. Only of months that it pays. [other_support]
  std::vector<OtherSupportFact> other_support;
  DecisionFact decision;  // [decision]
};

struct UsedMetric {
  MetricSelector selector;
  MetricNumber value;
  bool operator==(const UsedMetric&) const = default;
};

// How a part of the amount came about.
struct AmountPart {
  std::string path;  // "amount[1]", "top_up"
  std::string per;   // "person_day", "top_up"
  std::int64_t quantity = 0;
  std::int64_t rate_vnd = 0;  // 0: rates differ.
  std::int64_t amount_vnd = 0;
  bool operator==(const AmountPart&) const = default;
};

struct Result {
  v1::DeterminationState state = v1::DETERMINATION_STATE_UNSPECIFIED;
  std::int64_t amount_vnd = 0;  // With the top-up.
  std::int64_t top_up_vnd = 0;
  // Empty for one team-month without more.
  absl::InlinedVector<AmountPart, 2> parts;
  // The deciding reason first, flags behind it. Empty if the month has not
  // begun.
  absl::InlinedVector<v1::ReasonCode, 4> reasons;
  std::vector<UsedMetric> metrics;  // By selector.
  std::string other_policy_id;      // DOUBLE_SUPPORT: who pays instead.
  // 0 if the rule that uses it was not asked.
  Position list_position;
  Position funding_position;
  Position structure_position;
  Position decision_position;

  bool operator==(const Result&) const = default;
};

// Which rule a step of a trace is about; explain.h makes sentences of it.
enum class Rule : std::uint8_t {
  kStatus,
  kPeriod,
  kMonthOpen,
  kBeneficiaryKind,
  kLevel,
  kUnitKind,
  kTerritory,
  kExistence,
  kList,
  kSuspendedFully,
  kConditionGroup,
  kThreshold,
  kFormerTerritory,
  kPlacement,
  kSuspendedPartly,
  kUpdateConfirmed,
  kHeldEvents,
  kUpdateMissing,
  kAmount,
  kCap,
  kFunding,
  kNoAmount,
  kSeats,
  kDoubleSupport,
  kDecision,
  kLate,
  kProrata,
  kRounding,
  kTopUp,
};

// One rule that was asked. Points into the policy, which must outlive it.
struct TraceStep {
  Rule rule = Rule::kStatus;
  std::string path;  // In the policy's YAML.
  bool holds = true;
  bool deciding = false;
  v1::ReasonCode reason = v1::REASON_CODE_UNSPECIFIED;
  const Basis* basis = nullptr;  // nullptr: a rule of the engine itself.
  const Condition* condition = nullptr;  // kConditionGroup, kThreshold.
  bool unknown = false;                  // A condition that cannot be computed.
  std::vector<UsedMetric> metrics;
  std::int64_t number = 0;    // Amount, days or seats, as the rule has it.
  std::int64_t quantity = 0;  // kAmount of one line, as in AmountPart;
                              // kProrata: days paid for.
  std::int64_t rate_vnd = 0;  // kAmount of one line, as in AmountPart.
  Position position;          // What it rests on in the log; 0: nothing.
  std::vector<std::string> inputs;  // Names of the facts it looked at.
  std::vector<TraceStep> children;
};

struct Trace {
  std::vector<TraceStep> steps;
};

// Requires a policy that parsed without error, a valid month, and facts with a
// value for each of the policy's selectors. `trace` may be null; the result is
// the same.
Result Determine(const Policy& policy, const BeneficiaryFacts& facts,
                 Month month, Trace* trace = nullptr);

// Whether the policy's period covers the month, as its month rule has it.
bool PeriodCovers(const Policy& policy, Month month);

// True if `funding` speaks about the month.
bool FundingCovers(const FundingFact& funding, Month month);

// The top-up that holds for the month; nullptr: none.
const TopUpFact* TopUpFor(const BeneficiaryFacts& facts, Month month);

// The most that a top-up can be, so that amount and top-up keep the rule's
// ceiling; 0 if the policy allows none.
std::int64_t TopUpMax(const Policy& policy);

}  // namespace thon

#endif  // THON_POLICY_DETERMINE_H_
