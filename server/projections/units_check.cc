#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr int kUnitsMax = 100'000;
constexpr int kSuccessionsMax = 40'000;

// Sentences, up to a number of them.
class Faults {
 public:
  explicit Faults(std::size_t max) : max_(max) {}
  template <typename... Parts>
  void Row(int index, const Parts&... parts) {
    Add("row ", index + 1, ": ", parts...);
  }
  template <typename... Parts>
  void Add(const Parts&... parts) {
    if (!full()) faults_.push_back(absl::StrCat(parts...));
  }
  bool full() const { return faults_.size() >= max_; }
  std::vector<std::string> Take() { return std::move(faults_); }

 private:
  std::size_t max_;
  std::vector<std::string> faults_;
};

std::size_t CodeDigits(v1::UnitLevel level) {
  switch (level) {
    case v1::UNIT_LEVEL_PROVINCE:
      return 2;
    case v1::UNIT_LEVEL_DISTRICT:
      return 3;
    case v1::UNIT_LEVEL_COMMUNE:
      return 5;
    default:
      return 0;
  }
}

bool KindFits(v1::UnitKind kind, v1::UnitLevel level) {
  switch (level) {
    case v1::UNIT_LEVEL_PROVINCE:
      return kind == v1::UNIT_KIND_TINH || kind == v1::UNIT_KIND_THANH_PHO_TW;
    case v1::UNIT_LEVEL_DISTRICT:
      return kind >= v1::UNIT_KIND_HUYEN && kind <= v1::UNIT_KIND_THANH_PHO;
    case v1::UNIT_LEVEL_COMMUNE:
      return kind >= v1::UNIT_KIND_XA && kind <= v1::UNIT_KIND_DAC_KHU;
    case v1::UNIT_LEVEL_VILLAGE:
      return IsVillageKind(kind);
    default:
      return false;
  }
}

bool ParentFits(v1::UnitLevel parent, v1::UnitLevel child) {
  switch (child) {
    case v1::UNIT_LEVEL_DISTRICT:
      return parent == v1::UNIT_LEVEL_PROVINCE;
    case v1::UNIT_LEVEL_COMMUNE:
      return parent == v1::UNIT_LEVEL_PROVINCE ||
             parent == v1::UNIT_LEVEL_DISTRICT;
    case v1::UNIT_LEVEL_VILLAGE:
      return parent == v1::UNIT_LEVEL_COMMUNE;
    default:
      return false;
  }
}

void CheckName(int index, const v1::UnitRecord& unit, Faults* faults) {
  const std::string& name = unit.name();
  if (name.empty()) {
    faults->Row(index, "the name is missing");
  } else if (name.size() > limits::kTextBytesMax) {
    faults->Row(index, "the name is longer than ", limits::kTextBytesMax,
                " bytes");
  } else if (!IsTrimmed(name)) {
    faults->Row(index, "the name has blanks at an end");
  } else if (!IsText(name)) {
    faults->Row(index, "the name is not Unicode NFC");
  }
}

void CheckCode(int index, const v1::UnitRecord& unit,
               std::map<std::string, int>* codes, Faults* faults) {
  const std::size_t digits = CodeDigits(unit.level());
  const std::string& code = unit.code();
  if (code.size() != digits ||
      !std::all_of(code.begin(), code.end(), absl::ascii_isdigit)) {
    faults->Row(index, "the code must have ", digits, " digits");
    return;
  }
  if (code.empty()) return;
  const auto [first, is_new] = codes->emplace(code, index);
  if (!is_new) {
    faults->Row(index, "code ", code, " is also in row ", first->second + 1);
  }
}

// Whether the unit that the log knows can be the one that the list names.
void CheckKnown(int index, const v1::UnitRecord& unit, Date from,
                const RowReader& rows, Faults* faults) {
  const std::optional<v1::UnitRow> known =
      GetUnit(rows, UnitId(unit.unit_id()));
  if (!known.has_value()) return;
  if (known->level() != unit.level()) {
    faults->Row(index, "unit ", unit.unit_id(),
                " is of another level; give the new unit a new id");
  } else if (known->to_date() != 0 && known->to_date() < from.days) {
    faults->Row(index, "unit ", unit.unit_id(), " ended on ",
                Date(known->to_date()).Iso(), "; give the new unit a new id");
  }
}

// Maps come in the order of their days, so that none undoes a later one.
void CheckOrder(Date from, const RowReader& rows, Faults* faults) {
  ScanRows<v1::UnitRow>(
      rows, Table::kUnit, "",
      [&](absl::string_view, const v1::UnitRow& row, Position) {
        if (row.level() == v1::UNIT_LEVEL_VILLAGE) return true;
        std::int32_t last =
            std::max(row.names(row.names_size() - 1).from_date(),
                     row.parents(row.parents_size() - 1).from_date());
        if (row.to_date() != 0) last = std::max(last, row.to_date() + 1);
        if (last <= from.days) return true;
        faults->Add("the map has a change of ", Date(last).Iso(), " (unit ",
                    row.unit_id(),
                    "), which is later: import maps in the order of days");
        return false;
      });
}

void CheckSuccession(int index, const v1::Succession& row, Date from,
                     const RowReader& rows, Faults* faults) {
  const std::optional<v1::UnitRow> before =
      GetUnit(rows, UnitId(row.from_unit_id()));
  const std::optional<v1::UnitRow> after =
      GetUnit(rows, UnitId(row.to_unit_id()));
  if (!before.has_value() || !ExistsOn(*before, from.Previous())) {
    faults->Row(index, "unit ", row.from_unit_id(), " does not exist on ",
                from.Previous().Iso());
  } else if (!after.has_value() || !ExistsOn(*after, from)) {
    faults->Row(index, "unit ", row.to_unit_id(), " does not exist on ",
                from.Iso(), ": import the new map first");
  } else if (before->level() != after->level() ||
             before->level() == v1::UNIT_LEVEL_VILLAGE) {
    faults->Row(index, "units ", row.from_unit_id(), " and ", row.to_unit_id(),
                " are not two units of one level above the village");
  }
}

}  // namespace

bool IsVillageKind(v1::UnitKind kind) {
  return kind >= v1::UNIT_KIND_THON && kind <= v1::UNIT_KIND_KHU_VUC;
}

std::vector<std::string> CheckUnitList(const v1::UnitList& list, Date from,
                                       const RowReader& rows,
                                       std::size_t faults_max) {
  Faults faults(faults_max);
  if (list.units_size() == 0 || list.units_size() > kUnitsMax) {
    faults.Add("a map has 1 to ", kUnitsMax, " units, not ", list.units_size());
    return faults.Take();
  }
  CheckOrder(from, rows, &faults);
  std::map<std::uint64_t, v1::UnitLevel> levels;
  std::map<std::string, int> codes;
  for (int i = 0; i < list.units_size() && !faults.full(); ++i) {
    const v1::UnitRecord& unit = list.units(i);
    if (!IsSurrogateId(unit.unit_id())) {
      faults.Row(i, "unit_id must be above 0 and below 2^53");
      continue;
    }
    if (unit.level() < v1::UNIT_LEVEL_PROVINCE ||
        unit.level() > v1::UNIT_LEVEL_VILLAGE) {
      faults.Row(i, "the level is missing or unknown");
      continue;
    }
    if (!KindFits(unit.kind(), unit.level())) {
      faults.Row(i, "the kind does not fit the level");
    }
    CheckName(i, unit, &faults);
    CheckCode(i, unit, &codes, &faults);
    if (unit.level() == v1::UNIT_LEVEL_PROVINCE) {
      if (unit.parent_unit_id() != 0) faults.Row(i, "a province has no parent");
    } else {
      const auto parent = levels.find(unit.parent_unit_id());
      if (parent == levels.end()) {
        faults.Row(i, "parent ", unit.parent_unit_id(),
                   " is not in a row before");
      } else if (!ParentFits(parent->second, unit.level())) {
        faults.Row(i, "parent ", unit.parent_unit_id(),
                   " is not of a level that can be its parent");
      }
    }
    if (!levels.emplace(unit.unit_id(), unit.level()).second) {
      faults.Row(i, "unit ", unit.unit_id(), " is in the list twice");
    }
    CheckKnown(i, unit, from, rows, &faults);
  }
  return faults.Take();
}

std::vector<std::string> CheckSuccessions(const v1::Successions& successions,
                                          Date from, const RowReader& rows,
                                          std::size_t faults_max) {
  Faults faults(faults_max);
  if (successions.rows_size() == 0 ||
      successions.rows_size() > kSuccessionsMax) {
    faults.Add("a change of the map has 1 to ", kSuccessionsMax, " rows, not ",
               successions.rows_size());
    return faults.Take();
  }
  std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
  std::map<std::uint64_t, bool> has_part;
  for (int i = 0; i < successions.rows_size() && !faults.full(); ++i) {
    const v1::Succession& row = successions.rows(i);
    CheckSuccession(i, row, from, rows, &faults);
    if (!pairs.emplace(row.from_unit_id(), row.to_unit_id()).second) {
      faults.Row(i, "the same two units are in a row before");
    }
    const auto [first, is_new] =
        has_part.emplace(row.from_unit_id(), row.part());
    if (!is_new && !(first->second && row.part())) {
      faults.Row(i, "unit ", row.from_unit_id(),
                 " cannot go as a whole to one unit and also to another");
    }
  }
  return faults.Take();
}

}  // namespace thon
