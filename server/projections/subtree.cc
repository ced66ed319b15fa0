#include "server/projections/subtree.h"

#include <algorithm>
#include <optional>

#include "server/projections/registry.h"
#include "server/projections/units.h"

namespace thon {

std::vector<UnitId> SubtreeOn(const RowReader& rows, UnitId root, Date date) {
  std::vector<UnitId> units;
  const std::optional<v1::UnitRow> row = GetUnit(rows, root);
  if (!row.has_value() || !ExistsOn(*row, date)) return units;
  units.push_back(root);
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const UnitId child : ChildrenOn(rows, units[i], date)) {
      units.push_back(child);
    }
  }
  return units;
}

std::vector<TeamId> TeamsBelow(const RowReader& rows, UnitId root, Date date) {
  std::vector<TeamId> teams;
  for (const UnitId unit : SubtreeOn(rows, root, date)) {
    for (const TeamId team : TeamsOn(rows, unit, date)) teams.push_back(team);
  }
  std::sort(teams.begin(), teams.end());
  return teams;
}

}  // namespace thon
