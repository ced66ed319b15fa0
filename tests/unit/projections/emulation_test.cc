// Observed indicators and accepted models of units, from officers and from
// organisations' reporters, and that what is made void leaves nothing behind
// (catalogue 21, 22; M12 to M18; HT-11).
//
// Method: a log of batches and commands, folded as it grows; rows are read.

#include "server/projections/emulation.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

constexpr std::uint64_t kOffice = 3;     // An organisation of Yên Bình.
constexpr std::uint64_t kElsewhere = 6;  // An officer of Bảo Thắng.
constexpr std::uint64_t kModel = 41;

class EmulationTest : public ::testing::Test, public ActivityLog {
 protected:
  EmulationTest() {
    reporter_ = EnrolReporter(kOffice, kYenBinh);
    log.Submit(
        Grant(61, kElsewhere, v1::ROLE_OFFICER, kBaoThang, "2023-01-01"));
    log.SetTime(At("2023-07-20T09:00:00+07:00"));
  }

  static void Fill(std::uint64_t unit, absl::string_view metric,
                   std::int64_t numerator, std::int64_t denominator,
                   absl::string_view as_of, v1::Event* event) {
    v1::IndicatorObserved* seen = event->mutable_indicator_observed();
    seen->set_metric(std::string(metric));
    seen->set_unit_id(unit);
    seen->set_numerator(numerator);
    seen->set_denominator(denominator);
    seen->set_as_of_date(Day(as_of));
  }
  v1::CommandOutcome Observe(std::uint64_t unit, absl::string_view metric,
                             std::int64_t numerator, std::int64_t denominator,
                             absl::string_view as_of,
                             std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    Fill(unit, metric, numerator, denominator, as_of, &event);
    return log.Submit(event);
  }
  Sequence Report(std::uint64_t unit, absl::string_view metric,
                  std::int64_t numerator, std::int64_t denominator,
                  absl::string_view as_of) {
    v1::Event event = Reported(log.now(), 0, 0);
    event.set_organisation_id(kOffice);
    Fill(unit, metric, numerator, denominator, as_of, &event);
    return Send(reporter_, {event});
  }
  // "90/100", "" if nothing is observed.
  std::string Indicator(absl::string_view metric, int month,
                        std::uint64_t unit = kVinhKien) {
    const auto row = GetRow<v1::IndicatorRow>(
        log.rows(), Table::kIndicator,
        keys::Indicator(UnitId(unit), metric, Month(month)));
    return row.has_value()
               ? absl::StrCat(row->numerator(), "/", row->denominator())
               : "";
  }

  Sequence Propose(std::uint64_t unit, std::uint64_t model = kModel,
                   v1::ModelType type = v1::MODEL_TYPE_SMART_VILLAGE) {
    v1::Event event = Reported(log.now());
    event.mutable_model_proposed()->set_model_id(model);
    event.mutable_model_proposed()->set_unit_id(unit);
    event.mutable_model_proposed()->set_type(type);
    return Send(phone, {event});
  }
  v1::CommandOutcome Accept(std::uint64_t model, int quarter,
                            std::uint64_t unit = 0,
                            std::uint64_t officer = kOperator) {
    v1::Event event = New(officer);
    event.set_unit_id(unit);
    event.mutable_model_accepted()->set_model_id(model);
    event.mutable_model_accepted()->set_accepted_by("UBND xã");
    event.mutable_model_accepted()->set_quarter(quarter);
    return log.Submit(event);
  }
  v1::ModelRow Model(std::uint64_t model = kModel) {
    return GetRow<v1::ModelRow>(log.rows(), Table::kModel, keys::Model(model))
        .value_or(v1::ModelRow());
  }
  std::int64_t Accepted(std::uint64_t unit, int first, int last) {
    return AcceptedModels(log.rows(), UnitId(unit), first, last);
  }

  AuthorId reporter_;
};

TEST_F(EmulationTest, TheNewestDayOfAMonthHolds) {
  ASSERT_TRUE(Observe(kVinhKien, "M13", 70, 100, "2023-06-30").effective());
  ASSERT_TRUE(Observe(kVinhKien, "M13", 60, 100, "2023-06-10").effective());
  EXPECT_EQ(Indicator("M13", 202306), "70/100") << "an older day came later";
  ASSERT_TRUE(Observe(kVinhKien, "M13", 71, 100, "2023-06-30").effective());
  EXPECT_EQ(Indicator("M13", 202306), "71/100") << "of one day, the last";
  ASSERT_TRUE(Observe(kVinhKien, "household_skill_ratio", 80, 100, "2023-07-01")
                  .effective());
  EXPECT_EQ(Indicator("M13", 202307), "80/100") << "by its name";
  EXPECT_EQ(Indicator("M13", 202306), "71/100");
  EXPECT_EQ(NewestObservation(log.rows(), UnitId(kVinhKien), "M13",
                              Date(Day("2023-06-01")), Date(Day("2023-06-29")))
                ->numerator(),
            60);
}

TEST_F(EmulationTest, AReportersObservationIsVoidedAndAmended) {
  ASSERT_TRUE(Observe(kVinhKien, "M12", 50, 100, "2023-06-20").effective());
  const Sequence event = Report(kVinhKien, "M12", 90, 100, "2023-06-30");
  EXPECT_TRUE(Counts(reporter_, event));
  EXPECT_EQ(Indicator("M12", 202306), "90/100");

  v1::Event amend = New();
  v1::CorrectionIssued* correction = amend.mutable_correction_issued();
  correction->set_target_author(std::string(reporter_.view()));
  correction->set_target_sequence(event.value);
  correction->set_kind(v1::CORRECTION_KIND_AMEND);
  Fill(kVinhKien, "M12b", 91, 100, "2023-07-01", correction->mutable_amended());
  ASSERT_TRUE(log.Submit(amend).effective());
  EXPECT_EQ(Indicator("M12", 202306), "50/100") << "the older one holds again";
  EXPECT_EQ(Indicator("M12b", 202307), "91/100");

  ASSERT_TRUE(Void(reporter_, event).effective());
  EXPECT_EQ(Indicator("M12b", 202307), "");
}

TEST_F(EmulationTest, AReporterObservesWhatIsBelowItsUnitAndNoDayToCome) {
  EXPECT_TRUE(Counts(reporter_, Report(kVillage, "M14", 1, 2, "2023-07-20")));
  const Sequence elsewhere = Report(kPhoLu, "M14", 1, 2, "2023-06-30");
  EXPECT_EQ(ReasonOf(reporter_, elsewhere), v1::STANDING_REASON_NOT_ALLOWED);
  const Sequence above = Report(kYenBai, "M14", 1, 2, "2023-06-30");
  EXPECT_EQ(ReasonOf(reporter_, above), v1::STANDING_REASON_NOT_ALLOWED);
  const Sequence to_come = Report(kVillage, "M14", 2, 2, "2023-07-21");
  EXPECT_EQ(ReasonOf(reporter_, to_come), v1::STANDING_REASON_MALFORMED);
  EXPECT_EQ(Indicator("M14", 202306, kPhoLu), "");
  EXPECT_EQ(Indicator("M14", 202306, kYenBai), "");
  EXPECT_EQ(Indicator("M14", 202307, kVillage), "1/2");
}

TEST_F(EmulationTest, WhatARevokedReporterObservesWaitsForAnOfficer) {
  v1::Event revoke = New();
  revoke.mutable_author_revoked()->set_author(std::string(reporter_.view()));
  ASSERT_TRUE(log.Submit(revoke).effective());
  const Sequence event = Report(kVinhKien, "M16", 3, 4, "2023-06-30");
  EXPECT_EQ(ReasonOf(reporter_, event), v1::STANDING_REASON_REVOKED_AUTHOR);
  EXPECT_EQ(Indicator("M16", 202306), "");
  ASSERT_TRUE(Decide(reporter_, event, event, true).effective());
  EXPECT_EQ(Indicator("M16", 202306), "3/4");
}

TEST_F(EmulationTest, OnlyWhatIsObservedOfUnitsIsObserved) {
  for (const char* metric : {"M01", "M17", "M24", "M29", "", "M99"}) {
    EXPECT_EQ(Observe(kVinhKien, metric, 1, 2, "2023-06-30").failure(),
              v1::COMMAND_FAILURE_MALFORMED)
        << metric;
  }
  EXPECT_EQ(Observe(kVinhKien, "M13", -1, 2, "2023-06-30").failure(),
            v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(Observe(kVinhKien, "M13", 1, 1'000'000'000'000'001, "2023-06-30")
                .failure(),
            v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(Observe(kVinhKien, "M13", 1, 2, "2023-07-21").failure(),
            v1::COMMAND_FAILURE_MALFORMED);
  EXPECT_EQ(Observe(kVinhKien, "M13", 1, 2, "2023-06-30", kElsewhere).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  const Sequence wrong = Report(kVillage, "M17", 1, 2, "2023-06-30");
  EXPECT_EQ(ReasonOf(reporter_, wrong), v1::STANDING_REASON_UNKNOWN_VALUE);
}

TEST_F(EmulationTest, AProposedModelCountsInTheQuarterItIsAcceptedInto) {
  Propose(kVillage);
  EXPECT_EQ(MonthOf(202307).activities(), 1) << "proposing is an activity";
  EXPECT_EQ(Model().unit_id(), kVillage);
  EXPECT_EQ(Accepted(kVillage, 20231, 20234), 0);
  EXPECT_EQ(Accept(kModel, 20233, 0, kElsewhere).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  ASSERT_TRUE(Accept(kModel, 20233).effective());
  EXPECT_EQ(Accepted(kVillage, 20233, 20233), 1);
  EXPECT_EQ(Accepted(kVillage, 20234, 20234), 0);
  EXPECT_EQ(Model().type(), v1::MODEL_TYPE_SMART_VILLAGE);
  ASSERT_TRUE(Accept(kModel, 20234).effective());
  EXPECT_EQ(Accepted(kVillage, 20233, 20233), 0) << "it moved";
  EXPECT_EQ(Accepted(kVillage, 20231, 20234), 1);
}

TEST_F(EmulationTest, WhoseAModelIsTheFirstProposalSays) {
  const Sequence first = Propose(kVillage);
  Propose(kThacBa, kModel, v1::MODEL_TYPE_ECOMMERCE_COMMUNE);
  EXPECT_EQ(Model().unit_id(), kVillage);
  EXPECT_EQ(Accept(kModel, 20233, kThacBa).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);
  ASSERT_TRUE(Void(phone, first).effective());
  EXPECT_EQ(Model().unit_id(), kThacBa);
  EXPECT_EQ(Model().type(), v1::MODEL_TYPE_ECOMMERCE_COMMUNE);
}

TEST_F(EmulationTest, AVoidedProposalLeavesNoRowAndWhatWasAcceptedStays) {
  const Sequence first = Propose(kVillage);
  ASSERT_TRUE(Void(phone, first).effective());
  EXPECT_EQ(Model().unit_id(), 0u);
  const Sequence second = Propose(kVillage);
  ASSERT_TRUE(Accept(kModel, 20233).effective());
  ASSERT_TRUE(Void(phone, second).effective());
  EXPECT_EQ(Accepted(kVillage, 20233, 20233), 1);
  EXPECT_EQ(Model().unit_id(), kVillage);
}

TEST_F(EmulationTest, AModelThatNobodyProposedNeedsItsUnit) {
  EXPECT_EQ(Accept(kModel, 20233).failure(), v1::COMMAND_FAILURE_PRECONDITION);
  ASSERT_TRUE(Accept(kModel, 20233, kVinhKien).effective());
  EXPECT_EQ(Accepted(kVinhKien, 20233, 20233), 1);
  EXPECT_EQ(Accept(kModel, 20235, kVinhKien).failure(),
            v1::COMMAND_FAILURE_MALFORMED);
}

TEST_F(EmulationTest, AnotherPhonesReportOfTheSameProposalIsNone) {
  const AuthorId other =
      log.EnrolPhone("other", kOperator, TeamId(kTeam), MemberId(kOtherMember));
  const Sequence first = Propose(kVillage);
  v1::Event same = Reported(Instant(log.now().ms + 0));
  same.set_member_id(kOtherMember);
  same.mutable_model_proposed()->set_model_id(kModel);
  same.mutable_model_proposed()->set_unit_id(kThacBa);
  same.mutable_model_proposed()->set_type(v1::MODEL_TYPE_SMART_VILLAGE);
  const Sequence follower = Send(other, {same});
  ASSERT_EQ(ReasonOf(other, follower), v1::STANDING_REASON_SAME_SESSION);
  EXPECT_EQ(Model().unit_id(), kVillage);
  ASSERT_TRUE(Void(phone, first).effective());
  EXPECT_EQ(Model().unit_id(), kThacBa) << "it leads now";
}

// Rows of the projection are those of a fold from the start.
TEST_F(EmulationTest, ARestartedFoldGivesTheSameRows) {
  Report(kVillage, "M14", 1, 2, "2023-07-01");
  log.Restart();
  Propose(kVillage);
  ASSERT_TRUE(Void(phone, Propose(kThacBa, kModel + 1)).effective());
  ASSERT_TRUE(Accept(kModel, 20233).effective());
  Fold fold;
  MemoryRows again;
  FoldAgain(log, fold, again);
  EXPECT_EQ(again.Dump(), log.rows().Dump());
}

}  // namespace
}  // namespace thon
