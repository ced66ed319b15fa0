// Goal: notes, verifier keys and checkpoints are read as the specifications
// say, and nothing that is almost one is taken.
// Method: tests/vectors/proof/{note,checkpoint}.json of a second
// implementation; what is read is written again and must be the same text.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/note.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/core/proof_vectors.h"

namespace thon::note {
namespace {

Json ToJson(const std::vector<SignatureLine>& lines) {
  Json list = Json::array();
  for (const SignatureLine& line : lines) {
    list.push_back(
        {{"name", line.name},
         {"key_id", absl::StrCat(absl::Hex(line.key_id, absl::kZeroPad8))},
         {"signature", HexEncode(line.signature)}});
  }
  return list;
}

TEST(NoteVectorsTest, VerifierKeysAreReadAsTheirs) {
  for (const Json& vector : Vectors("note", "verifier_keys")) {
    SCOPED_TRACE(vector["name"]);
    const auto text = vector["vkey"].get<std::string>();
    const absl::StatusOr<VerifierKey> key = ParseVerifierKey(text);
    ASSERT_EQ(Outcome(key.status()), vector["want"]) << key.status();
    if (!key.ok()) continue;
    EXPECT_EQ(key->name, vector["key_name"]);
    EXPECT_EQ(static_cast<int>(key->type), vector["type"]);
    EXPECT_EQ(absl::StrCat(absl::Hex(KeyId(*key), absl::kZeroPad8)),
              vector["key_id"]);
    EXPECT_EQ(HexEncode(key->key.view()), vector["public_key"]);
    EXPECT_EQ(FormatVerifierKey(*key), text);
    EXPECT_TRUE(IsKeyName(key->name));
  }
}

TEST(NoteVectorsTest, NotesAreReadAsTheirs) {
  for (const Json& vector : Vectors("note", "notes")) {
    SCOPED_TRACE(vector["name"]);
    const std::string text = TextOf(vector, "note");
    const absl::StatusOr<SignedNote> note = Parse(text);
    ASSERT_EQ(Outcome(note.status()), vector["want"]) << note.status();
    if (!note.ok()) continue;
    EXPECT_EQ(note->text, vector["text"]);
    EXPECT_EQ(ToJson(note->signatures), vector["signatures"]);
    EXPECT_EQ(Format(*note), text);
  }
}

TEST(NoteVectorsTest, SignatureLinesAreReadAsTheirs) {
  for (const Json& vector : Vectors("note", "signature_lines")) {
    SCOPED_TRACE(vector["name"]);
    const auto lines = ParseSignatureLines(vector["lines"].get<std::string>());
    ASSERT_EQ(Outcome(lines.status()), vector["want"]) << lines.status();
    if (!lines.ok()) continue;
    EXPECT_EQ(ToJson(*lines), vector["signatures"]);
    std::string again;
    for (const SignatureLine& line : *lines) again += FormatSignatureLine(line);
    EXPECT_EQ(again, vector["lines"]);
  }
}

TEST(NoteVectorsTest, AKeyFindsItsSignaturesAndRejectsABadOne) {
  const std::vector<std::string> words = {"absent", "good", "bad"};
  for (const Json& vector : Vectors("note", "verdicts")) {
    SCOPED_TRACE(vector["name"]);
    ASSERT_OK_AND_ASSIGN(const SignedNote note,
                         Parse(vector["note"].get<std::string>()));
    const Verified verified = Verify(note, KeyOf(vector["vkey"]));
    EXPECT_EQ(words.at(static_cast<std::size_t>(verified.verdict)),
              vector["verdict"]);
    EXPECT_EQ(static_cast<std::uint64_t>(verified.time_s),
              NumberOf(vector["time_s"]));
  }
}

TEST(NoteVectorsTest, SignaturesAreTheirsByteForByte) {
  for (const Json& vector : Vectors("note", "signatures")) {
    ASSERT_OK_AND_ASSIGN(const SigningKey key,
                         SigningKey::FromSeed(Bytes(vector["seed"])));
    const VerifierKey vkey = KeyOf(vector["vkey"]);
    EXPECT_EQ(key.public_key(), vkey.key);
    const auto text = vector["text"].get<std::string>();
    const auto time_s = static_cast<std::int64_t>(NumberOf(vector["time_s"]));
    const SignatureLine line = vkey.type == KeyType::kEd25519
                                   ? Sign(key, vkey.name, text)
                                   : Cosign(key, vkey.name, text, time_s);
    EXPECT_EQ(FormatSignatureLine(line), vector["line"]);
  }
}

TEST(NoteVectorsTest, CheckpointsAreReadAsTheirs) {
  for (const Json& vector : Vectors("checkpoint", "texts")) {
    SCOPED_TRACE(vector["name"]);
    const auto text = vector["text"].get<std::string>();
    const absl::StatusOr<CheckpointBody> body = ParseCheckpointText(text);
    ASSERT_EQ(Outcome(body.status()), vector["want"]) << body.status();
    if (!body.ok()) continue;
    EXPECT_EQ(body->origin, vector["origin"]);
    EXPECT_EQ(body->tree_size, NumberOf(vector["tree_size"]));
    EXPECT_EQ(body->root, HashOf(vector["root"]));
    // Extension lines are left out.
    EXPECT_EQ(CheckpointText(*body),
              text.substr(0, CheckpointText(*body).size()));
  }
}

TEST(NoteVectorsTest, CheckpointsAreVerifiedAsTheirs) {
  for (const Json& vector : Vectors("checkpoint", "verdicts")) {
    SCOPED_TRACE(vector["name"]);
    const auto text = vector["note"].get<std::string>();
    const VerifierKey key = KeyOf(vector["vkey"]);
    ASSERT_OK_AND_ASSIGN(const SignedNote note, Parse(text));
    const absl::Status status = VerifyCheckpointNote(note, key).status();
    EXPECT_EQ(Outcome(status), vector["want"]) << status;
    // A key alone takes its name from the checkpoint.
    const absl::Status alone = VerifyCheckpointNote(text, key.key).status();
    if (status.ok()) {
      EXPECT_THAT(alone, IsOk());
      EXPECT_EQ(VerifyCheckpointNote(note, key)->origin, key.name);
    }
  }
}

TEST(NoteTest, TheLongestNoteIsReadAndALongerOneIsNot) {
  const absl::string_view line = "\xe2\x80\x94 a AAAAAAE=\n";
  std::string text(limits::kNoteBytesMax - line.size() - 2, 'x');
  EXPECT_THAT(Parse(absl::StrCat(text, "\n\n", line)), IsOk());
  text += 'x';
  EXPECT_THAT(Parse(absl::StrCat(text, "\n\n", line)),
              StatusIs(absl::StatusCode::kInvalidArgument, "at most 65536"));
}

TEST(NoteTest, NoByteOfANoteCanChangeUnderItsSignature) {
  const SigningKey key = SigningKey::Generate();
  const VerifierKey log = LogVerifierKey("thon.example/1", key.public_key());
  const VerifierKey witness{
      .name = "w", .type = KeyType::kCosignature, .key = key.public_key()};
  const std::string text =
      CheckpointText({.origin = log.name, .tree_size = 7, .root = Hash()});
  const std::string whole =
      Format({.text = text,
              .signatures = {Sign(key, log.name, text),
                             Cosign(key, witness.name, text, 1'700'000'000)}});
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      const absl::StatusOr<SignedNote> note = Parse(changed);
      if (!note.ok()) continue;
      EXPECT_FALSE(Verify(*note, log).verdict == Verdict::kGood &&
                   Verify(*note, witness).verdict == Verdict::kGood)
          << "byte " << i << ", bit " << bit;
    }
  }
}

TEST(NoteTest, NoOtherKeySignsForAName) {
  const SigningKey key = SigningKey::Generate();
  const std::string note = MakeCheckpointNote(key, "o", 1, Hash());
  EXPECT_THAT(VerifyCheckpointNote(note, key.public_key()), IsOk());
  EXPECT_THAT(VerifyCheckpointNote(note, SigningKey::Generate().public_key()),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(NoteDeathTest, SigningUnderNoNameIsOurOwnBug) {
  const SigningKey key = SigningKey::Generate();
  EXPECT_DEATH((void)Sign(key, "a b", "x\n"), "IsKeyName");
  EXPECT_DEATH((void)Cosign(key, "a", "x\n", 0), "time_s > 0");
}

}  // namespace
}  // namespace thon::note
