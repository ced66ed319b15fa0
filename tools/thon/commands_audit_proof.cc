// thon audit checkpoint, proof: signed heads and proofs, checked before they
// are shown or written.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/merkle.h"
#include "server/core/tlog_proof.h"
#include "tools/thon/audit_entry.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/files.h"
#include "tools/thon/log_trust.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// Nothing is overwritten.
absl::Status WriteNewFile(const std::string& path, absl::string_view content) {
  const absl::Status written = WriteNewSecretFile(path, content);
  if (!absl::IsAlreadyExists(written)) return written;
  return absl::AlreadyExistsError(
      absl::StrCat(path, " is there already; nothing is overwritten"));
}

struct CheckpointOptions {
  TrustOptions trust;
  std::uint64_t size = 0;
  bool witnessed = false;
  std::string out;
};

absl::Status ShowCheckpoint(Session* session,
                            const CheckpointOptions& options) {
  v1::GetCheckpointRequest request;
  request.set_min_tree_size(options.size);
  request.set_witnessed(options.witnessed);
  const absl::StatusOr<TrustedCheckpoint> trusted =
      FetchOrAlarm(session, options.trust, request);
  if (!trusted.ok()) return trusted.status();
  const v1::Checkpoint& checkpoint = trusted->checkpoint;
  if (!options.out.empty()) {
    const absl::Status written = WriteNewFile(options.out, checkpoint.note());
    if (!written.ok()) return written;
  }
  if (session->json) {
    Json json = ToJson(checkpoint);
    json["verifier_key"] = note::FormatVerifierKey(trusted->key);
    json["extends_tree_size"] = trusted->extends;
    json["first_use"] = trusted->first_use;
    session->Print(json);
    return absl::OkStatus();
  }
  session->out() << checkpoint.note() << '\n'
                 << "Chữ ký đúng (the signature holds): "
                 << note::FormatVerifierKey(trusted->key) << '\n';
  if (trusted->extends > 0) {
    session->out() << "Nối tiếp điểm kiểm tra đã ghi nhớ (consistent with the "
                      "kept checkpoint of "
                   << trusted->extends << " entries)\n";
  }
  session->out() << "Ký lúc (signed): "
                 << ShowInstant(checkpoint.signed_time_ms()) << '\n'
                 << "Nhân chứng (witnessed): "
                 << (checkpoint.witnessed() ? "có (yes)" : "chưa (not yet)")
                 << '\n';
  return absl::OkStatus();
}

struct ProofOptions {
  TrustOptions trust;
  std::uint64_t position = 0;
  std::string out;
  std::string leaf;
  bool witnessed = false;
};

absl::Status WriteProof(Session* session, const ProofOptions& options) {
  v1::GetCheckpointRequest head;
  head.set_witnessed(options.witnessed);
  const absl::StatusOr<TrustedCheckpoint> trusted =
      FetchOrAlarm(session, options.trust, head);
  if (!trusted.ok()) return trusted.status();
  AuditClient* const audit = (*session->client())->audit();
  v1::GetInclusionProofRequest request;
  request.set_position(options.position);
  request.set_tree_size(trusted->body.tree_size);
  const auto proof = audit->GetInclusionProof(request);
  if (!proof.ok()) return proof.status();
  const auto leaf = ReadLeaf(audit, proof->entry_index());
  if (!leaf.ok()) return leaf.status();
  // The checkpoint is the one that was checked, not one that came with it.
  TlogProof text;
  text.index = proof->entry_index();
  for (const std::string& hash : proof->path()) {
    text.path.emplace_back();
    if (!Hash::FromBytes(hash, &text.path.back())) {
      return absl::DataLossError("the server sent a malformed proof");
    }
  }
  text.checkpoint = trusted->checkpoint.note();
  const auto verified =
      VerifyTlogProof(text, merkle::HashLeaf(*leaf), trusted->key);
  if (!verified.ok()) return verified.status();
  const auto view = ParseEntry(*leaf);
  if (!view.ok()) return view.status();
  if (options.position < view->trailer.first_position.value ||
      options.position > view->trailer.last_position().value) {
    return absl::DataLossError(absl::StrCat(
        "the server sent the proof of entry ", proof->entry_index(),
        ", which does not hold position ", options.position));
  }
  absl::Status written = WriteNewFile(options.out, FormatTlogProof(text));
  if (written.ok() && !options.leaf.empty()) {
    written = WriteNewFile(options.leaf, *leaf);
  }
  if (!written.ok()) return written;
  if (session->json) {
    session->Print({{"file", options.out},
                    {"position", options.position},
                    {"entry_index", proof->entry_index()},
                    {"tree_size", trusted->body.tree_size},
                    {"leaf_hash", merkle::HashLeaf(*leaf).Hex()},
                    {"root_hash", trusted->body.root.Hex()}});
    return absl::OkStatus();
  }
  session->out() << "Đã kiểm tra và ghi (checked and written): " << options.out
                 << ", mục (entry) " << proof->entry_index() << " trong (of) "
                 << trusted->body.tree_size << '\n';
  return absl::OkStatus();
}

}  // namespace

void AddAuditProofCommands(CLI::App* group, Session* session) {
  CLI::App* command = Command(
      group, "checkpoint",
      "Điểm kiểm tra có chữ ký (a signed tree head, checked against the last "
      "one kept here)",
      {"thon audit checkpoint",
       "thon audit checkpoint --witnessed -o yenbai.checkpoint",
       "thon audit checkpoint --size 70000 --key yenbai.vkey"});
  auto checkpoint = std::make_shared<CheckpointOptions>();
  command->add_option("--size", checkpoint->size,
                      "The smallest kept one that covers so many entries");
  command->add_flag("--witnessed", checkpoint->witnessed,
                    "The newest with the cosignatures that the log requires");
  command->add_option("-o,--out", checkpoint->out, "New file for the note");
  AddTrustOptions(command, &checkpoint->trust);
  OnChosen(command, session, checkpoint, &ShowCheckpoint);

  command = Command(
      group, "proof",
      "Bằng chứng một sự kiện có trong nhật ký (proof that an event is in the "
      "log, as a C2SP tlog-proof)",
      {"thon audit proof 4711 -o 4711.tlog-proof --leaf 4711.entry"});
  auto proof = std::make_shared<ProofOptions>();
  command->add_option("position", proof->position, "Position of the event")
      ->required();
  command->add_option("-o,--out", proof->out, "New file for the proof")
      ->required();
  command->add_option("--leaf", proof->leaf,
                      "New file for the entry's bytes, which it is about");
  command->add_flag("--witnessed", proof->witnessed,
                    "Under the newest checkpoint that witnesses cosigned");
  AddTrustOptions(command, &proof->trust);
  OnChosen(command, session, proof, &WriteProof);
}

}  // namespace thon::cli
