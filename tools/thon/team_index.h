// Teams as the server lists them, to look up by id or by where they stand.
#ifndef THON_TOOLS_THON_TEAM_INDEX_H_
#define THON_TOOLS_THON_TEAM_INDEX_H_

#include <cstdint>
#include <map>
#include <vector>

#include "thon/v1/rows.pb.h"
#include "tools/thon/row_reader.h"
#include "tools/thon/unit_map.h"
#include "tools/thon/unit_match.h"

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

// The team a row names by team_id ("4211", or "4211 Tổ ..." with the name that
// it must have), or by commune_code and village_name. Reports, with what may
// have been meant, and returns null if there is none, or more than one.
const v1::TeamRow* FindRowsTeam(RowReader* reader, const UnitMap& map,
                                const TeamIndex& teams);

// The commune that a row names in commune_code ("04771", or "04771 Xã Vĩnh
// Kiên"); a name there or in commune_name must be its name. Null with a report,
// which says what may have been meant, if the map has none.
const MapUnit* CommuneOf(RowReader* reader, const UnitMap& map,
                         OtherName other = OtherName::kError);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_TEAM_INDEX_H_
