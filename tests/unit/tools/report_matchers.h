// What a report found, as "line CODE column", for comparison in tests.
#ifndef THON_TESTS_UNIT_TOOLS_REPORT_MATCHERS_H_
#define THON_TESTS_UNIT_TOOLS_REPORT_MATCHERS_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/thon/csv.h"
#include "tools/thon/report.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

inline std::vector<std::string> Found(const Report& report, Severity severity) {
  std::vector<std::string> found;
  for (const Finding& finding : report.findings()) {
    if (finding.severity != severity) continue;
    found.push_back(
        absl::StrCat(finding.line, " ", finding.code, " ", finding.column));
  }
  return found;
}
inline std::vector<std::string> Errors(const Report& report) {
  return Found(report, Severity::kError);
}
inline std::vector<std::string> Warnings(const Report& report) {
  return Found(report, Severity::kWarning);
}

inline CsvTable Table(const std::string& text) {
  absl::StatusOr<CsvTable> table = ParseCsv(text);
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? *std::move(table) : CsvTable();
}

// A unit that has been what it is since the first day.
inline v1::UnitRow Unit(std::uint64_t id, v1::UnitLevel level,
                        v1::UnitKind kind, const std::string& code,
                        const std::string& name, std::uint64_t parent) {
  v1::UnitRow row;
  row.set_unit_id(id);
  row.set_level(level);
  row.set_from_date(Date::Of(2023, 4, 1).days);
  v1::UnitName* const names = row.add_names();
  names->set_from_date(row.from_date());
  names->set_code(code);
  names->set_name(name);
  names->set_kind(kind);
  v1::UnitParent* const parents = row.add_parents();
  parents->set_from_date(row.from_date());
  parents->set_unit_id(parent);
  return row;
}

// Yên Bái (1), Yên Bình (11), the communes Vĩnh Kiên (101) and Thác Bà (102),
// and the village Thôn Nà Xá (1001) of Vĩnh Kiên.
inline std::vector<v1::UnitRow> SmallMap() {
  return {
      Unit(1, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15", "Tỉnh Yên Bái",
           0),
      Unit(11, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "141",
           "Huyện Yên Bình", 1),
      Unit(101, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771",
           "Xã Vĩnh Kiên", 11),
      Unit(102, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN, "04717",
           "Thị trấn Thác Bà", 11),
      Unit(1001, v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_THON, "", "Thôn Nà Xá",
           101),
  };
}
inline UnitMap SmallUnitMap() {
  return UnitMap(SmallMap(), Date::Of(2023, 6, 1));
}

inline v1::TeamRow Team(std::uint64_t id, std::uint64_t unit_id,
                        const std::string& name, Date founded) {
  v1::TeamRow team;
  team.set_team_id(id);
  team.set_name(name);
  team.set_founded_date(founded.days);
  v1::UnitParent* const unit = team.add_units();
  unit->set_from_date(founded.days);
  unit->set_unit_id(unit_id);
  return team;
}

}  // namespace thon::cli

#endif  // THON_TESTS_UNIT_TOOLS_REPORT_MATCHERS_H_
