// Files that decisions rest on: the communes of a registration list, the teams
// of a funding decision.
#ifndef THON_TOOLS_THON_DECISION_FILES_H_
#define THON_TOOLS_THON_DECISION_FILES_H_

#include <cstdint>

#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"
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

// Columns commune_code, change (add or remove), target (needed to add; to
// remove it is the one that the commune is listed with), and name or
// commune_name. A commune to remove that was never on `now`, the list as it is,
// is an error; what is so already from `day` on is passed over with a warning,
// so that a repeat has nothing to record.
v1::RegistrationList PlanListAmendment(const CsvTable& table,
                                       const UnitMap& map,
                                       const v1::RegistrationListRow& now,
                                       Date day, CellRules rules,
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
