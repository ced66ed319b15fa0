#include "tools/verify/kept.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/civil.h"
#include "server/core/merkle.h"
#include "server/core/receipt_card.h"
#include "server/core/tlog_proof.h"
#include "tools/verify/entry_stream.h"
#include "tools/verify/evidence_check.h"
#include "tools/verify/finding_kinds.h"
#include "tools/verify/pack_events.h"
#include "tools/verify/report.h"
#include "tools/verify/signature_pool.h"
#include "tools/verify/temp_rows.h"
#include "tools/verify/tree_check.h"

namespace thon::verify {
namespace {

constexpr char kProofFirstLine[] = "c2sp.org/tlog-proof";

// A pack that was opened to be compared with, its tree verified.
struct ComparedPack {
  std::unique_ptr<PackSet> packs;
  std::unique_ptr<TileNodes> nodes;
  std::vector<Epoch> epochs;   // As its entries say.
  std::uint64_t read_end = 0;  // Behind the last entry that was read.
  bool proven = false;         // Nothing that its entries say contradicts them.
};

// The epochs that the entries open. What of the pack's entries, chains,
// signatures and epochs does not hold is added to `findings`: the pack excuses
// nothing then.
absl::Status ReadEpochs(ComparedPack* pack, Findings* findings) {
  constexpr std::size_t kPlacesCacheBytes = std::size_t{8} << 20;
  absl::StatusOr<std::unique_ptr<TempRows>> places =
      TempRows::Open("", kPlacesCacheBytes);
  if (!places.ok()) return places.status();
  Findings found;  // Of the whole pack; much of it is not about a receipt.
  PackEvents events(pack->packs.get(), places->get());
  SignaturePool signatures(1);
  ChainCheck chains(*pack->packs, &events, pack->nodes.get(), &found,
                    &signatures);
  EntryStream stream(pack->packs.get());
  bool in_order = true;
  while (const ReadPart* const part = stream.Next()) {
    for (const auto& [kind, place] : part->findings) found.Add(*kind, place);
    for (const ReadEntry& entry : part->entries) {
      if (!in_order) break;
      events.Add(entry);
      chains.Visit(entry, nullptr);
      pack->read_end = entry.index.value + 1;
    }
    in_order = in_order && !part->broken;
  }
  chains.Finish();
  for (const SignatureJob& bad : signatures.Finish().first) {
    found.Add(kinds::kSignatureBad,
              {.entry = bad.entry.value, .position = bad.position.value});
  }
  pack->epochs = chains.epochs();
  pack->proven = !found.any_failed() && events.status().ok();
  for (const auto& [kind, what] : found.All()) {
    if (kind->weight != Weight::kFailed) continue;
    for (const Place& place : what->places) findings->Add(*kind, place);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ComparedPack>> OpenPack(const KeptOptions& options,
                                                     Findings* findings) {
  if (options.pack.empty()) return std::optional<ComparedPack>();
  absl::StatusOr<std::unique_ptr<PackSet>> packs =
      PackSet::Open({options.pack});
  if (!packs.ok()) return packs.status();
  ComparedPack compared;
  compared.packs = *std::move(packs);
  Progress quiet(false);
  const Pack& pack = compared.packs->main();
  const std::optional<Hash> root = CheckTree(pack, findings, &quiet);
  const std::optional<CheckpointBody> head =
      CheckHead(pack, root, options.trust, /*is_main=*/true, findings);
  compared.nodes = std::make_unique<TileNodes>(&pack);
  const absl::Status read = ReadEpochs(&compared, findings);
  if (!read.ok()) return read;
  if (head.has_value()) {
    const std::optional<OriginKey> key =
        TrustedKey(options.trust, head->origin);
    CheckDeclaredKey(*head, key.has_value() ? key->key : pack.manifest().key,
                     compared.epochs, compared.read_end, findings);
  }
  return std::optional<ComparedPack>(std::move(compared));
}

// The key for `origin`: the auditor's, or what the pack says.
std::optional<PublicKey> KeyFor(const KeptOptions& options,
                                const std::optional<ComparedPack>& pack,
                                absl::string_view origin) {
  const std::optional<OriginKey> trusted = TrustedKey(options.trust, origin);
  if (trusted.has_value()) return trusted->key.key;
  if (!pack.has_value()) return std::nullopt;
  for (const Epoch& epoch : pack->epochs) {
    if (epoch.origin == origin) return epoch.log_key;
  }
  const Manifest& manifest = pack->packs->main().manifest();
  if (manifest.origin == origin) return manifest.key.key;
  return std::nullopt;
}

// Where the entry `index` of epoch `origin` must be.
void CheckInPack(const ComparedPack& pack, absl::string_view origin,
                 std::uint64_t index, const Hash& leaf, const std::string& name,
                 Findings* findings) {
  const auto add = [&](const FindingKind& kind, Detail detail) {
    findings->Add(kind,
                  {.entry = index, .file = name, .detail = std::move(detail)});
  };
  const Manifest& manifest = pack.packs->main().manifest();
  std::uint64_t kept = UINT64_MAX;
  bool declared = manifest.origin == origin;
  for (std::size_t i = 0; i < pack.epochs.size(); ++i) {
    if (pack.epochs[i].origin != origin) continue;
    declared = true;
    kept = KeptOf(pack.epochs, i);
  }
  if (!declared) {
    return add(kinds::kReceiptNotChecked,
               Say("gói không khai kỷ nguyên $0",
                   "the pack declares no epoch $0", origin));
  }
  if (index >= kept && !pack.proven) {
    return add(kinds::kReceiptNotChecked,
               Say("một kỷ nguyên khai nó là mất, trong một gói không đúng",
                   "an epoch declares it lost, in a pack that does not hold"));
  }
  if (index >= kept) {
    return add(kinds::kReceiptLost,
               Say("các mục từ $0 trở đi của $1 đã được khai là mất",
                   "entries from $0 on of $1 are declared lost", kept, origin));
  }
  if (index >= manifest.tree_size) {
    return add(kinds::kReceiptNotChecked,
               Say("gói kết thúc trước nó, ở $0 mục; hãy lấy gói mới hơn",
                   "the pack ends before it, at $0 entries; get a newer one",
                   manifest.tree_size));
  }
  const absl::StatusOr<Hash> found = pack.nodes->Leaf(index);
  if (!found.ok()) {
    return add(kinds::kReceiptNotChecked, Same(found.status().message()));
  }
  if (*found != leaf) {
    add(kinds::kReceiptBroken,
        Say("sổ có lá $0; đã hứa $1", "the log has leaf $0; promised was $1",
            found->Hex(), leaf.Hex()));
  }
}

// The card's own words against the entry that it promises.
void CompareCard(const v1::ReceiptCard& card, absl::string_view bytes,
                 const std::string& name, Findings* findings) {
  const absl::StatusOr<EntryView> view = ParseEntry(bytes);
  v1::Batch batch;
  const v1::Receipt& receipt = card.receipt();
  if (!view.ok() || ParseBatch(view->batch, &batch) != BatchFault::kNone) {
    return;  // The leaf hash was compared.
  }
  Detail wrong;
  if (view->trailer.first_position.value != receipt.first_position() ||
      view->trailer.event_count != receipt.event_count()) {
    wrong = Say("mục có các vị trí từ $0", "the entry has positions from $0",
                view->trailer.first_position.value);
  } else if (view->trailer.receive_time.ms != receipt.receive_time_ms()) {
    wrong = Say("mục được nhận lúc $0", "the entry was received at $0",
                TimeZone::VietNam().Format(view->trailer.receive_time));
  } else if (batch.author() != card.author() ||
             card.sequence() < batch.first_sequence() ||
             card.sequence() - batch.first_sequence() >=
                 static_cast<std::uint64_t>(batch.events_size())) {
    wrong = Say("mục không chứa sự kiện mà thẻ cho thấy",
                "the entry does not hold the event that the card shows");
  }
  if (wrong.empty()) return;
  findings->Add(
      kinds::kReceiptDiffers,
      {.entry = receipt.entry_index(), .file = name, .detail = wrong});
}

std::optional<std::string> EntryOf(const ComparedPack& pack,
                                   std::uint64_t index) {
  const absl::StatusOr<PackSet::Bundle> bundle =
      pack.packs->ReadBundle(index / limits::kTileWidth);
  if (!bundle.ok()) return std::nullopt;
  const auto entries = ParseEntryBundle(bundle->bytes, bundle->id.width);
  const std::size_t at = index % limits::kTileWidth;
  if (!entries.ok() || at >= entries->size()) return std::nullopt;
  return std::string((*entries)[at]);
}

absl::Status CheckProof(const KeptOptions& options, KeptReport* report) {
  const absl::StatusOr<TlogProof> proof = ParseTlogProof(options.text);
  if (!proof.ok()) return proof.status();
  const absl::StatusOr<note::SignedNote> note = note::Parse(proof->checkpoint);
  if (!note.ok()) return note.status();
  const absl::StatusOr<CheckpointBody> body = ParseCheckpointText(note->text);
  if (!body.ok()) return body.status();
  Findings& findings = report->findings;
  const absl::StatusOr<std::optional<ComparedPack>> pack =
      OpenPack(options, &findings);
  if (!pack.ok()) return pack.status();
  std::optional<std::string> entry = options.leaf;
  if (!entry.has_value() && pack->has_value()) {
    entry = EntryOf(**pack, proof->index);
  }
  if (!entry.has_value()) {
    return absl::InvalidArgumentError(
        "give the entry that is proved: --leaf FILE, or a pack that holds it");
  }
  const Hash leaf = merkle::HashLeaf(*entry);
  findings.Examined(Check::kReceipts, 1);
  report->facts = {
      {"Tên sổ / Origin", body->origin},
      {"Mục / Entry", absl::StrCat(proof->index)},
      {"Số mục của cây / Tree size", absl::StrCat(body->tree_size)},
      {"Băm của mục / Leaf hash", leaf.Hex()}};
  const auto add = [&](const FindingKind& kind, Detail detail) {
    findings.Add(kind, {.entry = proof->index,
                        .file = options.name,
                        .detail = std::move(detail)});
  };
  const std::optional<PublicKey> key = KeyFor(options, *pack, body->origin);
  if (!key.has_value()) {
    add(kinds::kReceiptNotChecked,
        Say("chưa biết khóa của $0; hãy cho --log-key",
            "no key of $0 is known; give --log-key", body->origin));
    return absl::OkStatus();
  }
  const absl::StatusOr<CheckpointBody> verified =
      VerifyTlogProof(*proof, leaf, LogVerifierKey(body->origin, *key));
  if (!verified.ok()) {
    add(absl::IsPermissionDenied(verified.status()) ? kinds::kReceiptUnsigned
                                                    : kinds::kProofBroken,
        Same(verified.status().message()));
    return absl::OkStatus();
  }
  if (options.trust.policy.has_value() &&
      !CheckCosignatures(*options.trust.policy, *note).quorum) {
    findings.Add(kinds::kQuorumMissing, {.file = options.name});
  }
  if (!pack->has_value()) return absl::OkStatus();
  CheckOlder({options.name, proof->checkpoint}, *(*pack)->packs,
             (*pack)->epochs, options.trust, (*pack)->nodes.get(), &findings,
             (*pack)->read_end);
  CheckInPack(**pack, body->origin, proof->index, leaf, options.name,
              &findings);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCard(const KeptOptions& options, absl::string_view text,
                       KeptReport* report) {
  const absl::StatusOr<v1::ReceiptCard> card = ParseReceiptCard(text);
  if (!card.ok()) return card.status();
  const v1::Receipt& receipt = card->receipt();
  Findings& findings = report->findings;
  const absl::StatusOr<std::optional<ComparedPack>> pack =
      OpenPack(options, &findings);
  if (!pack.ok()) return pack.status();
  findings.Examined(Check::kReceipts, 1);
  report->facts = {
      {"Tên sổ / Origin", receipt.origin()},
      {"Mục / Entry", absl::StrCat(receipt.entry_index())},
      {"Vị trí / Positions",
       absl::StrCat(receipt.first_position(), " + ", receipt.event_count())},
      {"Nhận lúc / Received",
       TimeZone::VietNam().Format(Instant(receipt.receive_time_ms()))},
      {"Tác giả / Author", HexEncode(card->author())},
      {"Số của sự kiện / Number", absl::StrCat(card->sequence())},
      {"Băm của mục / Leaf hash", HexEncode(card->leaf_hash())}};
  const std::optional<PublicKey> key = KeyFor(options, *pack, receipt.origin());
  if (!key.has_value()) {
    findings.Add(kinds::kReceiptNotChecked,
                 {.entry = receipt.entry_index(),
                  .file = options.name,
                  .detail = Say("chưa biết khóa của $0; hãy cho --log-key",
                                "no key of $0 is known; give --log-key",
                                receipt.origin())});
    return absl::OkStatus();
  }
  const absl::Status verified = VerifyReceiptCard(*card, *key);
  if (!verified.ok()) {
    findings.Add(kinds::kReceiptUnsigned, {.entry = receipt.entry_index(),
                                           .file = options.name,
                                           .detail = Same(verified.message())});
    return absl::OkStatus();
  }
  Hash leaf;
  Hash::FromBytes(card->leaf_hash(), &leaf);
  std::optional<std::string> entry = options.leaf;
  if (pack->has_value()) {
    CheckInPack(**pack, receipt.origin(), receipt.entry_index(), leaf,
                options.name, &findings);
    if (!entry.has_value()) entry = EntryOf(**pack, receipt.entry_index());
  }
  if (entry.has_value() && merkle::HashLeaf(*entry) == leaf) {
    CompareCard(*card, *entry, options.name, &findings);
  } else if (options.leaf.has_value()) {
    findings.Add(
        kinds::kReceiptDiffers,
        {.entry = receipt.entry_index(),
         .file = options.name,
         .detail = Say("tệp cho với --leaf là một mục khác",
                       "the file given with --leaf is another entry")});
  }
  return absl::OkStatus();
}

Verdict KeptReport::verdict() const {
  if (findings.any_failed()) return Verdict::kFailed;
  return findings.any_not_checked() ? Verdict::kIncomplete : Verdict::kHeld;
}

absl::StatusOr<KeptReport> CheckKept(const KeptOptions& options) {
  KeptReport report;
  absl::Status status;
  if (options.kind == KeptKind::kEvidence) {
    status = absl::StartsWith(options.text, kPromiseFirstLine)
                 ? CheckPromise(options, &report)
                 : CheckEvidence(options, &report);
  } else if (options.kind == KeptKind::kProof ||
             absl::StartsWith(options.text, kProofFirstLine)) {
    status = CheckProof(options, &report);
  } else {
    status =
        CheckCard(options, absl::StripAsciiWhitespace(options.text), &report);
  }
  if (!status.ok()) return status;
  return report;
}

Document KeptDocument(const KeptReport& report) {
  Document document;
  document.title = "Biên bản kiểm thứ đã giữ / Report on what was kept";
  const Words verdict = VerdictWords(report.verdict());
  document.Paragraph(absl::StrCat(verdict.vi, " / ", verdict.en));
  if (!report.conclusion.vi.empty()) {
    document.Paragraph(
        absl::StrCat(report.conclusion.vi, " / ", report.conclusion.en));
  }
  std::vector<std::vector<std::string>> rows = {
      {"Mục / What", "Giá trị / Value"}};
  for (const auto& [name, value] : report.facts) rows.push_back({name, value});
  document.Table(std::move(rows));
  for (const auto& [kind, found] : report.findings.All()) {
    document.Paragraph(
        absl::StrCat(kind->name, ": ", kind->vi, " / ", kind->en));
    for (const Place& place : found->places) {
      document.Paragraph(absl::StrCat("  ", PlaceText(place)));
    }
  }
  return document;
}

}  // namespace thon::verify
