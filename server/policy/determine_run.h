// One run of the engine over its rules. Private to determine*.cc; determine.h
// is the contract.
#ifndef THON_POLICY_DETERMINE_RUN_H_
#define THON_POLICY_DETERMINE_RUN_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/limits.h"
#include "server/policy/determine.h"
#include "server/policy/metrics.h"
#include "server/policy/policy.h"

namespace thon {

inline bool IsThere(const DayRange& range, Date day) {
  return range.from <= day && day <= range.to;
}
inline bool Touches(const DayRange& range, Date first, Date last) {
  return range.from <= last && first <= range.to;
}

// As money; what is above the bound is the bound.
inline std::int64_t Saturated(absl::int128 vnd) {
  return vnd > limits::kMoneyMax ? limits::kMoneyMax
                                 : static_cast<std::int64_t>(vnd);
}

// amount * numerator / denominator, multiplied first, rounded as said.
// Requires numerator >= 0 and denominator > 0.
std::int64_t Share(std::int64_t amount, std::int64_t numerator,
                   std::int64_t denominator, const Rounding& rounding);

// The rules of one determination, asked in order with one set of values.
//
// Each method that asks returns whether the rules go on; if not, the result has
// its state and reason. Nothing is allocated for a trace that nobody wants.
class Run {
 public:
  // `values`: facts.counted or facts.with_held. All must outlive the run.
  Run(const Policy& policy, const BeneficiaryFacts& facts, Month month,
      const std::vector<MetricNumber>& values, Trace* trace)
      : policy_(policy),
        facts_(facts),
        month_(month),
        first_(month.first_day()),
        last_(month.last_day()),
        values_(values),
        trace_(trace) {}

  Result Take();

 private:
  using Inputs = std::initializer_list<absl::string_view>;

  // determine_cover.cc: NOT_COVERED.
  bool Covered();
  bool CoveredTeam();
  bool Listed();

  // determine_conditions.cc: REJECTED.
  bool Admitted();
  bool NotSuspended(SuspensionEffect effect);
  void NoteMissingUpdate();
  void NoteLate();
  bool ConditionsMet();
  Truth Ask(const Condition& condition, TraceStep* step);
  MetricNumber ValueOf(std::size_t selector);
  MetricNumber OnTime() const;
  bool SeatsAreComplete();
  bool SeatsFilled();
  bool SupportedOnce();
  void Use(const MetricSelector& selector, MetricNumber value);

  // determine_hold.cc: HELD.
  bool Released();
  bool Placed();
  bool UpdateConfirmed();
  bool ConditionsKnown();
  // A rule that holds the month, unless it was decided.
  bool Hold(Rule rule, absl::string_view path, const Basis* basis, bool holds,
            v1::ReasonCode reason, Inputs inputs, std::int64_t number = 0,
            Position position = Position());
  bool Decided();

  // determine_money.cc: what it comes to.
  std::int64_t Amount();
  AmountPart Line(const AmountLine& line);
  std::int64_t Members(const AmountLine& line) const;
  void Mobilised(const AmountLine& line, AmountPart* part) const;
  std::int64_t DaysPaidFor() const;
  void NoteDays(std::int64_t days, std::int64_t amount);
  std::int64_t Prorated(std::int64_t amount, std::int64_t days);
  std::int64_t Capped(std::int64_t amount);
  std::int64_t YearCap() const;

  // determine_funding.cc: who pays it.
  void Pay(std::int64_t amount);
  bool Funded(std::int64_t amount);
  void TopUp(std::int64_t amount);

  // Days of the month on which the team existed and was suspended.
  struct Suspended {
    std::int64_t days = 0;
    bool fully = false;
  };
  Suspended SuspendedDays() const;

  // Notes that a rule was asked. If it does not hold, it decides: the result
  // takes `state` and `reason`. Returns `holds`.
  bool Check(Rule rule, absl::string_view path, const Basis* basis, bool holds,
             v1::DeterminationState state, v1::ReasonCode reason, Inputs inputs,
             std::int64_t number = 0, Position position = Position());
  // Notes a rule without deciding. nullptr if nobody wants a trace; else valid
  // until the next step is noted.
  TraceStep* Note(Rule rule, absl::string_view path, const Basis* basis,
                  bool holds, v1::ReasonCode reason, Inputs inputs);
  void Flag(v1::ReasonCode flag) { flags_.push_back(flag); }
  void Decide(v1::DeterminationState state, v1::ReasonCode reason) {
    result_.state = state;
    result_.reasons.push_back(reason);
  }

  const Policy& policy_;
  const BeneficiaryFacts& facts_;
  const Month month_;
  const Date first_;
  const Date last_;
  const std::vector<MetricNumber>& values_;
  Trace* const trace_;
  Result result_;
  absl::InlinedVector<v1::ReasonCode, 4> flags_;
  absl::InlinedVector<MetricNumber, 8> asked_;  // By selector.
  std::optional<bool> seats_complete_;          // Once it was asked.
  Truth conditions_ = Truth::kTrue;
  std::size_t conditions_step_ = 0;  // Of the trace.
  std::int64_t units_ = 0;           // Paid for, over all lines.
  // kAmount decides if no funding is asked for.
  std::size_t amount_step_ = 0;
};

}  // namespace thon

#endif  // THON_POLICY_DETERMINE_RUN_H_
