// Goal: `thon audit` shows and writes only what was checked here, refuses a log
// whose history changed, and what it writes is what the log holds.
// Method: the program's own function against a real server with TLS; what it
// wrote is checked with the core's functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "server/core/tlog_proof.h"
#include "server/projections/row_keys.h"
#include "tests/unit/tools/audit_cli_fixture.h"
#include "tools/thon/audit_entry.h"
#include "tools/thon/cli.h"
#include "tools/thon/files.h"
#include "tools/thon/log_trust.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/session.h"
#include "tools/thon/words.h"

namespace thon::testing {
namespace {

namespace fs = std::filesystem;
using cli::Json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(AuditCliTest, TheLogIsShownAsItIsFilteredAndByMoments) {
  const std::vector<PlainEntry> plain = ReadPlainly();
  const Json all = RunJson({"audit", "log"});
  ASSERT_GE(all.size(), plain.size());
  EXPECT_EQ(all[5]["entry_index"], 5);
  const Json team = RunJson({"audit", "log", "--team", "2", "--events"});
  for (const Json& entry : team) {
    bool concerns = false;
    for (const Json& event : entry["events"]) {
      concerns = concerns || event["team_id"] == 2;
    }
    EXPECT_TRUE(concerns) << entry.dump();
  }
  EXPECT_GT(team.size(), 0u);
  const std::uint64_t position = plain[7].trailer.last_position().value;
  const Json part =
      RunJson({"audit", "log", "--from",
               absl::StrCat(plain[3].trailer.first_position.value), "--to",
               absl::StrCat(position)});
  ASSERT_EQ(part.size(), 5u) << "both ends are shown";
  EXPECT_EQ(part[0]["entry_index"], 3);
  EXPECT_EQ(part[4]["entry_index"], 7);
  // A day and the day after it lie side by side.
  const Json before = RunJson({"audit", "log", "--to", "2023-05-31"});
  const Json after = RunJson({"audit", "log", "--from", "2023-06-01"});
  ASSERT_GT(before.size(), 0u);
  ASSERT_GT(after.size(), 0u);
  EXPECT_EQ(after[0]["entry_index"].get<std::uint64_t>(),
            before.back()["entry_index"].get<std::uint64_t>() + 1);
  EXPECT_EQ(Run({"audit", "log", "--kind", "nonsense"}), cli::kExitRefused);
  EXPECT_EQ(Run({"audit", "log", "--from", "next week"}), cli::kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--from"));
}

TEST_F(AuditCliTest, ACheckpointIsCheckedKeptAndMustBeExtended) {
  const Json first =
      RunJson({"audit", "checkpoint", "-o", Path("first.checkpoint")});
  EXPECT_EQ(first["first_use"], true);
  EXPECT_THAT(VerifyCheckpointNote(Content("first.checkpoint"), LogKey().key),
              IsOk());
  EXPECT_THAT(err_.str(), HasSubstr(note::FormatVerifierKey(LogKey())));
  RecordSomething();
  Record(&phones_[0], 1);
  const Json second = RunJson({"audit", "checkpoint"});
  EXPECT_EQ(second["first_use"], false);
  EXPECT_EQ(second["extends_tree_size"], first["tree_size"]);
  EXPECT_GT(second["tree_size"], first["tree_size"]);
  const Json old =
      RunJson({"audit", "checkpoint", "--size", first["tree_size"].dump()});
  EXPECT_EQ(old["tree_size"], first["tree_size"]);
  EXPECT_EQ(Run({"audit", "checkpoint", "-o", Path("first.checkpoint")}),
            cli::kExitRefused)
      << "nothing is overwritten";
}

TEST_F(AuditCliTest, AHistoryThatDoesNotExtendTheKeptOneIsRefusedLoudly) {
  const Json head = RunJson({"audit", "checkpoint"});
  const std::string kept = KeptPath(".checkpoint");
  const auto key = SigningKey::FromSeed(std::string(32, 'l'));
  ASSERT_THAT(key, IsOk());
  const std::uint64_t size = head["tree_size"];
  const struct {
    const char* what;
    std::uint64_t size;
  } cases[] = {{"another tree of a smaller size", size - 2},
               {"another tree of the same size", size},
               {"a tree that was longer", size + 100'000}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    const std::string other = MakeCheckpointNote(*key, LogKey().name, one.size,
                                                 Sha256Of("another history"));
    std::ofstream(kept, std::ios::trunc) << other;
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"audit", "checkpoint"},
          {"audit", "proof", "3", "-o", Path("no.tlog-proof")},
          {"audit", "pack", "-o", Path("no.tar")},
          {"audit", "explain", "1", "2023-06"}}) {
      EXPECT_EQ(Run(command), cli::kExitRefused);
      EXPECT_THAT(err_.str(), HasSubstr("HISTORY WAS CHANGED"));
      EXPECT_THAT(err_.str(), HasSubstr(other)) << "both are printed";
      EXPECT_THAT(err_.str(), HasSubstr("bây giờ (now)"));
    }
    EXPECT_FALSE(fs::exists(Path("no.tlog-proof")));
    EXPECT_FALSE(fs::exists(Path("no.tar")));
    std::ifstream still(kept);
    std::stringstream content;
    content << still.rdbuf();
    EXPECT_EQ(content.str(), other) << "what was kept stays kept";
  }
}

// The server is in its third epoch; what was kept is of another.
class AuditEpochTest : public AuditCliTest {
 protected:
  void SetUp() override {
    AuditCliTest::SetUp();
    for (int i = 0; i < 2; ++i) {
      std::promise<absl::StatusOr<OpenedEpoch>> opened;
      province_.engine().OpenEpoch(
          /*force=*/true, [&](absl::StatusOr<OpenedEpoch> epoch) {
            opened.set_value(std::move(epoch));
          });
      ASSERT_THAT(opened.get_future().get().status(), IsOk());
    }
    ASSERT_THAT(LogKey().name, ::testing::EndsWith("/3"));
  }
  void Keep(int epoch, const std::string& key_seed, std::uint64_t size,
            const Hash& root) {
    const std::string& now = LogKey().name;
    const std::string origin =
        absl::StrCat(now.substr(0, now.rfind('/') + 1), epoch);
    const SigningKey key = *SigningKey::FromSeed(key_seed);
    fs::create_directories(Path("trust"));
    const std::string stem =
        Path("trust/" + Sha256Of(origin).Hex().substr(0, 32));
    kept_ = MakeCheckpointNote(key, origin, size, root);
    std::ofstream(stem + ".checkpoint") << kept_;
    std::ofstream(stem + ".vkey")
        << note::FormatVerifierKey(LogVerifierKey(origin, key.public_key()))
        << '\n';
  }
  Hash RootAt(std::uint64_t size) {
    merkle::Frontier tree;
    for (const PlainEntry& entry : ReadPlainly()) {
      if (tree.size() < size) tree.Append(merkle::HashLeaf(entry.leaf));
    }
    return tree.Root();
  }

  const std::string log_seed_ = std::string(32, 'l');
  std::string kept_;
};

TEST_F(AuditEpochTest, AnEpochThatHoldsAllThatWasSeenIsNoNewLog) {
  Keep(1, log_seed_, 20, RootAt(20));
  const Json now = RunJson({"audit", "checkpoint"});
  EXPECT_EQ(now["first_use"], false);
  EXPECT_THAT(err_.str(), HasSubstr("holds all 20 entries"));
  EXPECT_THAT(err_.str(), Not(HasSubstr("first use")));
  EXPECT_EQ(Run({"audit", "checkpoint"}), 0);
  EXPECT_THAT(err_.str(), Not(HasSubstr("holds all"))) << "said once";
}

TEST_F(AuditEpochTest, AnEpochThatLostWhatWasSeenIsRefusedUntilAccepted) {
  for (const std::uint64_t size : {20, 100'000}) {
    // Two epochs back: whoever looks seldom sees it too.
    Keep(1, log_seed_, size, Sha256Of("what was lost"));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Run({"audit", "checkpoint"}), cli::kExitRefused);
      EXPECT_THAT(err_.str(), HasSubstr("THE LOG LOST ENTRIES"));
      EXPECT_THAT(err_.str(), HasSubstr(absl::StrCat("all of the ", size)));
      EXPECT_THAT(err_.str(), HasSubstr(kept_)) << "both are printed";
      EXPECT_THAT(err_.str(), HasSubstr("bây giờ (now)"));
      EXPECT_THAT(err_.str(), HasSubstr("--accept-new-epoch"));
      EXPECT_THAT(err_.str(), Not(HasSubstr("first use")));
    }
  }
  EXPECT_EQ(Run({"audit", "checkpoint", "--accept-new-epoch"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("THE LOG LOST ENTRIES"));
  EXPECT_EQ(Run({"audit", "checkpoint"}), 0) << "from now on it is kept";
}

TEST_F(AuditEpochTest, AnotherKeyThanTheNearestKeptEpochsIsRefused) {
  Keep(1, std::string(32, 'x'), 20, RootAt(20));
  EXPECT_EQ(Run({"audit", "checkpoint"}), cli::kExitRefused);
  EXPECT_THAT(err_.str(), HasSubstr("under another key than that of"));
  EXPECT_EQ(
      Run({"audit", "checkpoint", "--key", note::FormatVerifierKey(LogKey())}),
      0);
}

TEST_F(AuditEpochTest, ALogThatGoesBackAnEpochIsRefused) {
  Keep(5, log_seed_, 20, RootAt(20));
  EXPECT_EQ(Run({"audit", "checkpoint", "--accept-new-epoch"}),
            cli::kExitRefused);
  EXPECT_THAT(err_.str(), HasSubstr("HISTORY WAS CHANGED"));
  EXPECT_THAT(err_.str(), HasSubstr(kept_));
}

TEST_F(AuditCliTest, AnotherKeyThanThePinnedOneIsRefused) {
  const note::VerifierKey other = LogVerifierKey(
      LogKey().name, SigningKey::FromSeed(std::string(32, 'x'))->public_key());
  EXPECT_EQ(
      Run({"audit", "checkpoint", "--key", note::FormatVerifierKey(other)}),
      cli::kExitRefused);
  EXPECT_THAT(err_.str(), HasSubstr("KHÓA KHÁC"));
  EXPECT_THAT(err_.str(), HasSubstr("SIGNED WITH ANOTHER KEY"));
  EXPECT_THAT(err_.str(), HasSubstr("LOG_KEY_CHANGED"));
  EXPECT_THAT(err_.str(), Not(HasSubstr("grants")));
  std::ofstream(Path("log.vkey")) << note::FormatVerifierKey(LogKey()) << '\n';
  EXPECT_EQ(Run({"audit", "checkpoint", "--key", Path("log.vkey")}), 0);
  EXPECT_THAT(err_.str(), Not(HasSubstr("first use")));
  EXPECT_EQ(
      Run({"audit", "checkpoint", "--key", note::FormatVerifierKey(other)}),
      cli::kExitRefused);
  EXPECT_EQ(Run({"audit", "checkpoint", "--key", "nonsense"}), cli::kExitUsage);
}

TEST_F(AuditCliTest, WhatIsNotThereIsNamedInsteadOfExplained) {
  const std::string last = absl::StrCat(LastPosition().value);
  const struct {
    std::vector<std::string> command;
    int code;
    const char* says;
  } cases[] = {
      {{"explain", "999", "2023-06"}, cli::kExitRefused, "no such team"},
      {{"explain", "1", "2023-06", "--policy", "NOPE"},
       cli::kExitRefused,
       "no such policy"},
      {{"explain", "1", "2023-06", "--as-of", "2000-01-01"},
       cli::kExitRefused,
       "the log begins after that moment"},
      {{"explain", "-1", "2023-06"}, cli::kExitUsage, ""},
      {{"explain", "--", "-1", "2023-06"}, cli::kExitUsage, ""},
      {{"diff", "--as-of", "5", "--as-of", last, "--policy", "NOPE"},
       cli::kExitRefused,
       "no such policy"},
      {{"diff", "--as-of", "5", "--as-of", last, "--team", "999999"},
       cli::kExitRefused,
       "no such team"},
      {{"diff", "--as-of", "5", "--as-of", last, "--team", "-1"},
       cli::kExitUsage,
       ""},
      {{"log", "--team", "999999"}, cli::kExitRefused, "no such team"},
      {{"log", "--from", last, "--to", "2"},
       cli::kExitUsage,
       "--to lies before --from"},
  };
  for (const auto& one : cases) {
    std::vector<std::string> command = one.command;
    command.insert(command.begin(), "audit");
    EXPECT_EQ(Run(command), one.code) << ::testing::PrintToString(command);
    EXPECT_THAT(err_.str(), HasSubstr(one.says));
  }
}

TEST_F(AuditCliTest, APackThatCannotBeWrittenIsRefusedBeforeAnyWork) {
  for (const char* const name : {"", "-"}) {
    EXPECT_EQ(Run({"audit", "pack", "-o", name}), cli::kExitUsage) << name;
  }
  EXPECT_EQ(Run({"audit", "pack", "-o", Path("x.zip")}), cli::kExitUsage);
  EXPECT_EQ(Run({"audit", "pack", "-o", Path("none/x.tar")}),
            cli::kExitRefused);
  EXPECT_FALSE(fs::exists(Path("none")));
  EXPECT_EQ(Run({"audit", "pack", "-o", directory_}), cli::kExitRefused);
  EXPECT_FALSE(fs::exists(Path("trust"))) << "the log was not asked";
  EXPECT_EQ(
      Run({"audit", "pack", "--to", "2000-01-01", "-o", Path("early.tar")}),
      cli::kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("nothing lies between"));
  EXPECT_EQ(Run({"audit", "pack", "--to", "20", "-o", Path("part.tar")}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("thon-verify FIRST SECOND"));
  EXPECT_EQ(Run({"audit", "pack", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("thon-verify FIRST SECOND"));
}

TEST_F(AuditCliTest, AProofIsWrittenWithTheEntryItIsAbout) {
  const std::vector<PlainEntry> plain = ReadPlainly();
  const PlainEntry& entry = plain[9];
  const std::uint64_t position = entry.trailer.last_position().value;
  ASSERT_EQ(Run({"audit", "proof", absl::StrCat(position), "-o",
                 Path("9.tlog-proof"), "--leaf", Path("9.entry")}),
            0)
      << err_.str();
  EXPECT_EQ(Content("9.entry"), entry.leaf);
  ASSERT_OK_AND_ASSIGN(const TlogProof proof,
                       ParseTlogProof(Content("9.tlog-proof")));
  EXPECT_EQ(proof.index, 9u);
  EXPECT_THAT(VerifyTlogProof(proof, merkle::HashLeaf(entry.leaf), LogKey()),
              IsOk());
  EXPECT_EQ(Run({"audit", "proof", "1000000", "-o", Path("x.tlog-proof")}),
            cli::kExitRefused);
  EXPECT_FALSE(fs::exists(Path("x.tlog-proof")));
}

TEST_F(AuditCliTest, APackOfTheServerHoldsItsLogAndRows) {
  const Json made = RunJson({"audit", "pack", "-o", Path("whole")});
  const auto manifest = Json::parse(Content("whole/manifest.json"));
  ASSERT_OK_AND_ASSIGN(
      const CheckpointBody body,
      VerifyCheckpointNote(Content("whole/checkpoint"), LogKey().key));
  EXPECT_EQ(body.tree_size, made["tree_size"].get<std::uint64_t>());
  EXPECT_EQ(manifest["end_entry"], body.tree_size);
  EXPECT_GE(manifest["state_roots"].size(), 7u);
  EXPECT_GT(made["rows"], 0);
  const std::vector<PlainEntry> plain = ReadPlainly();
  std::string bundle;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(body.tree_size, 256);
       ++i) {
    AppendToBundle(plain[i].leaf, &bundle);
  }
  TileId id;
  id.entries = true;
  id.width = TileWidthAt(0, 0, body.tree_size);
  EXPECT_EQ(Content("whole/" + TilePath(id)), bundle);

  const std::uint64_t end = plain[20].trailer.last_position().value;
  const Json part = RunJson(
      {"audit", "pack", "--to", absl::StrCat(end), "-o", Path("part.tar")});
  EXPECT_EQ(part["end_entry"], 21);
  EXPECT_EQ(part["position"], end);
  EXPECT_GT(part["rows"], 0);
  const Json rest = RunJson({"audit", "pack", "--from", absl::StrCat(end + 1),
                             "-o", Path("rest.tar")});
  EXPECT_EQ(rest["first_entry"], 21);
  EXPECT_EQ(rest["rows"], 0);
  EXPECT_EQ(Run({"audit", "pack", "-o", Path("x.tar.gz")}), cli::kExitUsage);
  EXPECT_EQ(Run({"audit", "pack", "-o", Path("part.tar")}), cli::kExitRefused);
}

TEST_F(AuditCliTest, AnAmountIsExplainedDownToSignedBatches) {
  const Json explained = RunJson({"audit", "explain", "1", "2023-06"});
  EXPECT_EQ(explained["determination"]["beneficiary_id"], 1);
  ASSERT_GT(explained["evidence"].size(), 0u);
  const std::vector<PlainEntry> plain = ReadPlainly();
  int by_phone = 0;
  int founded = 0;
  for (const Json& one : explained["evidence"]) {
    for (const std::string why : one["why"]) {
      EXPECT_EQ(why.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                std::string::npos)
          << why << " is no stable word";
      founded += why == "founding" ? 1 : 0;
    }
    const PlainEntry& entry = plain[one["entry_index"].get<std::size_t>()];
    const std::uint64_t position = one["position"];
    EXPECT_GE(position, entry.trailer.first_position.value);
    EXPECT_LE(position, entry.trailer.last_position().value);
    EXPECT_EQ(one["batch_hash"],
              BatchHash(ParseEntry(entry.leaf)->batch).Hex());
    const bool phone = entry.batch.author() == phones_[0].author().view();
    EXPECT_EQ(one["signed_by_server_only"], !phone);
    by_phone += phone ? 1 : 0;
  }
  EXPECT_EQ(explained["signed_by_authors"], by_phone);
  EXPECT_EQ(founded, 1);
  ASSERT_EQ(Run({"audit", "explain", "1", "6/2023"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("only the server signed"));
}

TEST_F(AuditCliTest, EveryEntryIsCheckedByItsAuthorsKeyAndItsProof) {
  cli::Session session(&out_, &err_);
  session.connection.server = absl::StrCat("127.0.0.1:", server_->port());
  session.connection.ca_file = Path("ca.crt");
  session.connection.token_file = Path("token");
  cli::TrustOptions trust;
  trust.directory = Path("trust");
  ASSERT_OK_AND_ASSIGN(
      cli::TrustedCheckpoint trusted,
      cli::FetchTrusted(&session, trust, v1::GetCheckpointRequest()));
  cli::AuditClient* const audit = (*session.client())->audit();
  cli::EntryChecker checker(audit, &trusted);
  std::set<std::string> phones;
  for (const TestPhone& phone : phones_) {
    phones.insert(std::string(phone.author().view()));
  }
  for (const PlainEntry& entry : ReadPlainly()) {
    if (entry.index >= trusted.body.tree_size) break;
    ASSERT_OK_AND_ASSIGN(const cli::CheckedEntry* checked,
                         checker.At(entry.trailer.last_position().value));
    EXPECT_EQ(checked->leaf, entry.leaf);
    EXPECT_EQ(checked->by_server, phones.count(entry.batch.author()) == 0);
  }
  // Under another root nothing holds.
  trusted.body.root.bytes[0] ^= 1;
  cli::EntryChecker other(audit, &trusted);
  EXPECT_TRUE(absl::IsDataLoss(other.At(1).status()));
}

TEST_F(AuditCliTest, ADifferenceAddsUpToTheAmountsOfBothMoments) {
  const std::uint64_t first = ReadPlainly()[4].trailer.last_position().value;
  const std::uint64_t second = LastPosition().value;
  const Json diff = RunJson({"audit", "diff", "--as-of", absl::StrCat(first),
                             "--as-of", absl::StrCat(second)});
  EXPECT_GT(diff["changes"].size(), 0u);
  const auto total = [this](std::uint64_t position) {
    std::int64_t sum = 0;
    ScanRows<v1::Determination>(
        *province_.engine().RowsAt(Position(position)), Table::kDetermination,
        "", [&sum](absl::string_view, const v1::Determination& row, Position) {
          sum += row.amount_vnd();
          return true;
        });
    return sum;
  };
  EXPECT_EQ(diff["difference_vnd"].get<std::int64_t>(),
            total(second) - total(first));
  ASSERT_EQ(Run({"audit", "diff", "--as-of", absl::StrCat(first), "--as-of",
                 absl::StrCat(second)}),
            0);
  EXPECT_THAT(out_.str(), HasSubstr("Chênh lệch"));
  bool state_in_words = false;
  for (int i = 1; i <= 8; ++i) {
    const auto state = static_cast<v1::DeterminationState>(i);
    state_in_words = state_in_words ||
                     out_.str().find(absl::StrCat(cli::StateWord(state),
                                                  " (")) != std::string::npos;
  }
  EXPECT_TRUE(state_in_words) << out_.str();
  EXPECT_EQ(Run({"audit", "diff", "--as-of", absl::StrCat(first)}),
            cli::kExitUsage);
  EXPECT_EQ(Run({"audit", "diff", "--as-of", absl::StrCat(second), "--as-of",
                 absl::StrCat(first)}),
            cli::kExitUsage);

  const Json state = RunJson({"audit", "state-at", absl::StrCat(second)});
  EXPECT_EQ(state["position"], second);
  EXPECT_EQ(state["total_vnd"].get<std::int64_t>(), total(second));
  EXPECT_GE(state["state_roots"].size(), 7u);
}

TEST_F(AuditCliTest, ChainsRootsAndAccessesAreListed) {
  const Json chain = RunJson({"audit", "author", phones_[0].author().Hex()});
  EXPECT_EQ(chain["chain_holds"], true);
  EXPECT_GT(chain["batches"].size(), 0u);
  EXPECT_EQ(Run({"audit", "author", std::string(32, 'f')}), cli::kExitRefused);
  EXPECT_TRUE(RunJson({"audit", "roots"})["state_roots"].empty());
  Json accesses;
  do {  // It is recorded without the reader's waiting.
    accesses = RunJson({"audit", "access"})["accesses"];
  } while (accesses.empty());
  EXPECT_EQ(accesses[0]["kind"], "AUTHOR");
  EXPECT_EQ(accesses[0]["filter"], "author=" + phones_[0].author().Hex());
  for (const char* command :
       {"log", "checkpoint", "proof", "pack", "explain", "diff", "state-at",
        "roots", "author", "access"}) {
    EXPECT_EQ(Run({"audit", command, "--help"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("thon audit"));
  }
}

}  // namespace
}  // namespace thon::testing
