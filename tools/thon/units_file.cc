#include "tools/thon/units_file.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/text.h"
#include "tools/thon/surrogate.h"
#include "tools/thon/unit_match.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// A row that could be read.
struct Record {
  int line = 0;
  v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;
  v1::UnitKind kind = v1::UNIT_KIND_UNSPECIFIED;
  std::string code;
  std::string name;
  std::string parent_code;
  // Filled in parents first.
  std::uint64_t id = 0;
  std::uint64_t parent_id = 0;
  std::uint64_t province_id = 0;
};

// How a unit's digits are counted, for messages.
int CodeDigits(v1::UnitLevel level) {
  switch (level) {
    case v1::UNIT_LEVEL_PROVINCE:
      return 2;
    case v1::UNIT_LEVEL_DISTRICT:
      return 3;
    default:
      return 5;
  }
}

Words BadCode(const std::string& code, v1::UnitLevel level) {
  const int digits = CodeDigits(level);
  const std::string restored = RestoreZeros(level, code);
  Words words = {
      absl::StrCat("\"", code, "\" không phải mã cấp ", LevelWord(level),
                   ", gồm ", digits, " chữ số"),
      absl::StrCat("\"", code, "\" is not the code of a ",
                   LowerLevelName(level), ", which has ", digits, " digits")};
  if (!restored.empty() && restored != code) {
    absl::StrAppend(&words.vi, "; bảng tính đã làm mất số 0 ở đầu, có phải là ",
                    restored, "?");
    absl::StrAppend(&words.en,
                    "; a spreadsheet has dropped leading zeros, did you mean ",
                    restored, "?");
  }
  return words;
}

class Planner {
 public:
  Planner(const CsvTable& table, const UnitMap& existing,
          const UnitsFileOptions& options, Report* report)
      : table_(table),
        existing_(existing),
        options_(options),
        report_(*report) {}

  UnitsPlan Plan() {
    if (!CheckColumns(table_, {"code", "level", "name", "parent_code"}, {},
                      &report_)) {
      return {};
    }
    ReadRows();
    DropDuplicates();
    for (const v1::UnitLevel level :
         {v1::UNIT_LEVEL_PROVINCE, v1::UNIT_LEVEL_DISTRICT,
          v1::UNIT_LEVEL_COMMUNE}) {
      for (auto& [key, record] : records_) {
        if (record.level == level) Place(&record);
      }
    }
    ReportNames();
    ReportEmptyDistricts();
    CountAbsent();
    report_.Sort();
    return std::move(plan_);
  }

 private:
  using Key = std::pair<int, std::string>;  // Level, code.

  // Codes of the rows of the only province wanted, found without judging them.
  std::set<std::string> WantedCodes() const {
    std::map<std::string, std::string> parent_of;
    for (const CsvRow& row : table_.rows) {
      parent_of[Trim(table_.Cell(row, "code"))] =
          Trim(table_.Cell(row, "parent_code"));
    }
    std::set<std::string> wanted;
    for (const auto& [code, parent] : parent_of) {
      std::string at = code;
      for (int step = 0; step < 3; ++step) {
        if (at == options_.only_province) {
          wanted.insert(code);
          break;
        }
        const auto it = parent_of.find(at);
        if (it == parent_of.end()) break;
        at = it->second;
      }
    }
    return wanted;
  }

  void ReadRows() {
    const bool all = options_.only_province.empty();
    const std::set<std::string> wanted =
        all ? std::set<std::string>() : WantedCodes();
    if (!all && wanted.empty()) {
      report_.Error(0, "code", "UNKNOWN_UNIT",
                    {absl::StrCat("tệp không có tỉnh mã \"",
                                  options_.only_province, "\""),
                     absl::StrCat("the file has no province \"",
                                  options_.only_province, "\"")});
    }
    RowReader reader(&table_, options_.rules, &report_);
    for (const CsvRow& row : table_.rows) {
      if (!all && wanted.count(Trim(table_.Cell(row, "code"))) == 0) continue;
      if (reader.Open(row)) ReadRow(&reader);
    }
  }

  void ReadRow(RowReader* reader) {
    Record record;
    record.line = reader->line();
    record.code = reader->NeedText("code");
    record.name = reader->NeedText("name");
    record.parent_code = reader->Text("parent_code");
    const std::string level = reader->NeedText("level");
    if (level.empty()) return;
    record.level = ParseLevel(level).value_or(v1::UNIT_LEVEL_UNSPECIFIED);
    if (record.level == v1::UNIT_LEVEL_UNSPECIFIED ||
        record.level == v1::UNIT_LEVEL_VILLAGE) {
      reader->Error(
          "level", "UNKNOWN_LEVEL",
          {absl::StrCat("\"", level, "\" không phải tỉnh, huyện hay xã"),
           absl::StrCat("\"", level,
                        "\" is not province, district or commune")});
      return;
    }
    if (!record.code.empty() && LevelOfCode(record.code) != record.level) {
      reader->Error("code", "BAD_CODE", BadCode(record.code, record.level));
    }
    record.kind = KindOfName(record.level, record.name);
    if (record.kind == v1::UNIT_KIND_UNSPECIFIED && !record.name.empty()) {
      reader->Error(
          "name", "UNKNOWN_KIND",
          {absl::StrCat(
               "\"", record.name, "\" không bắt đầu bằng loại đơn vị cấp ",
               LevelWord(record.level), " (Tỉnh, Huyện, Xã, Phường, ...)"),
           absl::StrCat("\"", record.name, "\" does not begin with a kind of ",
                        LowerLevelName(record.level),
                        " (Tỉnh, Huyện, Xã, Phường, ...)")});
    }
    // A row whose code or level cannot be relied on names nothing.
    if (record.code.empty() || LevelOfCode(record.code) != record.level) return;
    read_.push_back(std::move(record));
  }

  void DropDuplicates() {
    for (Record& record : read_) {
      const Key key(record.level, record.code);
      const auto [it, is_new] = records_.emplace(key, record);
      if (is_new) continue;
      report_.Error(
          record.line, "code", "DUPLICATE_CODE",
          {absl::StrCat("\"", record.code, "\" đã có ở dòng ", it->second.line),
           absl::StrCat("\"", record.code, "\" stands in line ",
                        it->second.line, " already")});
    }
  }

  // The record of the parent's code; null with a report if it is not there or
  // of the wrong level.
  const Record* ParentOf(const Record& record) {
    const v1::UnitLevel level = LevelOfCode(record.parent_code);
    // A commune stands below a district, or below a province where the map has
    // no districts.
    const bool fits = level == v1::UNIT_LEVEL_PROVINCE ||
                      (level == v1::UNIT_LEVEL_DISTRICT &&
                       record.level == v1::UNIT_LEVEL_COMMUNE);
    if (record.parent_code.empty()) {
      report_.Error(
          record.line, "parent_code", "MISSING_PARENT",
          {"chỉ tỉnh mới không có cấp trên", "only a province has no parent"});
      return nullptr;
    }
    if (!fits) {
      report_.Error(
          record.line, "parent_code", "WRONG_PARENT",
          {absl::StrCat(
               "\"", record.parent_code, "\" không phải mã cấp trên của cấp ",
               LevelWord(record.level), "; mã tỉnh có 2 chữ số, mã huyện có 3"),
           absl::StrCat("\"", record.parent_code,
                        "\" is not the code of a unit that a ",
                        LowerLevelName(record.level),
                        " can stand below; a province's has 2 digits, a "
                        "district's 3")});
      return nullptr;
    }
    const auto it = records_.find(Key(level, record.parent_code));
    if (it == records_.end()) {
      report_.Error(record.line, "parent_code", "MISSING_PARENT",
                    {absl::StrCat("tệp không có dòng nào mã \"",
                                  record.parent_code, "\""),
                     absl::StrCat("no row of the file has the code \"",
                                  record.parent_code, "\"")});
      return nullptr;
    }
    return &it->second;
  }

  // Finds the parent and the id, and adds the unit to the list.
  void Place(Record* record) {
    if (record->level == v1::UNIT_LEVEL_PROVINCE) {
      if (!record->parent_code.empty()) {
        report_.Error(record->line, "parent_code", "WRONG_PARENT",
                      {"tỉnh không có cấp trên", "a province has no parent"});
      }
    } else {
      const Record* const parent = ParentOf(*record);
      if (parent == nullptr) return;
      record->parent_id = parent->id;
      record->province_id = parent->province_id;
      with_children_.insert(parent->code);
    }
    Identify(record);
    if (record->id == 0) return;
    if (record->level == v1::UNIT_LEVEL_PROVINCE) {
      record->province_id = record->id;
    }
    v1::UnitRecord* const unit = plan_.list.add_units();
    unit->set_unit_id(record->id);
    unit->set_level(record->level);
    unit->set_kind(record->kind);
    unit->set_code(record->code);
    unit->set_name(record->name);
    unit->set_parent_unit_id(record->parent_id);
    ++(record->level == v1::UNIT_LEVEL_PROVINCE   ? plan_.provinces
       : record->level == v1::UNIT_LEVEL_DISTRICT ? plan_.districts
                                                  : plan_.communes);
  }

  void Identify(Record* record) {
    const MapUnit* const known =
        existing_.FindCode(record->level, record->code);
    if (known != nullptr && IsSame(*record, *known)) {
      record->id = known->id;
      ++plan_.kept;
      if (known->name != record->name || known->kind != record->kind) {
        ++plan_.renamed;
        report_.Warning(record->line, "name", "RENAMED",
                        {absl::StrCat("danh mục ghi ", record->code, " là \"",
                                      known->name, "\""),
                         absl::StrCat("the map calls ", record->code, " \"",
                                      known->name, "\"")});
      }
      if (known->parent_id != record->parent_id) ++plan_.moved;
      ids_.insert(record->id);
      return;
    }
    record->id = DeriveUnitId(record->level, record->code, options_.effective);
    if (existing_.Find(record->id) != nullptr ||
        !ids_.insert(record->id).second) {
      report_.Error(record->line, "code", "CONFLICT",
                    {absl::StrCat("mã định danh suy ra cho ", record->code,
                                  " thuộc đơn vị khác; nhập với ngày hiệu lực "
                                  "khác"),
                     absl::StrCat("the id derived for ", record->code,
                                  " belongs to another unit; import the map "
                                  "with another effective day")});
      record->id = 0;
      return;
    }
    ++plan_.created;
  }

  bool IsSame(const Record& record, const MapUnit& known) {
    if (record.level != v1::UNIT_LEVEL_PROVINCE) {
      const MapUnit* const province = existing_.ProvinceOf(known);
      if (province != nullptr && province->id == record.province_id) {
        return true;
      }
      report_.Warning(
          record.line, "code", "IDENTITY_UNCLEAR",
          {absl::StrCat("trong danh mục \"", record.code, "\" là ", known.name,
                        " của tỉnh khác; đơn vị trong tệp là đơn vị mới"),
           absl::StrCat("\"", record.code, "\" is ", known.name,
                        " of another province in the map; the file's becomes a "
                        "unit of its own")});
      return false;
    }
    if (SearchKey(known.name) == SearchKey(record.name)) return true;
    if (options_.same_units.count(record.code) != 0) return true;
    if (options_.new_units.count(record.code) != 0) return false;
    report_.Error(
        record.line, "name", "IDENTITY_UNCLEAR",
        {absl::StrCat("danh mục ghi ", record.code, " là \"", known.name,
                      "\": thêm --same-unit ", record.code,
                      " nếu chỉ đổi tên, --new-unit ", record.code,
                      " nếu đơn vị khác dùng mã này"),
         absl::StrCat("the map calls ", record.code, " \"", known.name,
                      "\": say --same-unit ", record.code,
                      " if it has a new name, --new-unit ", record.code,
                      " if another unit took over the code")});
    return true;
  }

  // Two units of one name below one parent are seldom meant.
  void ReportNames() {
    std::map<std::pair<std::string, std::string>, int> line_of;
    for (const auto& [key, record] : records_) {
      const auto [it, is_new] = line_of.emplace(
          std::make_pair(record.parent_code, record.name), record.line);
      if (is_new) continue;
      report_.Warning(
          std::max(record.line, it->second), "name", "SAME_NAME",
          {absl::StrCat("\"", record.name, "\" đã có ở dòng ",
                        std::min(record.line, it->second), " cùng cấp trên"),
           absl::StrCat("\"", record.name, "\" stands in line ",
                        std::min(record.line, it->second),
                        " below the same parent")});
    }
  }

  void ReportEmptyDistricts() {
    for (const auto& [key, record] : records_) {
      if (record.level != v1::UNIT_LEVEL_DISTRICT) continue;
      if (with_children_.count(record.code) != 0) continue;
      report_.Warning(
          record.line, "code", "NO_COMMUNE",
          {absl::StrCat(record.name, " không có xã nào trong tệp"),
           absl::StrCat(record.name, " has no commune in the file")});
    }
  }

  void CountAbsent() {
    for (const auto& [id, unit] : existing_.units()) {
      if (unit.level == v1::UNIT_LEVEL_VILLAGE || ids_.count(id) != 0) continue;
      if (!options_.only_province.empty()) {
        const MapUnit* const province = existing_.ProvinceOf(unit);
        if (province == nullptr || province->code != options_.only_province) {
          continue;
        }
      }
      ++plan_.absent;
    }
  }

  const CsvTable& table_;
  const UnitMap& existing_;
  const UnitsFileOptions& options_;
  Report& report_;
  std::vector<Record> read_;
  std::map<Key, Record> records_;
  std::set<std::string> with_children_;  // Codes that are somebody's parent.
  std::set<std::uint64_t> ids_;
  UnitsPlan plan_;
};

}  // namespace

UnitsPlan PlanUnits(const CsvTable& table, const UnitMap& existing,
                    const UnitsFileOptions& options, Report* report) {
  return Planner(table, existing, options, report).Plan();
}

}  // namespace thon::cli
