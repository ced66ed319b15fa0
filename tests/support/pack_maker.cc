#include "tests/support/pack_maker.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/hash.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "server/projections/state_root.h"
#include "thon/v1/audit_service.pb.h"

namespace thon::testing {
namespace {

std::vector<Hash> LeavesOf(const PackParts& parts, std::uint64_t size) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    leaves.push_back(merkle::HashLeaf(parts.entries[i]));
  }
  return leaves;
}

// Every level by the definition, nothing shared with the code under test.
void AddTiles(const PackParts& parts, MadePack* pack) {
  std::vector<Hash> level = LeavesOf(parts, parts.entries.size());
  for (int number = 0; !level.empty(); ++number) {
    std::vector<Hash> next;
    for (std::size_t at = 0; at < level.size(); at += 256) {
      const std::size_t width = std::min<std::size_t>(256, level.size() - at);
      std::string tile;
      for (std::size_t i = 0; i < width; ++i) {
        tile.append(level[at + i].view().data(), Hash::kSize);
      }
      pack->files[TilePath(
          {false, number, at / 256, static_cast<int>(width)})] = tile;
      if (width == 256) {
        next.push_back(
            merkle::RootOf(absl::MakeSpan(level).subspan(at, width)));
      }
    }
    level = std::move(next);
  }
}

void AddBundles(const PackParts& parts, std::uint64_t end, MadePack* pack) {
  for (std::uint64_t at = parts.first_entry / 256 * 256; at < end; at += 256) {
    const std::uint64_t width =
        std::min<std::uint64_t>(256, parts.entries.size() - at);
    std::string bundle;
    for (std::uint64_t i = 0; i < width; ++i) {
      AppendToBundle(parts.entries[at + i], &bundle);
    }
    pack->files[TilePath({true, 0, at / 256, static_cast<int>(width)})] =
        bundle;
  }
}

void AddRows(const RowReader& rows, MadePack* pack) {
  for (const ProjectionTables& projection : AllProjectionTables()) {
    const auto root = ComputeStateRoot(rows, projection, [] { return true; });
    THON_CHECK(root.ok());
    pack->manifest["state_roots"].push_back({{"projection", root->projection()},
                                             {"version", root->version()},
                                             {"root", HexEncode(root->root())},
                                             {"row_count", root->row_count()}});
    if (projection.name != "eligibility") continue;
    for (const Table table : projection.tables) {
      std::string records;
      rows.Scan(
          table, "", "", [&](absl::string_view key, const RowVersion& row) {
            v1::StateRow state;
            state.set_table(static_cast<std::uint32_t>(table));
            state.set_key(std::string(key));
            state.set_value(row.value);
            const std::string bytes = state.SerializeAsString();
            AppendBigEndian(static_cast<std::uint32_t>(bytes.size()), &records);
            records += bytes;
            return true;
          });
      if (records.empty()) continue;
      pack->files[absl::StrCat("rows/", static_cast<int>(table), "/0")] =
          records;
    }
  }
}

}  // namespace

std::string CheckpointOf(const PackParts& parts, std::uint64_t size) {
  return MakeCheckpointNote(*parts.log_key, parts.origin, size,
                            merkle::RootOf(LeavesOf(parts, size)));
}

MadePack MakePack(const PackParts& parts) {
  MadePack pack;
  const std::uint64_t size = parts.entries.size();
  const std::uint64_t end = std::min(parts.end_entry, size);
  pack.manifest = {
      {"format", "thon-audit-pack/1"},
      {"origin", parts.origin},
      {"verifier_key", note::FormatVerifierKey(LogVerifierKey(
                           parts.origin, parts.log_key->public_key()))},
      {"tree_size", size},
      {"first_entry", parts.first_entry},
      {"end_entry", end},
      {"position", parts.position.value},
      {"made_by", "pack_maker"},
      {"made_at", "2026-01-01T00:00:00Z"},
      {"files", nlohmann::json::array()}};
  pack.files["checkpoint"] = CheckpointOf(parts, size);
  for (const std::uint64_t older : parts.older) {
    pack.files[absl::StrCat("checkpoints/", older)] =
        CheckpointOf(parts, older);
  }
  AddTiles(parts, &pack);
  AddBundles(parts, end, &pack);
  if (parts.rows != nullptr) AddRows(*parts.rows, &pack);
  pack.ListFiles();
  return pack;
}

void MadePack::ListFiles() {
  manifest["files"] = nlohmann::json::array();
  for (const auto& [path, bytes] : files) {
    if (path.compare(0, 5, "tile/") == 0) continue;
    manifest["files"].push_back({{"path", path},
                                 {"size", bytes.size()},
                                 {"sha256", Sha256Of(bytes).Hex()}});
  }
}

void MadePack::WriteFolder(const std::string& path) const {
  namespace fs = std::filesystem;
  fs::remove_all(path);
  std::map<std::string, std::string> all = files;
  all["manifest.json"] = manifest.dump();
  for (const auto& [name, bytes] : all) {
    const fs::path file = fs::path(path) / name;
    fs::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << bytes;
    THON_CHECK(out.good());
  }
}

std::string MadePack::Tar() const {
  std::string tar = TarFile("manifest.json", manifest.dump());
  for (const auto& [path, bytes] : files) tar += TarFile(path, bytes);
  return tar + TarEnd();
}

std::string TarFile(absl::string_view path, absl::string_view content,
                    char type, absl::string_view link) {
  std::string header(512, '\0');
  const auto put = [&header](std::size_t at, absl::string_view text) {
    header.replace(at, text.size(), std::string(text));
  };
  char number[16];
  put(0, path.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  std::snprintf(number, sizeof number, "%011zo", content.size());
  put(124, number);
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(157, link);
  put(257, absl::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof number, "%06o", sum);
  put(148, absl::string_view(number, 7));
  std::string file = header + std::string(content);
  file.resize((file.size() + 511) / 512 * 512, '\0');
  return file;
}

std::string TarEnd() { return std::string(1024, '\0'); }

}  // namespace thon::testing
