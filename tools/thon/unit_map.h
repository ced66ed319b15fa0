// The map of one day, as the server lists it, to look units up by code or name.
#ifndef THON_TOOLS_THON_UNIT_MAP_H_
#define THON_TOOLS_THON_UNIT_MAP_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "thon/v1/rows.pb.h"

namespace thon::cli {

// A unit as it is on that day.
struct MapUnit {
  std::uint64_t id = 0;
  v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;
  v1::UnitKind kind = v1::UNIT_KIND_UNSPECIFIED;
  std::string code;
  std::string name;
  std::uint64_t parent_id = 0;
};

// Attributes of `row` on `date`, or the first it has if they begin later.
MapUnit UnitOn(const v1::UnitRow& row, Date date);

// Thread-safety: const methods, any thread.
class UnitMap {
 public:
  UnitMap() = default;
  // Leaves out units that do not exist on `date`.
  UnitMap(const std::vector<v1::UnitRow>& rows, Date date);

  // Each of these gives null if there is none. Pointers live as long as the
  // map.
  const MapUnit* Find(std::uint64_t id) const;
  const MapUnit* FindCode(v1::UnitLevel level, absl::string_view code) const;
  // The unit of any level; codes of different levels have different lengths.
  const MapUnit* FindCode(absl::string_view code) const;
  const MapUnit* FindVillage(std::uint64_t commune_id,
                             absl::string_view name) const;
  const MapUnit* ProvinceOf(const MapUnit& unit) const;

  Date date() const { return date_; }
  const std::map<std::uint64_t, MapUnit>& units() const { return units_; }
  // Ids by level and the search key of the name without its kind; for "did you
  // mean", never for identity.
  const std::multimap<std::pair<int, std::string>, std::uint64_t>& by_key()
      const {
    return by_key_;
  }

 private:
  Date date_;
  std::map<std::uint64_t, MapUnit> units_;
  std::map<std::pair<int, std::string>, std::uint64_t> by_code_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> villages_;
  std::multimap<std::pair<int, std::string>, std::uint64_t> by_key_;
};

// The level a code of this length belongs to; UNSPECIFIED if it is no code of
// 2, 3 or 5 digits.
v1::UnitLevel LevelOfCode(absl::string_view code);

// "Xã Vĩnh Kiên (04771)", or the id where the map has no such unit.
std::string ShowUnit(const UnitMap& map, std::uint64_t id);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_UNIT_MAP_H_
