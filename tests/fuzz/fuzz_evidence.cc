// Goal: an evidence file that anybody may have made is judged without a fault,
// and two histories are proven only by what the log's key signed.
// Method: the input is the file, judged with the key that its file names and
// with the one that its reader trusts, whose signatures only seeds have.
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "tests/fuzz/input.h"
#include "tools/verify/checkpoint_check.h"
#include "tools/verify/evidence_check.h"

namespace thon::verify {

// In place of checkpoint_check.cc, which brings the whole verifier along.
std::optional<OriginKey> TrustedKey(const Trust& trust,
                                    absl::string_view origin) {
  if (!trust.log_key.has_value() || trust.log_key->name != origin) {
    return std::nullopt;
  }
  return OriginKey{.key = *trust.log_key};
}

namespace {

note::VerifierKey LogKey() {
  static const auto* const key = new note::VerifierKey(LogVerifierKey(
      "thon.example/yen-bai/1",
      SigningKey::FromSeed(std::string(32, '\1'))->public_key()));
  return *key;
}

// Both notes are signed by the log, of one size, and of different roots.
bool ShowsTwoHistories(const EvidenceText& evidence) {
  const auto body_of = [](const std::string& text) {
    return VerifyCheckpointNote(text, LogKey().key);
  };
  const auto known = body_of(evidence.known);
  const auto submitted = body_of(evidence.submitted);
  return known.ok() && submitted.ok() && known->origin == submitted->origin &&
         known->tree_size == submitted->tree_size &&
         known->root != submitted->root;
}

void Judge(absl::string_view text) {
  const absl::StatusOr<EvidenceText> evidence = ParseEvidence(text);
  KeptOptions options;
  options.kind = KeptKind::kEvidence;
  options.text = std::string(text);
  options.name = "input";
  KeptReport untrusting;
  THON_CHECK(CheckEvidence(options, &untrusting).ok() == evidence.ok());
  if (!evidence.ok()) return;
  options.trust.log_key = LogKey();
  KeptReport report;
  THON_CHECK(CheckEvidence(options, &report).ok());
  if (absl::StartsWith(report.conclusion.en, "PROVEN")) {
    THON_CHECK(!report.findings.any_failed() && ShowsTwoHistories(*evidence));
  }
}

}  // namespace
}  // namespace thon::verify

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thon::verify::Judge(thon::ViewOf(data, size));
  return 0;
}
