// Teams as the server lists them, to look up by id or by where they stand.
#ifndef THON_TOOLS_THON_TEAM_INDEX_H_
#define THON_TOOLS_THON_TEAM_INDEX_H_

#include <cstdint>
#include <map>
#include <vector>

#include "thon/v1/rows.pb.h"
#include "tools/thon/report.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// Teams to look up by id or by the unit they stand on.
class TeamIndex {
 public:
  TeamIndex() = default;
  explicit TeamIndex(std::vector<v1::TeamRow> teams);
  // Null if there is none.
  const v1::TeamRow* Find(std::uint64_t team_id) const;
  // Teams that stand on a unit and have not ended.
  std::vector<const v1::TeamRow*> On(std::uint64_t unit_id) const;

 private:
  std::map<std::uint64_t, v1::TeamRow> teams_;
  std::multimap<std::uint64_t, std::uint64_t> by_unit_;
};

// The team a row names by team_id, or by commune_code and village_name. Reports
// and returns null if there is none, or more than one.
const v1::TeamRow* FindRowsTeam(RowReader* reader, const UnitMap& map,
                                const TeamIndex& teams);

// The commune that a row names in commune_code; null with a report if the map
// has none.
const MapUnit* CommuneOf(RowReader* reader, const UnitMap& map);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEAM_INDEX_H_
