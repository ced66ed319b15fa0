#include "server/core/checkpoint.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/lines.h"
#include "server/core/merkle.h"

namespace thon {
namespace {

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a checkpoint: ", what));
}

// The body as it is written, whatever it says.
absl::StatusOr<CheckpointBody> ParseBody(absl::string_view text) {
  absl::string_view origin;
  absl::string_view size;
  absl::string_view root;
  if (!TakeLine(&text, &origin) || !TakeLine(&text, &size) ||
      !TakeLine(&text, &root)) {
    return Malformed("it has not three lines");
  }
  CheckpointBody body;
  if (origin.empty() || origin.size() > limits::kKeyNameBytesMax) {
    return Malformed(absl::StrCat("its origin is not of 1 to ",
                                  limits::kKeyNameBytesMax, " bytes"));
  }
  if (!ParseDecimal(size, &body.tree_size)) {
    return Malformed("its size is not a decimal number of 64 bits");
  }
  if (!DecodeBase64Hash(root, &body.root)) {
    return Malformed("its root is not standard base64 of 32 bytes");
  }
  absl::string_view extension;
  while (TakeLine(&text, &extension)) {
    if (extension.empty()) return Malformed("an extension line is empty");
  }
  if (!text.empty()) return Malformed("it does not end in a newline");
  body.origin = std::string(origin);
  return body;
}

absl::Status CheckEmptyTree(const CheckpointBody& body) {
  if (body.tree_size != 0 || body.root == merkle::EmptyRoot()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the checkpoint is of no entries, whose root is ",
                   merkle::EmptyRoot().Hex(), ", but its root is ",
                   body.root.Hex(), "; ask the log for another checkpoint"));
}

absl::StatusOr<CheckpointBody> VerifyBody(const note::SignedNote& signed_note,
                                          CheckpointBody body,
                                          const note::VerifierKey& log_key) {
  if (log_key.type != note::KeyType::kEd25519) {
    return absl::InvalidArgumentError(
        "a log's verifier key is of type 1, Ed25519; this one is a witness's");
  }
  if (body.origin != log_key.name) {
    return absl::PermissionDeniedError(
        absl::StrCat("the checkpoint is of the log ", body.origin, ", not of ",
                     log_key.name));
  }
  switch (note::Verify(signed_note, log_key).verdict) {
    case note::Verdict::kGood:
      break;
    case note::Verdict::kAbsent:
      return absl::PermissionDeniedError(
          "no signature of the checkpoint is the log key's");
    case note::Verdict::kBad:
      return absl::PermissionDeniedError(
          "a signature of the checkpoint claims to be the log key's and is "
          "not; keep the note and ask the log for another");
  }
  const absl::Status empty = CheckEmptyTree(body);
  if (!empty.ok()) return empty;
  return body;
}

}  // namespace

std::string CheckpointText(const CheckpointBody& body) {
  return absl::StrCat(body.origin, "\n", body.tree_size, "\n",
                      absl::Base64Escape(body.root.view()), "\n");
}

absl::StatusOr<CheckpointBody> ParseCheckpointText(absl::string_view text) {
  absl::StatusOr<CheckpointBody> body = ParseBody(text);
  if (!body.ok()) return body.status();
  const absl::Status empty = CheckEmptyTree(*body);
  if (!empty.ok()) return empty;
  return body;
}

note::VerifierKey LogVerifierKey(absl::string_view origin,
                                 const PublicKey& log_key) {
  return {.name = std::string(origin),
          .type = note::KeyType::kEd25519,
          .key = log_key};
}

std::string MakeCheckpointNote(const SigningKey& log_key,
                               absl::string_view origin,
                               std::uint64_t tree_size, const Hash& root) {
  const std::string text = CheckpointText(
      {.origin = std::string(origin), .tree_size = tree_size, .root = root});
  return note::Format(
      {.text = text, .signatures = {note::Sign(log_key, origin, text)}});
}

absl::StatusOr<CheckpointBody> VerifyCheckpointNote(
    absl::string_view checkpoint, const PublicKey& log_key) {
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(checkpoint);
  if (!parsed.ok()) return parsed.status();
  absl::StatusOr<CheckpointBody> body = ParseBody(parsed->text);
  if (!body.ok()) return body.status();
  if (!note::IsKeyName(body->origin)) {
    return Malformed("its origin cannot be the name of a key");
  }
  const note::VerifierKey key = LogVerifierKey(body->origin, log_key);
  return VerifyBody(*parsed, *std::move(body), key);
}

absl::StatusOr<CheckpointBody> VerifyCheckpointNote(
    const note::SignedNote& checkpoint, const note::VerifierKey& log_key) {
  absl::StatusOr<CheckpointBody> body = ParseBody(checkpoint.text);
  if (!body.ok()) return body.status();
  return VerifyBody(checkpoint, *std::move(body), log_key);
}

}  // namespace thon
