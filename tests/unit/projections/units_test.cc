// The map over time: what is where on which day.
//
// Method: maps and changes are recorded as commands in a made log, which is
// folded; then the accessors of units.h are asked about days.

#include "server/projections/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/projections/row_keys.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Date On(absl::string_view iso) { return Date(Day(iso)); }

// From 1 July 2025: no districts; Lào Cai is a new unit that carries code 15;
// 04717 is a new unit that re-uses the code.
constexpr std::uint64_t kNewLaoCai = 9015;
constexpr std::uint64_t kNewThacBa = 904717;

v1::UnitList MapOf2025() {
  v1::UnitList list;
  AddUnit(&list, kNewLaoCai, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15",
          "Tỉnh Lào Cai", 0);
  AddUnit(&list, kNewThacBa, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04717",
          "Xã Thác Bà", kNewLaoCai);
  AddUnit(&list, kPhoLu, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "02905",
          "Xã Bảo Thắng", kNewLaoCai);
  return list;
}

v1::Successions Into(
    std::vector<std::tuple<std::uint64_t, std::uint64_t, bool>> rows) {
  v1::Successions successions;
  for (const auto& [from, to, part] : rows) {
    v1::Succession* row = successions.add_rows();
    row->set_from_unit_id(from);
    row->set_to_unit_id(to);
    row->set_part(part);
  }
  return successions;
}

TEST(Units, AVillageIsInItsCommuneDistrictAndProvince) {
  MadeLog made;
  made.Settle();
  EXPECT_THAT(AncestorsOn(made.log.rows(), UnitId(kVillage), On("2023-06-01")),
              ElementsAre(UnitId(kVillage), UnitId(kVinhKien), UnitId(kYenBinh),
                          UnitId(kYenBai)));
  EXPECT_TRUE(IsBelow(made.log.rows(), UnitId(kVillage), UnitId(kYenBai),
                      On("2023-06-01")));
  EXPECT_FALSE(IsBelow(made.log.rows(), UnitId(kVillage), UnitId(kLaoCai),
                       On("2023-06-01")));
  EXPECT_TRUE(
      IsBelow(made.log.rows(), UnitId(kVillage), UnitId(0), On("2023-06-01")));
  EXPECT_THAT(ChildrenOn(made.log.rows(), UnitId(kYenBinh), On("2023-06-01")),
              ElementsAre(UnitId(kThacBa), UnitId(kVinhKien)));
}

TEST(Units, NothingExistsBeforeItsFirstDay) {
  MadeLog made;
  made.Settle();
  EXPECT_THAT(AncestorsOn(made.log.rows(), UnitId(kVillage), On("2022-12-31")),
              IsEmpty());
  EXPECT_EQ(FindByCode(made.log.rows(), "15", On("2022-12-31")), std::nullopt);
}

TEST(Units, ACodePassesFromOneProvinceToAnother) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const MemoryRows& rows = made.log.rows();
  EXPECT_EQ(FindByCode(rows, "15", On("2025-06-30")), UnitId(kYenBai));
  EXPECT_EQ(FindByCode(rows, "15", On("2025-07-01")), UnitId(kNewLaoCai));
  EXPECT_EQ(FindByCode(rows, "10", On("2025-06-30")), UnitId(kLaoCai));
  EXPECT_EQ(FindByCode(rows, "10", On("2025-07-01")), std::nullopt);
  EXPECT_EQ(FindByCode(rows, "04717", On("2025-06-30")), UnitId(kThacBa));
  EXPECT_EQ(FindByCode(rows, "04717", On("2025-07-01")), UnitId(kNewThacBa));
  EXPECT_EQ(FindByCode(rows, "141", On("2025-07-01")), std::nullopt);
}

TEST(Units, AUnitThatStaysHasItsOldNameAndParentOnOldDays) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const auto pho_lu = GetUnit(made.log.rows(), UnitId(kPhoLu));
  ASSERT_TRUE(pho_lu.has_value());
  EXPECT_EQ(NameOn(*pho_lu, On("2025-06-30"))->name(), "Thị trấn Phố Lu");
  EXPECT_EQ(NameOn(*pho_lu, On("2025-07-01"))->name(), "Xã Bảo Thắng");
  EXPECT_EQ(ParentOn(*pho_lu, On("2025-06-30")), UnitId(kBaoThang));
  EXPECT_EQ(ParentOn(*pho_lu, On("2025-07-01")), UnitId(kNewLaoCai));
  EXPECT_EQ(AncestorOfLevel(made.log.rows(), UnitId(kPhoLu),
                            v1::UNIT_LEVEL_DISTRICT, On("2025-07-01")),
            UnitId(0));
}

TEST(Units, AUnitAbsentFromALaterMapEndsTheDayBefore) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const auto district = GetUnit(made.log.rows(), UnitId(kYenBinh));
  ASSERT_TRUE(district.has_value());
  EXPECT_EQ(district->to_date(), Day("2025-06-30"));
  EXPECT_TRUE(ExistsOn(*district, On("2025-06-30")));
  EXPECT_FALSE(ExistsOn(*district, On("2025-07-01")));
}

TEST(Units, VillagesOfAWholeSuccessionFollowTheirCommune) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  EXPECT_TRUE(GetUnit(made.log.rows(), UnitId(kVillage))->placement_pending());
  ASSERT_TRUE(made.Change(Into({{kVinhKien, kNewThacBa, false},
                                {kThacBa, kNewThacBa, false}}),
                          "2025-07-01")
                  .effective());
  EXPECT_FALSE(GetUnit(made.log.rows(), UnitId(kVillage))->placement_pending());
  EXPECT_THAT(AncestorsOn(made.log.rows(), UnitId(kVillage), On("2025-06-30")),
              ElementsAre(UnitId(kVillage), UnitId(kVinhKien), UnitId(kYenBinh),
                          UnitId(kYenBai)));
  EXPECT_THAT(
      AncestorsOn(made.log.rows(), UnitId(kVillage), On("2025-07-01")),
      ElementsAre(UnitId(kVillage), UnitId(kNewThacBa), UnitId(kNewLaoCai)));
}

TEST(Units, VillagesOfASplitCommuneWaitUntilSomebodyDecides) {
  MadeLog made;
  made.Settle();
  v1::UnitList map = MapOf2025();
  AddUnit(&map, 904775, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04775",
          "Xã Yên Bình", kNewLaoCai);
  ASSERT_TRUE(made.Import(map, "2025-07-01").effective());
  ASSERT_TRUE(made.Change(Into({{kVinhKien, kNewThacBa, true},
                                {kVinhKien, 904775, true}}),
                          "2025-07-01")
                  .effective());
  auto village = GetUnit(made.log.rows(), UnitId(kVillage));
  EXPECT_TRUE(village->placement_pending());
  EXPECT_TRUE(IsPendingOn(*village, On("2025-07-01")));
  EXPECT_FALSE(IsPendingOn(*village, On("2025-06-30")));

  v1::Event decide = made.New();
  decide.mutable_placement_decided()->set_village_unit_id(kVillage);
  decide.mutable_placement_decided()->set_commune_unit_id(904775);
  decide.mutable_placement_decided()->set_effective_date(Day("2025-07-01"));
  ASSERT_TRUE(made.log.Submit(decide).effective());
  village = GetUnit(made.log.rows(), UnitId(kVillage));
  EXPECT_FALSE(village->placement_pending());
  EXPECT_EQ(ParentOn(*village, On("2025-07-01")), UnitId(904775));
  EXPECT_EQ(ParentOn(*village, On("2025-06-30")), UnitId(kVinhKien));
}

TEST(Units, ADecidedPlacementOutlivesALaterSuccession) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  v1::Event decide = made.New();
  decide.mutable_placement_decided()->set_village_unit_id(kVillage);
  decide.mutable_placement_decided()->set_commune_unit_id(kPhoLu);
  decide.mutable_placement_decided()->set_effective_date(Day("2025-07-01"));
  ASSERT_TRUE(made.log.Submit(decide).effective());
  ASSERT_TRUE(made.Change(Into({{kVinhKien, kNewThacBa, false}}), "2025-07-01")
                  .effective());
  EXPECT_EQ(
      ParentOn(*GetUnit(made.log.rows(), UnitId(kVillage)), On("2025-07-01")),
      UnitId(kPhoLu));
}

TEST(Units, ASuccessionThatContradictsItselfHasNoEffect) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const v1::CommandOutcome outcome = made.Change(
      Into({{kVinhKien, kNewThacBa, false}, {kVinhKien, kPhoLu, true}}),
      "2025-07-01");
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_THAT(outcome.detail(), HasSubstr("row 2: unit 4771 cannot go"));
}

TEST(Units, ASuccessorMustBeOnTheNewMap) {
  MadeLog made;
  made.Settle();
  const v1::CommandOutcome outcome =
      made.Change(Into({{kVinhKien, kNewThacBa, false}}), "2025-07-01");
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_THAT(outcome.detail(), HasSubstr("import the new map first"));
}

struct BadMap {
  const char* name;
  void (*spoil)(v1::UnitList*);
  const char* told;
};

class BadMapTest : public ::testing::TestWithParam<BadMap> {};

TEST_P(BadMapTest, IsReportedByRowAndNothingIsImported) {
  MadeLog made;
  v1::UnitList map = MapOf2023();
  GetParam().spoil(&map);
  const v1::CommandOutcome outcome = made.Import(map, "2023-01-01");
  EXPECT_FALSE(outcome.effective());
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_THAT(outcome.detail(), HasSubstr(GetParam().told));
  EXPECT_FALSE(GetUnit(made.log.rows(), UnitId(kYenBai)).has_value());
  EXPECT_FALSE(made.log.rows().Get(Table::kMap, keys::Map()).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    All, BadMapTest,
    ::testing::Values(
        BadMap{"DuplicateCode",
               [](v1::UnitList* m) { m->mutable_units(4)->set_code("15"); },
               "row 5: code 15 is also in row 1"},
        BadMap{"MissingParent",
               [](v1::UnitList* m) {
                 m->mutable_units(2)->set_parent_unit_id(999);
               },
               "row 3: parent 999 is not in a row before"},
        BadMap{"ChildBeforeParent",
               [](v1::UnitList* m) { m->mutable_units()->SwapElements(1, 2); },
               "row 2: parent 141 is not in a row before"},
        BadMap{"PaddedName",
               [](v1::UnitList* m) {
                 m->mutable_units(3)->set_name("Thị trấn Thác Bà ");
               },
               "row 4: the name has blanks at an end"},
        BadMap{"NameNotNfc",
               [](v1::UnitList* m) {
                 m->mutable_units(0)->set_name("Ti\xCC\x89nh");
               },
               "row 1: the name is not Unicode NFC"},
        BadMap{"EmptyName",
               [](v1::UnitList* m) { m->mutable_units(0)->clear_name(); },
               "row 1: the name is missing"},
        BadMap{"ShortCode",
               [](v1::UnitList* m) { m->mutable_units(2)->set_code("4771"); },
               "row 3: the code must have 5 digits"},
        BadMap{"IdTwice",
               [](v1::UnitList* m) {
                 m->mutable_units(6)->set_unit_id(kVinhKien);
               },
               "row 7: unit 4771 is in the list twice"},
        BadMap{"IdZero",
               [](v1::UnitList* m) { m->mutable_units(6)->set_unit_id(0); },
               "row 7: unit_id must be"},
        BadMap{"IdTooLarge",
               [](v1::UnitList* m) {
                 m->mutable_units(6)->set_unit_id(kSurrogateIdEnd);
               },
               "row 7: unit_id must be"},
        BadMap{"KindOfAnotherLevel",
               [](v1::UnitList* m) {
                 m->mutable_units(0)->set_kind(v1::UNIT_KIND_XA);
               },
               "row 1: the kind does not fit"},
        BadMap{"ParentOfTheSameLevel",
               [](v1::UnitList* m) {
                 m->mutable_units(3)->set_parent_unit_id(kVinhKien);
               },
               "row 4: parent 4771 is not of a level"},
        BadMap{"Empty", [](v1::UnitList* m) { m->clear_units(); },
               "a map has 1 to"}),
    [](const auto& test_info) { return test_info.param.name; });

TEST(Units, SeveralFaultsAreToldAtOnce) {
  v1::UnitList map = MapOf2023();
  map.mutable_units(0)->set_name(" Tỉnh Yên Bái");
  map.mutable_units(5)->set_code("86");
  const MemoryRows rows;
  EXPECT_THAT(CheckUnitList(map, On("2023-01-01"), rows, 10),
              ElementsAre("row 1: the name has blanks at an end",
                          "row 6: the code must have 3 digits"));
  EXPECT_EQ(CheckUnitList(map, On("2023-01-01"), rows, 1).size(), 1u);
}

TEST(Units, MapsCannotBeImportedOutOfOrder) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const v1::CommandOutcome outcome = made.Import(MapOf2023(), "2024-01-01");
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_THAT(outcome.detail(), HasSubstr("in the order of days"));
}

TEST(Units, AnEndedUnitDoesNotComeBackUnderItsId) {
  MadeLog made;
  made.Settle();
  ASSERT_TRUE(made.Import(MapOf2025(), "2025-07-01").effective());
  const v1::CommandOutcome outcome = made.Import(MapOf2023(), "2026-01-01");
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_THAT(outcome.detail(), HasSubstr("ended on 2025-06-30"));
}

TEST(Units, TheSameMapOfTheSameDayAgainChangesNoUnit) {
  MadeLog made;
  made.Settle();
  const std::string before =
      made.log.rows().Get(Table::kUnit, keys::Unit(UnitId(kVinhKien)))->value;
  ASSERT_TRUE(made.Import(MapOf2023(), "2023-01-01").effective());
  EXPECT_EQ(
      made.log.rows().Get(Table::kUnit, keys::Unit(UnitId(kVinhKien)))->value,
      before);
}

TEST(Units, AVillageNeedsACommuneAndANewId) {
  MadeLog made;
  made.Settle();
  EXPECT_THAT(made.log.Submit(made.Village(kVillage, kVinhKien)).detail(),
              HasSubstr("exists already"));
  EXPECT_THAT(made.log.Submit(made.Village(500002, kYenBinh)).detail(),
              HasSubstr("is not a commune"));
  EXPECT_THAT(made.log.Submit(made.Village(500002, 777)).detail(),
              HasSubstr("unit 777 does not exist"));
  EXPECT_THAT(
      made.log.Submit(made.Village(500002, kVinhKien, "2022-12-31")).detail(),
      HasSubstr("does not exist on 2022-12-31"));
  v1::Event padded = made.Village(500002, kVinhKien);
  padded.mutable_village_declared()->set_name("Thôn Nà Xá\n");
  EXPECT_EQ(made.log.Submit(padded).failure(), v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_FALSE(GetUnit(made.log.rows(), UnitId(500002)).has_value());
}

TEST(Units, TheMapRemembersWhereItLastChanged) {
  MadeLog made;
  made.Settle();
  const auto changed = GetNumber(made.log.rows(), Table::kMap, keys::Map());
  const v1::CommandOutcome outcome =
      made.log.Submit(made.Village(500002, kVinhKien));
  EXPECT_LT(*changed, outcome.position());
  EXPECT_EQ(GetNumber(made.log.rows(), Table::kMap, keys::Map()),
            outcome.position());
}

}  // namespace
}  // namespace thon
