#include "server/policy/determine.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/int128.h"
#include "server/core/check.h"

namespace thon {
namespace {

enum class Truth : std::uint8_t { kFalse, kUnknown, kTrue };

bool IsThere(const DayRange& range, Date day) {
  return range.from <= day && day <= range.to;
}

bool Touches(const DayRange& range, Date first, Date last) {
  return range.from <= last && first <= range.to;
}

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

// One run over the rules, with one set of metric values.
class Run {
 public:
  Run(const Policy& policy, const BeneficiaryFacts& facts, Month month,
      const MetricValues& values, Trace* trace)
      : policy_(policy),
        facts_(facts),
        month_(month),
        first_(month.first_day()),
        last_(month.last_day()),
        values_(values),
        trace_(trace) {}

  Result Take() {
    if (Covered() && !Rejected() && !Held()) Pay();
    for (const v1::ReasonCode flag : flags_) result_.reasons.push_back(flag);
    std::sort(result_.metrics.begin(), result_.metrics.end(),
              [](const UsedMetric& a, const UsedMetric& b) {
                return a.metric < b.metric;
              });
    return std::move(result_);
  }

 private:
  // Each returns whether the rules go on, or have decided.
  bool Covered();
  bool CoveredTeam();
  bool Listed();
  bool Rejected();
  bool Held();
  void Pay();
  void Fund(std::int64_t amount);

  Truth Ask(const Condition& condition, TraceStep* step);
  Truth AskThreshold(const Condition& condition, TraceStep* step);
  MetricNumber ValueOf(Metric metric) const;
  void Use(Metric metric, MetricNumber value);
  void RecordMissingUpdate();
  std::int64_t Capped(std::int64_t amount);

  // Notes that a rule was asked. If it does not hold, it decides: the result
  // takes `state` and `reason`. Returns `holds`.
  bool Check(Rule rule, absl::string_view path, const Basis* basis, bool holds,
             v1::DeterminationState state, v1::ReasonCode reason,
             std::int64_t number = 0, Position position = Position());
  // Notes a rule that never decides.
  TraceStep* Note(Rule rule, absl::string_view path, const Basis* basis,
                  bool holds, v1::ReasonCode reason);
  void Decide(v1::DeterminationState state, v1::ReasonCode reason) {
    result_.state = state;
    result_.reasons.push_back(reason);
  }

  const Policy& policy_;
  const BeneficiaryFacts& facts_;
  const Month month_;
  const Date first_;
  const Date last_;
  const MetricValues& values_;
  Trace* const trace_;
  Result result_;
  absl::InlinedVector<v1::ReasonCode, 2> flags_;
};

TraceStep* Run::Note(Rule rule, absl::string_view path, const Basis* basis,
                     bool holds, v1::ReasonCode reason) {
  if (trace_ == nullptr) return nullptr;
  TraceStep step;
  step.rule = rule;
  step.path = std::string(path);
  step.basis = basis;
  step.holds = holds;
  step.reason = holds ? v1::REASON_CODE_UNSPECIFIED : reason;
  trace_->steps.push_back(std::move(step));
  return &trace_->steps.back();
}

bool Run::Check(Rule rule, absl::string_view path, const Basis* basis,
                bool holds, v1::DeterminationState state, v1::ReasonCode reason,
                std::int64_t number, Position position) {
  if (TraceStep* step = Note(rule, path, basis, holds, reason)) {
    step->deciding = !holds;
    step->number = number;
    step->position = position;
  }
  if (!holds) Decide(state, reason);
  return holds;
}

bool Run::Covered() {
  constexpr v1::DeterminationState kState = v1::DETERMINATION_STATE_NOT_COVERED;
  if (!Check(Rule::kStatus, "status", &policy_.status_basis,
             policy_.status == PolicyStatus::kInForce, kState,
             v1::REASON_CODE_POLICY_DRAFT) ||
      !Check(Rule::kPeriod, "period", &policy_.period_basis,
             PeriodCovers(policy_, month_), kState,
             v1::REASON_CODE_OUTSIDE_PERIOD)) {
    return false;
  }
  const bool open = first_ <= facts_.today;
  if (TraceStep* step = Note(Rule::kMonthOpen, "", nullptr, open,
                             v1::REASON_CODE_UNSPECIFIED)) {
    step->deciding = !open;
  }
  if (!open) return false;  // Nothing is determined yet.
  return Check(Rule::kBeneficiaryKind, "beneficiary",
               &policy_.beneficiary_basis,
               facts_.kind == v1::BENEFICIARY_KIND_TEAM, kState,
               v1::REASON_CODE_NOT_A_TEAM) &&
         CoveredTeam();
}

bool Run::CoveredTeam() {
  constexpr v1::DeterminationState kState = v1::DETERMINATION_STATE_NOT_COVERED;
  if (!Check(Rule::kLevel, "beneficiary.level", &policy_.beneficiary_basis,
             facts_.level == policy_.level, kState,
             v1::REASON_CODE_LEVEL_NOT_COVERED)) {
    return false;
  }
  result_.structure_position = facts_.structure_position;
  const bool kind_covered =
      std::find(policy_.kinds.begin(), policy_.kinds.end(), facts_.unit_kind) !=
      policy_.kinds.end();
  if (!Check(Rule::kUnitKind, "beneficiary.kinds", &policy_.beneficiary_basis,
             kind_covered, kState, v1::REASON_CODE_KIND_NOT_COVERED, 0,
             facts_.structure_position) ||
      !Check(Rule::kTerritory, "issuer", nullptr,
             facts_.territory != Territory::kOutside, kState,
             v1::REASON_CODE_OUTSIDE_TERRITORY, 0, facts_.structure_position)) {
    return false;
  }
  bool exists = false;
  switch (policy_.exists_on) {
    case LookDay::kFirstDay:
      exists = IsThere(facts_.exists, first_);
      break;
    case LookDay::kLastDay:
      exists = IsThere(facts_.exists, last_);
      break;
    case LookDay::kAnyDay:
      exists = Touches(facts_.exists, first_, last_);
      break;
  }
  return Check(Rule::kExistence, "team_must_exist", &policy_.exists_basis,
               exists, kState, v1::REASON_CODE_TEAM_DID_NOT_EXIST) &&
         Listed();
}

bool Run::Listed() {
  if (!policy_.list.has_value()) return true;
  const RegistrationListRule& rule = *policy_.list;
  result_.list_position = facts_.list_position;
  bool listed = false;
  for (const ListingFact& listing : facts_.listings) {
    if (std::find(rule.targets.begin(), rule.targets.end(), listing.target) ==
        rule.targets.end()) {
      continue;
    }
    listed |= rule.list_month == ListMonth::kFirstFull
                  ? IsThere(listing.days, first_)
                  : Touches(listing.days, first_, last_);
  }
  // Whose commune is not decided may still come into a listed one.
  const bool decided = !facts_.placement_pending;
  const bool holds =
      Check(Rule::kList, "registration_list", &rule.basis, listed || !decided,
            v1::DETERMINATION_STATE_NOT_COVERED,
            v1::REASON_CODE_COMMUNE_NOT_REGISTERED, 0, facts_.list_position);
  if (trace_ != nullptr) {
    TraceStep month;
    month.rule = Rule::kList;
    month.path = "registration_list.list_month";
    month.basis = &rule.list_month_basis;
    month.holds = holds;
    month.number = static_cast<std::int64_t>(rule.list_month);
    trace_->steps.back().children.push_back(std::move(month));
  }
  return holds;
}

void Run::RecordMissingUpdate() {
  if (!policy_.update_record_missing ||
      facts_.today < policy_.submit_deadline(month_)) {
    return;
  }
  const MetricNumber on_time = ValueOf(Metric::kM06);
  Use(Metric::kM06, on_time);
  const bool submitted = facts_.update_submitted.days != 0;
  if (TraceStep* step =
          Note(Rule::kUpdateMissing, "monthly_update.record_missing",
               &policy_.update_basis, submitted,
               v1::REASON_CODE_MISSING_MONTHLY_UPDATE)) {
    step->metrics.push_back({Metric::kM06, on_time});
  }
  if (!submitted) flags_.push_back(v1::REASON_CODE_MISSING_MONTHLY_UPDATE);
}

bool Run::Rejected() {
  constexpr v1::DeterminationState kState = v1::DETERMINATION_STATE_REJECTED;
  RecordMissingUpdate();
  const Date from = std::max(first_, facts_.exists.from);
  const Date to = std::min(last_, facts_.exists.to);
  const std::int64_t suspended = DaysCovered(facts_.suspensions, from, to);
  const bool fully = suspended > 0 && suspended == to.days - from.days + 1;
  if (policy_.suspended_full == SuspensionEffect::kNoPay &&
      !Check(Rule::kSuspendedFully, "suspended_days.full_month",
             &policy_.suspended_basis, !fully, kState,
             v1::REASON_CODE_TEAM_SUSPENDED, suspended)) {
    return true;
  }
  if (policy_.suspended_partly == SuspensionEffect::kNoPay &&
      !Check(Rule::kSuspendedPartly, "suspended_days.partial",
             &policy_.suspended_basis, fully || suspended == 0, kState,
             v1::REASON_CODE_PARTLY_SUSPENDED, suspended)) {
    return true;
  }
  if (!policy_.conditions.has_value()) return false;
  TraceStep step;
  const Truth truth =
      Ask(*policy_.conditions, trace_ == nullptr ? nullptr : &step);
  for (const Metric metric : policy_.metrics) Use(metric, ValueOf(metric));
  const v1::ReasonCode reason = truth == Truth::kUnknown
                                    ? v1::REASON_CODE_CONDITION_UNKNOWN
                                    : v1::REASON_CODE_CONDITION_NOT_MET;
  if (trace_ != nullptr) {
    step.deciding = truth != Truth::kTrue;
    step.reason = step.deciding ? reason : v1::REASON_CODE_UNSPECIFIED;
    trace_->steps.push_back(std::move(step));
  }
  if (truth == Truth::kTrue) return false;
  // Nobody can say that a ratio without a denominator was missed.
  Decide(truth == Truth::kUnknown ? v1::DETERMINATION_STATE_HELD : kState,
         reason);
  return true;
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
    truth = AskThreshold(condition, step);
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

Truth Run::AskThreshold(const Condition& condition, TraceStep* step) {
  const MetricNumber value = ValueOf(condition.metric);
  if (step != nullptr) step->metrics.push_back({condition.metric, value});
  if (InfoOf(condition.metric).kind != MetricKind::kRatio) {
    return value.numerator >= condition.target ? Truth::kTrue : Truth::kFalse;
  }
  if (value.denominator == 0) return Truth::kUnknown;
  return absl::int128(value.numerator) * 100 >=
                 absl::int128(condition.target) * value.denominator
             ? Truth::kTrue
             : Truth::kFalse;
}

MetricNumber Run::ValueOf(Metric metric) const {
  if (metric == Metric::kM04) return {facts_.members_last_day, 1};
  if (metric == Metric::kM06) {
    const bool on_time =
        facts_.update_submitted.days != 0 &&
        facts_.update_submitted < policy_.submit_deadline(month_);
    return {on_time ? 1 : 0, 1};
  }
  return values_[metric];
}

void Run::Use(Metric metric, MetricNumber value) {
  for (const UsedMetric& used : result_.metrics) {
    if (used.metric == metric) return;
  }
  result_.metrics.push_back({metric, value});
}

bool Run::Held() {
  constexpr v1::DeterminationState kState = v1::DETERMINATION_STATE_HELD;
  if (!Check(Rule::kFormerTerritory, "issuer", nullptr,
             facts_.territory == Territory::kInside, kState,
             v1::REASON_CODE_OUTSIDE_TERRITORY, 0, facts_.structure_position)) {
    return true;
  }
  if (facts_.placement_pending) {
    // By a list of communes nothing can be said; else the team is paid by its
    // own id, and the open question is only shown.
    if (policy_.list.has_value()) {
      Check(Rule::kPlacement, "registration_list", &policy_.list->basis, false,
            kState, v1::REASON_CODE_PLACEMENT_PENDING, 0,
            facts_.structure_position);
      return true;
    }
    Note(Rule::kPlacement, "", nullptr, false,
         v1::REASON_CODE_PLACEMENT_PENDING);
    flags_.push_back(v1::REASON_CODE_PLACEMENT_PENDING);
  }
  const Date from = std::max(first_, facts_.exists.from);
  const Date to = std::min(last_, facts_.exists.to);
  const std::int64_t suspended = DaysCovered(facts_.suspensions, from, to);
  const bool fully = suspended > 0 && suspended == to.days - from.days + 1;
  if (policy_.suspended_full == SuspensionEffect::kHold &&
      !Check(Rule::kSuspendedFully, "suspended_days.full_month",
             &policy_.suspended_basis, !fully, kState,
             v1::REASON_CODE_TEAM_SUSPENDED, suspended)) {
    return true;
  }
  if (policy_.suspended_partly == SuspensionEffect::kHold &&
      !Check(Rule::kSuspendedPartly, "suspended_days.partial",
             &policy_.suspended_basis, fully || suspended == 0, kState,
             v1::REASON_CODE_PARTLY_SUSPENDED, suspended)) {
    return true;
  }
  if (!policy_.update_required) return false;
  const bool late = facts_.today >= policy_.confirm_deadline(month_);
  const MetricNumber confirmed{facts_.update_confirmed ? 1 : 0, 1};
  if (late) Use(Metric::kM07, confirmed);
  const bool holds =
      Check(Rule::kUpdateConfirmed, "monthly_update.required",
            &policy_.update_basis, !late || facts_.update_confirmed, kState,
            v1::REASON_CODE_MISSING_MONTHLY_UPDATE);
  if (trace_ != nullptr) {
    trace_->steps.back().metrics.push_back({Metric::kM07, confirmed});
  }
  return !holds;
}

std::int64_t Run::Capped(std::int64_t amount) {
  std::int64_t capped = amount;
  if (policy_.cap_month_vnd != 0) {
    capped = std::min(capped, policy_.cap_month_vnd);
  }
  if (policy_.cap_year_vnd != 0) {
    capped = std::min(
        capped,
        std::max<std::int64_t>(0, policy_.cap_year_vnd - facts_.year_used_vnd));
  }
  if (policy_.cap_month_vnd == 0 && policy_.cap_year_vnd == 0) return capped;
  if (TraceStep* step = Note(Rule::kCap, "caps", &policy_.cap_basis,
                             capped == amount, v1::REASON_CODE_CAP_REACHED)) {
    step->number = capped;
  }
  if (capped != amount) flags_.push_back(v1::REASON_CODE_CAP_REACHED);
  return capped;
}

void Run::Pay() {
  const std::int64_t units =
      policy_.unit == AmountUnit::kTeamMonth ? 1 : facts_.member_count;
  const absl::int128 product = absl::int128(policy_.amount_vnd) * units;
  const std::int64_t amount = product > limits::kMoneyMax
                                  ? limits::kMoneyMax
                                  : static_cast<std::int64_t>(product);
  if (TraceStep* step = Note(Rule::kAmount, "amount", &policy_.amount_basis,
                             true, v1::REASON_CODE_COVERED)) {
    step->number = amount;
    if (policy_.unit == AmountUnit::kMemberMonth) {
      step->metrics.push_back({Metric::kM04, {units, 1}});
    }
  }
  if (policy_.unit == AmountUnit::kMemberMonth) {
    Use(Metric::kM04, {units, 1});
  }
  Fund(Capped(amount));
}

void Run::Fund(std::int64_t amount) {
  if (!policy_.funding_required) {
    Decide(v1::DETERMINATION_STATE_PROVISIONAL, v1::REASON_CODE_COVERED);
    result_.amount_vnd = amount;
    if (trace_ == nullptr) return;
    for (TraceStep& step : trace_->steps) {
      if (step.rule != Rule::kAmount) continue;
      step.deciding = true;
      step.reason = v1::REASON_CODE_COVERED;
    }
    return;
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
  if (TraceStep* step =
          Note(Rule::kFunding, "funding.required", &policy_.funding_basis,
               paying != nullptr, reason)) {
    step->deciding = true;
    step->reason = reason;
    step->position = result_.funding_position;
    step->number = amount;
  }
  if (paying == nullptr) {
    Decide(v1::DETERMINATION_STATE_COVERED_UNFUNDED, reason);
    return;
  }
  Decide(v1::DETERMINATION_STATE_PROVISIONAL, reason);
  result_.amount_vnd = amount;
  if (paying->recorded > last_) {
    flags_.push_back(v1::REASON_CODE_FUNDING_RETROACTIVE);
    if (trace_ != nullptr) {
      TraceStep late;
      late.rule = Rule::kFunding;
      late.path = "funding";
      late.basis = &policy_.funding_basis;
      late.reason = v1::REASON_CODE_FUNDING_RETROACTIVE;
      late.position = paying->position;
      trace_->steps.back().children.push_back(std::move(late));
    }
  }
}

}  // namespace

bool PeriodCovers(const Policy& policy, Month month) {
  if (!policy.has_period) return false;
  const Date first = month.first_day();
  const Date last = month.last_day();
  if (policy.partial_month_counts) {
    return policy.from <= last && first <= policy.to;
  }
  return policy.from <= first && last <= policy.to;
}

bool FundingCovers(const FundingFact& funding, Month month) {
  return funding.first <= month && month <= funding.last &&
         (funding.reaches_back || month.last_day() >= funding.recorded);
}

Result Determine(const Policy& policy, const BeneficiaryFacts& facts,
                 Month month, Trace* trace) {
  THON_CHECK(month.valid());
  Result result = Run(policy, facts, month, facts.counted, trace).Take();
  if (policy.metrics.empty() || facts.counted == facts.with_held) {
    return result;
  }
  const Result with_held =
      Run(policy, facts, month, facts.with_held, nullptr).Take();
  if (result.state == with_held.state &&
      result.amount_vnd == with_held.amount_vnd) {
    return result;
  }
  // The money rules were asked on an open question: their words do not stand.
  result.state = v1::DETERMINATION_STATE_HELD;
  result.amount_vnd = 0;
  result.funding_position = Position();
  result.reasons.front() = v1::REASON_CODE_HELD_EVENTS_DECIDE;
  result.reasons.erase(
      std::remove_if(result.reasons.begin() + 1, result.reasons.end(),
                     [](v1::ReasonCode flag) {
                       return flag == v1::REASON_CODE_FUNDING_RETROACTIVE ||
                              flag == v1::REASON_CODE_CAP_REACHED;
                     }),
      result.reasons.end());
  if (trace != nullptr) {
    for (TraceStep& step : trace->steps) step.deciding = false;
    TraceStep step;
    step.rule = Rule::kHeldEvents;
    step.path = "conditions";
    step.holds = false;
    step.deciding = true;
    step.reason = v1::REASON_CODE_HELD_EVENTS_DECIDE;
    for (const UsedMetric& used : with_held.metrics) {
      step.metrics.push_back(used);
    }
    trace->steps.push_back(std::move(step));
  }
  return result;
}

}  // namespace thon
