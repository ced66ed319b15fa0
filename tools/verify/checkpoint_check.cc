#include "tools/verify/checkpoint_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

// The epoch that the log declares under this origin.
const Epoch* FindEpoch(const std::vector<Epoch>& epochs,
                       absl::string_view origin) {
  const auto it =
      std::find_if(epochs.begin(), epochs.end(),
                   [&](const Epoch& epoch) { return epoch.origin == origin; });
  return it == epochs.end() ? nullptr : &*it;
}

// Whether entries that were not read may declare this origin's epoch: those in
// front of the first that was, or those behind `read_end`.
bool MayBeDeclaredUnread(const PackSet& packs, const std::vector<Epoch>& epochs,
                         absl::string_view origin, std::uint64_t read_end) {
  const std::string& newest = packs.main().manifest().origin;
  if (LogOf(origin) != LogOf(newest)) return false;
  if (epochs.empty()) return true;
  const std::uint64_t number = EpochOf(origin);
  return (packs.first_entry() > 0 && number < EpochOf(epochs.front().origin)) ||
         (read_end < packs.tree_size() && number < EpochOf(newest) &&
          number > EpochOf(epochs.back().origin));
}

void CheckWitnesses(const note::SignedNote& note, const std::string& file,
                    const Trust& trust, const note::VerifierKey& key,
                    Findings* findings) {
  const auto others = static_cast<std::uint64_t>(std::count_if(
      note.signatures.begin(), note.signatures.end(),
      [&](const note::SignatureLine& line) {
        return line.name != key.name || line.key_id != note::KeyId(key);
      }));
  if (!trust.policy.has_value()) {
    if (others > 0) {
      findings->Add(
          kinds::kCosignaturesIgnored,
          {.file = file, .detail = Say("$0 dòng", "$0 lines", others)});
    }
    return;
  }
  const CosignedBy by = CheckCosignatures(*trust.policy, note);
  for (const int bad : by.bad) {
    findings->Add(
        kinds::kCosignatureBad,
        {.file = file,
         .detail = Same(
             trust.policy->witnesses[static_cast<std::size_t>(bad)].name)});
  }
  if (trust.policy->quorum < 0 && by.witnesses.empty() && by.bad.empty()) {
    return;
  }
  findings->Examined(Check::kWitnesses, by.witnesses.size() + by.bad.size());
  if (by.quorum || trust.policy->quorum < 0) return;
  findings->Add(kinds::kQuorumMissing,
                {.file = file,
                 .detail = Say("$0 chữ ký đúng của các bên chứng kiến mà chính "
                               "sách tin cậy nêu tên",
                               "$0 good cosignatures of witnesses that the "
                               "trust policy names",
                               by.witnesses.size())});
}

}  // namespace

std::optional<OriginKey> TrustedKey(const Trust& trust,
                                    absl::string_view origin) {
  std::vector<note::VerifierKey> keys;
  if (trust.log_key.has_value()) keys.push_back(*trust.log_key);
  if (trust.policy.has_value()) {
    for (const TrustPolicy::Log& log : trust.policy->logs) {
      keys.push_back(log.key);
    }
  }
  for (const note::VerifierKey& key : keys) {
    if (key.name == origin) return OriginKey{key, false};
  }
  for (note::VerifierKey& key : keys) {
    if (key.name.find('/') == std::string::npos ||
        LogOf(key.name) != LogOf(origin)) {
      continue;
    }
    key.name = std::string(origin);
    return OriginKey{key, false};
  }
  return std::nullopt;
}

std::optional<CheckpointBody> CheckHead(const Pack& pack,
                                        const std::optional<Hash>& root,
                                        const Trust& trust, bool is_main,
                                        Findings* findings) {
  const std::string file =
      is_main ? "checkpoint" : absl::StrCat(pack.path(), ": checkpoint");
  const absl::StatusOr<std::string> text = pack.ReadCheckpoint();
  if (!text.ok()) {
    findings->Add(kinds::kCheckpointMissing, {.file = file});
    return std::nullopt;
  }
  const absl::StatusOr<note::SignedNote> note = note::Parse(*text);
  absl::StatusOr<CheckpointBody> body = absl::UnknownError("");
  if (note.ok()) body = ParseCheckpointText(note->text);
  if (!note.ok() || !body.ok()) {
    findings->Add(kinds::kCheckpointMalformed,
                  {.file = file,
                   .detail = Same(
                       (note.ok() ? body.status() : note.status()).message())});
    return std::nullopt;
  }
  findings->Examined(Check::kCheckpoint, 1);
  const Manifest& manifest = pack.manifest();
  if (body->origin != manifest.origin ||
      body->tree_size != manifest.tree_size) {
    findings->Add(
        kinds::kManifestDiffers,
        {.file = file,
         .detail = Say("điểm chốt có $0 mục của $1; bản kê nói $2 của "
                       "$3",
                       "the checkpoint is of $0 entries of $1; the "
                       "manifest says $2 of $3",
                       body->tree_size, body->origin, manifest.tree_size,
                       manifest.origin)});
  }
  std::optional<OriginKey> key = TrustedKey(trust, body->origin);
  if (!key.has_value()) {
    if (trust.log_key.has_value() ||
        (trust.policy.has_value() && !trust.policy->logs.empty())) {
      findings->Add(kinds::kLogKeyDiffers,
                    {.file = file,
                     .detail = Say("chưa cho khóa của $0",
                                   "no key was given for $0", body->origin)});
    } else if (is_main) {
      findings->Add(kinds::kKeyFromManifest,
                    {.file = "manifest.json",
                     .detail = Same(note::FormatVerifierKey(manifest.key))});
    }
    key = OriginKey{manifest.key, true};
  } else if (key->key.key != manifest.key.key) {
    findings->Add(
        kinds::kManifestDiffers,
        {.file = "manifest.json",
         .detail = Say("verifier_key không phải là khóa đã cho",
                       "verifier_key is not the key that was given")});
  }
  const absl::StatusOr<CheckpointBody> verified =
      VerifyCheckpointNote(*note, key->key);
  if (!verified.ok()) {
    findings->Add(kinds::kCheckpointUnsigned,
                  {.file = file, .detail = Same(verified.status().message())});
  }
  if (is_main) CheckWitnesses(*note, file, trust, key->key, findings);
  if (root.has_value() && body->tree_size == manifest.tree_size) {
    findings->Examined(Check::kRoot, 1);
    if (*root != body->root) {
      findings->Add(kinds::kRootDiffers,
                    {.file = file,
                     .detail = Say("nó ký $0; tính trên các ô là $1",
                                   "it signs $0; over the tiles it is $1",
                                   body->root.Hex(), root->Hex())});
    }
  }
  return *body;
}

void CheckOlder(const OlderCheckpoint& older, const PackSet& packs,
                const std::vector<Epoch>& epochs, const Trust& trust,
                TileNodes* nodes, Findings* findings, std::uint64_t read_end) {
  findings->Examined(Check::kConsistency, 1);
  read_end = std::min(read_end, packs.end_entry());
  const auto add = [&](const FindingKind& kind, Detail detail) {
    findings->Add(kind, {.file = older.file, .detail = std::move(detail)});
  };
  const absl::StatusOr<note::SignedNote> note = note::Parse(older.note);
  absl::StatusOr<CheckpointBody> body = absl::UnknownError("");
  if (note.ok()) body = ParseCheckpointText(note->text);
  if (!note.ok() || !body.ok()) {
    const absl::Status why = note.ok() ? body.status() : note.status();
    return add(kinds::kCheckpointMalformed, Same(why.message()));
  }
  const Detail what =
      Say("$0 mục của $1", "$0 entries of $1", body->tree_size, body->origin);
  const Manifest& manifest = packs.main().manifest();
  const Epoch* const epoch = FindEpoch(epochs, body->origin);
  const std::optional<std::uint64_t> declared =
      KeptOfOrigin(epochs, body->origin);
  if (body->origin != manifest.origin && !declared.has_value()) {
    return add(MayBeDeclaredUnread(packs, epochs, body->origin, read_end)
                   ? kinds::kOlderNotChecked
                   : kinds::kOlderForeign,
               what);
  }
  std::optional<OriginKey> key = TrustedKey(trust, body->origin);
  if (!key.has_value() && epoch != nullptr) {
    key = OriginKey{LogVerifierKey(body->origin, epoch->log_key), true};
  }
  if (!key.has_value()) key = OriginKey{manifest.key, true};
  const absl::StatusOr<CheckpointBody> verified =
      VerifyCheckpointNote(*note, key->key);
  if (!verified.ok()) {
    return add(kinds::kCheckpointUnsigned,
               Of(what, Same(verified.status().message())));
  }
  const std::uint64_t kept = declared.value_or(UINT64_MAX);
  if (body->tree_size > kept) {
    return add(kinds::kDeclaredLoss,
               Of(what, Say("từ mục $0 trở đi đã mất",
                            "those from $0 on are lost", kept)));
  }
  // An epoch that opens in entries that were not read keeps all before it.
  const bool may_be_lost = body->origin != manifest.origin &&
                           body->tree_size > read_end &&
                           read_end < packs.tree_size();
  const Detail unread =
      Of(what, Say("chưa đọc các mục từ $0 trở đi, có thể khai một phần mất",
                   "entries from $0 on, which may declare a loss, were not "
                   "read",
                   read_end));
  if (body->tree_size > packs.tree_size()) {
    if (may_be_lost) return add(kinds::kOlderNotChecked, unread);
    return add(kinds::kOlderBeyond,
               Of(what, Say("cây này có $0 mục", "this tree has $0",
                            packs.tree_size())));
  }
  const absl::StatusOr<Hash> root = nodes->RootAt(body->tree_size);
  if (!root.ok()) {
    return add(kinds::kOlderNotChecked,
               Of(what, Same(root.status().message())));
  }
  if (*root != body->root) {
    if (may_be_lost) return add(kinds::kOlderNotChecked, unread);
    add(kinds::kOlderDiffers,
        Of(what, Say("nó ký $0; $1 mục đầu của sổ này có $2",
                     "it signs $0; the first $1 entries of this log have $2",
                     body->root.Hex(), body->tree_size, root->Hex())));
  }
}

void CheckDeclaredKey(const CheckpointBody& head, const note::VerifierKey& key,
                      const std::vector<Epoch>& epochs, std::uint64_t read_end,
                      Findings* findings) {
  const Epoch* last = nullptr;
  for (const Epoch& epoch : epochs) {
    if (epoch.entry.value < head.tree_size) last = &epoch;
  }
  if (last == nullptr) return;
  findings->Examined(Check::kEpochs, 1);
  if (last->origin == head.origin && last->log_key == key.key) return;
  // A log keeps its key over its epochs.
  const bool unread = read_end < head.tree_size && last->log_key == key.key &&
                      LogOf(last->origin) == LogOf(head.origin) &&
                      EpochOf(last->origin) < EpochOf(head.origin);
  findings->Add(
      unread ? kinds::kLogKeyNotChecked : kinds::kLogKeyDiffers,
      {.entry = last->entry.value,
       .position = last->position.value,
       .file = "checkpoint",
       .detail = Say(
           "sổ khai $0; điểm chốt là của $1 dưới khóa $2",
           "the log declares $0; the checkpoint is of $1 under $2",
           note::FormatVerifierKey(LogVerifierKey(last->origin, last->log_key)),
           head.origin, note::FormatVerifierKey(key))});
}

}  // namespace thon::verify
