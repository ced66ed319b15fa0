// The answer table of the design, row by row, through a real engine and a real
// log; and that the way batches are cut into commit groups changes no entry.

#include <string>
#include <vector>

#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/engine/receipts.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

class AnswersTest : public EngineTest {
 protected:
  AnswersTest() {
    Open();
    EnrolKey(phone_);
  }
  void Revoke(const Phone& phone) {
    v1::Event event;
    event.mutable_author_revoked()->set_author(
        std::string(phone.author().view()));
    ASSERT_THAT(Record({event}), IsOk());
  }
  Phone phone_{7};
};

TEST_F(AnswersTest, ANextBatchIsRecordedWithAReceiptThatProvesIt) {
  const v1::SealedBatch sealed = phone_.Next(3);
  const v1::Answer answer = Answer(phone_, sealed);
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(answer.first_sequence(), 1u);
  EXPECT_EQ(answer.receipt().event_count(), 3u);
  EXPECT_EQ(answer.receipt().origin(), "thon.example/test/1");
  EXPECT_THAT(Verify(answer.receipt(), sealed), IsOk());
  const AuthorState state = *engine_->FindAuthor(phone_.author());
  EXPECT_EQ(state.next_sequence, Sequence(4));
  EXPECT_EQ(state.last_batch_hash, BatchHash(sealed.batch()));
}

TEST_F(AnswersTest, TheSameBytesGetTheFirstReceiptAgainAlsoAfterARestart) {
  const v1::SealedBatch sealed = phone_.Next(2);
  const v1::Receipt first = Answer(phone_, sealed).receipt();
  EXPECT_EQ(Answer(phone_, phone_.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
  for (int restart = 0; restart < 2; ++restart) {
    const v1::Answer again = Answer(phone_, sealed);
    EXPECT_EQ(again.code(), v1::ANSWER_CODE_DUPLICATE);
    EXPECT_EQ(again.receipt().SerializeAsString(), first.SerializeAsString());
    clock_.Set(At("2024-08-01T08:00:00+07:00"));
    Reopen();
  }
}

TEST_F(AnswersTest, TheSameBytesTwiceInOneGroupAreRecordedOnce) {
  const v1::SealedBatch sealed = phone_.Next(2);
  // A sync that waits makes what comes behind it one group.
  Mutex mu;
  CondVar release;
  bool held = true;
  file_system_->SetBeforeSync([&](const std::string&) {
    MutexLock lock(&mu);
    while (held) release.Wait(&mu);
  });
  Phone other(8);
  Arrived<absl::StatusOr<RecordedRange>> enrolled;
  v1::Event event;
  event.mutable_author_enrolled()->set_public_key(
      std::string(other.key().public_key().view()));
  engine_->RecordServerEvents({event}, enrolled.callback());
  Arrived<Answered> first = Offer(phone_, sealed);
  Arrived<Answered> second = Offer(phone_, sealed);
  const v1::SealedBatch next = phone_.Next(1);
  Arrived<Answered> third = Offer(phone_, next);
  {
    MutexLock lock(&mu);
    held = false;
    release.NotifyAll();
  }
  EXPECT_EQ(first.Get().answer.code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(second.Get().answer.code(), v1::ANSWER_CODE_DUPLICATE);
  EXPECT_EQ(second.Get().answer.receipt().SerializeAsString(),
            first.Get().answer.receipt().SerializeAsString());
  EXPECT_EQ(third.Get().answer.code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_THAT(Verify(third.Get().answer.receipt(), next), IsOk());
  file_system_->SetBeforeSync(nullptr);
}

TEST_F(AnswersTest, OtherBytesUnderTheSameNumbersAreForkedAndTold) {
  const v1::SealedBatch kept = phone_.Next(3);
  Answer(phone_, kept);
  const v1::SealedBatch fork = phone_.Seal(2, Hash{{1}}, 1, "chợ");
  const v1::Answer answer = Answer(phone_, fork);
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_FORKED);
  EXPECT_EQ(answer.expected_sequence(), 4u);
  const std::vector<v1::Event> events = Events();
  const v1::ForkObserved& observed = events.back().fork_observed();
  EXPECT_EQ(observed.author(), std::string(phone_.author().view()));
  EXPECT_EQ(observed.sequence(), 2u);
  EXPECT_EQ(observed.kept_hash(), std::string(BatchHash(kept.batch()).view()));
  EXPECT_EQ(observed.offered_hash(),
            std::string(BatchHash(fork.batch()).view()));
  EXPECT_EQ(observed.offered_batch(), fork.batch());
  EXPECT_EQ(observed.offered_signature(), fork.signature());
  // The branch that the log holds goes on.
  EXPECT_EQ(Answer(phone_, phone_.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(AnswersTest, AnotherPredecessorIsForked) {
  Answer(phone_, phone_.Next(3));
  const v1::Answer answer = Answer(phone_, phone_.Seal(4, Hash{{1}}, 1, "chợ"));
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_FORKED);
  EXPECT_EQ(answer.expected_sequence(), 4u);
  EXPECT_EQ(CountEvents(v1::Event::kForkObserved), 1);
}

TEST_F(AnswersTest, ForksBeyondEightAYearAreOnlyCounted) {
  Answer(phone_, phone_.Next(3));
  for (std::uint8_t i = 0; i < 11; ++i) {
    EXPECT_EQ(Answer(phone_, phone_.Seal(4, Hash{{9, i}}, 1, "chợ")).code(),
              v1::ANSWER_CODE_FORKED);
  }
  EXPECT_EQ(CountEvents(v1::Event::kForkObserved), 8);
  EXPECT_EQ(engine_->FindAuthor(phone_.author())->forks_seen, 11u);
  clock_.Set(At("2024-01-01T08:00:00+07:00"));
  Answer(phone_, phone_.Seal(4, Hash{{1}}, 1, "chợ"));
  EXPECT_EQ(CountEvents(v1::Event::kForkObserved), 9);
}

TEST_F(AnswersTest, AHoleIsAnsweredWithTheNumberExpected) {
  Answer(phone_, phone_.Next(3));
  const v1::Answer answer = Answer(phone_, phone_.Seal(9, Hash{{1}}, 1, "chợ"));
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_HOLE);
  EXPECT_EQ(answer.expected_sequence(), 4u);
}

TEST_F(AnswersTest, AnUnknownAuthorIsRefusedUntilItIsEnrolled) {
  Phone stranger(9);
  const v1::SealedBatch sealed = stranger.Next(1);
  const v1::Answer answer = Answer(stranger, sealed);
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_REFUSED);
  EXPECT_EQ(answer.refusal(), v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  EnrolKey(stranger);
  EXPECT_EQ(Answer(stranger, sealed).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(AnswersTest, WhatIsWrongWithABatchIsRefusedWithTheReason) {
  v1::SealedBatch sealed = phone_.Next(1);
  const auto refusal = [&](const Phone& stream, v1::SealedBatch batch) {
    const v1::Answer answer = Answer(stream, std::move(batch));
    EXPECT_EQ(answer.code(), v1::ANSWER_CODE_REFUSED);
    return answer.refusal();
  };
  v1::SealedBatch large;
  large.set_batch(std::string(limits::kBatchBytesMax + 1, 'x'));
  EXPECT_EQ(refusal(phone_, large), v1::REFUSAL_REASON_TOO_LARGE);
  v1::SealedBatch garbage = sealed;
  garbage.set_batch("\xff\xff not a batch");
  EXPECT_EQ(refusal(phone_, garbage), v1::REFUSAL_REASON_UNDECODABLE);
  v1::SealedBatch bad = sealed;
  (*bad.mutable_signature())[5] ^= 1;
  EXPECT_EQ(refusal(phone_, bad), v1::REFUSAL_REASON_BAD_SIGNATURE);
  bad.set_signature("short");
  EXPECT_EQ(refusal(phone_, bad), v1::REFUSAL_REASON_BAD_SIGNATURE);
  Phone other(8);
  EnrolKey(other);
  EXPECT_EQ(refusal(other, sealed), v1::REFUSAL_REASON_WRONG_AUTHOR);
  Phone server('S');
  EXPECT_EQ(refusal(server, server.Next(1)), v1::REFUSAL_REASON_NOT_PERMITTED);
  // Nothing of this took a number.
  EXPECT_EQ(Answer(phone_, sealed).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(AnswersTest, ARevokedAuthorIsRecordedWithinADailyQuota) {
  Revoke(phone_);
  for (std::size_t i = 0; i < limits::kRevokedBatchesPerDayMax; ++i) {
    ASSERT_EQ(Answer(phone_, phone_.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
  }
  const v1::SealedBatch more = phone_.Next(1);
  const v1::Answer refused = Answer(phone_, more);
  EXPECT_EQ(refused.code(), v1::ANSWER_CODE_REFUSED);
  EXPECT_EQ(refused.refusal(), v1::REFUSAL_REASON_QUOTA);
  Reopen();
  EXPECT_EQ(Answer(phone_, more).refusal(), v1::REFUSAL_REASON_QUOTA);
  clock_.Set(At("2023-06-02T00:00:00+07:00"));
  EXPECT_EQ(Answer(phone_, more).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(AnswersTest, ServerEventsTooLargeForABatchStayTogetherInOneGroup) {
  std::vector<v1::Event> events(5);
  for (std::size_t i = 0; i < events.size(); ++i) {
    v1::DocumentPart* part = events[i].mutable_document_part();
    part->set_index(static_cast<int>(i));
    part->set_content(std::string(limits::kDocumentPartBytesMax, 'x'));
  }
  ASSERT_OK_AND_ASSIGN(const RecordedRange range, Record(events));
  EXPECT_EQ(range.last.value - range.first.value + 1, 5u);
  ASSERT_OK_AND_ASSIGN(const EntryLog::StoredGroup group,
                       engine_->log().FindGroup(range.first_entry));
  EXPECT_EQ(group.first_entry, range.first_entry);
  EXPECT_EQ(group.size, 5u);
}

TEST_F(AnswersTest, TheLogsRootIsThatOfItsEntries) {
  for (int i = 0; i < 9; ++i) Answer(phone_, phone_.Next(2));
  EXPECT_EQ(engine_->log().root(), RootFromDisk());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint checkpoint,
                       Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
                         engine_->checkpoints().Sign(std::move(done));
                       }));
  EXPECT_EQ(checkpoint.root_hash(), std::string(RootFromDisk().view()));
  ASSERT_OK_AND_ASSIGN(const CheckpointBody body,
                       VerifyCheckpointNote(checkpoint.note(), log_key()));
  EXPECT_EQ(body.tree_size, checkpoint.tree_size());
}

// Receipts are made in one pass for a group; core's slow way is the judge.
TEST(ReceiptsTest, TheFastReceiptsAreCoresReceipts) {
  for (std::size_t size : {1u, 2u, 3u, 5u, 8u, 13u, 64u, 100u}) {
    SignedGroup group;
    group.origin = "a/1";
    group.first_entry = EntryIndex(40);
    for (std::size_t i = 0; i < size; ++i) {
      group.leaves.push_back(Sha256Of(std::to_string(i)));
    }
    const GroupReceipts receipts(group);
    for (std::size_t i = 0; i < size; ++i) {
      EntryTrailer trailer;
      trailer.event_count = 1;
      EXPECT_EQ(receipts.Of(i, trailer).SerializeAsString(),
                MakeReceipt(group, i, trailer).SerializeAsString());
    }
  }
}

// The same batches, in another pace, in another engine.
class GroupsTest : public EngineTest {
 protected:
  // Runs the same story; `together`: how many offers are under way at once.
  std::vector<std::string> Story(std::size_t together) {
    Open();
    Phone a(1);
    Phone b(2);
    EnrolKey(a);
    EnrolKey(b);
    std::vector<std::pair<Phone*, v1::SealedBatch>> script;
    for (int i = 0; i < 40; ++i) {
      Phone* phone = i % 3 == 0 ? &b : &a;
      script.emplace_back(phone, phone->Next(1 + i % 4));
      if (i % 7 == 3) script.push_back(script[script.size() / 2]);
      if (i % 11 == 5) {
        script.emplace_back(phone, phone->Seal(2, Hash{{1}}, 1, "chợ"));
      }
      if (i % 13 == 6) {
        script.emplace_back(phone, phone->Seal(900, Hash{{1}}, 1, "chợ"));
      }
    }
    std::vector<Arrived<Answered>> pending;
    for (const auto& [phone, sealed] : script) {
      pending.push_back(Offer(*phone, sealed));
      if (pending.size() >= together) {
        for (Arrived<Answered>& answer : pending) answer.Get();
        pending.clear();
      }
    }
    for (Arrived<Answered>& answer : pending) answer.Get();
    return Entries();
  }
};

TEST_F(GroupsTest, GroupBoundariesChangeNoEntry) {
  const std::vector<std::string> together = Story(1000);
  engine_.reset();
  std::filesystem::remove_all(directory_.path());
  const std::vector<std::string> alone = Story(1);
  EXPECT_GT(together.size(), 40u);
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace thon
