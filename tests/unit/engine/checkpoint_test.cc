// Checkpoints of a running engine: signed over what is on disk, never two roots
// for one size, kept across restarts, kills and epochs, and cosigned by
// witnesses.
//
// Method: whole engines in directories of their own; the database is opened
// behind their backs, or its files are, to plant damage while they are closed.

#include "server/core/checkpoint.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/trust_policy.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/engine/engine_stats.h"
#include "tests/support/log_surgeon.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

class CheckpointTest : public EngineTest {
 protected:
  CheckpointTest() { options_.checkpoint_ms = limits::kCheckpointMsMax; }

  absl::StatusOr<v1::Checkpoint> Sign() {
    return Await<v1::Checkpoint>([this](Done<v1::Checkpoint> done) {
      engine_->checkpoints().Sign(std::move(done));
    });
  }
  absl::Status Cosign(std::uint64_t tree_size,
                      std::vector<note::SignatureLine> lines) {
    Arrived<absl::Status> done;
    engine_->checkpoints().AddCosignatures(tree_size, std::move(lines),
                                           done.callback());
    return done.Get();
  }
  void Grow(int events = 1) { Answer(phone_, phone_.Next(events)); }
  void OpenAndGrow(int entries) {
    Open();
    EnrolKey(phone_);
    std::vector<Arrived<Answered>> answers;
    for (int i = 0; i < entries; ++i) {
      answers.push_back(Offer(phone_, phone_.Next(1)));
    }
    for (Arrived<Answered>& answer : answers) {
      ASSERT_THAT(answer.Get().status, IsOk());
    }
  }
  // What a checkpoint must be, whoever asks.
  void ExpectGood(const v1::Checkpoint& checkpoint,
                  const std::string& origin = "thon.example/test/1") {
    const absl::StatusOr<CheckpointBody> body =
        VerifyCheckpointNote(checkpoint.note(), log_key());
    ASSERT_TRUE(body.ok()) << body.status();
    EXPECT_EQ(body->origin, origin);
    EXPECT_EQ(checkpoint.origin(), origin);
    EXPECT_EQ(body->tree_size, checkpoint.tree_size());
    EXPECT_EQ(body->root.view(), checkpoint.root_hash());
    const absl::StatusOr<Hash> root = merkle::RootAt(
        checkpoint.tree_size(),
        [this](merkle::NodeId node) { return engine_->log().Node(node); });
    EXPECT_EQ(checkpoint.root_hash(), root->view());
    const absl::StatusOr<std::string> last =
        engine_->log().ReadEntry(EntryIndex(checkpoint.tree_size() - 1));
    ASSERT_TRUE(last.ok());
    EXPECT_EQ(checkpoint.next_position(),
              ParseEntry(*last)->trailer.end_position().value);
    EXPECT_EQ(checkpoint.verifier_key(),
              note::FormatVerifierKey(LogVerifierKey(origin, log_key())));
    EXPECT_EQ(checkpoint.signed_time_ms(), clock_.Now().ms);
  }
  // The background check has looked at all that was signed, or found why not.
  void AwaitScrub(std::uint64_t entries) {
    while (engine_->checkpoints().health().ok() &&
           engine_->checkpoints().entries_checked() < entries) {
      std::this_thread::yield();
    }
  }
  void AwaitDamage() {
    while (engine_->checkpoints().health().ok()) {
      std::this_thread::yield();
    }
  }
  testing::LogSurgeon Surgeon() const {
    return testing::LogSurgeon(directory_.path() + "/log");
  }
  // A local fact with its seal, as storage/FORMAT.md says.
  void PutLocal(const std::string& key, const std::string& value) {
    Surgeon().Put(
        "local", key,
        absl::StrCat(value,
                     Sha256Of(absl::StrCat(key, value)).view().substr(0, 4)));
  }
  std::string KeyOfTree(std::uint64_t tree_size) {
    return absl::StrCat("checkpoint/thon.example/test/1/",
                        absl::Hex(tree_size, absl::kZeroPad16));
  }
  // Changes an entry with the database's own checksums made to agree.
  std::string AlterEntry(const std::string& key) {
    std::string bytes = Surgeon().Get("entries", key);
    bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x10);
    Surgeon().Put("entries", key, bytes);
    return bytes;
  }

  // The last 64 entries are hashed at every opening; older ones are not. The
  // stored nodes are each over 256 leaves.
  static constexpr int kManyEntries = 330;
  const std::string fourth_ = std::string("\0\0\0\0\0\0\0\x03", 8);

  Phone phone_{7};
};

TEST_F(CheckpointTest, ASignedOneCoversAllThatIsDurable) {
  OpenAndGrow(9);
  EXPECT_THAT(engine_->checkpoints().Newest(),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint signed_one, Sign());
  EXPECT_EQ(signed_one.tree_size(), engine_->log().end().tree_size.value);
  EXPECT_EQ(signed_one.root_hash(), RootFromDisk().view());
  EXPECT_FALSE(signed_one.witnessed());
  ExpectGood(signed_one);
  EXPECT_EQ(engine_->log_verifier_key(),
            LogVerifierKey("thon.example/test/1", log_key()));
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint newest,
                       engine_->checkpoints().Newest());
  EXPECT_EQ(newest.SerializeAsString(), signed_one.SerializeAsString());
}

TEST_F(CheckpointTest, ATreeThatIsSignedIsNotSignedAgain) {
  OpenAndGrow(3);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint first, Sign());
  clock_.Set(At("2023-06-01T08:00:05+07:00"));
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint again, Sign());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(engine_->stats().checkpoints_signed, 1u);
}

TEST_F(CheckpointTest, ManyWhoAskAtOnceGetOne) {
  OpenAndGrow(40);
  std::vector<Arrived<absl::StatusOr<v1::Checkpoint>>> asked(200);
  for (auto& one : asked) engine_->checkpoints().Sign(one.callback());
  for (auto& one : asked) {
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint checkpoint, one.Get());
    EXPECT_EQ(checkpoint.tree_size(), engine_->log().end().tree_size.value);
  }
  EXPECT_EQ(engine_->stats().checkpoints_signed, 1u);
}

TEST_F(CheckpointTest, GrowthIsSignedWithoutBeingAskedFor) {
  options_.checkpoint_ms = 1;
  Open();
  EnrolKey(phone_);
  Arrived<std::uint64_t> covered;
  std::atomic<bool> told{false};
  engine_->checkpoints().OnSigned(
      [&, call = covered.callback()](const v1::Checkpoint& checkpoint) {
        if (checkpoint.tree_size() >= 6 && !told.exchange(true)) {
          call(checkpoint.tree_size());
        }
      });
  for (int i = 0; i < 5; ++i) Grow();
  EXPECT_GE(covered.Get(), 6u);
  EXPECT_THAT(engine_->checkpoints().Newest(), IsOk());
  engine_.reset();
}

TEST_F(CheckpointTest, WhatWasSignedIsKeptAndFound) {
  OpenAndGrow(0);
  std::vector<v1::Checkpoint> made;
  for (int i = 0; i < 5; ++i) {
    Grow();
    clock_.Set(Instant(clock_.Now().ms + 1000));
    ASSERT_OK_AND_ASSIGN(v1::Checkpoint one, Sign());
    ExpectGood(one);
    made.push_back(std::move(one));
  }
  const auto expect_kept = [&] {
    ASSERT_OK_AND_ASSIGN(const std::vector<v1::Checkpoint> all,
                         engine_->checkpoints().List(0, 100));
    ASSERT_EQ(all.size(), made.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].SerializeAsString(),
                made[made.size() - 1 - i].SerializeAsString());
    }
    ASSERT_OK_AND_ASSIGN(const std::vector<v1::Checkpoint> below,
                         engine_->checkpoints().List(made[3].tree_size(), 2));
    ASSERT_EQ(below.size(), 2u);
    EXPECT_EQ(below[0].tree_size(), made[2].tree_size());
    EXPECT_EQ(below[1].tree_size(), made[1].tree_size());
    ASSERT_OK_AND_ASSIGN(
        const v1::Checkpoint covering,
        engine_->checkpoints().Covering(made[1].tree_size() + 1));
    EXPECT_EQ(covering.tree_size(), made[2].tree_size());
    EXPECT_THAT(engine_->checkpoints().Covering(made[4].tree_size() + 1),
                StatusIs(absl::StatusCode::kNotFound));
  };
  ASSERT_NO_FATAL_FAILURE(expect_kept());
  Reopen();
  ASSERT_NO_FATAL_FAILURE(expect_kept());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint newest,
                       engine_->checkpoints().Newest());
  EXPECT_EQ(newest.SerializeAsString(), made.back().SerializeAsString());
  // And it goes on from there.
  Grow();
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint next, Sign());
  ExpectGood(next);
}

// What is forgotten in a crash is signed again, to the same bytes: nobody ever
// holds two notes of one size.
TEST_F(CheckpointTest, AKilledServerSignsTheSameNoteAgain) {
  OpenAndGrow(4);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint signed_one, Sign());
  engine_.reset();
  Surgeon().Delete("local", KeyOfTree(signed_one.tree_size()));
  Open();
  EXPECT_THAT(engine_->checkpoints().Newest(),
              StatusIs(absl::StatusCode::kNotFound));
  clock_.Set(At("2023-06-01T09:00:00+07:00"));
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint again, Sign());
  EXPECT_EQ(again.note(), signed_one.note());
}

TEST_F(CheckpointTest, NothingIsHandedOutThatIsNotDurable) {
  OpenAndGrow(2);
  file_system_->FailSyncsOf(".log");
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kUnavailable, "DISK_FAILED"));
  EXPECT_THAT(engine_->checkpoints().Newest(),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(engine_->stats().checkpoints_signed, 0u);
}

TEST_F(CheckpointTest, WhoWaitsWhenTheServerStopsIsTold) {
  OpenAndGrow(1);
  engine_->Drain();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Cosign(1, {}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(CheckpointTest, ABackupsCheckpointIsOneOfTheLogs) {
  OpenAndGrow(5);
  const TestDirectory copy;
  ASSERT_OK_AND_ASSIGN(const Backup backup, engine_->CreateBackup(copy.path()));
  ExpectGood(backup.checkpoint);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint newest,
                       engine_->checkpoints().Newest());
  EXPECT_EQ(newest.note(), backup.checkpoint.note());
}

// ---- Damage ----

TEST_F(CheckpointTest, AnOldEntryWithAnotherByteStopsSigningAndIsNamed) {
  OpenAndGrow(kManyEntries);
  ASSERT_THAT(Sign(), IsOk());
  engine_.reset();
  AlterEntry(fourth_);
  Open();
  AwaitDamage();
  const auto names_it =
      StatusIs(absl::StatusCode::kDataLoss, "entry 3 (position 6)");
  EXPECT_THAT(engine_->checkpoints().health(), names_it);
  EXPECT_THAT(engine_->checkpoints().Newest(), names_it);
  Grow();
  EXPECT_THAT(Sign(), names_it);
  EXPECT_TRUE(engine_->stats().log_damaged);
  EXPECT_EQ(engine_->stats().checkpoints_signed, 0u);

  // Nor by the next processes, from the first answer on, until it is repaired.
  for (int starts = 0; starts < 2; ++starts) {
    Reopen();
    EXPECT_THAT(engine_->checkpoints().health(), names_it);
    EXPECT_THAT(engine_->checkpoints().Newest(), names_it);
    EXPECT_EQ(engine_->checkpoints().entries_checked(), 0u);
  }
  engine_.reset();
  AlterEntry(fourth_);
  Open();
  EXPECT_THAT(engine_->checkpoints().health(), IsOk());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint next, Sign());
  ExpectGood(next);
}

TEST_F(CheckpointTest, AFlippedByteInATableFileStopsSigning) {
  OpenAndGrow(kManyEntries);
  ASSERT_THAT(Sign(), IsOk());
  engine_.reset();
  Surgeon().Flush();
  // A place of meeting in the table of entries, blocks away from those that
  // every opening looks at: the first and the last.
  int flipped = 0;
  for (const std::string& path :
       testing::FilesEndingIn(directory_.path() + "/log", ".sst")) {
    std::string content = testing::ReadWhole(path);
    const std::size_t at =
        content.find("nh\xc3\xa0 v\xc4\x83n", content.size() / 3);
    if (at == std::string::npos) continue;
    content[at + 1] = 'H';
    testing::WriteWhole(path, content);
    ++flipped;
  }
  ASSERT_EQ(flipped, 1);
  Open();
  AwaitDamage();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "(position "));
}

TEST_F(CheckpointTest, AnEntryAndItsLeafChangedTogetherAreFoundByTheRoot) {
  OpenAndGrow(kManyEntries);
  ASSERT_THAT(Sign(), IsOk());
  engine_.reset();
  const std::string bytes = AlterEntry(fourth_);
  std::string leaf = Surgeon().Get("leaves", fourth_);
  leaf.replace(0, Hash::kSize, std::string(merkle::HashLeaf(bytes).view()));
  Surgeon().Put("leaves", fourth_, leaf);
  Open();
  AwaitDamage();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "root"));
  Reopen();
  EXPECT_THAT(engine_->checkpoints().health(),
              StatusIs(absl::StatusCode::kDataLoss, "root"));
  EXPECT_EQ(engine_->checkpoints().entries_checked(), 0u);

  engine_.reset();
  const std::string repaired = AlterEntry(fourth_);
  leaf.replace(0, Hash::kSize, std::string(merkle::HashLeaf(repaired).view()));
  Surgeon().Put("leaves", fourth_, leaf);
  Open();
  Grow();
  EXPECT_THAT(Sign(), IsOk());
}

TEST_F(CheckpointTest, AKeptCheckpointOfAnotherTreeStopsSigning) {
  OpenAndGrow(6);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint signed_one, Sign());
  engine_.reset();
  const SigningKey key = *SigningKey::FromSeed(options_.log_key_seed);
  const std::string name = KeyOfTree(signed_one.tree_size());
  const std::string times = Surgeon().Get("local", name).substr(0, 16);
  const auto note = [&](const SigningKey& signer) {
    return MakeCheckpointNote(signer, "thon.example/test/1",
                              signed_one.tree_size(), Sha256Of("another tree"));
  };
  PutLocal(name, times + note(key));
  Open();
  EXPECT_THAT(engine_->checkpoints().health(),
              StatusIs(absl::StatusCode::kDataLoss, "root"));
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss));

  // One that the log's key did not sign is none.
  engine_.reset();
  PutLocal(name, times + note(phone_.key()));
  Open();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "checkpoint"));
}

TEST_F(CheckpointTest, AnUntouchedLogIsCheckedAndGoesOn) {
  OpenAndGrow(6);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint signed_one, Sign());
  engine_.reset();
  Surgeon().Flush();
  Open();
  AwaitScrub(signed_one.tree_size());
  EXPECT_EQ(engine_->checkpoints().entries_checked(), signed_one.tree_size());
  EXPECT_THAT(engine_->checkpoints().health(), IsOk());
  EXPECT_FALSE(engine_->stats().log_damaged);
  Grow();
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint next, Sign());
  ExpectGood(next);
}

// ---- Epochs ----

TEST_F(CheckpointTest, ARestoredLogSignsNothingUntilItsNextEpoch) {
  OpenAndGrow(4);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint old, Sign());
  // A receipt of the log's own for what it does not have.
  const SigningKey key = *SigningKey::FromSeed(options_.log_key_seed);
  const Hash leaf = Sha256Of("lost");
  SignedGroup group;
  group.origin = "thon.example/test/1";
  group.first_entry = EntryIndex(100);
  group.leaves = {leaf};
  group.signature = SignGroup(key, group.origin, group.first_entry, {leaf});
  EntryTrailer trailer;
  trailer.first_position = Position(500);
  trailer.event_count = 1;
  EXPECT_THAT(engine_->CheckReceipt(MakeReceipt(group, 0, trailer), leaf),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "LOG_RESTORED"));
  EXPECT_THAT(engine_->checkpoints().health(),
              StatusIs(absl::StatusCode::kDataLoss));
  Reopen();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "LOG_RESTORED"));

  ASSERT_OK_AND_ASSIGN(const OpenedEpoch epoch,
                       Await<OpenedEpoch>([this](Done<OpenedEpoch> done) {
                         engine_->OpenEpoch(false, std::move(done));
                       }));
  EXPECT_THAT(engine_->checkpoints().Newest(),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint next, Sign());
  ExpectGood(next, epoch.new_origin);
  EXPECT_GT(next.tree_size(), old.tree_size());
  EXPECT_EQ(engine_->log_verifier_key().name, epoch.new_origin);
  // The old epoch's stay.
  const auto expect_both = [&] {
    ASSERT_OK_AND_ASSIGN(const std::vector<v1::Checkpoint> all,
                         engine_->checkpoints().List(0, 10));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].note(), next.note());
    EXPECT_EQ(all[1].note(), old.note());
    EXPECT_EQ(all[1].verifier_key(), old.verifier_key());
  };
  ASSERT_NO_FATAL_FAILURE(expect_both());
  Reopen();
  ASSERT_NO_FATAL_FAILURE(expect_both());
}

TEST_F(CheckpointTest, AnEpochThatOpensWhileOneSignsIsSignedWithItsOwnOrigin) {
  OpenAndGrow(3);
  for (int i = 0; i < 20; ++i) {
    Arrived<absl::StatusOr<v1::Checkpoint>> before;
    Arrived<absl::StatusOr<OpenedEpoch>> opened;
    Arrived<absl::StatusOr<v1::Checkpoint>> behind;
    engine_->checkpoints().Sign(before.callback());
    engine_->OpenEpoch(true, opened.callback());
    engine_->checkpoints().Sign(behind.callback());
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint first, before.Get());
    ASSERT_OK_AND_ASSIGN(const OpenedEpoch epoch, opened.Get());
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint second, behind.Get());
    for (const v1::Checkpoint& checkpoint : {first, second}) {
      ASSERT_OK_AND_ASSIGN(const EntryIndex opens,
                           engine_->log().FindPosition(epoch.position));
      // What covers the entry that opens an epoch is of that epoch; what does
      // not is not.
      EXPECT_EQ(checkpoint.tree_size() > opens.value,
                checkpoint.origin() == epoch.new_origin);
      ExpectGood(checkpoint, checkpoint.origin());
    }
  }
}

// ---- Witnesses ----

class WitnessedTest : public CheckpointTest {
 protected:
  TrustPolicy Policy() const {
    const auto vkey = [](const SigningKey& key, const std::string& name) {
      return note::FormatVerifierKey(
          {name, note::KeyType::kCosignature, key.public_key()});
    };
    absl::StatusOr<TrustPolicy> policy = ParseTrustPolicy(
        absl::StrCat("witness w1 ", vkey(first_, "witness.example/one"),
                     "\nwitness w2 ", vkey(second_, "witness.example/two"),
                     "\ngroup both all w1 w2\n", "quorum both\n"));
    THON_CHECK(policy.ok());
    return *std::move(policy);
  }
  note::SignatureLine Line(const SigningKey& key, const std::string& name,
                           const v1::Checkpoint& of, std::int64_t time_s) {
    return note::Cosign(key, name, note::Parse(of.note())->text, time_s);
  }
  std::size_t Lines(const v1::Checkpoint& checkpoint) {
    return note::Parse(checkpoint.note())->signatures.size();
  }

  const SigningKey first_ = *SigningKey::FromSeed(std::string(32, '1'));
  const SigningKey second_ = *SigningKey::FromSeed(std::string(32, '2'));
};

TEST_F(WitnessedTest, AQuorumOfCosignaturesMakesACheckpointWitnessed) {
  OpenAndGrow(3);
  engine_->checkpoints().SetWitnessPolicy(Policy());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint one, Sign());
  EXPECT_THAT(engine_->checkpoints().Witnessed(),
              StatusIs(absl::StatusCode::kNotFound));
  const std::uint64_t size = one.tree_size();
  EXPECT_THAT(Cosign(size, {Line(first_, "witness.example/one", one, 1000)}),
              IsOk());
  EXPECT_FALSE(engine_->checkpoints().Newest()->witnessed());
  EXPECT_THAT(engine_->checkpoints().Witnessed(),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Cosign(size, {Line(second_, "witness.example/two", one, 1001)}),
              IsOk());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint witnessed,
                       engine_->checkpoints().Witnessed());
  EXPECT_TRUE(witnessed.witnessed());
  EXPECT_EQ(Lines(witnessed), 3u);
  ExpectGood(witnessed);  // The log's own signature is still there.

  // A newer one is not witnessed until it is.
  Grow();
  ASSERT_THAT(Sign(), IsOk());
  EXPECT_EQ(engine_->checkpoints().Witnessed()->tree_size(), size);
  // Cosignatures outlive a restart; whether they suffice is asked anew.
  Reopen();
  EXPECT_THAT(engine_->checkpoints().Witnessed(),
              StatusIs(absl::StatusCode::kNotFound));
  engine_->checkpoints().SetWitnessPolicy(Policy());
  EXPECT_EQ(engine_->checkpoints().Witnessed()->note(), witnessed.note());
}

TEST_F(WitnessedTest, LinesOfOthersAndWrongOnesAreLeftOut) {
  OpenAndGrow(3);
  engine_->checkpoints().SetWitnessPolicy(Policy());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint one, Sign());
  Grow();
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint two, Sign());
  const SigningKey stranger = *SigningKey::FromSeed(std::string(32, '9'));
  note::SignatureLine bad = Line(first_, "witness.example/one", one, 1000);
  bad.signature.back() = static_cast<char>(bad.signature.back() ^ 1);
  EXPECT_THAT(Cosign(one.tree_size(),
                     {bad, Line(stranger, "witness.example/three", one, 1000),
                      Line(stranger, "witness.example/one", one, 1000),
                      Line(first_, "witness.example/one", two, 1000)}),
              IsOk());
  EXPECT_EQ(engine_->checkpoints().Covering(one.tree_size())->note(),
            one.note());
  EXPECT_THAT(Cosign(12345, {}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(WitnessedTest, ALaterCosignatureTakesThePlaceOfAnEarlierOne) {
  OpenAndGrow(3);
  engine_->checkpoints().SetWitnessPolicy(Policy());
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint one, Sign());
  const auto cosign = [&](std::int64_t time_s) {
    EXPECT_THAT(Cosign(one.tree_size(),
                       {Line(first_, "witness.example/one", one, time_s)}),
                IsOk());
    const note::SignedNote note =
        *note::Parse(engine_->checkpoints().Newest()->note());
    EXPECT_EQ(note.signatures.size(), 2u);
    return note::Verify(note, Policy().witnesses[0].key).time_s;
  };
  EXPECT_EQ(cosign(1000), 1000);
  EXPECT_EQ(cosign(2000), 2000);
  EXPECT_EQ(cosign(1500), 2000);
}

}  // namespace
}  // namespace thon
