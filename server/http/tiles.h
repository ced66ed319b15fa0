// The log for any reader of C2SP tlog-tiles:
//
//   GET /checkpoint                    the newest that is signed, with the
//                                      cosignatures that it has by now
//   GET /checkpoint/witnessed          the newest whose cosignatures satisfy
//                                      the witness policy; 404 before there is
//                                      one
//   GET /log.vkey                      the key of both, as a verifier key
//   GET /tile/<L>/<N>[.p/<W>]          hashes
//   GET /tile/entries/<N>[.p/<W>]      entries; gzipped for who accepts it
//
// HEAD likewise; other methods get 405. Tiles are of the tree of the newest
// signed checkpoint: what it has is served at every width up to its own, so
// every checkpoint that was ever signed finds its partial tiles. What it has
// not, and a path that is not exactly the specification's, is 404. A tile never
// changes and may be kept for ever; a checkpoint for a few seconds.
//
// 503: the disk holds something else than was signed (`/checkpoint` names the
// entry, and nothing is signed any more; tiles are still served as far as they
// can be read), or too many wait for the disk.
#ifndef THON_HTTP_TILES_H_
#define THON_HTTP_TILES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/limits.h"
#include "server/core/tile.h"
#include "server/engine/engine.h"
#include "server/http/http_handler.h"
#include "server/http/http_part.h"
#include "server/http/http_stream.h"
#include "server/rpc/worker_pool.h"

namespace thon {

struct TilesOptions {
  Engine* engine = nullptr;  // Not owned; outlives the part.
  // Tiles and bundles need a token of READER on the whole log (401 without).
  // Checkpoints and the key are for everybody: they are made to be compared.
  // Who reads bundles is recorded, as Engine::RecordAccess says: filter
  // "tiles", from the first position he asked for on.
  bool closed = false;
  std::size_t waiting_max = limits::kTilesWaitingMax;
  // A bundle that is larger leaves the disk, and goes out, in pieces of about
  // this size, the next when the last is written: a reader that does not read
  // costs no more than one.
  std::size_t piece_bytes = 256 * limits::kKiB;
};

// What was answered since the start.
struct TilesStats {
  std::uint64_t checkpoints = 0;
  std::uint64_t tiles = 0;
  std::uint64_t bundles = 0;
  std::uint64_t bundle_bytes = 0;  // Of entries, before compression.
  std::uint64_t not_found = 0;     // Of tiles and bundles.
  std::uint64_t busy = 0;          // Turned away: too many waited.
  std::uint64_t failed = 0;        // The disk could not be read.
};

// Answers a GET of a bundle as a stream, and everything else whole: it is given
// to the HTTP server both as a stream handler and as a part.
class Tiles final : public HttpPart, public HttpStreamHandler {
 public:
  explicit Tiles(TilesOptions options);
  ~Tiles() override;  // Requires: no request comes any more.

  bool Owns(absl::string_view path) const override;
  void Handle(HttpRequest request, HttpAnswer answer) override;

  bool Takes(const HttpRequest& request) const override;
  std::function<void()> Serve(HttpRequest request,
                              std::shared_ptr<HttpStream> stream) override;

  TilesStats stats() const;

 private:
  class Sender;
  struct Counters {
    std::atomic<std::uint64_t> checkpoints{0};
    std::atomic<std::uint64_t> tiles{0};
    std::atomic<std::uint64_t> bundles{0};
    std::atomic<std::uint64_t> bundle_bytes{0};
    std::atomic<std::uint64_t> not_found{0};
    std::atomic<std::uint64_t> busy{0};
    std::atomic<std::uint64_t> failed{0};
  };

  void AnswerCheckpoint(const HttpAnswer& answer);
  static HttpResponse CheckpointAnswer(
      const absl::StatusOr<v1::Checkpoint>& checkpoint, Counters* counters);
  // Of a tile or bundle, whole. Reads the disk.
  HttpResponse Read(const HttpRequest& request);
  // Which tile is asked for; or the answer to who asks in vain. Reads rows.
  absl::StatusOr<TileId> Find(const HttpRequest& request,
                              HttpResponse* refusal);
  // Notes in the log who reads entries of a closed log.
  void NoteRead(OfficerId reader, std::uint64_t first_entry) const;
  absl::StatusOr<std::string> ReadTile(const TileId& id) const;
  HttpResponse Unreadable(const absl::Status& status);
  HttpResponse Busy();
  HttpHeaders ImmutableHeaders() const;
  // The size of the tree that is served.
  std::uint64_t TreeSize() const;

  const TilesOptions options_;
  // Shared with the engine's callbacks, which may come after the part is gone.
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  WorkerPool pool_;  // Last: its tasks use the rest.
};

}  // namespace thon

#endif  // THON_HTTP_TILES_H_
