// A file of administrative units (code, level, name, parent_code) as a map that
// takes effect on a day. Nothing is guessed: what is not plain is reported, and
// then nothing is imported.
#ifndef THON_TOOLS_THON_UNITS_FILE_H_
#define THON_TOOLS_THON_UNITS_FILE_H_

#include <set>
#include <string>

#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "tools/thon/csv.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

struct UnitsFileOptions {
  Date effective;
  CellRules rules;
  // Only the units of the province of this code; empty for all.
  std::string only_province;
  // Codes of provinces whose name differs from the map's: the same unit under a
  // new name, or another unit that took over the code.
  std::set<std::string> same_units;
  std::set<std::string> new_units;
};

struct UnitsPlan {
  v1::UnitList list;  // Parents before children. Valid only without errors.
  int provinces = 0;
  int districts = 0;
  int communes = 0;
  int created = 0;
  int kept = 0;
  int renamed = 0;  // Kept, with another name or kind.
  int moved = 0;    // Kept, below another parent.
  int absent = 0;   // In the map of that day and not in the file.

  bool changes_nothing() const {
    return created == 0 && renamed == 0 && moved == 0 && absent == 0;
  }
};

// `existing` is the server's map on the effective day; empty for a first
// import.
//
// A unit keeps its id when the map has its level and code in the same province;
// a province is the same when its name is. Every other unit gets DeriveUnitId.
UnitsPlan PlanUnits(const CsvTable& table, const UnitMap& existing,
                    const UnitsFileOptions& options, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_UNITS_FILE_H_
