// Commands about what single teams and units are supported with: top-ups,
// mobilisations, support from outside, held months, rules of transition; and
// the rule that a unit has one team.
#include <algorithm>
#include <string>

#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/policy/determine.h"
#include "server/projections/command_case.h"
#include "server/projections/money_acts.h"
#include "server/projections/money_book.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr int kRulesMax = 64;          // Of transition, of one policy.
constexpr int kOtherSupportMax = 256;  // Records of one team.

void FormMonths(std::int32_t first, std::int32_t last, CommandCase& c) {
  c.Form(IsMonth(first) && IsMonth(last) && first <= last,
         "first_month and last_month must be months in order");
}

// The policy with its versions, in `book`; nullptr, and the objection, if there
// is none. Where the officer must be allowed is the caller's matter.
const PolicyFile* Published(const std::string& id, MoneyBook* book,
                            CommandCase& c) {
  if (!IsName(id)) {
    c.Malformed("policy_id is missing");
    return nullptr;
  }
  c.RestsOnAll(Table::kPolicy, keys::Key().Text(id).Take(),
               absl::StrCat("policy ", id));
  book->Load(c.rows(), id);
  const PolicyFile* file = book->Find(id);
  if (file == nullptr) c.Unmet("policy ", id, " is not published");
  return file;
}

// Where the rule stands in the policy's text.
absl::string_view TopUpPath(const Policy& policy) {
  return policy.top_up->total_max_vnd != 0 ? "top_up.total_max_vnd"
                                           : "top_up.total_max_percent";
}

void RequireTopUp(std::int64_t amount_vnd, const Policy& policy,
                  CommandCase& c) {
  if (!policy.top_up.has_value()) {
    return c.Unmet("policy ", policy.id, " version ", policy.version,
                   " allows no top-up: it has no block top_up");
  }
  const std::int64_t most = TopUpMax(policy);
  c.Require(
      amount_vnd <= most, "amount_vnd: ", FormatDong(amount_vnd), " is above ",
      FormatDong(most), ", the most that with the policy's own amount keeps ",
      TopUpPath(policy), " of policy ", policy.id, " version ", policy.version);
}

void Examine(const v1::TopUpApproved& approved, CommandCase& c) {
  c.Form(IsDocument(approved.document()), "document is not well formed");
  FormMonths(approved.first_month(), approved.last_month(), c);
  c.Form(IsMoney(approved.amount_vnd()), "amount_vnd must be 0 to 10^15");
  const std::optional<v1::UnitRow> unit = c.Unit(approved.unit_id(), "unit_id");
  MoneyBook book;
  const PolicyFile* file = Published(approved.policy_id(), &book, c);
  if (file == nullptr || !unit.has_value() || c.malformed().has_value()) return;
  c.Require(unit->level() == v1::UNIT_LEVEL_COMMUNE, "unit ", unit->unit_id(),
            " is not a commune: a commune adds to the amount of its teams");
  const Month first =
      std::max(Month(approved.first_month()), file->first_month);
  const Month last = std::min(Month(approved.last_month()), file->last_month);
  c.Require(first <= last, "policy ", file->id, " has none of these months");
  for (Month month = first; month <= last && !c.unmet().has_value();
       month = month.Next()) {
    const PolicyVersion& version = file->VersionFor(month);
    RequireTopUp(approved.amount_vnd(), version.policy, c);
    const std::optional<v1::UnitRow> issuer = GetUnit(c.rows(), version.issuer);
    // After either has ended the map says nothing of an act's territory.
    if (!issuer.has_value() || !ExistsOn(*issuer, month.first_day()) ||
        !ExistsOn(*unit, month.first_day())) {
      continue;
    }
    c.Require(IsBelow(c.rows(), UnitId(unit->unit_id()), version.issuer,
                      month.first_day()),
              "unit ", unit->unit_id(), " is not in the territory of policy ",
              file->id, " in ", month.Iso());
  }
}

// The line by which the policy pays for the shift; nullptr: it has none.
const AmountLine* LineFor(const Policy& policy, v1::Shift shift) {
  const AmountUnit unit = shift == v1::SHIFT_NIGHT ? AmountUnit::kPersonNight
                                                   : AmountUnit::kPersonDay;
  for (const AmountLine& line : policy.amounts) {
    if (line.unit == unit) return &line;
  }
  return nullptr;
}

void RequireRate(const v1::MobilisationRecorded& recorded, const Policy& policy,
                 CommandCase& c) {
  const AmountLine* line = LineFor(policy, recorded.shift());
  if (line == nullptr) {
    return c.Unmet("policy ", policy.id, " version ", policy.version,
                   " does not pay by the person and ",
                   recorded.shift() == v1::SHIFT_NIGHT ? "night" : "day");
  }
  if (!line->up_to) {
    return c.Require(recorded.rate_vnd() == 0,
                     "rate_vnd must be 0: ", line->path, " of policy ",
                     policy.id, " sets the rate, ", FormatDong(line->vnd));
  }
  c.Require(recorded.rate_vnd() != 0, "rate_vnd is missing: ", line->path,
            " of policy ", policy.id, " only says up to ",
            FormatDong(line->vnd));
  c.Require(recorded.rate_vnd() <= line->vnd,
            "rate_vnd: ", FormatDong(recorded.rate_vnd()), " is above ",
            FormatDong(line->vnd), ", the most by ", line->path, " of policy ",
            policy.id);
}

void Examine(const v1::MobilisationRecorded& recorded, CommandCase& c) {
  c.Form(IsSurrogateId(recorded.mobilisation_id()),
         "mobilisation_id must be above 0 and below 2^53");
  c.Form(IsDate(recorded.date()), "date is missing");
  c.Form(recorded.shift() != v1::SHIFT_UNSPECIFIED &&
             v1::Shift_IsValid(recorded.shift()),
         "shift must be DAY or NIGHT");
  c.Form(recorded.persons() >= 1 && recorded.persons() <= limits::kCountMax,
         "persons must be 1 to ", limits::kCountMax);
  c.Form(IsMoney(recorded.rate_vnd()), "rate_vnd must be 0 to 10^15");
  c.Form(IsDocument(recorded.document()), "document is not well formed");
  const std::optional<v1::TeamRow> team = c.Team(recorded.team_id(), "team_id");
  MoneyBook book;
  const PolicyFile* file = Published(recorded.policy_id(), &book, c);
  if (c.malformed().has_value()) return;
  const std::string key = keys::MobilisationById(recorded.mobilisation_id());
  c.RestsOn(Table::kMobilisationById, key,
            absl::StrCat("mobilisation ", recorded.mobilisation_id()));
  if (c.rows().Get(Table::kMobilisationById, key).has_value()) {
    c.AlreadyThere("mobilisation ", recorded.mobilisation_id(),
                   " is recorded already");
  }
  const Date date(recorded.date());
  if (team.has_value()) {
    c.Require(ExistsOn(*team, date), "team ", team->team_id(),
              " does not exist on ", date.Iso());
  }
  if (file == nullptr) return;
  const Policy& policy = file->VersionFor(Month::Of(date)).policy;
  c.Require(policy.has_period && policy.from <= date && date <= policy.to,
            "date: ", date.Iso(), " is not in the period of policy ", file->id);
  RequireRate(recorded, policy, c);
}

void Examine(const v1::MobilisationVoided& voided, CommandCase& c) {
  c.Form(IsSurrogateId(voided.mobilisation_id()),
         "mobilisation_id must be above 0 and below 2^53");
  c.Form(IsName(voided.reason()), "reason is missing: say why it is void");
  if (c.malformed().has_value()) return;
  const std::optional<RowVersion> key =
      c.rows().Get(Table::kMobilisationById,
                   keys::MobilisationById(voided.mobilisation_id()));
  std::optional<v1::MobilisationRow> row;
  if (key.has_value()) {
    row =
        GetRow<v1::MobilisationRow>(c.rows(), Table::kMobilisation, key->value);
  }
  if (!row.has_value()) {
    c.Over(UnitId(0));
    return c.Unmet("mobilisation ", voided.mobilisation_id(),
                   " is not recorded");
  }
  c.Team(row->mobilisation().team_id(), "its team");
  c.RestsOn(Table::kMobilisation, key->value,
            absl::StrCat("mobilisation ", voided.mobilisation_id()));
  c.Require(row->voided_position() == 0, "mobilisation ",
            voided.mobilisation_id(), " is void since position ",
            row->voided_position());
}

void Examine(const v1::OtherSupportRecorded& recorded, CommandCase& c) {
  FormMonths(recorded.first_month(), recorded.last_month(), c);
  c.Form(recorded.ended() ? IsText(recorded.description())
                          : IsName(recorded.description()),
         "description is missing: say what supports the team");
  c.Form(IsDocument(recorded.document()), "document is not well formed");
  c.Team(recorded.team_id(), "team_id");
  if (c.malformed().has_value()) return;
  const std::string key = keys::OtherSupport(TeamId(recorded.team_id()));
  c.RestsOn(Table::kOtherSupport, key,
            absl::StrCat("support of team ", recorded.team_id()));
  const v1::OtherSupportRow row =
      GetRow<v1::OtherSupportRow>(c.rows(), Table::kOtherSupport, key)
          .value_or(v1::OtherSupportRow());
  c.Require(row.recorded_size() < kOtherSupportMax, "at most ",
            kOtherSupportMax, " records of a team");
  if (!recorded.ended()) return;
  bool any = false;
  for (Month month(recorded.first_month());
       month <= Month(recorded.last_month()) && !any; month = month.Next()) {
    any = OutsideSupport(row, month) != Position(0);
  }
  c.Require(any, "team ", recorded.team_id(),
            " has no support from outside recorded for these months");
}

// A month that is held. A decision may be taken back by the opposite one.
void ExamineMonth(const v1::HeldDecided& decided, CommandCase& c) {
  c.Form(IsName(decided.policy_id()), "policy_id is missing");
  c.Form(decided.author().empty() && decided.first_sequence() == 0 &&
             decided.last_sequence() == 0,
         "author and sequences are for events: a month has none");
  c.Form(IsMonth(decided.period_month()), "period_month is no month");
  c.Form(IsName(decided.reason()),
         "reason is missing: say why it is paid or not");
  c.Team(decided.team_id(), "team_id");
  if (c.malformed().has_value()) return;
  const Month month(decided.period_month());
  const TeamId team(decided.team_id());
  const std::string key = keys::Determination(
      decided.policy_id(), month, v1::BENEFICIARY_KIND_TEAM, team.value);
  const std::string what =
      absl::StrCat("the determination of team ", team.value, " for ",
                   month.Iso(), " under ", decided.policy_id());
  c.RestsOn(Table::kDetermination, key, what);
  const std::optional<v1::Determination> row =
      GetRow<v1::Determination>(c.rows(), Table::kDetermination, key);
  if (!row.has_value()) return c.Unmet(what, " does not exist");
  if (row->state() == v1::DETERMINATION_STATE_HELD) return;
  const std::optional<v1::HeldMonthRow> before = GetRow<v1::HeldMonthRow>(
      c.rows(), Table::kHeldMonth,
      keys::HeldMonth(decided.policy_id(), month, team));
  c.Require(row->decision_position() != 0 && before.has_value(), what,
            " is not held: there is nothing to decide");
  if (before.has_value()) {
    c.Require(before->pay() != decided.counted(), what,
              " was decided so at position ", before->position());
  }
}

void Examine(const v1::TransitionRule& rule, CommandCase& c) {
  c.Form(IsDate(rule.from_date()), "from_date is missing");
  c.Form(IsEnd(rule.to_date(), rule.from_date()),
         "to_date must be 0 or not before from_date");
  c.Form(IsDocument(rule.document()), "document is not well formed");
  c.Form(rule.old_unit_id() != rule.new_unit_id(),
         "old_unit_id and new_unit_id are the same");
  MoneyBook book;
  const PolicyFile* file = Published(rule.policy_id(), &book, c);
  // Both bodies: nobody takes over another's act.
  c.Unit(rule.old_unit_id(), "old_unit_id");
  c.Unit(rule.new_unit_id(), "new_unit_id");
  if (file == nullptr) return;
  c.Require(std::any_of(file->versions.begin(), file->versions.end(),
                        [&rule](const auto& one) {
                          return one.second.issuer.value == rule.old_unit_id();
                        }),
            "unit ", rule.old_unit_id(), " did not issue policy ", file->id);
  const std::string key = keys::Transition(rule.policy_id());
  c.RestsOn(Table::kTransition, key,
            absl::StrCat("the rules of transition of policy ", file->id));
  c.Require(file->transitions.size() < kRulesMax, "at most ", kRulesMax,
            " rules of transition of a policy");
}

// Whether the team stands on the unit on `from` or a later day.
bool StandsFrom(const v1::TeamRow& team, UnitId unit, Date from) {
  const auto stands = [&](Date day) {
    return ExistsOn(team, day) && UnitOn(team, day) == unit;
  };
  if (stands(std::max(from, Date(team.founded_date())))) return true;
  return std::any_of(team.units().begin(), team.units().end(),
                     [&](const v1::UnitParent& version) {
                       return version.from_date() >= from.days &&
                              stands(Date(version.from_date()));
                     });
}

// The policy that says one team a unit, there and then; nullptr: none does.
const Policy* OneTeamPolicy(const MoneyBook& book, UnitId unit,
                            v1::UnitLevel level, Date day, CommandCase& c) {
  for (const auto& [id, file] : book.policies()) {
    const PolicyVersion& version = file.VersionFor(Month::Of(day));
    const Policy& policy = version.policy;
    const bool in_force = policy.status == PolicyStatus::kInForce ||
                          policy.status == PolicyStatus::kPilot ||
                          policy.status == PolicyStatus::kClosed;
    if (policy.one_team_per_unit && in_force && policy.level == level &&
        (!policy.has_period || (policy.from <= day && day <= policy.to)) &&
        IsBelow(c.rows(), unit, version.issuer, day)) {
      return &policy;
    }
  }
  return nullptr;
}

}  // namespace

void RequireOneTeam(UnitId unit, v1::UnitLevel level, TeamId team, Date from,
                    CommandCase& c) {
  std::optional<v1::TeamRow> other;
  c.rows().Scan(Table::kTeamByUnit, keys::Unit(unit), "",
                [&](absl::string_view key, const RowVersion&) {
                  const TeamId id(keys::KeyView(key).Skip(8).U64());
                  if (id == team) return true;
                  other = GetTeam(c.rows(), id);
                  if (other.has_value() && other->level() == level &&
                      StandsFrom(*other, unit, from)) {
                    return false;
                  }
                  other.reset();
                  return true;
                });
  if (!other.has_value()) return;
  // Only now: policies are read seldom.
  const Date day = std::max(from, Date(other->founded_date()));
  MoneyBook book;
  book.Load(c.rows());
  const Policy* policy = OneTeamPolicy(book, unit, level, day, c);
  if (policy == nullptr) {
    return c.Warn("team ", other->team_id(), " stands on unit ", unit.value,
                  " as well: two teams of one unit");
  }
  c.AlreadyThere("team ", other->team_id(), " stands on unit ", unit.value,
                 " already, and policy ", policy->id, " version ",
                 policy->version,
                 " says one team a unit (beneficiary.one_team_per_unit)");
}

bool ExamineSupportCommand(const v1::Event& event, CommandCase& c) {
  switch (event.payload_case()) {
    case v1::Event::kTopUpApproved:
      return Examine(event.top_up_approved(), c), true;
    case v1::Event::kMobilisationRecorded:
      return Examine(event.mobilisation_recorded(), c), true;
    case v1::Event::kMobilisationVoided:
      return Examine(event.mobilisation_voided(), c), true;
    case v1::Event::kOtherSupportRecorded:
      return Examine(event.other_support_recorded(), c), true;
    case v1::Event::kHeldDecided:
      return ExamineMonth(event.held_decided(), c), true;
    case v1::Event::kTransitionRule:
      return Examine(event.transition_rule(), c), true;
    default:
      return false;
  }
}

}  // namespace thon
