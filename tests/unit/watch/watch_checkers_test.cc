// Goal: each promise of watches fails when it is broken.
// Method: a good trace of two calls over a table of three moments passes every
// checker; one fault planted in it fails the checker of that promise, with the
// promise's own sentence.
#include "tests/support/watch_checkers.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/support/status_matchers.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Rows of query 1 as of positions 1 to 3, and of those behind.
WatchTable TableAt(std::uint32_t, Position position) {
  if (position.value <= 1) return {{"a", "1"}, {"b", "1"}};
  if (position.value == 2) return {{"a", "2"}, {"b", "1"}};
  return {{"a", "2"}, {"c", "3"}};
}

class WatchCheckersTest : public ::testing::Test {
 protected:
  WatchCheckersTest() {
    trace_.query_ids = {1};
    trace_.table_at = TableAt;
    trace_.granted_at = [](Position) { return true; };
    trace_.calls.resize(2);
    WatchCall& first = trace_.calls[0];
    first.heard.resize(2);
    Start(&first.heard[0], v1::WATCH_START_REASON_FRESH, 1);
    Row(&first.heard[0], "a", "1");
    Row(&first.heard[0], "b", "1");
    Progress(&first.heard[0], 1, 1000);
    Row(&first.heard[1], "a", "2");
    Progress(&first.heard[1], 2, 9000);
    first.left_ms = 10'000;
    WatchCall& second = trace_.calls[1];
    second.resumed_from = Position(2);
    second.heard.resize(1);
    Start(&second.heard[0], v1::WATCH_START_REASON_RESUMED, 3);
    Row(&second.heard[0], "b", nullptr);
    Row(&second.heard[0], "c", "3");
    Progress(&second.heard[0], 3, 20'000);
    second.left_ms = 30'000;
  }

  static void Start(Heard* heard, v1::WatchStartReason reason,
                    std::uint64_t position) {
    v1::WatchStarted* const started = heard->response.add_started();
    started->set_query_id(1);
    started->set_reason(reason);
    started->set_position(position);
    started->set_clear(reason != v1::WATCH_START_REASON_RESUMED);
  }
  static void Row(Heard* heard, const std::string& key, const char* row) {
    v1::WatchedRow* const out = heard->response.add_rows();
    out->set_query_id(1);
    out->set_key(key);
    if (row == nullptr) {
      out->set_removed(true);
    } else {
      out->set_row(row);
    }
  }
  static void Progress(Heard* heard, std::uint64_t position,
                       std::int64_t at_ms) {
    v1::WatchProgress* const progress = heard->response.mutable_progress();
    progress->set_position(position);
    progress->set_resume_token("token");
    v1::WatchedTable* const table = progress->add_tables();
    table->set_query_id(1);
    const WatchTable truth = TableAt(1, Position(position));
    table->set_row_count(truth.size());
    table->set_digest(DigestOf(truth));
    heard->at_ms = at_ms;
    heard->log_end = Position(position);
  }
  Heard& First() { return trace_.calls[0].heard[0]; }
  Heard& Second() { return trace_.calls[0].heard[1]; }
  Heard& Resumed() { return trace_.calls[1].heard[0]; }
  static void ExpectBroken(const absl::Status& status,
                           const std::string& promise) {
    EXPECT_FALSE(status.ok()) << promise;
    EXPECT_THAT(std::string(status.message()),
                StartsWith(promise + ": " + WatchSentence(promise)));
  }
  static WatchBounds Bounds(std::size_t bytes, std::size_t rows,
                            std::size_t owed) {
    return {bytes, rows, {owed, 100 * owed}};
  }

  WatchTrace trace_;
};

TEST_F(WatchCheckersTest, AGoodTracePasses) {
  EXPECT_THAT(CheckWatch(trace_), IsOk());
  trace_.owed = {{3, 300}, {0, 0}};
  trace_.calls[1].left_at = Position(3);
  EXPECT_THAT(CheckWatch(trace_), IsOk());
  EXPECT_THAT(CheckWatchBounded(trace_, Bounds(400, 2, 3)), IsOk());
  EXPECT_THAT(CheckWatchFair({10, 12}, {10, 11}, 0), IsOk());
}

TEST_F(WatchCheckersTest, OrderedSeesAPositionThatFalls) {
  Resumed().response.mutable_progress()->set_position(1);
  ExpectBroken(CheckWatchOrdered(trace_), "Ordered");
  Resumed().response.mutable_progress()->set_position(3);
  Resumed().response.mutable_started(0)->set_position(1);
  ExpectBroken(CheckWatchOrdered(trace_), "Ordered");
}

TEST_F(WatchCheckersTest, UniqueSeesARowTwiceAndARemovalOfNothing) {
  Row(&Second(), "a", "2");
  ExpectBroken(CheckWatchUnique(trace_), "Unique");
  Second().response.mutable_rows()->RemoveLast();
  Row(&Second(), "z", nullptr);
  ExpectBroken(CheckWatchUnique(trace_), "Unique");
}

TEST_F(WatchCheckersTest, GapFreeSeesAChangeAndARemovalThatWereNotSent) {
  const v1::WatchResponse good = Second().response;
  Second().response.clear_rows();
  ExpectBroken(CheckWatchGapFree(trace_), "Gap-free");
  Second().response = good;
  Resumed().response.mutable_rows()->DeleteSubrange(0, 1);
  ExpectBroken(CheckWatchGapFree(trace_), "Gap-free");
}

TEST_F(WatchCheckersTest, ResumableSeesACallThatForgetsItsToken) {
  Resumed().response.mutable_started(0)->set_reason(
      v1::WATCH_START_REASON_FRESH);
  Resumed().response.mutable_started(0)->set_clear(true);
  ExpectBroken(CheckWatchResumable(trace_), "Resumable");
  Resumed().response.mutable_started(0)->set_reason(
      v1::WATCH_START_REASON_RESUMED);
  ExpectBroken(CheckWatchResumable(trace_), "Resumable");
  Resumed().response.clear_started();
  ExpectBroken(CheckWatchResumable(trace_), "Resumable");
}

TEST_F(WatchCheckersTest, BookmarkedSeesSilenceNoTokenAndAPromiseTooEarly) {
  Second().at_ms = 16'001;
  trace_.calls[0].left_ms = 17'000;
  ExpectBroken(CheckWatchBookmarked(trace_), "Bookmarked");
  Second().at_ms = 9'000;
  trace_.calls[0].left_ms = 30'000;
  ExpectBroken(CheckWatchBookmarked(trace_), "Bookmarked");
  trace_.calls[0].left_ms = 10'000;
  Second().log_end = Position(1);
  ExpectBroken(CheckWatchBookmarked(trace_), "Bookmarked");
  Second().log_end = Position(2);
  Second().response.mutable_progress()->clear_resume_token();
  ExpectBroken(CheckWatchBookmarked(trace_), "Bookmarked");
}

TEST_F(WatchCheckersTest, FaithfulSeesAnotherRowAnotherDigestAndAnotherCount) {
  const v1::WatchResponse good = Second().response;
  Second().response.mutable_rows(0)->set_row("old");
  ExpectBroken(CheckWatchFaithful(trace_), "Faithful");
  Second().response = good;
  (*Second()
        .response.mutable_progress()
        ->mutable_tables(0)
        ->mutable_digest())[31] ^= 1;
  ExpectBroken(CheckWatchFaithful(trace_), "Faithful");
  Second().response = good;
  Second().response.mutable_progress()->mutable_tables(0)->set_row_count(3);
  ExpectBroken(CheckWatchFaithful(trace_), "Faithful");
}

TEST_F(WatchCheckersTest, BoundedSeesALargeResponseAndALargeDebt) {
  ExpectBroken(CheckWatchBounded(trace_, Bounds(50, 2, 3)), "Bounded");
  ExpectBroken(CheckWatchBounded(trace_, Bounds(400, 1, 3)), "Bounded");
  trace_.owed = {{3, 300}};
  ExpectBroken(CheckWatchBounded(trace_, Bounds(400, 2, 2)), "Bounded");
  trace_.owed = {{1, 301}};
  ExpectBroken(CheckWatchBounded(trace_, Bounds(400, 2, 3)), "Bounded");
}

TEST_F(WatchCheckersTest, ScopedSeesARowThatStaysAndAStreamThatGoesOn) {
  Resumed().response.mutable_rows()->DeleteSubrange(0, 1);  // "b" left.
  ExpectBroken(CheckWatchScoped(trace_), "Scoped");
  Row(&Resumed(), "b", nullptr);
  EXPECT_THAT(CheckWatchScoped(trace_), IsOk());
  trace_.granted_at = [](Position position) { return position.value < 4; };
  trace_.calls[1].left_at = Position(4);
  ExpectBroken(CheckWatchScoped(trace_), "Scoped");
  trace_.calls[1].end = absl::PermissionDeniedError("it has ended");
  EXPECT_THAT(CheckWatchScoped(trace_), IsOk());
}

TEST_F(WatchCheckersTest, ScopedSeesAForeignRowAndATaleWithoutAGrant) {
  Row(&Second(), "x", "of another commune");
  ExpectBroken(CheckWatchScoped(trace_), "Scoped");
  Second().response.mutable_rows()->RemoveLast();
  trace_.granted_at = [](Position position) { return position.value < 2; };
  ExpectBroken(CheckWatchScoped(trace_), "Scoped");
}

TEST_F(WatchCheckersTest, FairSeesWhoWaitsForAnother) {
  ExpectBroken(CheckWatchFair({10, 13}, {10, 10}, 0), "Fair");
  ExpectBroken(CheckWatchFair({}, {10}, 0), "Fair");
}

TEST_F(WatchCheckersTest, TheReadmeSaysTheSentencesThatTheCheckersSay) {
  std::ifstream file(THON_SOURCE_DIR "/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  const std::vector<std::string> promises = WatchPromises();
  EXPECT_EQ(promises.size(), 9u);
  for (const std::string& name : promises) {
    const std::string line = "| " + name + " | " + WatchSentence(name) + " |";
    EXPECT_NE(readme.str().find(line), std::string::npos) << line;
  }
}

TEST_F(WatchCheckersTest, TheSentenceSaysWhere) {
  Resumed().response.mutable_progress()->set_position(1);
  EXPECT_THAT(std::string(CheckWatchOrdered(trace_).message()),
              HasSubstr("PROGRESS 1 after 2"));
}

}  // namespace
}  // namespace thon::testing
