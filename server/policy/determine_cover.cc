// Who and when a policy covers: the rules of NOT_COVERED.
#include <algorithm>
#include <utility>

#include "server/policy/determine_run.h"

namespace thon {
namespace {

constexpr auto kNotCovered = v1::DETERMINATION_STATE_NOT_COVERED;

// Why a policy of this status pays nobody; UNSPECIFIED if it may pay.
v1::ReasonCode StatusReason(PolicyStatus status) {
  switch (status) {
    case PolicyStatus::kDraft:
      return v1::REASON_CODE_POLICY_DRAFT;
    case PolicyStatus::kAdopted:
      return v1::REASON_CODE_POLICY_NOT_IN_FORCE;
    case PolicyStatus::kRepealed:
    case PolicyStatus::kSuperseded:
      return v1::REASON_CODE_POLICY_ENDED;
    case PolicyStatus::kInForce:
    case PolicyStatus::kPilot:
    case PolicyStatus::kClosed:
      break;
  }
  return v1::REASON_CODE_UNSPECIFIED;
}

}  // namespace

bool Run::Covered() {
  const v1::ReasonCode status = StatusReason(policy_.status);
  const bool ended = policy_.ended_on != Date() && policy_.ended_on <= last_;
  // What pays nothing needs no period to pay it in.
  const bool in_period = policy_.has_period ? PeriodCovers(policy_, month_)
                                            : policy_.amounts.empty() && !ended;
  if (!Check(Rule::kStatus, "status", &policy_.status_basis,
             status == v1::REASON_CODE_UNSPECIFIED, kNotCovered, status, {}) ||
      !Check(
          Rule::kPeriod, "period", &policy_.period_basis, in_period,
          kNotCovered,
          ended ? v1::REASON_CODE_POLICY_ENDED : v1::REASON_CODE_OUTSIDE_PERIOD,
          {})) {
    return false;
  }
  const bool open = first_ <= facts_.today;
  if (TraceStep* step = Note(Rule::kMonthOpen, "", nullptr, open,
                             v1::REASON_CODE_UNSPECIFIED, {"today"})) {
    step->deciding = !open;
  }
  if (!open) return false;  // Nothing is determined yet.
  if (policy_.amounts.empty()) {
    return Check(Rule::kNoAmount, "amount", &policy_.amount_basis, false,
                 kNotCovered, v1::REASON_CODE_NO_AMOUNT, {});
  }
  return Check(Rule::kBeneficiaryKind, "beneficiary",
               &policy_.beneficiary_basis,
               facts_.kind == v1::BENEFICIARY_KIND_TEAM, kNotCovered,
               v1::REASON_CODE_NOT_A_TEAM, {"kind"}) &&
         CoveredTeam();
}

bool Run::CoveredTeam() {
  if (!Check(Rule::kLevel, "beneficiary.level", &policy_.beneficiary_basis,
             facts_.level == policy_.level, kNotCovered,
             v1::REASON_CODE_LEVEL_NOT_COVERED, {"level"})) {
    return false;
  }
  result_.structure_position = facts_.structure_position;
  const bool kind_covered =
      std::find(policy_.kinds.begin(), policy_.kinds.end(), facts_.unit_kind) !=
      policy_.kinds.end();
  if (!Check(Rule::kUnitKind, "beneficiary.kinds", &policy_.beneficiary_basis,
             kind_covered, kNotCovered, v1::REASON_CODE_KIND_NOT_COVERED,
             {"unit_kind"}, 0, facts_.structure_position) ||
      !Check(Rule::kTerritory, "issuer", nullptr,
             facts_.territory != Territory::kOutside, kNotCovered,
             v1::REASON_CODE_OUTSIDE_TERRITORY, {"territory"}, 0,
             facts_.structure_position)) {
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
    case LookDay::kEveryDay:
      exists = IsThere(facts_.exists, first_) && IsThere(facts_.exists, last_);
      break;
  }
  return Check(Rule::kExistence, "team_must_exist", &policy_.exists_basis,
               exists, kNotCovered, v1::REASON_CODE_TEAM_DID_NOT_EXIST,
               {"exists"}) &&
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
  // Whose commune is not decided may still come into a listed one, whatever
  // the lists say now.
  const bool pending = facts_.placement_pending;
  const bool holds =
      Check(Rule::kList, "registration_list", &rule.basis, listed || pending,
            kNotCovered, v1::REASON_CODE_COMMUNE_NOT_REGISTERED, {}, 0,
            facts_.list_position);
  if (trace_ == nullptr) return holds;
  TraceStep& step = trace_->steps.back();
  if (!pending) step.inputs.push_back("listings");
  if (!listed) step.inputs.push_back("placement_pending");
  TraceStep month;
  month.rule = Rule::kList;
  month.path = "registration_list.list_month";
  month.basis = &rule.list_month_basis;
  month.holds = holds;
  month.number = static_cast<std::int64_t>(rule.list_month);
  step.children.push_back(std::move(month));
  return holds;
}

}  // namespace thon
