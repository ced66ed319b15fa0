// Who pays what a month comes to: funding decisions, and a commune's top-up.
#include <algorithm>
#include <utility>

#include "server/policy/determine_run.h"

namespace thon {
namespace {

// What amount and top-up together may be, given the amount.
std::int64_t Ceiling(const TopUpRule& rule, std::int64_t amount) {
  if (rule.total_max_vnd != 0) return rule.total_max_vnd;
  return Saturated(absl::int128(amount) * rule.total_max_percent / 100);
}

}  // namespace

void Run::Pay(std::int64_t amount) {
  if (!Funded(amount)) {
    result_.parts.clear();
    return;
  }
  result_.amount_vnd = amount;
  TopUp(amount);
  // One team-month says all there is to say.
  if (result_.parts.size() == 1 && result_.parts[0].per == "team_month" &&
      result_.amount_vnd == policy_.amounts[0].vnd) {
    result_.parts.clear();
  }
}

bool Run::Funded(std::int64_t amount) {
  if (!policy_.funding_required) {
    Decide(v1::DETERMINATION_STATE_PROVISIONAL, v1::REASON_CODE_COVERED);
    if (trace_ != nullptr) {
      TraceStep& step = trace_->steps[amount_step_];
      step.deciding = true;
      step.reason = v1::REASON_CODE_COVERED;
    }
    return true;
  }
  const FundingFact* covering = nullptr;
  const FundingFact* including = nullptr;
  const FundingFact* paying = nullptr;
  for (const FundingFact& funding : facts_.fundings) {
    if (!FundingCovers(funding, month_)) continue;
    covering = &funding;
    if (!funding.in_set) continue;
    including = &funding;
    if (paying == nullptr && amount <= funding.remaining_vnd) {
      paying = &funding;
    }
  }
  const FundingFact* named = paying != nullptr      ? paying
                             : including != nullptr ? including
                                                    : covering;
  v1::ReasonCode reason = v1::REASON_CODE_COVERED;
  if (paying == nullptr) {
    reason = including != nullptr  ? v1::REASON_CODE_FUNDING_CEILING_REACHED
             : covering != nullptr ? v1::REASON_CODE_NOT_IN_FUNDED_SET
                                   : v1::REASON_CODE_NO_FUNDING_DECISION;
  }
  if (named != nullptr) result_.funding_position = named->position;
  TraceStep* step =
      Note(Rule::kFunding, "funding.required", &policy_.funding_basis,
           paying != nullptr, reason, {"fundings"});
  if (step != nullptr) {
    step->deciding = true;
    step->reason = reason;
    step->position = result_.funding_position;
    step->number = amount;
  }
  if (paying == nullptr) {
    Decide(v1::DETERMINATION_STATE_COVERED_UNFUNDED, reason);
    return false;
  }
  Decide(v1::DETERMINATION_STATE_PROVISIONAL, reason);
  if (paying->recorded > last_) {
    Flag(v1::REASON_CODE_FUNDING_RETROACTIVE);
    if (step != nullptr) {
      TraceStep late;
      late.rule = Rule::kFunding;
      late.path = "funding";
      late.basis = &policy_.funding_basis;
      late.reason = v1::REASON_CODE_FUNDING_RETROACTIVE;
      late.position = paying->position;
      step->children.push_back(std::move(late));
    }
  }
  return true;
}

void Run::TopUp(std::int64_t amount) {
  if (!policy_.top_up.has_value()) return;
  const TopUpRule& rule = *policy_.top_up;
  const TopUpFact* fact = TopUpFor(facts_, month_);
  const std::int64_t asked =
      fact == nullptr
          ? 0
          : std::clamp<std::int64_t>(fact->amount_vnd, 0, limits::kMoneyMax);
  const std::int64_t room =
      std::max<std::int64_t>(0, Ceiling(rule, amount) - amount);
  const std::int64_t paid = std::min({asked, room, limits::kMoneyMax - amount});
  if (TraceStep* step = Note(Rule::kTopUp, "top_up", &rule.basis, paid == asked,
                             v1::REASON_CODE_TOP_UP_LIMITED, {"top_ups"})) {
    step->number = paid;
    step->quantity = asked;
    if (fact != nullptr) step->position = fact->position;
    if (paid != 0 && paid == asked) step->reason = v1::REASON_CODE_TOPPED_UP;
  }
  if (paid != 0) {
    Flag(v1::REASON_CODE_TOPPED_UP);
    result_.top_up_vnd = paid;
    result_.amount_vnd = amount + paid;
    result_.parts.push_back({"top_up", "top_up", 1, paid, paid});
  }
  if (paid != asked) Flag(v1::REASON_CODE_TOP_UP_LIMITED);
}

bool FundingCovers(const FundingFact& funding, Month month) {
  return funding.first <= month && month <= funding.last &&
         (funding.reaches_back || month.last_day() >= funding.recorded);
}

const TopUpFact* TopUpFor(const BeneficiaryFacts& facts, Month month) {
  const TopUpFact* newest = nullptr;
  for (const TopUpFact& one : facts.top_ups) {
    if (one.first <= month && month <= one.last &&
        (one.reaches_back || month.last_day() >= one.recorded)) {
      newest = &one;
    }
  }
  return newest;
}

std::int64_t TopUpMax(const Policy& policy) {
  if (!policy.top_up.has_value()) return 0;
  absl::int128 base = 0;
  bool by_people = false;
  for (const AmountLine& line : policy.amounts) {
    if (line.unit == AmountUnit::kTeamMonth) {
      base += line.vnd;
    } else {
      by_people = true;
    }
  }
  // How many people a month has is not known here; the engine limits each
  // month by itself.
  if (by_people && policy.top_up->total_max_vnd == 0) return limits::kMoneyMax;
  const std::int64_t amount = Saturated(base);
  return std::max<std::int64_t>(0, Ceiling(*policy.top_up, amount) - amount);
}

}  // namespace thon
