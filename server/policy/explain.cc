#include "server/policy/explain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "server/policy/explain_steps.h"

namespace thon {
namespace {

void PutMetric(const UsedMetric& used, v1::MetricValue* out) {
  out->set_metric(std::string(InfoOf(used.selector.metric).id));
  out->set_qualifier(Qualifier(used.selector));
  out->set_numerator(used.value.numerator);
  out->set_denominator(used.value.denominator);
}

// What the money is for: of the lines that pay, each once.
std::string PurposeOf(const Policy& policy, const Result& result) {
  std::vector<absl::string_view> purposes;
  for (const AmountLine& line : policy.amounts) {
    const bool pays =
        result.parts.empty() ||
        std::any_of(result.parts.begin(), result.parts.end(),
                    [&](const AmountPart& part) {
                      return part.path == line.path && part.amount_vnd != 0;
                    });
    if (pays && !line.purpose.empty() &&
        std::find(purposes.begin(), purposes.end(), line.purpose) ==
            purposes.end()) {
      purposes.push_back(line.purpose);
    }
  }
  std::string joined;
  for (const absl::string_view purpose : purposes) {
    absl::StrAppend(&joined, joined.empty() ? "" : ", ", purpose);
  }
  return joined;
}

}  // namespace

Sentence Judged(bool holds, const Sentence& sentence) {
  return {absl::StrCat(holds ? "Đạt: " : "Không đạt: ", sentence.vi),
          absl::StrCat(holds ? "Holds: " : "Does not hold: ", sentence.en)};
}

v1::Derivation Explainer::Step(const TraceStep& step) const {
  v1::Derivation out;
  out.set_rule(step.path);
  out.set_holds(step.holds);
  out.set_deciding(step.deciding);
  out.set_reason(step.reason);
  if (step.basis != nullptr) {
    out.set_source(step.basis->source);
    out.set_assumption(step.basis->assumption);
    // A group of conditions is only form: its thresholds have the sources. So
    // is a sum of lines.
    if (step.basis->source.empty() && step.basis->assumption.empty() &&
        step.rule != Rule::kConditionGroup &&
        !(step.rule == Rule::kAmount && !step.children.empty())) {
      out.set_assumption("không nêu căn cứ (no source is named)");
    }
  }
  Sentence sentence = Say(step);
  out.set_text_vi(std::move(sentence.vi));
  out.set_text_en(std::move(sentence.en));
  for (const UsedMetric& used : step.metrics) {
    PutMetric(used, out.add_metrics());
  }
  AddPositions(step, &out);
  for (const std::string& input : step.inputs) out.add_inputs(input);
  for (const TraceStep& child : step.children) {
    *out.add_steps() = Step(child);
  }
  return out;
}

Sentence Explainer::Say(const TraceStep& step) const {
  switch (step.rule) {
    case Rule::kStatus:
      return SayStatus(step);
    case Rule::kPeriod:
      return SayPeriod(step);
    case Rule::kMonthOpen:
      return SayMonthOpen(step);
    case Rule::kNoAmount:
      return ReasonSentence(v1::REASON_CODE_NO_AMOUNT);
    case Rule::kBeneficiaryKind:
    case Rule::kLevel:
    case Rule::kUnitKind:
      return SayBeneficiary(step);
    case Rule::kTerritory:
    case Rule::kFormerTerritory:
      return SayTerritory(step);
    case Rule::kExistence:
      return SayExistence(step);
    case Rule::kList:
      return SayList(step);
    case Rule::kPlacement:
      return SayPlacement(step);
    case Rule::kSuspendedFully:
    case Rule::kSuspendedPartly:
      return SaySuspension(step);
    case Rule::kConditionGroup:
      return SayGroup(step);
    case Rule::kThreshold:
      return SayThreshold(step);
    case Rule::kHeldEvents:
      return SayHeldEvents(step);
    case Rule::kUpdateMissing:
      return SayUpdateMissing(step);
    case Rule::kUpdateConfirmed:
      return SayUpdateConfirmed(step);
    case Rule::kLate:
      return SayLate(step);
    case Rule::kSeats:
      return SaySeats(step);
    case Rule::kDoubleSupport:
      return SayDoubleSupport(step);
    case Rule::kDecision:
      return SayDecision(step);
    case Rule::kAmount:
      return SayAmount(step);
    case Rule::kProrata:
      return SayProrata(step);
    case Rule::kRounding:
      return SayRounding(step);
    case Rule::kCap:
      return SayCap(step);
    case Rule::kFunding:
      return SayFunding(step);
    case Rule::kTopUp:
      return SayTopUp(step);
  }
  return {};
}

Sentence Explainer::Root(const Result& result) const {
  Sentence why = result.reasons.empty()
                     ? Sentence{"Chưa đến tháng này.",
                                "The month has not "
                                "begun."}
                     : ReasonSentence(result.reasons.front());
  if (!result.other_policy_id.empty()) {
    absl::StrAppend(&why.vi, " Bên chi: ", result.other_policy_id, ".");
    absl::StrAppend(&why.en, " Paid by: ", result.other_policy_id, ".");
  }
  for (std::size_t i = 1; i < result.reasons.size(); ++i) {
    const Sentence flag = ReasonSentence(result.reasons[i]);
    absl::StrAppend(&why.vi, " ", flag.vi);
    absl::StrAppend(&why.en, " ", flag.en);
  }
  const Sentence parts = Parts(result);
  const Sentence month = MonthWords(month_);
  const std::string state = StateName(result.state);
  const std::string money = FormatDong(result.amount_vnd);
  return {absl::StrCat(policy_.id, ", ", month.vi, ": ",
                       StateVietnamese(result.state), ", ", money, parts.vi,
                       ". ", why.vi),
          absl::StrCat(policy_.id, ", ", month.en, ": ",
                       state.empty() ? "not determined" : state, ", ", money,
                       parts.en, ". ", why.en)};
}

v1::Determination ToRow(const Policy& policy, const Result& result,
                        Position policy_position) {
  v1::Determination row;
  row.set_state(result.state);
  row.set_amount_vnd(result.amount_vnd);
  row.set_top_up_vnd(result.top_up_vnd);
  for (const AmountPart& part : result.parts) {
    v1::AmountPart* const out = row.add_parts();
    out->set_path(part.path);
    out->set_per(part.per);
    out->set_quantity(part.quantity);
    out->set_rate_vnd(part.rate_vnd);
    out->set_amount_vnd(part.amount_vnd);
  }
  for (const v1::ReasonCode reason : result.reasons) row.add_reasons(reason);
  for (const UsedMetric& used : result.metrics) {
    PutMetric(used, row.add_metrics());
  }
  row.set_policy_version(policy.version);
  row.set_policy_position(policy_position.value);
  row.set_list_position(result.list_position.value);
  row.set_funding_position(result.funding_position.value);
  row.set_structure_position(result.structure_position.value);
  row.set_decision_position(result.decision_position.value);
  row.set_other_policy_id(result.other_policy_id);
  if (result.amount_vnd != 0) row.set_purpose(PurposeOf(policy, result));
  return row;
}

v1::Derivation ToDerivation(const Policy& policy, const BeneficiaryFacts& facts,
                            Month month, const Result& result,
                            const Trace& trace) {
  const Explainer explainer(policy, facts, month);
  v1::Derivation root;
  root.set_rule("policy");
  root.set_holds(result.state == v1::DETERMINATION_STATE_PROVISIONAL);
  if (!result.reasons.empty()) root.set_reason(result.reasons.front());
  for (const PolicyDocument& document : policy.documents) {
    absl::StrAppend(root.mutable_source(), root.source().empty() ? "" : "; ",
                    document.number, document.number.empty() ? "" : " ", "(",
                    document.issuer, ")");
  }
  Sentence text = explainer.Root(result);
  root.set_text_vi(std::move(text.vi));
  root.set_text_en(std::move(text.en));
  for (const UsedMetric& used : result.metrics) {
    PutMetric(used, root.add_metrics());
  }
  for (const TraceStep& step : trace.steps) {
    *root.add_steps() = explainer.Step(step);
  }
  return root;
}

}  // namespace thon
