// The check that judges a run has been seen to fail: each way in which a log
// can differ from what was recorded is planted, and found.
//
// Method: a log of one server's and one phone's batch is made with the real
// sealing and entries; the journal's facts are what the phone recorded.

#include "tools/fleet/log_check.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/core/batch.h"
#include "server/core/checkpoint.h"
#include "server/core/entry.h"
#include "server/core/signature.h"

namespace thon::fleet {
namespace {

SigningKey KeyOf(char c) {
  return *SigningKey::FromSeed(std::string(SigningKey::kSeedSize, c));
}

v1::Event Warning(std::uint64_t sequence, std::int64_t reach) {
  v1::Event event;
  event.set_sequence(sequence);
  event.set_team_id(3);
  event.mutable_fraud_warning_issued()->set_reach(reach);
  return event;
}

class LogCheckTest : public ::testing::Test {
 protected:
  LogCheckTest() {
    v1::Event opened;
    opened.set_sequence(1);
    opened.mutable_log_opened()->set_log_key(
        std::string(log_key_.public_key().view()));
    Append(server_, {opened});
  }

  void Append(const SigningKey& key, std::vector<v1::Event> events) {
    v1::Batch batch;
    batch.set_author(std::string(key.public_key().author().view()));
    batch.set_first_sequence(events.front().sequence());
    if (events.front().sequence() > 1) {
      batch.set_previous_hash(std::string(Hash::kSize, 'p'));
    }
    for (v1::Event& event : events) *batch.add_events() = std::move(event);
    const v1::SealedBatch sealed = SealBatch(batch, key);
    EntryTrailer trailer;
    trailer.first_position = Position(1 + entries_.size());
    trailer.event_count = static_cast<std::uint16_t>(batch.events_size());
    ASSERT_TRUE(Signature::FromBytes(sealed.signature(), &trailer.signature));
    v1::Entry& entry = entries_.emplace_back();
    entry.set_entry_index(entries_.size() - 1);
    entry.set_leaf(EncodeEntry(sealed.batch(), trailer));
    tree_.Append(merkle::HashLeaf(entry.leaf()));
  }

  Identity IdentityOf(const SigningKey& key, const v1::Event& event) {
    return {key.public_key().author(), event.sequence(), EventHash(event)};
  }

  LogVerdict Judge() {
    LogCheck check(facts_);
    for (const v1::Entry& entry : entries_) {
      EXPECT_TRUE(check.Add(entry).ok());
    }
    return check.Verdict();
  }

  const SigningKey server_ = KeyOf('s');
  const SigningKey log_key_ = KeyOf('l');
  const SigningKey phone_ = KeyOf('p');
  const SigningKey successor_ = KeyOf('q');
  JournalFacts facts_;
  std::vector<v1::Entry> entries_;
  merkle::Frontier tree_;
};

TEST_F(LogCheckTest, WhatWasRecordedAndIsInTheLogOnceIsGood) {
  facts_.recorded = {IdentityOf(phone_, Warning(1, 5)),
                     IdentityOf(phone_, Warning(2, 6))};
  Append(phone_, {Warning(1, 5), Warning(2, 6)});
  const LogVerdict verdict = Judge();
  EXPECT_TRUE(verdict.good());
  EXPECT_EQ(verdict.events_in_log, 2u);
  EXPECT_EQ(verdict.server_events, 1u);
  EXPECT_EQ(verdict.events_of_teams.at(3), 2u);
}

TEST_F(LogCheckTest, ALostEventIsFound) {
  facts_.recorded = {IdentityOf(phone_, Warning(1, 5)),
                     IdentityOf(phone_, Warning(2, 6))};
  Append(phone_, {Warning(1, 5)});
  EXPECT_EQ(Judge().lost, 1u);
  EXPECT_FALSE(Judge().good());
}

TEST_F(LogCheckTest, AChangedEventIsBothLostAndNeverRecorded) {
  facts_.recorded = {IdentityOf(phone_, Warning(1, 5))};
  Append(phone_, {Warning(1, 50)});
  EXPECT_EQ(Judge().lost, 1u);
  EXPECT_EQ(Judge().never_recorded, 1u);
}

TEST_F(LogCheckTest, AnEventTwiceInTheLogIsFound) {
  facts_.recorded = {IdentityOf(phone_, Warning(1, 5))};
  Append(phone_, {Warning(1, 5)});
  Append(phone_, {Warning(1, 5)});
  EXPECT_EQ(Judge().duplicates, 1u);
  EXPECT_FALSE(Judge().good());
}

TEST_F(LogCheckTest, AnEventThatNobodyRecordedIsFound) {
  Append(phone_, {Warning(1, 5)});
  EXPECT_EQ(Judge().never_recorded, 1u);
  EXPECT_FALSE(Judge().good());
}

TEST_F(LogCheckTest, AnEventOfferedAgainByASuccessorIsTheSameFact) {
  const v1::Event first = Warning(4, 5);
  facts_.recorded = {IdentityOf(phone_, first)};
  v1::Event again = Warning(1, 5);
  again.mutable_originally()->set_author(
      std::string(phone_.public_key().author().view()));
  again.mutable_originally()->set_sequence(4);
  again.mutable_originally()->set_event_hash(
      std::string(EventHash(first).view()));
  Append(successor_, {again});
  EXPECT_TRUE(Judge().good());
  EXPECT_EQ(Judge().offered_again, 1u);
  // Under both keys it would be in the log twice.
  Append(phone_, {first});
  EXPECT_EQ(Judge().duplicates, 1u);
}

TEST_F(LogCheckTest, WhatAKilledPhoneWasFoundToHaveMustBeThereToo) {
  facts_.found[ContentHash(Warning(0, 5))] = 2;
  facts_.found_events = 2;
  Append(phone_, {Warning(1, 5)});
  EXPECT_EQ(Judge().lost, 1u);
  Append(phone_, {Warning(2, 5)});
  EXPECT_TRUE(Judge().good());
  Append(phone_, {Warning(3, 5)});
  EXPECT_EQ(Judge().never_recorded, 1u);
}

TEST_F(LogCheckTest, TwoRecordsUnderOneNameAreFound) {
  facts_.recorded = {IdentityOf(phone_, Warning(1, 5)),
                     IdentityOf(phone_, Warning(1, 5))};
  Append(phone_, {Warning(1, 5)});
  EXPECT_FALSE(Judge().good());
}

TEST_F(LogCheckTest, TheRootMustBeThatOfTheEntriesAndSigned) {
  Append(phone_, {Warning(1, 5)});
  const auto checkpoint = [&](const SigningKey& key, const Hash& root) {
    v1::Checkpoint made;
    made.set_tree_size(tree_.size());
    made.set_note(
        MakeCheckpointNote(key, "thon.example/1", tree_.size(), root));
    return made;
  };
  LogCheck check(facts_);
  for (const v1::Entry& entry : entries_) ASSERT_TRUE(check.Add(entry).ok());
  EXPECT_TRUE(check.CheckRoot(checkpoint(log_key_, tree_.Root())).ok());
  EXPECT_FALSE(check.CheckRoot(checkpoint(phone_, tree_.Root())).ok());
  EXPECT_FALSE(check.CheckRoot(checkpoint(log_key_, Sha256Of("x"))).ok());
}

TEST_F(LogCheckTest, AnEntryThatIsMissingOrDoesNotParseIsAnError) {
  Append(phone_, {Warning(1, 5)});
  LogCheck skips(facts_);
  EXPECT_FALSE(skips.Add(entries_[1]).ok());
  v1::Entry broken = entries_[0];
  broken.set_leaf("x");
  LogCheck parses(facts_);
  EXPECT_FALSE(parses.Add(broken).ok());
}

}  // namespace
}  // namespace thon::fleet
