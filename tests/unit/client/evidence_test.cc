// Goal: a server that breaks its word is caught, with evidence that outlives
// everything else, and costs the phone no work.
// Method: liars are planted one at a time into a fake server that proves out of
// its own tree; what the phone exports is judged by the core alone, as a third
// person would.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/core/receipt_card.h"
#include "tests/unit/client/proofs_fixture.h"

namespace thon::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using EvidenceTest = ProofsTest;

// The values of the lines that begin with `name`, and notes by their length.
std::string Field(const std::string& file, const std::string& name) {
  for (const absl::string_view line : absl::StrSplit(file, '\n')) {
    if (absl::StartsWith(line, name + " ")) {
      return std::string(line.substr(name.size() + 1));
    }
  }
  return "";
}
std::string NoteOf(const std::string& file, const std::string& name) {
  const std::size_t at = file.find("\n" + name + " ");
  if (at == std::string::npos) return "none";
  const std::size_t begin = file.find('\n', at + 1) + 1;
  return file.substr(begin, std::stoul(Field(file, name)));
}

TEST_F(EvidenceTest,
       AServerWithoutACheckpointHasADayAndThenItsPromiseIsBroken) {
  server_.faults.no_checkpoint = true;
  const Recorded one = Send();
  Later();
  for (int i = 0; i < 11; ++i) Later(2 * kDayMs / 24);
  EXPECT_THAT(Evidence(), IsEmpty()) << "not within a day";
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
  EXPECT_EQ(Count().overdue, 1u);
  Later(kDayMs);
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kRefused));
  server_.faults.no_checkpoint = false;
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  EXPECT_NE(Evidence()[0].resolved_ms, 0);
  EXPECT_EQ(Count().evidence, 0u);
  EXPECT_EQ(phone_.client->State().condition, Condition::kGood);
}

TEST_F(EvidenceTest, ARefusalForADayCountsAgainstAServerThatAnsweredBefore) {
  Send();
  Later();
  Send();
  server_.faults.no_proofs = true;
  Later(kDayMs * 3);
  Later();
  EXPECT_THAT(Evidence(), IsEmpty());
  Later(kDayMs * 2);
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kRefused));
  EXPECT_EQ(phone_.client->State().condition, Condition::kEvidence);
  const Recorded more = Send(5);
  EXPECT_EQ(phone_.StateOf(more), EventAnswer::State::kRecorded);
}

TEST_F(EvidenceTest, ASilenceIsTakenForTheNetworksForAWeek) {
  Send();
  Later();
  Send();
  server_.faults.silent_proofs = true;
  for (int i = 0; i < 20; ++i) Later(kDayMs / 3);
  EXPECT_THAT(Evidence(), IsEmpty());
  EXPECT_EQ(Count().overdue, 1u);
  for (int i = 0; i < 4; ++i) Later(kDayMs / 3);
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kRefused));
}

TEST_F(EvidenceTest, ALateCheckpointIsABrokenPromiseThatIsKeptLater) {
  const Recorded one = Send();
  server_.faults.checkpoint_size_max = server_.entries() - 1;
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kNotCovered));
  const EvidenceItem item = Evidence()[0];
  EXPECT_EQ(item.first_event, one.name);
  EXPECT_EQ(item.resolved_ms, 0);
  EXPECT_EQ(phone_.client->State().condition, Condition::kEvidence);

  // What a third person sees: the promise and the time, both signed.
  const std::string file = Export(0);
  EXPECT_EQ(file.substr(0, 15), "thon-promise/1\n");
  EXPECT_EQ(Field(file, "kind"), "not-covered");
  EXPECT_EQ(Field(file, "log-key"), note::FormatVerifierKey(LogKey()));
  ASSERT_OK_AND_ASSIGN(const v1::ReceiptCard card,
                       ParseReceiptCard(Field(file, "receipt")));
  EXPECT_THAT(VerifyReceiptCard(card, server_.log_key()), IsOk());
  EXPECT_EQ(card.leaf_hash(), merkle::HashLeaf(server_.leaf(2)).view());
  std::string said, signature_bytes;
  ASSERT_TRUE(absl::Base64Unescape(Field(file, "said"), &said));
  ASSERT_TRUE(
      absl::Base64Unescape(Field(file, "said-signature"), &signature_bytes));
  Signature signature;
  ASSERT_TRUE(Signature::FromBytes(signature_bytes, &signature));
  EXPECT_TRUE(Verify(server_.log_key(), kHelloContext, said, signature));
  ASSERT_OK_AND_ASSIGN(
      const CheckpointBody shown,
      VerifyCheckpointNote(NoteOf(file, "shown"), server_.log_key()));
  EXPECT_LE(shown.tree_size, card.receipt().entry_index());
  EXPECT_THAT(file, HasSubstr("# Máy chủ đã hứa"));

  server_.faults.checkpoint_size_max = UINT64_MAX;
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  EXPECT_NE(Evidence()[0].resolved_ms, 0);
  EXPECT_THAT(Evidence()[0].text_en, HasSubstr("kept later"));
}

TEST_F(EvidenceTest, AWithheldProofIsEvidence) {
  Send();
  server_.faults.drop_proofs = true;
  Later();
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kNoProof));
  for (int i = 0; i < 5; ++i) Later();
  EXPECT_EQ(Evidence().size(), 1u) << "one of a receipt";
}

TEST_F(EvidenceTest, AProofThatLeadsElsewhereIsEvidenceAndProvesNothing) {
  const Recorded one = Send();
  server_.faults.bend_paths = true;
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kWrongProof));
  EXPECT_EQ(ProvenOf(one), Proven::kPromise);
  EXPECT_THAT(Evidence()[0].proof, ::testing::SizeIs(::testing::Gt(0u)));
  server_.faults.bend_paths = false;
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
}

TEST_F(EvidenceTest, AnEntryThatWasReplacedIsFoundByItsOwner) {
  const Recorded mine = Send();
  const std::size_t index = server_.entries() - 1;
  const Recorded other = Send();
  server_.faults.replaced_entry = index;
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kWrongProof));
  EXPECT_EQ(Evidence()[0].first_event, mine.name);
  EXPECT_EQ(Evidence()[0].receipt.entry_index(), index);
  EXPECT_EQ(ProvenOf(other), Proven::kProven) << "the others are not delayed";
}

TEST_F(EvidenceTest, AnEntryThatWasDroppedIsFoundByItsOwner) {
  Send();
  server_.faults.dropped_entry = server_.entries() - 1;
  Send();
  Later();
  // What came behind it has its place.
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kWrongProof,
                                   EvidenceKind::kNotCovered));
}

TEST_F(EvidenceTest, ACheckpointOfAnotherKeyIsNone) {
  const Recorded one = Send();
  server_.faults.forge_checkpoint = true;
  Later();
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kNoCheckpoint));
  EXPECT_EQ(ProvenOf(one), Proven::kPromise);
  EXPECT_THAT(NoteOf(Export(0), "shown"), HasSubstr(server_.origin()));
}

TEST_F(EvidenceTest, TwoRootsOfOneSizeAreProofOfTwoHistories) {
  Send();
  Later();
  Send();
  Later();
  // Shown the same size with another history: the entry before is another.
  server_.faults.checkpoint_size_max = server_.entries();
  server_.faults.replaced_entry = 0;
  Send();
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kTwoHistories));
  const std::string file = Export(0);
  EXPECT_EQ(Field(file, "verdict"), "two-histories");
  EXPECT_EQ(file.substr(0, 16), "thon-evidence/1\n");
  ASSERT_OK_AND_ASSIGN(const note::VerifierKey key,
                       note::ParseVerifierKey(Field(file, "log-key")));
  EXPECT_EQ(key, LogKey());
  ASSERT_OK_AND_ASSIGN(const note::SignedNote known,
                       note::Parse(NoteOf(file, "known")));
  ASSERT_OK_AND_ASSIGN(const note::SignedNote submitted,
                       note::Parse(NoteOf(file, "submitted")));
  ASSERT_OK_AND_ASSIGN(const CheckpointBody first,
                       VerifyCheckpointNote(known, key));
  ASSERT_OK_AND_ASSIGN(const CheckpointBody second,
                       VerifyCheckpointNote(submitted, key));
  EXPECT_EQ(first.tree_size, second.tree_size);
  EXPECT_NE(first.root, second.root);
  // The one held stays: the phone goes on by it.
  phone_.Open();
  EXPECT_EQ(Evidence().size(), 1u);
  server_.faults = {};
  Later();
  EXPECT_EQ(Count().promises, 0u);
  EXPECT_EQ(Count().evidence, 1u) << "that cannot be mended";
}

TEST_F(EvidenceTest, AForkThatGrowsDoesNotExtendWhatIsHeld) {
  Send();
  Later();
  server_.faults.replaced_entry = 0;
  Send();
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kNotExtended));
  const std::string file = Export(0);
  EXPECT_EQ(Field(file, "verdict"), "not-shown-consistent");
  EXPECT_THAT(
      VerifyCheckpointNote(NoteOf(file, "submitted"), server_.log_key()),
      IsOk());
  Send();
  Later();
  EXPECT_EQ(Evidence().size(), 1u) << "one of a checkpoint held";
}

TEST_F(EvidenceTest, ALogThatShrinksIsEvidenceUntilItIsAsLongAgain) {
  Send();
  Later();
  Send();
  server_.faults.checkpoint_size_max = 2;
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kShrunk));
  EXPECT_EQ(Field(Export(0), "kind"), "shrunk");
  server_.faults = {};
  Later();
  EXPECT_EQ(Count().evidence, 0u);
  EXPECT_EQ(Count().promises, 0u);
}

TEST_F(EvidenceTest, ARootOfNoTreeProvesNothingAndStandsInNobodysWay) {
  const Recorded one = Send();
  server_.faults.invent_root = true;
  Later();
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kWrongProof));
  ASSERT_OK_AND_ASSIGN(
      const CheckpointBody shown,
      VerifyCheckpointNote(NoteOf(Export(0), "shown"), server_.log_key()));
  EXPECT_EQ(shown.root, Sha256Of("no tree of any leaves"));
  server_.faults.invent_root = false;
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
  EXPECT_EQ(Evidence().size(), 1u);
}

TEST_F(EvidenceTest, ARestoreStillExtendsWhatWasHeldBeforeTheLoss) {
  Send();
  Later();
  const FakeServer::Log backup = server_.Backup();
  server_.RestoreUnderNextEpoch(backup);
  // The new epoch tells another beginning.
  server_.faults.replaced_entry = 0;
  Send();
  Later();
  ASSERT_THAT(Kinds(), ElementsAre(EvidenceKind::kNotExtended));
  // Two origins: not what two notes of one log would show.
  EXPECT_EQ(Export(0).substr(0, 15), "thon-promise/1\n");
  EXPECT_THAT(Export(0), HasSubstr("log-key thon.test/1+"));
  EXPECT_THAT(Export(0), HasSubstr("log-key thon.test/2+"));
}

TEST_F(EvidenceTest, AnswersThatNobodyAskedForAndTooLongOnesAreHarmless) {
  const Recorded one = Send();
  server_.now_ms += kMinuteMs;
  // A proof with a hash that is none, and more hashes than a proof has.
  v1::Proofs proofs;
  proofs.mutable_checkpoint()->set_note(std::string(100'000, 'x'));
  v1::EntryProof* const proof = proofs.add_proofs();
  for (int i = 0; i < 1000; ++i) proof->add_path(std::string(31, 'x'));
  server_.answer_proofs = [&](const v1::ProofsRequest&) { return proofs; };
  ASSERT_THAT(phone_.Sync(), IsOk());
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kNoCheckpoint));
  EXPECT_LE(Evidence()[0].shown.size(), limits::kNoteBytesMax);
  server_.answer_proofs = nullptr;
  Later();
  EXPECT_EQ(ProvenOf(one), Proven::kProven);
}

TEST_F(EvidenceTest, ByAgeAPromiseGoesOnlyWithItsProof) {
  const Recorded proven = Send();
  Later();
  const Recorded promised = Send();
  Send();
  server_.faults.drop_proofs = true;
  Later(100 * kDayMs);
  EXPECT_EQ(phone_.StateOf(proven), EventAnswer::State::kDropped);
  EXPECT_EQ(phone_.StateOf(promised), EventAnswer::State::kRecorded);
  EXPECT_EQ(Evidence().size(), 2u);
  server_.faults.drop_proofs = false;
  Later();
  Later();
  EXPECT_EQ(phone_.StateOf(promised), EventAnswer::State::kDropped);
  EXPECT_EQ(Evidence().size(), 2u) << "evidence outlives its receipt";
  EXPECT_THAT(Export(0), HasSubstr("receipt THON1:"));
}

TEST_F(EvidenceTest, EvidenceIsBoundedAndWorkGoesOn) {
  SendBatches(300);
  server_.faults.drop_proofs = true;
  for (int i = 0; i < 20; ++i) Later();
  EXPECT_EQ(Evidence().size(), 64u);
  EXPECT_EQ(Count().overdue, 300u);
  const Recorded more = Send();
  EXPECT_EQ(phone_.StateOf(more), EventAnswer::State::kRecorded);
}

TEST_F(EvidenceTest, WhatAServerMakesInPlentyTakesNoRoomFromTwoHistories) {
  Send();
  Later();
  const std::uint64_t held = server_.entries();
  SendBatches(300);
  // One kind after the other, on every receipt.
  server_.faults.drop_proofs = true;
  for (int i = 0; i < 20; ++i) Later();
  server_.faults.drop_proofs = false;
  server_.faults.bend_paths = true;
  for (int i = 0; i < 20; ++i) Later();
  server_.faults.forge_checkpoint = true;
  for (int i = 0; i < 20; ++i) Later();
  server_.faults = {};
  const std::size_t before = Evidence().size();
  EXPECT_EQ(before, 3 * 64u);
  // Then it shows the size that is held with another root.
  server_.answer_proofs = [&](const v1::ProofsRequest& request) {
    v1::Proofs proofs;
    proofs.mutable_checkpoint()->set_note(MakeCheckpointNote(
        server_.log_signing_key(), server_.origin(), request.known_tree_size(),
        Sha256Of("another history")));
    EXPECT_GE(request.known_tree_size(), held);
    return proofs;
  };
  Later();
  ASSERT_EQ(Evidence().size(), before + 1);
  EXPECT_EQ(Kinds().back(), EvidenceKind::kTwoHistories);
}

TEST_F(EvidenceTest, WhatIsResolvedMakesRoomForWhatIsNot) {
  SendBatches(64);
  server_.faults.drop_proofs = true;
  for (int i = 0; i < 20; ++i) Later();
  ASSERT_EQ(Evidence().size(), 64u);
  server_.faults.drop_proofs = false;
  for (int i = 0; i < 20 && Count().promises > 0; ++i) Later();
  ASSERT_EQ(Count().promises, 0u);
  ASSERT_EQ(Count().evidence, 0u);
  const std::uint64_t oldest = Evidence().front().id;
  const Recorded fresh = Send();
  server_.faults.drop_proofs = true;
  Later();
  ASSERT_EQ(Evidence().size(), 64u);
  EXPECT_EQ(Count().evidence, 1u);
  EXPECT_EQ(Evidence().back().first_event, fresh.name);
  EXPECT_GT(Evidence().front().id, oldest);
  // Held already, it takes nobody's place.
  const std::uint64_t second = Evidence().front().id;
  Later();
  EXPECT_EQ(Evidence().front().id, second);
}

TEST_F(EvidenceTest, ToSpeakOfALaterEpochForEverIsARefusal) {
  Send();
  Later();
  Send();
  server_.answer_proofs = [](const v1::ProofsRequest&) {
    v1::Proofs proofs;
    proofs.mutable_checkpoint()->set_note(
        MakeCheckpointNote(SigningKey::Generate(), "thon.test/9", 100,
                           Sha256Of("an epoch that never comes")));
    return proofs;
  };
  Later();
  EXPECT_THAT(Evidence(), IsEmpty());
  for (int i = 0; i < 3; ++i) Later(kDayMs);
  EXPECT_THAT(Kinds(), ElementsAre(EvidenceKind::kRefused));
}

TEST_F(EvidenceTest, AnEarlierEpochAndAnotherLogAreNoExcuse) {
  server_.RestoreUnderNextEpoch(server_.Backup());
  for (const char* origin : {"thon.test/1", "other.test/3", "thon.test"}) {
    Send();
    server_.answer_proofs = [&](const v1::ProofsRequest&) {
      v1::Proofs proofs;
      proofs.mutable_checkpoint()->set_note(
          MakeCheckpointNote(server_.log_signing_key(), origin,
                             server_.entries(), Sha256Of("root")));
      return proofs;
    };
    const std::size_t before = Evidence().size();
    Later();
    EXPECT_GT(Evidence().size(), before) << origin;
    EXPECT_EQ(Kinds().back(), EvidenceKind::kNoCheckpoint) << origin;
  }
}

}  // namespace
}  // namespace thon::client
