// Goal: what a phone is told of its team while it syncs is on disk whole or not
// at all, comes next time as changes only, and never stands in the way of its
// events, whatever the server says.
// Method: a server in memory that tells tables of its own making by the rules
// of watch_service.proto, with the faults that a test asks for; the phone's
// file is opened again in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "client-lib/src/follow_step.h"
#include "server/core/civil.h"
#include "server/core/table_digest.h"
#include "tests/support/seed.h"
#include "tests/unit/client/phone.h"

namespace thon::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Tables = std::map<std::uint32_t, std::map<std::string, std::string>>;

// Tells the tables that the test sets.
class Teller {
 public:
  explicit Teller(FakeServer* server) : server_(server) {
    server->follow = [this](const v1::FollowRequest& request,
                            const std::string&) {
      requests.push_back(request);
      return Tell(request);
    };
  }

  void SetTeam(const std::string& name) {
    v1::TeamRow row;
    row.set_team_id(7);
    row.set_name(name);
    tables[kFollowedTeam]["team"] = row.SerializeAsString();
  }
  void SetMonth(std::int32_t month, std::int32_t days) {
    v1::WatchedMonth row;
    row.set_team_id(7);
    row.set_month(month);
    row.mutable_row()->set_active_days(days);
    tables[kFollowedMonths][absl::StrCat(month)] = row.SerializeAsString();
  }
  void SetTask(std::uint64_t task) {
    v1::WatchedTask row;
    row.set_team_id(7);
    row.set_task_id(task);
    tables[kFollowedTasks][absl::StrCat(task)] = row.SerializeAsString();
  }
  void SetStanding(std::uint64_t sequence, v1::Standing standing,
                   v1::StandingReason reason) {
    v1::EntryStandings block;
    v1::EventStanding* const one = block.add_exceptions();
    one->set_sequence(sequence);
    one->set_standing(standing);
    one->set_reason(reason);
    one->set_time_quality(v1::TIME_QUALITY_TRUSTED);
    tables[kFollowedStandings][absl::StrCat("block ", sequence)] =
        block.SerializeAsString();
  }

  Tables tables;
  std::vector<v1::FollowRequest> requests;
  std::size_t rows_told = 0;
  // Changes what is about to be said.
  std::function<void(std::vector<v1::WatchResponse>*)> spoil;
  std::uint64_t behind = 0;  // Positions that the rows lack.

 private:
  std::vector<v1::WatchResponse> Tell(const v1::FollowRequest& request) {
    const auto before = told_.find(request.resume_token());
    if (!request.resume_token().empty() && before == told_.end()) {
      return {v1::WatchResponse()};
    }
    const bool fresh = request.resume_token().empty();
    const Tables base = fresh ? Tables() : before->second;
    std::vector<v1::WatchResponse> responses(1);
    for (std::uint32_t query = 1; query <= 5; ++query) {
      v1::WatchStarted* const started = responses[0].add_started();
      started->set_query_id(query);
      started->set_reason(fresh ? v1::WATCH_START_REASON_FRESH
                                : v1::WATCH_START_REASON_RESUMED);
      started->set_clear(fresh);
      AddRows(query, base, &responses);
    }
    const std::string token = absl::StrCat("token ", told_.size() + 1);
    told_[token] = tables;
    v1::WatchProgress* const progress =
        responses.emplace_back().mutable_progress();
    const std::vector<LoggedEvent> events = server_->Events();
    progress->set_position((events.empty() ? 1 : events.back().position) -
                           behind);
    progress->set_server_time_ms(server_->now_ms);
    progress->set_resume_token(token);
    for (std::uint32_t query = 1; query <= 5; ++query) {
      TableDigest digest;
      for (const auto& [key, row] : tables[query]) digest.Add(key, row);
      v1::WatchedTable* const table = progress->add_tables();
      table->set_query_id(query);
      table->set_row_count(tables[query].size());
      table->set_digest(digest.Bytes());
    }
    if (spoil) spoil(&responses);
    return responses;
  }
  // A row a message.
  void AddRows(std::uint32_t query, const Tables& base,
               std::vector<v1::WatchResponse>* responses) {
    const auto found = base.find(query);
    const auto& now = tables[query];
    const auto was = found == base.end() ? std::map<std::string, std::string>()
                                         : found->second;
    const auto add = [&](const std::string& key) {
      ++rows_told;
      v1::WatchedRow* const row = responses->emplace_back().add_rows();
      row->set_query_id(query);
      row->set_key(key);
      return row;
    };
    for (const auto& [key, row] : now) {
      const auto old = was.find(key);
      if (old == was.end() || old->second != row) add(key)->set_row(row);
    }
    for (const auto& [key, row] : was) {
      if (now.count(key) == 0) add(key)->set_removed(true);
    }
  }

  FakeServer* const server_;
  std::map<std::string, Tables> told_;  // By token.
};

class FollowedTest : public ::testing::Test {
 protected:
  FollowedTest() : phone_(folder_ / "outbox.db", &server_), teller_(&server_) {
    phone_.change = [this](Options* options) {
      options->on_followed = [this](const FollowedChange& change) {
        changes_.push_back(change);
        // It may ask.
        EXPECT_TRUE(phone_.client->Followed()->has_value());
      };
    };
    teller_.SetTeam("Tổ thôn 1");
    teller_.SetMonth(202311, 3);
  }
  void SetUp() override { phone_.OpenAndEnrol(); }

  FollowedTeam Held() {
    const auto held = phone_.client->Followed();
    EXPECT_THAT(held.status(), IsOk());
    EXPECT_TRUE(held->has_value());
    return held->value_or(FollowedTeam());
  }
  v1::Standing StandingOf(const Recorded& one) {
    const auto standing = phone_.client->StandingOf(one.name);
    EXPECT_THAT(standing.status(), IsOk());
    return standing->has_value() ? (*standing)->standing()
                                 : v1::STANDING_UNSPECIFIED;
  }

  Folder folder_;
  FakeServer server_;
  Phone phone_;
  Teller teller_;
  std::vector<FollowedChange> changes_;
};

TEST_F(FollowedTest, WhatIsToldIsKeptAndTheNextExchangeHearsOnlyWhatChanged) {
  phone_.Record(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_EQ(teller_.requests.size(), 1u);
  EXPECT_THAT(teller_.requests[0].resume_token(), IsEmpty());
  FollowedTeam held = Held();
  EXPECT_EQ(held.team->name(), "Tổ thôn 1");
  ASSERT_EQ(held.months.size(), 1u);
  EXPECT_EQ(held.months[0].row().active_days(), 3);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_TRUE(changes_[0].team);
  EXPECT_THAT(changes_[0].months, ElementsAre(Month(202311)));

  teller_.SetMonth(202311, 4);
  teller_.SetTask(5);
  teller_.rows_told = 0;
  phone_.Open();  // The token is on disk.
  EXPECT_EQ(Held().months[0].row().active_days(), 3);
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_EQ(teller_.requests.size(), 2u);
  EXPECT_EQ(teller_.requests[1].resume_token(), "token 1");
  EXPECT_EQ(teller_.requests[1].first_month(),
            teller_.requests[0].first_month());
  EXPECT_EQ(teller_.rows_told, 2u);
  held = Held();
  EXPECT_EQ(held.team->name(), "Tổ thôn 1");
  EXPECT_EQ(held.months[0].row().active_days(), 4);
  ASSERT_EQ(held.tasks.size(), 1u);
  EXPECT_EQ(held.tasks[0].task_id(), 5u);
  ASSERT_EQ(changes_.size(), 2u);
  EXPECT_FALSE(changes_[1].team);
  EXPECT_THAT(changes_[1].tasks, ElementsAre(5u));

  // A row that leaves leaves here too; nothing changed is no news.
  teller_.tables[kFollowedTasks].clear();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_THAT(Held().tasks, IsEmpty());
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(changes_.size(), 3u);
}

TEST_F(FollowedTest, StandingsThatAreToldTakeThePlaceOfAskingForThem) {
  const std::vector<Recorded> recorded = phone_.Record(3);
  teller_.SetStanding(2, v1::STANDING_HELD, v1::STANDING_REASON_TWO_MONTHS);
  ASSERT_THAT(phone_.Sync(), IsOk());
  // The server was not known to tell them.
  EXPECT_EQ(server_.standings_asked, 1);
  EXPECT_EQ(StandingOf(recorded[0]), v1::STANDING_COUNTED);
  EXPECT_EQ(StandingOf(recorded[1]), v1::STANDING_HELD);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_THAT(changes_[0].standings, ElementsAre(recorded[1].name));

  // An officer's word on the second; nothing is recorded meanwhile.
  teller_.tables[kFollowedStandings].clear();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.standings_asked, 1);
  EXPECT_EQ(StandingOf(recorded[1]), v1::STANDING_COUNTED);
  ASSERT_EQ(changes_.size(), 2u);
  EXPECT_THAT(changes_[1].standings, ElementsAre(recorded[1].name));

  const std::vector<Recorded> more = phone_.Record(2);
  EXPECT_EQ(StandingOf(more[1]), v1::STANDING_UNSPECIFIED);
  teller_.SetStanding(5, v1::STANDING_NOT_COUNTED,
                      v1::STANDING_REASON_TEAM_ENDED);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(StandingOf(more[0]), v1::STANDING_COUNTED);
  EXPECT_EQ(StandingOf(more[1]), v1::STANDING_NOT_COUNTED);
}

TEST_F(FollowedTest, WhatIsNotYetInTheRowsIsNotSaidToCount) {
  const std::vector<Recorded> recorded = phone_.Record(3);
  phone_.change = [](Options* options) { options->standings = false; };
  phone_.Open();
  teller_.behind = 2;
  ASSERT_THAT(phone_.Sync(), IsOk()) << "waits for the rest, but not for ever";
  EXPECT_EQ(StandingOf(recorded[0]), v1::STANDING_UNSPECIFIED);
  EXPECT_EQ(Held().team->name(), "Tổ thôn 1") << "what was told is kept";
  teller_.behind = 0;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(StandingOf(recorded[0]), v1::STANDING_COUNTED);
}

TEST_F(FollowedTest, AStepThatIsCutOffLeavesWhatWasBefore) {
  ASSERT_THAT(phone_.Sync(), IsOk());
  teller_.SetTeam("Tên mới");
  teller_.SetMonth(202311, 9);
  teller_.spoil = [](std::vector<v1::WatchResponse>* said) {
    said->pop_back();  // No PROGRESS.
  };
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.Waiting(), 0u);
  EXPECT_EQ(Held().team->name(), "Tổ thôn 1");
  EXPECT_EQ(Held().months[0].row().active_days(), 3);
  teller_.spoil = nullptr;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(teller_.requests.back().resume_token(), "token 1");
  EXPECT_EQ(Held().team->name(), "Tên mới");
}

TEST_F(FollowedTest, AWrongDigestStartsAnewInTheSameExchange) {
  ASSERT_THAT(phone_.Sync(), IsOk());
  teller_.SetMonth(202311, 9);
  int spoilt = 0;
  teller_.spoil = [&](std::vector<v1::WatchResponse>* said) {
    if (spoilt++ == 0) {
      said->back().mutable_progress()->mutable_tables(1)->set_digest(
          std::string(32, 'x'));
    }
  };
  const int streams = server_.streams;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.streams, streams + 1);
  ASSERT_EQ(teller_.requests.size(), 3u);
  EXPECT_FALSE(teller_.requests[1].resume_token().empty());
  EXPECT_TRUE(teller_.requests[2].resume_token().empty());
  EXPECT_EQ(Held().months[0].row().active_days(), 9);

  // Wrong for good: nothing of it is believed, and the phone goes on.
  teller_.SetMonth(202311, 10);
  teller_.spoil = [](std::vector<v1::WatchResponse>* said) {
    said->back().mutable_progress()->mutable_tables(1)->set_row_count(77);
  };
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.Waiting(), 0u);
  EXPECT_EQ(teller_.requests.size(), 5u) << "two tries an exchange";
  EXPECT_EQ(Held().months[0].row().active_days(), 9);
}

TEST_F(FollowedTest, ATokenThatIsNoneAnyMoreIsGivenUp) {
  ASSERT_THAT(phone_.Sync(), IsOk());
  Teller restored(&server_);  // Knows no token of the other.
  restored.SetTeam("Sau khi khôi phục");
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_EQ(restored.requests.size(), 2u);
  EXPECT_EQ(Held().team->name(), "Sau khi khôi phục");
  EXPECT_THAT(Held().months, IsEmpty()) << "what was before is gone";
}

TEST_F(FollowedTest, AnOlderServerIsAskedOnceAndAskedForStandings) {
  server_.faults.no_follows = true;
  const std::vector<Recorded> recorded = phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(StandingOf(recorded[0]), v1::STANDING_COUNTED);
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.follows_asked, 1);
  EXPECT_EQ(server_.standings_asked, 2);
  EXPECT_FALSE(phone_.client->Followed()->has_value());
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
}

TEST_F(FollowedTest, AServerThatSaysNothingOfItIsNotWaitedForTwice) {
  server_.faults.silent_follows = true;
  const std::vector<Recorded> recorded = phone_.Record(2);
  const std::int64_t before = FakeTimerMs();
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_GE(FakeTimerMs() - before, 5'000);
  EXPECT_LT(FakeTimerMs() - before, 20'000);
  EXPECT_EQ(StandingOf(recorded[0]), v1::STANDING_COUNTED);
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.follows_asked, 1);
  EXPECT_EQ(phone_.Waiting(), 0u);
}

TEST_F(FollowedTest, AKnownServerThatFallsSilentIsAskedForStandings) {
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  server_.faults.silent_follows = true;
  const int asked = server_.standings_asked;
  const std::vector<Recorded> recorded = phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.standings_asked, asked + 1);
  EXPECT_EQ(StandingOf(recorded[1]), v1::STANDING_COUNTED);
}

TEST_F(FollowedTest, WhoDoesNotWantToFollowDoesNotAsk) {
  phone_.change = [](Options* options) { options->follow = false; };
  phone_.Open();
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(server_.follows_asked, 0);
  EXPECT_EQ(server_.standings_asked, 1);
}

// Whatever comes in place of rows: events go through, and what is held is
// always some state that the server told whole.
TEST_F(FollowedTest, GarbageNeverStandsInTheWay) {
  std::mt19937_64 random = SeededRandom();
  std::set<std::string> told;
  teller_.spoil = [&](std::vector<v1::WatchResponse>* said) {
    for (std::size_t i = random() % 4; i > 0; --i) {
      v1::WatchResponse& one = (*said)[random() % said->size()];
      switch (random() % 8) {
        case 0:
          one.Clear();
          break;
        case 1:
          one.add_rows()->set_query_id(static_cast<std::uint32_t>(random()));
          break;
        case 2: {
          v1::WatchedRow* const row = one.add_rows();
          row->set_query_id(1 + random() % 5);
          row->set_key(std::string(random() % 5000, 'k'));
          row->set_row("not a message");
          break;
        }
        case 3:
          one.mutable_progress()->set_resume_token(std::string(5000, 't'));
          break;
        case 4:
          one.mutable_progress()->add_tables()->set_query_id(2);
          break;
        case 5: {
          v1::WatchStarted* const started = one.add_started();
          started->set_query_id(1 + random() % 7);
          started->set_clear(true);
          break;
        }
        case 6:
          std::swap(one, said->front());
          break;
        default:
          said->resize(1 + random() % said->size());
          break;
      }
    }
  };
  for (int round = 0; round < 300; ++round) {
    teller_.SetMonth(202311, round);
    teller_.SetTeam(absl::StrCat("Tổ ", round));
    told.insert(absl::StrCat("Tổ ", round, " ", round));
    if (random() % 10 == 0) phone_.Open();
    phone_.Record(static_cast<int>(random() % 3));
    ASSERT_THAT(phone_.Sync(), IsOk()) << "round " << round;
    ASSERT_EQ(phone_.Waiting(), 0u);
    const auto held = phone_.client->Followed();
    ASSERT_THAT(held.status(), IsOk());
    if (!held->has_value()) continue;
    ASSERT_TRUE((*held)->team.has_value());
    ASSERT_EQ((*held)->months.size(), 1u);
    EXPECT_EQ(told.count(absl::StrCat((*held)->team->name(), " ",
                                      (*held)->months[0].row().active_days())),
              1u);
  }
  teller_.spoil = nullptr;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(Held().team->name(), "Tổ 299");
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(FollowedTest, ASuccessorHearsWithItsStandingsThatItWasConfirmed) {
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  // A clone goes its own way first.
  Phone clone(folder_ / "clone.db", &server_);
  phone_.client.reset();
  std::filesystem::copy_file(phone_.path, clone.path);
  phone_.Open();
  server_.faults.confirm_successors = false;
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  clone.Open();
  clone.mark = 500;
  clone.Record(1);
  teller_.SetStanding(1, v1::STANDING_HELD,
                      v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
  // It is asked for standings too, as long as it is not known to tell them.
  server_.standing = [](const LoggedEvent&) {
    v1::EventStanding held;
    held.set_standing(v1::STANDING_HELD);
    held.set_reason(v1::STANDING_REASON_UNCONFIRMED_AUTHOR);
    return held;
  };
  ASSERT_THAT(clone.Sync(), IsOk());
  ASSERT_GT(clone.client->State().generation, 0u);
  EXPECT_FALSE(clone.client->State().confirmed);
  teller_.tables[kFollowedStandings].clear();
  ASSERT_THAT(clone.Sync(), IsOk());
  EXPECT_TRUE(clone.client->State().confirmed);
}

}  // namespace
}  // namespace thon::client
