// How an author is heard.
//
// Method: a log is folded as it grows and the author's row is read.

#include "server/projections/sync_health.h"

#include <gtest/gtest.h>

#include "tests/unit/projections/activity_maker.h"

namespace thon {
namespace {

class SyncHealthTest : public ::testing::Test, public ActivityLog {
 protected:
  std::optional<v1::SyncHealthRow> RowOf(const AuthorId& author) {
    return GetRow<v1::SyncHealthRow>(log.rows(), Table::kSyncHealth,
                                     keys::SyncHealth(author));
  }
};

TEST_F(SyncHealthTest, SaysWhenAndHowMuchAnAuthorWasHeard) {
  EXPECT_FALSE(RowOf(phone).has_value()) << "not heard yet";
  log.SetTime(At("2023-06-11T09:00:00+07:00"));
  Send(phone, {Outreach("2023-06-10T08:00:00+07:00"),
               Outreach("2023-06-10T10:00:00+07:00")});
  log.SetTime(At("2023-06-12T09:00:00+07:00"));
  log.Append(phone, {Outreach("2023-06-12T08:00:00+07:00")}, RightAnchor(),
             "1.4.2");
  const auto row = RowOf(phone);
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->author(), std::string(phone.view()));
  EXPECT_EQ(row->team_id(), kTeam);
  EXPECT_EQ(row->last_receive_time_ms(), At("2023-06-12T09:00:00+07:00").ms);
  EXPECT_EQ(row->last_sequence(), 3u);
  EXPECT_EQ(row->events(), 3u);
  EXPECT_EQ(row->batches(), 2u);
  EXPECT_EQ(row->app_version(), "1.4.2");
  EXPECT_FALSE(RowOf(log.server()).has_value());
}

TEST_F(SyncHealthTest, CountsWhatItsClockIsWorthWhenRecorded) {
  log.SetTime(At("2023-06-20T09:00:00+07:00"));
  v1::Event wrong = Outreach("2023-06-10T08:00:00+07:00");
  wrong.set_wall_time_ms(0);
  v1::Event suspect = wrong;
  suspect.set_boot(98);
  v1::Event estimated = Outreach("2023-06-11T08:00:00+07:00");
  estimated.set_boot(99);
  Send(phone,
       {wrong, suspect, estimated, Outreach("2023-06-12T08:00:00+07:00")});
  EXPECT_EQ(RowOf(phone)->wall_clock_wrong(), 1u);
  EXPECT_EQ(RowOf(phone)->suspect(), 1u);
  EXPECT_EQ(RowOf(phone)->estimated(), 1u);
  Send(phone, {Outreach("2023-06-13T08:00:00+07:00")});
  EXPECT_EQ(RowOf(phone)->suspect(), 1u) << "each batch is counted once";
}

TEST_F(SyncHealthTest, CountsForks) {
  v1::Event fork;
  fork.mutable_fork_observed()->set_author(std::string(phone.view()));
  fork.mutable_fork_observed()->set_sequence(1);
  fork.mutable_fork_observed()->set_kept_hash(std::string(32, 'k'));
  fork.mutable_fork_observed()->set_offered_hash(std::string(32, 'o'));
  log.Append(log.server(), {fork});
  log.Append(log.server(), {fork});
  ASSERT_TRUE(RowOf(phone).has_value());
  EXPECT_EQ(RowOf(phone)->forks(), 2u);
  EXPECT_EQ(RowOf(phone)->events(), 0u);
}

}  // namespace
}  // namespace thon
