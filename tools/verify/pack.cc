#include "tools/verify/pack.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/core/limits.h"
#include "server/projections/state_root.h"

namespace thon::verify {
namespace {

constexpr char kManifestPath[] = "manifest.json";
constexpr char kCheckpointPath[] = "checkpoint";

absl::Status Refuse(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

absl::Status Twice(absl::string_view path) {
  return Refuse(path, "is in the pack twice");
}

// A number as it prints, nothing else.
std::optional<std::uint64_t> PlainNumber(absl::string_view text) {
  std::uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || absl::StrCat(number) != text) {
    return std::nullopt;
  }
  return number;
}

bool IsRowsTable(std::uint64_t number) {
  const ProjectionTables* const tables = FindProjectionTables("eligibility");
  return tables != nullptr &&
         std::any_of(tables->tables.begin(), tables->tables.end(),
                     [number](Table table) {
                       return static_cast<std::uint64_t>(table) == number;
                     });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pack>> Pack::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<PackFiles>> files = PackFiles::Open(path);
  if (!files.ok()) return files.status();
  std::unique_ptr<Pack> pack(new Pack(path));
  pack->files_ = *std::move(files);
  const absl::Status indexed = pack->Index();
  if (!indexed.ok()) return indexed;
  return pack;
}

absl::Status Pack::Index() {
  // A folder has no order: its manifest is looked for first, so that every
  // other file can be judged as it is met.
  const absl::Status found =
      files_->Walk([&](const std::string& path, Extent extent) {
        if (++file_count_ > limits::kPackFilesMax) {
          return absl::InvalidArgumentError("the pack has too many files");
        }
        if (path == kManifestPath) {
          if (has_manifest_) return Twice(path);
          return ReadManifest(path, extent);
        }
        return absl::OkStatus();
      });
  if (!found.ok()) return found;
  if (!has_manifest_) {
    return absl::InvalidArgumentError(
        "the pack has no manifest.json; is it an audit pack?");
  }
  const absl::Status admitted =
      files_->Walk([this](const std::string& path, Extent extent) {
        byte_count_ += extent.size;
        return path == kManifestPath ? absl::OkStatus() : Admit(path, extent);
      });
  std::sort(bundles_.begin(), bundles_.end());
  return admitted;
}

absl::Status Pack::ReadManifest(const std::string& path, Extent extent) {
  if (extent.size > limits::kPackManifestBytesMax) {
    return Refuse(path, "is larger than a manifest can be");
  }
  const absl::StatusOr<std::string> text = files_->Read(path, extent);
  if (!text.ok()) return text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return manifest.status();
  manifest_ = *std::move(manifest);
  has_manifest_ = true;
  return absl::OkStatus();
}

absl::Status Pack::Admit(const std::string& path, Extent extent) {
  if (path == kCheckpointPath) {
    if (checkpoint_.has_value()) return Twice(path);
    if (extent.size > limits::kNoteBytesMax) {
      return Refuse(path, "is larger than a checkpoint can be");
    }
    checkpoint_ = extent;
    return absl::OkStatus();
  }
  if (absl::StartsWith(path, "tile/")) return AdmitTile(path, extent);
  return AdmitNumbered(path, extent);
}

absl::Status Pack::AdmitTile(const std::string& path, Extent extent) {
  const absl::StatusOr<TileId> id = ParseTilePath(path);
  if (!id.ok()) return Refuse(path, "is not the path of a tile");
  const int width = TileWidthAt(id->level, id->index, manifest_.tree_size);
  if (width != id->width) {
    return Refuse(path, absl::StrCat("is no tile of a tree of ",
                                     manifest_.tree_size, " entries"));
  }
  const auto count = static_cast<std::uint64_t>(width);
  if (id->entries &&
      (id->index * limits::kTileWidth >= manifest_.end_entry ||
       id->index * limits::kTileWidth + count <= manifest_.first_entry)) {
    return Refuse(path, "holds none of the entries that the pack is for");
  }
  const std::uint64_t size_max =
      count * (id->entries ? limits::kEntryBytesMax + 2 : Hash::kSize);
  if (extent.size > size_max) {
    return Refuse(path,
                  absl::StrCat("has ", extent.size,
                               " bytes; such a file has at most ", size_max));
  }
  if (!tiles_.emplace(KeyOf(*id), extent).second) return Twice(path);
  if (id->entries) bundles_.push_back(id->index);
  return absl::OkStatus();
}

absl::Status Pack::AdmitNumbered(const std::string& path, Extent extent) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() == 2 && parts[0] == "checkpoints") {
    const std::optional<std::uint64_t> size = PlainNumber(parts[1]);
    if (!size.has_value()) return Refuse(path, "is not named by a size");
    if (extent.size > limits::kNoteBytesMax) {
      return Refuse(path, "is larger than a checkpoint can be");
    }
    if (older_.size() >= kOlderCheckpointsMax) {
      return Refuse(path, "is one checkpoint too many");
    }
    if (!older_.emplace(*size, extent).second) return Twice(path);
    return absl::OkStatus();
  }
  if (parts.size() == 3 && parts[0] == "rows") {
    const std::optional<std::uint64_t> table = PlainNumber(parts[1]);
    const std::optional<std::uint64_t> number = PlainNumber(parts[2]);
    if (!table.has_value() || !number.has_value() || !IsRowsTable(*table)) {
      return Refuse(path, "is not a file of rows of eligibility");
    }
    if (extent.size > limits::kPackRowsFileBytesMax) {
      return Refuse(path, "is larger than a file of rows can be");
    }
    if (rows_.size() >= kRowsFilesMax) {
      return Refuse(path, "is one file of rows too many");
    }
    if (!rows_.emplace(std::pair(static_cast<int>(*table), *number), extent)
             .second) {
      return Twice(path);
    }
    return absl::OkStatus();
  }
  return Refuse(path, "is not a file of an audit pack");
}

absl::StatusOr<std::string> Pack::ReadTile(const TileId& id) const {
  const auto it = tiles_.find(KeyOf(id));
  if (it == tiles_.end()) {
    return absl::NotFoundError(absl::StrCat(TilePath(id), ": is not there"));
  }
  return files_->Read(TilePath(id), it->second);
}

bool Pack::HasTile(const TileId& id) const {
  return tiles_.contains(KeyOf(id));
}

std::optional<std::uint64_t> Pack::NextBundle(std::uint64_t index) const {
  const auto it = std::lower_bound(bundles_.begin(), bundles_.end(), index);
  if (it == bundles_.end()) return std::nullopt;
  return *it;
}

absl::StatusOr<std::string> Pack::ReadCheckpoint() const {
  if (!checkpoint_.has_value()) {
    return absl::NotFoundError("checkpoint: is not there");
  }
  return files_->Read(kCheckpointPath, *checkpoint_);
}

std::string Pack::OlderCheckpointPath(std::uint64_t size) {
  return absl::StrCat("checkpoints/", size);
}

std::string Pack::RowsPath(int table, std::uint64_t number) {
  return absl::StrCat("rows/", table, "/", number);
}

}  // namespace thon::verify
