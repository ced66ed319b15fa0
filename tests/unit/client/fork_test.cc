// Goal: copies of a phone and losses of a log cost nobody a fact. Method: the
// file is copied and both copies go on; a backup of the fake server is restored
// and declared; a random test mixes it all, from one printed seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>

#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/client/phone.h"
#include "thon/client.h"

namespace thon::client {
namespace {

using State = EventAnswer::State;

class ForkTest : public ::testing::Test {
 protected:
  void SetUp() override { phone_.OpenAndEnrol(); }
  // A copy of the closed file, opened as another phone.
  void Clone(Phone* copy) {
    phone_.client.reset();
    std::filesystem::copy_file(
        phone_.path, copy->path,
        std::filesystem::copy_options::overwrite_existing);
    copy->mark = 10'000;
    copy->ledger = phone_.ledger;
    phone_.Open();
    copy->Open();
  }
  Ledger Both(const Phone& copy) {
    Ledger both = phone_.ledger;
    both.insert(copy.ledger.begin(), copy.ledger.end());
    return both;
  }

  Folder folder_;
  FakeServer server_;
  Phone phone_{folder_ / "phone.db", &server_};
  Phone copy_{folder_ / "copy.db", &server_};
};

// Both copies use the same numbers for different facts; a mark tells them
// apart.
std::multiset<std::uint64_t> MarksInLog(const FakeServer& server) {
  std::multiset<std::uint64_t> marks;
  for (const LoggedEvent& logged : server.Events()) {
    marks.insert(logged.event.member_id());
  }
  return marks;
}

TEST_F(ForkTest, OfACloneOneGoesOnAndTheOtherBecomesASuccessor) {
  phone_.Record(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  Clone(&copy_);
  phone_.Record(2);                                      // Marks 104, 105.
  const std::vector<Recorded> branch = copy_.Record(2);  // 10001, 10002.
  const AuthorId old_author = branch[0].name.author;
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_THAT(copy_.Sync(), IsOk());
  EXPECT_EQ(copy_.client->State().generation, 1u);
  EXPECT_EQ(phone_.client->State().generation, 0u);
  EXPECT_THAT(MarksInLog(server_),
              ::testing::ElementsAre(101, 102, 103, 104, 105, 10001, 10002));
  const LoggedEvent last = server_.Events().back();
  EXPECT_EQ(last.event.originally().author(), std::string(old_author.view()));
  EXPECT_EQ(last.event.originally().sequence(), 5u);
  EXPECT_EQ(last.event.originally().event_hash(),
            std::string(branch[1].event_hash.view()));
  // The app's own name for it still leads to the receipt.
  ASSERT_OK_AND_ASSIGN(const EventAnswer answer,
                       copy_.client->AnswerOf(branch[1].name));
  EXPECT_EQ(answer.state, State::kRecorded);
  EXPECT_EQ(answer.name_in_log.sequence, Sequence(2));
  EXPECT_EQ(answer.position.value, last.position);
  EXPECT_TRUE(copy_.client->ProofOf(branch[1].name).ok());
}

TEST_F(ForkTest, ASealedBranchIsOfferedAgainUnderTheNewKey) {
  phone_.Record(3);
  Clone(&copy_);
  server_.faults.refuse_batches = 1;
  copy_.Record(2);
  EXPECT_FALSE(copy_.Sync().ok());  // Five sealed, refused for now.
  copy_.Record(1);                  // One not sealed.
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_THAT(copy_.Sync(), IsOk());
  EXPECT_EQ(copy_.client->State().generation, 1u);
  // The three that both have come twice, under one original name.
  std::map<std::pair<std::string, std::uint64_t>, int> names;
  for (const LoggedEvent& logged : server_.Events()) {
    ++names[logged.FirstName()];
  }
  EXPECT_EQ(names.size(), 6u);
  ExpectExactlyOnce(server_, Both(copy_), /*copies=*/true);
}

TEST_F(ForkTest, AnOldCopyOfThePhoneFindsOutFromTheHello) {
  phone_.Record(2);
  phone_.client.reset();
  std::filesystem::copy_file(phone_.path, copy_.path);
  phone_.Open();
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  phone_.client.reset();
  copy_.Open();  // The phone was set back to the copy.
  copy_.mark = 500;
  const Recorded one = copy_.Record(1)[0];
  ASSERT_THAT(copy_.Sync(), IsOk());
  EXPECT_EQ(copy_.client->State().generation, 1u);
  EXPECT_EQ(copy_.StateOf(one), State::kRecorded);
  EXPECT_EQ(MarksInLog(server_).count(501), 1u);
}

TEST_F(ForkTest, AnUnconfirmedSuccessorIsShown) {
  server_.faults.confirm_successors = false;
  Clone(&copy_);
  phone_.Record(1);
  copy_.Record(1);
  copy_.change = [](Options* options) { options->standings = false; };
  copy_.Open();
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_THAT(copy_.Sync(), IsOk());
  EXPECT_EQ(copy_.client->State().condition, Condition::kUnconfirmedSuccessor);
}

TEST_F(ForkTest, AfterARestoreTheLostEventsAreSentAgain) {
  phone_.Record(4);
  ASSERT_THAT(phone_.Sync(), IsOk());
  const FakeServer::Log backup = server_.Backup();
  const Recorded lost = phone_.Record(3)[2];
  ASSERT_THAT(phone_.Sync(), IsOk());
  server_.RestoreSilently(backup);
  EXPECT_THAT(phone_.Sync(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(phone_.StateOf(lost), State::kRecorded);  // Its proof is kept.
  server_.RestoreUnderNextEpoch(backup);
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.client->State().origin, "thon.test/2");
  EXPECT_EQ(phone_.client->State().generation, 0u);
  EXPECT_EQ(phone_.StateOf(lost), State::kRecorded);
  ExpectExactlyOnce(server_, phone_.ledger);
  // And a second loss, over a restart of the app.
  server_.RestoreUnderNextEpoch(backup);
  phone_.Open();
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ForkTest, AKeyThatTheBackupDoesNotKnowShowsItsEnrolment) {
  FakeServer server;
  const FakeServer::Log backup = server.Backup();
  Phone phone(folder_ / "late.db", &server);
  phone.OpenAndEnrol();
  phone.Record(3);
  ASSERT_THAT(phone.Sync(), IsOk());
  server.RestoreUnderNextEpoch(backup);
  ASSERT_THAT(phone.Sync(), IsOk());
  EXPECT_EQ(phone.client->State().generation, 0u);
  ExpectExactlyOnce(server, phone.ledger);
}

TEST_F(ForkTest, AKeyThatNoProofBringsBackAsksForACodeAndKeepsEverything) {
  phone_.Record(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  // A log of the same name and key would be needed to believe the proof.
  server_.faults.reject_proofs = true;
  server_.RestoreUnderNextEpoch(FakeServer().Backup());
  EXPECT_THAT(phone_.Sync(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(phone_.client->State().condition, Condition::kNeedsEnrolment);
  EXPECT_EQ(phone_.Waiting(), 3u);
  ASSERT_THAT(phone_.client->Enrol("another code"), IsOk());
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ForkTest, WhatAnEarlierKeyLostIsOfferedAgainByItsSuccessor) {
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  const FakeServer::Log backup = server_.Backup();
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  Clone(&copy_);
  phone_.Record(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  copy_.Record(2);
  ASSERT_THAT(copy_.Sync(), IsOk());
  ASSERT_EQ(copy_.client->State().generation, 1u);
  server_.RestoreUnderNextEpoch(backup);
  phone_.client.reset();  // Only the successor comes back.
  ASSERT_THAT(copy_.Sync(), IsOk());
  EXPECT_THAT(MarksInLog(server_),
              ::testing::ElementsAre(101, 102, 103, 104, 10001, 10002));
}

TEST_F(ForkTest, AnyMixOfFaultsLosesAndDoublesNothing) {
  std::mt19937_64 random = SeededRandom();
  for (int round = 0; round < 12; ++round) {
    FakeServer server;
    Phone phone(folder_ / absl::StrCat("r", round, ".db"), &server);
    phone.change = [&](Options* options) {
      options->batch_events_max = 1 + random() % 40;
    };
    phone.OpenAndEnrol();
    FakeServer::Log backup = server.Backup();
    for (int step = 0; step < 40; ++step) {
      server.faults = {};
      server.now_ms += static_cast<std::int64_t>(random() % 10'000'000);
      phone.clock.wall_ms += 1000;
      switch (random() % 9) {
        case 0:
          server.faults.unreachable = true;
          break;
        case 1:
          server.faults.end_after_batches = static_cast<int>(random() % 5);
          server.faults.eat_last_answer = random() % 2 == 0;
          break;
        case 2:
          server.faults.lose_next_batch = true;
          break;
        case 3:
          server.faults.refuse_batches = static_cast<int>(random() % 3);
          break;
        case 4:
          server.faults.forge_receipts = true;
          break;
        case 5:
          phone.Open();
          ++phone.clock.boot;
          break;
        case 6:
          if (random() % 4 == 0) {
            server.RestoreUnderNextEpoch(backup);
          } else if (random() % 2 == 0) {
            backup = server.Backup();
          }
          break;
        default:
          break;
      }
      phone.Record(static_cast<int>(random() % 60));
      phone.Sync().IgnoreError();
    }
    server.faults = {};
    absl::Status done = phone.Sync();
    for (int i = 0; i < 5 && !done.ok(); ++i) done = phone.Sync();
    ASSERT_THAT(done, IsOk());
    EXPECT_EQ(phone.Waiting(), 0u);
    ExpectExactlyOnce(server, phone.ledger);
    EXPECT_EQ(phone.client->State().generation, 0u);
  }
}

}  // namespace
}  // namespace thon::client
