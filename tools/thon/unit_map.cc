#include "tools/thon/unit_map.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/thon/unit_match.h"

namespace thon::cli {

MapUnit UnitOn(const v1::UnitRow& row, Date date) {
  MapUnit unit;
  unit.id = row.unit_id();
  unit.level = row.level();
  for (int i = 0; i < row.names_size(); ++i) {
    const v1::UnitName& name = row.names(i);
    if (i > 0 && name.from_date() > date.days) break;
    unit.kind = name.kind();
    unit.code = name.code();
    unit.name = name.name();
  }
  for (int i = 0; i < row.parents_size(); ++i) {
    const v1::UnitParent& parent = row.parents(i);
    if (i > 0 && parent.from_date() > date.days) break;
    unit.parent_id = parent.unit_id();
  }
  return unit;
}

UnitMap::UnitMap(const std::vector<v1::UnitRow>& rows, Date date)
    : date_(date) {
  for (const v1::UnitRow& row : rows) {
    if (row.from_date() > date.days) continue;
    if (row.to_date() != 0 && row.to_date() < date.days) continue;
    MapUnit unit = UnitOn(row, date);
    if (unit.level == v1::UNIT_LEVEL_VILLAGE) {
      villages_[{unit.parent_id, unit.name}] = unit.id;
    } else {
      by_code_[{unit.level, unit.code}] = unit.id;
    }
    by_key_.emplace(std::make_pair(static_cast<int>(unit.level),
                                   KindlessKey(unit.level, unit.name)),
                    unit.id);
    units_[unit.id] = std::move(unit);
  }
}

const MapUnit* UnitMap::Find(std::uint64_t id) const {
  const auto it = units_.find(id);
  return it == units_.end() ? nullptr : &it->second;
}

const MapUnit* UnitMap::FindCode(v1::UnitLevel level,
                                 absl::string_view code) const {
  const auto it = by_code_.find({level, std::string(code)});
  return it == by_code_.end() ? nullptr : Find(it->second);
}

const MapUnit* UnitMap::FindCode(absl::string_view code) const {
  return FindCode(LevelOfCode(code), code);
}

const MapUnit* UnitMap::FindVillage(std::uint64_t commune_id,
                                    absl::string_view name) const {
  const auto it = villages_.find({commune_id, std::string(name)});
  return it == villages_.end() ? nullptr : Find(it->second);
}

const MapUnit* UnitMap::ProvinceOf(const MapUnit& unit) const {
  const MapUnit* at = &unit;
  // Four levels: a longer way is a loop.
  for (int step = 0; at != nullptr && step < 4; ++step) {
    if (at->level == v1::UNIT_LEVEL_PROVINCE) return at;
    at = Find(at->parent_id);
  }
  return nullptr;
}

v1::UnitLevel LevelOfCode(absl::string_view code) {
  if (!std::all_of(code.begin(), code.end(),
                   [](char c) { return c >= '0' && c <= '9'; })) {
    return v1::UNIT_LEVEL_UNSPECIFIED;
  }
  switch (code.size()) {
    case 2:
      return v1::UNIT_LEVEL_PROVINCE;
    case 3:
      return v1::UNIT_LEVEL_DISTRICT;
    case 5:
      return v1::UNIT_LEVEL_COMMUNE;
    default:
      return v1::UNIT_LEVEL_UNSPECIFIED;
  }
}

std::string ShowUnit(const UnitMap& map, std::uint64_t id) {
  const MapUnit* const unit = map.Find(id);
  if (unit == nullptr) return absl::StrCat("#", id);
  if (unit->code.empty()) return unit->name;
  return absl::StrCat(unit->name, " (", unit->code, ")");
}

}  // namespace thon::cli
