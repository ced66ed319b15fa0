// The map over time: provinces, districts, communes and villages.
//
// Words: a unit exists on a day from its first day to its last, both included.
// Its code, name, kind and parent are those of the last version that begins not
// after the day. A village whose parent on a day is none is pending: its
// commune was split or ended, and nobody has said yet where the village
// belongs.
#ifndef THON_PROJECTIONS_UNITS_H_
#define THON_PROJECTIONS_UNITS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

std::unique_ptr<Projection> NewUnits();

// Does what an effective fact does to the map; other facts do nothing.
// Requires that the command's preconditions hold (command_check.h).
void ApplyToUnits(const Fact& fact, const EventSource& events, RowWriter& rows);

std::optional<v1::UnitRow> GetUnit(const RowReader& rows, UnitId unit);
bool ExistsOn(const v1::UnitRow& unit, Date date);
// The day of the unit's existence that is nearest to `date`.
Date NearestDay(const v1::UnitRow& unit, Date date);
// nullptr before its first version.
const v1::UnitName* NameOn(const v1::UnitRow& unit, Date date);
// 0: a province, a pending village, or a day before its first version.
UnitId ParentOn(const v1::UnitRow& unit, Date date);
bool IsPendingOn(const v1::UnitRow& unit, Date date);

// The unit, its parent, and so on up to a province, by the map of `date`.
// Empty if the unit is unknown or does not exist on that day.
std::vector<UnitId> AncestorsOn(const RowReader& rows, UnitId unit, Date date);
// Whether `root` is among AncestorsOn(unit). Every unit is below root 0.
bool IsBelow(const RowReader& rows, UnitId unit, UnitId root, Date date);
// The unit's ancestor of that level; 0 if it has none.
UnitId AncestorOfLevel(const RowReader& rows, UnitId unit, v1::UnitLevel level,
                       Date date);

// The unit that has this code on that day. Codes pass from one unit to another.
std::optional<UnitId> FindByCode(const RowReader& rows, absl::string_view code,
                                 Date date);
// Units whose parent is `parent` on that day, ascending.
std::vector<UnitId> ChildrenOn(const RowReader& rows, UnitId parent, Date date);

// What is wrong with a list of units as the map of `effective_date`, a sentence
// a fault, each beginning with "row N: " where a row is at fault, at most
// `faults_max`. Empty: it can take effect. Whether it does is a command's
// matter.
std::vector<std::string> CheckUnitList(const v1::UnitList& list,
                                       Date effective_date,
                                       const RowReader& rows,
                                       std::size_t faults_max);
// The same for a change of the map.
std::vector<std::string> CheckSuccessions(const v1::Successions& successions,
                                          Date effective_date,
                                          const RowReader& rows,
                                          std::size_t faults_max);

// Whether the kind is one of villages: thôn, bản, tổ dân phố, ...
bool IsVillageKind(v1::UnitKind kind);

}  // namespace thon

#endif  // THON_PROJECTIONS_UNITS_H_
