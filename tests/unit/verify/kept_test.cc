// Goal: receipts, proofs and evidence that somebody kept are judged by
// themselves and against a pack of the log; a promise that was broken is named.
//
// Method: the log's own key signs real receipts, proofs and, as a log that
// lies, two histories.

#include "tools/verify/kept.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/core/receipt_card.h"
#include "server/core/tlog_proof.h"
#include "tests/unit/verify/verify_fixture.h"
#include "tools/verify/cli.h"

namespace thon::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeptTest : public VerifyTest {
 protected:
  static std::vector<Hash> Leaves() {
    std::vector<Hash> leaves;
    for (const std::string& entry : Parts().entries) {
      leaves.push_back(merkle::HashLeaf(entry));
    }
    return leaves;
  }

  // The card of the second event of an entry of the first phone's.
  v1::ReceiptCard Card() {
    const MadeEntry& entry = *year_->log().entries()[index_];
    SignedGroup group;
    group.origin = "thon.test/1";
    group.first_entry = EntryIndex(index_ - 1);
    for (std::size_t i = index_ - 1; i <= index_ + 1; ++i) {
      group.leaves.push_back(
          merkle::HashLeaf(year_->log().entries()[i]->bytes));
    }
    group.signature =
        SignGroup(*log_key_, group.origin, group.first_entry, group.leaves);
    v1::ReceiptCard card;
    *card.mutable_receipt() = MakeReceipt(group, 1, entry.trailer);
    card.set_leaf_hash(std::string(group.leaves[1].view()));
    card.set_author(std::string(entry.author.view()));
    card.set_sequence(entry.batch.first_sequence() + 1);
    return card;
  }

  KeptOptions For(KeptKind kind, std::string text) {
    KeptOptions options;
    options.kind = kind;
    options.text = std::move(text);
    options.name = "kept";
    options.trust.log_key =
        LogVerifierKey("thon.test/1", log_key_->public_key());
    return options;
  }

  static bool Has(const KeptReport& report, absl::string_view name) {
    for (const auto& [kind, found] : report.findings.All()) {
      if (kind->name == name) return true;
    }
    return false;
  }

  std::string Proof(std::size_t index) {
    const std::vector<Hash> leaves = Leaves();
    TlogProof proof;
    proof.index = index;
    proof.path = merkle::PathOf(leaves, index);
    proof.checkpoint = CheckpointOf(Parts(), leaves.size());
    return FormatTlogProof(proof);
  }

  void SetUp() override {
    VerifyTest::SetUp();
    index_ = EntryOf("first", 400);
  }
  std::size_t index_ = 0;
};

TEST_F(KeptTest, AReceiptHoldsByItselfAndAgainstThePack) {
  KeptOptions options = For(KeptKind::kReceipt, FormatReceiptCard(Card()));
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  options.pack = Write(MakePack(Parts()));
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  options.trust.log_key.reset();
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  options.pack.clear();
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kIncomplete);
}

TEST_F(KeptTest, AReceiptThatIsAlteredIsNotTheLogs) {
  for (const auto& alter : std::vector<std::function<void(v1::ReceiptCard*)>>{
           [](v1::ReceiptCard* card) { (*card->mutable_leaf_hash())[3] ^= 1; },
           [](v1::ReceiptCard* card) {
             card->mutable_receipt()->set_entry_index(
                 card->receipt().entry_index() + 1);
           },
           [](v1::ReceiptCard* card) {
             (*card->mutable_receipt()->mutable_signature())[3] ^= 1;
           },
           [](v1::ReceiptCard* card) {
             card->mutable_receipt()->set_group_size(4);
           }}) {
    v1::ReceiptCard card = Card();
    alter(&card);
    const auto report =
        CheckKept(For(KeptKind::kReceipt, FormatReceiptCard(card)));
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(Has(*report, "RECEIPT_UNSIGNED"));
    EXPECT_EQ(report->verdict(), Verdict::kFailed);
  }
}

TEST_F(KeptTest, ACardThatShowsAnotherTimeOrEventThanItsEntryIsNamed) {
  for (const auto& alter : std::vector<std::function<void(v1::ReceiptCard*)>>{
           [](v1::ReceiptCard* card) {
             card->mutable_receipt()->set_receive_time_ms(1);
           },
           [](v1::ReceiptCard* card) {
             card->mutable_receipt()->set_first_position(1);
           },
           [](v1::ReceiptCard* card) { card->set_sequence(1); },
           [](v1::ReceiptCard* card) {
             card->set_author(std::string(16, 'x'));
           }}) {
    v1::ReceiptCard card = Card();
    alter(&card);
    KeptOptions options = For(KeptKind::kReceipt, FormatReceiptCard(card));
    options.leaf = year_->log().entries()[index_]->bytes;
    const auto report = CheckKept(options);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(Has(*report, "RECEIPT_DIFFERS"));
  }
}

TEST_F(KeptTest, APromiseThatTheLogBrokeIsNamedByItsReceipt) {
  PackParts parts = Parts();
  parts.entries.erase(parts.entries.begin() +
                      static_cast<std::ptrdiff_t>(index_));
  parts.rows = nullptr;
  KeptOptions options = For(KeptKind::kReceipt, FormatReceiptCard(Card()));
  options.pack = Write(MakePack(parts));
  const auto report = CheckKept(options);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(Has(*report, "RECEIPT_BROKEN"));
  parts.entries.resize(50);
  parts.older = {};
  options.pack = Write(MakePack(parts));
  EXPECT_TRUE(Has(*CheckKept(options), "RECEIPT_NOT_CHECKED"));
}

TEST_F(KeptTest, AProofHoldsWithItsEntryAndWithAPack) {
  KeptOptions options = For(KeptKind::kProof, Proof(index_));
  EXPECT_FALSE(CheckKept(options).ok());
  options.leaf = Parts().entries[index_];
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  options.pack = Write(MakePack(Parts()));
  options.leaf.reset();
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  options.leaf = Parts().entries[index_ + 1];
  EXPECT_TRUE(Has(*CheckKept(options), "PROOF_BROKEN"));
  // `receipt` takes such a file too.
  options.kind = KeptKind::kReceipt;
  options.leaf = Parts().entries[index_];
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
}

TEST_F(KeptTest, TwoHistoriesAreProvenByTheirTwoNotesAlone) {
  const std::string known = CheckpointOf(Parts(), 100);
  PackParts lie = Parts();
  lie.entries[5] = lie.entries[6];
  const std::string submitted = CheckpointOf(lie, 100);
  const std::string vkey = note::FormatVerifierKey(
      LogVerifierKey("thon.test/1", log_key_->public_key()));
  const auto file = [&](absl::string_view verdict, const std::string& a,
                        const std::string& b) {
    return absl::StrCat(
        "thon-evidence/1\nverdict ", verdict, "\norigin thon.test/1\nlog-key ",
        vkey, "\nwitness-key ", vkey,
        "\nwritten 2026-01-01T00:00:00Z\n# words\n\nknown ", a.size(), "\n", a,
        "submitted ", b.size(), "\n", b, "proof 0\n");
  };
  KeptOptions options =
      For(KeptKind::kEvidence, file("two-histories", known, submitted));
  auto report = CheckKept(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict(), Verdict::kHeld);
  EXPECT_THAT(std::string(report->conclusion.en), HasSubstr("PROVEN"));
  // The keys in the file are its writer's word, and prove nothing.
  const auto key = std::exchange(options.trust.log_key, std::nullopt);
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kIncomplete);
  EXPECT_THAT(std::string(CheckKept(options)->conclusion.en),
              Not(HasSubstr("PROVEN")));
  options.trust.log_key =
      LogVerifierKey("other.test/1", log_key_->public_key());
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kIncomplete);
  options.trust.log_key = key;
  const std::string path = folder_ + "/two.txt";
  std::ofstream(path) << options.text;
  std::ostringstream out, err;
  EXPECT_EQ(RunVerify({"evidence", path}, &out, &err), 3) << err.str();
  EXPECT_THAT(out.str(), HasSubstr("no key of thon.test/1 is known"));
  std::ofstream(folder_ + "/log.vkey") << vkey << "\n";
  out.str("");
  EXPECT_EQ(RunVerify({"evidence", path, "--log-key", folder_ + "/log.vkey"},
                      &out, &err),
            0)
      << err.str();
  EXPECT_THAT(out.str(), HasSubstr("THE EVIDENCE HOLDS"));
  EXPECT_THAT(out.str(), Not(HasSubstr("everything checked holds")));
  options.text = file("two-histories", known, known);
  EXPECT_TRUE(Has(*CheckKept(options), "EVIDENCE_UNFOUNDED"));
  options.text = file("not-shown-consistent", known, CheckpointOf(lie, 200));
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kIncomplete);
  std::string forged = submitted;
  forged[forged.size() - 10] ^= 1;
  options.text = file("two-histories", known, forged);
  EXPECT_NE(CheckKept(options)->verdict(), Verdict::kHeld);
  options.text = file("two-histories", known, submitted) + "x";
  EXPECT_FALSE(CheckKept(options).ok());
}

TEST_F(KeptTest, NoReportIsWrittenOverAFileThatIsThere) {
  const std::string card = folder_ + "/card.txt";
  std::ofstream(card) << FormatReceiptCard(Card());
  const std::string key = note::FormatVerifierKey(
      LogVerifierKey("thon.test/1", log_key_->public_key()));
  const auto run = [&](std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const int status = RunVerify(arguments, &out, &err);
    // Refused before any work: nothing was reported.
    EXPECT_TRUE(status != 2 || out.str().empty()) << out.str();
    return status;
  };
  EXPECT_EQ(run({"receipt", card, "--log-key", key, "--json", card}), 2);
  std::ifstream kept(card);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(kept)), {}),
            FormatReceiptCard(Card()));
  const std::string json = folder_ + "/new.json";
  EXPECT_EQ(run({"receipt", card, "--log-key", key, "--json", json}), 0);
  EXPECT_EQ(run({"receipt", card, "--log-key", key, "--json", json}), 2);
  const std::string pack = Write(MakePack(Parts()));
  const std::string one = folder_ + "/one";
  EXPECT_EQ(run({pack, "-q", "--html", one, "--markdown", one}), 2);
  EXPECT_EQ(run({pack, "-q", "--html", pack}), 2);
  EXPECT_EQ(run({pack, "-q", "--html", pack + "/r.html"}), 2);
  EXPECT_EQ(run({pack, "-q", "--html", "/nonexistent/a.html"}), 2);
  EXPECT_FALSE(std::ifstream(one).good());
}

TEST_F(KeptTest, WhatTheCommandLineCannotMeanIsRefusedBeforeAnyWork) {
  const std::string pack = Write(MakePack(Parts()));
  const auto run = [&](std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const int status = RunVerify(arguments, &out, &err);
    EXPECT_TRUE(status != 2 || out.str().empty()) << out.str();
    return status;
  };
  EXPECT_EQ(run({pack, "-q", "--expect-total", "3.500.000"}), 0);
  EXPECT_EQ(run({pack, "-q", "--expect-total", "3500000"}), 0);
  EXPECT_EQ(run({pack, "-q", "--expect-total", "3.500.001"}), 1);
  for (const char* const wrong :
       {"-1", "3.5", "3.500.00", "", ".500", "3,5", "99999999999999999999"}) {
    EXPECT_EQ(run({pack, "-q", absl::StrCat("--expect-total=", wrong)}), 2)
        << wrong;
  }
  const std::string text = folder_ + "/no-note";
  std::ofstream(text) << "hello\n";
  EXPECT_EQ(run({pack, "-q", "--older-checkpoint", text}), 2);
  EXPECT_EQ(run({""}), 2);
}

TEST_F(KeptTest, ABrokenPromiseOfAPhoneIsDecidedByAPack) {
  const std::string vkey = note::FormatVerifierKey(
      LogVerifierKey("thon.test/1", log_key_->public_key()));
  const auto file = [&](absl::string_view statement) {
    const Signature said = log_key_->Sign(kHelloContext, "hello");
    return absl::StrCat(
        "thon-promise/1\nkind not-covered\norigin thon.test/1\nlog-key ", vkey,
        "\nwritten 2026-01-01T00:00:00Z\n# words\n\nreceipt ",
        FormatReceiptCard(Card()), "\ndue 2026-01-01T00:00:00Z\nsaid ",
        absl::Base64Escape(statement), "\nsaid-signature ",
        absl::Base64Escape(said.view()), "\nknown 0\nshown 0\nproof 0\n");
  };
  KeptOptions options = For(KeptKind::kEvidence, file("hello"));
  auto report = CheckKept(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict(), Verdict::kIncomplete);
  options.pack = Write(MakePack(Parts()));
  EXPECT_EQ(CheckKept(options)->verdict(), Verdict::kHeld);
  PackParts without = Parts();
  without.entries.erase(without.entries.begin() +
                        static_cast<std::ptrdiff_t>(index_));
  without.rows = nullptr;
  options.pack = Write(MakePack(without));
  EXPECT_TRUE(Has(*CheckKept(options), "RECEIPT_BROKEN"));
  options.text = file("something else");
  EXPECT_TRUE(Has(*CheckKept(options), "EVIDENCE_UNFOUNDED"));
  options.text = "thon-promise/1\n";
  EXPECT_FALSE(CheckKept(options).ok());
}

}  // namespace
}  // namespace thon::verify
