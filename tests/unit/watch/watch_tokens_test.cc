// Goal: a resume token is good for exactly what it was made for; any other is
// refused or starts anew, and says so. Never a gap.
// Method: tokens that watches gave, changed by hand, and opened and sealed
// again with the log's key.
#include <gtest/gtest.h>

#include "server/core/error_info.h"
#include "server/watch/resume_token.h"
#include "tests/unit/watch/watches_fixture.h"

namespace thon::testing {
namespace {

using absl::StatusCode;

class WatchTokenTest : public WatchesTest {
 protected:
  absl::Status StatusWith(
      const std::string& token,
      v1::WatchedProjection projection = v1::WATCHED_PROJECTION_TEAMS) {
    v1::WatchRequest request = RequestOf(projection, 21);
    request.set_resume_token(token);
    return NewClient(request)->trace.calls[0].end;
  }
  std::string TokenOf(WatchOptions options) {
    clients_.clear();
    Start(options);
    WatchClient* const client =
        NewClient(RequestOf(v1::WATCHED_PROJECTION_TEAMS, 21));
    Settle();
    return client->request.resume_token();
  }
};

TEST_F(WatchTokenTest, AMangledTokenIsRefused) {
  const std::string token = TokenOf(world_.Options());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string mangled = token;
    mangled[i] = static_cast<char>(mangled[i] ^ (1 << world_.Draw(8)));
    EXPECT_EQ(StatusWith(mangled).code(), StatusCode::kInvalidArgument) << i;
  }
  EXPECT_EQ(StatusWith(token.substr(1)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusWith(token + "x").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusWith(token, v1::WATCHED_PROJECTION_SYNC_HEALTH).code(),
            StatusCode::kInvalidArgument)
      << "of other queries";
}

TEST_F(WatchTokenTest, ATokenOfAnotherLogIsRefused) {
  WatchOptions other = world_.Options();
  other.token_key = std::string(32, 'x');
  const std::string token = TokenOf(other);
  Start(world_.Options());
  const absl::Status status = StatusWith(token);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "BAD_RESUME_TOKEN");
}

TEST_F(WatchTokenTest, ATokenFromBeyondTheEndIsOfAnotherHistory) {
  const ResumeTokens tokens(std::string(32, 'k'));
  absl::StatusOr<ResumePoint> point = tokens.Open(TokenOf(world_.Options()));
  ASSERT_THAT(point, IsOk());
  point->position = world_.log().end().next_position;
  const absl::Status status = StatusWith(tokens.Seal(*point));
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(status), "ANOTHER_HISTORY");
}

TEST_F(WatchTokenTest, ATokenOfALostEpochIsGoodUpToWhatWasLost) {
  for (int i = 0; i < 5; ++i) world_.Change();
  const std::string token = TokenOf(world_.Options());
  WatchOptions options = world_.Options();
  Position first_lost = world_.end().Next();
  options.epochs = [&first_lost] {
    return std::vector<WatchEpoch>{{"watch.example/1", Position(0)},
                                   {"watch.example/2", first_lost}};
  };
  Start(options);
  EXPECT_THAT(StatusWith(token), IsOk()) << "the backup has it";
  first_lost = world_.end();
  EXPECT_EQ(StatusWith(token).code(), StatusCode::kOutOfRange);
  options.epochs = [] {
    return std::vector<WatchEpoch>{{"watch.example/7", Position(0)}};
  };
  Start(options);
  EXPECT_EQ(StatusWith(token).code(), StatusCode::kOutOfRange);
}

TEST_F(WatchTokenTest, ATokenThatIsTooOldGetsAFreshSnapshotThatSaysSo) {
  const std::string token = TokenOf(world_.Options());
  for (int i = 0; i < 20; ++i) world_.Change();
  for (const bool other_fold : {false, true}) {
    WatchOptions options = world_.Options();
    if (other_fold) {
      options.rows_signature = "acts/2";
    } else {
      options.resume_positions = 3;
    }
    clients_.clear();
    Start(options);
    v1::WatchRequest request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 21);
    request.set_resume_token(token);
    WatchClient* const client = NewClient(request);
    Settle();
    ASSERT_EQ(Reasons(*client).size(), 1u);
    EXPECT_EQ(Reasons(*client)[0], v1::WATCH_START_REASON_TOO_OLD);
    EXPECT_EQ(client->told, world_.end());
  }
}

TEST_F(WatchTokenTest, ATokenBeyondTheRowsWaitsForThem) {
  const ResumeTokens tokens(std::string(32, 'k'));
  absl::StatusOr<ResumePoint> point = tokens.Open(TokenOf(world_.Options()));
  ASSERT_THAT(point, IsOk());
  // The log is ahead of the rows by one entry.
  v1::Batch ahead;
  ahead.set_author(std::string(16, 'a'));
  ahead.add_events();
  WatchWorld behind(2);
  behind.log().Add(ahead);
  point->position = behind.end().Next();
  world_.clock();
  WatchOptions options = behind.Options();
  clients_.clear();
  Start(options);
  v1::WatchRequest request = RequestOf(v1::WATCHED_PROJECTION_TEAMS, 21);
  request.set_resume_token(tokens.Seal(*point));
  WatchClient* const client = NewClient(request);
  Ask(client);
  EXPECT_FALSE(watches_->Step());
  EXPECT_TRUE(client->trace.calls[0].heard.empty());
  behind.OpenDay();
  ChangedKeys changed;
  changed.emplace(Table::kCalendar, "");
  watches_->Round(behind.end(), changed, false);
  while (watches_->Step()) Ask(client);
  EXPECT_EQ(client->told, behind.end());
  watches_.reset();
}

}  // namespace
}  // namespace thon::testing
