// The communes of a list and the teams of a funding decision are resolved to
// ids, or the file is refused.
//
// Method: a small map; a file a test.
#include "tools/thon/decision_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/report_matchers.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RegistrationListTest, TargetsAreReadInBothLanguages) {
  Report report;
  const v1::RegistrationList list =
      PlanRegistrationList(Table("commune_code,target,name\n"
                                 "04771,đạt chuẩn CĐS,Vĩnh Kiên\n"
                                 "04717,ADVANCED,\n"),
                           SmallUnitMap(), CellRules(), false, &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  ASSERT_EQ(list.rows_size(), 2);
  EXPECT_EQ(list.rows(0).unit_id(), 101u);
  EXPECT_EQ(list.rows(0).target(), v1::REGISTRATION_TARGET_STANDARD);
  EXPECT_EQ(list.rows(0).printed_code(), "04771");
  EXPECT_EQ(list.rows(0).printed_name(), "Vĩnh Kiên");
  EXPECT_EQ(list.rows(1).target(), v1::REGISTRATION_TARGET_ADVANCED);
}

TEST(RegistrationListTest, ANameThatIsNotTheCodesIsRefused) {
  const CsvTable table = Table(
      "commune_code,target,name\n"
      "04771,STANDARD,Xã Tân Thịnh\n"
      "04717,STANDARD,Xã Thác Bà\n");
  Report report;
  PlanRegistrationList(table, SmallUnitMap(), CellRules(), false, &report);
  EXPECT_THAT(Errors(report),
              ElementsAre("2 NAME_MISMATCH name", "3 NAME_MISMATCH name"));
  Report accepted;
  PlanRegistrationList(table, SmallUnitMap(), CellRules(), true, &accepted);
  EXPECT_THAT(Errors(accepted), IsEmpty());
  EXPECT_THAT(Warnings(accepted),
              ElementsAre("2 NAME_MISMATCH name", "3 NAME_MISMATCH name"));
}

TEST(RegistrationListTest, ASpellingVariantIsAWarning) {
  Report report;
  PlanRegistrationList(Table("commune_code,target,name\n"
                             "04771,STANDARD,Xã Vỉnh Kiên\n"),
                       SmallUnitMap(), CellRules(), false, &report);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report), ElementsAre("2 NAME_MISMATCH name"));
}

TEST(RegistrationListTest, EveryFaultIsReportedInItsRow) {
  Report report;
  PlanRegistrationList(Table("commune_code,target\n"
                             "04771,STANDARD\n"
                             "04771,ADVANCED\n"
                             "00000,STANDARD\n"
                             "141,STANDARD\n"
                             "04717,khá\n"),
                       SmallUnitMap(), CellRules(), false, &report);
  EXPECT_THAT(
      Errors(report),
      ElementsAre("3 DUPLICATE commune_code", "4 UNKNOWN_UNIT commune_code",
                  "5 UNKNOWN_UNIT commune_code", "6 UNKNOWN_VALUE target"));
  Report empty;
  PlanRegistrationList(Table("commune_code,target\n"), SmallUnitMap(),
                       CellRules(), false, &empty);
  EXPECT_EQ(empty.errors(), 1);
}

TEST(FundedTeamsTest, TheSetIsAscendingWithoutRepetition) {
  const Date founded = Date::Of(2023, 5, 20);
  const TeamIndex teams(
      {Team(9, 1001, "Tổ 1", founded), Team(4, 101, "Tổ xã", founded)});
  Report report;
  const v1::FundedTeams set = PlanFundedTeams(
      Table("team_id\n9\n4\n"), SmallUnitMap(), teams, CellRules(), &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  EXPECT_THAT(set.team_ids(), ElementsAre(4, 9));

  Report by_village;
  const v1::FundedTeams same =
      PlanFundedTeams(Table("commune_code,village_name\n04771,Thôn Nà Xá\n"),
                      SmallUnitMap(), teams, CellRules(), &by_village);
  EXPECT_THAT(by_village.findings(), IsEmpty());
  EXPECT_THAT(same.team_ids(), ElementsAre(9));

  Report faults;
  PlanFundedTeams(Table("team_id\n9\n9\n5\nx\n"), SmallUnitMap(), teams,
                  CellRules(), &faults);
  EXPECT_THAT(Errors(faults),
              ElementsAre("3 DUPLICATE team_id", "4 UNKNOWN_TEAM team_id",
                          "5 BAD_ID team_id"));
}

}  // namespace
}  // namespace thon::cli
