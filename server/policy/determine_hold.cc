// What a person must decide: the rules of HELD, and their decision.
#include <utility>

#include "server/policy/determine_run.h"

namespace thon {

bool Run::Released() {
  return Hold(Rule::kFormerTerritory, "issuer", nullptr,
              facts_.territory == Territory::kInside,
              v1::REASON_CODE_OUTSIDE_TERRITORY, {"territory"}, 0,
              facts_.structure_position) &&
         Placed() && NotSuspended(SuspensionEffect::kHold) &&
         UpdateConfirmed() && ConditionsKnown();
}

bool Run::Placed() {
  // By a list of communes nothing can be said; else the team is paid by its own
  // id, and the open question is only shown.
  if (policy_.list.has_value()) {
    return Hold(Rule::kPlacement, "registration_list", &policy_.list->basis,
                !facts_.placement_pending, v1::REASON_CODE_PLACEMENT_PENDING,
                {"placement_pending"}, 0, facts_.structure_position);
  }
  Note(Rule::kPlacement, "", nullptr, !facts_.placement_pending,
       v1::REASON_CODE_PLACEMENT_PENDING, {"placement_pending"});
  if (facts_.placement_pending) Flag(v1::REASON_CODE_PLACEMENT_PENDING);
  return true;
}

bool Run::UpdateConfirmed() {
  if (!policy_.update_required) return true;
  const bool due = facts_.today >= policy_.confirm_deadline(month_);
  MetricSelector selector;
  selector.metric = Metric::kM07;
  const MetricNumber confirmed{facts_.update_confirmed ? 1 : 0, 1};
  if (due) Use(selector, confirmed);
  if (!due) {
    Note(Rule::kUpdateConfirmed, "monthly_update.required",
         &policy_.update_basis, true, v1::REASON_CODE_UNSPECIFIED, {});
    return true;
  }
  const std::size_t step = trace_ == nullptr ? 0 : trace_->steps.size();
  const bool goes_on =
      Hold(Rule::kUpdateConfirmed, "monthly_update.required",
           &policy_.update_basis, facts_.update_confirmed,
           v1::REASON_CODE_MISSING_MONTHLY_UPDATE, {"update_confirmed"});
  if (trace_ != nullptr) {
    trace_->steps[step].metrics.push_back({selector, confirmed});
  }
  return goes_on;
}

// Nobody can say that a ratio without a denominator was missed.
bool Run::ConditionsKnown() {
  if (conditions_ != Truth::kUnknown) return true;
  if (trace_ != nullptr) {
    TraceStep& step = trace_->steps[conditions_step_];
    step.reason = v1::REASON_CODE_CONDITION_UNKNOWN;
    step.deciding = facts_.decision.position.value == 0;
    if (step.deciding) step.inputs.push_back("decision");
  }
  if (facts_.decision.position.value != 0) return Decided();
  Decide(v1::DETERMINATION_STATE_HELD, v1::REASON_CODE_CONDITION_UNKNOWN);
  return false;
}

bool Run::Hold(Rule rule, absl::string_view path, const Basis* basis,
               bool holds, v1::ReasonCode reason, Inputs inputs,
               std::int64_t number, Position position) {
  const bool decided = facts_.decision.position.value != 0;
  if (TraceStep* step = Note(rule, path, basis, holds, reason, inputs)) {
    step->number = number;
    step->position = position;
    step->deciding = !holds && !decided;
    if (step->deciding) step->inputs.push_back("decision");
  }
  if (holds) return true;
  if (decided) return Decided();
  Decide(v1::DETERMINATION_STATE_HELD, reason);
  return false;
}

// The officer's word on a month that a rule would hold.
bool Run::Decided() {
  const DecisionFact& decision = facts_.decision;
  if (result_.decision_position.value != 0) return true;  // Said already.
  result_.decision_position = decision.position;
  if (TraceStep* step = Note(Rule::kDecision, "", nullptr, decision.pay,
                             v1::REASON_CODE_DECIDED_AGAINST, {"decision"})) {
    step->deciding = !decision.pay;
    step->position = decision.position;
    if (decision.pay) step->reason = v1::REASON_CODE_DECIDED_FOR;
  }
  if (decision.pay) {
    Flag(v1::REASON_CODE_DECIDED_FOR);
    return true;
  }
  Decide(v1::DETERMINATION_STATE_REJECTED, v1::REASON_CODE_DECIDED_AGAINST);
  return false;
}

}  // namespace thon
