#include "server/projections/units.h"

#include <algorithm>
#include <map>
#include <set>

#include "server/projections/documents.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

// More than the levels of any map, in case a row were to name itself.
constexpr int kLevelsMax = 8;

template <typename Versions>
auto VersionOn(const Versions& versions, Date date) -> decltype(&versions[0]) {
  const auto it = std::upper_bound(
      versions.begin(), versions.end(), date.days,
      [](std::int32_t day, const auto& v) { return day < v.from_date(); });
  return it == versions.begin() ? nullptr : &*(it - 1);
}

// Sets the version that begins on `version`'s day, and drops versions that say
// what the one before says. Later versions stay.
template <typename Versions, typename Version, typename Same>
void SetVersion(Versions* versions, const Version& version, const Same& same) {
  std::vector<Version> sorted(versions->begin(), versions->end());
  const auto it = std::lower_bound(sorted.begin(), sorted.end(), version,
                                   [](const Version& a, const Version& b) {
                                     return a.from_date() < b.from_date();
                                   });
  if (it != sorted.end() && it->from_date() == version.from_date()) {
    *it = version;
  } else {
    sorted.insert(it, version);
  }
  sorted.erase(std::unique(sorted.begin(), sorted.end(), same), sorted.end());
  versions->Clear();
  for (Version& v : sorted) *versions->Add() = std::move(v);
}

void SetName(v1::UnitRow* row, const v1::UnitName& name) {
  SetVersion(row->mutable_names(), name,
             [](const v1::UnitName& a, const v1::UnitName& b) {
               return a.code() == b.code() && a.name() == b.name() &&
                      a.kind() == b.kind();
             });
}

void SetParent(v1::UnitRow* row, Date from, UnitId parent) {
  v1::UnitParent version;
  version.set_from_date(from.days);
  version.set_unit_id(parent.value);
  SetVersion(row->mutable_parents(), version,
             [](const v1::UnitParent& a, const v1::UnitParent& b) {
               return a.unit_id() == b.unit_id();
             });
  row->set_placement_pending(
      row->level() == v1::UNIT_LEVEL_VILLAGE && row->parents_size() > 0 &&
      row->parents(row->parents_size() - 1).unit_id() == 0);
}

// Writes the row and the rows that find it by code and by parent.
void PutUnit(const v1::UnitRow& row, RowWriter& rows) {
  const UnitId id(row.unit_id());
  const std::optional<v1::UnitRow> before = GetUnit(rows, id);
  std::set<std::string> codes;
  for (const v1::UnitName& name : row.names()) {
    if (name.code().empty()) continue;
    codes.insert(keys::UnitByCode(name.code(), Date(name.from_date()), id));
  }
  if (before.has_value()) {
    for (const v1::UnitName& name : before->names()) {
      if (name.code().empty()) continue;
      const std::string key =
          keys::UnitByCode(name.code(), Date(name.from_date()), id);
      if (!codes.contains(key)) rows.Delete(Table::kUnitByCode, key);
    }
  }
  for (const std::string& key : codes) rows.Put(Table::kUnitByCode, key, "");
  for (const v1::UnitParent& parent : row.parents()) {
    if (parent.unit_id() == 0) continue;
    rows.Put(Table::kUnitChild, keys::UnitChild(UnitId(parent.unit_id()), id),
             "");
  }
  PutRow(rows, Table::kUnit, keys::Unit(id), row);
}

// All units that ever had this parent.
std::vector<UnitId> ChildrenEver(const RowReader& rows, UnitId parent) {
  std::vector<UnitId> children;
  rows.Scan(Table::kUnitChild, keys::Unit(parent), "",
            [&](absl::string_view key, const RowVersion&) {
              children.emplace_back(keys::KeyView(key).Skip(8).U64());
              return true;
            });
  return children;
}

void EndBefore(v1::UnitRow* row, Date first_day_without) {
  row->set_to_date(first_day_without.Previous().days);
}

// Villages of an ended commune wait for somebody who says where they belong.
void LeavePending(UnitId commune, Date from, RowWriter& rows) {
  for (const UnitId child : ChildrenEver(rows, commune)) {
    std::optional<v1::UnitRow> village = GetUnit(rows, child);
    if (!village.has_value() || village->level() != v1::UNIT_LEVEL_VILLAGE) {
      continue;
    }
    const Date day = std::max(from, Date(village->from_date()));
    if (ParentOn(*village, day) != commune) continue;
    SetParent(&*village, day, UnitId(0));
    PutUnit(*village, rows);
  }
}

void ApplyImport(const v1::UnitsImported& import, const EventSource& events,
                 RowWriter& rows) {
  const std::optional<v1::UnitList> list =
      AssembleMessage<v1::UnitList>(import.units_hash(), rows, events);
  if (!list.has_value()) return;
  const Date from(import.effective_date());
  std::set<std::uint64_t> listed;
  for (const v1::UnitRecord& record : list->units()) {
    listed.insert(record.unit_id());
    v1::UnitRow row =
        GetUnit(rows, UnitId(record.unit_id())).value_or(v1::UnitRow());
    if (row.unit_id() == 0) {
      row.set_unit_id(record.unit_id());
      row.set_level(record.level());
      row.set_from_date(from.days);
    }
    row.set_to_date(0);
    v1::UnitName name;
    name.set_from_date(from.days);
    name.set_code(record.code());
    name.set_name(record.name());
    name.set_kind(record.kind());
    SetName(&row, name);
    SetParent(&row, from, UnitId(record.parent_unit_id()));
    PutUnit(row, rows);
  }
  std::vector<v1::UnitRow> absent;
  ScanRows<v1::UnitRow>(
      rows, Table::kUnit, "",
      [&](absl::string_view, const v1::UnitRow& row, Position) {
        if (row.level() != v1::UNIT_LEVEL_VILLAGE && row.to_date() == 0 &&
            !listed.contains(row.unit_id())) {
          absent.push_back(row);
        }
        return true;
      });
  for (v1::UnitRow& row : absent) {
    EndBefore(&row, from);
    PutUnit(row, rows);
    if (row.level() == v1::UNIT_LEVEL_COMMUNE) {
      LeavePending(UnitId(row.unit_id()), from, rows);
    }
  }
}

void ApplyVillage(const v1::VillageDeclared& declared, RowWriter& rows) {
  v1::UnitRow row;
  row.set_unit_id(declared.unit_id());
  row.set_level(v1::UNIT_LEVEL_VILLAGE);
  row.set_from_date(declared.effective_date());
  v1::UnitName* name = row.add_names();
  name->set_from_date(declared.effective_date());
  name->set_name(declared.name());
  name->set_kind(declared.kind());
  SetParent(&row, Date(declared.effective_date()),
            UnitId(declared.commune_unit_id()));
  PutUnit(row, rows);
}

// Where the villages of one old commune go: a commune, or 0 for "to be said".
void MoveVillages(UnitId old_commune, UnitId successor, Date from,
                  RowWriter& rows) {
  for (const UnitId child : ChildrenEver(rows, old_commune)) {
    std::optional<v1::UnitRow> village = GetUnit(rows, child);
    if (!village.has_value() || village->level() != v1::UNIT_LEVEL_VILLAGE ||
        ParentOn(*village, from.Previous()) != old_commune) {
      continue;
    }
    const UnitId now = ParentOn(*village, from);
    // Somebody has already said where this one belongs.
    if (now != UnitId(0) && now != old_commune) continue;
    SetParent(&*village, from, successor);
    PutUnit(*village, rows);
  }
}

void ApplyChange(const v1::AdminUnitChanged& change, const EventSource& events,
                 RowWriter& rows) {
  const std::optional<v1::Successions> successions =
      AssembleMessage<v1::Successions>(change.successions_hash(), rows, events);
  if (!successions.has_value()) return;
  const Date from(change.effective_date());
  std::map<std::uint64_t, std::vector<const v1::Succession*>> by_old;
  std::set<std::uint64_t> goes_on;
  for (const v1::Succession& row : successions->rows()) {
    by_old[row.from_unit_id()].push_back(&row);
    goes_on.insert(row.to_unit_id());
  }
  for (const auto& [old_id, successors] : by_old) {
    std::optional<v1::UnitRow> old_unit = GetUnit(rows, UnitId(old_id));
    if (!old_unit.has_value()) continue;
    const bool whole = successors.size() == 1 && !successors.front()->part();
    if (old_unit->level() == v1::UNIT_LEVEL_COMMUNE) {
      MoveVillages(UnitId(old_id),
                   UnitId(whole ? successors.front()->to_unit_id() : 0), from,
                   rows);
    }
    if (whole && !goes_on.contains(old_id) && ExistsOn(*old_unit, from)) {
      EndBefore(&*old_unit, from);
      PutUnit(*old_unit, rows);
    }
  }
}

void ApplyPlacement(const v1::PlacementDecided& placement, RowWriter& rows) {
  std::optional<v1::UnitRow> village =
      GetUnit(rows, UnitId(placement.village_unit_id()));
  if (!village.has_value()) return;
  SetParent(&*village, Date(placement.effective_date()),
            UnitId(placement.commune_unit_id()));
  PutUnit(*village, rows);
}

class Units final : public Projection {
 public:
  absl::string_view name() const override { return "units"; }
  int version() const override { return 1; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override {
    if (!input.from_server) return;
    for (const Fact& fact : input.facts) ApplyToUnits(fact, events, rows);
  }
};

}  // namespace

std::unique_ptr<Projection> NewUnits() { return std::make_unique<Units>(); }

void ApplyToUnits(const Fact& fact, const EventSource& events,
                  RowWriter& rows) {
  if (!fact.from_server || !fact.effective) return;
  switch (fact.event->payload_case()) {
    case v1::Event::kUnitsImported:
      ApplyImport(fact.event->units_imported(), events, rows);
      break;
    case v1::Event::kVillageDeclared:
      ApplyVillage(fact.event->village_declared(), rows);
      break;
    case v1::Event::kAdminUnitChanged:
      ApplyChange(fact.event->admin_unit_changed(), events, rows);
      break;
    case v1::Event::kPlacementDecided:
      ApplyPlacement(fact.event->placement_decided(), rows);
      break;
    default:
      return;
  }
  PutNumber(rows, Table::kMap, keys::Map(), fact.position.value);
}

std::optional<v1::UnitRow> GetUnit(const RowReader& rows, UnitId unit) {
  return GetRow<v1::UnitRow>(rows, Table::kUnit, keys::Unit(unit));
}

bool ExistsOn(const v1::UnitRow& unit, Date date) {
  return date.days >= unit.from_date() &&
         (unit.to_date() == 0 || date.days <= unit.to_date());
}

Date NearestDay(const v1::UnitRow& unit, Date date) {
  if (unit.to_date() != 0 && date.days > unit.to_date()) {
    date = Date(unit.to_date());
  }
  return std::max(date, Date(unit.from_date()));
}

const v1::UnitName* NameOn(const v1::UnitRow& unit, Date date) {
  return VersionOn(unit.names(), date);
}

UnitId ParentOn(const v1::UnitRow& unit, Date date) {
  const v1::UnitParent* parent = VersionOn(unit.parents(), date);
  return UnitId(parent == nullptr ? 0 : parent->unit_id());
}

bool IsPendingOn(const v1::UnitRow& unit, Date date) {
  return unit.level() == v1::UNIT_LEVEL_VILLAGE && ExistsOn(unit, date) &&
         ParentOn(unit, date) == UnitId(0);
}

std::vector<UnitId> AncestorsOn(const RowReader& rows, UnitId unit, Date date) {
  std::vector<UnitId> chain;
  while (unit != UnitId(0) && chain.size() < kLevelsMax) {
    const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
    if (!row.has_value() || !ExistsOn(*row, date)) break;
    chain.push_back(unit);
    unit = ParentOn(*row, date);
  }
  return chain;
}

bool IsBelow(const RowReader& rows, UnitId unit, UnitId root, Date date) {
  if (root == UnitId(0)) return true;
  const std::vector<UnitId> chain = AncestorsOn(rows, unit, date);
  return std::find(chain.begin(), chain.end(), root) != chain.end();
}

UnitId AncestorOfLevel(const RowReader& rows, UnitId unit, v1::UnitLevel level,
                       Date date) {
  for (const UnitId ancestor : AncestorsOn(rows, unit, date)) {
    const std::optional<v1::UnitRow> row = GetUnit(rows, ancestor);
    if (row.has_value() && row->level() == level) return ancestor;
  }
  return UnitId(0);
}

std::optional<UnitId> FindByCode(const RowReader& rows, absl::string_view code,
                                 Date date) {
  if (!keys::IsRowKeyText(code)) return std::nullopt;
  std::optional<UnitId> found;
  const std::string prefix = keys::Key().Text(code).Take();
  rows.Scan(Table::kUnitByCode, prefix, "",
            [&](absl::string_view key, const RowVersion&) {
              keys::KeyView view(key);
              view.Skip(prefix.size());
              if (view.Day() > date) return false;
              const UnitId unit(view.U64());
              const std::optional<v1::UnitRow> row = GetUnit(rows, unit);
              if (!row.has_value() || !ExistsOn(*row, date)) return true;
              const v1::UnitName* name = NameOn(*row, date);
              if (name != nullptr && name->code() == code) found = unit;
              return true;
            });
  return found;
}

std::vector<UnitId> ChildrenOn(const RowReader& rows, UnitId parent,
                               Date date) {
  std::vector<UnitId> children;
  for (const UnitId child : ChildrenEver(rows, parent)) {
    const std::optional<v1::UnitRow> row = GetUnit(rows, child);
    if (row.has_value() && ExistsOn(*row, date) &&
        ParentOn(*row, date) == parent) {
      children.push_back(child);
    }
  }
  return children;
}

}  // namespace thon
