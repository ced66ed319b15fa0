// Which commands take effect, and what is told of those that do not.
//
// Method: officers' commands, imports and documents are recorded in a made log;
// outcomes and rows are compared with what the officer must be told.

#include "server/projections/acts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/projections/command_check.h"
#include "server/projections/documents.h"
#include "server/projections/grants.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "tests/unit/projections/acts_fixture.h"

namespace thon {
namespace {

// Keys.

TEST_F(ActsTest, TheSecondCommandWithAKeyHasNoEffect) {
  v1::Event first = Rename("Một");
  v1::Event second = Rename("Hai");
  *second.mutable_act() = first.act();
  const v1::CommandOutcome outcome = made_.log.Submit(first);
  ASSERT_TRUE(outcome.effective());
  EXPECT_EQ(made_.log.Submit(second).failure(),
            v1::COMMAND_FAILURE_REPEATED_KEY);
  EXPECT_EQ(NameOf(7), "Một");
  // The first outcome stays, so that asking again tells it again.
  EXPECT_EQ(OutcomeOf(made_.log.rows(), OfficerId(kOperator),
                      first.act().idempotency_key())
                ->position(),
            outcome.position());
}

TEST_F(ActsTest, AKeyIsItsOfficersOwn) {
  made_.log.Operator(2);
  v1::Event first = Rename("Một");
  v1::Event second = Rename("Hai", 2);
  second.mutable_act()->set_idempotency_key(first.act().idempotency_key());
  EXPECT_TRUE(made_.log.Submit(first).effective());
  EXPECT_TRUE(made_.log.Submit(second).effective());
}

TEST_F(ActsTest, ACommandWithoutOfficerOrKeyIsMalformed) {
  v1::Event no_key = Rename("Một");
  no_key.mutable_act()->clear_idempotency_key();
  v1::Event long_key = Rename("Một");
  long_key.mutable_act()->set_idempotency_key(std::string(65, 'k'));
  v1::Event no_officer = Rename("Một");
  no_officer.mutable_act()->clear_officer_id();
  for (const v1::Event& event : {no_key, long_key, no_officer}) {
    made_.log.Append(made_.log.server(), {event});
    EXPECT_THAT(
        CheckCommand(event, On("2023-01-01"), made_.log.rows(), &made_.log),
        LostBy(v1::COMMAND_FAILURE_MALFORMED, ""));
  }
  EXPECT_NE(NameOf(7), "Một");
}

// Races.

TEST_F(ActsTest, OfTwoWhoRaceTheSecondIsToldWhatChanged) {
  made_.log.Operator(2);
  const Position seen = made_.log.last_position();
  const v1::CommandOutcome first =
      made_.log.Submit(Rename("Một", kOperator, seen));
  ASSERT_TRUE(first.effective());
  EXPECT_THAT(
      made_.log.Submit(Rename("Hai", 2, seen)),
      LostBy(v1::COMMAND_FAILURE_STALE,
             absl::StrCat("team 7 changed at position ", first.position())));
  EXPECT_EQ(NameOf(7), "Một");
  EXPECT_TRUE(made_.log.Submit(Rename("Hai", 2, made_.log.last_position()))
                  .effective());
}

TEST_F(ActsTest, WhoSawNothingIsNotStale) {
  ASSERT_TRUE(made_.log.Submit(Rename("Một")).effective());
  EXPECT_TRUE(made_.log.Submit(Rename("Hai")).effective());
}

TEST_F(ActsTest, ATeamFoundedOnTheSameVillageMakesAFoundingStale) {
  const Position seen = made_.log.last_position();
  ASSERT_TRUE(made_.log.Submit(made_.Team(8)).effective());
  EXPECT_THAT(
      made_.log.Submit(made_.Team(9, kVillage, "2023-01-05", kOperator, seen)),
      LostBy(v1::COMMAND_FAILURE_STALE, "the list of teams on unit 500001"));
}

TEST_F(ActsTest, NobodyHasSeenTheFuture) {
  EXPECT_THAT(
      made_.log.Submit(Rename("Một", kOperator,
                              Position(made_.log.last_position().value + 1))),
      LostBy(v1::COMMAND_FAILURE_MALFORMED, "beyond the log"));
}

TEST_F(ActsTest, CommandsOfOneEntryBuildOnEachOther) {
  const Position seen = made_.log.last_position();
  v1::Event join = made_.Member(70, 8);
  join.mutable_act()->set_seen_position(seen.value);
  made_.log.Append(made_.log.server(),
                   {made_.Team(8, kVillage, "2023-01-05", kOperator, seen),
                    join, made_.Team(8)});
  const auto team = GetTeam(made_.log.rows(), TeamId(8));
  ASSERT_TRUE(team.has_value());
  EXPECT_EQ(team->members_size(), 1);
}

// Grants.

TEST_F(ActsTest, AGrantReachesItsSubtreeAndNothingElse) {
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, kYenBinh, "2023-01-01"))
          .effective());
  EXPECT_TRUE(made_.log.Submit(Rename("Một", 20)).effective());
  EXPECT_TRUE(made_.log.Submit(made_.Village(500009, kThacBa, "2023-01-01", 20))
                  .effective());
  EXPECT_THAT(made_.log.Submit(made_.Village(500010, kPhoLu, "2023-01-01", 20)),
              LostBy(v1::COMMAND_FAILURE_NOT_PERMITTED, ""));
}

TEST_F(ActsTest, AGrantHoldsFromItsFirstDayToItsLast) {
  ASSERT_TRUE(made_.log
                  .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, 0, "2023-01-03",
                                      "2023-01-04"))
                  .effective());
  EXPECT_THAT(made_.log.Submit(Rename("Một", 20)),
              LostBy(v1::COMMAND_FAILURE_NOT_PERMITTED, ""));
  made_.log.SetTime(At("2023-01-03T00:00:00+07:00"));
  EXPECT_TRUE(made_.log.Submit(Rename("Hai", 20)).effective());
  made_.log.SetTime(At("2023-01-04T23:59:59+07:00"));
  EXPECT_TRUE(made_.log.Submit(Rename("Ba", 20)).effective());
  made_.log.SetTime(At("2023-01-05T00:00:00+07:00"));
  EXPECT_THAT(made_.log.Submit(Rename("Bốn", 20)),
              LostBy(v1::COMMAND_FAILURE_NOT_PERMITTED, ""));
}

TEST_F(ActsTest, AGrantTakenBackIsGone) {
  ASSERT_TRUE(
      made_.log.Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, 0, "2023-01-01"))
          .effective());
  v1::Event revoke = made_.New();
  revoke.mutable_grant_revoked()->set_grant_id(1);
  ASSERT_TRUE(made_.log.Submit(revoke).effective());
  EXPECT_EQ(made_.log.Submit(Rename("Một", 20)).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
}

TEST_F(ActsTest, AReaderActsNowhereAndAnOfficerGrantsNothing) {
  ASSERT_TRUE(
      made_.log.Submit(made_.Grant(1, 20, v1::ROLE_READER, 0, "2023-01-01"))
          .effective());
  ASSERT_TRUE(
      made_.log.Submit(made_.Grant(2, 21, v1::ROLE_OFFICER, 0, "2023-01-01"))
          .effective());
  EXPECT_EQ(made_.log.Submit(Rename("Một", 20)).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(made_.log
                .Submit(made_.Grant(3, 21, v1::ROLE_OPERATOR, 0, "2023-01-01",
                                    "", 21))
                .failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(made_.Import(MapOf2023(), "2023-01-01", 21).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
}

TEST_F(ActsTest, AnOperatorOfASubtreeGrantsOnlyInside) {
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OPERATOR, kYenBai, "2023-01-01"))
          .effective());
  EXPECT_TRUE(made_.log
                  .Submit(made_.Grant(2, 21, v1::ROLE_OFFICER, kVinhKien,
                                      "2023-01-01", "", 20))
                  .effective());
  for (const std::uint64_t unit : {std::uint64_t{0}, kLaoCai}) {
    EXPECT_EQ(made_.log
                  .Submit(made_.Grant(3, 21, v1::ROLE_OFFICER, unit,
                                      "2023-01-01", "", 20))
                  .failure(),
              v1::COMMAND_FAILURE_NOT_PERMITTED);
  }
}

TEST_F(ActsTest, WhatIsNotThereIsToldOnlyToWhoMayActEverywhere) {
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, kYenBinh, "2023-01-01"))
          .effective());
  EXPECT_EQ(
      made_.log.Submit(made_.Member(1, 12345, "2023-01-05", 20)).failure(),
      v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(made_.log.Submit(made_.Member(1, 12345)).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);
}

TEST_F(ActsTest, TheLogGrantsByItselfOnlyWhileThereIsNoOperator) {
  v1::Event own;
  own.mutable_grant_issued()->set_grant_id(55);
  own.mutable_grant_issued()->set_officer_id(66);
  own.mutable_grant_issued()->set_role(v1::ROLE_OPERATOR);
  own.mutable_grant_issued()->set_from_date(Day("2023-01-01"));
  made_.log.Append(made_.log.server(), {own});
  EXPECT_FALSE(IsGranted(made_.log.rows(), OfficerId(66), v1::ROLE_READER,
                         UnitId(0), On("2023-01-02")));
  EXPECT_TRUE(HasOperator(made_.log.rows(), On("2023-01-02")));
}

TEST_F(ActsTest, ACommandWithoutOfficerIsNotTheLogsOwn) {
  v1::Event rename = Rename("Một");
  rename.clear_act();
  made_.log.Append(made_.log.server(), {rename});
  EXPECT_NE(NameOf(7), "Một");
}

TEST_F(ActsTest, WhatOnlyPhonesOrTheLogRecordIsNoCommand) {
  v1::Event outreach = made_.New();
  outreach.mutable_outreach_session()->set_minutes(10);
  v1::Event day = made_.New();
  day.mutable_day_opened()->set_local_date(Day("2030-01-01"));
  v1::Event nothing = made_.New();
  for (const v1::Event& event : {outreach, day, nothing}) {
    EXPECT_THAT(made_.log.Submit(event),
                LostBy(v1::COMMAND_FAILURE_MALFORMED, "not an officer's"));
  }
  EXPECT_EQ(LastDay(made_.log.rows()), On("2023-01-01"));
}

// Beforehand.

TEST_F(ActsTest, ACheckBeforehandSaysWhatTheFoldSays) {
  const std::vector<v1::Event> commands = {made_.Team(8), made_.Member(70, 8),
                                           made_.Member(70, 8), made_.Team(7)};
  const std::string before = made_.log.rows().Dump();
  const std::vector<v1::CommandOutcome> told =
      CheckCommands(commands, On("2023-01-01"), made_.log.rows(), &made_.log);
  EXPECT_EQ(made_.log.rows().Dump(), before);
  ASSERT_EQ(told.size(), commands.size());
  made_.log.Append(made_.log.server(), commands);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    v1::CommandOutcome outcome =
        *OutcomeOf(made_.log.rows(), OfficerId(kOperator),
                   commands[i].act().idempotency_key());
    outcome.clear_position();
    v1::CommandOutcome expected = told[i];
    expected.clear_position();
    EXPECT_EQ(outcome.SerializeAsString(), expected.SerializeAsString()) << i;
  }
  EXPECT_TRUE(told[1].effective());
  EXPECT_FALSE(told[2].effective());
}

}  // namespace
}  // namespace thon
