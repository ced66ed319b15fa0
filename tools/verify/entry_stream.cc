#include "tools/verify/entry_stream.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/tile.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

constexpr std::size_t kBundlesAhead = 4;

absl::string_view FaultText(BatchFault fault) {
  return fault == BatchFault::kTooLarge ? "the batch is too large"
                                        : "the bytes are no batch";
}

}  // namespace

EntryStream::EntryStream(const PackSet* packs)
    : packs_(packs), thread_([this] { Run(); }) {}

EntryStream::~EntryStream() {
  {
    MutexLock lock(&mu_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

std::unique_ptr<ReadBundle> EntryStream::Next() {
  MutexLock lock(&mu_);
  while (ready_.empty() && !ended_) changed_.Wait(&mu_);
  if (ready_.empty()) return nullptr;
  std::unique_ptr<ReadBundle> next = std::move(ready_.front());
  ready_.pop_front();
  changed_.NotifyAll();
  return next;
}

void EntryStream::Run() {
  TileNodes nodes(&packs_->main());
  const std::uint64_t width = limits::kTileWidth;
  const std::uint64_t end = (packs_->end_entry() + width - 1) / width;
  for (std::uint64_t index = packs_->first_entry() / width; index < end;) {
    const std::uint64_t there =
        std::min(end, packs_->NextBundle(index).value_or(end));
    std::unique_ptr<ReadBundle> bundle =
        there > index ? Missing(index, there) : Read(index, &nodes);
    index = std::max(index + 1, there);
    MutexLock lock(&mu_);
    while (ready_.size() >= kBundlesAhead && !stopped_) changed_.Wait(&mu_);
    if (stopped_) return;
    ready_.push_back(std::move(bundle));
    changed_.NotifyAll();
  }
  MutexLock lock(&mu_);
  ended_ = true;
  changed_.NotifyAll();
}

std::unique_ptr<ReadBundle> EntryStream::Missing(std::uint64_t index,
                                                 std::uint64_t end) const {
  auto bundle = std::make_unique<ReadBundle>();
  const auto path = [this](std::uint64_t at) {
    return TilePath({true, 0, at, TileWidthAt(0, at, packs_->tree_size())});
  };
  bundle->findings.emplace_back(
      &kinds::kBundleMissing,
      Place{.entry = index * limits::kTileWidth,
            .file = path(index),
            .detail = end - index == 1
                          ? "it is not there"
                          : absl::StrCat("it and all to ", path(end - 1), ", ",
                                         end - index, " together")});
  bundle->broken = true;
  return bundle;
}

bool EntryStream::IsOfEarlierEpoch(std::uint64_t index, const Hash& leaf,
                                   const Pack& from) const {
  if (EpochOf(from.manifest().origin) >=
      EpochOf(packs_->main().manifest().origin)) {
    return false;
  }
  const absl::StatusOr<Hash> own = TileNodes(&from).Leaf(index);
  return own.ok() && *own == leaf;
}

std::unique_ptr<ReadBundle> EntryStream::Read(std::uint64_t index,
                                              TileNodes* nodes) const {
  auto bundle = std::make_unique<ReadBundle>();
  const std::uint64_t first = index * limits::kTileWidth;
  absl::StatusOr<PackSet::Bundle> read = packs_->ReadBundle(index);
  if (!read.ok()) {
    bundle->findings.emplace_back(
        &kinds::kBundleMissing,
        Place{.entry = first,
              .file = TilePath(
                  {true, 0, index, TileWidthAt(0, index, packs_->tree_size())}),
              .detail = std::string(read.status().message())});
    bundle->broken = true;
    return bundle;
  }
  bundle->bytes = std::move(read->bytes);
  const absl::StatusOr<std::vector<absl::string_view>> entries =
      ParseEntryBundle(bundle->bytes, read->id.width);
  if (!entries.ok()) {
    bundle->findings.emplace_back(
        &kinds::kBundleMalformed,
        Place{.entry = first,
              .file = TilePath(read->id),
              .detail = std::string(entries.status().message())});
    bundle->broken = true;
    return bundle;
  }
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const std::uint64_t at = first + i;
    if (at < packs_->first_entry()) continue;
    if (at >= packs_->end_entry()) break;
    ReadOne(at, (*entries)[i], *read->pack, nodes, bundle.get());
    if (bundle->ended) return bundle;
  }
  if (first + entries->size() <
      std::min(packs_->end_entry(), first + limits::kTileWidth)) {
    bundle->findings.emplace_back(&kinds::kBundleMissing,
                                  Place{.entry = first + entries->size(),
                                        .file = TilePath(read->id),
                                        .detail = "it ends too early"});
    bundle->broken = true;
  }
  return bundle;
}

void EntryStream::ReadOne(std::uint64_t index, absl::string_view bytes,
                          const Pack& from, TileNodes* nodes,
                          ReadBundle* into) const {
  ++into->entries_examined;
  Place place{.entry = index};
  const absl::StatusOr<EntryView> view = ParseEntry(bytes);
  const bool formed = view.ok();
  BatchDigest digest;
  Hash leaf;
  if (formed) {
    place.position = view->trailer.first_position.value;
    digest = DigestBatch(view->batch);
    leaf = LeafHash(digest, view->trailer);
  } else {
    leaf = merkle::HashLeaf(bytes);
  }
  const absl::StatusOr<Hash> wanted = nodes->Leaf(index);
  if (wanted.ok() && *wanted != leaf && IsOfEarlierEpoch(index, leaf, from)) {
    place.detail = absl::StrCat("from here on, ", from.path(), " holds what ",
                                from.manifest().origin, " had; a pack of ",
                                packs_->main().manifest().origin, " is needed");
    into->findings.emplace_back(&kinds::kEntriesAbsent, std::move(place));
    into->broken = true;
    into->ended = true;
    return;
  }
  if (wanted.ok() && *wanted != leaf) {
    Place differs = place;
    const std::uint64_t tile = index / limits::kTileWidth;
    const int width = TileWidthAt(0, tile, packs_->tree_size());
    differs.file = TilePath({true, 0, tile, width});
    differs.detail = absl::StrCat(
        "its hash is ", leaf.Hex(), "; hash ", index % limits::kTileWidth,
        " of ", TilePath({false, 0, tile, width}), " is ", wanted->Hex());
    into->findings.emplace_back(&kinds::kLeafDiffers, std::move(differs));
  }
  // Behind an entry that cannot be understood, nothing is given in order.
  if (into->broken) return;
  if (bytes.size() >= limits::kEntryTrailerBytes &&
      bytes.size() <= limits::kEntryBytesMax &&
      static_cast<std::uint8_t>(bytes.back()) > kEntryVersion) {
    place.detail = std::string(view.status().message());
    into->findings.emplace_back(&kinds::kEntryVersionUnknown, std::move(place));
    into->broken = true;
    return;
  }
  ReadEntry entry;
  auto* batch = google::protobuf::Arena::CreateMessage<v1::Batch>(&into->arena);
  BatchFault fault = BatchFault::kNone;
  if (formed) fault = ParseBatch(view->batch, batch);
  if (!formed || fault != BatchFault::kNone ||
      batch->events_size() != view->trailer.event_count) {
    place.detail = std::string(!formed ? view.status().message()
                               : fault != BatchFault::kNone
                                   ? FaultText(fault)
                                   : "the trailer counts other events");
    into->findings.emplace_back(&kinds::kEntryMalformed, std::move(place));
    into->broken = true;
    return;
  }
  entry.index = EntryIndex(index);
  entry.bytes = bytes;
  entry.trailer = view->trailer;
  AuthorId::FromBytes(batch->author(), &entry.author);
  entry.batch_hash = digest.hash;
  entry.batch = batch;
  into->entries.push_back(entry);
}

}  // namespace thon::verify
