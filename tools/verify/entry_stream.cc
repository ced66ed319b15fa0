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

// Of an arena: few of them, and little left over in a part.
constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

google::protobuf::ArenaOptions Blocks() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = kBlockBytes;
  options.max_block_size = kBlockBytes;
  return options;
}

Detail FaultText(BatchFault fault) {
  return fault == BatchFault::kTooLarge
             ? Say("lô quá lớn", "the batch is too large")
             : Say("các byte không phải là một lô", "the bytes are no batch");
}

}  // namespace

ReadPart::ReadPart() : arena(Blocks()) {}

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

const ReadPart* EntryStream::Next() {
  MutexLock lock(&mu_);
  if (given_ != nullptr) spent_.push_back(std::move(given_));
  while (ready_.empty() && !ended_) changed_.Wait(&mu_);
  if (ready_.empty()) return nullptr;
  given_ = std::move(ready_.front());
  ready_.pop_front();
  changed_.NotifyAll();
  return given_.get();
}

bool EntryStream::Hand(std::unique_ptr<ReadPart> part) {
  std::vector<std::unique_ptr<ReadPart>> spent;  // Freed without the lock.
  MutexLock lock(&mu_);
  while (ready_.size() >= kPartsAhead && !stopped_) changed_.Wait(&mu_);
  spent.swap(spent_);
  if (stopped_) return false;
  ready_.push_back(std::move(part));
  changed_.NotifyAll();
  return true;
}

void EntryStream::Run() {
  TileNodes nodes(&packs_->main());
  const std::uint64_t width = limits::kTileWidth;
  const std::uint64_t end = (packs_->end_entry() + width - 1) / width;
  for (std::uint64_t index = packs_->first_entry() / width; index < end;) {
    const std::uint64_t there =
        std::min(end, packs_->NextBundle(index).value_or(end));
    const bool wanted =
        there > index ? Hand(Missing(index, there)) : Read(index, &nodes);
    if (!wanted) return;
    index = std::max(index + 1, there);
  }
  MutexLock lock(&mu_);
  ended_ = true;
  changed_.NotifyAll();
}

std::unique_ptr<ReadPart> EntryStream::Missing(std::uint64_t index,
                                               std::uint64_t end) const {
  auto part = std::make_unique<ReadPart>();
  const auto path = [this](std::uint64_t at) {
    return TilePath({true, 0, at, TileWidthAt(0, at, packs_->tree_size())});
  };
  part->findings.emplace_back(
      &kinds::kBundleMissing,
      Place{.entry = index * limits::kTileWidth,
            .file = path(index),
            .detail = end - index == 1 ? Say("không có", "it is not there")
                                       : Say("nó và tất cả tới $0, cộng là $1",
                                             "it and all to $0, $1 together",
                                             path(end - 1), end - index)});
  part->broken = true;
  return part;
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

bool EntryStream::Read(std::uint64_t index, TileNodes* nodes) {
  auto part = std::make_unique<ReadPart>();
  const std::uint64_t first = index * limits::kTileWidth;
  const absl::StatusOr<PackSet::Bundle> read = packs_->ReadBundle(index);
  const auto broken = [&](const FindingKind& kind, Place place) {
    part->findings.emplace_back(&kind, std::move(place));
    part->broken = true;
    return Hand(std::move(part));
  };
  if (!read.ok()) {
    const int width = TileWidthAt(0, index, packs_->tree_size());
    return broken(kinds::kBundleMissing,
                  {.entry = first,
                   .file = TilePath({true, 0, index, width}),
                   .detail = Same(read.status().message())});
  }
  const absl::StatusOr<std::vector<absl::string_view>> entries =
      ParseEntryBundle(read->bytes, read->id.width);
  if (!entries.ok()) {
    return broken(kinds::kBundleMalformed,
                  {.entry = first,
                   .file = TilePath(read->id),
                   .detail = Same(entries.status().message())});
  }
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const std::uint64_t at = first + i;
    if (at < packs_->first_entry()) continue;
    if (at >= packs_->end_entry()) break;
    // Behind a broken one nothing is parsed, and the part grows no more.
    if (!part->broken && part->bytes() >= kPartBytes) {
      if (!Hand(std::move(part))) return false;
      part = std::make_unique<ReadPart>();
    }
    if (!ReadOne(at, (*entries)[i], *read->pack, nodes, part.get())) {
      return Hand(std::move(part));
    }
  }
  if (first + entries->size() <
      std::min(packs_->end_entry(), first + limits::kTileWidth)) {
    return broken(kinds::kBundleMissing,
                  {.entry = first + entries->size(),
                   .file = TilePath(read->id),
                   .detail = Say("nó kết thúc quá sớm", "it ends too early")});
  }
  return Hand(std::move(part));
}

bool EntryStream::ReadOne(std::uint64_t index, absl::string_view bytes,
                          const Pack& from, TileNodes* nodes,
                          ReadPart* into) const {
  ++into->entries_examined;
  Place place{.entry = index};
  const absl::StatusOr<EntryView> view = ParseEntry(bytes);
  BatchDigest digest;
  Hash leaf;
  if (view.ok()) {
    place.position = view->trailer.first_position.value;
    digest = DigestBatch(view->batch);
    leaf = LeafHash(digest, view->trailer);
  } else {
    leaf = merkle::HashLeaf(bytes);
  }
  const absl::StatusOr<Hash> wanted = nodes->Leaf(index);
  if (wanted.ok() && *wanted != leaf && IsOfEarlierEpoch(index, leaf, from)) {
    place.detail = Say(
        "từ đây trở đi, $0 chứa những gì $1 có; cần một gói của $2",
        "from here on, $0 holds what $1 had; a pack of $2 is needed",
        from.path(), from.manifest().origin, packs_->main().manifest().origin);
    into->findings.emplace_back(&kinds::kEntriesAbsent, std::move(place));
    into->broken = true;
    return false;
  }
  if (wanted.ok() && *wanted != leaf) {
    Place differs = place;
    const std::uint64_t tile = index / limits::kTileWidth;
    const int width = TileWidthAt(0, tile, packs_->tree_size());
    differs.file = TilePath({true, 0, tile, width});
    differs.detail = Say("mã băm của nó là $0; mã băm $1 của $2 là $3",
                         "its hash is $0; hash $1 of $2 is $3", leaf.Hex(),
                         index % limits::kTileWidth,
                         TilePath({false, 0, tile, width}), wanted->Hex());
    into->findings.emplace_back(&kinds::kLeafDiffers, std::move(differs));
  }
  // Behind an entry that cannot be understood, nothing is given in order.
  if (!into->broken) Parse(view, bytes, digest.hash, std::move(place), into);
  return true;
}

void EntryStream::Parse(const absl::StatusOr<EntryView>& view,
                        absl::string_view bytes, const Hash& batch_hash,
                        Place place, ReadPart* into) const {
  const auto broken = [&](const FindingKind& kind, Detail detail) {
    place.detail = std::move(detail);
    into->findings.emplace_back(&kind, std::move(place));
    into->broken = true;
  };
  if (bytes.size() >= limits::kEntryTrailerBytes &&
      bytes.size() <= limits::kEntryBytesMax &&
      static_cast<std::uint8_t>(bytes.back()) > kEntryVersion) {
    return broken(kinds::kEntryVersionUnknown, Same(view.status().message()));
  }
  if (!view.ok()) {
    return broken(kinds::kEntryMalformed, Same(view.status().message()));
  }
  auto* batch = google::protobuf::Arena::CreateMessage<v1::Batch>(&into->arena);
  const BatchFault fault = ParseBatch(view->batch, batch);
  into->text_bytes += view->batch.size();
  if (fault != BatchFault::kNone) {
    return broken(kinds::kEntryMalformed, FaultText(fault));
  }
  if (batch->events_size() != view->trailer.event_count) {
    return broken(kinds::kEntryMalformed,
                  Say("phần đuôi đếm số sự kiện khác",
                      "the trailer counts other events"));
  }
  ReadEntry entry;
  entry.index = EntryIndex(*place.entry);
  entry.trailer = view->trailer;
  AuthorId::FromBytes(batch->author(), &entry.author);
  entry.batch_hash = batch_hash;
  entry.batch = batch;
  into->entries.push_back(entry);
}

}  // namespace thon::verify
