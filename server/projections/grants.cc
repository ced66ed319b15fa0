#include "server/projections/grants.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

bool Holds(const v1::GrantRow& grant, Date date) {
  return !grant.revoked() && date.days >= grant.from_date() &&
         (grant.to_date() == 0 || date.days <= grant.to_date());
}

// Roles are numbered from the strongest.
bool Includes(v1::Role has, v1::Role needed) {
  return has >= v1::ROLE_OPERATOR && has <= v1::ROLE_READER && has <= needed;
}

}  // namespace

bool IsGranted(const RowReader& rows, OfficerId officer, v1::Role role,
               UnitId unit, Date date) {
  std::optional<std::vector<UnitId>> chain;  // Looked up when first needed.
  bool granted = false;
  ScanRows<v1::GrantRow>(
      rows, Table::kGrant, keys::Key().Of(officer).Take(),
      [&](absl::string_view, const v1::GrantRow& grant, Position) {
        if (!Holds(grant, date) || !Includes(grant.role(), role)) return true;
        if (grant.unit_id() == 0) {
          granted = true;
        } else if (unit != UnitId(0)) {
          if (!chain.has_value()) {
            const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
            chain = row.has_value()
                        ? AncestorsOn(rows, unit, NearestDay(*row, date))
                        : std::vector<UnitId>();
          }
          granted = std::find(chain->begin(), chain->end(),
                              UnitId(grant.unit_id())) != chain->end();
        }
        return !granted;
      });
  return granted;
}

std::vector<v1::GrantRow> GrantsOn(const RowReader& rows, OfficerId officer,
                                   Date date) {
  std::vector<v1::GrantRow> grants;
  ScanRows<v1::GrantRow>(
      rows, Table::kGrant, keys::Key().Of(officer).Take(),
      [&](absl::string_view, const v1::GrantRow& grant, Position) {
        // One of no known role allows nothing.
        if (Holds(grant, date) && Includes(grant.role(), v1::ROLE_READER)) {
          grants.push_back(grant);
        }
        return true;
      });
  return grants;
}

bool HasOperator(const RowReader& rows, Date date) {
  bool found = false;
  ScanRows<v1::GrantRow>(
      rows, Table::kGrant, "",
      [&](absl::string_view, const v1::GrantRow& grant, Position) {
        found = grant.role() == v1::ROLE_OPERATOR && grant.unit_id() == 0 &&
                Holds(grant, date);
        return !found;
      });
  return found;
}

void ApplyToGrants(const Fact& fact, RowWriter& rows) {
  if (!fact.from_server || !fact.effective) return;
  if (fact.event->has_grant_issued()) {
    const v1::GrantIssued& issued = fact.event->grant_issued();
    v1::GrantRow row;
    row.set_grant_id(issued.grant_id());
    row.set_officer_id(issued.officer_id());
    row.set_role(issued.role());
    row.set_unit_id(issued.unit_id());
    row.set_from_date(issued.from_date());
    row.set_to_date(issued.to_date());
    PutRow(rows, Table::kGrant,
           keys::Grant(OfficerId(issued.officer_id()), issued.grant_id()), row);
    PutNumber(rows, Table::kGrantOfficer, keys::GrantOfficer(issued.grant_id()),
              issued.officer_id());
  } else if (fact.event->has_grant_revoked()) {
    const std::uint64_t id = fact.event->grant_revoked().grant_id();
    const std::optional<std::uint64_t> officer =
        GetNumber(rows, Table::kGrantOfficer, keys::GrantOfficer(id));
    if (!officer.has_value()) return;
    const std::string key = keys::Grant(OfficerId(*officer), id);
    std::optional<v1::GrantRow> row =
        GetRow<v1::GrantRow>(rows, Table::kGrant, key);
    if (!row.has_value()) return;
    row->set_revoked(true);
    PutRow(rows, Table::kGrant, key, *row);
  }
}

}  // namespace thon
