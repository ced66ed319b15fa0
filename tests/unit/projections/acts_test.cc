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
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Property;

Date On(absl::string_view iso) { return Date(Day(iso)); }

auto LostBy(v1::CommandFailure failure, const std::string& told) {
  return AllOf(Property(&v1::CommandOutcome::effective, false),
               Property(&v1::CommandOutcome::failure, failure),
               Property(&v1::CommandOutcome::detail, HasSubstr(told)));
}

class ActsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(made_.Settle()); }

  v1::Event Rename(absl::string_view name, std::uint64_t officer = kOperator,
                   Position seen = Position(0)) {
    v1::Event event = made_.New(officer, seen);
    event.mutable_team_renamed()->set_team_id(7);
    event.mutable_team_renamed()->set_name(std::string(name));
    event.mutable_team_renamed()->set_effective_date(Day("2023-01-05"));
    return event;
  }
  std::string NameOf(std::uint64_t team) {
    return GetTeam(made_.log.rows(), TeamId(team))->name();
  }
  bool Exists(std::uint64_t team) {
    return GetTeam(made_.log.rows(), TeamId(team)).has_value();
  }

  MadeLog made_;
};

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

// Documents.

TEST_F(ActsTest, ADocumentIsThereWhenAllItsPartsAre) {
  const std::string content(100'000, 'x');
  const Hash hash = Sha256Of(content);
  const auto part = [&](int index, int count, absl::string_view bytes) {
    v1::Event event;
    event.mutable_document_part()->set_document_hash(std::string(hash.view()));
    event.mutable_document_part()->set_index(index);
    event.mutable_document_part()->set_count(count);
    event.mutable_document_part()->set_content(std::string(bytes));
    return event;
  };
  const auto assembled = [&] {
    return AssembleDocument(hash, made_.log.rows(), made_.log);
  };
  EXPECT_FALSE(assembled().has_value());
  const absl::string_view all = content;
  // In any order, begun once with another count, one part twice.
  made_.log.Append(made_.log.server(), {part(0, 2, all.substr(0, 10))});
  made_.log.Append(made_.log.server(), {part(2, 3, all.substr(80'000))});
  made_.log.Append(made_.log.server(), {part(0, 3, all.substr(0, 40'000))});
  made_.log.Append(made_.log.server(), {part(0, 3, all.substr(0, 40'000))});
  EXPECT_FALSE(assembled().has_value());
  made_.log.Append(made_.log.server(),
                   {part(1, 3, all.substr(40'000, 40'000))});
  EXPECT_EQ(assembled(), content);
  // Nothing changes what is complete.
  made_.log.Append(made_.log.server(), {part(0, 1, "other")});
  made_.log.Append(made_.log.server(), {part(1, 3, "other")});
  EXPECT_EQ(assembled(), content);
}

TEST_F(ActsTest, ADocumentWithAWrongPartIsRepairedBySendingItAgain) {
  const std::string content = "one two three four ";
  const Hash hash = Sha256Of(content);
  const auto part = [&](int index, absl::string_view bytes, int count = 4) {
    v1::Event event;
    event.mutable_document_part()->set_document_hash(std::string(hash.view()));
    event.mutable_document_part()->set_index(index);
    event.mutable_document_part()->set_count(count);
    event.mutable_document_part()->set_content(std::string(bytes));
    return event;
  };
  const auto assembled = [&] {
    return AssembleDocument(hash, made_.log.rows(), made_.log);
  };
  const std::vector<v1::Event> right = {part(0, "one "), part(1, "two "),
                                        part(2, "three "), part(3, "four ")};
  // All of it wrong, in the middle, at an end, in another count, half sent.
  const std::vector<std::vector<v1::Event>> wrongs = {
      {part(0, "a"), part(1, "b"), part(2, "c"), part(3, "d")},
      {part(0, "one "), part(1, "bad"), part(2, "three "), part(3, "bad")},
      {part(0, "bad"), part(1, "two "), part(2, "three "), part(3, "four ")},
      {part(0, "one "), part(1, "two "), part(2, "three "), part(3, "bad")},
      {part(0, "one or two or three", 1)},
      {part(1, "bad")}};
  for (const std::vector<v1::Event>& wrong : wrongs) {
    MadeLog made;
    made.log.Append(made.log.server(), wrong);
    EXPECT_FALSE(AssembleDocument(hash, made.log.rows(), made.log).has_value());
    for (const v1::Event& event : right) {
      made.log.Append(made.log.server(), {event});
    }
    EXPECT_EQ(AssembleDocument(hash, made.log.rows(), made.log), content);
  }
  // One after the other in one log: each undoes what is not complete.
  for (const std::vector<v1::Event>& wrong : wrongs) {
    made_.log.Append(made_.log.server(), wrong);
    EXPECT_FALSE(assembled().has_value());
  }
  made_.log.Append(made_.log.server(), right);
  EXPECT_EQ(assembled(), content);
}

TEST_F(ActsTest, PartsThatCannotBeAreNotNoted) {
  MemoryRows rows;
  rows.Begin(Position(1));
  v1::DocumentPart good;
  good.set_document_hash(std::string(32, 'h'));
  good.set_count(2);
  const auto noted = [&](auto spoil) {
    v1::DocumentPart part = good;
    spoil(part);
    return RecordDocumentPart(part, AuthorId(), Sequence(1), made_.log, rows);
  };
  EXPECT_FALSE(noted([](auto& p) { p.set_document_hash("short"); }));
  EXPECT_FALSE(noted([](auto& p) { p.set_count(0); }));
  EXPECT_FALSE(noted([](auto& p) { p.set_count(4097); }));
  EXPECT_FALSE(noted([](auto& p) { p.set_index(2); }));
  EXPECT_FALSE(noted([](auto& p) { p.set_index(-1); }));
  EXPECT_FALSE(
      noted([](auto& p) { p.set_content(std::string(40 * 1024 + 1, 'x')); }));
  EXPECT_TRUE(rows.Changed(Table::kDocument).empty());
  EXPECT_TRUE(noted([](auto&) {}));
}

TEST_F(ActsTest, ADocumentOfOtherBytesIsNone) {
  v1::Event event;
  event.mutable_document_part()->set_document_hash(
      std::string(Sha256Of("what was promised").view()));
  event.mutable_document_part()->set_count(1);
  event.mutable_document_part()->set_content("what came");
  made_.log.Append(made_.log.server(), {event});
  EXPECT_FALSE(AssembleDocument(Sha256Of("what was promised"), made_.log.rows(),
                                made_.log)
                   .has_value());
}

TEST_F(ActsTest, ACommandWhoseDocumentLacksPartsHasNoEffect) {
  v1::Event event = made_.New();
  event.mutable_units_imported()->set_effective_date(Day("2023-02-01"));
  event.mutable_units_imported()->set_units_hash(
      std::string(Sha256Of("nowhere").view()));
  EXPECT_THAT(made_.log.Submit(event),
              LostBy(v1::COMMAND_FAILURE_INCOMPLETE_DOCUMENT, "record them"));
  v1::Event import = made_.New();
  import.mutable_facts_imported()->set_facts_hash(
      std::string(Sha256Of("nowhere").view()));
  import.mutable_facts_imported()->set_file_kind("teams");
  import.mutable_facts_imported()->set_count(1);
  EXPECT_THAT(made_.log.Submit(import),
              LostBy(v1::COMMAND_FAILURE_INCOMPLETE_DOCUMENT, "record them"));
}

TEST_F(ActsTest, APhonesDocumentPartsAreNobodys) {
  const AuthorId phone = made_.log.Author("phone");
  v1::Event event;
  event.mutable_document_part()->set_document_hash(
      std::string(Sha256Of("x").view()));
  event.mutable_document_part()->set_count(1);
  event.mutable_document_part()->set_content("x");
  made_.log.Append(phone, {event});
  EXPECT_FALSE(
      AssembleDocument(Sha256Of("x"), made_.log.rows(), made_.log).has_value());
}

// Imports.

v1::FactList Facts(std::vector<v1::Event> events) {
  v1::FactList list;
  for (v1::Event& event : events) {
    event.clear_act();
    *list.add_facts() = std::move(event);
  }
  return list;
}

TEST_F(ActsTest, ImportedFactsBuildOnThoseBeforeThem) {
  const v1::CommandOutcome outcome = made_.ImportFacts(
      Facts({made_.Village(500002, kThacBa), made_.Team(8, 500002),
             made_.Member(70, 8), made_.Member(71, 8)}));
  ASSERT_TRUE(outcome.effective()) << outcome.detail();
  const auto team = GetTeam(made_.log.rows(), TeamId(8));
  ASSERT_TRUE(team.has_value());
  EXPECT_EQ(team->members_size(), 2);
  EXPECT_EQ(team->founded_position(), outcome.position());
  EXPECT_TRUE(GetUnit(made_.log.rows(), UnitId(500002)).has_value());
}

TEST_F(ActsTest, AnImportWithOneBadRowImportsNothing) {
  EXPECT_THAT(
      made_.ImportFacts(Facts({made_.Village(500002, kThacBa),
                               made_.Team(8, 500002), made_.Team(7)})),
      LostBy(v1::COMMAND_FAILURE_PRECONDITION, "row 3: team 7 exists already"));
  EXPECT_FALSE(Exists(8));
  EXPECT_FALSE(GetUnit(made_.log.rows(), UnitId(500002)).has_value());
}

TEST_F(ActsTest, AnImportThatNamesOneTeamTwiceImportsNothing) {
  EXPECT_THAT(
      made_.ImportFacts(Facts({made_.Team(8), made_.Team(8)})),
      LostBy(v1::COMMAND_FAILURE_PRECONDITION, "row 2: team 8 exists already"));
  EXPECT_FALSE(Exists(8));
}

TEST_F(ActsTest, AnImportCannotFillATeamWithoutEnd) {
  std::vector<v1::Event> facts = {made_.Team(8)};
  for (int i = 0; i <= limits::kTeamMembersMax; ++i) {
    facts.push_back(made_.Member(1000 + static_cast<std::uint64_t>(i), 8));
  }
  EXPECT_THAT(made_.ImportFacts(Facts(facts)),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                     "row 1002: team 8 has had 1000 memberships"));
  facts.pop_back();
  EXPECT_TRUE(made_.ImportFacts(Facts(facts)).effective());
  EXPECT_THAT(made_.log.Submit(made_.Member(90, 8)),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION, "can have no more"));
}

TEST_F(ActsTest, AMalformedRowIsToldWithItsNumber) {
  v1::Event nameless = made_.Team(9);
  nameless.mutable_team_founded()->clear_name();
  EXPECT_THAT(made_.ImportFacts(Facts({made_.Team(8), nameless})),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION, "row 2: name must be"));
  EXPECT_FALSE(Exists(8));
}

TEST_F(ActsTest, OnlySomeFactsCanBeImported) {
  v1::Event grant = made_.Grant(5, 20, v1::ROLE_OPERATOR, 0, "2023-01-01");
  EXPECT_THAT(made_.ImportFacts(Facts({grant})),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                     "row 1: this type of fact cannot be imported"));
}

TEST_F(ActsTest, AnImporterMayActWhereEveryRowIs) {
  ASSERT_TRUE(
      made_.log
          .Submit(made_.Grant(1, 20, v1::ROLE_OFFICER, kYenBinh, "2023-01-01"))
          .effective());
  ASSERT_TRUE(made_.log.Submit(made_.Village(500003, kPhoLu)).effective());
  EXPECT_TRUE(made_.ImportFacts(Facts({made_.Team(8)}), 20).effective());
  EXPECT_THAT(
      made_.ImportFacts(Facts({made_.Team(9), made_.Team(10, 500003)}), 20),
      LostBy(v1::COMMAND_FAILURE_NOT_PERMITTED, "row 2: "));
  EXPECT_FALSE(Exists(9));
}

TEST_F(ActsTest, AnImportHoldsAsManyFactsAsItSays) {
  const Hash hash =
      made_.log.AppendDocument(Facts({made_.Team(8)}).SerializeAsString());
  v1::Event import = made_.New();
  import.mutable_facts_imported()->set_facts_hash(std::string(hash.view()));
  import.mutable_facts_imported()->set_file_kind("teams");
  import.mutable_facts_imported()->set_count(2);
  EXPECT_EQ(made_.log.Submit(import).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);
  import.mutable_act()->set_idempotency_key("kind");
  import.mutable_facts_imported()->set_count(1);
  import.mutable_facts_imported()->set_file_kind("anything");
  EXPECT_EQ(made_.log.Submit(import).failure(), v1::COMMAND_FAILURE_MALFORMED);
}

// Money: what rests on documents and on the map.

TEST_F(ActsTest, AListNamesCommunesOfTheMapOnce) {
  v1::RegistrationList list;
  list.add_rows()->set_unit_id(kVinhKien);
  list.mutable_rows(0)->set_target(v1::REGISTRATION_TARGET_STANDARD);
  const auto submit = [&] {
    const Hash hash = made_.log.AppendDocument(list.SerializeAsString());
    v1::Event event = made_.New();
    v1::RegistrationListApproved* approved =
        event.mutable_registration_list_approved();
    approved->set_list_id("894/QĐ-UBND");
    approved->set_year(2023);
    approved->set_effective_date(Day("2023-06-01"));
    approved->set_rows_hash(std::string(hash.view()));
    return made_.log.Submit(event);
  };
  *list.add_rows() = list.rows(0);
  EXPECT_THAT(submit(), LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                               "row 2: unit 4771 is listed twice"));
  list.mutable_rows(1)->set_unit_id(kYenBinh);
  EXPECT_THAT(submit(), LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                               "row 2: unit 141 is not a commune"));
  list.mutable_rows()->RemoveLast();
  EXPECT_TRUE(submit().effective());
}

class ListRightsTest : public ActsTest {
 protected:
  static constexpr std::uint64_t kCommuneOfficer = 20;
  static constexpr std::uint64_t kProvinceOfficer = 21;
  static constexpr std::uint64_t kOtherProvinceOfficer = 22;

  void SetUp() override {
    ActsTest::SetUp();
    for (const auto& [officer, unit] :
         {std::make_pair(kCommuneOfficer, kVinhKien),
          std::make_pair(kProvinceOfficer, kYenBai),
          std::make_pair(kOtherProvinceOfficer, kLaoCai)}) {
      ASSERT_TRUE(made_.log
                      .Submit(made_.Grant(officer, officer, v1::ROLE_OFFICER,
                                          unit, "2023-01-01"))
                      .effective());
    }
  }
  std::string Listing(std::uint64_t commune) {
    v1::RegistrationList list;
    list.add_rows()->set_unit_id(commune);
    list.mutable_rows(0)->set_target(v1::REGISTRATION_TARGET_STANDARD);
    return std::string(
        made_.log.AppendDocument(list.SerializeAsString()).view());
  }
  v1::CommandOutcome Approve(std::uint64_t commune, std::uint64_t officer) {
    v1::Event event = made_.New(officer);
    v1::RegistrationListApproved* list =
        event.mutable_registration_list_approved();
    list->set_list_id("894/QĐ-UBND");
    list->set_year(2023);
    list->set_effective_date(Day("2023-06-01"));
    list->set_rows_hash(Listing(commune));
    return made_.log.Submit(event);
  }
  v1::CommandOutcome Amend(std::uint64_t commune, std::uint64_t officer) {
    v1::Event event = made_.New(officer);
    v1::RegistrationListAmended* list =
        event.mutable_registration_list_amended();
    list->set_list_id("894/QĐ-UBND");
    list->set_effective_date(Day("2023-07-01"));
    list->set_rows_hash(Listing(commune));
    return made_.log.Submit(event);
  }
};

TEST_F(ListRightsTest, ACommunesOfficerCannotListTheirCommune) {
  EXPECT_EQ(Approve(kVinhKien, kCommuneOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Approve(kThacBa, kProvinceOfficer).effective());
  EXPECT_EQ(Amend(kVinhKien, kCommuneOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Amend(kVinhKien, kProvinceOfficer).effective());
}

TEST_F(ListRightsTest, AListIsAmendedOnlyByWhoMayActInItsProvinces) {
  ASSERT_TRUE(Approve(kThacBa, kProvinceOfficer).effective());
  EXPECT_EQ(Amend(kPhoLu, kOtherProvinceOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_EQ(Amend(kPhoLu, kProvinceOfficer).failure(),
            v1::COMMAND_FAILURE_NOT_PERMITTED);
  EXPECT_TRUE(Amend(kPhoLu, kOperator).effective());
}

TEST_F(ActsTest, TextsInListsOfACommandAreBounded) {
  v1::Event verification = made_.New();
  v1::VerificationDecided* decided =
      verification.mutable_verification_decided();
  decided->set_policy_id("YB-2023");
  decided->set_period_month(202306);
  decided->set_team_id(7);
  decided->add_reason_codes(std::string(1024, 'a'));
  EXPECT_EQ(made_.log.Submit(verification).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);  // No such policy.
  verification.mutable_act()->set_idempotency_key("long code");
  decided->add_reason_codes(std::string(1025, 'a'));
  EXPECT_EQ(made_.log.Submit(verification).failure(),
            v1::COMMAND_FAILURE_MALFORMED);

  v1::Event evaluation = made_.New();
  v1::QuarterEvaluated* evaluated = evaluation.mutable_quarter_evaluated();
  evaluated->set_quarter(20232);
  evaluated->set_team_id(7);
  evaluated->add_scores()->set_name(std::string(64, 'a'));
  EXPECT_TRUE(made_.log.Submit(evaluation).effective());
  evaluation.mutable_act()->set_idempotency_key("long name");
  evaluated->add_scores()->set_name(std::string(65, 'a'));
  EXPECT_EQ(made_.log.Submit(evaluation).failure(),
            v1::COMMAND_FAILURE_MALFORMED);

  v1::Event reopening = made_.New();
  reopening.mutable_period_reopened()->set_first_month(202306);
  reopening.mutable_period_reopened()->set_last_month(202306);
  reopening.mutable_period_reopened()->set_reason(std::string(1025, 'a'));
  EXPECT_EQ(made_.log.Submit(reopening).failure(),
            v1::COMMAND_FAILURE_MALFORMED);
}

TEST_F(ActsTest, FundingNeedsAPublishedPolicy) {
  v1::FundedTeams teams;
  teams.add_team_ids(7);
  const Hash hash = made_.log.AppendDocument(teams.SerializeAsString());
  v1::Event event = made_.New();
  v1::FundingApproved* funding = event.mutable_funding_approved();
  funding->set_policy_id("YB-2023");
  funding->set_first_month(202306);
  funding->set_last_month(202312);
  funding->set_ceiling_vnd(2'698'500'000);
  funding->set_team_count(1);
  funding->set_teams_hash(std::string(hash.view()));
  EXPECT_THAT(made_.log.Submit(event),
              LostBy(v1::COMMAND_FAILURE_PRECONDITION,
                     "policy YB-2023 is not published"));
  event.mutable_act()->set_idempotency_key("months");
  funding->set_last_month(202305);
  EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
  event.mutable_act()->set_idempotency_key("ceiling");
  funding->set_last_month(202312);
  funding->set_ceiling_vnd(-1);
  EXPECT_EQ(made_.log.Submit(event).failure(), v1::COMMAND_FAILURE_MALFORMED);
}

class BadPolicyTest : public ActsTest,
                      public ::testing::WithParamInterface<const char*> {};

TEST_P(BadPolicyTest, IsNotPublishedAndItsOutcomeCanBeRead) {
  const Hash hash = made_.log.AppendDocument(GetParam());
  v1::Event event = made_.New();
  v1::PolicyPublished* policy = event.mutable_policy_published();
  policy->set_policy_id("YB-2023");
  policy->set_version(1);
  policy->set_issuer_unit_id(kYenBai);
  policy->set_text_hash(std::string(hash.view()));
  EXPECT_EQ(made_.log.Submit(event).failure(),
            v1::COMMAND_FAILURE_PRECONDITION);
}

INSTANTIATE_TEST_SUITE_P(All, BadPolicyTest,
                         ::testing::Values("id: [unfinished", "", "\xC3\x28: 1",
                                           "id: \xFF\xFE"));

TEST_F(ActsTest, AVeryLongReasonIsCutBetweenCharacters) {
  v1::Event event = made_.New();
  std::string id;
  for (int i = 0; i < 340; ++i) id += "Đ";
  event.mutable_registration_list_amended()->set_list_id(id +
                                                         id.substr(0, 340));
  event.mutable_registration_list_amended()->set_effective_date(
      Day("2023-06-01"));
  event.mutable_registration_list_amended()->set_rows_hash(
      std::string(made_.log.AppendDocument("").view()));
  const v1::CommandOutcome outcome = made_.log.Submit(event);
  EXPECT_EQ(outcome.failure(), v1::COMMAND_FAILURE_PRECONDITION);
  EXPECT_LE(outcome.detail().size(), 1024u);
  EXPECT_TRUE(IsNfc(outcome.detail()));
}

}  // namespace
}  // namespace thon
