// The fold is a function of the log: the same entries give the same rows, also
// when the program stops and goes on in between; damage is refused.
//
// Method: one made log is folded at once, with a restart behind each entry, and
// with damaged bytes.

#include "server/projections/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/limits.h"
#include "server/projections/acts.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Sees what the projections behind `acts` are given.
class Spy final : public Projection {
 public:
  explicit Spy(std::vector<FoldInput>* inputs) : inputs_(inputs) {}
  absl::string_view name() const override { return "spy"; }
  int version() const override { return 3; }
  void Apply(const FoldInput& input, const EventSource&, RowWriter&) override {
    inputs_->push_back(input);
    inputs_->back().batch = nullptr;
    for (Fact& fact : inputs_->back().facts) fact.event = nullptr;
  }

 private:
  std::vector<FoldInput>* inputs_;
};

std::unique_ptr<Fold> FoldWithSpy(std::vector<FoldInput>* inputs) {
  std::vector<std::unique_ptr<Projection>> projections;
  projections.push_back(NewActs());
  projections.push_back(NewUnits());
  projections.push_back(NewRegistry());
  projections.push_back(std::make_unique<Spy>(inputs));
  return std::make_unique<Fold>(std::move(projections));
}

void Fill(MadeLog& made) {
  ASSERT_NO_FATAL_FAILURE(made.Settle());
  ASSERT_TRUE(made.log.Submit(made.Member(70, 7)).effective());
  const AuthorId phone =
      made.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
  v1::Event outreach;
  outreach.set_team_id(7);
  outreach.mutable_outreach_session()->set_minutes(30);
  made.log.Append(phone, {outreach, outreach});
  made.log.SetTime(At("2023-02-01T08:00:00+07:00"));
  v1::FactList list;
  *list.add_facts() = made.Village(500002, kThacBa);
  *list.add_facts() = made.Team(8, 500002);
  ASSERT_TRUE(made.ImportFacts(list).effective());
  made.log.Append(phone, {outreach});
}

TEST(Fold, TheSameLogGivesTheSameRows) {
  MadeLog made;
  ASSERT_NO_FATAL_FAILURE(Fill(made));
  Fold fold;
  MemoryRows rows;
  FoldAgain(made.log, fold, rows);
  EXPECT_EQ(rows.Dump(), made.log.rows().Dump());
}

TEST(Fold, ARestartBehindAnyEntryChangesNothing) {
  MadeLog made;
  ASSERT_NO_FATAL_FAILURE(Fill(made));
  MemoryRows rows;
  for (const auto& entry : made.log.entries()) {
    Fold fold;  // Knows nothing but the rows.
    rows.Begin(entry->trailer.last_position());
    ASSERT_THAT(fold.Apply(entry->index, entry->bytes,
                           *made.log.UpTo(entry->index.Next()), rows),
                IsOk());
    rows.Commit();
  }
  EXPECT_EQ(rows.Dump(), made.log.rows().Dump());
}

TEST(Fold, TheFirstEntryMakesTheServersAuthor) {
  MadeLog made;
  const auto author = GetAuthor(made.log.rows(), made.log.server());
  ASSERT_TRUE(author.has_value());
  EXPECT_EQ(author->kind(), v1::AUTHOR_KIND_SERVER);
  EXPECT_EQ(author->number(), 1u);
  EXPECT_EQ(author->enrolled_position(), 1u);
  EXPECT_TRUE(author->confirmed());
}

TEST(Fold, ANewEpochsServerTakesOver) {
  MadeLog made;
  ASSERT_NO_FATAL_FAILURE(made.Settle());
  const AuthorId old_server = made.log.server();
  const AuthorId new_server = made.log.Author("server of epoch 2");
  v1::Event epoch;
  epoch.mutable_epoch_opened()->set_server_author_key(
      std::string(LogBuilder::KeyOf("server of epoch 2").public_key().view()));
  v1::Event team = made.Team(8);
  made.log.Append(new_server, {epoch, team});
  EXPECT_TRUE(GetTeam(made.log.rows(), TeamId(8)).has_value());
  EXPECT_NE(GetAuthor(made.log.rows(), old_server)->revoked_position(), 0u);
  // The old one's word counts no more, the new one's does, also after a
  // restart.
  for (const std::uint64_t id : {10u, 20u}) {
    made.log.Append(old_server, {made.Team(id)});
    made.log.Append(new_server, {made.Team(id + 1)});
    EXPECT_FALSE(GetTeam(made.log.rows(), TeamId(id)).has_value());
    EXPECT_TRUE(GetTeam(made.log.rows(), TeamId(id + 1)).has_value());
    made.log.Restart();
  }
}

TEST(Fold, NobodyElseOpensALogOrAnEpoch) {
  MadeLog made;
  const AuthorId stranger = made.log.Author("stranger");
  v1::Event opened;
  opened.mutable_log_opened()->set_server_author_key(
      std::string(LogBuilder::KeyOf("stranger").public_key().view()));
  made.log.Append(stranger, {opened});
  EXPECT_FALSE(GetAuthor(made.log.rows(), stranger).has_value());
  v1::Event epoch;
  epoch.mutable_epoch_opened()->set_server_author_key(
      std::string(LogBuilder::KeyOf("another").public_key().view()));
  made.log.Append(made.log.Author("third"), {epoch});
  EXPECT_FALSE(
      GetAuthor(made.log.rows(), made.log.Author("another")).has_value());
}

TEST(Fold, TheLocalDayBeginsAtMidnightInVietNam) {
  std::vector<FoldInput> inputs;
  FoldedLog log(At("2023-06-30T16:59:59Z"), FoldWithSpy(&inputs));
  EXPECT_EQ(inputs.back().local_date.Iso(), "2023-06-30");
  log.SetTime(At("2023-06-30T17:00:00Z"));
  EXPECT_EQ(inputs.back().local_date.Iso(), "2023-07-01");
  EXPECT_EQ(LastDay(log.rows())->Iso(), "2023-07-01");
}

TEST(Fold, EveryEventOfAnEntryIsOneFactWithItsPosition) {
  std::vector<FoldInput> inputs;
  FoldedLog log(At("2023-01-01T08:00:00+07:00"), FoldWithSpy(&inputs));
  const AuthorId phone = log.Author("phone");
  v1::Event event;
  event.mutable_outreach_session();
  log.Append(phone, {event, event, event});
  const FoldInput& input = inputs.back();
  EXPECT_EQ(input.author, phone);
  EXPECT_FALSE(input.from_server);
  ASSERT_EQ(input.facts.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(input.facts[i].position,
              Position(log.last_position().value - 2 + i));
    EXPECT_FALSE(input.facts[i].from_server);
    EXPECT_FALSE(input.facts[i].effective);
  }
}

TEST(Fold, ADayIsOpenedOnceAndNeverBackwards) {
  std::vector<FoldInput> inputs;
  FoldedLog log(At("2023-01-05T08:00:00+07:00"), FoldWithSpy(&inputs));
  v1::Event day;
  for (const char* date : {"2023-01-05", "2023-01-04"}) {
    day.mutable_day_opened()->set_local_date(Day(date));
    log.Append(log.server(), {day});
    EXPECT_FALSE(inputs.back().facts[0].effective);
    EXPECT_EQ(LastDay(log.rows())->Iso(), "2023-01-05");
  }
}

TEST(Fold, ItsSignatureNamesEveryProjectionWithItsVersion) {
  std::vector<FoldInput> inputs;
  EXPECT_EQ(FoldWithSpy(&inputs)->signature(),
            "acts/2 units/1 registry/1 spy/3");
  EXPECT_THAT(Fold().signature(), StartsWith("acts/2 units/1 registry/1"));
}

TEST(Fold, DamagedBytesAreRefusedAndNothingIsWritten) {
  MadeLog made;
  const MadeEntry& entry = *made.log.entries().front();
  for (const std::string& bytes :
       {std::string(), entry.bytes.substr(1), std::string(200, '\xFF'),
        entry.bytes.substr(entry.bytes.size() - limits::kEntryTrailerBytes)}) {
    Fold fold;
    MemoryRows rows;
    rows.Begin(Position(1));
    EXPECT_THAT(fold.Apply(EntryIndex(0), bytes, made.log, rows),
                StatusIs(absl::StatusCode::kDataLoss));
    rows.Commit();
    EXPECT_EQ(rows.version_count(), 0u);
  }
}

TEST(Fold, AnEntryThatClaimsOtherEventsThanItHoldsIsDamaged) {
  MadeLog made;
  const MadeEntry& entry = *made.log.entries().front();
  EntryTrailer trailer = entry.trailer;
  trailer.event_count = 2;
  const std::string batch =
      entry.bytes.substr(0, entry.bytes.size() - limits::kEntryTrailerBytes);
  Fold fold;
  MemoryRows rows;
  rows.Begin(Position(2));
  EXPECT_THAT(
      fold.Apply(EntryIndex(0), EncodeEntry(batch, trailer), made.log, rows),
      StatusIs(absl::StatusCode::kDataLoss, "does not hold the batch"));
}

TEST(Fold, RowsAsOfAPositionAreRowsOfThatTime) {
  MadeLog made;
  ASSERT_NO_FATAL_FAILURE(made.Settle());
  const Position before = made.log.last_position();
  v1::Event rename = made.New();
  rename.mutable_team_renamed()->set_team_id(7);
  rename.mutable_team_renamed()->set_name("Tên mới");
  rename.mutable_team_renamed()->set_effective_date(Day("2023-01-06"));
  ASSERT_TRUE(made.log.Submit(rename).effective());
  EXPECT_EQ(GetTeam(*made.log.rows().At(before), TeamId(7))->name(),
            "Tổ công nghệ số cộng đồng 7");
  EXPECT_EQ(GetTeam(made.log.rows(), TeamId(7))->name(), "Tên mới");
}

}  // namespace
}  // namespace thon
