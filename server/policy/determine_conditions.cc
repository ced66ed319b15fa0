// What must be so: the rules of REJECTED, and what is only noted.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/policy/determine_run.h"
#include "server/policy/seats.h"

namespace thon {
namespace {

constexpr auto kRejected = v1::DETERMINATION_STATE_REJECTED;

// Metrics that rules use besides conditions: M04, M06, M07.
constexpr std::size_t kOwnMetrics = 3;

// Days of [first, last] that lie in any of `ranges`, which ascend by first day
// and may overlap.
std::int64_t DaysCovered(const std::vector<DayRange>& ranges, Date first,
                         Date last) {
  std::int64_t days = 0;
  Date next = first;
  for (const DayRange& range : ranges) {
    const Date from = std::max(range.from, next);
    const Date to = std::min(range.to, last);
    if (to < from) continue;
    days += to.days - from.days + 1;
    next = to.Next();
  }
  return days;
}

std::string InputOf(const MetricSelector& selector) {
  switch (selector.metric) {
    case Metric::kM04:
    case Metric::kM05:
      return "members";
    case Metric::kM06:
      return "update_submitted";
    case Metric::kM07:
      return "update_confirmed";
    default:
      break;
  }
  const std::string qualifier = Qualifier(selector);
  return absl::StrCat("metric:", InfoOf(selector.metric).id,
                      qualifier.empty() ? "" : " ", qualifier);
}

// How many seats nobody fills on the day that says it for the month.
std::int64_t EmptySeatCount(const SeatTemplate& seats,
                            const std::vector<MemberFact>& members,
                            Month month) {
  const Date day =
      seats.on == LookDay::kFirstDay ? month.first_day() : month.last_day();
  return static_cast<std::int64_t>(EmptySeats(seats, members, day).size());
}

}  // namespace

bool Run::Admitted() {
  NoteMissingUpdate();
  NoteLate();
  return NotSuspended(SuspensionEffect::kNoPay) && ConditionsMet() &&
         SeatsFilled() && SupportedOnce();
}

Run::Suspended Run::SuspendedDays() const {
  const Date from = std::max(first_, facts_.exists.from);
  const Date to = std::min(last_, facts_.exists.to);
  if (to < from) return {};
  const std::int64_t days = DaysCovered(facts_.suspensions, from, to);
  return {days, days == to.days - from.days + 1};
}

// Asks whether suspension stops the month, for the rules that give `effect`.
bool Run::NotSuspended(SuspensionEffect effect) {
  const bool full = policy_.suspended_full == effect;
  const bool partly = policy_.suspended_partly == effect;
  if (!full && !partly) return true;
  const Suspended suspended = SuspendedDays();
  const bool fully_holds = !suspended.fully;
  const bool partly_holds = suspended.fully || suspended.days == 0;
  const auto ask = [&](Rule rule, absl::string_view path, bool holds,
                       v1::ReasonCode reason) {
    return effect == SuspensionEffect::kHold
               ? Hold(rule, path, &policy_.suspended_basis, holds, reason,
                      {"suspensions", "exists"}, suspended.days)
               : Check(rule, path, &policy_.suspended_basis, holds, kRejected,
                       reason, {"suspensions", "exists"}, suspended.days);
  };
  return (!full || ask(Rule::kSuspendedFully, "suspended_days.full_month",
                       fully_holds, v1::REASON_CODE_TEAM_SUSPENDED)) &&
         (!partly || ask(Rule::kSuspendedPartly, "suspended_days.partial",
                         partly_holds, v1::REASON_CODE_PARTLY_SUSPENDED));
}

void Run::NoteMissingUpdate() {
  if (!policy_.update_record_missing ||
      facts_.today < policy_.submit_deadline(month_)) {
    return;
  }
  MetricSelector selector;
  selector.metric = Metric::kM06;
  const MetricNumber on_time = OnTime();
  Use(selector, on_time);
  const bool submitted = facts_.update_submitted.days != 0;
  if (TraceStep* step =
          Note(Rule::kUpdateMissing, "monthly_update.record_missing",
               &policy_.update_basis, submitted,
               v1::REASON_CODE_MISSING_MONTHLY_UPDATE, {"update_submitted"})) {
    step->metrics.push_back({selector, on_time});
  }
  if (!submitted) Flag(v1::REASON_CODE_MISSING_MONTHLY_UPDATE);
}

void Run::NoteLate() {
  if (policy_.late.effect != LateEffect::kLeftOut) return;
  const bool none = facts_.late_left_out == 0;
  if (TraceStep* step =
          Note(Rule::kLate, "late_events", &policy_.late.basis, none,
               v1::REASON_CODE_LATE_EVENTS_LEFT_OUT, {"late_left_out"})) {
    step->number = facts_.late_left_out;
  }
  if (!none) Flag(v1::REASON_CODE_LATE_EVENTS_LEFT_OUT);
}

bool Run::ConditionsMet() {
  if (!policy_.conditions.has_value()) return true;
  asked_.reserve(policy_.selectors.size());
  result_.metrics.reserve(policy_.selectors.size() + kOwnMetrics);
  for (std::size_t i = 0; i < policy_.selectors.size(); ++i) {
    asked_.push_back(ValueOf(i));
    Use(policy_.selectors[i], asked_.back());
  }
  TraceStep step;
  conditions_ = Ask(*policy_.conditions, trace_ == nullptr ? nullptr : &step);
  const bool met = conditions_ != Truth::kFalse;
  if (trace_ != nullptr) {
    step.deciding = !met;
    if (!met) step.reason = v1::REASON_CODE_CONDITION_NOT_MET;
    conditions_step_ = trace_->steps.size();
    trace_->steps.push_back(std::move(step));
  }
  if (!met) Decide(kRejected, v1::REASON_CODE_CONDITION_NOT_MET);
  return met;
}

Truth Run::Ask(const Condition& condition, TraceStep* step) {
  if (step != nullptr) {
    step->rule = condition.op == Condition::Op::kThreshold
                     ? Rule::kThreshold
                     : Rule::kConditionGroup;
    step->path = condition.path;
    step->condition = &condition;
    step->basis = &condition.basis;
  }
  Truth truth = Truth::kTrue;
  if (condition.op == Condition::Op::kThreshold) {
    const MetricSelector& selector = policy_.selectors[condition.selector];
    const MetricNumber value = asked_[condition.selector];
    truth = condition.at_most ? AtMost(selector, value, condition.target)
                              : AtLeast(selector, value, condition.target);
    if (step != nullptr) {
      step->metrics.push_back({selector, value});
      step->inputs.push_back(InputOf(selector));
    }
  } else {
    // kAll is the least of its children, kAny the greatest, kNone the opposite
    // of kAny.
    Truth least = Truth::kTrue;
    Truth greatest = Truth::kFalse;
    for (const Condition& child : condition.children) {
      TraceStep child_step;
      const Truth one = Ask(child, step == nullptr ? nullptr : &child_step);
      if (step != nullptr) step->children.push_back(std::move(child_step));
      least = std::min(least, one);
      greatest = std::max(greatest, one);
    }
    truth = greatest;
    if (condition.op == Condition::Op::kAll) truth = least;
    if (condition.op == Condition::Op::kNone) {
      truth = greatest == Truth::kUnknown ? Truth::kUnknown
              : greatest == Truth::kTrue  ? Truth::kFalse
                                          : Truth::kTrue;
    }
  }
  if (step != nullptr) {
    step->holds = truth == Truth::kTrue;
    step->unknown = truth == Truth::kUnknown;
  }
  return truth;
}

MetricNumber Run::OnTime() const {
  const bool on_time =
      facts_.update_submitted.days != 0 &&
      facts_.update_submitted < policy_.submit_deadline(month_);
  return {on_time ? 1 : 0, 1};
}

MetricNumber Run::ValueOf(std::size_t selector) {
  switch (policy_.selectors[selector].metric) {
    case Metric::kM04: {
      AmountLine everybody;
      everybody.members_on = LookDay::kLastDay;
      return {Members(everybody), 1};
    }
    case Metric::kM05:
      return {SeatsAreComplete() ? 1 : 0, 1};
    case Metric::kM06:
      return OnTime();
    case Metric::kM07:
      return {facts_.update_confirmed ? 1 : 0, 1};
    default:
      THON_CHECK(selector < values_.size());
      return values_[selector];
  }
}

bool Run::SeatsAreComplete() {
  if (!seats_complete_.has_value()) {
    seats_complete_ = SeatsComplete(*policy_.seats, facts_.members, month_);
  }
  return *seats_complete_;
}

bool Run::SeatsFilled() {
  if (!policy_.seats.has_value()) return true;
  const SeatTemplate& seats = *policy_.seats;
  const bool complete = SeatsAreComplete();
  const std::int64_t empty =
      trace_ == nullptr || complete
          ? 0
          : EmptySeatCount(seats, facts_.members, month_);
  if (seats.blocks_payment) {
    return Check(Rule::kSeats, "team_template", &seats.basis, complete,
                 kRejected, v1::REASON_CODE_TEMPLATE_INCOMPLETE, {"members"},
                 empty);
  }
  if (TraceStep* step =
          Note(Rule::kSeats, "team_template", &seats.basis, complete,
               v1::REASON_CODE_TEMPLATE_INCOMPLETE, {"members"})) {
    step->number = empty;
  }
  if (!complete) Flag(v1::REASON_CODE_TEMPLATE_INCOMPLETE);
  return true;
}

bool Run::SupportedOnce() {
  const DoubleSupportRule& rule = policy_.double_support;
  if (!rule.forbid) return true;
  const OtherSupportFact* other = nullptr;
  for (const OtherSupportFact& one : facts_.other_support) {
    if (!rule.with.empty() && std::find(rule.with.begin(), rule.with.end(),
                                        one.policy_id) == rule.with.end()) {
      continue;
    }
    // A policy says more than support from outside, which has no name.
    if (other == nullptr || other->policy_id.empty()) other = &one;
    if (!other->policy_id.empty()) break;
  }
  if (other != nullptr) result_.other_policy_id = other->policy_id;
  return Check(Rule::kDoubleSupport, "double_support", &rule.basis,
               other == nullptr, kRejected, v1::REASON_CODE_DOUBLE_SUPPORT,
               {"other_support"}, other == nullptr ? 0 : other->amount_vnd,
               other == nullptr ? Position() : other->position);
}

void Run::Use(const MetricSelector& selector, MetricNumber value) {
  const auto at =
      std::lower_bound(result_.metrics.begin(), result_.metrics.end(), selector,
                       [](const UsedMetric& used, const MetricSelector& other) {
                         return used.selector < other;
                       });
  if (at != result_.metrics.end() && at->selector == selector) return;
  result_.metrics.insert(at, {selector, value});
}

}  // namespace thon
