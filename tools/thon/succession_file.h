// The file that says which unit passed into which when the map changed.
#ifndef THON_TOOLS_THON_SUCCESSION_FILE_H_
#define THON_TOOLS_THON_SUCCESSION_FILE_H_

#include "thon/v1/event.pb.h"
#include "tools/thon/csv.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// Columns from_code (of the map before), to_code (of the map after), and part,
// which may be left out: yes where only a part of the unit went there. Codes of
// one level above the village. A unit that goes as a whole has one row, and
// every pair one.
v1::Successions PlanSuccessions(const CsvTable& table, const UnitMap& before,
                                const UnitMap& after, CellRules rules,
                                Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_SUCCESSION_FILE_H_
