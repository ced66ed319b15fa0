// Goal: notes, verifier keys, checkpoints and trust policies are read without a
// fault whatever they hold; what is read is written as the same text; and no
// signed note can be changed and stay good.
// Method: every reader gets the input; then the input is the text of a note
// that is signed, and says which of its bits to change.
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/note.h"
#include "server/core/trust_policy.h"
#include "tests/fuzz/input.h"

namespace thon {
namespace {

const SigningKey& LogKey() {
  static const auto* const key =
      new SigningKey(*SigningKey::FromSeed(std::string(32, '\1')));
  return *key;
}

note::VerifierKey KeyOf(note::KeyType type) {
  return {.name = "thon.example/yen-bai/1",
          .type = type,
          .key = LogKey().public_key()};
}

void ReadNote(absl::string_view text) {
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(text);
  if (!parsed.ok()) return;
  THON_CHECK(note::Format(*parsed) == text);
  THON_CHECK(absl::EndsWith(parsed->text, "\n"));
  THON_CHECK(!parsed->signatures.empty());
  THON_CHECK(parsed->signatures.size() <= limits::kNoteSignaturesMax);
  for (const note::SignatureLine& line : parsed->signatures) {
    THON_CHECK(note::IsKeyName(line.name) && !line.signature.empty());
  }
  (void)note::Verify(*parsed, KeyOf(note::KeyType::kEd25519));
  (void)note::Verify(*parsed, KeyOf(note::KeyType::kCosignature));
  const auto body = VerifyCheckpointNote(text, LogKey().public_key());
  if (body.ok()) {
    THON_CHECK(absl::StartsWith(text, CheckpointText(*body)));
  }
}

void ReadRest(absl::string_view text) {
  const auto lines = note::ParseSignatureLines(text);
  if (lines.ok()) {
    std::string again;
    for (const auto& line : *lines) again += note::FormatSignatureLine(line);
    THON_CHECK(again == text);
    // Signature lines are no note, and a note is no signature lines.
    THON_CHECK(!note::Parse(text).ok());
  }
  const auto key = note::ParseVerifierKey(text);
  if (key.ok()) THON_CHECK(note::FormatVerifierKey(*key) == text);
  const auto body = ParseCheckpointText(text);
  if (body.ok()) {
    THON_CHECK(absl::StartsWith(text, CheckpointText(*body)));
  }
}

void ReadPolicy(absl::string_view text) {
  const absl::StatusOr<TrustPolicy> policy = ParseTrustPolicy(text);
  if (!policy.ok()) return;
  std::set<int> members;
  const int count = static_cast<int>(policy->groups.size());
  THON_CHECK(policy->quorum >= -1 && policy->quorum < count);
  for (int i = 0; i < count; ++i) {
    const auto& group = policy->groups[static_cast<std::size_t>(i)];
    THON_CHECK(!group.name.empty() && group.name != "none");
    THON_CHECK((group.witness >= 0) == group.members.empty());
    THON_CHECK(
        group.witness >= 0 ||
        (group.k >= 1 && group.k <= static_cast<int>(group.members.size())));
    for (const int member : group.members) {
      THON_CHECK(member >= 0 && member < i && members.insert(member).second);
    }
  }
  // A second quorum is refused, wherever it stands; a comment changes nothing.
  THON_CHECK(!ParseTrustPolicy(absl::StrCat("quorum none\n", text)).ok());
  if (text.size() + 3 <= limits::kTrustPolicyBytesMax) {
    THON_CHECK(ParseTrustPolicy(absl::StrCat(text, "\n#")).ok());
  }
  const CosignedBy by = CheckCosignatures(
      *policy, {.text = "a\n",
                .signatures = {{.name = "w", .key_id = 1, .signature = "x"}}});
  THON_CHECK(by.witnesses.empty() && by.quorum == (policy->quorum < 0));
}

// A note over the input is good as long as no bit of it changes.
void SignAndChange(Input input) {
  const auto place = input.Number(2);
  const auto bit = input.Below(8);
  const std::string text = absl::StrCat(input.Bytes(512), "\n");
  const auto key = KeyOf(note::KeyType::kEd25519);
  const auto witness = KeyOf(note::KeyType::kCosignature);
  note::SignedNote whole;
  whole.text = text;
  whole.signatures.push_back(note::Sign(LogKey(), key.name, text));
  whole.signatures.push_back(
      note::Cosign(LogKey(), key.name, text, 1 + static_cast<int>(place)));
  std::string bytes = note::Format(whole);
  const auto parsed = note::Parse(bytes);
  if (!parsed.ok()) return;  // Its text is no text of a note.
  THON_CHECK(parsed->text == text && parsed->signatures == whole.signatures);
  THON_CHECK(note::Verify(*parsed, key).verdict == note::Verdict::kGood);
  THON_CHECK(note::Verify(*parsed, witness).verdict == note::Verdict::kGood);
  THON_CHECK(note::Verify(*parsed, witness).time_s ==
             1 + static_cast<int>(place));
  char& changed = bytes[place % bytes.size()];
  changed = static_cast<char>(changed ^ 1 << bit);
  const auto other = note::Parse(bytes);
  if (!other.ok()) return;
  THON_CHECK(note::Verify(*other, key).verdict != note::Verdict::kGood ||
             note::Verify(*other, witness).verdict != note::Verdict::kGood);
}

}  // namespace
}  // namespace thon

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text = thon::ViewOf(data, size);
  thon::ReadNote(text);
  thon::ReadRest(text);
  thon::ReadPolicy(text);
  thon::SignAndChange(thon::Input(text));
  return 0;
}
