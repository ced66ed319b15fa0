// Goal: down its Sync stream a phone sees its own team's rows and its own
// standings change, as a watch that is exact at every PROGRESS, behind the
// answers to its batches; and nobody else's.
// Method: a real server with TLS in this process and raw streams. What a phone
// hears is folded by the test and held against the rows of that position.
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "server/projections/row_keys.h"
#include "server/watch/query_digest.h"
#include "server/watch/watch_hub.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kTeam = 1;
constexpr std::uint32_t kMonths = 2;
constexpr std::uint32_t kDeterminations = 3;
constexpr std::uint32_t kStandings = 4;
constexpr std::uint32_t kTasks = 5;

v1::SyncRequest Follow(const std::string& token = "",
                       std::int32_t first_month = 202306) {
  v1::SyncRequest request;
  request.mutable_follow()->set_resume_token(token);
  request.mutable_follow()->set_first_month(first_month);
  return request;
}

// What a phone has heard of what it follows.
class Followed {
 public:
  // Applies one message; true at a PROGRESS, whose tables it must hold.
  bool Take(const v1::WatchResponse& response) {
    for (const v1::WatchStarted& started : response.started()) {
      reasons.push_back(started.reason());
      if (started.clear()) tables[started.query_id()].clear();
    }
    for (const v1::WatchedRow& row : response.rows()) {
      ++rows_heard;
      if (row.removed()) {
        EXPECT_EQ(tables[row.query_id()].erase(row.key()), 1u);
      } else {
        tables[row.query_id()][row.key()] = row.row();
      }
    }
    if (!response.has_progress()) return false;
    progress = response.progress();
    for (const v1::WatchedTable& table : progress.tables()) {
      QueryDigest digest;
      for (const auto& [key, row] : tables[table.query_id()]) {
        digest.Add(key, row);
      }
      EXPECT_EQ(table.digest(), digest.Bytes()) << table.query_id();
      EXPECT_EQ(table.row_count(), tables[table.query_id()].size());
    }
    return true;
  }

  template <typename Message>
  std::vector<Message> Rows(std::uint32_t query) const {
    std::vector<Message> rows;
    const auto table = tables.find(query);
    if (table == tables.end()) return rows;
    for (const auto& [key, row] : table->second) {
      Message message;
      EXPECT_TRUE(message.ParseFromString(row));
      rows.push_back(std::move(message));
    }
    return rows;
  }

  std::map<std::uint32_t, std::map<std::string, std::string>> tables;
  std::vector<v1::WatchStartReason> reasons;
  v1::WatchProgress progress;
  std::size_t rows_heard = 0;
};

class FollowTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    province_.AdvanceTo("2023-06-01T10:00:00+07:00");
  }

  // Reads rows until a PROGRESS at `position` or later. False: the stream or
  // the following has ended.
  static bool HearUntil(SyncCall* call, Followed* followed,
                        std::uint64_t position = 0) {
    for (;;) {
      const v1::SyncResponse response = call->Read();
      if (!response.has_followed()) return false;
      if (response.followed().ByteSizeLong() == 0) return false;
      if (followed->Take(response.followed()) &&
          followed->progress.position() >= position) {
        return true;
      }
    }
  }

  // The answer to a batch, with what comes before it.
  static v1::AnswerCode AnswerAmongRows(SyncCall* call, v1::SealedBatch sealed,
                                        Followed* followed) {
    EXPECT_TRUE(call->Send(std::move(sealed)));
    for (;;) {
      const v1::SyncResponse response = call->Read();
      if (!response.has_followed()) return response.answer().code();
      followed->Take(response.followed());
    }
  }

  static bool IsEmptyFollowed(const v1::SyncResponse& response) {
    return response.has_followed() && response.followed().ByteSizeLong() == 0;
  }

  std::uint64_t Newest() {
    (void)province_.Rows();
    return province_.engine().rows_position().value;
  }

  // Until no watch is left; officers' calls are the clock.
  void WaitForNoWatch() {
    for (int i = 0;
         province_.engine().watches().stats().watches != 0 && i < 20'000; ++i) {
      v1::ServerStatus status;
      ASSERT_TRUE(
          query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status)
              .ok());
    }
    EXPECT_EQ(province_.engine().watches().stats().watches, 0u);
  }

  // A phone whose events are held: its clock says another month.
  v1::SealedBatch Doubtful(TestPhone* phone) {
    v1::Batch batch;
    batch.set_author(std::string(phone->author().view()));
    batch.set_first_sequence(1);
    v1::Event* const event = batch.add_events();
    event->set_sequence(1);
    event->set_team_id(1);
    event->set_member_id(11);
    event->set_claimed_date(Day("2023-01-20"));
    event->set_wall_time_ms(ParseInstant("2023-06-01T09:00:00+07:00")->ms);
    event->mutable_outreach_session()->set_attendees(7);
    return SealBatch(batch, phone->key());
  }
};

TEST_F(FollowTest, APhoneSeesWhatItsTeamsOtherPhoneWrites) {
  TestPhone one = EnrolledPhone(1);
  TestPhone two = EnrolledPhone(2);
  SyncCall listening(sync_.get());
  listening.Greet(one);
  ASSERT_TRUE(listening.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&listening, &followed));
  EXPECT_THAT(followed.reasons, ::testing::Each(v1::WATCH_START_REASON_FRESH));
  EXPECT_EQ(followed.reasons.size(), 5u);
  ASSERT_EQ(followed.Rows<v1::TeamRow>(kTeam).size(), 1u);
  EXPECT_EQ(followed.Rows<v1::TeamRow>(kTeam)[0].team_id(), 1u);
  EXPECT_THAT(followed.Rows<v1::WatchedMonth>(kMonths), IsEmpty());

  const std::uint64_t last = Record(&two, 3);
  ASSERT_TRUE(HearUntil(&listening, &followed, last));
  const auto months = followed.Rows<v1::WatchedMonth>(kMonths);
  ASSERT_EQ(months.size(), 1u);
  EXPECT_EQ(months[0].month(), 202306);
  EXPECT_EQ(months[0].row().activities(), 3);
  const auto determinations =
      followed.Rows<v1::DeterminationRow>(kDeterminations);
  ASSERT_FALSE(determinations.empty());
  EXPECT_EQ(determinations[0].beneficiary_id(), 1u);

  // Its own batches are answered beside it.
  // Of sessions that two phones report at one time each is one activity.
  EXPECT_EQ(AnswerAmongRows(&listening, one.Next(5), &followed),
            v1::ANSWER_CODE_RECORDED);
  ASSERT_TRUE(HearUntil(&listening, &followed, Newest()));
  EXPECT_EQ(followed.Rows<v1::WatchedMonth>(kMonths)[0].row().activities(), 5);
  listening.CloseSend();
  EXPECT_TRUE(listening.End().ok()) << "the following ends with the stream";
  WaitForNoWatch();
}

TEST_F(FollowTest, AHeldEventsDecisionReachesThePhone) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_EQ(call.Answer(Doubtful(&phone)).code(), v1::ANSWER_CODE_RECORDED);
  const std::uint64_t recorded = Newest();
  ASSERT_TRUE(call.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&call, &followed, recorded));
  auto standings = followed.Rows<v1::EntryStandings>(kStandings);
  ASSERT_EQ(standings.size(), 1u);
  ASSERT_EQ(standings[0].exceptions_size(), 1);
  EXPECT_EQ(standings[0].exceptions(0).standing(), v1::STANDING_HELD);

  v1::Event event;
  v1::HeldDecided* const held = event.mutable_held_decided();
  held->set_author(std::string(phone.author().view()));
  held->set_first_sequence(1);
  held->set_last_sequence(1);
  held->set_counted(false);
  held->set_reason("sai ngày");
  ASSERT_TRUE(province_.Submit(event)->effective());
  event.Clear();
  event.set_team_id(1);
  event.mutable_plan_assigned()->set_task_id(77);
  event.mutable_plan_assigned()->set_due_date(Day("2023-06-30"));
  ASSERT_TRUE(province_.Submit(event)->effective());
  ASSERT_TRUE(HearUntil(&call, &followed, Newest()));
  standings = followed.Rows<v1::EntryStandings>(kStandings);
  ASSERT_EQ(standings.size(), 1u);
  EXPECT_EQ(standings[0].exceptions(0).reason(),
            v1::STANDING_REASON_HELD_REJECTED);
  const auto tasks = followed.Rows<v1::WatchedTask>(kTasks);
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].task_id(), 77u);
  EXPECT_EQ(tasks[0].row().due_date(), Day("2023-06-30"));
}

TEST_F(FollowTest, AResumedFollowingHearsOnlyWhatChanged) {
  TestPhone phone = EnrolledPhone(1);
  TestPhone other = EnrolledPhone(2);
  Record(&phone, 4);
  Followed followed;
  {
    SyncCall call(sync_.get());
    call.Greet(phone);
    ASSERT_TRUE(call.Send(Follow()));
    ASSERT_TRUE(HearUntil(&call, &followed, Newest()));
  }
  Record(&other, 6);
  const std::uint64_t newest = Newest();
  followed.rows_heard = 0;
  followed.reasons.clear();
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Follow(followed.progress.resume_token())));
  ASSERT_TRUE(HearUntil(&call, &followed, newest));
  EXPECT_THAT(followed.reasons,
              ::testing::Each(v1::WATCH_START_REASON_RESUMED));
  EXPECT_LE(followed.rows_heard, 3u) << "the team's row has not changed";
  EXPECT_EQ(followed.Rows<v1::WatchedMonth>(kMonths)[0].row().activities(), 6);
}

TEST_F(FollowTest, AnotherTeamsRowsAreNeverHeard) {
  TestPhone one = EnrolledPhone(1);
  TestPhone stranger = EnrolledPhone(2, 2);
  SyncCall call(sync_.get());
  call.Greet(one);
  ASSERT_TRUE(call.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&call, &followed));
  const std::size_t heard = followed.rows_heard;
  Record(&stranger, 5);
  const std::uint64_t last = Record(&one, 1);  // Ends the older stream ...
  SyncCall again(sync_.get());
  again.Greet(one);
  ASSERT_TRUE(again.Send(Follow(followed.progress.resume_token())));
  ASSERT_TRUE(HearUntil(&again, &followed, last));
  for (const auto& row : followed.Rows<v1::TeamRow>(kTeam)) {
    EXPECT_EQ(row.team_id(), 1u);
  }
  for (const auto& row : followed.Rows<v1::WatchedMonth>(kMonths)) {
    EXPECT_EQ(row.team_id(), 1u);
  }
  for (const auto& row : followed.Rows<v1::DeterminationRow>(kDeterminations)) {
    EXPECT_EQ(row.beneficiary_id(), 1u);
  }
  EXPECT_LE(followed.rows_heard, heard + 3);
}

TEST_F(FollowTest, ALaterRequestTakesThePlaceOfTheEarlier) {
  TestPhone phone = EnrolledPhone(1);
  Record(&phone, 2);
  SyncCall call(sync_.get());
  call.Greet(phone);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(call.Send(Follow()));
  ASSERT_TRUE(call.Send(Follow("", 202305)));
  Followed followed;
  EXPECT_EQ(AnswerAmongRows(&call, phone.Next(), &followed),
            v1::ANSWER_CODE_RECORDED);
  ASSERT_TRUE(HearUntil(&call, &followed, Newest()));
  EXPECT_EQ(followed.Rows<v1::WatchedMonth>(kMonths)[0].row().activities(), 3);
  const std::string token = followed.progress.resume_token();
  followed.reasons.clear();
  SyncCall again(sync_.get());
  again.Greet(phone);
  ASSERT_TRUE(again.Send(Follow(token, 202305)));
  ASSERT_TRUE(HearUntil(&again, &followed));
  EXPECT_THAT(followed.reasons,
              ::testing::Each(v1::WATCH_START_REASON_RESUMED));
}

TEST_F(FollowTest, AFollowingThatCannotBeEndsAndTheStreamGoesOn) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  for (const v1::SyncRequest& bad :
       {Follow("nonsense"), Follow(std::string(10'000, 'x')),
        Follow("", 202313)}) {
    ASSERT_TRUE(call.Send(bad));
    EXPECT_TRUE(IsEmptyFollowed(call.Read()));
    EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
  }
  Followed followed;
  ASSERT_TRUE(call.Send(Follow()));
  EXPECT_TRUE(HearUntil(&call, &followed));
  // A token of other months is of other queries.
  ASSERT_TRUE(call.Send(Follow(followed.progress.resume_token(), 202305)));
  v1::SyncResponse response;
  do {
    response = call.Read();
    ASSERT_TRUE(response.has_followed());
  } while (!IsEmptyFollowed(response));
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
  call.CloseSend();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(FollowTest, WhoIsUnknownOrRevokedFollowsNothingAndIsAnswered) {
  TestPhone stranger(7);
  SyncCall first(sync_.get());
  first.Greet(stranger);
  // Enrolled meanwhile: the hello has not shown that it is this author.
  v1::EnrolResponse enrolled;
  ASSERT_TRUE(sync_
                  ->Enrol(As(""),
                          stranger.EnrolRequest(
                              province_.CodeFor(TeamId(1), MemberId(11))),
                          &enrolled)
                  .ok());
  (void)Newest();
  ASSERT_TRUE(first.Send(Follow()));
  const v1::SyncResponse refused = first.Read();
  EXPECT_TRUE(IsEmptyFollowed(refused))
      << refused.ShortDebugString() << first.End().error_message();

  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&call, &followed));
  v1::Event event;
  event.mutable_author_revoked()->set_author(
      std::string(phone.author().view()));
  event.mutable_author_revoked()->set_reason("mất máy");
  ASSERT_TRUE(province_.Submit(event)->effective());
  EXPECT_FALSE(HearUntil(&call, &followed, UINT64_MAX))
      << "a revoked author's following ends";
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED)
      << "and its stream goes on";
  ASSERT_TRUE(call.Send(Follow(followed.progress.resume_token())));
  EXPECT_TRUE(IsEmptyFollowed(call.Read()));
}

TEST_F(FollowTest, AnOrganisationsReporterFollowsItsStandingsAlone) {
  v1::Event event;
  v1::OrganisationRegistered* const organisation =
      event.mutable_organisation_registered();
  organisation->set_organisation_id(900);
  organisation->set_name("Sở Thông tin");
  organisation->set_kind(v1::ORGANISATION_KIND_DEPARTMENT);
  organisation->set_unit_id(Province::kProvinceUnit);
  organisation->set_registered_date(Day("2023-01-01"));
  ASSERT_TRUE(province_.Submit(event)->effective());
  event.Clear();
  v1::EnrolmentCodeIssued* const issued = event.mutable_enrolment_code_issued();
  issued->set_code_hash(std::string(Sha256Of("CODE-ORG").view()));
  issued->set_organisation_id(900);
  issued->set_last_date(Day("2024-12-31"));
  ASSERT_TRUE(province_.Submit(event)->effective());
  TestPhone reporter(9);
  v1::EnrolResponse enrolled;
  ASSERT_TRUE(
      sync_->Enrol(As(""), reporter.EnrolRequest("CODE-ORG"), &enrolled).ok());
  SyncCall call(sync_.get());
  call.Greet(reporter);
  // Of no team: all are quarantined, which its standings tell.
  ASSERT_EQ(call.Answer(reporter.Next(2)).code(), v1::ANSWER_CODE_RECORDED);
  ASSERT_TRUE(call.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&call, &followed, Newest()));
  ASSERT_EQ(followed.progress.tables_size(), 1);
  EXPECT_EQ(followed.progress.tables(0).query_id(), kStandings);
  EXPECT_EQ(followed.Rows<v1::EntryStandings>(kStandings).size(), 1u);
}

TEST_F(FollowTest, AHalfClosedStreamStillHearsItsTablesOnce) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Follow()));
  call.CloseSend();
  Followed followed;
  EXPECT_TRUE(HearUntil(&call, &followed));
  EXPECT_TRUE(call.End().ok());
  // Nothing can be told of a month that is none; that is told.
  SyncCall other(sync_.get());
  other.Greet(phone);
  ASSERT_TRUE(other.Send(Follow("", 1)));
  other.CloseSend();
  EXPECT_TRUE(IsEmptyFollowed(other.Read()));
  EXPECT_TRUE(other.End().ok());
}

TEST_F(FollowTest, AnswersGoBeforeRowsAndALongUploadStillSeesRows) {
  constexpr int kBatches = 600;
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Follow()));
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) ASSERT_TRUE(call.Send(phone.Next(1)));
  });
  Followed followed;
  int answers = 0;
  int since_rows = 16;
  int rows_beside = 0;
  while (answers < kBatches) {
    const v1::SyncResponse response = call.Read();
    if (response.has_answer()) {
      ASSERT_EQ(response.answer().code(), v1::ANSWER_CODE_RECORDED);
      ASSERT_EQ(response.answer().first_sequence(),
                static_cast<std::uint64_t>(++answers));
      ++since_rows;
      continue;
    }
    ASSERT_TRUE(response.has_followed());
    followed.Take(response.followed());
    if (answers > 0) ++rows_beside;
    since_rows = 0;
  }
  writer.join();
  EXPECT_GT(rows_beside, 0);
  ASSERT_TRUE(HearUntil(&call, &followed, Newest()));
  // A day takes so many, and no more.
  EXPECT_GT(followed.Rows<v1::WatchedMonth>(kMonths)[0].row().activities(),
            500);
}

TEST_F(FollowTest, ADrainedServerEndsFollowingStreamsLikeAllOthers) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  ASSERT_TRUE(call.Send(Follow()));
  Followed followed;
  ASSERT_TRUE(HearUntil(&call, &followed));
  server_->Stop(kCallSecondsMax);
  ExpectFault(call.End(), grpc::StatusCode::UNAVAILABLE, "DRAINING");
}

TEST_F(FollowTest, StreamsThatComeAndGoLeaveNoFollowingBehind) {
  std::vector<TestPhone> phones;
  for (std::uint64_t i = 0; i < 4; ++i) phones.push_back(EnrolledPhone(i + 1));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    TestPhone& busy = phones[3];
    SyncCall call(sync_.get());
    call.Greet(busy);
    while (!stop) call.Answer(busy.Next(2));
  });
  for (int i = 0; i < 300; ++i) {
    SyncCall call(sync_.get());
    call.Greet(phones[static_cast<std::size_t>(i) % 3]);
    call.Send(Follow());
    if (i % 4 == 0) call.Send(Follow("nonsense"));
    if (i % 4 == 1) call.Read();
    if (i % 4 == 2) {
      call.Read();
      call.Send(Follow());
    }
    if (i % 2 == 0) call.Cancel();
  }
  stop = true;
  writer.join();
  for (int i = 0; server_->stream_count() != 0 && i < 20'000; ++i) {
    v1::ServerStatus status;
    ASSERT_TRUE(
        query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status).ok());
  }
  EXPECT_EQ(server_->stream_count(), 0u);
  WaitForNoWatch();
}

}  // namespace
}  // namespace thon::testing
