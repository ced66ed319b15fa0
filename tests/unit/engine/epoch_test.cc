// A server restored from a backup: phones notice, commits stop, the next epoch
// declares what was lost, and what phones still hold comes back.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "server/engine/keys.h"
#include "server/projections/row_keys.h"
#include "server/storage/backup.h"
#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

class EpochTest : public EngineTest {
 protected:
  EpochTest() {
    Open();
    EnrolKey(phone_);
    kept_ = phone_.Next(2);
    Answer(phone_, kept_);
    backup_ = directory_.path() + ".backup";
    std::filesystem::remove_all(backup_);
  }
  ~EpochTest() override { std::filesystem::remove_all(backup_); }

  void BackUp() {
    ASSERT_OK_AND_ASSIGN(const Backup backup, engine_->CreateBackup(backup_));
    EXPECT_EQ(backup.checkpoint.root_hash(),
              std::string(engine_->log().root().view()));
    EXPECT_EQ(Mode(backup_ + "/keys/log.key"), 0600);
  }
  // The machine is lost; the backup takes its place.
  void Restore() {
    engine_.reset();
    std::filesystem::remove_all(directory_.path());
    ASSERT_THAT(RestoreBackup(backup_, options_.storage), IsOk());
    ASSERT_THAT(CopyKeys(backup_ + "/keys", directory_.path() + "/keys"),
                IsOk());
    Open();
  }
  static int Mode(const std::string& path) {
    return static_cast<int>(std::filesystem::status(path).permissions() &
                            std::filesystem::perms::mask);
  }
  absl::StatusOr<OpenedEpoch> OpenEpoch(bool force = false) {
    Arrived<absl::StatusOr<OpenedEpoch>> opened;
    engine_->OpenEpoch(force, opened.callback());
    return opened.Get();
  }
  Hash LeafOf(const v1::Receipt& receipt, const v1::SealedBatch& sealed) {
    Signature signature;
    THON_CHECK(Signature::FromBytes(sealed.signature(), &signature));
    return LeafHash(sealed.batch(), TrailerOf(receipt, signature));
  }

  Phone phone_{7};
  v1::SealedBatch kept_;
  std::string backup_;
};

TEST_F(EpochTest, AHelloSaysHowFarTheBackupReaches) {
  ASSERT_OK_AND_ASSIGN(Hello hello,
                       engine_->MakeHello("nonce", phone_.author(), ""));
  EXPECT_EQ(hello.durable_position, 0u);
  EXPECT_EQ(hello.next_sequence, 3u);
  EXPECT_EQ(hello.last_batch_hash, std::string(phone_.previous().view()));
  ASSERT_NO_FATAL_FAILURE(BackUp());
  Answer(phone_, phone_.Next(1));
  ASSERT_OK_AND_ASSIGN(hello, engine_->MakeHello("nonce", phone_.author(), ""));
  EXPECT_EQ(hello.durable_position,
            engine_->log().end().next_position.value - 1);
  EXPECT_TRUE(
      thon::Verify(log_key(), kHelloContext,
                   HelloStatement("nonce", phone_.author().view(), hello.origin,
                                  hello.log_key.view(), hello.server_time.ms,
                                  hello.next_sequence, hello.last_batch_hash,
                                  hello.durable_position),
                   hello.signature));
  ASSERT_OK_AND_ASSIGN(hello,
                       engine_->MakeHello("nonce", Phone(200).author(), ""));
  EXPECT_EQ(hello.next_sequence, 0u);
}

TEST_F(EpochTest, AReceiptBeyondTheEndStopsCommitsUntilTheNextEpoch) {
  ASSERT_NO_FATAL_FAILURE(BackUp());
  const v1::SealedBatch lost = phone_.Next(3);
  const v1::Receipt receipt = Answer(phone_, lost).receipt();
  EXPECT_THAT(engine_->CheckReceipt(receipt, LeafOf(receipt, lost)), IsOk());
  ASSERT_NO_FATAL_FAILURE(Restore());

  EXPECT_THAT(engine_->CheckReceipt(receipt, LeafOf(receipt, lost)),
              StatusIs(absl::StatusCode::kDataLoss, "LOG_RESTORED"));
  EXPECT_THAT(Offer(phone_, lost).Get().status,
              StatusIs(absl::StatusCode::kDataLoss, "LOG_RESTORED"));
  Reopen();  // The stop outlives a restart.
  EXPECT_EQ(engine_->status().commit_state, CommitState::kLogRestored);
  EXPECT_THAT(Offer(phone_, lost).Get().status,
              StatusIs(absl::StatusCode::kDataLoss));

  ASSERT_OK_AND_ASSIGN(const OpenedEpoch epoch, OpenEpoch());
  EXPECT_EQ(epoch.old_origin, "thon.example/test/1");
  EXPECT_EQ(epoch.new_origin, "thon.example/test/2");
  EXPECT_EQ(epoch.first_lost.value, receipt.first_position());
  EXPECT_EQ(engine_->status().commit_state, CommitState::kOpen);
  // The old receipt is declared lost now, and the phone sends again.
  EXPECT_THAT(engine_->CheckReceipt(receipt, LeafOf(receipt, lost)), IsOk());
  const v1::Answer answer = Answer(phone_, lost);
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(answer.receipt().origin(), "thon.example/test/2");
  EXPECT_THAT(Verify(answer.receipt(), lost), IsOk());
  // What the backup held keeps its first receipt.
  const v1::Answer before = Answer(phone_, kept_);
  EXPECT_EQ(before.code(), v1::ANSWER_CODE_DUPLICATE);
  EXPECT_EQ(before.receipt().origin(), "thon.example/test/1");

  const std::vector<v1::Event> events = Events();
  const v1::EpochOpened& declared =
      events[epoch.position.value - 1].epoch_opened();
  EXPECT_EQ(declared.old_size(),
            engine_->log().FindPosition(epoch.position)->value);
  EXPECT_EQ(declared.last_known_lost_position(), receipt.first_position() + 2);
}

TEST_F(EpochTest, TheNewEpochHasItsOwnServerAuthorAlsoAfterARestart) {
  ASSERT_OK_AND_ASSIGN(const OpenedEpoch epoch, OpenEpoch(/*force=*/true));
  EXPECT_EQ(epoch.new_origin, "thon.example/test/2");
  Reopen();
  EXPECT_EQ(engine_->status().origin, "thon.example/test/2");
  EXPECT_EQ(engine_->status().commit_state, CommitState::kOpen);
  Phone other(8);
  EnrolKey(other);
  EXPECT_EQ(Answer(other, other.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
  const AuthorId first_server = Phone('S').author();
  EXPECT_TRUE(engine_->FindAuthor(first_server)->revoked);
  ASSERT_THAT(OpenEpoch(true), IsOk());
  Reopen();
  EXPECT_EQ(engine_->status().origin, "thon.example/test/3");
  // The rows know the new servers: what they enrol is an author.
  Phone third(9);
  EnrolKey(third);
  AwaitAllRows();
  EXPECT_TRUE(engine_->RowsAt(engine_->rows_position())
                  ->Get(Table::kAuthor, keys::Author(third.author()))
                  .has_value());
}

TEST_F(EpochTest, AnEpochBrokenOffBehindItsEntryIsFinishedAtTheNextStart) {
  const std::string keys = directory_.path() + "/keys";
  // As a crash between the log's write and the rename leaves it.
  std::string old_key;
  std::getline(std::ifstream(keys + "/server-author.key"), old_key);
  ASSERT_THAT(OpenEpoch(true), IsOk());
  engine_.reset();
  std::filesystem::rename(keys + "/server-author.key",
                          keys + "/server-author.next");
  ASSERT_THAT(WriteSecretFile(keys + "/server-author.key", old_key + "\n"),
              IsOk());
  Open();
  EnrolKey(Phone(8));
  EXPECT_FALSE(std::filesystem::exists(keys + "/server-author.next"));
  Reopen();
  EnrolKey(Phone(9));
}

TEST_F(EpochTest, AnEpochIsNotOpenedWithoutNeed) {
  EXPECT_THAT(OpenEpoch(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(EpochTest, AHelloLinksTheEpochsSinceThePhones) {
  ASSERT_THAT(OpenEpoch(true), IsOk());
  ASSERT_THAT(OpenEpoch(true), IsOk());
  ASSERT_OK_AND_ASSIGN(
      const Hello hello,
      engine_->MakeHello("n", phone_.author(), "thon.example/test/1"));
  EXPECT_EQ(hello.origin, "thon.example/test/3");
  ASSERT_EQ(hello.epochs.size(), 2u);
  EXPECT_EQ(hello.epochs[0].old_origin, "thon.example/test/1");
  EXPECT_EQ(hello.epochs[1].new_origin, "thon.example/test/3");
  for (const EpochLink& link : hello.epochs) {
    EXPECT_EQ(link.receipt.origin(), link.new_origin);
    EXPECT_THAT(
        VerifyReceipt(link.receipt, log_key(), merkle::HashLeaf(link.leaf)),
        IsOk());
  }
  ASSERT_OK_AND_ASSIGN(
      const Hello newest,
      engine_->MakeHello("n", phone_.author(), "thon.example/test/3"));
  EXPECT_TRUE(newest.epochs.empty());
}

TEST_F(EpochTest, AReceiptThatIsNotOursIsIgnored) {
  const v1::SealedBatch sealed = phone_.Next(1);
  v1::Receipt receipt = Answer(phone_, sealed).receipt();
  const Hash leaf = LeafOf(receipt, sealed);
  receipt.set_entry_index(1'000'000);
  EXPECT_FALSE(engine_->CheckReceipt(receipt, leaf).ok());
  EXPECT_FALSE(engine_->CheckReceipt(v1::Receipt(), leaf).ok());
  EXPECT_EQ(engine_->status().commit_state, CommitState::kOpen);
}

TEST_F(EpochTest, ALogThatWentOnBesideALostOneIsFoundOut) {
  ASSERT_NO_FATAL_FAILURE(BackUp());
  const v1::SealedBatch lost = phone_.Next(1);
  const v1::Receipt receipt = Answer(phone_, lost).receipt();
  ASSERT_NO_FATAL_FAILURE(Restore());
  // Before any phone shows its receipt others write: the place is taken.
  Phone other(8);
  EnrolKey(other);
  Answer(other, other.Next(1));
  EXPECT_THAT(engine_->CheckReceipt(receipt, LeafOf(receipt, lost)),
              StatusIs(absl::StatusCode::kDataLoss));
  ASSERT_OK_AND_ASSIGN(const OpenedEpoch epoch, OpenEpoch());
  EXPECT_EQ(epoch.first_lost.value, receipt.first_position());
  EXPECT_EQ(Answer(phone_, lost).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(EpochTest, AnEnrolmentThatTheRestoreLostComesBackByItsReceipt) {
  ASSERT_NO_FATAL_FAILURE(BackUp());
  Phone late(9);
  EnrolKey(late);
  const EntryIndex index(engine_->log().end().tree_size.value - 1);
  EnrolmentRequest request;
  request.public_key = std::string(late.key().public_key().view());
  request.possession_signature =
      std::string(late.key().Sign(kEnrolContext, Sha256Of("").view()).view());
  request.enrolment_leaf = *engine_->log().ReadEntry(index);
  request.enrolment_receipt = *engine_->ReceiptOf(index);
  const v1::SealedBatch sealed = late.Next(2);
  const v1::Receipt receipt = Answer(late, sealed).receipt();

  ASSERT_NO_FATAL_FAILURE(Restore());
  EXPECT_THAT(engine_->CheckReceipt(receipt, LeafOf(receipt, sealed)),
              StatusIs(absl::StatusCode::kDataLoss));
  ASSERT_THAT(OpenEpoch(), IsOk());
  EXPECT_EQ(Answer(late, sealed).refusal(), v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  Arrived<absl::StatusOr<Enrolment>> enrolled;
  engine_->Enrol(request, enrolled.callback());
  ASSERT_THAT(enrolled.Get(), IsOk());
  EXPECT_EQ(Answer(late, sealed).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(EpochTest, KeysOfAnotherLogAreRefused) {
  engine_.reset();
  const std::string keys = directory_.path() + "/keys";
  std::string log_key_text;
  std::getline(std::ifstream(keys + "/log.key"), log_key_text);
  EXPECT_EQ(Mode(keys + "/log.key"), 0600);
  ASSERT_THAT(WriteSecretFile(keys + "/log.key",
                              HexEncode(std::string(32, 'x')) + "\n"),
              IsOk());
  EXPECT_THAT(Engine::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "log.key"));
  ASSERT_THAT(WriteSecretFile(keys + "/log.key", log_key_text), IsOk());
  std::filesystem::remove(keys + "/server-author.key");
  EXPECT_THAT(Engine::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, "missing"));
}

TEST_F(EpochTest, RowsThatAreAheadOfARestoredLogAreFoldedAgain) {
  ASSERT_NO_FATAL_FAILURE(BackUp());
  for (int i = 0; i < 5; ++i) Answer(phone_, phone_.Next(1));
  AwaitAllRows();
  engine_.reset();
  std::filesystem::remove_all(directory_.path() + "/log");
  std::filesystem::copy(backup_ + "/log", directory_.path() + "/log",
                        std::filesystem::copy_options::recursive);
  Open();
  AwaitAllRows();
  EXPECT_EQ(engine_->rows_position().value,
            engine_->log().end().next_position.value - 1);
}

}  // namespace
}  // namespace thon
