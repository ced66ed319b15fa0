#include "server/policy/determine.h"

#include <algorithm>
#include <utility>

#include "server/core/check.h"
#include "server/policy/determine_run.h"

namespace thon {
namespace {

bool IsAboutMoney(v1::ReasonCode flag) {
  switch (flag) {
    case v1::REASON_CODE_FUNDING_RETROACTIVE:
    case v1::REASON_CODE_CAP_REACHED:
    case v1::REASON_CODE_PRORATED:
    case v1::REASON_CODE_ROUNDED:
    case v1::REASON_CODE_NO_UNITS:
    case v1::REASON_CODE_TOPPED_UP:
    case v1::REASON_CODE_TOP_UP_LIMITED:
      return true;
    default:
      return false;
  }
}

// The words of a month on which nothing is paid after all: what the money rules
// said does not stand.
void PayNothing(v1::DeterminationState state, v1::ReasonCode reason,
                Result* result) {
  result->state = state;
  result->amount_vnd = 0;
  result->top_up_vnd = 0;
  result->parts.clear();
  result->funding_position = Position();
  result->reasons.front() = reason;
  result->reasons.erase(std::remove_if(result->reasons.begin() + 1,
                                       result->reasons.end(), IsAboutMoney),
                        result->reasons.end());
}

// Values are looked at by conditions only, and not if a rule before them
// decided.
bool AskedConditions(const Trace& trace) {
  return std::any_of(trace.steps.begin(), trace.steps.end(),
                     [](const TraceStep& step) {
                       return step.rule == Rule::kConditionGroup ||
                              step.rule == Rule::kThreshold;
                     });
}

// Notes what held activities come to. `other` is the run with them, or, if
// `result` is that run, the one without: all that it looked at had a part in
// that they decide, or do not.
void NoteHeldEvents(const std::vector<UsedMetric>& with_held, bool same,
                    bool deciding, Trace other, Trace* trace) {
  TraceStep step;
  step.rule = Rule::kHeldEvents;
  step.path = "conditions";
  step.holds = same;
  step.deciding = deciding;
  if (!same) step.reason = v1::REASON_CODE_HELD_EVENTS_DECIDE;
  if (deciding) step.inputs.push_back("decision");
  step.metrics = with_held;
  step.children = std::move(other.steps);
  for (TraceStep& child : step.children) child.deciding = false;
  trace->steps.push_back(std::move(step));
}

// The officer's word on a month that held activities would decide. Paid "as if
// nothing held it": with the activities that count, or, if only the held ones
// reach the conditions, with those.
Result DecideHeldEvents(const BeneficiaryFacts& facts, Result counted,
                        Result with_held, Trace held_trace, Trace* trace) {
  const bool pay = facts.decision.pay;
  const std::vector<UsedMetric> held_metrics = with_held.metrics;
  Result result = std::move(counted);
  if (pay && result.state == v1::DETERMINATION_STATE_REJECTED) {
    result = std::move(with_held);
    if (trace != nullptr) std::swap(*trace, held_trace);
  }
  if (!pay) {
    PayNothing(v1::DETERMINATION_STATE_REJECTED,
               v1::REASON_CODE_DECIDED_AGAINST, &result);
  } else if (result.decision_position.value == 0) {
    result.reasons.push_back(v1::REASON_CODE_DECIDED_FOR);
  }
  result.decision_position = facts.decision.position;
  if (trace != nullptr) {
    if (!pay) {
      for (TraceStep& step : trace->steps) step.deciding = false;
    }
    NoteHeldEvents(held_metrics, false, false, std::move(held_trace), trace);
    TraceStep step;
    step.rule = Rule::kDecision;
    step.holds = pay;
    step.deciding = !pay;
    step.reason =
        pay ? v1::REASON_CODE_DECIDED_FOR : v1::REASON_CODE_DECIDED_AGAINST;
    step.position = facts.decision.position;
    step.inputs.push_back("decision");
    trace->steps.push_back(std::move(step));
  }
  return result;
}

}  // namespace

Result Run::Take() {
  if (Covered() && Admitted() && Released()) Pay(Amount());
  for (const v1::ReasonCode flag : flags_) result_.reasons.push_back(flag);
  return std::move(result_);
}

TraceStep* Run::Note(Rule rule, absl::string_view path, const Basis* basis,
                     bool holds, v1::ReasonCode reason, Inputs inputs) {
  if (trace_ == nullptr) return nullptr;
  TraceStep step;
  step.rule = rule;
  step.path = std::string(path);
  step.basis = basis;
  step.holds = holds;
  step.reason = holds ? v1::REASON_CODE_UNSPECIFIED : reason;
  for (const absl::string_view input : inputs) {
    step.inputs.emplace_back(input);
  }
  trace_->steps.push_back(std::move(step));
  return &trace_->steps.back();
}

bool Run::Check(Rule rule, absl::string_view path, const Basis* basis,
                bool holds, v1::DeterminationState state, v1::ReasonCode reason,
                Inputs inputs, std::int64_t number, Position position) {
  if (TraceStep* step = Note(rule, path, basis, holds, reason, inputs)) {
    step->deciding = !holds;
    step->number = number;
    step->position = position;
  }
  if (!holds) Decide(state, reason);
  return holds;
}

bool PeriodCovers(const Policy& policy, Month month) {
  if (!policy.has_period) return false;
  const Date first = month.first_day();
  const Date last = month.last_day();
  if (policy.partial_month_counts) {
    return policy.from <= last && first <= policy.to;
  }
  return policy.from <= first && last <= policy.to;
}

Result Determine(const Policy& policy, const BeneficiaryFacts& facts,
                 Month month, Trace* trace) {
  THON_CHECK(month.valid());
  Result result = Run(policy, facts, month, facts.counted, trace).Take();
  if (policy.selectors.empty() || facts.counted == facts.with_held) {
    return result;
  }
  Trace held_trace;
  Result with_held = Run(policy, facts, month, facts.with_held,
                         trace == nullptr ? nullptr : &held_trace)
                         .Take();
  if (result.state == with_held.state &&
      result.amount_vnd == with_held.amount_vnd) {
    if (trace != nullptr && AskedConditions(*trace)) {
      NoteHeldEvents(with_held.metrics, true, false, std::move(held_trace),
                     trace);
    }
    return result;
  }
  if (facts.decision.position.value != 0) {
    return DecideHeldEvents(facts, std::move(result), std::move(with_held),
                            std::move(held_trace), trace);
  }
  PayNothing(v1::DETERMINATION_STATE_HELD, v1::REASON_CODE_HELD_EVENTS_DECIDE,
             &result);
  if (trace != nullptr) {
    for (TraceStep& step : trace->steps) step.deciding = false;
    NoteHeldEvents(with_held.metrics, false, true, std::move(held_trace),
                   trace);
  }
  return result;
}

}  // namespace thon
