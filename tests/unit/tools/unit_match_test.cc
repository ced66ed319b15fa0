// A name or code that is not the map's is never taken for one that is near; the
// report names what may have been meant.
//
// Method: a small map with names that differ by a tone, a place of a tone or a
// letter; files that name them wrongly.
#include "tools/thon/unit_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/facts_file.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

UnitMap Map() {
  std::vector<v1::UnitRow> rows = SmallMap();
  rows.push_back(Unit(103, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04699",
                      "Xã Hoà Cuông", 11));
  rows.push_back(Unit(1002, v1::UNIT_LEVEL_VILLAGE, v1::UNIT_KIND_THON, "",
                      "Thôn Đồng Tâm", 101));
  return UnitMap(rows, Date::Of(2023, 6, 1));
}

// The first error of a file of villages' teams.
Finding First(const std::string& rows) {
  Report report;
  PlanTeams(Table("commune_code,commune_name,village_name,team_name,founded\n" +
                  rows),
            Map(), TeamIndex(), FactsFileOptions(), &report);
  for (const Finding& finding : report.findings()) {
    if (finding.severity == Severity::kError) return finding;
  }
  return {};
}

TEST(UnitMatchTest, NamesCompareByLettersThenTonesThenNothing) {
  const UnitMap map = Map();
  const MapUnit& unit = *map.Find(103);
  EXPECT_EQ(CompareNames(unit, "Xã Hoà Cuông"), NameMatch::kSame);
  EXPECT_EQ(CompareNames(unit, "Hoà Cuông"), NameMatch::kSame);
  EXPECT_EQ(CompareNames(unit, "Xã Hòa Cuông"), NameMatch::kTone);
  EXPECT_EQ(CompareNames(unit, "xã Hoa Cuong"), NameMatch::kSpelling);
  EXPECT_EQ(CompareNames(unit, "Thị trấn Hoà Cuông"), NameMatch::kOther);
  EXPECT_EQ(CompareNames(unit, "Xã Hoà Bình"), NameMatch::kOther);
}

TEST(UnitMatchTest, ZerosThatASpreadsheetDroppedAreSuggestedNotAdded) {
  for (const std::string code : {"4771", "4.771", "\"4,771\"", "4771.0"}) {
    const Finding finding = First(code + ",,Thôn Nà Xá,Tổ 1,20/05/2023\n");
    EXPECT_EQ(finding.code, "BAD_CODE") << code;
    EXPECT_EQ(finding.line, 2);
    EXPECT_THAT(finding.words.en,
                HasSubstr("did you mean Xã Vĩnh Kiên (04771)?"));
    EXPECT_THAT(finding.words.vi,
                HasSubstr("có phải là Xã Vĩnh Kiên (04771)?"));
  }
}

TEST(UnitMatchTest, AnUnknownCodeBesideANameIsAnsweredWithTheNamesCode) {
  const Finding unknown =
      First("04999,Xã Vỉnh Kiên,Thôn Nà Xá,Tổ 1,1/5/2023\n");
  EXPECT_EQ(unknown.code, "UNKNOWN_UNIT");
  EXPECT_THAT(unknown.words.en,
              HasSubstr("did you mean Xã Vĩnh Kiên (04771)?"));
  const Finding empty = First(",Hòa Cuông,,Tổ 1,1/5/2023\n");
  EXPECT_EQ(empty.code, "EMPTY");
  EXPECT_THAT(empty.words.en, HasSubstr("did you mean Xã Hoà Cuông (04699)?"));
  const Finding other = First("04771,Xã Thác Bà,Thôn Nà Xá,Tổ 1,1/5/2023\n");
  EXPECT_EQ(other.code, "NAME_MISMATCH");
}

TEST(UnitMatchTest, AVillageWithoutTonesOrWithASlipIsSuggestedNotTaken) {
  for (const std::string name : {"Thôn Na Xa", "Thôn Nà Xã", "Thôn Nà Sá"}) {
    const Finding finding = First("04771,," + name + ",Tổ 1,20/05/2023\n");
    EXPECT_EQ(finding.code, "UNKNOWN_VILLAGE") << name;
    EXPECT_THAT(finding.words.en, HasSubstr("did you mean Thôn Nà Xá?"));
  }
  EXPECT_THAT(First("04771,,Thôn Khe Bút,Tổ 1,1/5/2023\n").words.en,
              testing::Not(HasSubstr("did you mean")));
}

TEST(UnitMatchTest, AChoiceOfATemplateIsItsCodeAndItsNameIsChecked) {
  const std::string header = "commune_code,village_name,team_name,founded\n";
  Report good;
  PlanTeams(Table(header + "04771 Xã Vĩnh Kiên,Thôn Nà Xá,Tổ 1,1/5/2023\n"),
            Map(), TeamIndex(), FactsFileOptions(), &good);
  EXPECT_THAT(good.findings(), IsEmpty());
  Report bad;
  PlanTeams(Table(header + "04771 Xã Thác Bà,Thôn Nà Xá,Tổ 1,1/5/2023\n"),
            Map(), TeamIndex(), FactsFileOptions(), &bad);
  EXPECT_THAT(Errors(bad), ElementsAre("2 NAME_MISMATCH commune_code"));
}

TEST(UnitMatchTest, ANewVillageThatIsAnOldOnesSpellingIsAWarning) {
  Report report;
  FactsFileOptions options;
  options.effective_date = Date::Of(2023, 4, 1).days;
  PlanVillages(Table("commune_code,village_name\n04771,Thôn Na Xa\n"), Map(),
               options, &report);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report), ElementsAre("2 SIMILAR_NAME village_name"));
}

}  // namespace
}  // namespace thon::cli
