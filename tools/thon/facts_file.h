// Files of villages, teams, members and organisations as facts that take effect
// as a whole.
//
// Columns (in any order; those in brackets may be left out):
//   villages       commune_code, village_name, [commune_name], [kind],
//                  [effective], [id]
//   teams          commune_code, village_name, team_name, founded,
//                  [commune_name], [level], [document], [issued], [issuer],
//                  [pilot], [kind], [id]
//   members        seat, joined, and member_ref or id, and team_id or
//                  commune_code with village_name, [commune_name],
//                  [affiliations], [part_time]
//   organisations  name, kind, unit_code, registered, [id]
//
// Each may have a column note, which nothing reads but the mark of an example.
// A team with an empty village_name stands on the commune itself. Rows that the
// server has already are left out, so that a repeat records nothing twice.
#ifndef THON_TOOLS_THON_FACTS_FILE_H_
#define THON_TOOLS_THON_FACTS_FILE_H_

#include <cstdint>
#include <vector>

#include "server/core/civil.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"
#include "tools/thon/csv.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/team_index.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

struct FactsFileOptions {
  CellRules rules;
  // First day of villages whose row says none; 0 if the file must say it.
  std::int32_t effective_date = 0;
  // Teams declare the villages that the map lacks.
  bool with_villages = false;
};

struct FactsPlan {
  v1::FactList facts;  // Valid only without errors.
  int already_recorded = 0;
  int villages = 0;
  int teams = 0;
  int members = 0;
  int organisations = 0;
};

FactsPlan PlanVillages(const CsvTable& table, const UnitMap& map,
                       const FactsFileOptions& options, Report* report);
FactsPlan PlanTeams(const CsvTable& table, const UnitMap& map,
                    const TeamIndex& teams, const FactsFileOptions& options,
                    Report* report);
FactsPlan PlanMembers(const CsvTable& table, const UnitMap& map,
                      const TeamIndex& teams, const FactsFileOptions& options,
                      Report* report);
FactsPlan PlanOrganisations(const CsvTable& table, const UnitMap& map,
                            const std::vector<v1::OrganisationRow>& existing,
                            const FactsFileOptions& options, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_FACTS_FILE_H_
