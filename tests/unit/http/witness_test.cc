// Goal: a witness cosigns one history of each log and no other; what it must
// not cosign it answers with the status of c2sp.org/tlog-witness, and what is
// evidence lies in a file that needs no witness to be believed.
//
// Method: raw requests of logs in memory, honest and lying, each status of the
// specification in turn; a store that fails, or is read by a second witness, as
// after a crash.

#include "tests/unit/http/witness_fixture.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(WitnessTest, AHonestLogIsCosignedFromTheFirstCheckpointOn) {
  log_.GrowTo(300);
  std::size_t old_size = 0;
  for (const std::size_t size : {1u, 2u, 7u, 8u, 64u, 255u, 256u, 257u, 300u}) {
    const HttpResponse response = Add(log_.Request(old_size, size));
    EXPECT_TRUE(Cosigns(response, log_.Checkpoint(size))) << response.body;
    EXPECT_EQ(Header(response, "content-type"), "text/plain; charset=utf-8");
    EXPECT_THAT(response.body, StartsWith("— thon.example/son-la/witness "));
    old_size = size;
  }
  EXPECT_EQ(witness_->stats().cosigned, 9u);
  EXPECT_THAT(warned_, IsEmpty());
}

TEST_F(WitnessTest, TheSameCheckpointAgainIsCosignedAgain) {
  log_.GrowTo(5);
  EXPECT_EQ(Status(log_.Request(0)), 200);
  EXPECT_TRUE(Cosigns(Add(log_.Request(5)), log_.Checkpoint()));
  // Whoever repeats it at once costs no write; later it is a new cosignature.
  EXPECT_EQ(records_.writes(), 1);
  clock_.Set(Instant(clock_.Now().ms + kCosignAgainMs));
  EXPECT_TRUE(Cosigns(Add(log_.Request(5)), log_.Checkpoint()));
  EXPECT_EQ(records_.writes(), 2);
}

TEST_F(WitnessTest, ALogWithoutEntriesIsCosignedToo) {
  EXPECT_TRUE(Cosigns(Add(log_.Request(0)), log_.Checkpoint()));
  EXPECT_EQ(witness_->Record(RecordPath(kOrigin)).status, 200);
  EXPECT_TRUE(Cosigns(Add(log_.Request(0)), log_.Checkpoint()));
  log_.GrowTo(3);
  EXPECT_TRUE(Cosigns(Add(log_.Request(0)), log_.Checkpoint()));
}

TEST_F(WitnessTest, AnUnknownOriginIs404) {
  TestLog stranger("thon.example/stranger/1");
  stranger.GrowTo(3);
  EXPECT_EQ(Status(stranger.Request(0)), 404);
  EXPECT_EQ(witness_->stats().unknown_origin, 1u);
}

TEST_F(WitnessTest, WithoutAGoodSignatureOfATrustedKeyItIs403) {
  log_.GrowTo(3);
  // Another key under the log's name.
  TestLog thief(kOrigin, "thief");
  thief.GrowTo(3);
  EXPECT_EQ(Status(thief.Request(0)), 403);
  // Another log's signature.
  const std::string text =
      CheckpointText({.origin = kOrigin, .tree_size = 3, .root = log_.Root()});
  const note::SignatureLine foreign =
      note::Sign(other_.key(), other_.origin(), text);
  const auto request = [](const note::SignedNote& note) {
    return absl::StrCat("old 0\n\n", note::Format(note));
  };
  EXPECT_EQ(Status(request({text, {foreign}})), 403);
  // The log's name and id, and a signature that is not the key's, alone and
  // beside a good one: such a note is malformed.
  const note::SignatureLine good = note::Sign(log_.key(), kOrigin, text);
  note::SignatureLine bad = good;
  bad.signature[5] = static_cast<char>(bad.signature[5] ^ 1);
  EXPECT_EQ(Status(request({text, {bad}})), 403);
  EXPECT_EQ(Status(request({text, {good, bad}})), 403);
  // None at all.
  EXPECT_EQ(Status(absl::StrCat("old 0\n\n", text, "\n")), 403);
  EXPECT_EQ(witness_->stats().untrusted, 5u);
  EXPECT_THAT(records_.All(), IsEmpty());
  // Unknown signatures beside the good one are ignored.
  EXPECT_EQ(Status(request({text, {foreign, good}})), 200);
}

TEST_F(WitnessTest, AMalformedRequestIs400) {
  log_.GrowTo(3);
  const std::string note = log_.Checkpoint();
  const std::string hash = absl::StrCat(std::string(43, 'A'), "=\n");
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash;
  for (const std::string& body : std::vector<std::string>{
           "",
           "\n",
           note,
           absl::StrCat("old 0\n", note),
           absl::StrCat("old\n\n", note),
           absl::StrCat("old  0\n\n", note),
           absl::StrCat("old 00\n\n", note),
           absl::StrCat("old 01\n\n", note),
           absl::StrCat("old -1\n\n", note),
           absl::StrCat("old 0x0\n\n", note),
           absl::StrCat("Old 0\n\n", note),
           absl::StrCat("old 0\r\n\r\n", note),
           absl::StrCat("old 18446744073709551616\n\n", note),
           absl::StrCat("old 0\nAAAA\n\n", note),
           absl::StrCat("old 0\n", hash.substr(1), "\n", note),
           absl::StrCat("old 0\n", many, "\n", note),
           "old 0\n\n",
           absl::StrCat("old 0\n\n", note.substr(0, note.size() - 1)),
           absl::StrCat("old 0\n\n", "one line\n\n", "— a AAAAAAAA\n"),
           absl::StrCat("old 0\n\n",
                        absl::StrReplaceAll(note, {{"\n3\n", "\n03\n"}})),
           absl::StrCat("old 0\n\n", note, std::string(1, '\0'))}) {
    EXPECT_EQ(Status(body), 400) << body;
  }
  EXPECT_EQ(Status(std::string(1 << 20, 'o')), 413);
  EXPECT_THAT(records_.All(), IsEmpty());
}

TEST_F(WitnessTest, AnOldSizeBeyondTheCheckpointIs400) {
  log_.GrowTo(8);
  EXPECT_EQ(Status(log_.Request(0)), 200);
  EXPECT_EQ(
      Status(FormatAddCheckpoint(
          {.old_size = 8, .proof = {}, .checkpoint = log_.Checkpoint(5)})),
      400);
  EXPECT_EQ(Status(FormatAddCheckpoint(
                {.old_size = 9, .proof = {}, .checkpoint = log_.Checkpoint()})),
            400);
}

TEST_F(WitnessTest, AnotherOldSizeThanTheRecordsIs409AndTellsIt) {
  log_.GrowTo(20);
  EXPECT_EQ(ToldSize(Add(log_.Request(3))), 0);
  EXPECT_EQ(Status(log_.Request(0, 10)), 200);
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 10);
  EXPECT_EQ(ToldSize(Add(log_.Request(9))), 10);
  EXPECT_EQ(ToldSize(Add(log_.Request(11))), 10);
  // An older checkpoint, honestly signed.
  EXPECT_EQ(ToldSize(Add(log_.Request(4, 6))), 10);
  // The empty one again.
  EXPECT_EQ(ToldSize(Add(log_.Request(0, 0))), 10);
  EXPECT_EQ(Status(log_.Request(10)), 200);
  EXPECT_EQ(ToldSize(Add(log_.Request(10))), 20);
  EXPECT_EQ(witness_->stats().conflicts, 7u);
  EXPECT_THAT(EvidenceFiles(), IsEmpty());
}

TEST_F(WitnessTest, ATreeWithoutEntriesHasOneRoot) {
  const std::string text =
      CheckpointText({.origin = kOrigin, .tree_size = 0, .root = Hash()});
  const auto request = [&](int old_size, const SigningKey& key) {
    return absl::StrCat("old ", old_size, "\n\n",
                        note::Format({text, {note::Sign(key, kOrigin, text)}}));
  };
  EXPECT_EQ(Status(request(0, log_.key())), 422);
  EXPECT_EQ(Status(request(1, log_.key())), 400);
  EXPECT_EQ(Status(request(0, other_.key())), 403);
  log_.GrowTo(2);
  EXPECT_EQ(Status(log_.Request(0)), 200);
  EXPECT_EQ(ToldSize(Add(request(0, log_.key()))), 2);
}

TEST_F(WitnessTest, AProofThatIsNotOneIs422) {
  log_.GrowTo(20);
  // Nothing to prove, and something proven.
  EXPECT_EQ(Status(FormatAddCheckpoint({.old_size = 0,
                                        .proof = log_.Proof(3, 20),
                                        .checkpoint = log_.Checkpoint()})),
            422);
  EXPECT_EQ(Status(log_.Request(0, 7)), 200);
  const std::vector<Hash> good = log_.Proof(7, 20);
  const auto with = [&](std::vector<Hash> proof) {
    return Status(FormatAddCheckpoint({.old_size = 7,
                                       .proof = std::move(proof),
                                       .checkpoint = log_.Checkpoint()}));
  };
  EXPECT_EQ(with({}), 422);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Hash> flipped = good;
    flipped[i].bytes[0] ^= 1;
    EXPECT_EQ(with(flipped), 422) << i;
    std::vector<Hash> dropped = good;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(with(dropped), 422) << i;
    std::vector<Hash> doubled = good;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
    EXPECT_EQ(with(doubled), 422) << i;
  }
  EXPECT_EQ(with(std::vector<Hash>(63)), 422);
  // Of the same size: nothing to prove again.
  EXPECT_EQ(Status(FormatAddCheckpoint({.old_size = 7,
                                        .proof = {Hash()},
                                        .checkpoint = log_.Checkpoint(7)})),
            422);
  EXPECT_EQ(with(good), 200);
}

TEST_F(WitnessTest, ASecondHistoryOfTheSameSizeIs422AndProvenInAFile) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  TestLog liar(kOrigin);
  liar.GrowTo(6);
  liar.GrowTo(9, "other ");
  EXPECT_EQ(Status(liar.Request(9)), 422);
  const std::vector<std::string> files = EvidenceFiles();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(files[0], HasSubstr("-9-"));
  EXPECT_THAT(files[0], HasSubstr("-two-histories.txt"));
  EXPECT_EQ(
      std::filesystem::status(files[0]).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string text = ReadFile(files[0]);
  const std::string record = witness_->Record(RecordPath(kOrigin)).body;
  EXPECT_THAT(text, StartsWith("thon-evidence/1\nverdict two-histories\norigin "
                               "thon.example/yen-bai/1\nlog-key "));
  EXPECT_THAT(
      text, HasSubstr(absl::StrCat("\n\nknown ", record.size(), "\n", record,
                                   "submitted ", liar.Checkpoint().size(), "\n",
                                   liar.Checkpoint(), "proof 0\n")));
  ASSERT_THAT(warned_, SizeIs(1));
  EXPECT_THAT(warned_[0], HasSubstr("TWO HISTORIES"));
  EXPECT_THAT(warned_[0], HasSubstr(files[0]));
  // The honest history goes on.
  log_.GrowTo(12);
  EXPECT_EQ(Status(log_.Request(9)), 200);
}

TEST_F(WitnessTest, ASecondHistoryIsEvidenceWhateverOldSizeItComesWith) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  TestLog liar(kOrigin);
  liar.GrowTo(9, "other ");
  EXPECT_EQ(ToldSize(Add(liar.Request(4))), 9);
  EXPECT_THAT(EvidenceFiles(), SizeIs(1));
  // Once is enough.
  EXPECT_EQ(ToldSize(Add(liar.Request(4))), 9);
  EXPECT_EQ(Status(liar.Request(9)), 422);
  EXPECT_THAT(EvidenceFiles(), SizeIs(1));
  EXPECT_THAT(warned_, SizeIs(1));
  EXPECT_EQ(witness_->stats().two_histories, 3u);
}

TEST_F(WitnessTest, ASecondHistoryThatGrewIsNotCosignedAndWrittenDown) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  TestLog liar(kOrigin);
  liar.GrowTo(6);
  liar.GrowTo(30, "other ");
  EXPECT_EQ(ToldSize(Add(liar.Request(6))), 9);
  EXPECT_EQ(Status(liar.Request(9)), 422);
  const std::vector<std::string> files = EvidenceFiles();
  ASSERT_THAT(files, SizeIs(1));
  const std::string text = ReadFile(files[0]);
  EXPECT_THAT(text, HasSubstr("\nverdict not-shown-consistent\n"));
  EXPECT_THAT(text, HasSubstr(log_.Checkpoint().substr(
                        0, log_.Checkpoint().find("\n\n"))));
  EXPECT_THAT(text, HasSubstr(liar.Checkpoint()));
  EXPECT_THAT(
      text, HasSubstr(absl::StrCat("proof ", liar.Proof(9, 30).size(), "\n")));
  EXPECT_THAT(warned_[0], HasSubstr("proof does not lead to"));
}

TEST_F(WitnessTest, EvidenceOfAWrongProofGoesWhenARightOneComes) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0, 4)), 200);
  // Anybody can send a log's own checkpoint with nonsense.
  EXPECT_EQ(
      Status(FormatAddCheckpoint(
          {.old_size = 4, .proof = {Hash()}, .checkpoint = log_.Checkpoint()})),
      422);
  EXPECT_THAT(EvidenceFiles(), SizeIs(1));
  EXPECT_EQ(Status(log_.Request(4)), 200);
  EXPECT_THAT(EvidenceFiles(), IsEmpty());
}

TEST_F(WitnessTest, NonsenseFillsNeitherTheDiskNorThePlaceOfProof) {
  log_.GrowTo(200);
  ASSERT_EQ(Status(log_.Request(0, 100)), 200);
  for (std::size_t size = 101; size <= 200; ++size) {
    EXPECT_EQ(
        Status(FormatAddCheckpoint({.old_size = 100,
                                    .proof = {Hash()},
                                    .checkpoint = log_.Checkpoint(size)})),
        422);
  }
  EXPECT_THAT(EvidenceFiles(), SizeIs(EvidenceFolder::kFilesMax));
  TestLog liar(kOrigin);
  liar.GrowTo(100, "other ");
  EXPECT_EQ(Status(liar.Request(100)), 422);
  EXPECT_THAT(EvidenceFiles(), SizeIs(EvidenceFolder::kFilesMax + 1));
  EXPECT_EQ(witness_->stats().not_shown_consistent, 100u);
}

TEST_F(WitnessTest, ALogThatFillsItsPlaceLeavesThatOfAnother) {
  log_.GrowTo(9);
  other_.GrowTo(5);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  ASSERT_EQ(Status(other_.Request(0)), 200);
  const auto lie = [this](int history) {
    TestLog liar(kOrigin);
    liar.GrowTo(9, absl::StrCat(history, " "));
    EXPECT_EQ(Status(liar.Request(9)), 422);
  };
  const int max = static_cast<int>(EvidenceFolder::kFilesMax);
  for (int i = 0; i < max + 40; ++i) lie(i);
  EXPECT_THAT(EvidenceFiles(), SizeIs(max));
  ASSERT_THAT(warned_, SizeIs(max + 1)) << "that it is full is said once";
  EXPECT_THAT(warned_.back(), HasSubstr("move them to a safe place"));
  TestLog liar(other_.origin(), "other");
  liar.GrowTo(5, "another ");
  EXPECT_EQ(Status(liar.Request(5)), 422);
  EXPECT_THAT(EvidenceFiles(), SizeIs(max + 1));
  EXPECT_THAT(warned_.back(), HasSubstr(other_.origin()));
  // Each hour it is looked at again.
  clock_.Set(Instant(clock_.Now().ms + EvidenceFolder::kFullMs));
  lie(max + 40);
  lie(max + 41);
  EXPECT_THAT(warned_, SizeIs(max + 3));
  std::filesystem::remove(EvidenceFiles()[0]);
  std::filesystem::remove(EvidenceFiles()[0]);
  clock_.Set(Instant(clock_.Now().ms + EvidenceFolder::kFullMs));
  lie(max + 42);
  EXPECT_THAT(warned_, SizeIs(max + 4));
  EXPECT_THAT(warned_.back(), HasSubstr("the evidence is in "));
}

TEST_F(WitnessTest, WhatIsNotDurableIsNotCosigned) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0, 4)), 200);
  records_.FailWith(absl::UnavailableError("the disk"));
  const HttpResponse failed = Add(log_.Request(4));
  EXPECT_EQ(failed.status, 503);
  EXPECT_NE(Header(failed, "retry-after"), "");
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 4);
  records_.FailWith(absl::OkStatus());
  EXPECT_EQ(Status(log_.Request(4)), 200);
}

TEST_F(WitnessTest, ItRemembersAcrossRestartsAlsoLogsThatWereOffTheList) {
  log_.GrowTo(9);
  other_.GrowTo(5);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  ASSERT_EQ(Status(other_.Request(0)), 200);
  const std::string record = witness_->Record(RecordPath(kOrigin)).body;
  WitnessOptions without = Options();
  without.policy.logs.erase(without.policy.logs.begin());
  ASSERT_OK_AND_ASSIGN(witness_, Witness::Make(std::move(without)));
  log_.GrowTo(10);
  EXPECT_EQ(Status(log_.Request(9)), 404);
  EXPECT_EQ(ToldSize(Add(other_.Request(0))), 5);
  Start();
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 9);
  EXPECT_EQ(witness_->Record(RecordPath(kOrigin)).body, record);
  TestLog liar(kOrigin);
  liar.GrowTo(9, "other ");
  EXPECT_EQ(Status(liar.Request(9)), 422);
  EXPECT_THAT(EvidenceFiles(), SizeIs(1));
  EXPECT_EQ(Status(log_.Request(9)), 200);
}

// Else a log could keep its witness from starting again.
TEST_F(WitnessTest, WhateverIsCosignedCanBeReadAfterARestart) {
  log_.GrowTo(9);
  const std::string text =
      CheckpointText({.origin = kOrigin, .tree_size = 9, .root = log_.Root()});
  const note::SignatureLine line = note::Sign(log_.key(), kOrigin, text);
  const std::vector<note::SignatureLine> many(limits::kNoteSignaturesMax, line);
  EXPECT_EQ(Status(absl::StrCat("old 0\n\n", note::Format({text, many}))), 200);
  Start();
  EXPECT_EQ(ToldSize(Add(log_.Request(0))), 9);
  // Up to the longest note there is, which has no room for a cosignature.
  const std::string next =
      CheckpointText({.origin = kOrigin, .tree_size = 9, .root = log_.Root()});
  for (std::size_t room = 0; room < 400; room += 20) {
    const std::size_t signature = note::FormatSignatureLine(line).size() + room;
    const std::string longest = absl::StrCat(
        next,
        std::string(limits::kNoteBytesMax - next.size() - signature - 2, 'x'),
        "\n");
    const std::string note =
        note::Format({longest, {note::Sign(log_.key(), kOrigin, longest)}});
    ASSERT_LE(note.size(), limits::kNoteBytesMax);
    const int status = Status(absl::StrCat("old 9\n\n", note));
    EXPECT_EQ(status, room < 100 ? 400 : room > 200 ? 200 : status);
    Start();
    EXPECT_EQ(ToldSize(Add(log_.Request(0))), 9);
  }
}

TEST_F(WitnessTest, ADamagedRecordIsNoNewBeginning) {
  log_.GrowTo(9);
  ASSERT_EQ(Status(log_.Request(0)), 200);
  const std::string key = records_.All().begin()->first;
  for (const std::string& damaged :
       {std::string(), std::string("nonsense"), other_.Checkpoint()}) {
    ASSERT_THAT(records_.Store(key, damaged), IsOk());
    EXPECT_EQ(Witness::Make(Options()).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(WitnessTest, OfSeveralKeysOfALogOneIsEnough) {
  TestLog again(kOrigin, "next key");
  WitnessOptions options = Options();
  options.policy.logs.push_back({again.verifier_key(), ""});
  ASSERT_OK_AND_ASSIGN(witness_, Witness::Make(std::move(options)));
  again.GrowTo(7);
  log_.GrowTo(9);
  EXPECT_EQ(Status(again.Request(0)), 200);
  EXPECT_EQ(Status(log_.Request(7)), 200);
}

TEST_F(WitnessTest, TheRecordCarriesTheLogsSignatureAndTheCosignature) {
  log_.GrowTo(9);
  EXPECT_EQ(witness_->Record(RecordPath(kOrigin)).status, 404);
  // A stranger's signature is not passed on.
  absl::StatusOr<note::SignedNote> note = note::Parse(log_.Checkpoint());
  note->signatures.push_back(
      note::Sign(other_.key(), other_.origin(), note->text));
  const HttpResponse added =
      Add(absl::StrCat("old 0\n\n", note::Format(*note)));
  ASSERT_EQ(added.status, 200);
  const HttpResponse record = witness_->Record(RecordPath(kOrigin));
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.body, log_.Checkpoint() + added.body);
  EXPECT_EQ(witness_->Record(RecordPath("another")).status, 404);
}

}  // namespace
}  // namespace thon::testing
