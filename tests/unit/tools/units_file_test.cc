// A list of units becomes a map only when every row is plain; each fault is
// named with its row, and nothing is guessed.
//
// Method: a small good file; the same file with one fault a test; the official
// lists where they are present; a second import over the map of the first.
#include "tools/thon/units_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_replace.h"
#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/surrogate.h"

namespace thon::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Date kFirst = Date::Of(2023, 4, 1);

constexpr char kGood[] =
    "code,level,name,parent_code\n"         // 1
    "15,province,Tỉnh Yên Bái,\n"           // 2
    "141,district,Huyện Yên Bình,15\n"      // 3
    "132,district,Thành phố Yên Bái,15\n"   // 4
    "04771,commune,Xã Vĩnh Kiên,141\n"      // 5
    "04717,commune,Thị Trấn Thác Bà,141\n"  // 6
    "04258,commune,Phường Nguyễn Thái Học,132\n";

UnitsPlan Plan(const std::string& text, Report* report,
               const UnitMap& existing = UnitMap(),
               UnitsFileOptions options = {}) {
  if (options.effective == Date()) options.effective = kFirst;
  return PlanUnits(Table(text), existing, options, report);
}

std::string With(const std::string& from, const std::string& to) {
  std::string text = absl::StrReplaceAll(kGood, {{from, to}});
  EXPECT_NE(text, kGood) << from;
  return text;
}

// The map that a plan makes.
UnitMap MapOf(const UnitsPlan& plan) {
  std::vector<v1::UnitRow> rows;
  for (const v1::UnitRecord& unit : plan.list.units()) {
    rows.push_back(Unit(unit.unit_id(), unit.level(), unit.kind(), unit.code(),
                        unit.name(), unit.parent_unit_id()));
  }
  return UnitMap(rows, kFirst);
}

TEST(UnitsFileTest, AGoodFileBecomesAMapParentsFirst) {
  Report report;
  const UnitsPlan plan = Plan(kGood, &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  EXPECT_EQ(plan.provinces, 1);
  EXPECT_EQ(plan.districts, 2);
  EXPECT_EQ(plan.communes, 3);
  EXPECT_EQ(plan.created, 6);
  std::set<std::uint64_t> seen = {0};
  for (const v1::UnitRecord& unit : plan.list.units()) {
    EXPECT_EQ(seen.count(unit.parent_unit_id()), 1u) << unit.name();
    EXPECT_EQ(unit.unit_id(), DeriveUnitId(unit.level(), unit.code(), kFirst));
    seen.insert(unit.unit_id());
  }
  const UnitMap map = MapOf(plan);
  EXPECT_EQ(map.FindCode("04717")->kind, v1::UNIT_KIND_THI_TRAN);
  EXPECT_EQ(map.FindCode("132")->kind, v1::UNIT_KIND_THANH_PHO);
  EXPECT_EQ(map.FindCode("15")->kind, v1::UNIT_KIND_TINH);
  EXPECT_EQ(map.ProvinceOf(*map.FindCode("04258"))->code, "15");
}

TEST(UnitsFileTest, EveryFaultIsReportedInItsRow) {
  const struct {
    std::string text;
    std::string error;
  } cases[] = {
      {With("04717,", "04771,"), "6 DUPLICATE_CODE code"},
      {With("Kiên,141", "Kiên,142"), "5 MISSING_PARENT parent_code"},
      {With("Kiên,141", "Kiên,"), "5 MISSING_PARENT parent_code"},
      {With("Kiên,141", "Kiên,04717"), "5 WRONG_PARENT parent_code"},
      {With("Yên Bái,\n", "Yên Bái,15\n"), "2 WRONG_PARENT parent_code"},
      {With("Xã Vĩnh Kiên", "Xã\x01Vĩnh Kiên"), "5 CONTROL_CHARACTER name"},
      {With("Xã Vĩnh Kiên", ""), "5 EMPTY name"},
      {With("Xã Vĩnh Kiên", "Vĩnh Kiên"), "5 UNKNOWN_KIND name"},
      {With("Xã Vĩnh Kiên", "Xa Vĩnh Kiên"), "5 UNKNOWN_KIND name"},
      {With("Xã Vĩnh Kiên", "Huyện Vĩnh Kiên"), "5 UNKNOWN_KIND name"},
      {With("04771", "4771"), "5 BAD_CODE code"},
      {With("04771", "0477x"), "5 BAD_CODE code"},
      {With("04771", ""), "5 EMPTY code"},
      {With("04771,commune", "04771,village"), "5 UNKNOWN_LEVEL level"},
      {With("04771,commune", "04771,comune"), "5 UNKNOWN_LEVEL level"},
      {With("04771,commune", "04771,"), "5 EMPTY level"},
      {With("Kiên,141", "Kiên,141,x"), "5 CELL_COUNT "},
      {With("parent_code", "parent"), "1 MISSING_COLUMN parent_code"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    Report report;
    Plan(c.text, &report);
    EXPECT_THAT(Errors(report), Contains(c.error));
  }
}

TEST(UnitsFileTest, WhatIsOnlySpellingIsSetRightWithAReport) {
  const std::string text =
      With("Xã Vĩnh Kiên", " Xã Vi\xCC\x83nh\xC2\xA0 Kiên ");
  Report report;
  const UnitsPlan plan = Plan(text, &report);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report),
              ElementsAre("5 NOT_NFC name", "5 PADDED name", "5 NBSP name",
                          "5 DOUBLE_BLANK name"));
  EXPECT_EQ(MapOf(plan).FindCode("04771")->name, "Xã Vĩnh Kiên");

  Report strict;
  UnitsFileOptions options;
  options.rules.strict = true;
  Plan(text, &strict, UnitMap(), options);
  EXPECT_THAT(Errors(strict),
              ElementsAre("5 NOT_NFC name", "5 PADDED name", "5 NBSP name",
                          "5 DOUBLE_BLANK name"));
}

TEST(UnitsFileTest, WhatIsOddButPossibleIsAWarning) {
  Report report;
  Plan(With("Thị Trấn Thác Bà", "Xã Vĩnh Kiên") +
           "318,district,Huyện Bạch Long Vĩ,15\n",
       &report);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report),
              ElementsAre("6 SAME_NAME name", "8 NO_COMMUNE code"));
}

TEST(UnitsFileTest, CommunesMayStandBelowAProvinceWhereThereAreNoDistricts) {
  Report report;
  const UnitsPlan plan = Plan(
      "code,level,name,parent_code\n"
      "15,province,Tỉnh Lào Cai,\n"
      "04630,commune,Xã Tú Lệ,15\n",
      &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  EXPECT_EQ(plan.communes, 1);
}

TEST(UnitsFileTest, OnlyOneProvinceMayBeTaken) {
  const std::string text = std::string(kGood) +
                           "02,province, Tỉnh Hà Giang,\n"
                           "031,district,Huyện Bắc Mê,02\n"
                           "00988,commune,Yên Định,031\n"
                           "99999,commune,Xã Mồ Côi,777\n";
  Report report;
  UnitsFileOptions options;
  options.only_province = "15";
  const UnitsPlan plan = Plan(text, &report, UnitMap(), options);
  EXPECT_THAT(report.findings(), IsEmpty());
  EXPECT_EQ(plan.list.units_size(), 6);

  Report missing;
  options.only_province = "77";
  Plan(text, &missing, UnitMap(), options);
  EXPECT_THAT(Errors(missing), ElementsAre("0 UNKNOWN_UNIT code"));
}

TEST(UnitsFileTest, ARepeatChangesNothing) {
  Report report;
  const UnitMap map = MapOf(Plan(kGood, &report));
  UnitsFileOptions later;
  later.effective = Date::Of(2024, 1, 1);
  const UnitsPlan again = Plan(kGood, &report, map, later);
  EXPECT_THAT(report.findings(), IsEmpty());
  EXPECT_EQ(again.kept, 6);
  EXPECT_TRUE(again.changes_nothing());
  for (const v1::UnitRecord& unit : again.list.units()) {
    EXPECT_EQ(unit.unit_id(), map.FindCode(unit.code())->id);
  }
}

TEST(UnitsFileTest, AUnitKeepsItsIdWhenItsNameOrParentChanges) {
  Report report;
  const UnitMap map = MapOf(Plan(kGood, &report));
  UnitsFileOptions later;
  later.effective = Date::Of(2024, 1, 1);
  const UnitsPlan plan = Plan(With("04771,commune,Xã Vĩnh Kiên,141",
                                   "04771,commune,Phường Vĩnh Kiên,132"),
                              &report, map, later);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report), ElementsAre("5 RENAMED name"));
  EXPECT_EQ(plan.renamed, 1);
  EXPECT_EQ(plan.moved, 1);
  EXPECT_EQ(plan.created, 0);
}

TEST(UnitsFileTest, AProvinceCodeUnderAnotherNameIsNeverGuessed) {
  Report first;
  const UnitMap map = MapOf(Plan(kGood, &first));
  const std::string text = With("Tỉnh Yên Bái", "Tỉnh Lào Cai");
  UnitsFileOptions later;
  later.effective = Date::Of(2025, 7, 1);

  Report unclear;
  Plan(text, &unclear, map, later);
  EXPECT_THAT(Errors(unclear), ElementsAre("2 IDENTITY_UNCLEAR name"));

  Report same;
  later.same_units = {"15"};
  EXPECT_EQ(Plan(text, &same, map, later).created, 0);
  EXPECT_THAT(Errors(same), IsEmpty());

  // Another province took the code over: nothing below it is the old unit.
  Report other;
  later.same_units.clear();
  later.new_units = {"15"};
  const UnitsPlan plan = Plan(text, &other, map, later);
  EXPECT_THAT(Errors(other), IsEmpty());
  EXPECT_EQ(plan.created, 6);
  EXPECT_EQ(plan.absent, 6);
  for (const v1::UnitRecord& unit : plan.list.units()) {
    EXPECT_EQ(map.Find(unit.unit_id()), nullptr);
  }
}

TEST(UnitsFileTest, TheOfficialListsAreReadWhereTheyArePresent) {
  const std::string path =
      std::string(THON_SOURCE_DIR) + "/../shared/data/units-2023-04.csv";
  if (!std::ifstream(path).good()) return;
  const absl::StatusOr<CsvTable> table = ReadCsv(path);
  ASSERT_TRUE(table.ok()) << table.status();
  UnitsFileOptions options;
  options.effective = kFirst;
  Report report;
  const UnitsPlan all = PlanUnits(*table, UnitMap(), options, &report);
  EXPECT_EQ(report.errors(), 0);
  EXPECT_EQ(all.provinces, 63);
  EXPECT_EQ(all.districts, 705);
  EXPECT_EQ(all.communes, 10'599);

  options.only_province = "15";
  Report yen_bai_report;
  const UnitsPlan yen_bai =
      PlanUnits(*table, UnitMap(), options, &yen_bai_report);
  EXPECT_EQ(yen_bai_report.errors(), 0);
  EXPECT_EQ(yen_bai.provinces, 1);
  EXPECT_EQ(yen_bai.districts, 9);
  EXPECT_EQ(yen_bai.communes, 173);
}

}  // namespace
}  // namespace thon::cli
