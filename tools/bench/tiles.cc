// The bench of tiles: full tiles and bundles a second over HTTP from a thond,
// connections kept, beside a server that does nothing but send a file of the
// same size.

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/tile.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/subject.h"
#include "tools/bench/web_load.h"

namespace thon::bench {
namespace {

// The tiles of hashes, and the bundles; whole ones, or all if there is none.
struct Paths {
  std::vector<std::string> tiles;
  std::vector<std::string> bundles;
};

Paths PathsOf(std::uint64_t tree_size) {
  Paths paths;
  const bool whole = tree_size >= (1u << kTileHeight);
  ForEachTile(tree_size, [&](const TileId& id) {
    if (whole && id.width < 1 << kTileHeight) return true;
    paths.tiles.push_back(absl::StrCat("/", TilePath(id)));
    if (id.level == 0) {
      TileId bundle = id;
      bundle.entries = true;
      paths.bundles.push_back(absl::StrCat("/", TilePath(bundle)));
    }
    return true;
  });
  return paths;
}

class Tiles {
 public:
  Tiles(const BenchOptions& options, const ChildServer& server)
      : options_(options), server_(server) {}

  absl::Status Measure(const std::string& name,
                       const std::vector<std::string>& paths,
                       nlohmann::ordered_json* result) const {
    const absl::StatusOr<WebLoad> load =
        LoadWeb(server_.http_port(), paths, options_.streams, options_.seconds);
    if (!load.ok()) return load.status();
    const std::uint64_t bytes =
        load->body_bytes / std::max<std::uint64_t>(1, load->answers);
    (*result)[name + "_per_s"] = PerSecond(load->answers, load->us);
    (*result)[name + "_bytes"] = bytes;
    (*result)[name + "_mb_per_s"] =
        PerSecond(load->body_bytes, load->us) / 1'000'000;
    const absl::StatusOr<std::uint64_t> plain = PlainRate(bytes);
    if (!plain.ok()) return plain.status();
    (*result)[name + "_plain_file_per_s"] = *plain;
    return absl::OkStatus();
  }

 private:
  // Of a file as large as these answers are on average.
  absl::StatusOr<std::uint64_t> PlainRate(std::uint64_t bytes) const {
    const Folder folder;
    const std::string file = folder.path() + "/tile";
    std::ofstream(file, std::ios::binary) << std::string(bytes, 't');
    const absl::StatusOr<std::unique_ptr<FileServer>> plain =
        FileServer::Start(file);
    if (!plain.ok()) return plain.status();
    const absl::StatusOr<WebLoad> load =
        LoadWeb((*plain)->port(), {"/"}, options_.streams, options_.seconds);
    if (!load.ok()) return load.status();
    return PerSecond(load->answers, load->us);
  }

  const BenchOptions& options_;
  const ChildServer& server_;
};

}  // namespace

absl::Status BenchTiles(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  nlohmann::ordered_json result;
  Paths paths;
  {
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
    if (!log.ok()) return log.status();
    result = Figures("tiles", **log);
    paths = PathsOf((*log)->end().tree_size.value);
  }
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(subject.directory(), /*tls=*/false);
  if (!server.ok()) return server.status();
  // Tiles are served up to the newest checkpoint: it must be there.
  const absl::StatusOr<std::string> checkpoint =
      FetchWeb((*server)->http_port(), "/checkpoint");
  if (!checkpoint.ok()) return checkpoint.status();
  result["connections"] = options.streams;
  const Tiles tiles(options, **server);
  status = tiles.Measure("tiles", paths.tiles, &result);
  if (status.ok()) status = tiles.Measure("bundles", paths.bundles, &result);
  (*server)->Stop();
  if (status.ok()) Print(options, result);
  return status;
}

}  // namespace thon::bench
