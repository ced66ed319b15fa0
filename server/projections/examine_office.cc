// What offices record day by day: its form, and where the officer may act.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/projections/command_case.h"
#include "server/projections/judgement.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr int kFieldsMax = 64;
constexpr int kInspectionsMax = 100;

bool IsQuarter(std::int32_t yyyyq) {
  return yyyyq >= 19001 && yyyyq <= 21994 && yyyyq % 10 >= 1 && yyyyq % 10 <= 4;
}

bool IsLevel(v1::UnitLevel level) {
  return level != 0 && v1::UnitLevel_IsValid(level);
}

// Where an event is that names a team or a unit beside its payload.
void OverEvent(const v1::Event& event, CommandCase& c) {
  if (event.team_id() != 0) {
    c.Team(event.team_id(), "team_id");
  } else if (event.unit_id() != 0) {
    c.Unit(event.unit_id(), "unit_id");
  } else {
    c.Over(UnitId(0));
  }
}

void TeamOrOrganisation(std::uint64_t team, std::uint64_t organisation,
                        CommandCase& c) {
  c.Form((team == 0) != (organisation == 0),
         "it is about a team or about an organisation");
  if (team != 0) {
    c.Team(team, "team_id");
  } else {
    c.Organisation(organisation, "organisation_id");
  }
}

void Examine(const v1::PlanAssigned& plan, const v1::Event& event,
             CommandCase& c) {
  c.Form(IsSurrogateId(plan.task_id()), "task_id must be above 0");
  c.Form(IsText(plan.authority()), "authority is not well formed");
  c.Form(v1::TaskKind_IsValid(plan.kind()), "kind is unknown");
  c.Form(v1::Topic_IsValid(plan.topic()), "topic is unknown");
  c.Form(IsDate(plan.due_date()), "due_date is missing");
  c.Form(plan.target() >= 0 && plan.target() <= limits::kCountMax,
         "target must be 0 to ", limits::kCountMax);
  c.Form((event.team_id() == 0) != (event.unit_id() == 0),
         "it is for a team (team_id) or for all teams of a unit (unit_id)");
  OverEvent(event, c);
}

// Of a model that a team proposed the unit is known; the officer may say it
// only if nobody proposed the model.
void Examine(const v1::ModelAccepted& model, const v1::Event& event,
             CommandCase& c) {
  c.Form(IsSurrogateId(model.model_id()), "model_id must be above 0");
  c.Form(IsText(model.accepted_by()), "accepted_by is not well formed");
  c.Form(IsQuarter(model.quarter()), "quarter must be YYYYQ");
  c.Form(event.team_id() == 0, "a model is a unit's, not a team's");
  const std::string key = keys::Model(model.model_id());
  const auto row = GetRow<v1::ModelRow>(c.rows(), Table::kModel, key);
  c.RestsOn(Table::kModel, key, absl::StrCat("model ", model.model_id()));
  if (event.unit_id() != 0) c.Unit(event.unit_id(), "unit_id");
  if (row.has_value()) {
    c.Unit(row->unit_id(), "the model's unit");
    c.Require(event.unit_id() == 0 || event.unit_id() == row->unit_id(),
              "model ", model.model_id(), " is of unit ", row->unit_id(),
              ": leave unit_id out, or give this model another id");
  } else if (event.unit_id() == 0) {
    c.Over(UnitId(0));
    c.Unmet("model ", model.model_id(),
            " was never proposed: say whose it is (unit_id)");
  }
}

void Examine(const v1::IndicatorObserved& seen, const v1::Event&,
             CommandCase& c) {
  c.Form(IsObserved(seen.metric()),
         "metric must be one that is observed of a unit: M12, M12b, M13, M14, "
         "M14b, M15, M15b, M16 or M18");
  c.Form(IsText(seen.source()), "source is not well formed");
  c.Form(IsMoney(seen.numerator()) && IsMoney(seen.denominator()),
         "numerator and denominator must be 0 to 10^15");
  c.Form(seen.denominator() == 0 || seen.numerator() <= seen.denominator(),
         "numerator ", seen.numerator(), " is above denominator ",
         seen.denominator(), ": a share is at most the whole");
  c.Form(IsDate(seen.as_of_date()), "as_of_date is missing");
  c.Form(Date(seen.as_of_date()) <= c.local_date(),
         "as_of_date is a day to come");
  c.Unit(seen.unit_id(), "unit_id");
}

void Examine(const v1::MonthlyUpdateConfirmed& update, const v1::Event&,
             CommandCase& c) {
  c.Form(IsMonth(update.period_month()), "period_month is no month");
  c.Form(IsLevel(update.by_level()), "by_level is missing or unknown");
  TeamOrOrganisation(update.team_id(), update.organisation_id(), c);
  if (c.malformed().has_value()) return;
  const Month month(update.period_month());
  c.Require(month.first_day() <= c.local_date(), "month ", month.Iso(),
            " has not begun: there is nothing to confirm yet");
}

void Examine(const v1::MonthlyUpdateReturned& update, const v1::Event&,
             CommandCase& c) {
  c.Form(IsMonth(update.period_month()), "period_month is no month");
  c.Form(IsLevel(update.by_level()), "by_level is missing or unknown");
  c.Form(IsText(update.reason()), "reason is not well formed");
  TeamOrOrganisation(update.team_id(), update.organisation_id(), c);
}

void Examine(const v1::InspectionRecorded& inspection, const v1::Event& event,
             CommandCase& c) {
  c.Form(IsText(inspection.by()) && IsText(inspection.findings()),
         "by or findings is not well formed");
  c.Form(inspection.score() >= 0 && inspection.score() <= 100,
         "score must be 0 to 100");
  c.Form(IsOptionalHash(inspection.photos_hash()),
         "photos_hash must be 32 bytes or none");
  c.Form(event.claimed_date() == 0 ||
             (IsDate(event.claimed_date()) &&
              Date(event.claimed_date()) <= c.local_date()),
         "claimed_date, the day of the inspection, is no day up to today");
  if (!c.Team(inspection.team_id(), "team_id").has_value()) return;
  const Date date = IsDate(event.claimed_date()) ? Date(event.claimed_date())
                                                 : c.local_date();
  const auto month = GetRow<v1::TeamMonth>(
      c.rows(), Table::kTeamMonth,
      keys::TeamMonth(TeamId(inspection.team_id()), Month::Of(date)));
  c.Require(!month.has_value() || month->inspections_size() < kInspectionsMax,
            "at most ", kInspectionsMax, " inspections of a team and month");
}

void Examine(const v1::QuarterEvaluated& evaluated, const v1::Event&,
             CommandCase& c) {
  c.Form(IsQuarter(evaluated.quarter()), "quarter must be YYYYQ");
  c.Form((evaluated.team_id() == 0) != (evaluated.unit_id() == 0),
         "it is about a team or about a unit");
  c.Form(evaluated.scores_size() <= kFieldsMax, "scores: at most ", kFieldsMax);
  for (const v1::FormField& field : evaluated.scores()) {
    c.Form(IsFieldName(field.name()),
           "a score's name must be NFC, trimmed, 1 "
           "to ",
           kFieldNameBytesMax, " bytes");
  }
  c.Form(IsText(evaluated.grade()), "grade is not well formed");
  if (evaluated.team_id() != 0) {
    c.Team(evaluated.team_id(), "team_id");
  } else {
    c.Unit(evaluated.unit_id(), "unit_id");
  }
}

void Examine(const v1::HandOver& hand_over, const v1::Event&, CommandCase& c) {
  c.Form(IsText(hand_over.scope()), "scope is not well formed");
  c.Form(IsDate(hand_over.effective_date()), "effective_date is missing");
  c.Form(IsDocument(hand_over.document()), "document is not well formed");
  c.Unit(hand_over.from_unit_id(), "from_unit_id");
  c.Unit(hand_over.to_unit_id(), "to_unit_id");
}

void Examine(const v1::ExportRecorded& exported, const v1::Event&,
             CommandCase& c) {
  c.Form(IsName(exported.kind()), "kind is missing");
  c.Form(exported.sha256().size() == Hash::kSize, "sha256 must be 32 bytes");
  if (exported.scope_unit_id() == 0) {
    c.Over(UnitId(0));
  } else {
    c.Unit(exported.scope_unit_id(), "scope_unit_id");
  }
}

void Examine(const v1::AppealFiled& appeal, const v1::Event&, CommandCase& c) {
  c.Form(IsName(appeal.policy_id()), "policy_id is missing");
  c.Form(IsMonth(appeal.period_month()), "period_month is no month");
  c.Form(IsText(appeal.ground()), "ground is not well formed");
  c.Team(appeal.team_id(), "team_id");
}

void Examine(const v1::ExpenseRecorded& expense, const v1::Event&,
             CommandCase& c) {
  c.Form(
      expense.purpose() != 0 && v1::ExpensePurpose_IsValid(expense.purpose()),
      "purpose is missing or unknown");
  c.Form(IsMoney(expense.amount_vnd()), "amount_vnd must be 0 to 10^15");
  c.Form(IsDate(expense.expense_date()), "expense_date is missing");
  c.Form(IsText(expense.voucher()), "voucher is not well formed");
  c.Team(expense.team_id(), "team_id");
}

void Examine(const v1::QrPlaced& placed, const v1::Event&, CommandCase& c) {
  c.Form(placed.count() >= 1 && placed.count() <= limits::kCountMax,
         "count must be 1 to ", limits::kCountMax);
  c.Unit(placed.village_id(), "village_id");
}

}  // namespace

bool ExamineOfficeCommand(const v1::Event& event, CommandCase& c) {
  switch (event.payload_case()) {
    case v1::Event::kPlanAssigned:
      return Examine(event.plan_assigned(), event, c), true;
    case v1::Event::kModelAccepted:
      return Examine(event.model_accepted(), event, c), true;
    case v1::Event::kIndicatorObserved:
      return Examine(event.indicator_observed(), event, c), true;
    case v1::Event::kMonthlyUpdateConfirmed:
      return Examine(event.monthly_update_confirmed(), event, c), true;
    case v1::Event::kMonthlyUpdateReturned:
      return Examine(event.monthly_update_returned(), event, c), true;
    case v1::Event::kInspectionRecorded:
      return Examine(event.inspection_recorded(), event, c), true;
    case v1::Event::kQuarterEvaluated:
      return Examine(event.quarter_evaluated(), event, c), true;
    case v1::Event::kHandOver:
      return Examine(event.hand_over(), event, c), true;
    case v1::Event::kExportRecorded:
      return Examine(event.export_recorded(), event, c), true;
    case v1::Event::kAppealFiled:
      return Examine(event.appeal_filed(), event, c), true;
    case v1::Event::kExpenseRecorded:
      return Examine(event.expense_recorded(), event, c), true;
    case v1::Event::kQrPlaced:
      return Examine(event.qr_placed(), event, c), true;
    default:
      return false;
  }
}

}  // namespace thon
