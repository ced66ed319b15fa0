// Files that decisions rest on: the communes of a registration list, the teams
// of a funding decision.
#ifndef THON_TOOLS_THON_DECISION_FILES_H_
#define THON_TOOLS_THON_DECISION_FILES_H_

#include "thon/v1/event.pb.h"
#include "tools/thon/csv.h"
#include "tools/thon/report.h"
#include "tools/thon/team_index.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// Columns commune_code, target, name (may be empty). A name that is not the
// map's is an error, as code and name then name two communes; with
// `accept_names` a warning, as spelling variants are.
v1::RegistrationList PlanRegistrationList(const CsvTable& table,
                                          const UnitMap& map, CellRules rules,
                                          bool accept_names, Report* report);

// Column team_id, or commune_code and village_name. The set is ascending and
// without repetition.
v1::FundedTeams PlanFundedTeams(const CsvTable& table, const UnitMap& map,
                                const TeamIndex& teams, CellRules rules,
                                Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_DECISION_FILES_H_
