#include "server/watch/structure.h"

#include <algorithm>
#include <functional>

#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// Roots in one chain and not in the other.
void AddDifference(const std::vector<UnitId>& a, const std::vector<UnitId>& b,
                   std::set<UnitId>* roots) {
  for (const auto& [from, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const UnitId unit : *from) {
      if (std::find(other->begin(), other->end(), unit) == other->end()) {
        roots->insert(unit);
      }
    }
  }
}

using VisitDate = std::function<void(Date)>;

void VisitDates(const v1::UnitRow& unit, const VisitDate& visit) {
  visit(Date(unit.from_date()));
  if (unit.to_date() != 0) visit(Date(unit.to_date()).Next());
  for (const v1::UnitParent& parent : unit.parents()) {
    visit(Date(parent.from_date()));
  }
}

void VisitDates(const v1::TeamRow& team, const VisitDate& visit) {
  for (const v1::UnitParent& unit : team.units()) {
    visit(Date(unit.from_date()));
  }
}

}  // namespace

MovedRoots FindMoved(const ChangedSubjects& changed, const RowsView& before,
                     Date before_date, const RowsView& now, Date now_date) {
  MovedRoots moved;
  for (const UnitId unit : changed.units) {
    const std::vector<UnitId> old_chain = before.Ancestors(unit, before_date);
    AddDifference(old_chain, now.Ancestors(unit, now_date), &moved.of_units);
  }
  const auto compare = [&](const Place& from, const Place& to) {
    if (!from.known || from.unit == to.unit) return;
    const std::vector<UnitId> old_chain =
        before.Ancestors(from.unit, before_date);
    AddDifference(old_chain, now.Ancestors(to.unit, now_date),
                  &moved.of_subjects);
  };
  for (const TeamId team : changed.teams) {
    compare(before.PlaceOf(team, before_date), now.PlaceOf(team, now_date));
  }
  for (const OrganisationId organisation : changed.organisations) {
    compare(before.PlaceOf(organisation), now.PlaceOf(organisation));
  }
  for (const std::string& policy : changed.policies) {
    compare(before.PlaceOfPolicy(policy), now.PlaceOfPolicy(policy));
  }
  return moved;
}

ChangedSubjects StructureCalendar::Pass(const RowsView& view, Date before,
                                        Date now) {
  ChangedSubjects passed;
  if (now <= before || (next_.has_value() && now < *next_)) return passed;
  Date next(INT32_MAX);
  const auto look = [&](Date date, bool* crossed) {
    if (date > now) {
      next = std::min(next, date);
    } else if (date > before) {
      *crossed = true;
    }
  };
  ScanRows<v1::UnitRow>(
      view.rows(), Table::kUnit, "",
      [&](absl::string_view, const v1::UnitRow& unit, Position) {
        bool crossed = false;
        VisitDates(unit, [&](Date date) { look(date, &crossed); });
        if (crossed) passed.units.emplace_back(unit.unit_id());
        return true;
      });
  ScanRows<v1::TeamRow>(
      view.rows(), Table::kTeam, "",
      [&](absl::string_view, const v1::TeamRow& team, Position) {
        bool crossed = false;
        VisitDates(team, [&](Date date) { look(date, &crossed); });
        if (crossed) passed.teams.emplace_back(team.team_id());
        return true;
      });
  next_ = next;
  return passed;
}

void StructureCalendar::Note(const RowsView& view,
                             const ChangedSubjects& changed) {
  if (!next_.has_value()) return;
  const auto look = [&](Date date) {
    if (date > view.today()) next_ = std::min(*next_, date);
  };
  for (const UnitId unit : changed.units) {
    const auto row = GetUnit(view.rows(), unit);
    if (row.has_value()) VisitDates(*row, look);
  }
  for (const TeamId team : changed.teams) {
    const auto row = GetTeam(view.rows(), team);
    if (row.has_value()) VisitDates(*row, look);
  }
}

}  // namespace thon
