// What signs a log's heads, by itself: damage is found where it is, nothing is
// signed over it, and thinning keeps what it says.
//
// Method: a real log seen through one that flips a bit on the way from the
// disk, at each place in turn; tasks run at once, as on an idle committer.

#include "server/engine/checkpoint_signer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/engine/await.h"
#include "server/engine/engine_stats.h"
#include "server/engine/found_damage.h"
#include "server/engine/kept_checkpoints.h"
#include "server/engine/log_scrub.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

using ::testing::ElementsAre;

void AwaitTrue(const std::function<bool()>& condition) {
  while (!condition()) {
    std::this_thread::yield();
  }
}

// ---- Which are kept ----

class KeptCheckpointsTest : public ::testing::Test {
 protected:
  v1::Checkpoint Make(std::uint64_t size, std::int64_t day,
                      const std::string& origin = "a/1") {
    return *kept_.Make(
        MakeCheckpointNote(key_, origin, size, Sha256Of(absl::StrCat(size))),
        Position(size + 1), day * 24 * 3600 * 1000 + 1000);
  }
  std::vector<std::uint64_t> Sizes() {
    std::vector<std::uint64_t> sizes;
    for (const v1::Checkpoint& one : kept_.List(0, 1000)) {
      sizes.push_back(one.tree_size());
    }
    std::reverse(sizes.begin(), sizes.end());
    return sizes;
  }

  const SigningKey key_ = *SigningKey::FromSeed(std::string(32, 'k'));
  KeptCheckpoints kept_{key_.public_key(), 3};
};

TEST_F(KeptCheckpointsTest, TheNewestAndTheLastOfEachDayAreKept) {
  std::map<std::string, std::string> stored;
  const auto put = [&](std::uint64_t size, std::int64_t day) {
    v1::Checkpoint one = Make(size, day);
    stored[KeptCheckpoints::KeyOf(one)] = KeptCheckpoints::ValueOf(one);
    for (const std::string& gone : kept_.Put(one)) {
      EXPECT_EQ(stored.erase(gone), 1u) << gone;
    }
  };
  for (std::uint64_t size = 1; size <= 4; ++size) put(size, 10);
  EXPECT_THAT(Sizes(), ElementsAre(2, 3, 4));
  for (std::uint64_t size = 5; size <= 8; ++size) put(size, 11);
  EXPECT_THAT(Sizes(), ElementsAre(4, 6, 7, 8));
  put(9, 15);
  put(10, 16);
  put(11, 17);
  put(12, 17);
  put(13, 17);
  put(14, 17);
  EXPECT_THAT(Sizes(), ElementsAre(4, 8, 9, 10, 12, 13, 14));
  EXPECT_EQ(stored.size(), 7u);  // What is stored is what is kept.
}

TEST_F(KeptCheckpointsTest, TheNewestWitnessedOneStays) {
  const SigningKey witness = *SigningKey::FromSeed(std::string(32, 'w'));
  kept_.SetPolicy(*ParseTrustPolicy(absl::StrCat(
      "witness w ",
      note::FormatVerifierKey(
          {"w.example", note::KeyType::kCosignature, witness.public_key()}),
      "\nquorum w\n")));
  v1::Checkpoint first = Make(1, 10);
  note::SignedNote note = *note::Parse(first.note());
  note.signatures.push_back(note::Cosign(witness, "w.example", note.text, 7));
  first = *kept_.Make(note::Format(note), Position(2), first.signed_time_ms());
  EXPECT_TRUE(first.witnessed());
  kept_.Put(first);
  for (std::uint64_t size = 2; size <= 9; ++size) kept_.Put(Make(size, 10));
  EXPECT_THAT(Sizes(), ElementsAre(1, 7, 8, 9));
  ASSERT_NE(kept_.Witnessed("a/1"), nullptr);
  EXPECT_EQ(kept_.Witnessed("a/1")->tree_size(), 1u);
}

// A server that starts without its policy, or before it is read, thins nothing
// away that was cosigned.
TEST_F(KeptCheckpointsTest, TheNewestCosignedOneStaysWithoutAPolicy) {
  const SigningKey witness = *SigningKey::FromSeed(std::string(32, 'w'));
  for (std::uint64_t size = 1; size <= 2; ++size) {
    const v1::Checkpoint one = Make(size, 10);
    note::SignedNote note = *note::Parse(one.note());
    note.signatures.push_back(note::Cosign(witness, "w.example", note.text, 7));
    kept_.Put(*kept_.Make(note::Format(note), Position(size + 1),
                          one.signed_time_ms()));
  }
  for (std::uint64_t size = 3; size <= 9; ++size) kept_.Put(Make(size, 10));
  EXPECT_THAT(Sizes(), ElementsAre(2, 7, 8, 9));
  kept_.SetPolicy(*ParseTrustPolicy(absl::StrCat(
      "witness w ",
      note::FormatVerifierKey(
          {"w.example", note::KeyType::kCosignature, witness.public_key()}),
      "\nquorum w\n")));
  ASSERT_NE(kept_.Witnessed("a/1"), nullptr);
  EXPECT_EQ(kept_.Witnessed("a/1")->tree_size(), 2u);
}

TEST_F(KeptCheckpointsTest, TheNewestIsOfTheOriginThatIsAskedFor) {
  kept_.Put(Make(3, 10));
  EXPECT_EQ(kept_.Newest("a/2"), nullptr);
  kept_.Put(Make(5, 10, "a/2"));
  EXPECT_EQ(kept_.Newest("a/1"), nullptr);
  EXPECT_EQ(kept_.Newest("a/2")->tree_size(), 5u);
  EXPECT_EQ(kept_.Covering(1)->origin(), "a/1");
  EXPECT_EQ(kept_.Of(4), nullptr);
}

// The bytes that another implementation writes (storage/FORMAT.md).
TEST_F(KeptCheckpointsTest, ItsRecordIsThatOfTheFormat) {
  std::ifstream file(THON_SOURCE_DIR "/tests/vectors/entry.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  const auto raw = [](const nlohmann::json& hex) {
    std::string bytes;
    EXPECT_TRUE(HexDecode(hex.get<std::string>(), &bytes));
    return bytes;
  };
  const SigningKey key = *SigningKey::FromSeed(raw(vectors["seed"]));
  const v1::Checkpoint made =
      *KeptCheckpoints(key.public_key())
           .Make(MakeCheckpointNote(key, "thon.example/yen-bai/1", 3,
                                    Sha256Of("root")),
                 Position(261), 1696118405000);
  for (const nlohmann::json& record : vectors["records"]) {
    if (record["name"] != "checkpoint") continue;
    const std::string value = raw(record["value"]);
    EXPECT_EQ(KeptCheckpoints::KeyOf(made), raw(record["key"]));
    EXPECT_EQ(KeptCheckpoints::ValueOf(made),
              value.substr(0, value.size() - 4));  // The seal is storage's.
    return;
  }
  FAIL() << "the vector is missing";
}

// ---- Damage between the disk and the signature ----

// A log whose entries come from the disk with a bit flipped.
class FlippingLog final : public EntryLog {
 public:
  explicit FlippingLog(EntryLog* log) : log_(log) {}

  void Flip(std::uint64_t index) { flipped_ = index; }
  void FailReads(bool fail) { fail_ = fail; }
  // Before any thread uses the log.
  void RefusePutsOf(absl::string_view key) { refused_ = std::string(key); }

  absl::Status Append(const NewGroup& group) override {
    return log_->Append(group);
  }
  LogEnd end() const override { return log_->end(); }
  Hash root() const override { return log_->root(); }
  absl::StatusOr<std::string> ReadEntry(EntryIndex index) const override {
    return log_->ReadEntry(index);
  }
  absl::Status ReadEntries(
      EntryIndex begin, EntryIndex end,
      const std::function<bool(EntryIndex, absl::string_view)>& visit)
      const override {
    if (fail_) return absl::UnavailableError("the disk does not answer");
    return log_->ReadEntries(
        begin, end, [&](EntryIndex index, absl::string_view entry) {
          if (index.value != flipped_) return visit(index, entry);
          std::string other(entry);
          other[other.size() / 2] =
              static_cast<char>(other[other.size() / 2] ^ 0x01);
          return visit(index, other);
        });
  }
  absl::StatusOr<EntryIndex> FindPosition(Position position) const override {
    return log_->FindPosition(position);
  }
  absl::StatusOr<EntryIndex> FindEvent(const AuthorId& author,
                                       Sequence sequence) const override {
    return log_->FindEvent(author, sequence);
  }
  absl::StatusOr<std::optional<EntryIndex>> FindReceived(
      Instant time) const override {
    return log_->FindReceived(time);
  }
  absl::StatusOr<std::vector<Hash>> LeafHashes(EntryIndex begin,
                                               EntryIndex end) const override {
    return log_->LeafHashes(begin, end);
  }
  absl::StatusOr<Hash> Node(merkle::NodeId node) const override {
    return log_->Node(node);
  }
  absl::StatusOr<StoredGroup> FindGroup(EntryIndex index) const override {
    return log_->FindGroup(index);
  }
  absl::Status ReadAuthors(
      const std::function<void(const AuthorId&, const AuthorState&)>& visit)
      const override {
    return log_->ReadAuthors(visit);
  }
  absl::Status PutLocal(absl::string_view key,
                        absl::string_view value) override {
    if (key == refused_) return absl::ResourceExhaustedError("disk full");
    if (absl::StartsWith(key, "checkpoint/")) ++checkpoints_;
    return log_->PutLocal(key, value);
  }
  absl::Status DeleteLocal(absl::string_view key) override {
    return log_->DeleteLocal(key);
  }
  absl::StatusOr<std::string> GetLocal(absl::string_view key) const override {
    return log_->GetLocal(key);
  }
  absl::Status ScanLocal(
      absl::string_view prefix,
      const std::function<bool(absl::string_view, absl::string_view)>& visit)
      const override {
    return log_->ScanLocal(prefix, visit);
  }
  absl::Status Check(
      const std::function<void(std::uint64_t)>& progress) const override {
    return log_->Check(progress);
  }
  absl::Status Backup(const std::string& directory) const override {
    return log_->Backup(directory);
  }
  absl::StatusOr<std::uint64_t> FreeBytes() const override {
    return log_->FreeBytes();
  }
  absl::StatusOr<std::uint64_t> CompactedBytes() override {
    return log_->CompactedBytes();
  }
  int checkpoints() const { return checkpoints_; }

 private:
  EntryLog* const log_;
  std::atomic<std::uint64_t> flipped_{UINT64_MAX};
  std::atomic<bool> fail_{false};
  std::atomic<int> checkpoints_{0};
  std::string refused_;
};

// A signer over the log of an engine that was closed; tasks that it posts run
// at once, as on a committer that does nothing else.
class SignerTest : public EngineTest {
 protected:
  void SetUp() override {
    Open();
    EnrolKey(phone_);
    for (int i = 0; i < 20; ++i) Answer(phone_, phone_.Next(2));
    engine_.reset();
    absl::StatusOr<std::unique_ptr<EntryLog>> log =
        EntryLog::Open(options_.storage);
    ASSERT_TRUE(log.ok());
    real_ = *std::move(log);
    log_ = std::make_unique<FlippingLog>(real_.get());
    Start();
  }
  void TearDown() override {
    if (signer_ != nullptr) signer_->Drain();
  }
  void Start() {
    Load();
    signer_->Start();
  }
  // What it knows before it has looked at anything but what it remembers.
  void Load() {
    CheckpointSigner::Options options;
    options.log = log_.get();
    options.log_key = &key_;
    options.clock = &clock_;
    options.stats = &stats_;
    options.every_ms = limits::kCheckpointMsMax;
    options.committing.post = [this](std::function<void(absl::Status)> task) {
      MutexLock lock(&committing_);
      task(absl::OkStatus());
    };
    options.committing.origin = [this] { return origin_; };
    options.committing.epoch_entry = [this] { return epoch_entry_; };
    options.committing.state = [this] { return state_.load(); };
    signer_ = std::make_unique<CheckpointSigner>(std::move(options));
    ASSERT_THAT(signer_->Load(), IsOk());
  }
  void Stop() {
    signer_->Drain();
    signer_.reset();
  }
  void Restart() {
    Stop();
    Start();
  }
  bool Remembers() const { return real_->GetLocal(kFoundDamageKey).ok(); }
  absl::StatusOr<v1::Checkpoint> SignAt(std::uint64_t size) {
    return Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
      signer_->SignAt(size, std::move(done));
    });
  }
  absl::StatusOr<v1::Checkpoint> Sign() {
    return Await<v1::Checkpoint>(
        [&](Done<v1::Checkpoint> done) { signer_->Sign(std::move(done)); });
  }
  std::uint64_t size() const { return real_->end().tree_size.value; }

  Phone phone_{7};
  Mutex committing_;
  EngineStats stats_;
  std::atomic<CommitState> state_{CommitState::kOpen};
  std::string origin_ = "thon.example/test/1";
  EntryIndex epoch_entry_{0};
  const SigningKey key_ = *SigningKey::FromSeed(std::string(32, 'L'));
  std::unique_ptr<EntryLog> real_;
  std::unique_ptr<FlippingLog> log_;
  std::unique_ptr<CheckpointSigner> signer_;
};

TEST_F(SignerTest, AnAddedEntryWithAFlippedBitIsNeverSigned) {
  for (std::uint64_t index = 0; index < size(); index += 5) {
    log_->Flip(index);
    EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss,
                                 absl::StrCat("entry ", index, " (position ")));
    EXPECT_EQ(log_->checkpoints(), 0);
    // The flip is gone; in this process nothing is signed all the same.
    log_->Flip(UINT64_MAX);
    EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(signer_->health(), StatusIs(absl::StatusCode::kDataLoss));
    Restart();
  }
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint good, Sign());
  EXPECT_EQ(good.root_hash(), real_->root().view());
}

TEST_F(SignerTest, OnlyWhatIsAddedIsReadForASignature) {
  ASSERT_THAT(SignAt(10), IsOk());
  // The background check would find it; it has looked before this.
  signer_->ScrubNow();
  AwaitTrue([&] { return signer_->scrub_passes() > 0; });
  log_->Flip(4);
  ASSERT_THAT(Sign(), IsOk());
  // And does, when it looks again.
  signer_->ScrubNow();
  AwaitTrue([&] { return !signer_->health().ok(); });
  EXPECT_THAT(signer_->health(),
              StatusIs(absl::StatusCode::kDataLoss, "entry 4 (position "));
  EXPECT_TRUE(stats_.log_damaged);
}

TEST_F(SignerTest, AnOldEntryWithAFlippedBitIsFoundAfterEveryStart) {
  ASSERT_THAT(Sign(), IsOk());
  for (std::uint64_t index = 1; index < size(); index += 7) {
    log_->Flip(index);
    Restart();
    AwaitTrue([&] { return !signer_->health().ok(); });
    EXPECT_THAT(signer_->Newest(),
                StatusIs(absl::StatusCode::kDataLoss,
                         absl::StrCat("entry ", index, " (position ")));
  }
  log_->Flip(UINT64_MAX);
  Restart();
  AwaitTrue([&] { return signer_->scrub_passes() > 0; });
  EXPECT_EQ(signer_->entries_checked(), size());
  EXPECT_THAT(signer_->Newest(), IsOk());
}

// ---- Damage that an earlier process found ----

TEST_F(SignerTest,
       WhatWasFoundIsRefusedByTheNextProcessBeforeItLooksElsewhere) {
  ASSERT_THAT(Sign(), IsOk());
  for (std::uint64_t index = 1; index < size(); index += 7) {
    Stop();
    log_->Flip(index);
    Start();
    AwaitTrue([&] { return stats_.log_damaged.load(); });
    const absl::Status found = signer_->health();
    EXPECT_THAT(found, StatusIs(absl::StatusCode::kDataLoss,
                                absl::StrCat("entry ", index, " (position ")));
    // It is known by the time that anybody is told: a kill changes nothing.
    EXPECT_TRUE(Remembers());
    const std::string fact = *real_->GetLocal(kFoundDamageKey);
    EXPECT_EQ(DecodeFoundDamage(fact).first, EntryIndex(index));
    EXPECT_EQ(DecodeFoundDamage(fact).last, EntryIndex(index));
    for (int starts = 0; starts < 3; ++starts) {
      Stop();
      stats_.log_damaged = false;
      Load();
      EXPECT_EQ(signer_->health(), found);
      EXPECT_EQ(signer_->Newest().status(), found);
      EXPECT_TRUE(stats_.log_damaged);
      signer_->Start();
      EXPECT_EQ(Sign().status(), found);
      EXPECT_EQ(signer_->entries_checked(), 0u);
    }
    EXPECT_TRUE(Remembers());
    // The entry is what it was: a restored disk, or a read that was wrong once.
    Stop();
    log_->Flip(UINT64_MAX);
    stats_.log_damaged = false;
    Load();
    EXPECT_THAT(signer_->health(), IsOk());
    EXPECT_FALSE(stats_.log_damaged);
    EXPECT_FALSE(Remembers());
    signer_->Start();
    EXPECT_THAT(Sign(), IsOk());
  }
}

TEST_F(SignerTest, WhatWasFoundIsNotForgottenWhileTheDiskDoesNotAnswer) {
  log_->Flip(4);
  ASSERT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss));
  Stop();
  log_->Flip(UINT64_MAX);
  log_->FailReads(true);
  Start();
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "entry 4 "));
  EXPECT_TRUE(Remembers());
  log_->FailReads(false);
  Restart();
  EXPECT_THAT(Sign(), IsOk());
}

TEST_F(SignerTest, WhatCannotBeRememberedIsRefusedAllTheSame) {
  Stop();
  log_->RefusePutsOf(kFoundDamageKey);
  log_->Flip(4);
  Start();
  for (int asked = 0; asked < 2; ++asked) {
    EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "entry 4 "));
    log_->Flip(UINT64_MAX);
  }
  EXPECT_EQ(log_->checkpoints(), 0);
  EXPECT_FALSE(Remembers());
}

// Of a range, both trees that bound it are looked at: the signed ones.
TEST_F(SignerTest, ARememberedRangeIsWholeOnlyIfItLeadsToWhatWasSigned) {
  ASSERT_THAT(SignAt(10), IsOk());
  ASSERT_THAT(SignAt(15), IsOk());
  KeptCheckpoints kept(key_.public_key());
  ASSERT_THAT(kept.Load(*real_), IsOk());
  const EntryRange range = {EntryIndex(10), EntryIndex(14)};
  EXPECT_THAT(CheckAgain(*log_, kept, range), IsOk());
  for (const std::uint64_t size : {10, 15}) {
    KeptCheckpoints other(key_.public_key());
    other.Put(*other.Make(
        MakeCheckpointNote(key_, origin_, size, Sha256Of("another")),
        Position(1), 0));
    EXPECT_THAT(CheckAgain(*log_, other, range),
                StatusIs(absl::StatusCode::kDataLoss, "signed checkpoint"));
  }
  for (const std::uint64_t flipped : {9, 10, 14, 15}) {
    log_->Flip(flipped);
    EXPECT_EQ(CheckAgain(*log_, kept, range).ok(), flipped < 10 || flipped > 14)
        << flipped;
  }
  // A log that was restored to less does not hold it any more.
  EXPECT_THAT(CheckAgain(*log_, kept, {EntryIndex(size()), EntryIndex(99)}),
              IsOk());
}

// A fact that says nothing is believed to say the worst.
TEST_F(SignerTest, AFactThatIsNoRangeMeansTheWholeLog) {
  const std::string fact =
      EncodeFoundDamage({EntryIndex(3), EntryIndex(0x0102)});
  EXPECT_EQ(fact, std::string("\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\x01\x02", 16));
  EXPECT_EQ(DecodeFoundDamage(fact).first, EntryIndex(3));
  EXPECT_EQ(DecodeFoundDamage(fact).last, EntryIndex(0x0102));
  for (const std::string& bad :
       {std::string(), fact.substr(1), fact + "x",
        EncodeFoundDamage({EntryIndex(2), EntryIndex(1)})}) {
    EXPECT_EQ(DecodeFoundDamage(bad).first, EntryIndex(0));
    EXPECT_EQ(DecodeFoundDamage(bad).last, EntryIndex(UINT64_MAX));
  }
  Stop();
  ASSERT_THAT(real_->PutLocal(kFoundDamageKey, "?"), IsOk());
  log_->Flip(size() - 1);
  Load();
  EXPECT_THAT(signer_->health(), StatusIs(absl::StatusCode::kDataLoss,
                                          absl::StrCat("entry ", size() - 1)));
  Stop();
  log_->Flip(UINT64_MAX);
  Start();
  EXPECT_THAT(Sign(), IsOk());
}

TEST_F(SignerTest, ASizeOfAnOlderEpochIsNeverSignedForThisOne) {
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint old, SignAt(10));
  origin_ = "thon.example/test/2";
  epoch_entry_ = EntryIndex(12);
  for (const std::uint64_t at : {9, 10, 11, 12}) {
    EXPECT_THAT(SignAt(at), StatusIs(absl::StatusCode::kAborted)) << at;
  }
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint first, SignAt(13));
  EXPECT_EQ(first.origin(), origin_);
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint all, Sign());
  EXPECT_EQ(all.origin(), origin_);
  // Also when more than that was hashed again.
  EXPECT_THAT(SignAt(11), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(signer_->Covering(1)->note(), old.note());
}

TEST_F(SignerTest, ADiskThatDoesNotAnswerIsNoDamage) {
  log_->FailReads(true);
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(signer_->health(), IsOk());
  log_->FailReads(false);
  EXPECT_THAT(Sign(), IsOk());
}

TEST_F(SignerTest, AnySizeThatIsDurableCanBeSigned) {
  std::vector<Hash> leaves =
      *real_->LeafHashes(EntryIndex(0), EntryIndex(size()));
  for (const std::uint64_t at :
       {size() - 3, std::uint64_t{5}, size(), std::uint64_t{1}}) {
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint one, SignAt(at));
    EXPECT_EQ(one.tree_size(), at);
    EXPECT_EQ(one.root_hash(),
              merkle::RootOf(absl::MakeSpan(leaves).first(at)).view());
    ASSERT_OK_AND_ASSIGN(const v1::Checkpoint again, SignAt(at));
    EXPECT_EQ(again.note(), one.note());
  }
  EXPECT_THAT(SignAt(size() + 1), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(SignAt(0), StatusIs(absl::StatusCode::kNotFound));
}

// At a byte a second it would wait for an hour before it goes on.
TEST_F(SignerTest, ASlowBackgroundCheckWaitsAndStopsAtOnce) {
  ASSERT_OK_AND_ASSIGN(const v1::Checkpoint head, Sign());
  LogScrub::SignedTree tree;
  tree.size = head.tree_size();
  ASSERT_TRUE(Hash::FromBytes(head.root_hash(), &tree.root));
  const auto signed_tree =
      [tree](std::uint64_t at_least) -> std::optional<LogScrub::SignedTree> {
    if (at_least > tree.size) return std::nullopt;
    return tree;
  };
  const auto damaged = [](const FoundDamage& found) {
    ADD_FAILURE() << found.status;
  };
  LogScrub slow({real_.get(), signed_tree, damaged},
                {.burst_bytes = 0, .bytes_per_second = 1});
  slow.Start();
  AwaitTrue([&] { return slow.checked() == tree.size; });
  slow.Stop();
  EXPECT_EQ(slow.passes(), 0u);

  LogScrub at_once({real_.get(), signed_tree, damaged},
                   {.burst_bytes = 1u << 20, .bytes_per_second = 1});
  at_once.Start();
  AwaitTrue([&] { return at_once.passes() == 1; });
  at_once.Stop();
}

TEST_F(SignerTest, AStoppedLogSignsNothing) {
  state_ = CommitState::kLogRestored;
  EXPECT_THAT(Sign(), StatusIs(absl::StatusCode::kDataLoss, "LOG_RESTORED"));
  EXPECT_EQ(log_->checkpoints(), 0);
  state_ = CommitState::kOpen;
  EXPECT_THAT(Sign(), IsOk());
}
}  // namespace
}  // namespace thon
