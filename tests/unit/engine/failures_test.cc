// What the engine does when the disk is full, fails, or loses its power, and
// when it is told to stop.

#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/support/seed.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

class FailuresTest : public EngineTest {
 protected:
  Phone phone_{7};
};

TEST_F(FailuresTest, ALowDiskStopsCommitsAndRoomResumesThem) {
  Open();
  EnrolKey(phone_);
  const std::uint64_t reserve = options_.disk_reserve_bytes;
  const v1::SealedBatch sealed = phone_.Next(1);
  const auto offer = [&] { return Offer(phone_, sealed).Get().status; };

  file_system_->SetFreeSpace(reserve - 1);
  EXPECT_THAT(offer(), StatusIs(absl::StatusCode::kUnavailable, "DISK_LOW"));
  EXPECT_EQ(engine_->status().commit_state, CommitState::kDiskLow);
  EXPECT_THAT(Record({v1::Event()}),
              StatusIs(absl::StatusCode::kUnavailable, "DISK_LOW"));
  // On the edge it does not flutter.
  file_system_->SetFreeSpace(reserve + reserve / 8);
  EXPECT_THAT(offer(), StatusIs(absl::StatusCode::kUnavailable));
  file_system_->SetFreeSpace(reserve + reserve / 2);
  EXPECT_THAT(offer(), IsOk());
  EXPECT_EQ(engine_->status().commit_state, CommitState::kOpen);
  file_system_->SetFreeSpace(std::nullopt);
}

TEST_F(FailuresTest, TheProjectorGoesOnWithALowDiskAndStopsWithACriticalOne) {
  Open();
  EnrolKey(phone_);
  AwaitAllRows();
  const std::uint64_t reserve = options_.disk_reserve_bytes;
  // Between a commit and its fold the disk fills up: the free space is lied
  // about from within the commit's own sync, which is that of a write-ahead
  // log.
  const auto fill_up = [this](std::uint64_t free) {
    file_system_->SetBeforeSync([this, free](const std::string& path) {
      if (absl::EndsWith(path, ".log")) file_system_->SetFreeSpace(free);
    });
  };
  fill_up(reserve / 2 - 1);
  EXPECT_THAT(Offer(phone_, phone_.Next(1)).Get().status, IsOk());
  file_system_->SetBeforeSync(nullptr);
  const Position last(engine_->log().end().next_position.value - 1);
  EXPECT_THAT(engine_->AwaitRows(last, 50),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  file_system_->SetFreeSpace(2 * reserve);
  EXPECT_THAT(engine_->AwaitRows(last, kTestWaitMs), IsOk());

  fill_up(reserve / 2 + 1);
  EXPECT_THAT(Offer(phone_, phone_.Next(1)).Get().status, IsOk());
  file_system_->SetBeforeSync(nullptr);
  EXPECT_THAT(engine_->AwaitRows(Position(last.value + 1), kTestWaitMs),
              IsOk());
  file_system_->SetFreeSpace(std::nullopt);
}

TEST_F(FailuresTest, AFailedSyncIsFinal) {
  Open();
  EnrolKey(phone_);
  const v1::SealedBatch first = phone_.Next(1);
  file_system_->FailSyncsOf(".log");
  EXPECT_THAT(Offer(phone_, first).Get().status,
              StatusIs(absl::StatusCode::kUnavailable, "DISK_FAILED"));
  // The disk says it is well again; it is not believed.
  file_system_->FailSyncsOf("");
  EXPECT_THAT(Offer(phone_, first).Get().status,
              StatusIs(absl::StatusCode::kUnavailable, "DISK_FAILED"));
  EXPECT_EQ(engine_->status().commit_state, CommitState::kDiskFailed);
  EXPECT_THAT(Record({v1::Event()}),
              StatusIs(absl::StatusCode::kUnavailable, "DISK_FAILED"));
  // A restart finds out what the disk holds: either is right, once.
  Reopen();
  const v1::AnswerCode code = Answer(phone_, first).code();
  EXPECT_TRUE(code == v1::ANSWER_CODE_RECORDED ||
              code == v1::ANSWER_CODE_DUPLICATE);
  EXPECT_EQ(CountEvents(v1::Event::kOutreachSession), 1);
}

TEST_F(FailuresTest, DrainAnswersWhatWasTakenAndTakesNoMore) {
  Open();
  EnrolKey(phone_);
  std::vector<Arrived<Answered>> pending;
  for (int i = 0; i < 200; ++i) {
    pending.push_back(Offer(phone_, phone_.Next(1)));
  }
  engine_->Drain();
  for (Arrived<Answered>& answer : pending) {
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer.Get().answer.code(), v1::ANSWER_CODE_RECORDED);
  }
  OfferedBatch batch = engine_->Admit(phone_.author(), phone_.Next(1));
  EXPECT_EQ(engine_->Offer(&batch, nullptr, nullptr), OfferStatus::kClosed);
  EXPECT_THAT(Record({v1::Event()}),
              StatusIs(absl::StatusCode::kUnavailable, "DRAINING"));
  EXPECT_THAT(engine_->AwaitRows(Position(1'000'000), kTestWaitMs),
              StatusIs(absl::StatusCode::kUnavailable));
  engine_->Drain();
}

TEST_F(FailuresTest, AFullQueueTakesNothingAndCallsWhenThereIsRoom) {
  Open();
  EnrolKey(phone_);
  Mutex mu;
  CondVar release;
  bool held = true;
  file_system_->SetBeforeSync([&](const std::string&) {
    MutexLock lock(&mu);
    while (held) release.Wait(&mu);
  });
  std::vector<Arrived<Answered>> pending;
  Arrived<bool> room;
  v1::SealedBatch sealed = phone_.Next(1);
  while (true) {
    OfferedBatch batch = engine_->Admit(phone_.author(), sealed);
    Arrived<Answered> answered;
    const OfferStatus status = engine_->Offer(
        &batch, answered.callback(), [call = room.callback()] { call(true); });
    if (status == OfferStatus::kFull) {
      EXPECT_EQ(batch.bytes, sealed.batch());  // Not moved from.
      break;
    }
    ASSERT_EQ(status, OfferStatus::kTaken);
    pending.push_back(std::move(answered));
    sealed = phone_.Next(1);
  }
  EXPECT_GE(pending.size(), 1024u);
  EXPECT_LE(pending.size(), 1024u + 2 * 256u);
  {
    MutexLock lock(&mu);
    held = false;
    release.NotifyAll();
  }
  EXPECT_TRUE(room.Get());
  for (Arrived<Answered>& answer : pending) {
    EXPECT_EQ(answer.Get().answer.code(), v1::ANSWER_CODE_RECORDED);
  }
  file_system_->SetBeforeSync(nullptr);
}

// Several phones write; at a random byte the power goes. What was acknowledged
// must be there, the root must be that of the entries, and a phone that sends
// everything again must end with each batch exactly once.
TEST_F(FailuresTest, WhatWasAcknowledgedSurvivesAnyPowerCut) {
  std::mt19937_64 random = SeededRandom();
  Open();
  std::vector<Phone> phones;
  for (std::uint8_t i = 0; i < 3; ++i) phones.emplace_back(i + 1);
  for (const Phone& phone : phones) EnrolKey(phone);
  std::vector<std::pair<Phone*, v1::SealedBatch>> sent;
  std::vector<v1::Receipt> receipts;
  for (int round = 0; round < 12; ++round) {
    file_system_->PowerOffAfter(random() % 40'000);
    std::vector<std::pair<std::size_t, Arrived<Answered>>> pending;
    for (int i = 0; i < 60; ++i) {
      Phone& phone = phones[random() % phones.size()];
      sent.emplace_back(&phone, phone.Next(1 + static_cast<int>(random() % 5)));
      pending.emplace_back(sent.size() - 1, Offer(phone, sent.back().second));
    }
    std::vector<std::size_t> acknowledged;
    for (auto& [index, answer] : pending) {
      const Answered got = answer.Get();
      if (!got.status.ok()) continue;
      ASSERT_EQ(got.answer.code(), v1::ANSWER_CODE_RECORDED);
      ASSERT_THAT(Verify(got.answer.receipt(), sent[index].second), IsOk());
      acknowledged.push_back(index);
      receipts.push_back(got.answer.receipt());
    }
    file_system_->PowerOff();
    engine_.reset();
    file_system_->LoseUnsynced(random);
    ASSERT_NO_FATAL_FAILURE(Open()) << "round " << round;
    ASSERT_EQ(engine_->log().root(), RootFromDisk()) << "round " << round;
    const std::vector<std::string> entries = Entries();
    for (const v1::Receipt& receipt : receipts) {
      ASSERT_LT(receipt.entry_index(), entries.size());
      ASSERT_THAT(
          VerifyReceipt(receipt, log_key(),
                        merkle::HashLeaf(entries[receipt.entry_index()])),
          IsOk());
    }
    // Each phone sends again what this round did not acknowledge.
    for (auto& [index, answer] : pending) {
      const v1::Answer again = Answer(*sent[index].first, sent[index].second);
      const bool known = std::find(acknowledged.begin(), acknowledged.end(),
                                   index) != acknowledged.end();
      if (known) {
        ASSERT_EQ(again.code(), v1::ANSWER_CODE_DUPLICATE);
      } else {
        ASSERT_TRUE(again.code() == v1::ANSWER_CODE_RECORDED ||
                    again.code() == v1::ANSWER_CODE_DUPLICATE);
        receipts.push_back(again.receipt());
      }
    }
  }
  EXPECT_THAT(engine_->log().Check([](std::uint64_t) {}), IsOk());
  std::uint64_t events = 0;
  for (const Phone& phone : phones) events += phone.next() - 1;
  EXPECT_EQ(
      static_cast<std::uint64_t>(CountEvents(v1::Event::kOutreachSession)),
      events);
}

// The negative control: a disk that forgets what it said it had.
TEST_F(FailuresTest, TheCrashTestSeesALossWhenSyncsAreIgnored) {
  std::mt19937_64 random = SeededRandom();
  bool lost = false;
  for (int round = 0; round < 20 && !lost; ++round) {
    std::filesystem::remove_all(directory_.path());
    Open();
    Phone phone(1);
    EnrolKey(phone);
    file_system_->IgnoreSyncs(true);
    std::vector<v1::Receipt> receipts;
    for (int i = 0; i < 20; ++i) {
      receipts.push_back(Answer(phone, phone.Next(1)).receipt());
    }
    file_system_->PowerOff();
    engine_.reset();
    file_system_->LoseUnsynced(random);
    file_system_->IgnoreSyncs(false);
    const absl::StatusOr<std::unique_ptr<Engine>> engine =
        Engine::Open(options_);
    lost = !engine.ok() || (*engine)->log().end().tree_size.value <=
                               receipts.back().entry_index();
  }
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace thon
