// Documents and imports: whole, or not at all.
//
// Method: parts and imports are recorded in a made log, right, wrong and in any
// order; what the rows hold afterwards is compared.

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

}  // namespace
}  // namespace thon
