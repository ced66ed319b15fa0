// Each promise of the README can be seen to break.
//
// Method: a small honest log is made of real batches, receipts and a
// checkpoint; every checker holds on it. Then one fault is planted for each
// checker, and it must name its promise. The README's table must hold the
// checkers' sentences.

#include "tests/support/guarantees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/core/batch.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "tests/support/memory_rows.h"
#include "tests/support/status_matchers.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOrigin[] = "thon.example/test/1";

// A log of two phones and the server, each entry a commit group of its own.
class GuaranteesTest : public ::testing::Test {
 protected:
  GuaranteesTest() {
    history_.log_key = log_key_.public_key();
    history_.server_authors.insert(log_.server());
    const AuthorId a = log_.Author("a");
    const AuthorId b = log_.Author("b");
    for (const AuthorId& author : {a, b, a, a, b}) {
      log_.Append(author, {Visit(), Visit()});
    }
    std::vector<Hash> leaves;
    for (const auto& entry : log_.entries()) {
      history_.entries.push_back(entry->bytes);
      leaves.push_back(merkle::HashLeaf(entry->bytes));
      if (entry->author == log_.server()) continue;
      Acknowledge(*entry);
    }
    history_.checkpoint_note = MakeCheckpointNote(
        log_key_, kOrigin, leaves.size(), merkle::RootOf(leaves));
  }

  static v1::Event Visit() {
    v1::Event event;
    event.mutable_fraud_warning_issued()->set_reach(3);
    return event;
  }

  void Acknowledge(const MadeEntry& entry) {
    const EntryView view = *ParseEntry(entry.bytes);
    Acknowledged ack;
    ack.sealed.set_batch(std::string(view.batch));
    ack.sealed.set_signature(std::string(view.trailer.signature.view()));
    SignedGroup group;
    group.origin = kOrigin;
    group.first_entry = entry.index;
    group.leaves = {merkle::HashLeaf(entry.bytes)};
    group.signature = SignGroup(log_key_, kOrigin, entry.index, group.leaves);
    ack.receipt = MakeReceipt(group, 0, view.trailer);
    history_.acknowledged.push_back(ack);
    history_.offered.insert(ack.sealed.batch());
    for (const v1::Event& event : entry.batch.events()) {
      history_.recorded[entry.author].push_back(EventHash(event));
    }
  }

  // The index of the last entry, which is a phone's.
  std::size_t last() const { return history_.entries.size() - 1; }

  const SigningKey log_key_ = LogBuilder::KeyOf("log");
  FoldedLog log_{At("2023-06-01T08:00:00+07:00")};
  History history_;
};

TEST_F(GuaranteesTest, AnHonestLogKeepsAllOfThem) {
  EXPECT_THAT(CheckGuarantees(history_), IsOk());
  EXPECT_THAT(CheckReplayable(history_, DumpRows(log_.rows())), IsOk());
}

TEST_F(GuaranteesTest, DurableBreaksWhenAnAcknowledgedEntryIsMissing) {
  history_.entries.pop_back();
  EXPECT_THAT(CheckDurable(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Durable"));
}

TEST_F(GuaranteesTest, DurableBreaksWhenAnotherBatchLiesInItsPlace) {
  history_.entries[last()] = history_.entries[last() - 1];
  EXPECT_THAT(CheckDurable(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Durable"));
}

TEST_F(GuaranteesTest, OrderedBreaksWhenBatchesOfAnAuthorAreSwapped) {
  // Entries of author a: its second and third batch follow each other.
  std::swap(history_.entries[last() - 1], history_.entries[last() - 2]);
  EXPECT_THAT(CheckOrdered(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Ordered"));
}

TEST_F(GuaranteesTest, GapFreeBreaksWhenAnEntryIsCutOut) {
  history_.entries.erase(history_.entries.begin() +
                         static_cast<std::ptrdiff_t>(last() - 1));
  EXPECT_THAT(CheckGapFree(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Gap-free"));
}

TEST_F(GuaranteesTest, UniqueBreaksWhenABatchIsRecordedTwice) {
  history_.entries.push_back(history_.entries[last()]);
  EXPECT_THAT(CheckUnique(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Unique"));
}

TEST_F(GuaranteesTest, ResumableBreaksWhenARecordedEventNeverArrives) {
  v1::Event lost = Visit();
  lost.set_sequence(99);
  history_.recorded[log_.Author("a")].push_back(EventHash(lost));
  EXPECT_THAT(CheckResumable(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Resumable"));
}

TEST_F(GuaranteesTest, AtomicBreaksWhenHalfABatchIsRecorded) {
  const EntryView view = *ParseEntry(history_.entries[last()]);
  v1::Batch half;
  ASSERT_EQ(ParseBatch(view.batch, &half), BatchFault::kNone);
  half.mutable_events()->RemoveLast();
  EntryTrailer trailer = view.trailer;
  trailer.event_count = 1;
  history_.entries[last()] = EncodeEntry(half.SerializeAsString(), trailer);
  EXPECT_THAT(CheckAtomic(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Atomic"));
}

TEST_F(GuaranteesTest, VerifiableBreaksWhenAReceiptIsNotSigned) {
  std::string* const signature =
      history_.acknowledged.back().receipt.mutable_signature();
  (*signature)[0] = static_cast<char>((*signature)[0] ^ 1);
  EXPECT_THAT(CheckVerifiable(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Verifiable"));
}

TEST_F(GuaranteesTest, VerifiableBreaksWhenABitOfAnOldEntryIsFlipped) {
  history_.entries[0][10] = static_cast<char>(history_.entries[0][10] ^ 1);
  EXPECT_THAT(CheckVerifiable(history_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Verifiable"));
}

TEST_F(GuaranteesTest, ReplayableBreaksWhenARowDiffers) {
  std::string rows = DumpRows(log_.rows());
  rows[rows.size() / 2] = static_cast<char>(rows[rows.size() / 2] ^ 1);
  EXPECT_THAT(CheckReplayable(history_, rows),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Replayable"));
}

TEST_F(GuaranteesTest, TheReadmeSaysTheSentencesThatTheCheckersSay) {
  std::ifstream file(THON_SOURCE_DIR "/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  history_.entries.pop_back();
  const std::string message(CheckDurable(history_).message());
  // "broke NAME: SENTENCE Place."
  const std::size_t colon = message.find(": ");
  const std::string name = message.substr(6, colon - 6);
  const std::string sentence =
      message.substr(colon + 2, message.find('.') - colon - 1);
  EXPECT_THAT(readme.str(), HasSubstr("| " + name + " | " + sentence + " |"));
  EXPECT_THAT(readme.str(), Not(HasSubstr("| Reliable |")));
}

}  // namespace
}  // namespace thon::testing
