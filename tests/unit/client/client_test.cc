// Goal: what an app relies on: nothing that Record() returned is lost or there
// twice, whatever the server answers; nothing is dropped that is not proven.
// Method: a client on a real SQLite file against a server in memory that runs
// the real core; each test asks it for one answer of the design's table.
#include "thon/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "server/core/receipt.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/client/phone.h"

namespace thon::client {
namespace {

using State = EventAnswer::State;

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override { phone_.OpenAndEnrol(); }

  // Runs SQL on the closed file, as a damaged disk or an old app would.
  void Damage(const std::string& sql) {
    phone_.client.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(phone_.path.c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error),
              SQLITE_OK)
        << error;
    sqlite3_close(db);
    phone_.Open();
  }

  Folder folder_;
  FakeServer server_;
  Phone phone_{folder_ / "phone.db", &server_};
};

TEST_F(ClientTest, NumbersAreDenseAndSurviveReopening) {
  EXPECT_EQ(phone_.Record(3).back().name.sequence, Sequence(3));
  phone_.Open();
  EXPECT_EQ(phone_.Record(1).front().name.sequence, Sequence(4));
  EXPECT_EQ(phone_.Waiting(), 4u);
}

TEST_F(ClientTest, TheFileIsForItsOwnerAndForOneProcess) {
  struct stat info {};
  ASSERT_EQ(::stat(phone_.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(Client::Open(phone_.MakeOptions(), &phone_.transport),
              StatusIs(absl::StatusCode::kUnavailable, "another process"));
}

TEST_F(ClientTest, AFileOfANewerVersionIsNotTouched) {
  phone_.client.reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(phone_.path.c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 9", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_THAT(Client::Open(phone_.MakeOptions(), nullptr),
              StatusIs(absl::StatusCode::kFailedPrecondition, "update"));
}

TEST_F(ClientTest, WhatCanNeverBeSentIsNotRecorded) {
  v1::Event huge = Session(7, 1);
  huge.set_sealed_person(std::string(60'000, 'x'));
  EXPECT_THAT(phone_.client->Record(huge),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(phone_.Waiting(), 0u);
}

TEST_F(ClientTest, ASyncBringsEverythingAndEveryEventHasAProof) {
  const std::vector<Recorded> recorded = phone_.Record(600);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
  EXPECT_EQ(phone_.Waiting(), 0u);
  EXPECT_EQ(phone_.StateOf(recorded[599]), State::kRecorded);
  ASSERT_OK_AND_ASSIGN(const Proof proof,
                       phone_.client->ProofOf(recorded[300].name));
  ASSERT_OK_AND_ASSIGN(const EntryView entry, ParseEntry(proof.entry));
  EXPECT_THAT(VerifyReceipt(proof.receipt, proof.log_key,
                            LeafHash(entry.batch, entry.trailer)),
              IsOk());
  ASSERT_OK_AND_ASSIGN(
      const auto receipts,
      phone_.client->Receipts(recorded[0].name.author, Sequence(300), 10));
  ASSERT_EQ(receipts.size(), 2u);
  EXPECT_EQ(receipts[0].first_sequence, Sequence(257));
}

TEST_F(ClientTest, ABatchCarriesTheTimeHeardInThisHello) {
  phone_.Record(1);
  server_.now_ms += 12'345;
  ASSERT_THAT(phone_.Sync(), IsOk());
  ASSERT_OK_AND_ASSIGN(
      const Proof proof,
      phone_.client->ProofOf({phone_.client->State().author, Sequence(1)}));
  v1::Batch batch;
  ASSERT_EQ(ParseBatch(ParseEntry(proof.entry)->batch, &batch),
            BatchFault::kNone);
  EXPECT_EQ(batch.anchor().server_time_ms(), server_.now_ms);
  EXPECT_EQ(batch.anchor().boot(), 1u);
}

TEST_F(ClientTest, EventsOfAnEarlierBootTravelWithTheTimeHeardInIt) {
  ASSERT_THAT(phone_.Sync(), IsOk());  // Boot 1 hears the time.
  const std::int64_t heard = server_.now_ms;
  phone_.Record(2);
  phone_.clock.boot = 2;
  phone_.clock.monotonic_ms = 10;
  server_.now_ms += 86'400'000;
  phone_.Record(2);
  ASSERT_THAT(phone_.Sync(), IsOk());
  const AuthorId author = phone_.client->State().author;
  std::vector<v1::Batch> batches;
  for (const std::uint64_t sequence : {1u, 3u}) {
    ASSERT_OK_AND_ASSIGN(const Proof proof,
                         phone_.client->ProofOf({author, Sequence(sequence)}));
    ASSERT_EQ(
        ParseBatch(ParseEntry(proof.entry)->batch, &batches.emplace_back()),
        BatchFault::kNone);
  }
  EXPECT_EQ(batches[0].events_size(), 2);
  EXPECT_EQ(batches[0].anchor().boot(), 1u);
  EXPECT_EQ(batches[0].anchor().server_time_ms(), heard);
  EXPECT_EQ(batches[1].anchor().boot(), 2u);
  EXPECT_EQ(batches[1].anchor().server_time_ms(), server_.now_ms);
}

TEST_F(ClientTest, AnAnswerThatWasLostComesAgainAsDuplicate) {
  server_.faults.end_after_batches = 1;
  server_.faults.eat_last_answer = true;
  const Recorded one = phone_.Record(1)[0];
  EXPECT_FALSE(phone_.Sync().ok());
  EXPECT_EQ(phone_.StateOf(one), State::kSent);
  server_.faults = {};
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.StateOf(one), State::kRecorded);
  EXPECT_EQ(phone_.client->Totals().duplicates, 1u);
  EXPECT_EQ(phone_.client->Totals().batches_sent_again, 1u);
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, AHoleIsFilledOnTheSameStream) {
  phone_.Record(2000);
  server_.faults.lose_next_batch = true;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_GE(phone_.client->Totals().holes, 1u);
  EXPECT_EQ(phone_.client->Totals().streams, 1u);
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, ARefusalOfAGoodBatchIsTemporaryAndShown) {
  server_.faults.refuse_batches = 2;
  const Recorded one = phone_.Record(1)[0];
  EXPECT_THAT(phone_.Sync(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(phone_.client->State().condition, Condition::kRefusedForNow);
  EXPECT_THAT(phone_.client->State().detail, ::testing::HasSubstr("QUOTA"));
  EXPECT_GT(phone_.client->Step(10).wait_ms, 0);
  EXPECT_FALSE(phone_.Sync().ok());
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.StateOf(one), State::kRecorded);
  EXPECT_EQ(phone_.client->Totals().batches_sealed, 1u);  // The same bytes.
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
}

TEST_F(ClientTest, AnEventThatCanNeverBeSentIsWithdrawnAndTheRestCounts) {
  phone_.Record(5);
  const AuthorId author = phone_.client->State().author;
  Damage("UPDATE events SET bytes = zeroblob(50000) WHERE id = 3");
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
  EXPECT_TRUE(server_.Events()[2].event.has_withdrawn());
  EXPECT_EQ(phone_.client->AnswerOf({author, Sequence(3)})->state,
            State::kWithdrawn);
  EXPECT_EQ(phone_.client->AnswerOf({author, Sequence(4)})->state,
            State::kRecorded);
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       phone_.client->ExportWithdrawn({author, Sequence(3)}));
  EXPECT_EQ(bytes.size(), 50000u);
  ASSERT_OK_AND_ASSIGN(const auto withdrawn, phone_.client->Withdrawals());
  ASSERT_EQ(withdrawn.size(), 1u);
  EXPECT_EQ(withdrawn[0].event_hash, Sha256Of(bytes));
}

TEST_F(ClientTest, ABatchThatFailsTheOwnCheckIsSealedAgainSmaller) {
  phone_.Record(8);
  server_.faults.end_after_batches = 0;
  server_.faults.refuse_batches = 1;
  EXPECT_FALSE(phone_.Sync().ok());  // Sealed, and not recorded.
  server_.faults = {};
  Damage("UPDATE batches SET signature = zeroblob(64)");
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.client->Totals().refusals, 1u);
  EXPECT_EQ(phone_.client->Totals().batches_sealed, 2u);
  EXPECT_EQ(phone_.client->Totals().withdrawn, 0u);
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, OfADamagedBatchWhatCanBeReadIsSent) {
  phone_.Record(8);
  server_.faults.refuse_batches = 1;
  EXPECT_FALSE(phone_.Sync().ok());
  Damage("UPDATE batches SET bytes = SUBSTR(bytes, 1, LENGTH(bytes) - 3)");
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
  ASSERT_OK_AND_ASSIGN(const auto withdrawn, phone_.client->Withdrawals());
  ASSERT_EQ(withdrawn.size(), 1u);
  EXPECT_EQ(withdrawn[0].name.sequence, Sequence(8));
}

TEST_F(ClientTest, AServerThatLiesMakesThePhoneDropNothing) {
  phone_.Record(3);
  for (const auto lie :
       {&FakeServer::Faults::forge_receipts, &FakeServer::Faults::swap_receipts,
        &FakeServer::Faults::forge_hello}) {
    server_.faults.*lie = true;
    EXPECT_FALSE(phone_.Sync().ok());
    EXPECT_EQ(phone_.client->State().condition, Condition::kNotTrusted);
    server_.faults.*lie = false;
    EXPECT_EQ(phone_.Waiting(), 3u);
  }
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, AnotherLogIsNotTrusted) {
  FakeServer other;
  Phone stranger(phone_.path, &other);
  phone_.Record(1);
  phone_.client.reset();
  stranger.Open();
  EXPECT_FALSE(stranger.Sync().ok());
  EXPECT_EQ(stranger.client->State().condition, Condition::kNotTrusted);
  EXPECT_EQ(stranger.Waiting(), 1u);
}

TEST_F(ClientTest, WithoutEnrolmentEverythingIsKept) {
  Phone fresh(folder_ / "fresh.db", &server_);
  fresh.Open();
  EXPECT_EQ(fresh.client->State().condition, Condition::kNeedsEnrolment);
  fresh.Record(4);
  EXPECT_THAT(fresh.Sync(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(fresh.client->Enrol("wrong"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(fresh.client->State().condition, Condition::kNeedsEnrolment);
  ASSERT_THAT(fresh.client->Enrol("right"), IsOk());
  ASSERT_THAT(fresh.Sync(), IsOk());
  ExpectExactlyOnce(server_, fresh.ledger);
}

TEST_F(ClientTest, AnEnrolmentThatFailedOnceIsTriedAgainByItself) {
  Phone fresh(folder_ / "fresh.db", &server_);
  fresh.Open();
  server_.faults.unreachable = true;
  EXPECT_THAT(fresh.client->Enrol("code"),
              StatusIs(absl::StatusCode::kUnavailable));
  server_.faults.unreachable = false;
  fresh.Open();  // Also after a restart.
  for (int i = 0; i < 20 && !fresh.client->State().enrolled; ++i) {
    AdvanceFakeTimer(fresh.client->Step(10).wait_ms);
  }
  EXPECT_TRUE(fresh.client->State().enrolled);
}

TEST_F(ClientTest, AfterOneFailureItDrainsWithoutAnybodyDoingAnything) {
  phone_.Record(300);
  server_.faults.unreachable = true;
  StepResult step = phone_.client->Step(10);
  EXPECT_FALSE(step.even);
  EXPECT_GT(step.wait_ms, 0);
  server_.faults.unreachable = false;
  int steps = 0;
  for (; !step.even && steps < 1000; ++steps) {
    AdvanceFakeTimer(step.wait_ms);
    step = phone_.client->Step(10);
  }
  EXPECT_TRUE(step.even);
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, ASilentServerIsGivenUp) {
  phone_.Record(1);
  server_.faults.silent = true;
  EXPECT_THAT(phone_.Sync(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  server_.faults.silent = false;
  EXPECT_THAT(phone_.Sync(), IsOk());
}

TEST_F(ClientTest, StandingsAreTheServersLastWord) {
  phone_.Record(2);
  const Recorded odd = phone_.Record(1, 1001)[0];
  EXPECT_FALSE(phone_.client->StandingOf(odd.name)->has_value());
  ASSERT_THAT(phone_.Sync(), IsOk());
  const auto standing = phone_.client->StandingOf(odd.name);
  ASSERT_TRUE(standing.ok() && standing->has_value());
  EXPECT_EQ((*standing)->standing(), v1::STANDING_QUARANTINED);
  const auto good = phone_.client->StandingOf({odd.name.author, Sequence(1)});
  ASSERT_TRUE(good.ok() && good->has_value());
  EXPECT_EQ((*good)->standing(), v1::STANDING_COUNTED);
}

TEST_F(ClientTest, ARestoredServerIsWaitedFor) {
  phone_.Record(3);
  ASSERT_THAT(phone_.Sync(), IsOk());
  server_.faults.log_restored = true;
  phone_.Record(2);
  EXPECT_THAT(phone_.Sync(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(phone_.client->State().condition, Condition::kLogRestored);
  server_.faults.log_restored = false;
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, OnlyProvenDurableAndOldEventsAreDropped) {
  phone_.change = [](Options* options) { options->batch_events_max = 10; };
  phone_.Open();
  const std::vector<Recorded> recorded = phone_.Record(30);
  ASSERT_THAT(phone_.Sync(), IsOk());
  server_.now_ms += std::int64_t{89} * 86'400'000;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.StateOf(recorded[0]), State::kRecorded);
  server_.now_ms += std::int64_t{2} * 86'400'000;
  server_.durable = false;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.StateOf(recorded[0]), State::kRecorded);
  server_.durable = true;
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_EQ(phone_.StateOf(recorded[0]), State::kDropped);
  // The newest stays: the next batch names its hash.
  EXPECT_EQ(phone_.StateOf(recorded[29]), State::kRecorded);
  EXPECT_EQ(phone_.client->State().events_dropped_early, 0u);
  phone_.Open();
  phone_.Record(5);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ClientTest, WhenFullVerifiedEventsGoOldestFirstAndUnsentNever) {
  phone_.change = [](Options* options) {
    options->batch_events_max = 10;
    options->outbox_bytes_max = 400'000;
  };
  phone_.Open();
  const auto record_large = [this](int count) {
    for (int i = 0; i < count; ++i) {
      v1::Event event = Session(7, ++phone_.mark);
      event.set_sealed_person(std::string(10'000, 'x'));
      auto recorded = phone_.client->Record(event);
      ASSERT_TRUE(recorded.ok()) << recorded.status();
      phone_.ledger[{std::string(recorded->name.author.view()),
                     recorded->name.sequence.value}] = recorded->event_hash;
    }
  };
  record_large(60);  // 600 KB, none of them sent.
  EXPECT_TRUE(phone_.client->State().outbox_full);
  EXPECT_EQ(phone_.Waiting(), 60u);
  ASSERT_THAT(phone_.Sync(), IsOk());
  ExpectExactlyOnce(server_, phone_.ledger);
  EXPECT_FALSE(phone_.client->State().outbox_full);
  EXPECT_GT(phone_.client->State().events_dropped_early, 0u);
  const AuthorId author = phone_.client->State().author;
  EXPECT_EQ(phone_.client->AnswerOf({author, Sequence(1)})->state,
            State::kDropped);
  EXPECT_EQ(phone_.client->AnswerOf({author, Sequence(60)})->state,
            State::kRecorded);
  record_large(5);
  EXPECT_EQ(phone_.Waiting(), 5u);
}

TEST_F(ClientTest, AHundredThousandPendingEventsDrainInBoundedMemory) {
  for (int i = 0; i < 100; ++i) phone_.Record(1000);
  phone_.ledger.clear();
  int unanswered = 0, unanswered_most = 0;
  phone_.on_step = [&](absl::string_view step) {
    if (step == "send batch") ++unanswered;
    if (step == "received") unanswered = std::max(0, unanswered - 1);
    unanswered_most = std::max(unanswered_most, unanswered);
  };
  phone_.Open();
  sqlite3_memory_highwater(1);
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_LE(unanswered_most, 16);
  EXPECT_LT(sqlite3_memory_highwater(0), 8 << 20);
  EXPECT_EQ(server_.Events().size(), 100'000u);
  EXPECT_EQ(phone_.Waiting(), 0u);
}

}  // namespace
}  // namespace thon::client
