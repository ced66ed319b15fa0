#include "tools/verify/files_check.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/checkpoint.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {

void CheckFiles(const Pack& pack, Findings* findings) {
  std::map<std::string, Manifest::File> listed = pack.manifest().files;
  const auto compare = [&](const std::string& path, const std::string& bytes) {
    const auto it = listed.find(path);
    if (it == listed.end()) {
      findings->Add(kinds::kFileUnlisted, {.file = path});
      return;
    }
    if (it->second.size != bytes.size() ||
        it->second.sha256 != Sha256Of(bytes)) {
      findings->Add(
          kinds::kFileDiffers,
          {.file = path,
           .detail = Say("$0 byte, SHA-256 $1; bản kê ghi $2 byte, $3",
                         "$0 bytes, SHA-256 $1; listed with $2 bytes, $3",
                         bytes.size(), Sha256Of(bytes).Hex(), it->second.size,
                         it->second.sha256.Hex())});
    }
    listed.erase(it);
  };
  const auto read = [&](const std::string& path, Extent extent) {
    const absl::StatusOr<std::string> bytes = pack.Read(path, extent);
    if (bytes.ok()) {
      compare(path, *bytes);
    } else {
      findings->Add(kinds::kFileDiffers,
                    {.file = path, .detail = Same(bytes.status().message())});
      listed.erase(path);
    }
  };
  const absl::StatusOr<std::string> checkpoint = pack.ReadCheckpoint();
  if (checkpoint.ok()) compare("checkpoint", *checkpoint);
  for (const auto& [size, extent] : pack.older_checkpoints()) {
    read(Pack::OlderCheckpointPath(size), extent);
  }
  for (const auto& [name, extent] : pack.rows_files()) {
    read(Pack::RowsPath(name.first, name.second), extent);
  }
  for (const auto& [path, file] : listed) {
    findings->Add(kinds::kFileMissing, {.file = path});
  }
}

void CheckSpareBundles(const PackSet& packs, const Pack& pack,
                       Findings* findings) {
  const Manifest& manifest = pack.manifest();
  TileNodes nodes(&pack);
  const std::uint64_t width = limits::kTileWidth;
  const std::uint64_t end = (manifest.end_entry + width - 1) / width;
  for (std::uint64_t index = manifest.first_entry / width; index < end;
       ++index) {
    const std::uint64_t there =
        std::min(end, pack.NextBundle(index).value_or(end));
    if (there > index) {
      // One finding, however many are claimed.
      findings->Add(kinds::kBundleMissing,
                    {.entry = index * width,
                     .file = absl::StrCat(
                         pack.path(), ": ",
                         TilePath({true, 0, index,
                                   TileWidthAt(0, index, manifest.tree_size)})),
                     .detail = Say("$0 bó kể từ đó", "$0 bundles from it on",
                                   there - index)});
      index = there;
      if (index == end) break;
    }
    const TileId id{true, 0, index, TileWidthAt(0, index, manifest.tree_size)};
    if (packs.PackOfBundle(index) == &pack) continue;
    const std::string file = absl::StrCat(pack.path(), ": ", TilePath(id));
    const absl::StatusOr<std::string> bytes = pack.ReadTile(id);
    absl::StatusOr<std::vector<absl::string_view>> entries =
        absl::NotFoundError("");
    if (bytes.ok()) entries = ParseEntryBundle(*bytes, id.width);
    if (!entries.ok()) {
      findings->Add(
          bytes.ok() ? kinds::kBundleMalformed : kinds::kBundleMissing,
          {.entry = index * width, .file = file});
      continue;
    }
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const std::uint64_t at = index * width + i;
      findings->Examined(Check::kEntries, 1);
      const absl::StatusOr<Hash> wanted = nodes.Leaf(at);
      if (wanted.ok() && *wanted != merkle::HashLeaf((*entries)[i])) {
        findings->Add(kinds::kLeafDiffers, {.entry = at, .file = file});
      }
    }
  }
}

void CheckOlderName(std::uint64_t size, absl::string_view note,
                    const std::string& file, Findings* findings) {
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(note);
  if (!parsed.ok()) return;  // Found by who compares it.
  const absl::StatusOr<CheckpointBody> body = ParseCheckpointText(parsed->text);
  if (body.ok() && body->tree_size != size) {
    findings->Add(
        kinds::kFileDiffers,
        {.file = file,
         .detail = Say("đó là điểm chốt của $0 mục",
                       "it is a checkpoint of $0 entries", body->tree_size)});
  }
}

void CheckEmptyOnes(const PackSet& packs, Findings* findings) {
  if (packs.tree_size() == 0) findings->Add(kinds::kTreeEmpty, {});
  for (const std::unique_ptr<Pack>& pack : packs.packs()) {
    const Manifest& manifest = pack->manifest();
    const auto differs = [&](Detail detail) {
      findings->Add(kinds::kManifestDiffers,
                    {.file = "manifest.json", .detail = std::move(detail)});
    };
    if (manifest.end_entry == 0 && manifest.position != 0) {
      differs(Say("không có mục nào mà nói vị trí cuối là $0",
                  "without entries, it says that the last position is $0",
                  manifest.position));
    }
    if (manifest.end_entry == manifest.first_entry &&
        !manifest.state_roots.empty()) {
      differs(Say("có gốc trạng thái mà không có mục nào",
                  "there are state roots of no entries"));
    }
    if ((manifest.end_entry == manifest.first_entry ||
         manifest.first_entry > 0) &&
        !pack->rows_files().empty()) {
      differs(Say("có các dòng mà không có những mục sinh ra chúng",
                  "there are rows, and not the entries that they follow from"));
    }
  }
}

}  // namespace thon::verify
