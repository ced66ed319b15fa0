// Files that decisions rest on: the communes of a registration list, the teams
// of a funding decision.
#ifndef THON_TOOLS_THON_DECISION_FILES_H_
#define THON_TOOLS_THON_DECISION_FILES_H_

#include <cstdint>

#include "thon/v1/event.pb.h"
#include "tools/thon/csv.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/team_index.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// Columns commune_code, target, and name or commune_name (may be left out). A
// name that is not the map's is an error, as code and name then name two
// communes; with `accept_names` a warning, as spelling variants are.
v1::RegistrationList PlanRegistrationList(const CsvTable& table,
                                          const UnitMap& map, CellRules rules,
                                          bool accept_names, Report* report);

// What the file of a funding decision says of money: how many rows name an
// amount a month, and their sum in đồng, at most 10^15.
struct ListedAmounts {
  int rows = 0;
  std::int64_t sum_vnd = 0;
};

// Column team_id, or commune_code and village_name; amount may be there. The
// set is ascending and without repetition. `listed` may be null.
v1::FundedTeams PlanFundedTeams(const CsvTable& table, const UnitMap& map,
                                const TeamIndex& teams, CellRules rules,
                                Report* report,
                                ListedAmounts* listed = nullptr);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_DECISION_FILES_H_
