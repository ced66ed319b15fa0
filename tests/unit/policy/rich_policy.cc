#include "tests/unit/policy/rich_policy.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::testing {
namespace {

Basis From(const std::string& source) { return {source, ""}; }

Condition Threshold(std::size_t selector, std::int64_t target,
                    const std::string& path) {
  Condition condition;
  condition.selector = selector;
  condition.target = target;
  condition.path = path;
  condition.basis = From(absl::StrCat("source of ", path));
  return condition;
}

void SetSelectors(Policy* policy) {
  MetricSelector people;
  people.metric = Metric::kM09;
  people.topic = v1::TOPIC_HEALTH;
  MetricSelector installs;
  installs.metric = Metric::kM10;
  installs.over = Grain::kQuarter;
  installs.app = "VNeID";
  installs.basis = v1::COUNT_BASIS_PERSON;
  MetricSelector accounts;
  accounts.metric = Metric::kM11;
  accounts.account = v1::ACCOUNT_KIND_EWALLET;
  MetricSelector dossiers;
  dossiers.metric = Metric::kM12;
  dossiers.of = v1::UNIT_LEVEL_COMMUNE;
  MetricSelector trainings;
  trainings.metric = Metric::kM19;
  trainings.audience = v1::AUDIENCE_RESIDENTS;
  trainings.attendees = true;
  MetricSelector score;
  score.metric = Metric::kM21;
  score.mean = true;
  policy->selectors = {people, installs, accounts, dossiers, trainings, score};
}

void SetConditions(Policy* policy) {
  SetSelectors(policy);
  Condition any;
  any.op = Condition::Op::kAny;
  any.path = "conditions.all[1]";
  any.basis = From("source of the group");
  for (std::size_t i = 1; i < 6; ++i) {
    any.children.push_back(
        Threshold(i, 7, absl::StrCat("conditions.all[1].any[", i - 1, "]")));
  }
  Condition all;
  all.op = Condition::Op::kAll;
  all.path = "conditions";
  all.children.push_back(Threshold(0, 5, "conditions.all[0]"));
  all.children.push_back(std::move(any));
  policy->conditions = std::move(all);
}

AmountLine Line(AmountUnit unit, std::int64_t vnd, int index) {
  AmountLine line;
  line.unit = unit;
  line.vnd = vnd;
  line.path = absl::StrCat("amount[", index, "]");
  line.basis = From(absl::StrCat("source of line ", index));
  line.purpose = "TRAINING";
  return line;
}

void SetMoney(Policy* policy) {
  policy->amounts = {Line(AmountUnit::kTeamMonth, 500'000, 0),
                     Line(AmountUnit::kMemberMonth, 60'000, 1),
                     Line(AmountUnit::kPersonDay, 150'000, 2),
                     Line(AmountUnit::kPersonNight, 200'000, 3)};
  policy->amounts[1].members_max = 10;
  policy->amounts[3].up_to = true;
  policy->cap_month_vnd = 2'000'000;
  policy->cap_year_vnd = 3'000'000;
  policy->cap_basis = From("source of the caps");
  policy->top_up = TopUpRule();
  policy->top_up->total_max_vnd = 4'000'000;
  policy->top_up->basis = From("source of the top-up");
  policy->double_support.forbid = true;
  policy->double_support.with = {"OTHER-1", "OTHER-2"};
  policy->double_support.basis = From("source of double support");
  policy->funding_required = true;
  policy->funding_basis = From("source of funding");
}

void SetWho(Policy* policy) {
  policy->kinds = {v1::UNIT_KIND_THON, v1::UNIT_KIND_BAN};
  policy->beneficiary_basis = From("source of beneficiaries");
  policy->one_team_per_unit = true;
  policy->one_team_basis = From("source of one team");
  policy->list = RegistrationListRule();
  policy->list->list_id = "L-1";
  policy->list->year = 2023;
  policy->list->targets = {v1::REGISTRATION_TARGET_STANDARD};
  policy->list->basis = From("source of the list");
  policy->list->list_month_basis = From("source of its months");
  policy->exists_basis = From("source of existence");
  policy->suspended_basis = From("source of suspension");
  policy->seats = SeatTemplate();
  policy->seats->seats = {
      {{v1::AFFILIATION_PARTY_SECRETARY, v1::AFFILIATION_VILLAGE_HEAD}},
      {{v1::AFFILIATION_YOUTH_UNION}}};
  policy->seats->basis = From("source of seats");
  policy->update_required = true;
  policy->update_record_missing = true;
  policy->update_submit_before_day = 6;
  policy->update_confirm_before_day = 11;
  policy->update_basis = From("source of updates");
  policy->late.effect = LateEffect::kLeftOut;
  policy->late.before_day = 9;
  policy->late.basis = From("source of late events");
}

void SetRest(Policy* policy) {
  Target target;
  target.selector.metric = Metric::kM13;
  target.has_target = true;
  target.at_least = 90;
  target.weight = 20;
  target.path = "targets[0]";
  target.basis = From("source of the target");
  policy->targets = {target};
  policy->award = AwardRule();
  policy->award->pool = {v1::ORGANISATION_KIND_DEPARTMENT};
  policy->award->precondition = "recognised";
  policy->award->rank_vnd = {500, 400};
  policy->award->cadence = "yearly";
  policy->award->basis = From("source of the award");
  policy->pay_rhythm = "quarter";
  policy->pay_rhythm_basis = From("source of the rhythm");
  policy->purposes = {"COMMON_TASKS", "TRAINING"};
  policy->purposes_basis = From("source of purposes");
  policy->verify_chain = {"COMMUNE_STANDING", "PROVINCIAL_PC"};
  policy->verify_basis = From("source of verification");
}

using P = Policy*;

void AddHeadChanges(std::vector<PolicyChange>* out) {
  const auto add = [out](const char* name, std::function<void(P)> apply,
                         std::vector<std::string> fields) {
    out->push_back({name, std::move(apply), std::move(fields)});
  };
  add("id", [](P p) { p->id = "R-2"; }, {"policy"});
  add("version", [](P p) { p->version = 4; }, {"version"});
  add("title", [](P p) { p->title = "Other"; }, {"title"});
  add("issuer", [](P p) { p->issuer = "Tỉnh B"; }, {"issuer"});
  add("status", [](P p) { p->status = PolicyStatus::kPilot; }, {"status"});
  add("status_basis", [](P p) { p->status_basis.assumption = "x"; },
      {"status.assumption"});
  add("number", [](P p) { p->documents[0].number = "2/NQ"; },
      {"basis[0].document"});
  add("issued", [](P p) { p->documents[0].issued = Date::Of(2020, 1, 2); },
      {"basis[0].issued"});
  add("document_issuer", [](P p) { p->documents[0].issuer = "UBND"; },
      {"basis[0].issuer"});
  add("document",
      [](P p) {
        p->documents.push_back({"9", Date(), "HĐND"});
      },
      {"basis[1].document", "basis[1].issuer"});
  add("review_on", [](P p) { p->review_on = Date::Of(2026, 1, 1); },
      {"review.on"});
  add("review_note", [](P p) { p->review_note = "again"; }, {"review.note"});
  add("effective_from", [](P p) { p->effective_from = Date::Of(2023, 9, 1); },
      {"effective_from"});
  add("from", [](P p) { p->from = Date::Of(2023, 6, 2); }, {"period.from"});
  add("to", [](P p) { p->to = Date::Of(2023, 11, 30); }, {"period.to"});
  add("has_period", [](P p) { p->has_period = false; },
      {"period.source", "period.from", "period.to"});
  add("period_basis", [](P p) { p->period_basis.source = "x"; },
      {"period.source"});
  add("partial_month", [](P p) { p->partial_month_counts = false; },
      {"month_rule.partial_month"});
  add("prorate", [](P p) { p->prorate_by_day = false; },
      {"month_rule.prorata"});
  add("month_basis", [](P p) { p->month_basis.source = "x"; },
      {"month_rule.source"});
  add("to_vnd", [](P p) { p->rounding.to_vnd = 500; }, {"rounding.to_vnd"});
  add("mode", [](P p) { p->rounding.mode = RoundMode::kUp; },
      {"rounding.mode"});
  add("rounding_basis", [](P p) { p->rounding.basis.source = "x"; },
      {"rounding.source"});
}

void AddWhoChanges(std::vector<PolicyChange>* out) {
  const auto add = [out](const char* name, std::function<void(P)> apply,
                         std::vector<std::string> fields) {
    out->push_back({name, std::move(apply), std::move(fields)});
  };
  add("level", [](P p) { p->level = v1::UNIT_LEVEL_COMMUNE; },
      {"beneficiary.level"});
  add("kinds", [](P p) { p->kinds.pop_back(); }, {"beneficiary.kinds"});
  add("beneficiary_basis", [](P p) { p->beneficiary_basis.source = "x"; },
      {"beneficiary.source"});
  add("one_team", [](P p) { p->one_team_per_unit = false; },
      {"beneficiary.one_team_per_unit.source",
       "beneficiary.one_team_per_unit"});
  add("one_team_basis", [](P p) { p->one_team_basis.source = "x"; },
      {"beneficiary.one_team_per_unit.source"});
  add("list_id", [](P p) { p->list->list_id = "L-2"; },
      {"registration_list.list"});
  add("list_year", [](P p) { p->list->year = 2024; },
      {"registration_list.year"});
  add("list_targets",
      [](P p) { p->list->targets = {v1::REGISTRATION_TARGET_ADVANCED}; },
      {"registration_list.targets"});
  add("list_month", [](P p) { p->list->list_month = ListMonth::kContaining; },
      {"registration_list.list_month"});
  add("list_basis", [](P p) { p->list->basis.source = "x"; },
      {"registration_list.source"});
  add("list_month_basis", [](P p) { p->list->list_month_basis.source = "x"; },
      {"registration_list.list_month.source"});
  add("exists_on", [](P p) { p->exists_on = LookDay::kEveryDay; },
      {"team_must_exist.on"});
  add("exists_basis", [](P p) { p->exists_basis.source = "x"; },
      {"team_must_exist.source"});
  add("suspended_full",
      [](P p) { p->suspended_full = SuspensionEffect::kHold; },
      {"suspended_days.full_month"});
  add("suspended_partly",
      [](P p) { p->suspended_partly = SuspensionEffect::kPay; },
      {"suspended_days.partial"});
  add("suspended_basis", [](P p) { p->suspended_basis.source = "x"; },
      {"suspended_days.source"});
  add("seats", [](P p) { p->seats->seats.pop_back(); },
      {"team_template.seats"});
  add("seat", [](P p) { p->seats->seats[0].any_of.pop_back(); },
      {"team_template.seats"});
  add("seats_on", [](P p) { p->seats->on = LookDay::kFirstDay; },
      {"team_template.on"});
  add("blocks", [](P p) { p->seats->blocks_payment = true; },
      {"team_template.blocks_payment"});
  add("seats_basis", [](P p) { p->seats->basis.source = "x"; },
      {"team_template.source"});
  add("update_required", [](P p) { p->update_required = false; },
      {"monthly_update.required"});
  add("record_missing", [](P p) { p->update_record_missing = false; },
      {"monthly_update.record_missing"});
  add("submit", [](P p) { p->update_submit_before_day = 7; },
      {"monthly_update.submit_before_day"});
  add("confirm", [](P p) { p->update_confirm_before_day = 12; },
      {"monthly_update.confirm_before_day"});
  add("update_basis", [](P p) { p->update_basis.source = "x"; },
      {"monthly_update.source"});
  add("late_effect", [](P p) { p->late.effect = LateEffect::kCounts; },
      {"late_events.effect", "late_events.before_day"});
  add("late_day", [](P p) { p->late.before_day = 8; },
      {"late_events.before_day"});
  add("late_date",
      [](P p) {
        p->late.before_day = 0;
        p->late.accept_before = Date::Of(2024, 3, 4);
      },
      {"late_events.before_day", "late_events.accept_before"});
  add("late_basis", [](P p) { p->late.basis.source = "x"; },
      {"late_events.source"});
}

void AddConditionChanges(std::vector<PolicyChange>* out) {
  const auto add = [out](const char* name, std::function<void(P)> apply,
                         std::vector<std::string> fields) {
    out->push_back({name, std::move(apply), std::move(fields)});
  };
  const std::string any = "conditions.all[1]";
  add("op", [](P p) { p->conditions->op = Condition::Op::kNone; },
      {"conditions"});
  add("any_op",
      [](P p) { p->conditions->children[1].op = Condition::Op::kAll; }, {any});
  add("group_basis", [](P p) { p->conditions->children[1].basis.source = "x"; },
      {any + ".source"});
  add("target", [](P p) { p->conditions->children[0].target = 6; },
      {"conditions.all[0].at_least"});
  add("at_most", [](P p) { p->conditions->children[0].at_most = true; },
      {"conditions.all[0].at_least", "conditions.all[0].at_most"});
  add("threshold_basis",
      [](P p) { p->conditions->children[0].basis.source = "x"; },
      {"conditions.all[0].source"});
  add("child", [](P p) { p->conditions->children[1].children.pop_back(); },
      {any + ".any[4].metric", any + ".any[4].source",
       any + ".any[4].at_least"});
  add("metric", [](P p) { p->selectors[0].metric = Metric::kM08; },
      {"conditions.all[0].metric"});
  add("topic", [](P p) { p->selectors[0].topic = v1::TOPIC_EDUCATION; },
      {"conditions.all[0].metric"});
  add("over", [](P p) { p->selectors[0].over = Grain::kYear; },
      {"conditions.all[0].metric"});
  add("app", [](P p) { p->selectors[1].app = "HauGiang"; },
      {any + ".any[0].metric"});
  add("basis", [](P p) { p->selectors[1].basis = v1::COUNT_BASIS_HOUSEHOLD; },
      {any + ".any[0].metric"});
  add("account",
      [](P p) { p->selectors[2].account = v1::ACCOUNT_KIND_PAYMENT; },
      {any + ".any[1].metric"});
  add("of", [](P p) { p->selectors[3].of = v1::UNIT_LEVEL_PROVINCE; },
      {any + ".any[2].metric"});
  add("audience", [](P p) { p->selectors[4].audience = v1::AUDIENCE_LEADERS; },
      {any + ".any[3].metric"});
  add("attendees", [](P p) { p->selectors[4].attendees = false; },
      {any + ".any[3].metric"});
  add("mean", [](P p) { p->selectors[5].mean = false; },
      {any + ".any[4].metric"});
}

void AddMoneyChanges(std::vector<PolicyChange>* out) {
  const auto add = [out](const char* name, std::function<void(P)> apply,
                         std::vector<std::string> fields) {
    out->push_back({name, std::move(apply), std::move(fields)});
  };
  add("unit", [](P p) { p->amounts[2].unit = AmountUnit::kPersonNight; },
      {"amount[2].per"});
  add("vnd", [](P p) { p->amounts[0].vnd = 600'000; }, {"amount[0].vnd"});
  add("up_to", [](P p) { p->amounts[3].up_to = false; }, {"amount[3].up_to"});
  add("members_on", [](P p) { p->amounts[1].members_on = LookDay::kAnyDay; },
      {"amount[1].members_on"});
  add("members_max", [](P p) { p->amounts[1].members_max = 9; },
      {"amount[1].members_max"});
  add("purpose", [](P p) { p->amounts[0].purpose = "MEETING"; },
      {"amount[0].purpose"});
  add("amount_basis", [](P p) { p->amounts[0].basis.source = "x"; },
      {"amount[0].source"});
  add("line", [](P p) { p->amounts.pop_back(); },
      {"amount[3].per", "amount[3].vnd", "amount[3].up_to", "amount[3].purpose",
       "amount[3].source"});
  add("cap_month", [](P p) { p->cap_month_vnd = 1'000'000; },
      {"caps.month_vnd"});
  add("cap_year", [](P p) { p->cap_year_vnd = 5'000'000; }, {"caps.year_vnd"});
  add("cap_by_month", [](P p) { p->cap_year_by_month = true; },
      {"caps.year_prorata"});
  add("cap_basis", [](P p) { p->cap_basis.source = "x"; }, {"caps.source"});
  add("top_up_vnd", [](P p) { p->top_up->total_max_vnd = 5; },
      {"top_up.total_max_vnd"});
  add("top_up_percent",
      [](P p) {
        p->top_up->total_max_vnd = 0;
        p->top_up->total_max_percent = 200;
      },
      {"top_up.total_max_vnd", "top_up.total_max_percent"});
  add("top_up_basis", [](P p) { p->top_up->basis.source = "x"; },
      {"top_up.source"});
  add("forbid", [](P p) { p->double_support.forbid = false; },
      {"double_support.rule"});
  add("with", [](P p) { p->double_support.with.pop_back(); },
      {"double_support.with"});
  add("double_basis", [](P p) { p->double_support.basis.source = "x"; },
      {"double_support.source"});
  add("funding", [](P p) { p->funding_required = false; },
      {"funding.required"});
  add("funding_basis", [](P p) { p->funding_basis.source = "x"; },
      {"funding.source"});
}

void AddRestChanges(std::vector<PolicyChange>* out) {
  const auto add = [out](const char* name, std::function<void(P)> apply,
                         std::vector<std::string> fields) {
    out->push_back({name, std::move(apply), std::move(fields)});
  };
  add("target_metric",
      [](P p) { p->targets[0].selector.metric = Metric::kM14; },
      {"targets[0].metric"});
  add("has_target", [](P p) { p->targets[0].has_target = false; },
      {"targets[0].at_least"});
  add("target_value", [](P p) { p->targets[0].at_least = 80; },
      {"targets[0].at_least"});
  add("weight", [](P p) { p->targets[0].weight = 10; }, {"targets[0].weight"});
  add("target_basis", [](P p) { p->targets[0].basis.source = "x"; },
      {"targets[0].source"});
  add("pool",
      [](P p) { p->award->pool.push_back(v1::ORGANISATION_KIND_COMMUNE_PC); },
      {"award.pool"});
  add("precondition", [](P p) { p->award->precondition = "x"; },
      {"award.precondition"});
  add("ranks", [](P p) { p->award->rank_vnd[1] = 300; }, {"award.ranks"});
  add("tie", [](P p) { p->award->tie_holds = false; }, {"award.tie"});
  add("cadence", [](P p) { p->award->cadence = "once"; }, {"award.cadence"});
  add("award_basis", [](P p) { p->award->basis.source = "x"; },
      {"award.source"});
  add("rhythm", [](P p) { p->pay_rhythm = "month"; }, {"pay_rhythm.every"});
  add("rhythm_basis", [](P p) { p->pay_rhythm_basis.source = "x"; },
      {"pay_rhythm.source"});
  add("purposes", [](P p) { p->purposes.pop_back(); }, {"purposes.of"});
  add("purposes_basis", [](P p) { p->purposes_basis.source = "x"; },
      {"purposes.source"});
  add("chain", [](P p) { p->verify_chain.pop_back(); }, {"verify_chain.steps"});
  add("chain_order",
      [](P p) { std::swap(p->verify_chain[0], p->verify_chain[1]); },
      {"verify_chain.steps"});
  add("chain_basis", [](P p) { p->verify_basis.source = "x"; },
      {"verify_chain.source"});
}

}  // namespace

Policy RichPolicy() {
  Policy policy;
  policy.id = "R-1";
  policy.version = 3;
  policy.title = "Rich";
  policy.status = PolicyStatus::kInForce;
  policy.status_basis = From("source of the status");
  policy.issuer = "Tỉnh A";
  policy.documents = {{"1/2022/NQ-HĐND", Date::Of(2022, 12, 9), "HĐND"}};
  policy.review_on = Date::Of(2025, 12, 31);
  policy.review_note = "look again";
  policy.effective_from = Date::Of(2023, 8, 1);
  policy.has_period = true;
  policy.from = Date::Of(2023, 6, 10);
  policy.to = Date::Of(2023, 12, 31);
  policy.period_basis = From("source of the period");
  policy.prorate_by_day = true;
  policy.month_basis = From("source of months");
  policy.rounding.to_vnd = 1000;
  policy.rounding.mode = RoundMode::kHalfUp;
  policy.rounding.basis = From("source of rounding");
  SetWho(&policy);
  SetConditions(&policy);
  SetMoney(&policy);
  SetRest(&policy);
  return policy;
}

std::vector<PolicyChange> PolicyChanges() {
  std::vector<PolicyChange> changes;
  AddHeadChanges(&changes);
  AddWhoChanges(&changes);
  AddConditionChanges(&changes);
  AddMoneyChanges(&changes);
  AddRestChanges(&changes);
  return changes;
}

}  // namespace thon::testing
