// Files of villages, teams, members and organisations become facts as a whole,
// a repeat adds nothing, and every fault is named with its row.
//
// Method: a small map with one village; a file a test.
#include "tools/thon/facts_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/surrogate.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Date kFounded = Date::Of(2023, 5, 20);

TEST(VillagesFileTest, TheKindStandsInItsColumnOrInTheName) {
  Report report;
  FactsFileOptions options;
  options.effective_date = Date::Of(2023, 4, 1).days;
  const FactsPlan plan =
      PlanVillages(Table("commune_code,village_name,kind,effective\n"
                         "04771,Bản Phạ,,\n"
                         "04771,Tát Keo,thôn,\n"
                         "04717,Tổ dân phố số 1,to dan pho,01/06/2023\n"),
                   SmallUnitMap(), options, &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  ASSERT_EQ(plan.facts.facts_size(), 3);
  const v1::VillageDeclared& first = plan.facts.facts(0).village_declared();
  EXPECT_EQ(first.kind(), v1::UNIT_KIND_BAN);
  EXPECT_EQ(first.commune_unit_id(), 101u);
  EXPECT_EQ(first.unit_id(), DeriveVillageId(101, "Bản Phạ"));
  EXPECT_EQ(first.effective_date(), options.effective_date);
  EXPECT_EQ(plan.facts.facts(1).village_declared().name(), "Thôn Tát Keo");
  const v1::VillageDeclared& last = plan.facts.facts(2).village_declared();
  EXPECT_EQ(last.kind(), v1::UNIT_KIND_TO_DAN_PHO);
  EXPECT_EQ(last.effective_date(), Date::Of(2023, 6, 1).days);
}

TEST(VillagesFileTest, EveryFaultIsReportedInItsRow) {
  Report report;
  PlanVillages(Table("commune_code,village_name,kind,effective,id\n"
                     "04772,Thôn A,,2023-04-01,\n"
                     "04771,Nà Xá,,2023-04-01,\n"
                     "04771,Thôn B,bản,2023-04-01,\n"
                     "04771,Thôn C,,,\n"
                     "04771,Thôn D,,31/02/2023,\n"
                     "04771,Thôn E,,2023-04-01,\n"
                     "04771,Thôn E,,2023-04-01,\n"
                     "04771,Thôn F,,2023-04-01,9007199254740992\n"
                     "04771,Thôn Nà Xá,,2023-04-01,5\n"),
               SmallUnitMap(), FactsFileOptions(), &report);
  EXPECT_THAT(
      Errors(report),
      ElementsAre("2 UNKNOWN_UNIT commune_code", "3 UNKNOWN_KIND village_name",
                  "4 CONFLICT kind", "5 EMPTY effective",
                  "6 BAD_DATE effective", "6 EMPTY effective", "8 DUPLICATE id",
                  "9 BAD_ID id", "10 CONFLICT village_name"));
}

TEST(TeamsFileTest, ATeamStandsOnItsVillageOrOnTheCommune) {
  Report report;
  const FactsPlan plan = PlanTeams(
      Table("commune_code,village_name,team_name,level,founded,document,pilot\n"
            "04771,Thôn Nà Xá,Tổ CNSCĐ thôn Nà Xá,VILLAGE,20/05/2023,"
            "12/QĐ-UBND,\n"
            "04771,,Tổ CNSCĐ xã Vĩnh Kiên,,2023-05-20,,x\n"),
      SmallUnitMap(), TeamIndex(), FactsFileOptions(), &report);
  EXPECT_THAT(report.findings(), IsEmpty());
  ASSERT_EQ(plan.facts.facts_size(), 2);
  const v1::TeamFounded& village = plan.facts.facts(0).team_founded();
  EXPECT_EQ(village.unit_id(), 1001u);
  EXPECT_EQ(village.level(), v1::UNIT_LEVEL_VILLAGE);
  EXPECT_EQ(village.founded_date(), kFounded.days);
  EXPECT_EQ(village.document().number(), "12/QĐ-UBND");
  EXPECT_EQ(village.team_id(), DeriveTeamId(1001, "Tổ CNSCĐ thôn Nà Xá"));
  EXPECT_FALSE(village.pilot());
  const v1::TeamFounded& commune = plan.facts.facts(1).team_founded();
  EXPECT_EQ(commune.unit_id(), 101u);
  EXPECT_EQ(commune.level(), v1::UNIT_LEVEL_COMMUNE);
  EXPECT_TRUE(commune.pilot());
}

TEST(TeamsFileTest, VillagesAreDeclaredOnlyWhenAskedForAndStandFirst) {
  const CsvTable table = Table(
      "commune_code,village_name,team_name,founded\n"
      "04771,Thôn Nà Xá,Tổ 1,2023-05-20\n"
      "04771,Thôn Mới,Tổ 2,2023-05-20\n"
      "04771,Thôn Mới,Tổ 3,2023-05-20\n");
  Report refused;
  PlanTeams(table, SmallUnitMap(), TeamIndex(), FactsFileOptions(), &refused);
  EXPECT_THAT(Errors(refused), ElementsAre("3 UNKNOWN_VILLAGE village_name",
                                           "4 UNKNOWN_VILLAGE village_name"));

  Report report;
  FactsFileOptions options;
  options.with_villages = true;
  const FactsPlan plan =
      PlanTeams(table, SmallUnitMap(), TeamIndex(), options, &report);
  EXPECT_THAT(Errors(report), IsEmpty());
  EXPECT_THAT(Warnings(report), ElementsAre("4 AMBIGUOUS_TEAM village_name"));
  EXPECT_EQ(plan.villages, 1);
  EXPECT_EQ(plan.teams, 3);
  ASSERT_EQ(plan.facts.facts_size(), 4);
  ASSERT_TRUE(plan.facts.facts(0).has_village_declared());
  EXPECT_EQ(plan.facts.facts(0).village_declared().effective_date(),
            kFounded.days);
  EXPECT_EQ(plan.facts.facts(2).team_founded().unit_id(),
            plan.facts.facts(0).village_declared().unit_id());
}

TEST(TeamsFileTest, ARepeatIsSeenAndAChangedRowIsRefused) {
  const CsvTable table = Table(
      "commune_code,village_name,team_name,founded\n"
      "04771,Thôn Nà Xá,Tổ 1,2023-05-20\n"
      "04771,,Tổ xã,2023-05-20\n");
  Report report;
  const TeamIndex teams(
      {Team(DeriveTeamId(1001, "Tổ 1"), 1001, "Tổ 1", kFounded),
       Team(DeriveTeamId(101, "Tổ xã"), 101, "Tổ xã", Date::Of(2023, 5, 21))});
  const FactsPlan plan =
      PlanTeams(table, SmallUnitMap(), teams, FactsFileOptions(), &report);
  EXPECT_EQ(plan.already_recorded, 1);
  EXPECT_EQ(plan.facts.facts_size(), 0);
  EXPECT_THAT(Warnings(report), ElementsAre("2 ALREADY_RECORDED team_name"));
  EXPECT_THAT(Errors(report), ElementsAre("3 CONFLICT team_name"));
}

TEST(MembersFileTest, MembersAreKnownByReferenceAndNeverByAPersonsNumber) {
  const TeamIndex teams({Team(7, 1001, "Tổ 1", kFounded)});
  Report report;
  const FactsPlan plan = PlanMembers(
      Table("commune_code,village_name,member_ref,seat,affiliations,joined\n"
            "04771,Thôn Nà Xá,TV-01,tổ trưởng,trưởng thôn+PARTY_MEMBER,"
            "20/05/2023\n"
            "04771,Thôn Nà Xá,015088001234,MEMBER,,2023-05-20\n"
            "04771,Thôn Nà Xá,,MEMBER,,2023-05-20\n"
            "04771,Thôn Nà Xá,TV-01,MEMBER,,2023-05-20\n"
            "04771,Thôn Nà Xá,TV-02,chủ tịch,vua,2023-05-20\n"
            "04771,,TV-03,MEMBER,,2023-05-20\n"),
      SmallUnitMap(), teams, FactsFileOptions(), &report);
  EXPECT_THAT(Errors(report),
              ElementsAre("3 PERSONAL_DATA member_ref", "4 EMPTY member_ref",
                          "5 DUPLICATE member_ref", "6 UNKNOWN_VALUE seat",
                          "6 UNKNOWN_VALUE affiliations",
                          "7 UNKNOWN_TEAM village_name"));
  ASSERT_GE(plan.facts.facts_size(), 1);
  const v1::MemberJoined& member = plan.facts.facts(0).member_joined();
  EXPECT_EQ(member.team_id(), 7u);
  EXPECT_EQ(member.member_id(), DeriveMemberId(7, "TV-01"));
  EXPECT_EQ(member.seat(), v1::SEAT_LEADER);
  EXPECT_THAT(member.affiliations(), ElementsAre(v1::AFFILIATION_VILLAGE_HEAD,
                                                 v1::AFFILIATION_PARTY_MEMBER));
}

TEST(MembersFileTest, ATeamCanBeNamedByItsId) {
  const TeamIndex teams(
      {Team(7, 1001, "Tổ 1", kFounded), Team(8, 1001, "Tổ 2", kFounded)});
  Report report;
  const FactsPlan plan =
      PlanMembers(Table("team_id;id;seat;joined\n8;12;DEPUTY;2023-05-20\n"
                        "9;13;MEMBER;2023-05-20\n"),
                  SmallUnitMap(), teams, FactsFileOptions(), &report);
  EXPECT_THAT(Errors(report), ElementsAre("3 UNKNOWN_TEAM team_id"));
  ASSERT_EQ(plan.facts.facts_size(), 1);
  EXPECT_EQ(plan.facts.facts(0).member_joined().member_id(), 12u);

  Report ambiguous;
  PlanMembers(Table("commune_code,village_name,id,seat,joined\n"
                    "04771,Thôn Nà Xá,12,MEMBER,2023-05-20\n"),
              SmallUnitMap(), teams, FactsFileOptions(), &ambiguous);
  EXPECT_THAT(Errors(ambiguous), ElementsAre("2 AMBIGUOUS_TEAM village_name"));
}

TEST(OrganisationsFileTest, OrganisationsBelongToAUnitOfAnyLevel) {
  Report report;
  const FactsPlan plan =
      PlanOrganisations(Table("name,kind,unit_code,registered\n"
                              "Sở Nội vụ,sở,15,01/06/2023\n"
                              "UBND huyện Yên Bình,DISTRICT_PC,141,01/06/2023\n"
                              "Viễn thông Yên Bái,doanh nghiệp,16,01/06/2023\n"
                              "Hội X,hội,15,2023-13-01\n"),
                        SmallUnitMap(), {}, FactsFileOptions(), &report);
  EXPECT_THAT(Errors(report),
              ElementsAre("4 UNKNOWN_UNIT unit_code", "5 UNKNOWN_KIND kind",
                          "5 BAD_DATE registered"));
  ASSERT_GE(plan.facts.facts_size(), 2);
  const v1::OrganisationRegistered& first =
      plan.facts.facts(0).organisation_registered();
  EXPECT_EQ(first.kind(), v1::ORGANISATION_KIND_DEPARTMENT);
  EXPECT_EQ(first.unit_id(), 1u);
  EXPECT_EQ(first.organisation_id(), DeriveOrganisationId(1, "Sở Nội vụ"));
}

}  // namespace
}  // namespace thon::cli
