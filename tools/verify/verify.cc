#include "tools/verify/verify.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/text.h"
#include "server/projections/row_keys.h"
#include "server/projections/state_root.h"
#include "thon/v1/rows.pb.h"
#include "tools/verify/entry_stream.h"
#include "tools/verify/files_check.h"
#include "tools/verify/finding_kinds.h"
#include "tools/verify/fold_check.h"
#include "tools/verify/pack_events.h"
#include "tools/verify/pack_set.h"
#include "tools/verify/progress.h"
#include "tools/verify/rows_check.h"
#include "tools/verify/signature_pool.h"
#include "tools/verify/temp_rows.h"
#include "tools/verify/tree_check.h"

namespace thon::verify {
namespace {

constexpr std::size_t kStoreCacheBytes = std::size_t{64} << 20;

class Verifier {
 public:
  Verifier(const VerifyOptions& options, const PackSet& packs, TempRows* store)
      : options_(options),
        packs_(packs),
        store_(store),
        report_(options.places_max),
        findings_(report_.findings),
        progress_(options.progress),
        nodes_(&packs.main()),
        events_(&packs, store),
        signatures_(ThreadsOf(options)),
        chains_(packs, &events_, &nodes_, &findings_, &signatures_),
        fold_(&events_, store, options.rows_bytes, &findings_) {}

  VerifyReport Run();

 private:
  static int ThreadsOf(const VerifyOptions& options) {
    if (options.threads > 0) return options.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

  void CheckTrees();
  // The payable sum of what --policy-id names; nullopt: the log does not know
  // the policy, or nothing was summed.
  std::optional<std::int64_t> PayableSum() const;
  void ReadEntries();
  void VisitPart(const ReadPart& part);
  void VisitEntry(const ReadEntry& entry);
  void ComparePack(const Pack& pack);
  void CheckOlderOnes();
  void CheckTotal();
  void Describe();

  const VerifyOptions& options_;
  const PackSet& packs_;
  TempRows* const store_;
  VerifyReport report_;
  Findings& findings_;
  Progress progress_;
  TileNodes nodes_;
  PackEvents events_;
  SignaturePool signatures_;
  ChainCheck chains_;
  FoldCheck fold_;
  std::optional<CheckpointBody> head_;
  std::uint64_t read_end_ = 0;  // Behind the last entry that was visited.
  bool in_order_ = true;        // Entries come without a gap so far.
  bool folding_ = true;
};

void Verifier::CheckTrees() {
  for (const std::unique_ptr<Pack>& pack : packs_.packs()) {
    const bool is_main = pack.get() == &packs_.main();
    CheckFiles(*pack, &findings_);
    const std::optional<Hash> root = CheckTree(*pack, &findings_, &progress_);
    if (!is_main) CheckSpareBundles(packs_, *pack, &findings_);
    const std::optional<CheckpointBody> head =
        CheckHead(*pack, root, options_.trust, is_main, &findings_);
    if (!is_main) continue;
    head_ = head;
    if (root.has_value()) report_.root = root->Hex();
  }
}

void Verifier::ReadEntries() {
  const std::uint64_t all = packs_.end_entry() - packs_.first_entry();
  read_end_ = packs_.first_entry();
  if (packs_.first_entry() > 0) {
    folding_ = false;
    findings_.Add(kinds::kFoldNotFromStart, {.entry = packs_.first_entry()});
  }
  if (packs_.first_entry() > 0 || packs_.end_entry() < packs_.tree_size()) {
    findings_.Add(kinds::kEntriesAbsent,
                  {.entry = packs_.first_entry() > 0 ? 0 : packs_.end_entry(),
                   .detail = Say("có các mục $0 tới $1 trong $2",
                                 "entries $0 to $1 of $2", packs_.first_entry(),
                                 packs_.end_entry(), packs_.tree_size())});
  }
  const std::int64_t begin_ms = SteadyMs();
  progress_.Begin("sổ (log)", all);
  EntryStream stream(&packs_);
  while (const ReadPart* const part = stream.Next()) {
    VisitPart(*part);
    progress_.At(report_.entries);
  }
  progress_.End();
  chains_.Finish();
  const BadSignatures bad = signatures_.Finish();
  for (const SignatureJob& one : bad.first) {
    findings_.Add(kinds::kSignatureBad,
                  {.entry = one.entry.value,
                   .position = one.position.value,
                   .detail = AuthorText(one.key.author())});
  }
  findings_.AddMany(kinds::kSignatureBad, bad.count - bad.first.size());
  report_.entries_ms = SteadyMs() - begin_ms;
}

void Verifier::VisitPart(const ReadPart& part) {
  for (const auto& [kind, place] : part.findings) {
    findings_.Add(*kind, place);
  }
  findings_.Examined(Check::kEntries, part.entries_examined);
  report_.entries += part.entries_examined;
  for (const ReadEntry& entry : part.entries) {
    if (in_order_) VisitEntry(entry);
  }
  if (!part.broken || !in_order_) return;
  in_order_ = false;
  if (folding_) {
    findings_.Add(
        kinds::kFoldStopped,
        {.position = chains_.last_position().value,
         .detail = Say("mục sau đó thiếu hay không đúng dạng",
                       "the entry behind it is missing or malformed")});
  }
  folding_ = false;
}

void Verifier::VisitEntry(const ReadEntry& entry) {
  read_end_ = entry.index.value + 1;
  events_.Add(entry);
  if (folding_) folding_ = fold_.Visit(entry);
  chains_.Visit(entry, folding_ ? &fold_.rows() : nullptr);
  report_.events += static_cast<std::uint64_t>(entry.batch->events_size());
  if (folding_) fold_.NameEvents(entry, chains_.IsServer(entry.author));
  for (const std::unique_ptr<Pack>& pack : packs_.packs()) {
    if (pack->manifest().end_entry == entry.index.value + 1) {
      ComparePack(*pack);
    }
  }
}

// What the pack says as of its last entry, which is the one at hand.
void Verifier::ComparePack(const Pack& pack) {
  const Manifest& manifest = pack.manifest();
  const std::uint64_t position = chains_.last_position().value;
  const std::uint64_t kept =
      KeptOfOrigin(chains_.epochs(), manifest.origin).value_or(UINT64_MAX);
  if (manifest.end_entry > kept) {
    findings_.Add(
        kinds::kPackOfLostEntries,
        {.file = pack.path(),
         .detail = Say("nó kết thúc ở mục $0 của $1; từ mục $2 trở đi đã mất",
                       "it ends at entry $0 of $1; those from $2 on are lost",
                       manifest.end_entry, manifest.origin, kept)});
    return;
  }
  if (manifest.position != position) {
    findings_.Add(kinds::kManifestDiffers,
                  {.position = position,
                   .file = "manifest.json",
                   .detail = Say("nó nói vị trí cuối là $0",
                                 "it says that the last position is $0",
                                 manifest.position)});
  }
  if (!folding_ || manifest.first_entry > 0) return;
  if (manifest.state_roots.empty()) {
    if (!pack.rows_files().empty()) {
      findings_.Add(kinds::kManifestDiffers,
                    {.file = "manifest.json",
                     .detail = Say("có các dòng mà không có gốc trạng thái",
                                   "there are rows, but no state roots")});
    } else {
      findings_.Add(kinds::kRowsAbsent, {.file = pack.path()});
      return;
    }
  }
  const absl::StatusOr<std::vector<v1::StateRoot>> own = fold_.Roots();
  if (!own.ok()) {
    findings_.Add(
        kinds::kFoldStopped,
        {.position = position, .detail = Same(own.status().message())});
    folding_ = false;
    return;
  }
  if (&pack == &packs_.main()) report_.state_roots = *own;
  fold_.CompareRoots(*own, manifest.state_roots,
                     {.position = position, .file = "manifest.json"});
  for (const ProjectionTables& projection : AllProjectionTables()) {
    const auto said =
        std::find_if(manifest.state_roots.begin(), manifest.state_roots.end(),
                     [&](const v1::StateRoot& root) {
                       return root.projection() == projection.name;
                     });
    if (said == manifest.state_roots.end()) {
      findings_.Add(
          kinds::kManifestDiffers,
          {.file = "manifest.json",
           .detail = Say("nó không có gốc trạng thái của $0",
                         "it has no state root of $0", projection.name)});
    } else if (projection.name == "eligibility") {
      if (said->version() == projection.version) {
        CheckRows(pack, fold_.rows(), &findings_);
      }
    }
  }
}

void Verifier::CheckOlderOnes() {
  if (head_.has_value()) {
    const std::optional<OriginKey> key =
        TrustedKey(options_.trust, head_->origin);
    CheckDeclaredKey(*head_,
                     key.has_value() ? key->key : packs_.main().manifest().key,
                     chains_.epochs(), read_end_, &findings_);
  }
  const auto check = [this](const OlderCheckpoint& older) {
    CheckOlder(older, packs_, chains_.epochs(), options_.trust, &nodes_,
               &findings_, read_end_);
  };
  for (const std::unique_ptr<Pack>& pack : packs_.packs()) {
    const bool is_main = pack.get() == &packs_.main();
    const std::string prefix = is_main ? "" : absl::StrCat(pack->path(), ": ");
    for (const auto& [size, extent] : pack->older_checkpoints()) {
      const std::string path = Pack::OlderCheckpointPath(size);
      const absl::StatusOr<std::string> note = pack->Read(path, extent);
      if (note.ok()) {
        CheckOlderName(size, *note, prefix + path, &findings_);
        check({prefix + path, *note});
      } else {
        findings_.Add(
            kinds::kOlderNotChecked,
            {.file = prefix + path, .detail = Same(note.status().message())});
      }
    }
    const absl::StatusOr<std::string> head = pack->ReadCheckpoint();
    if (!is_main && head.ok()) check({prefix + "checkpoint", *head});
  }
  for (const OlderCheckpoint& older : options_.older) check(older);
}

std::optional<std::int64_t> Verifier::PayableSum() const {
  if (!report_.money.has_value()) return std::nullopt;
  if (options_.policy_id.empty()) return report_.money->payable.vnd;
  const auto it = report_.money->policies.find(options_.policy_id);
  if (it != report_.money->policies.end()) return it->second.payable.vnd;
  bool known = false;  // It may owe nothing yet.
  ScanRows<v1::PolicyRow>(
      fold_.rows(), Table::kPolicy, "",
      [&](absl::string_view, const v1::PolicyRow& row, Position) {
        known = row.policy_id() == options_.policy_id;
        return !known;
      });
  if (!known) return std::nullopt;
  return 0;
}

void Verifier::CheckTotal() {
  report_.expect_total = options_.expect_total;
  report_.policy_id = options_.policy_id;
  if (folding_ && report_.entries > 0) {
    fold_.Finish();
    report_.money = ComputeMoney(fold_.rows(), events_, chains_, &findings_);
    if (!events_.status().ok() || !store_->status().ok()) {
      findings_.Add(kinds::kFoldStopped,
                    {.detail = Say("không đọc được gói hay tệp tạm",
                                   "the pack or the temporary file cannot be "
                                   "read")});
    }
  }
  const std::optional<std::int64_t> sum = PayableSum();
  report_.total = sum.value_or(0);
  if (!options_.expect_total.has_value()) return;
  findings_.Examined(Check::kMoney, 1);
  if (!sum.has_value()) {
    findings_.Add(
        kinds::kTotalNotComputed,
        {.detail = report_.money.has_value()
                       ? Say("sổ không biết chính sách $0",
                             "the log knows no policy $0", options_.policy_id)
                       : Detail()});
  } else if (report_.total != *options_.expect_total) {
    findings_.Add(
        kinds::kTotalDiffers,
        {.position = report_.last_position,
         .detail = Say("phải chi $0; số đã cho là $1",
                       "payable $0; expected $1", FormatDong(report_.total),
                       FormatDong(*options_.expect_total))});
  }
}

void Verifier::Describe() {
  report_.packs = options_.packs;
  report_.manifest = packs_.main().manifest();
  report_.first_entry = packs_.first_entry();
  report_.end_entry = packs_.end_entry();
  report_.last_position = chains_.last_position().value;
  report_.authors = chains_.author_count();
  report_.epochs = chains_.epochs();
  report_.key_from_pack = findings_.Has(kinds::kKeyFromManifest);
  report_.rows_spilled = store_->rows_written();
  for (const std::unique_ptr<Pack>& pack : packs_.packs()) {
    report_.bytes += pack->byte_count();
    findings_.Examined(Check::kPack, pack->file_count());
  }
}

VerifyReport Verifier::Run() {
  const std::int64_t begin_ms = SteadyMs();
  CheckTrees();
  CheckEmptyOnes(packs_, &findings_);
  ReadEntries();
  CheckOlderOnes();
  Describe();
  CheckTotal();
  report_.total_ms = SteadyMs() - begin_ms;
  progress_.Sum(report_.events, report_.total_ms, report_.events_per_second());
  return std::move(report_);
}

}  // namespace

std::uint64_t VerifyReport::events_per_second() const {
  return events * 1000 /
         static_cast<std::uint64_t>(std::max<std::int64_t>(total_ms, 1));
}

Verdict VerifyReport::verdict() const {
  if (findings.any_failed()) return Verdict::kFailed;
  return findings.any_not_checked() ? Verdict::kIncomplete : Verdict::kHeld;
}

int ExitStatusOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHeld:
      return 0;
    case Verdict::kFailed:
      return 1;
    case Verdict::kIncomplete:
      return 3;
  }
  return 1;
}

absl::StatusOr<VerifyReport> Verify(const VerifyOptions& options) {
  const absl::StatusOr<std::unique_ptr<PackSet>> packs =
      PackSet::Open(options.packs);
  if (!packs.ok()) return packs.status();
  const absl::StatusOr<std::unique_ptr<TempRows>> store =
      TempRows::Open(options.temp_directory, kStoreCacheBytes);
  if (!store.ok()) return store.status();
  return Verifier(options, **packs, store->get()).Run();
}

}  // namespace thon::verify
