// Goal: determinations follow every fact they rest on, at the entry that brings
// it, and the explanation gives the very row the fold wrote. Method: commands
// in a made log, folded; rows as of positions; every row explained again.
#include "server/projections/eligibility.h"

#include "tests/unit/projections/eligibility_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(EligibilityTest, AMonthIsDeterminedFromTheDayItOpens) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  EXPECT_EQ(State(7, 202306), kUnfunded);
  EXPECT_EQ(Reason(7, 202306), v1::REASON_CODE_NO_FUNDING_DECISION);
  EXPECT_EQ(Reason(8, 202306), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(State(7, 202307), v1::DETERMINATION_STATE_UNSPECIFIED);
  Go("2023-06-30");
  EXPECT_EQ(State(7, 202307), v1::DETERMINATION_STATE_UNSPECIFIED);
  Go("2023-07-01");
  EXPECT_EQ(State(7, 202307), kUnfunded);
  Go("2024-02-01");
  EXPECT_EQ(State(7, 202312), kUnfunded);
  EXPECT_EQ(State(7, 202401), v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ALateFundingDecisionReachesBackAndThePastStaysKnown) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T16
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  Go("2023-10-14");
  const auto before = made_.log.rows().At(EndOf("2023-09-30"));
  const auto day_before = made_.log.rows().At(EndOf("2023-10-11"));
  const auto after = made_.log.rows().At(EndOf("2023-10-13"));
  for (int month = 202306; month <= 202309; ++month) {
    EXPECT_EQ(Read(*before, 7, month).state(), kUnfunded);
    EXPECT_EQ(Read(*before, 7, month).amount_vnd(), 0);
  }
  EXPECT_EQ(Read(*before, 7, 202310).state(),
            v1::DETERMINATION_STATE_UNSPECIFIED);
  for (int month = 202306; month <= 202310; ++month) {
    EXPECT_EQ(Read(*day_before, 7, month).state(), kUnfunded);
    EXPECT_EQ(Read(*after, 7, month).state(), kProvisional);
    EXPECT_EQ(Read(*after, 7, month).amount_vnd(), 500'000);
  }
  EXPECT_THAT(Row(7, 202307).reasons(),
              ElementsAre(v1::REASON_CODE_COVERED,
                          v1::REASON_CODE_MISSING_MONTHLY_UPDATE,
                          v1::REASON_CODE_FUNDING_RETROACTIVE));
  EXPECT_THAT(Row(7, 202310).reasons(), ElementsAre(v1::REASON_CODE_COVERED));
  EXPECT_EQ(Read(*after, 7, 202311).state(),
            v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ADecisionThatDoesNotReachBackLeavesEarlierMonths) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000, false).effective());
  EXPECT_EQ(State(7, 202309), kUnfunded);
  EXPECT_EQ(Amount(7, 202310), 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AFundingDecisionBeforeItsPolicyIsTold) {
  ASSERT_NO_FATAL_FAILURE(made_.Settle());
  EXPECT_FALSE(Fund({7}, 3'500'000).effective());
  EXPECT_FALSE(made_.log.rows().Get(Table::kDetermination, "").has_value());
}

TEST_F(EligibilityTest, ATeamFoundedLaterIsCoveredAndNotInTheFundedSet) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T13
  Go("2023-08-21");
  ASSERT_TRUE(
      made_.log.Submit(made_.Team(9, kVillage2, "2023-08-20")).effective());
  EXPECT_EQ(Reason(9, 202307), v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  EXPECT_EQ(State(9, 202308), kUnfunded);
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  EXPECT_EQ(State(9, 202308), kUnfunded);
  EXPECT_EQ(Reason(9, 202308), v1::REASON_CODE_NOT_IN_FUNDED_SET);
  EXPECT_EQ(Amount(7, 202308), 500'000);
  // An amending decision of its own adds it.
  ASSERT_TRUE(Fund({9}, 2'500'000).effective());
  EXPECT_EQ(Amount(9, 202308), 500'000);
  ExpectConsistent();
}

class AmendmentTest : public EligibilityTest,
                      public ::testing::WithParamInterface<bool> {};

TEST_P(AmendmentTest, TakesACommuneOffTheListAsFarBackAsItSays) {
  const bool retroactive = GetParam();
  ASSERT_NO_FATAL_FAILURE(Begin());  // T14
  Go("2023-10-05");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  ASSERT_TRUE(
      Amend({Listed(kVinhKien, true)}, "2023-09-01", retroactive).effective());
  Go("2023-11-02");
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Amount(7, 202309), retroactive ? 0 : 500'000);
  EXPECT_EQ(Amount(7, 202310), retroactive ? 0 : 500'000);
  EXPECT_EQ(Amount(7, 202311), 0);
  EXPECT_EQ(Reason(7, 202311), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  ExpectConsistent();
}

INSTANTIATE_TEST_SUITE_P(ReachingBackOrNot, AmendmentTest, ::testing::Bool());

TEST_F(EligibilityTest, ACommuneAddedInAMonthCountsFromTheNext) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T15
  Go("2023-09-15");
  ASSERT_TRUE(Amend({Listed(kThacBa)}, "2023-09-15", false).effective());
  Go("2023-10-02");
  EXPECT_EQ(Reason(8, 202309), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(State(8, 202310), kUnfunded);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ASuspensionIsHeldWhereItIsPartial) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T20
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  v1::Event event = made_.New();
  event.mutable_team_suspended()->set_team_id(7);
  event.mutable_team_suspended()->set_from_date(Day("2023-08-10"));
  event.mutable_team_suspended()->set_to_date(Day("2023-09-20"));
  event.mutable_team_suspended()->set_reason("kiểm tra");
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202307), 500'000);
  EXPECT_EQ(State(7, 202308), kHeld);
  EXPECT_EQ(State(7, 202309), kHeld);
  EXPECT_EQ(Reason(7, 202309), v1::REASON_CODE_PARTLY_SUSPENDED);
  EXPECT_EQ(Amount(7, 202310), 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AMergedTeamIsPaidUpToTheMonthBefore) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T11
  ASSERT_TRUE(made_.log.Submit(made_.Team(9, kVillage2)).effective());
  Go("2023-08-15");
  ASSERT_TRUE(Fund({7, 9}, 7'000'000).effective());
  v1::Event event = made_.New();
  event.mutable_team_merged()->add_source_team_ids(7);
  event.mutable_team_merged()->add_source_team_ids(9);
  event.mutable_team_merged()->add_target_team_ids(7);
  event.mutable_team_merged()->set_effective_date(Day("2023-08-15"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Amount(9, 202307), 500'000);
  EXPECT_EQ(Amount(9, 202308), 0);
  EXPECT_EQ(Reason(9, 202308), v1::REASON_CODE_TEAM_DID_NOT_EXIST);
  ExpectConsistent();
}

TEST_F(EligibilityTest, TheLeadOfASplitTakesTheTeamsPlaceInTheFundedSet) {
  ASSERT_NO_FATAL_FAILURE(Begin());  // T12
  Go("2023-09-08");
  ASSERT_TRUE(Fund({7}, 3'500'000).effective());
  for (const std::uint64_t team : {21, 22}) {
    ASSERT_TRUE(made_.log.Submit(made_.Team(team, kVillage2, "2023-09-10"))
                    .effective());
  }
  v1::Event event = made_.New();
  event.mutable_team_split()->set_source_team_id(7);
  event.mutable_team_split()->add_target_team_ids(21);
  event.mutable_team_split()->add_target_team_ids(22);
  event.mutable_team_split()->set_lead_team_id(21);
  event.mutable_team_split()->set_effective_date(Day("2023-09-10"));
  const v1::CommandOutcome outcome = made_.log.Submit(event);
  ASSERT_TRUE(outcome.effective()) << outcome.detail();
  Go("2024-01-02");
  EXPECT_EQ(Amount(7, 202308), 500'000);
  EXPECT_EQ(Amount(7, 202309), 0);
  EXPECT_EQ(Amount(21, 202309), 500'000);
  EXPECT_EQ(Reason(22, 202309), v1::REASON_CODE_NOT_IN_FUNDED_SET);
  EXPECT_EQ(Total(), 7 * 500'000);
  ExpectConsistent();
}

TEST_F(EligibilityTest, AnOrganisationAndACommuneTeamAreNamedAndNotCovered) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(made_.log.Submit(Organisation(70, kYenBai)).effective());
  ASSERT_TRUE(made_.log.Submit(Organisation(71, kBaoThang)).effective());
  v1::Event commune_team = made_.Team(10, kVinhKien);
  commune_team.mutable_team_founded()->set_level(v1::UNIT_LEVEL_COMMUNE);
  ASSERT_TRUE(made_.log.Submit(commune_team).effective());
  Go("2023-07-01");
  for (const int month : {202306, 202307}) {
    const v1::Determination row =
        Read(made_.log.rows(), 70, month, v1::BENEFICIARY_KIND_ORGANISATION);
    EXPECT_EQ(row.state(), kNotCovered);
    EXPECT_THAT(row.reasons(), ElementsAre(v1::REASON_CODE_NOT_A_TEAM));
    EXPECT_THAT(Row(10, month).reasons(),
                ElementsAre(v1::REASON_CODE_LEVEL_NOT_COVERED));
  }
  EXPECT_EQ(
      Read(made_.log.rows(), 71, 202306, v1::BENEFICIARY_KIND_ORGANISATION)
          .state(),
      v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ATeamOfAnotherProvinceHasNoRowAndAnExplanation) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(
      made_.log.Submit(made_.Village(kPhoLuVillage, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(11, kPhoLuVillage)).effective());
  EXPECT_EQ(State(11, 202306), v1::DETERMINATION_STATE_UNSPECIFIED);
  const auto explained =
      ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 11,
                           Month(202306), made_.log.rows());
  ASSERT_TRUE(explained.ok());
  EXPECT_EQ(explained->row.reasons(0), v1::REASON_CODE_OUTSIDE_TERRITORY);
}

TEST_F(EligibilityTest, AnUnknownPolicyPaysNothingAndIsNoError) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const auto none = ExplainDetermination("HA-2023", v1::BENEFICIARY_KIND_TEAM,
                                         7, Month(202306), made_.log.rows());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->row.state(), kNotCovered);
  EXPECT_THAT(none->row.reasons(), ElementsAre(v1::REASON_CODE_NO_POLICY));
  EXPECT_EQ(none->row.amount_vnd(), 0);
  EXPECT_EQ(ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 999,
                                 Month(202306), made_.log.rows())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM, 7,
                                 Month(202313), made_.log.rows())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EligibilityTest, AMonthThatHasNotBegunIsExplainedAsSuch) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  const auto later = ExplainDetermination(kYenBaiId, v1::BENEFICIARY_KIND_TEAM,
                                          7, Month(202307), made_.log.rows());
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(later->row.state(), v1::DETERMINATION_STATE_UNSPECIFIED);
  EXPECT_THAT(later->derivation.text_en(), HasSubstr("has not begun"));
}

TEST_F(EligibilityTest, AFoldThatStopsAnywhereGoesOnToTheSameRows) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  made_.log.Restart();
  Go("2023-08-02");
  made_.log.Restart();
  Go("2023-10-12");
  ASSERT_TRUE(Fund({7}, 1'700'000).effective());
  made_.log.Restart();
  Go("2023-11-07");
  MemoryRows again;
  Fold fold;
  FoldAgain(made_.log, fold, again);
  EXPECT_EQ(again.Dump(), made_.log.rows().Dump());
  ExpectConsistent();
}

TEST_F(EligibilityTest, AnActKeepsItsTerritoryByUnitWhenItsCodePassesOn) {
  // T25: from 1 August Lào Cai and Yên Bái are one province, and the old Yên
  // Bái is no more.
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_TRUE(
      made_.log.Submit(made_.Village(kPhoLuVillage, kPhoLu)).effective());
  ASSERT_TRUE(made_.log.Submit(made_.Team(11, kPhoLuVillage)).effective());
  Go("2023-07-20");
  constexpr std::uint64_t kNewLaoCai = 1500;
  v1::UnitList list;
  AddUnit(&list, kNewLaoCai, v1::UNIT_LEVEL_PROVINCE, v1::UNIT_KIND_TINH, "15",
          "Tỉnh Lào Cai", 0);
  AddUnit(&list, kYenBinh, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "141",
          "Huyện Yên Bình", kNewLaoCai);
  AddUnit(&list, kBaoThang, v1::UNIT_LEVEL_DISTRICT, v1::UNIT_KIND_HUYEN, "086",
          "Huyện Bảo Thắng", kNewLaoCai);
  AddUnit(&list, kVinhKien, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_XA, "04771",
          "Xã Vĩnh Kiên", kYenBinh);
  AddUnit(&list, kThacBa, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
          "04717", "Thị trấn Thác Bà", kYenBinh);
  AddUnit(&list, kPhoLu, v1::UNIT_LEVEL_COMMUNE, v1::UNIT_KIND_THI_TRAN,
          "02905", "Thị trấn Phố Lu", kBaoThang);
  const v1::CommandOutcome outcome = made_.Import(list, "2023-08-01");
  ASSERT_TRUE(outcome.effective()) << outcome.ShortDebugString();
  Go("2023-08-02");
  EXPECT_EQ(State(7, 202307), kUnfunded);
  EXPECT_EQ(State(7, 202308), kHeld);
  EXPECT_EQ(Reason(7, 202308), v1::REASON_CODE_OUTSIDE_TERRITORY);
  EXPECT_EQ(State(11, 202308), v1::DETERMINATION_STATE_UNSPECIFIED);
  ExpectConsistent();
}

TEST_F(EligibilityTest, ATeamThatMovesToAListedCommuneIsCoveredThere) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  Go("2023-08-10");
  v1::Event event = made_.New();
  event.mutable_team_moved()->set_team_id(8);
  event.mutable_team_moved()->set_unit_id(kVillage2);
  event.mutable_team_moved()->set_effective_date(Day("2023-08-10"));
  ASSERT_TRUE(made_.log.Submit(event).effective());
  EXPECT_EQ(Reason(8, 202307), v1::REASON_CODE_COMMUNE_NOT_REGISTERED);
  EXPECT_EQ(State(8, 202308), kUnfunded);
  ExpectConsistent();
}

}  // namespace
}  // namespace thon
