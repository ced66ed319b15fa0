// The server's own words about proof: the state roots that the log asks for are
// recorded, once; and what auditors read is noted, once a day.
//
// Method: whole engines, closed and opened again in between.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/engine/access_log.h"
#include "server/engine/await.h"
#include "server/engine/engine_stats.h"
#include "server/projections/row_keys.h"
#include "server/projections/state_root.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

void AwaitTrue(const std::function<bool()>& condition) {
  while (!condition()) {
    std::this_thread::yield();
  }
}

// ---- State roots ----

class StateRootsTest : public EngineTest {
 protected:
  void ClosePeriod(const std::string& key) {
    ASSERT_NO_FATAL_FAILURE(AwaitAllRows());  // The operator's grant.
    v1::Event event;
    event.mutable_period_closed()->set_first_month(202305);
    event.mutable_period_closed()->set_last_month(202305);
    CommandRequest request;
    request.officer = OfficerId(1);
    request.events = {event};
    request.idempotency_key = key;
    const absl::StatusOr<CommandResult> result =
        Await<CommandResult>([&](Done<CommandResult> done) {
          engine_->Submit(std::move(request), std::move(done));
        });
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_TRUE(result->outcomes[0].effective());
    closed_ = result->position;
  }
  void AwaitRoots(int count) {
    AwaitTrue(
        [&] { return CountEvents(v1::Event::kStateRootsRecorded) >= count; });
    AwaitAllRows();
  }
  v1::StateRootRow RowAt(Position position) {
    return GetRow<v1::StateRootRow>(*engine_->RowsAt(engine_->rows_position()),
                                    Table::kStateRoot,
                                    keys::StateRoot(position))
        .value_or(v1::StateRootRow());
  }
  // The recorded roots are those of the rows as of the position.
  void ExpectTrue(Position position) {
    const v1::StateRootRow row = RowAt(position);
    EXPECT_NE(row.recorded_position(), 0u);
    ASSERT_EQ(row.roots_size(), static_cast<int>(AllProjectionTables().size()));
    const std::unique_ptr<RowReader> rows = engine_->RowsAt(position);
    for (int i = 0; i < row.roots_size(); ++i) {
      const absl::StatusOr<v1::StateRoot> root = ComputeStateRoot(
          *rows, AllProjectionTables()[static_cast<std::size_t>(i)], nullptr);
      ASSERT_TRUE(root.ok());
      EXPECT_EQ(row.roots(i).SerializeAsString(), root->SerializeAsString());
    }
  }

  Position closed_;
};

TEST_F(StateRootsTest, AClosedPeriodGetsTheRootsOfItsRows) {
  Open();
  ASSERT_NO_FATAL_FAILURE(ClosePeriod("first"));
  const Position first = closed_;
  AwaitRoots(1);
  ExpectTrue(first);
  ASSERT_NO_FATAL_FAILURE(ClosePeriod("second"));
  AwaitRoots(2);
  ExpectTrue(closed_);
  ExpectTrue(first);
  EXPECT_EQ(CountEvents(v1::Event::kStateRootsRecorded), 2);
  AwaitTrue([&] { return engine_->stats().state_roots_recorded == 2; });
}

TEST_F(StateRootsTest, RestartsRecordNothingTwice) {
  Open();
  ASSERT_NO_FATAL_FAILURE(ClosePeriod("first"));
  AwaitRoots(1);
  for (int i = 0; i < 3; ++i) {
    Reopen();
    // Rows that are built again name the position again.
    if (i == 1) {
      engine_.reset();
      std::filesystem::remove_all(directory_.path() + "/rows");
      Open();
    }
    ASSERT_NO_FATAL_FAILURE(ClosePeriod(absl::StrCat("again", i)));
    AwaitRoots(2 + i);
    EXPECT_EQ(CountEvents(v1::Event::kStateRootsRecorded), 2 + i);
    std::set<std::uint64_t> positions;
    for (const v1::Event& event : Events()) {
      if (!event.has_state_roots_recorded()) continue;
      EXPECT_TRUE(
          positions.insert(event.state_roots_recorded().position()).second);
    }
  }
}

TEST_F(StateRootsTest, WhatAKilledServerOwesIsRecordedByTheNext) {
  Open();
  ASSERT_NO_FATAL_FAILURE(ClosePeriod("first"));
  AwaitRoots(1);
  EXPECT_EQ(RowAt(closed_).reason(), v1::STATE_ROOT_REASON_PERIOD_CLOSED);
  v1::Event event;
  event.mutable_period_closed()->set_first_month(202305);
  event.mutable_period_closed()->set_last_month(202305);
  CommandRequest request;
  request.officer = OfficerId(1);
  request.events = {event};
  request.idempotency_key = "second";
  Arrived<absl::StatusOr<CommandResult>> result;
  engine_->Submit(std::move(request), result.callback());
  engine_.reset();  // Before, or while, its roots are computed.
  Open();
  AwaitAllRows();
  std::uint64_t due = 0;
  engine_->RowsAt(engine_->rows_position())
      ->Scan(Table::kStateRoot, "", "",
             [&](absl::string_view, const RowVersion&) { return ++due; });
  AwaitRoots(static_cast<int>(due));
  EXPECT_EQ(CountEvents(v1::Event::kStateRootsRecorded), static_cast<int>(due));
}

TEST_F(StateRootsTest, NobodySubmitsRoots) {
  Open();
  AwaitAllRows();
  for (int i = 0; i < 2; ++i) {
    v1::Event event;
    if (i == 0) event.mutable_state_roots_recorded()->set_position(1);
    if (i == 1) event.mutable_access_recorded()->set_officer_id(1);
    CommandRequest request;
    request.officer = OfficerId(1);
    request.events = {event};
    request.idempotency_key = absl::StrCat("roots", i);
    EXPECT_THAT(Await<CommandResult>([&](Done<CommandResult> done) {
                  engine_->Submit(std::move(request), std::move(done));
                }).status(),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

// ---- Reads of auditors ----

class AccessTest : public EngineTest {
 protected:
  void Read(std::uint64_t officer, v1::AccessKind kind,
            const std::string& filter, std::uint64_t first = 1,
            std::uint64_t last = 9) {
    v1::AccessRecorded access;
    access.set_officer_id(officer);
    access.set_kind(kind);
    access.set_filter(filter);
    access.set_first_position(first);
    access.set_last_position(last);
    engine_->RecordAccess(std::move(access));
    // Behind whatever it handed to the committer.
    Arrived<absl::StatusOr<bool>> passed;
    engine_->RevokeToken("nobody's", passed.callback());
    EXPECT_THAT(passed.Get(), IsOk());
  }
  int Reads() { return CountEvents(v1::Event::kAccessRecorded); }
};

// The bytes that another implementation writes (storage/FORMAT.md).
TEST_F(AccessTest, ItsRecordIsThatOfTheFormat) {
  v1::AccessRecorded access;
  access.set_officer_id(7);
  access.set_kind(v1::ACCESS_KIND_ENTRIES);
  access.set_filter("teams=1");
  access.set_first_position(1);
  access.set_last_position(9);
  std::ifstream file(THON_SOURCE_DIR "/tests/vectors/entry.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  for (const nlohmann::json& record : vectors["records"]) {
    if (record["name"] != "access") continue;
    EXPECT_EQ(HexEncode(AccessLog::KeyOf(Date(19631), 2)), record["key"]);
    EXPECT_EQ(HexEncode(AccessLog::ValueOf(access)),
              record["value"].get<std::string>().substr(0, 80));
    return;
  }
  FAIL() << "the vector is missing";
}

TEST_F(AccessTest, OneADayForTheSameOfficerKindAndFilter) {
  Open();
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  EXPECT_EQ(Reads(), 1);
  Read(2, v1::ACCESS_KIND_ENTRIES, "teams=1");
  Read(1, v1::ACCESS_KIND_ROWS, "teams=1");
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=2");
  EXPECT_EQ(Reads(), 4);
  Reopen();
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  EXPECT_EQ(Reads(), 4);
  clock_.Set(At("2023-06-02T00:00:01+07:00"));
  ASSERT_THAT(Record({v1::Event()}), IsOk());  // Opens the day.
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  EXPECT_EQ(Reads(), 5);
  Reopen();
  Read(1, v1::ACCESS_KIND_ENTRIES, "teams=1");
  EXPECT_EQ(Reads(), 5);
  EXPECT_EQ(engine_->stats().unrecorded_accesses, 0u);
}

TEST_F(AccessTest, TheEventSaysWhatWasRead) {
  Open();
  std::string filter(limits::kAccessFilterBytesMax - 1, 'x');
  Read(7, v1::ACCESS_KIND_CHANGES, filter + "ệ");
  const v1::Event event = Events().back();
  ASSERT_TRUE(event.has_access_recorded());
  EXPECT_FALSE(event.has_act());
  EXPECT_EQ(event.access_recorded().officer_id(), 7u);
  EXPECT_EQ(event.access_recorded().kind(), v1::ACCESS_KIND_CHANGES);
  EXPECT_EQ(event.access_recorded().first_position(), 1u);
  EXPECT_EQ(event.access_recorded().last_position(), 9u);
  EXPECT_EQ(event.access_recorded().filter(), filter);  // Whole characters.
}

TEST_F(AccessTest, AReadThatCannotBeRecordedIsCountedAndRecordedLater) {
  Open();
  file_system_->SetFreeSpace(options_.disk_reserve_bytes - 1);
  Read(1, v1::ACCESS_KIND_ROWS, "");
  EXPECT_EQ(engine_->stats().unrecorded_accesses, 1u);
  EXPECT_EQ(Reads(), 0);
  file_system_->SetFreeSpace(std::nullopt);
  Read(1, v1::ACCESS_KIND_ROWS, "");
  EXPECT_EQ(Reads(), 1);
  EXPECT_EQ(engine_->stats().unrecorded_accesses, 1u);
}

// A small read hides no larger one, and two ends do not hide what lies between.
TEST_F(AccessTest, WhoReadsOutsideWhatIsRecordedIsRecordedAgain) {
  Open();
  const auto read = [this](std::uint64_t first, std::uint64_t last) {
    Read(1, v1::ACCESS_KIND_ENTRIES, "", first, last);
    return Reads();
  };
  EXPECT_EQ(read(5, 5), 1);
  EXPECT_EQ(read(50, 60), 2);
  EXPECT_EQ(read(55, 60), 2);
  EXPECT_EQ(read(7, 7), 3);
  Reopen();
  EXPECT_EQ(read(50, 60), 3);
  EXPECT_EQ(read(1, 100), 4);
  const v1::Event whole = Events().back();
  EXPECT_EQ(whole.access_recorded().first_position(), 1u);
  EXPECT_EQ(whole.access_recorded().last_position(), 100u);
  EXPECT_EQ(read(30, 40), 4);
  EXPECT_EQ(read(90, 101), 5);
  EXPECT_EQ(read(1, 101), 5);  // By two together.
  EXPECT_EQ(read(80, 0), 6);   // Goes on as the log grows.
  EXPECT_EQ(read(100, 5000), 6);
  Reopen();
  EXPECT_EQ(read(1, 0), 6);
  // Who found nothing there has not read what comes later.
  Read(1, v1::ACCESS_KIND_AUTHOR, "author=1", 0, 0);
  Read(1, v1::ACCESS_KIND_AUTHOR, "author=1", 0, 0);
  EXPECT_EQ(Reads(), 7);
  Read(1, v1::ACCESS_KIND_AUTHOR, "author=1", 3, 9);
  EXPECT_EQ(Reads(), 8);
}

TEST_F(AccessTest, AWildAuditorFillsNeitherTheLogNorTheShareOfOthers) {
  Open();
  constexpr std::size_t kShare = limits::kAccessesPerDayMax / 10;
  const auto read_wildly = [this](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      v1::AccessRecorded access;
      access.set_officer_id(1);
      access.set_kind(v1::ACCESS_KIND_AUTHOR);
      access.set_filter(absl::StrCat(i));
      engine_->RecordAccess(std::move(access));
    }
    Read(2, v1::ACCESS_KIND_ROWS, "");
  };
  read_wildly(0, kShare + 100);
  EXPECT_EQ(Reads(), static_cast<int>(kShare) + 1);
  EXPECT_EQ(engine_->stats().unrecorded_accesses, 101u);
  bool says_more = false;
  for (const v1::Event& event : Events()) {
    if (event.access_recorded().filter() != AccessLog::kMoreFilter) continue;
    EXPECT_FALSE(says_more);
    says_more = true;
    EXPECT_EQ(event.access_recorded().officer_id(), 1u);
    EXPECT_EQ(event.access_recorded().last_position(), 0u);
  }
  EXPECT_TRUE(says_more);
  // His share is kept, as a few facts.
  engine_.reset();
  int facts = 0;
  {
    absl::StatusOr<std::unique_ptr<EntryLog>> log =
        EntryLog::Open(options_.storage);
    ASSERT_TRUE(log.ok());
    std::size_t bytes = 0;
    ASSERT_THAT(
        (*log)->ScanLocal("access/",
                          [&](absl::string_view, absl::string_view value) {
                            ++facts;
                            bytes += value.size();
                            return true;
                          }),
        IsOk());
    EXPECT_EQ(bytes, (kShare + 1) * 40);  // Each is written once.
  }
  EXPECT_GT(facts, 0);
  Open();
  read_wildly(kShare + 100, kShare + 150);
  EXPECT_EQ(Reads(), static_cast<int>(kShare) + 1);
  EXPECT_EQ(engine_->stats().unrecorded_accesses, 50u);
  Read(3, v1::ACCESS_KIND_ROWS, "");
  EXPECT_EQ(Reads(), static_cast<int>(kShare) + 2);
}

}  // namespace
}  // namespace thon
