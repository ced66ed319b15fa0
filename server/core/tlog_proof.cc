#include "server/core/tlog_proof.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/lines.h"
#include "server/core/merkle.h"

namespace thon {
namespace {

constexpr absl::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr absl::string_view kExtra = "extra ";
constexpr absl::string_view kIndex = "index ";
// The note, and as much again for what stands before it.
constexpr std::size_t kProofBytesMax = 2 * limits::kNoteBytesMax;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a proof: ", what));
}

}  // namespace

std::string FormatTlogProof(const TlogProof& proof) {
  THON_CHECK(proof.path.size() <= limits::kProofHashesMax);
  std::string out = absl::StrCat(kFirstLine, "\n");
  if (proof.extra.has_value() && !proof.extra->empty()) {
    absl::StrAppend(&out, kExtra, absl::Base64Escape(*proof.extra), "\n");
  }
  absl::StrAppend(&out, kIndex, proof.index, "\n", FormatHashLines(proof.path),
                  proof.checkpoint);
  return out;
}

absl::StatusOr<TlogProof> ParseTlogProof(absl::string_view text) {
  if (text.size() > kProofBytesMax) {
    return Malformed(absl::StrCat("it has ", text.size(), " bytes; at most ",
                                  kProofBytesMax, " are read"));
  }
  absl::string_view line;
  if (!TakeLine(&text, &line) || line != kFirstLine) {
    return Malformed(absl::StrCat("its first line is not ", kFirstLine));
  }
  TlogProof proof;
  if (!TakeLine(&text, &line)) return Malformed("it has one line");
  if (absl::ConsumePrefix(&line, kExtra)) {
    std::string extra;
    if (!DecodeBase64(line, &extra) || extra.empty()) {
      return Malformed(
          "its extra data is not standard base64 of at least a byte");
    }
    proof.extra = std::move(extra);
    if (!TakeLine(&text, &line)) return Malformed("it has no index");
  }
  if (!absl::ConsumePrefix(&line, kIndex) ||
      !ParseDecimal(line, &proof.index)) {
    return Malformed("no line says index and a decimal number of 64 bits");
  }
  if (!TakeHashLines(&text, &proof.path)) {
    return Malformed(absl::StrCat(
        "up to ", limits::kProofHashesMax,
        " hashes in standard base64 and an empty line follow the index"));
  }
  const absl::StatusOr<note::SignedNote> checkpoint = note::Parse(text);
  if (!checkpoint.ok()) return checkpoint.status();
  const absl::StatusOr<CheckpointBody> body =
      ParseCheckpointText(checkpoint->text);
  if (absl::IsInvalidArgument(body.status())) return body.status();
  if (!body.ok()) return Malformed(body.status().message());
  proof.checkpoint = std::string(text);
  return proof;
}

absl::StatusOr<CheckpointBody> VerifyTlogProof(
    const TlogProof& proof, const Hash& leaf_hash,
    const note::VerifierKey& log_key) {
  const absl::StatusOr<note::SignedNote> checkpoint =
      note::Parse(proof.checkpoint);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<CheckpointBody> body =
      VerifyCheckpointNote(*checkpoint, log_key);
  if (absl::IsFailedPrecondition(body.status())) {
    return Malformed(body.status().message());
  }
  if (!body.ok()) return body.status();
  const absl::StatusOr<Hash> root = merkle::RootFromInclusionProof(
      leaf_hash, proof.index, body->tree_size, proof.path);
  if (!root.ok()) return root.status();
  if (*root != body->root) {
    return absl::DataLossError(absl::StrCat(
        "the proof leads from the entry to root ", root->Hex(),
        " but the checkpoint of ", body->tree_size, " entries has root ",
        body->root.Hex(), "; it is another entry's, or the log was changed"));
  }
  return body;
}

}  // namespace thon
