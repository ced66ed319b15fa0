// `map:` of a scenario.
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/projections/units.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

constexpr std::int64_t kGroupMax = 20'000;

v1::UnitLevel LevelOf(v1::UnitKind kind) {
  if (kind == 0) return v1::UNIT_LEVEL_UNSPECIFIED;
  if (kind < v1::UNIT_KIND_HUYEN) return v1::UNIT_LEVEL_PROVINCE;
  if (kind < v1::UNIT_KIND_XA) return v1::UNIT_LEVEL_DISTRICT;
  if (kind < v1::UNIT_KIND_THON) return v1::UNIT_LEVEL_COMMUNE;
  return v1::UNIT_LEVEL_VILLAGE;
}

// Reads the units of one map; codes that it does not give are found last.
class MapReader {
 public:
  MapReader(Reader* reader, Names* names, Date from, MapReading* map)
      : reader_(*reader), names_(*names), from_(from), map_(*map) {}

  bool Read(const YamlNode& node, const std::string& path) {
    Fields all(&reader_, node, path);
    if (!all.ok()) return false;
    const int errors = reader_.errors();
    for (const auto& [name, value] : node.fields) {
      ReadUnit(name, value, At(path, name));
    }
    map_.upper_from = upper_from_.value_or(from_);
    GiveCodes();
    return reader_.errors() == errors;
  }

 private:
  void ReadUnit(const std::string& name, const YamlNode& node,
                const std::string& path) {
    Fields fields(&reader_, node, path);
    if (!fields.ok()) return;
    const YamlNode* const kind_node = fields.Need("kind");
    int kind = 0;
    const bool known = kind_node != nullptr &&
                       reader_.EnumWord(*kind_node, fields.Path("kind"),
                                        v1::UnitKind_descriptor(), &kind);
    NamedUnit unit;
    unit.kind = static_cast<v1::UnitKind>(kind);
    unit.level = LevelOf(unit.kind);
    std::string title;
    Date from = from_;
    std::int64_t count = 0;
    fields.Text("code", &unit.code);
    fields.Text("name", &title);
    fields.Day("from", &from);
    fields.Whole("count", 1, kGroupMax, &count);
    const YamlNode* const in = fields.Find("in");
    fields.Done();
    if (!known) return;
    const std::uint64_t parent = Parent(node, in, unit.level, path);
    if (unit.level == v1::UNIT_LEVEL_VILLAGE) {
      if (!unit.code.empty()) {
        reader_.Error(node, At(path, "code"),
                      {"thôn, bản, tổ dân phố không có mã đơn vị hành chính; "
                       "bỏ mục này",
                       "a village has no official code; remove it"});
      }
      AddVillages(name, unit, title, parent, from, count);
      return;
    }
    if (count > 0) {
      reader_.Error(node, At(path, "count"),
                    {"chỉ cấp thôn mới viết được nhiều đơn vị một lần; viết "
                     "từng đơn vị khác",
                     "only villages can be many; write the others one by "
                     "one"});
      return;
    }
    AddUpper(name, node, path, unit, title, parent,
             from == from_ ? std::nullopt : std::optional<Date>(from));
  }

  std::uint64_t Parent(const YamlNode& node, const YamlNode* in,
                       v1::UnitLevel level, const std::string& path) {
    if (in == nullptr) {
      if (level != v1::UNIT_LEVEL_PROVINCE) {
        reader_.Error(node, At(path, "in"),
                      {"thiếu; ghi đơn vị này thuộc đơn vị nào, in: TÊN",
                       "missing; say in which unit it is, in: NAME"});
      }
      return 0;
    }
    PayloadReader ids(&reader_, &names_, "");
    std::uint64_t parent = 0;
    if (!ids.Id(NameKind::kUnit, *in, At(path, "in"), &parent)) return 0;
    const NamedUnit* const above = names_.FindUnit(parent);
    if (above == nullptr) {
      reader_.Error(*in, At(path, "in"),
                    {"đứng sau đơn vị này; viết đơn vị cấp trên trước",
                     "stands below it; write parents before children"});
    } else if (above->level >= level) {
      reader_.Error(*in, At(path, "in"),
                    {"không phải cấp trên của loại đơn vị này; ghi đơn vị cấp "
                     "trên",
                     "is not above a unit of this kind; name one that is"});
    }
    return parent;
  }

  void AddVillages(const std::string& name, const NamedUnit& unit,
                   const std::string& title, std::uint64_t commune, Date from,
                   std::int64_t count) {
    const std::string word(cli::KindWord(unit.kind));
    for (std::int64_t i = 1; i <= (count == 0 ? 1 : count); ++i) {
      const std::string one = count == 0 ? name : absl::StrCat(name, "-", i);
      v1::VillageDeclared village;
      village.set_unit_id(names_.Add(NameKind::kUnit, one));
      village.set_kind(unit.kind);
      village.set_name(title.empty() ? absl::StrCat(word, " ", one)
                       : count == 0  ? title
                                     : absl::StrCat(title, " ", i));
      village.set_commune_unit_id(commune);
      village.set_effective_date(from.days);
      names_.SetUnit(village.unit_id(), unit);
      map_.villages.push_back(village);
    }
  }

  void AddUpper(const std::string& name, const YamlNode& node,
                const std::string& path, const NamedUnit& unit,
                const std::string& title, std::uint64_t parent,
                std::optional<Date> from) {
    if (from.has_value()) {
      if (upper_from_.has_value() && *upper_from_ != *from) {
        reader_.Error(node, At(path, "from"),
                      {"các đơn vị trên cấp thôn bắt đầu cùng một ngày; bản đồ "
                       "về sau viết thành bước units_imported",
                       "units above the village begin on one day; write a "
                       "later map as a step units_imported"});
      }
      upper_from_ = from;
    }
    v1::UnitRecord* const row = map_.upper.add_units();
    row->set_unit_id(names_.Add(NameKind::kUnit, name));
    row->set_level(unit.level);
    row->set_kind(unit.kind);
    row->set_code(unit.code);
    row->set_name(title.empty()
                      ? absl::StrCat(cli::KindWord(unit.kind), " ", name)
                      : title);
    row->set_parent_unit_id(parent);
    names_.SetUnit(row->unit_id(), unit);
  }

  // Codes of 2, 3 and 5 digits from the top down, so that they meet few
  // official ones; a unit keeps the code it has from an earlier map.
  void GiveCodes() {
    std::set<std::string> used;
    for (const v1::UnitRecord& row : map_.upper.units()) {
      used.insert(row.code());
    }
    for (v1::UnitRecord& row : *map_.upper.mutable_units()) {
      if (!row.code().empty()) continue;
      int next = row.level() == v1::UNIT_LEVEL_PROVINCE   ? 99
                 : row.level() == v1::UNIT_LEVEL_DISTRICT ? 999
                                                          : 99999;
      while (used.count(absl::StrCat(next)) > 0) --next;
      row.set_code(absl::StrCat(next));
      used.insert(row.code());
      NamedUnit unit = *names_.FindUnit(row.unit_id());
      unit.code = row.code();
      names_.SetUnit(row.unit_id(), unit);
    }
  }

  Reader& reader_;
  Names& names_;
  const Date from_;
  MapReading& map_;
  std::optional<Date> upper_from_;
};

}  // namespace

bool ReadMap(Reader* reader, Names* names, const YamlNode& node,
             const std::string& path, Date from, MapReading* map) {
  return MapReader(reader, names, from, map).Read(node, path);
}

}  // namespace thon::scenario
