// Files of phones to enrol: whom codes are for.
#ifndef THON_TOOLS_THON_ENROL_FILE_H_
#define THON_TOOLS_THON_ENROL_FILE_H_

#include <cstdint>
#include <vector>

#include "server/core/civil.h"
#include "tools/thon/csv.h"
#include "tools/thon/enrol_sheet.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/team_index.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// Whom a one-time code is for.
struct CodeHolder {
  std::uint64_t team_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t organisation_id = 0;
};

// Columns team_id and member_id, or organisation_id; a row each.
std::vector<CodeHolder> PlanEnrolment(const CsvTable& table, Report* report);

// Whom a team's sheet is for.
enum class SheetFor { kLeader, kEveryMember };

// Cards of a team, without codes: its leader's, or those of all who are members
// on `today`. Empty if there is nobody.
std::vector<SheetCard> CardsOfTeam(const v1::TeamRow& team, const UnitMap& map,
                                   Date today, SheetFor whom);

// Columns team_id, or commune_code and village_name; [member_id]. A row names a
// team, and with member_id one member of it. A team without a leader, a member
// who is none and a card twice are errors.
std::vector<SheetCard> PlanSheet(const CsvTable& table, const UnitMap& map,
                                 const TeamIndex& teams, Date today,
                                 SheetFor whom, Report* report);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_ENROL_FILE_H_
