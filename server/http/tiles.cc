#include "server/http/tiles.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "server/core/merkle.h"
#include "server/engine/checkpoints.h"
#include "server/http/gzip_writer.h"
#include "server/http/reader_token.h"
#include "server/http/static_files.h"

namespace thon {
namespace {

constexpr absl::string_view kCheckpointPath = "/checkpoint";
constexpr absl::string_view kWitnessedPath = "/checkpoint/witnessed";
constexpr absl::string_view kKeyPath = "/log.vkey";
constexpr absl::string_view kTilePath = "/tile";
constexpr absl::string_view kBundlePath = "/tile/entries/";
constexpr int kThreads = 2;

HttpResponse RetryLater(absl::string_view text) {
  HttpResponse response = TextResponse(503, text);
  response.headers.emplace_back("retry-after", "5");
  return response;
}

HttpResponse ShortLived(std::string body) {
  HttpResponse response;
  response.headers = {{"content-type", "text/plain; charset=utf-8"},
                      {"cache-control", "public, max-age=5"}};
  response.body = std::move(body);
  return response;
}

// Appends entries of [*next, end) to `bundle` until it has `bytes_max`, at
// least one, and moves `*next`.
absl::Status ReadEntries(const EntryLog& log, std::uint64_t* next,
                         std::uint64_t end, std::size_t bytes_max,
                         std::string* bundle) {
  const absl::Status read = log.ReadEntries(
      EntryIndex(*next), EntryIndex(end),
      [next, bytes_max, bundle](EntryIndex, absl::string_view entry) {
        AppendToBundle(entry, bundle);
        ++*next;
        return bundle->size() < bytes_max;
      });
  if (!read.ok()) return read;
  if (*next < end && bundle->size() < bytes_max) {
    return absl::DataLossError(
        absl::StrCat("entry ", *next, " of the log is missing"));
  }
  return absl::OkStatus();
}

}  // namespace

// Sends one bundle. Kept by the task or the write that goes on with it.
class Tiles::Sender : public std::enable_shared_from_this<Tiles::Sender> {
 public:
  Sender(Tiles* tiles, HttpRequest request, std::shared_ptr<HttpStream> stream)
      : tiles_(tiles),
        request_(std::move(request)),
        stream_(std::move(stream)) {}

  void Begin() {
    HttpResponse refusal;
    const absl::StatusOr<TileId> id = tiles_->Find(request_, &refusal);
    if (!id.ok()) return stream_->Answer(std::move(refusal));
    next_ = id->index * limits::kTileWidth;
    end_ = next_ + static_cast<std::uint64_t>(id->width);
    if (AcceptsGzip(request_.Header("accept-encoding"))) {
      gzip_ = std::make_unique<GzipWriter>();
      if (!gzip_->ok()) gzip_.reset();
    }
    GoOn();
  }

 private:
  void GoOn() {
    std::string piece;
    while (piece.empty()) {
      std::string entries;
      const absl::Status read =
          ReadEntries(tiles_->options_.engine->log(), &next_, end_,
                      tiles_->options_.piece_bytes, &entries);
      if (!read.ok()) return Fail(read);
      tiles_->counters_->bundle_bytes += entries.size();
      piece = gzip_ ? gzip_->Add(entries, next_ == end_) : std::move(entries);
    }
    const bool last = next_ == end_;
    if (!started_) {
      ++tiles_->counters_->bundles;
      HttpHeaders headers = tiles_->ImmutableHeaders();
      headers.emplace_back("vary", "accept-encoding");
      if (gzip_) headers.emplace_back("content-encoding", "gzip");
      if (last) return stream_->Answer({200, headers, std::move(piece)});
      stream_->Start(200, std::move(headers));
      started_ = true;
    }
    stream_->Write(std::move(piece),
                   [self = shared_from_this(), last](bool written) {
                     if (!written) return;
                     if (last) return self->stream_->End();
                     const auto go_on = [self] { self->GoOn(); };
                     if (!self->tiles_->pool_.PostContinuation(go_on)) {
                       self->stream_->Abort();
                     }
                   });
  }

  void Fail(const absl::Status& status) {
    HttpResponse failed = tiles_->Unreadable(status);
    if (started_) return stream_->Abort();
    stream_->Answer(std::move(failed));
  }

  Tiles* const tiles_;
  const HttpRequest request_;
  const std::shared_ptr<HttpStream> stream_;
  std::uint64_t next_ = 0;  // Entries [next_, end_) are still to be sent.
  std::uint64_t end_ = 0;
  std::unique_ptr<GzipWriter> gzip_;
  bool started_ = false;
};

Tiles::Tiles(TilesOptions options)
    : options_(options), pool_(kThreads, options.waiting_max) {}

Tiles::~Tiles() { pool_.Stop(); }

bool Tiles::Owns(absl::string_view path) const {
  return path == kCheckpointPath || path == kWitnessedPath ||
         path == kKeyPath || path == kTilePath ||
         absl::StartsWith(path, absl::StrCat(kTilePath, "/"));
}

bool Tiles::Takes(const HttpRequest& request) const {
  return request.method == "GET" && absl::StartsWith(request.path, kBundlePath);
}

std::function<void()> Tiles::Serve(HttpRequest request,
                                   std::shared_ptr<HttpStream> stream) {
  const auto sender =
      std::make_shared<Sender>(this, std::move(request), stream);
  if (!pool_.TryPost([sender] { sender->Begin(); })) stream->Answer(Busy());
  // A write to a browser that is gone says so; nothing is to be done before.
  return [] {};
}

void Tiles::Handle(HttpRequest request, HttpAnswer answer) {
  if (request.method != "GET" && request.method != "HEAD") {
    return answer(MethodNotAllowed("GET, HEAD"));
  }
  if (request.path == kCheckpointPath) return AnswerCheckpoint(answer);
  if (request.path == kWitnessedPath) {
    return answer(CheckpointAnswer(options_.engine->checkpoints().Witnessed(),
                                   counters_.get()));
  }
  if (request.path == kKeyPath) {
    return answer(ShortLived(absl::StrCat(
        note::FormatVerifierKey(options_.engine->log_verifier_key()), "\n")));
  }
  const auto read = [this, request = std::move(request), answer] {
    answer(Read(request));
  };
  if (!pool_.TryPost(read)) answer(Busy());
}

void Tiles::AnswerCheckpoint(const HttpAnswer& answer) {
  Checkpoints& checkpoints = options_.engine->checkpoints();
  absl::StatusOr<v1::Checkpoint> newest = checkpoints.Newest();
  if (!absl::IsNotFound(newest.status())) {
    return answer(CheckpointAnswer(newest, counters_.get()));
  }
  // The first one of a log, or of an epoch.
  checkpoints.Sign([counters = counters_,
                    answer](const absl::StatusOr<v1::Checkpoint>& made) {
    answer(CheckpointAnswer(made, counters.get()));
  });
}

HttpResponse Tiles::CheckpointAnswer(
    const absl::StatusOr<v1::Checkpoint>& checkpoint, Counters* counters) {
  if (checkpoint.ok()) {
    ++counters->checkpoints;
    return ShortLived(checkpoint->note());
  }
  if (absl::IsNotFound(checkpoint.status())) {
    return TextResponse(404, checkpoint.status().message());
  }
  return RetryLater(checkpoint.status().message());
}

HttpResponse Tiles::Read(const HttpRequest& request) {
  HttpResponse response;
  const absl::StatusOr<TileId> id = Find(request, &response);
  if (!id.ok()) return response;
  response.headers = ImmutableHeaders();
  if (!id->entries) {
    absl::StatusOr<std::string> tile = ReadTile(*id);
    if (!tile.ok()) return Unreadable(tile.status());
    ++counters_->tiles;
    response.body = *std::move(tile);
    return response;
  }
  // Only HEAD comes here, and wants the head that GET has.
  std::uint64_t next = id->index * limits::kTileWidth;
  const std::uint64_t end = next + static_cast<std::uint64_t>(id->width);
  const absl::Status read =
      ReadEntries(options_.engine->log(), &next, end, limits::kBundleBytesMax,
                  &response.body);
  if (!read.ok()) return Unreadable(read);
  ++counters_->bundles;
  response.headers.emplace_back("vary", "accept-encoding");
  if (AcceptsGzip(request.Header("accept-encoding"))) {
    GzipWriter gzip;
    if (gzip.ok()) {
      response.body = gzip.Add(response.body, true);
      response.headers.emplace_back("content-encoding", "gzip");
    }
  }
  return response;
}

absl::StatusOr<TileId> Tiles::Find(const HttpRequest& request,
                                   HttpResponse* refusal) {
  std::optional<OfficerId> reader;
  if (options_.closed) reader = ReaderOf(*options_.engine, request);
  if (options_.closed && !reader.has_value()) {
    *refusal = TextResponse(
        401,
        "this log's tiles are for officers with READER on the whole log "
        "(authorization: Bearer ...)");
    refusal->headers.emplace_back("www-authenticate", "Bearer");
    return absl::UnauthenticatedError("no token");
  }
  const absl::StatusOr<TileId> id =
      ParseTilePath(absl::string_view(request.path).substr(1));
  if (!id.ok()) {
    ++counters_->not_found;
    *refusal = TextResponse(404, id.status().message());
    return id.status();
  }
  const std::uint64_t size = TreeSize();
  if (id->width > TileWidthAt(id->level, id->index, size)) {
    ++counters_->not_found;
    *refusal = TextResponse(
        404, absl::StrCat("the tree of ", size, " entries has no such tile"));
    return absl::NotFoundError("beyond the tree");
  }
  if (reader.has_value() && id->entries) {
    NoteRead(*reader, id->index * limits::kTileWidth);
  }
  return id;
}

// With an open end: who fetches bundle after bundle is recorded once.
void Tiles::NoteRead(OfficerId reader, std::uint64_t first_entry) const {
  // An entry holds at least one position; exactly, if the disk can be read.
  std::uint64_t first = first_entry + 1;
  const absl::StatusOr<std::string> entry =
      options_.engine->log().ReadEntry(EntryIndex(first_entry));
  if (entry.ok()) {
    const absl::StatusOr<EntryView> view = ParseEntry(*entry);
    if (view.ok()) first = view->trailer.first_position.value;
  }
  v1::AccessRecorded access;
  access.set_officer_id(reader.value);
  access.set_kind(v1::ACCESS_KIND_ENTRIES);
  access.set_first_position(first);
  access.set_filter("tiles");
  options_.engine->RecordAccess(std::move(access));
}

absl::StatusOr<std::string> Tiles::ReadTile(const TileId& id) const {
  const EntryLog& log = options_.engine->log();
  const std::uint64_t first = id.index * limits::kTileWidth;
  const auto width = static_cast<std::uint64_t>(id.width);
  std::string tile;
  tile.reserve(width * Hash::kSize);
  if (id.level == 0) {
    const absl::StatusOr<std::vector<Hash>> leaves =
        log.LeafHashes(EntryIndex(first), EntryIndex(first + width));
    if (!leaves.ok()) return leaves.status();
    for (const Hash& leaf : *leaves) absl::StrAppend(&tile, leaf.view());
    return tile;
  }
  for (std::uint64_t i = first; i < first + width; ++i) {
    const absl::StatusOr<Hash> node =
        log.Node({.level = id.level * kTileHeight, .index = i});
    if (!node.ok()) return node.status();
    absl::StrAppend(&tile, node->view());
  }
  return tile;
}

HttpResponse Tiles::Unreadable(const absl::Status& status) {
  ++counters_->failed;
  return RetryLater(status.message());
}

HttpResponse Tiles::Busy() {
  ++counters_->busy;
  return RetryLater("too many wait for the disk; ask again");
}

TilesStats Tiles::stats() const {
  return {.checkpoints = counters_->checkpoints,
          .tiles = counters_->tiles,
          .bundles = counters_->bundles,
          .bundle_bytes = counters_->bundle_bytes,
          .not_found = counters_->not_found,
          .busy = counters_->busy,
          .failed = counters_->failed};
}

HttpHeaders Tiles::ImmutableHeaders() const {
  return {{"content-type", "application/octet-stream"},
          {"cache-control", absl::StrCat(options_.closed ? "private" : "public",
                                         ", max-age=31536000, immutable")}};
}

std::uint64_t Tiles::TreeSize() const {
  const Checkpoints& checkpoints = options_.engine->checkpoints();
  std::uint64_t size = 0;
  const absl::StatusOr<v1::Checkpoint> newest = checkpoints.Newest();
  if (newest.ok()) {
    size = newest->tree_size();
  } else {
    // Nothing is signed any more, or not yet in this epoch: what was, stays.
    const absl::StatusOr<std::vector<v1::Checkpoint>> kept =
        checkpoints.List(/*below_tree_size=*/0, /*count_max=*/1);
    if (kept.ok() && !kept->empty()) size = kept->front().tree_size();
  }
  // A log that was restored from a backup may have signed more than it has.
  return std::min(size, options_.engine->log().end().tree_size.value);
}

}  // namespace thon
