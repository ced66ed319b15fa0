#include "tools/thon/log_trust.h"

#include <unistd.h>

#include <algorithm>
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

// "thon.example/yen-bai/3" is epoch 3 of "thon.example/yen-bai".
struct Epoch {
  absl::string_view name;
  std::uint64_t number = 0;
};
std::optional<Epoch> EpochOf(absl::string_view origin) {
  const std::size_t slash = origin.rfind('/');
  Epoch epoch;
  if (slash == absl::string_view::npos ||
      !absl::SimpleAtoi(origin.substr(slash + 1), &epoch.number)) {
    return std::nullopt;
  }
  epoch.name = origin.substr(0, slash);
  return epoch;
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

// What is kept of another epoch of the same log.
struct KeptEpoch {
  std::uint64_t number = 0;
  note::VerifierKey key;  // Its name is the origin.
  std::optional<std::string> checkpoint;
};

// Ascending. However many epochs lie between: whoever looks seldom must not
// take a log for a new one.
absl::StatusOr<std::vector<KeptEpoch>> OtherEpochs(const std::string& directory,
                                                   const std::string& origin) {
  std::vector<KeptEpoch> others;
  const std::optional<Epoch> own = EpochOf(origin);
  if (!own.has_value()) return others;
  std::error_code error;
  fs::directory_iterator it(directory, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->path().extension() != ".vkey") continue;
    const absl::StatusOr<std::string> text = ReadFile(it->path().string());
    if (!text.ok()) return text.status();
    const absl::StatusOr<note::VerifierKey> key =
        note::ParseVerifierKey(Trim(*text));
    if (!key.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          it->path().string(), " is damaged: ", key.status().message()));
    }
    const std::optional<Epoch> epoch = EpochOf(key->name);
    if (!epoch.has_value() || epoch->name != own->name ||
        epoch->number == own->number) {
      continue;
    }
    absl::StatusOr<std::optional<std::string>> checkpoint =
        Kept(directory, key->name).Checkpoint();
    if (!checkpoint.ok()) return checkpoint.status();
    others.push_back({epoch->number, *key, *std::move(checkpoint)});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot read ", directory, ": ", error.message()));
  }
  std::sort(others.begin(), others.end(),
            [](const KeptEpoch& a, const KeptEpoch& b) {
              return a.number < b.number;
            });
  return others;
}

// The nearest one before `origin`'s; nullptr: none.
const KeptEpoch* EpochBefore(const std::vector<KeptEpoch>& others,
                             const std::string& origin, bool with_checkpoint) {
  const std::optional<Epoch> own = EpochOf(origin);
  const KeptEpoch* before = nullptr;
  for (const KeptEpoch& other : others) {
    if (own.has_value() && other.number < own->number &&
        (!with_checkpoint || other.checkpoint.has_value())) {
      before = &other;
    }
  }
  return before;
}

const KeptEpoch* EpochAfter(const std::vector<KeptEpoch>& others,
                            const std::string& origin) {
  const std::optional<Epoch> own = EpochOf(origin);
  return own.has_value() && !others.empty() &&
                 others.back().number > own->number
             ? &others.back()
             : nullptr;
}

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
                                    const std::vector<KeptEpoch>& others,
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
  if (const KeptEpoch* const before =
          EpochBefore(others, checkpoint.origin(), false);
      before != nullptr) {
    if (before->key.key != said->key) {
      return absl::PermissionDeniedError(absl::StrCat(
          "the log goes on as ", checkpoint.origin(),
          " under another key than that of ", before->key.name,
          ": ask its operator for the new key, and give it with --key"));
    }
    return ChosenKey{*std::move(said), false};
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

void ShowBoth(Session* session, const std::string& kept,
              const std::string& now) {
  ShowNote(session, "đã ghi nhớ (kept)", kept);
  ShowNote(session, "bây giờ (now)", now);
}

absl::Status OtherHistory(Session* session, absl::string_view why,
                          const std::string& kept, const std::string& now) {
  session->Note(
      "NHẬT KÝ ĐÃ BỊ THAY ĐỔI! Giữ lại cả hai điểm kiểm tra dưới đây làm chứng "
      "cứ.\nTHE LOG'S HISTORY WAS CHANGED! Keep both checkpoints as evidence; "
      "believe nothing of this log until it is explained.");
  ShowBoth(session, kept, now);
  return WithReason(
      absl::DataLossError(
          absl::StrCat("the log does not extend what it signed before: ", why)),
      "HISTORY_CHANGED");
}

// Why the smaller of the two trees is no prefix of the larger; "": it is.
// `newest`: `now` is the newest that the log has, which is never older than
// what it signed before.
absl::StatusOr<std::string> WhyNotExtended(AuditClient* audit,
                                           const CheckpointBody& kept,
                                           const CheckpointBody& now,
                                           bool newest) {
  const std::string shorter = absl::StrCat(
      "it is shorter than the ", kept.tree_size, " entries it signed before");
  const bool grew = now.tree_size >= kept.tree_size;
  if (newest && !grew) return shorter;
  const CheckpointBody& first = grew ? kept : now;
  const CheckpointBody& second = grew ? now : kept;
  if (first.tree_size == 0) return "";
  std::vector<Hash> path;
  if (first.tree_size != second.tree_size) {
    v1::GetConsistencyProofRequest request;
    request.set_first_tree_size(first.tree_size);
    request.set_second_tree_size(second.tree_size);
    const absl::StatusOr<v1::ConsistencyProof> proof =
        audit->GetConsistencyProof(request);
    if (absl::IsNotFound(proof.status())) return shorter;
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
  if (extends.ok()) return "";
  return absl::StrCat("the tree of ", second.tree_size,
                      " entries does not extend that of ", first.tree_size,
                      ": ", extends.message());
}

// What was kept, as it was signed. kFailedPrecondition: it is damaged.
absl::StatusOr<CheckpointBody> BodyOfKept(const Kept& kept,
                                          const std::string& text,
                                          const note::VerifierKey& key) {
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(text);
  absl::StatusOr<CheckpointBody> body =
      parsed.ok() ? VerifyCheckpointNote(*parsed, key) : parsed.status();
  if (body.ok()) return body;
  return absl::FailedPreconditionError(absl::StrCat(
      kept.checkpoint_path(), " is damaged: ", body.status().message()));
}

// A new epoch declares that entries were lost; whoever saw them decides whether
// to go on. Nothing is lost if the history extends what was kept.
absl::Status CheckNewEpoch(Session* session, const TrustOptions& options,
                           AuditClient* audit, const std::string& directory,
                           const KeptEpoch& before, const CheckpointBody& now,
                           const std::string& now_note, bool newest) {
  const absl::StatusOr<CheckpointBody> body = BodyOfKept(
      Kept(directory, before.key.name), *before.checkpoint, before.key);
  if (!body.ok()) return body.status();
  const absl::StatusOr<std::string> why =
      WhyNotExtended(audit, *body, now, newest);
  if (!why.ok()) return why.status();
  if (why->empty()) {
    session->Note(absl::StrCat(
        "Nhật ký tiếp tục với tên mới, không thiếu mục nào đã thấy (the log "
        "goes on as ",
        now.origin, "; it holds all ", body->tree_size,
        " entries that were seen of ", before.key.name, ")."));
    return absl::OkStatus();
  }
  session->Note(absl::StrCat(
      "NHẬT KÝ ĐÃ MẤT MỤC! Lịch sử mới ", now.origin, " không chứa đủ ",
      body->tree_size, " mục đã thấy của ", before.key.name,
      ". Giữ lại cả hai điểm kiểm tra dưới đây.\nTHE LOG LOST ENTRIES! The new "
      "epoch ",
      now.origin, " does not hold all of the ", body->tree_size,
      " entries that were seen of ", before.key.name,
      ". Keep both checkpoints, and ask its operator what was lost."));
  ShowBoth(session, *before.checkpoint, now_note);
  if (options.accept_new_epoch) return absl::OkStatus();
  return WithReason(
      absl::DataLossError(absl::StrCat(
          "the log goes on as ", now.origin, " without entries of ",
          before.key.name, " that were seen: ", *why,
          "; once its operator has explained the loss, go on with "
          "--accept-new-epoch")),
      "EPOCH_LOST_ENTRIES");
}

}  // namespace

void AddTrustOptions(CLI::App* command, TrustOptions* options) {
  command->add_option("--key", options->key,
                      "The log's verifier key, or a file that holds it; "
                      "without it, the key of the first use");
  command->add_option("--trust", options->directory,
                      "Folder that keeps the log's key and last checkpoint "
                      "(THON_TRUST; default ~/.config/thon/logs)");
  command->add_flag("--accept-new-epoch", options->accept_new_epoch,
                    "Go on with a log that lost entries which were seen of an "
                    "earlier epoch");
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
  const absl::StatusOr<std::vector<KeptEpoch>> others =
      OtherEpochs(*directory, checkpoint->origin());
  if (!others.ok()) return others.status();
  const absl::StatusOr<ChosenKey> chosen =
      ChooseKey(session, options, *others, kept, *checkpoint);
  if (!chosen.ok()) return chosen.status();
  const absl::StatusOr<note::SignedNote> parsed =
      note::Parse(checkpoint->note());
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<CheckpointBody> body =
      VerifyCheckpointNote(*parsed, chosen->key);
  if (!body.ok()) return body.status();
  const auto old_note = kept.Checkpoint();
  if (!old_note.ok()) return old_note.status();
  if (const KeptEpoch* const newer = EpochAfter(*others, checkpoint->origin());
      newer != nullptr) {
    return OtherHistory(session,
                        absl::StrCat("it went on as ", newer->key.name),
                        newer->checkpoint.value_or(""), checkpoint->note());
  }
  const bool newest = request.min_tree_size() == 0 && !request.witnessed();
  TrustedCheckpoint trusted;
  trusted.first_use = chosen->first_use;
  const KeptEpoch* const before =
      EpochBefore(*others, checkpoint->origin(), true);
  if (old_note->has_value()) {
    const absl::StatusOr<CheckpointBody> old_body =
        BodyOfKept(kept, **old_note, chosen->key);
    if (!old_body.ok()) return old_body.status();
    const absl::StatusOr<std::string> why =
        WhyNotExtended(audit, *old_body, *body, newest);
    if (!why.ok()) return why.status();
    if (!why->empty()) {
      return OtherHistory(session, *why, **old_note, checkpoint->note());
    }
    trusted.extends = old_body->tree_size;
  } else if (before != nullptr) {
    const absl::Status goes_on =
        CheckNewEpoch(session, options, audit, *directory, *before, *body,
                      checkpoint->note(), newest);
    if (!goes_on.ok()) return goes_on;
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
