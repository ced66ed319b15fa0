// Goal: a receipt is a promise that the phone sees kept, and what is honest,
// old, slow or unlucky makes no evidence. Method: real clients against a fake
// server in memory that proves out of its own tree, over the real core; what
// the phone gives out is judged by the core alone, as a third person would.
#include <sqlite3.h>

#include <algorithm>
#include <random>

#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/core/receipt_card.h"
#include "server/core/tlog_proof.h"
#include "tests/support/seed.h"
#include "tests/unit/client/proofs_fixture.h"

namespace thon::client {
namespace {

using ::testing::IsEmpty;

TEST_F(ProofsTest, APromiseIsProvenAtTheNextExchangeForWhoeverHasTheKey) {
  const Recorded one = Send(3);
  EXPECT_EQ(ProvenOf(one), Proven::kPromise);
  EXPECT_THAT(phone_.client->TlogProofOf(one.name),
              StatusIs(absl::StatusCode::kNotFound, "promise"));
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  phone_.Open();
  ASSERT_OK_AND_ASSIGN(const TlogProofText text,
                       phone_.client->TlogProofOf(one.name));
  EXPECT_EQ(text.entry, server_.leaf(2));
  ASSERT_OK_AND_ASSIGN(const TlogProof proof, ParseTlogProof(text.text));
  EXPECT_EQ(proof.index, 2u);
  ASSERT_OK_AND_ASSIGN(
      const CheckpointBody body,
      VerifyTlogProof(proof, merkle::HashLeaf(text.entry), LogKey()));
  EXPECT_EQ(body.tree_size, server_.entries());
  EXPECT_EQ(phone_.client->ProofOf(one.name)->tree_size, server_.entries());
  // Another entry's bytes do not do.
  EXPECT_THAT(VerifyTlogProof(proof, merkle::HashLeaf("x"), LogKey()),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(Count().promises, 0u);
  EXPECT_EQ(Count().proven, 1u);
  EXPECT_EQ(Count().evidence, 0u);
}

TEST_F(ProofsTest, NothingIsAskedForBeforeItIsDueAndNothingTwice) {
  Send();
  EXPECT_EQ(server_.proofs_asked, 0);
  Later(limits::kCheckpointMsMax);
  EXPECT_EQ(server_.proofs_asked, 0) << "not a moment before";
  Later(1);
  EXPECT_EQ(server_.proofs_asked, 1);
  Later();
  EXPECT_EQ(server_.proofs_asked, 1);
}

TEST_F(ProofsTest, OnWishProofsComeAtOnceAndAnExchangeIsDue) {
  const Recorded one = Send();
  EXPECT_TRUE(phone_.client->Step(0).even);
  phone_.client->WantProofs();
  while (!phone_.client->Step(1'000).even) {
  }
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  EXPECT_EQ(server_.proofs_asked, 1);
}

TEST_F(ProofsTest, EachCheckpointExtendsTheOneBeforeIt) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    Send();
    const std::uint64_t before = server_.proofs_request.known_tree_size();
    Later();
    EXPECT_EQ(server_.proofs_request.known_tree_size(),
              i == 0 ? 0 : server_.entries() - 1);
    EXPECT_GE(server_.proofs_request.known_tree_size(), before);
  }
  EXPECT_EQ(Count().proven, 5u);
  EXPECT_THAT(Evidence(), IsEmpty());
}

TEST_F(ProofsTest, AnOlderServerIsNoLiar) {
  server_.faults.no_proofs = true;
  const Recorded one = Send();
  for (int i = 0; i < 10; ++i) Later(kDayMs);
  EXPECT_EQ(server_.proofs_asked, 1) << "once a program";
  EXPECT_EQ(Count().overdue, 1u);
  EXPECT_THAT(Evidence(), IsEmpty());
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
  // It is brought up to date.
  server_.faults.no_proofs = false;
  phone_.Open();
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
}

TEST_F(ProofsTest, ADeclaredLossIsNoEvidence) {
  const Recorded kept = Send();
  const Recorded promised = Send();
  Later();
  const FakeServer::Log backup = server_.Backup();
  const Recorded lost = Send();
  Later();
  EXPECT_EQ(ProvenOf(lost), Proven::kProven);
  const Recorded unproven = Send();
  server_.RestoreUnderNextEpoch(backup);
  Later();
  Later();
  EXPECT_THAT(Evidence(), IsEmpty());
  EXPECT_EQ(ProvenOf(kept), Proven::kProven);
  EXPECT_EQ(ProvenOf(promised), Proven::kProven);
  for (const Recorded& again : {lost, unproven}) {
    EXPECT_EQ(ProvenOf(again), Proven::kProven) << "sent and proven again";
    ASSERT_OK_AND_ASSIGN(const TlogProofText text,
                         phone_.client->TlogProofOf(again.name));
    EXPECT_THAT(VerifyTlogProof(*ParseTlogProof(text.text),
                                merkle::HashLeaf(text.entry), LogKey()),
                IsOk());
  }
  ExpectExactlyOnce(server_, phone_.ledger);
}

TEST_F(ProofsTest, AReceiptOfAnEarlierEpochIsProvenUnderTheNewOne) {
  const Recorded one = Send();
  server_.RestoreUnderNextEpoch(server_.Backup());
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  EXPECT_THAT(Evidence(), IsEmpty());
}

TEST_F(ProofsTest, AnEpochOpenedInTheMiddleOfAnExchangeIsNoEvidence) {
  Send();
  Later();
  const Recorded one = Send();
  bool open = true;
  server_.before_proofs = [&] {
    if (open) server_.RestoreUnderNextEpoch(server_.Backup());
    open = false;
  };
  Later();
  ASSERT_FALSE(open);
  EXPECT_THAT(Evidence(), IsEmpty());
  EXPECT_EQ(ProvenOf(one), Proven::kPromise);
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven) << "after the next hello";
  EXPECT_THAT(Evidence(), IsEmpty());
}

TEST_F(ProofsTest, ABacklogIsAskedForInPagesAndComesToAnEnd) {
  SendBatches(300);
  int exchanges = 0;
  std::uint64_t oldest = 0;
  for (; Count().promises > 0; ++exchanges) {
    ASSERT_LT(exchanges, 60);
    Later();
    const auto& asked = server_.proofs_request.entry_indices();
    ASSERT_GT(asked.size(), 0);
    EXPECT_LE(asked.size(), 64);
    EXPECT_TRUE(std::is_sorted(asked.begin(), asked.end()));
    EXPECT_GE(asked[0], oldest);
    oldest = asked[0];
  }
  EXPECT_GT(exchanges, 3);
  EXPECT_EQ(Count().proven, 300u);
}

TEST_F(ProofsTest, WhatCannotBeProvenDoesNotStandInTheWay) {
  SendBatches(100);
  server_.faults.drop_proofs = true;
  for (int i = 0; i < 20; ++i) Later();
  server_.faults.drop_proofs = false;
  const Recorded fresh = Send();
  Later();
  EXPECT_EQ(ProvenOf(fresh), Proven::kProven) << "those asked least come first";
}

TEST_F(ProofsTest, ADayOfTwoHundredEventsIsBelowSixteenKiB) {
  for (int day = 0; day < 5; ++day) {
    server_.now_ms += kDayMs;
    phone_.clock.wall_ms += kDayMs;
    phone_.clock.monotonic_ms += kDayMs;
    std::vector<v1::Event> events;
    for (int i = 0; i < 200; ++i) {
      phone_.clock.wall_ms += 60'000;
      phone_.clock.monotonic_ms += 60'000;
      v1::Event event = Session(7, 70);
      event.mutable_outreach_session()->set_minutes(30);
      event.mutable_outreach_session()->set_attendees(20 + i % 9);
      event.mutable_outreach_session()->set_topic(v1::TOPIC_FRAUD_PREVENTION);
      ASSERT_THAT(phone_.client->Record(event), IsOk());
    }
    const Counters before = phone_.client->Totals();
    ASSERT_THAT(phone_.Sync(), IsOk());
    const Counters after = phone_.client->Totals();
    EXPECT_LT(after.message_bytes - before.message_bytes, 16 * 1024u)
        << "day " << day;
    EXPECT_EQ(after.proof_rounds - before.proof_rounds, day == 0 ? 0u : 1u);
    EXPECT_EQ(after.streams - before.streams, 1u);
  }
  EXPECT_EQ(Count().proven, 4u);
}

TEST_F(ProofsTest, AnExchangeWithABacklogStaysBelowSixteenKiB) {
  SendBatches(300);
  server_.now_ms += kMinuteMs;
  const std::uint64_t before = phone_.client->Totals().message_bytes;
  ASSERT_THAT(phone_.Sync(), IsOk());
  const std::uint64_t bytes = phone_.client->Totals().message_bytes - before;
  EXPECT_LT(bytes, 16 * 1024u);
  EXPECT_GT(bytes, 10 * 1024u) << "what there is room for is used";
}

TEST_F(ProofsTest, CosignaturesOfTheQuorumMakeItWitnessed) {
  const SigningKey first = SigningKey::Generate();
  const SigningKey second = SigningKey::Generate();
  const auto vkey = [](const std::string& name, const SigningKey& key) {
    return note::FormatVerifierKey({.name = name,
                                    .type = note::KeyType::kCosignature,
                                    .key = key.public_key()});
  };
  const std::string policy = absl::StrCat(
      "witness a ", vkey("a.example", first), "\nwitness b ",
      vkey("b.example", second), "\ngroup both all a b\nquorum both\n");
  phone_.change = [&](Options* options) { options->trust_policy = policy; };
  phone_.Open();
  server_.witnesses = {{"a.example", &first}};
  const Recorded one = Send();
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven) << "one of two";
  server_.witnesses.emplace_back("b.example", &second);
  const Recorded two = Send();
  Later();
  EXPECT_EQ(ProvenOf(two), Proven::kWitnessed);
  EXPECT_EQ(ProvenOf(one), Proven::kWitnessed) << "the later one extends it";
  EXPECT_EQ(Count().witnessed, 2u);
  // One that is not witnessed takes nothing back.
  server_.witnesses.clear();
  const Recorded three = Send();
  Later();
  EXPECT_EQ(ProvenOf(three), Proven::kProven);
  EXPECT_EQ(ProvenOf(one), Proven::kWitnessed);
  // Nobody's quorum, and that of a policy for another log.
  phone_.change = [](Options* options) {
    options->trust_policy = "quorum none\n";
  };
  phone_.Open();
  EXPECT_EQ(Count().witnessed, 0u);
  phone_.change = [&](Options* options) {
    options->trust_policy = absl::StrCat(
        "log ",
        note::FormatVerifierKey(LogVerifierKey("other/1", server_.log_key())),
        "\n", policy);
  };
  phone_.Open();
  EXPECT_EQ(Count().witnessed, 0u);
  phone_.change = [&](Options* options) { options->trust_policy = policy; };
  phone_.Open();
  EXPECT_EQ(Count().witnessed, 2u);
}

TEST_F(ProofsTest, ATrustPolicyThatCannotBeReadOpensNothing) {
  phone_.client.reset();
  phone_.change = [](Options* options) {
    options->trust_policy = "quorum x\n";
  };
  EXPECT_THAT(Client::Open(phone_.MakeOptions(), nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, "trust_policy"));
}

TEST_F(ProofsTest, ACardIsTheServersWordOnTheEventThatItNames) {
  Send(3);
  const Recorded one = Send(5);
  const EventName third{one.name.author, Sequence(one.name.sequence.value + 2)};
  ASSERT_OK_AND_ASSIGN(const std::string text,
                       phone_.client->ReceiptCardOf(third));
  ASSERT_OK_AND_ASSIGN(const v1::ReceiptCard card, ParseReceiptCard(text));
  EXPECT_THAT(VerifyReceiptCard(card, server_.log_key()), IsOk());
  EXPECT_EQ(card.sequence(), third.sequence.value);
  EXPECT_EQ(card.author(), third.author.view());
  EXPECT_THAT(phone_.client->ReceiptCardOf({one.name.author, Sequence(99)}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ProofsTest, AFileOfTheThirdFormatOpensAndItsReceiptsAreProven) {
  const Recorded one = Send();
  phone_.client.reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(phone_.path.c_str(), &db), SQLITE_OK);
  char* error = nullptr;
  ASSERT_EQ(sqlite3_exec(db,
                         "DROP INDEX batches_unproven;"
                         "DROP INDEX batches_by_checkpoint;"
                         "ALTER TABLE batches DROP COLUMN checkpoint;"
                         "ALTER TABLE batches DROP COLUMN proof;"
                         "ALTER TABLE batches DROP COLUMN proof_tries;"
                         "ALTER TABLE epochs DROP COLUMN tree_size;"
                         "DROP TABLE checkpoints; DROP TABLE evidence;"
                         "PRAGMA user_version = 3",
                         nullptr, nullptr, &error),
            SQLITE_OK)
      << error;
  sqlite3_close(db);
  phone_.Open();
  EXPECT_EQ(ProvenOf(one), Proven::kPromise);
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
}

// Honest and unlucky: whatever breaks, nobody is accused, and in the end
// everything is proven.
class ProofsRandomTest : public ::testing::TestWithParam<int> {};

TEST_P(ProofsRandomTest, AnHonestServerIsNeverAccused) {
  std::mt19937_64 random = SeededRandom(static_cast<std::uint64_t>(GetParam()));
  Folder folder;
  FakeServer server;
  Phone phone{folder / "phone.db", &server};
  phone.change = [&random](Options* options) {
    options->batch_events_max = 1 + random() % 5;
  };
  phone.OpenAndEnrol();
  FakeServer::Log backup = server.Backup();
  std::uint64_t kept = 0;
  for (int step = 0; step < 150; ++step) {
    server.now_ms += static_cast<std::int64_t>(random() % (kDayMs / 4));
    switch (random() % 12) {
      case 0:
        phone.Open();
        break;
      case 1:
        server.faults.unreachable = !server.faults.unreachable;
        break;
      case 2:
        server.faults.end_after_batches = server.faults.end_after_batches < 0
                                              ? static_cast<int>(random() % 3)
                                              : -1;
        server.faults.eat_last_answer = random() % 2 == 0;
        break;
      case 3:
        backup = server.Backup();
        break;
      case 4:
        if (random() % 4 == 0) server.RestoreUnderNextEpoch(backup);
        break;
      case 5:
        // Within its day, and then it answers.
        server.faults = {};
        server.faults.no_checkpoint = true;
        (void)phone.Sync();
        server.faults.no_checkpoint = false;
        (void)phone.Sync();
        break;
      case 6:
        server.faults.silent_proofs = true;
        (void)phone.Sync();
        server.faults.silent_proofs = false;
        break;
      default:
        phone.Record(1 + static_cast<int>(random() % 6));
        (void)phone.Sync();
    }
    const ReceiptCount count = *phone.client->CountReceipts();
    const std::vector<EvidenceItem> evidence = *phone.client->Evidence();
    ASSERT_EQ(evidence.size(), 0u)
        << "step " << step << ": " << EvidenceKindName(evidence[0].kind);
    kept = std::max(kept, count.proven);
  }
  server.faults = {};
  // What the last steps could not send, and then its proofs.
  ASSERT_THAT(phone.Sync(), IsOk());
  for (int i = 0; i < 60 && phone.client->CountReceipts()->promises > 0; ++i) {
    server.now_ms += kMinuteMs;
    ASSERT_THAT(phone.Sync(), IsOk());
  }
  EXPECT_EQ(phone.client->CountReceipts()->promises, 0u);
  EXPECT_THAT(*phone.client->Evidence(), IsEmpty());
  EXPECT_GT(kept, 10u);
  ExpectExactlyOnce(server, phone.ledger);
}

INSTANTIATE_TEST_SUITE_P(Rounds, ProofsRandomTest, ::testing::Range(0, 6));

}  // namespace
}  // namespace thon::client
