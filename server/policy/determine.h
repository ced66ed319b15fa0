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
};

// Everything the engine looks at besides the policy, for one month.
struct BeneficiaryFacts {
  v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM;
  Date today;  // The last day opened.

  // A team's; for an organisation the rest stays as it is.
  v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;
  v1::UnitKind unit_kind = v1::UNIT_KIND_UNSPECIFIED;
  Territory territory = Territory::kOutside;
  bool placement_pending = false;
  Position structure_position;  // Newest change of the units looked at.

  DayRange exists;
  std::vector<DayRange> suspensions;  // Ascending by first day.

  std::vector<ListingFact> listings;  // Of the team's commune.
  Position list_position;             // 0: the list is not there.

  // M04 and M06 need the roster and a deadline: use member_count and
  // update_submitted instead.
  MetricValues counted;
  MetricValues with_held;
  std::int64_t member_count = 0;      // On the policy's look day.
  std::int64_t members_last_day = 0;  // M04.
  Date update_submitted;              // days 0: not submitted.
  bool update_confirmed = false;

  std::vector<FundingFact> fundings;  // Ascending by position.
  std::int64_t year_used_vnd = 0;     // Earlier months of the calendar year.
};

struct UsedMetric {
  Metric metric = Metric::kM01;
  MetricNumber value;
  bool operator==(const UsedMetric&) const = default;
};

struct Result {
  v1::DeterminationState state = v1::DETERMINATION_STATE_UNSPECIFIED;
  std::int64_t amount_vnd = 0;
  // The deciding reason first, flags behind it. Empty if the month has not
  // begun.
  absl::InlinedVector<v1::ReasonCode, 4> reasons;
  absl::InlinedVector<UsedMetric, 4> metrics;  // In catalogue order.
  // 0 if the rule that uses it was not asked.
  Position list_position;
  Position funding_position;
  Position structure_position;

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
  std::int64_t number = 0;  // Amount, days or members, as the rule has it.
  Position position;        // What it rests on in the log; 0: nothing.
  std::vector<TraceStep> children;
};

struct Trace {
  std::vector<TraceStep> steps;
};

// Requires a policy that parsed without error and a valid month.
// `trace` may be null; the result is the same.
Result Determine(const Policy& policy, const BeneficiaryFacts& facts,
                 Month month, Trace* trace = nullptr);

// Whether the policy's period covers the month, as its month rule has it.
bool PeriodCovers(const Policy& policy, Month month);

// True if `funding` speaks about the month.
bool FundingCovers(const FundingFact& funding, Month month);

}  // namespace thon

#endif  // THON_POLICY_DETERMINE_H_
