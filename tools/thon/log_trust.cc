#include "tools/thon/log_trust.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/merkle.h"
#include "server/core/text.h"
#include "tools/thon/files.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

namespace fs = std::filesystem;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::string> DirectoryOf(const TrustOptions& options) {
  if (!options.directory.empty()) return options.directory;
  if (std::string own = Environment("THON_TRUST"); !own.empty()) return own;
  if (const std::string config = Environment("XDG_CONFIG_HOME");
      !config.empty()) {
    return config + "/thon/logs";
  }
  if (const std::string home = Environment("HOME"); !home.empty()) {
    return home + "/.config/thon/logs";
  }
  return UsageError(
      "there is no HOME to keep the log's key and checkpoint in: give --trust "
      "DIR");
}

// Whole and synced, or as it was before.
absl::Status ReplaceFile(const std::string& path, absl::string_view content) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".part");
  std::remove(temporary.c_str());
  const absl::Status written = WriteNewSecretFile(temporary, content);
  if (!written.ok()) return written;
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

// nullopt: there is none.
absl::StatusOr<std::optional<std::string>> ReadKept(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok()) return std::optional<std::string>(*std::move(text));
  if (absl::IsNotFound(text.status())) return std::optional<std::string>();
  return text.status();
}

// The origin of the epoch before: "name/3" follows "name/2"; "" if there can be
// none.
std::string OriginBefore(const std::string& origin) {
  const std::size_t slash = origin.rfind('/');
  std::uint64_t epoch = 0;
  if (slash == std::string::npos ||
      !absl::SimpleAtoi(origin.substr(slash + 1), &epoch) || epoch < 2) {
    return "";
  }
  return absl::StrCat(origin.substr(0, slash + 1), epoch - 1);
}

// The files of one log in the folder.
class Kept {
 public:
  Kept(std::string directory, const std::string& origin)
      : directory_(std::move(directory)),
        stem_(absl::StrCat(directory_, "/",
                           Sha256Of(origin).Hex().substr(0, 32))) {}

  absl::StatusOr<std::optional<note::VerifierKey>> Key() const {
    const auto text = ReadKept(stem_ + ".vkey");
    if (!text.ok()) return text.status();
    if (!text->has_value()) return std::optional<note::VerifierKey>();
    absl::StatusOr<note::VerifierKey> key =
        note::ParseVerifierKey(Trim(**text));
    if (!key.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(stem_, ".vkey is damaged: ", key.status().message()));
    }
    return std::optional<note::VerifierKey>(*std::move(key));
  }
  absl::StatusOr<std::optional<std::string>> Checkpoint() const {
    return ReadKept(stem_ + ".checkpoint");
  }

  absl::Status Save(const note::VerifierKey& key,
                    const std::string* checkpoint) const {
    std::error_code error;
    fs::create_directories(directory_, error);
    if (error) {
      return absl::FailedPreconditionError(absl::StrCat(
          "cannot make ", directory_, " to keep the log's checkpoint in (",
          error.message(), "): give --trust DIR"));
    }
    absl::Status saved =
        ReplaceFile(stem_ + ".vkey", note::FormatVerifierKey(key) + "\n");
    if (saved.ok() && checkpoint != nullptr) {
      saved = ReplaceFile(stem_ + ".checkpoint", *checkpoint);
    }
    return saved;
  }
  std::string checkpoint_path() const { return stem_ + ".checkpoint"; }

 private:
  const std::string directory_;
  const std::string stem_;
};

absl::StatusOr<note::VerifierKey> GivenKey(const std::string& text) {
  absl::StatusOr<note::VerifierKey> key = note::ParseVerifierKey(Trim(text));
  if (key.ok()) return key;
  const absl::StatusOr<std::string> file = ReadFile(text);
  if (file.ok()) key = note::ParseVerifierKey(Trim(*file));
  if (key.ok()) return key;
  return UsageError(
      absl::StrCat("--key: neither a verifier key nor a file that holds one: ",
                   key.status().message()));
}

// The key to check with, and whether nobody named it before.
struct ChosenKey {
  note::VerifierKey key;
  bool first_use = false;
};

absl::StatusOr<ChosenKey> ChooseKey(Session* session,
                                    const TrustOptions& options,
                                    const std::string& directory,
                                    const Kept& kept,
                                    const v1::Checkpoint& checkpoint) {
  const auto pinned = kept.Key();
  if (!pinned.ok()) return pinned.status();
  if (!options.key.empty()) {
    absl::StatusOr<note::VerifierKey> given = GivenKey(options.key);
    if (!given.ok()) return given.status();
    if (pinned->has_value() && **pinned != *given) {
      return absl::PermissionDeniedError(absl::StrCat(
          "--key is not the key that was used for this log before, ",
          note::FormatVerifierKey(**pinned), "; it is kept beside ",
          kept.checkpoint_path()));
    }
    return ChosenKey{*std::move(given), false};
  }
  if (pinned->has_value()) return ChosenKey{**pinned, false};
  absl::StatusOr<note::VerifierKey> said =
      note::ParseVerifierKey(checkpoint.verifier_key());
  if (!said.ok()) return said.status();
  const std::string before = OriginBefore(checkpoint.origin());
  if (!before.empty()) {
    const auto old_key = Kept(directory, before).Key();
    if (!old_key.ok()) return old_key.status();
    if (old_key->has_value() && (**old_key).key != said->key) {
      return absl::PermissionDeniedError(absl::StrCat(
          "the log goes on as ", checkpoint.origin(),
          " under another key than that of ", before,
          ": ask its operator for the new key, and give it with --key"));
    }
  }
  session->Note(absl::StrCat(
      "Lần đầu xem nhật ký này; khóa của nó được ghi nhớ (first use of this "
      "log; its key is kept from now on):\n  ",
      checkpoint.verifier_key(),
      "\n  Hãy đối chiếu với cơ quan quản lý (compare it with what its "
      "operator "
      "says, or give it with --key)."));
  return ChosenKey{*std::move(said), true};
}

// Both notes, line by line as they are, so that they can be copied out.
void ShowNote(Session* session, absl::string_view title,
              const std::string& note) {
  session->Note(absl::StrCat("--- ", title, " ---"));
  for (const absl::string_view line : absl::StrSplit(note, '\n')) {
    session->Note(Printable(line));
  }
}

absl::Status OtherHistory(Session* session, absl::string_view why,
                          const std::string& kept, const std::string& now) {
  session->Note(
      "NHẬT KÝ ĐÃ BỊ THAY ĐỔI! Giữ lại cả hai điểm kiểm tra dưới đây làm chứng "
      "cứ.\nTHE LOG'S HISTORY WAS CHANGED! Keep both checkpoints as evidence; "
      "believe nothing of this log until it is explained.");
  ShowNote(session, "đã ghi nhớ (kept)", kept);
  ShowNote(session, "bây giờ (now)", now);
  return WithReason(
      absl::DataLossError(
          absl::StrCat("the log does not extend what it signed before: ", why)),
      "HISTORY_CHANGED");
}

// OK if the smaller of the two trees is a prefix of the larger.
absl::Status CheckExtends(Session* session, AuditClient* audit,
                          const CheckpointBody& kept,
                          const std::string& kept_note,
                          const CheckpointBody& now,
                          const std::string& now_note) {
  const bool grew = now.tree_size >= kept.tree_size;
  const CheckpointBody& first = grew ? kept : now;
  const CheckpointBody& second = grew ? now : kept;
  if (first.tree_size == 0) return absl::OkStatus();
  std::vector<Hash> path;
  if (first.tree_size != second.tree_size) {
    v1::GetConsistencyProofRequest request;
    request.set_first_tree_size(first.tree_size);
    request.set_second_tree_size(second.tree_size);
    const absl::StatusOr<v1::ConsistencyProof> proof =
        audit->GetConsistencyProof(request);
    if (absl::IsNotFound(proof.status())) {
      return OtherHistory(
          session,
          absl::StrCat("it is shorter than the ", kept.tree_size,
                       " entries it signed before"),
          kept_note, now_note);
    }
    if (!proof.ok()) return proof.status();
    for (const std::string& hash : proof->path()) {
      path.emplace_back();
      if (!Hash::FromBytes(hash, &path.back())) {
        return absl::DataLossError("the server sent a malformed proof");
      }
    }
  }
  const absl::Status extends = merkle::VerifyConsistency(
      first.tree_size, first.root, second.tree_size, second.root, path);
  if (extends.ok()) return extends;
  return OtherHistory(session,
                      absl::StrCat("the tree of ", second.tree_size,
                                   " entries does not extend that of ",
                                   first.tree_size, ": ", extends.message()),
                      kept_note, now_note);
}

}  // namespace

void AddTrustOptions(CLI::App* command, TrustOptions* options) {
  command->add_option("--key", options->key,
                      "The log's verifier key, or a file that holds it; "
                      "without it, the key of the first use");
  command->add_option("--trust", options->directory,
                      "Folder that keeps the log's key and last checkpoint "
                      "(THON_TRUST; default ~/.config/thon/logs)");
}

absl::StatusOr<TrustedCheckpoint> FetchTrusted(
    Session* session, const TrustOptions& options,
    const v1::GetCheckpointRequest& request) {
  const absl::StatusOr<std::string> directory = DirectoryOf(options);
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  AuditClient* const audit = (*client)->audit();
  absl::StatusOr<v1::Checkpoint> checkpoint = audit->GetCheckpoint(request);
  if (!checkpoint.ok()) return checkpoint.status();
  const Kept kept(*directory, checkpoint->origin());
  const absl::StatusOr<ChosenKey> chosen =
      ChooseKey(session, options, *directory, kept, *checkpoint);
  if (!chosen.ok()) return chosen.status();
  const absl::StatusOr<note::SignedNote> parsed =
      note::Parse(checkpoint->note());
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<CheckpointBody> body =
      VerifyCheckpointNote(*parsed, chosen->key);
  if (!body.ok()) return body.status();
  const auto old_note = kept.Checkpoint();
  if (!old_note.ok()) return old_note.status();
  TrustedCheckpoint trusted;
  trusted.first_use = chosen->first_use;
  if (old_note->has_value()) {
    const absl::StatusOr<note::SignedNote> old_parsed = note::Parse(**old_note);
    if (!old_parsed.ok()) return old_parsed.status();
    const absl::StatusOr<CheckpointBody> old_body =
        VerifyCheckpointNote(*old_parsed, chosen->key);
    if (!old_body.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(kept.checkpoint_path(),
                       " is damaged: ", old_body.status().message()));
    }
    // The newest that a log has is never older than what it signed before.
    const bool newest = request.min_tree_size() == 0 && !request.witnessed();
    if (newest && body->tree_size < old_body->tree_size) {
      return OtherHistory(
          session,
          absl::StrCat("it is shorter than the ", old_body->tree_size,
                       " entries it signed before"),
          **old_note, checkpoint->note());
    }
    const absl::Status extends = CheckExtends(
        session, audit, *old_body, **old_note, *body, checkpoint->note());
    if (!extends.ok()) return extends;
    trusted.extends = old_body->tree_size;
  }
  if (!old_note->has_value() || body->tree_size > trusted.extends) {
    const absl::Status saved = kept.Save(chosen->key, &checkpoint->note());
    if (!saved.ok()) return saved;
  }
  trusted.checkpoint = *std::move(checkpoint);
  trusted.body = *body;
  trusted.key = chosen->key;
  return trusted;
}

}  // namespace thon::cli
