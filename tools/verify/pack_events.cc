#include "tools/verify/pack_events.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/limits.h"
#include "server/core/tile.h"

namespace thon::verify {
namespace {

constexpr std::size_t kParsedMax = 64;

}  // namespace

void PackEvents::Add(const ReadEntry& entry) {
  places_->PutPlace(entry.author, Sequence(entry.batch->first_sequence()),
                    entry.index);
  end_ = entry.index.Next();
}

const PackEvents::Parsed* PackEvents::FindParsed(const AuthorId& author,
                                                 Sequence sequence) const {
  const std::optional<EntryIndex> place = places_->FindPlace(author, sequence);
  if (!place.has_value() || *place >= end_) return nullptr;
  const Parsed* const parsed = Read(*place);
  if (parsed == nullptr || parsed->author != author ||
      sequence.value < parsed->batch.first_sequence() ||
      sequence.value - parsed->batch.first_sequence() >=
          static_cast<std::uint64_t>(parsed->batch.events_size())) {
    return nullptr;
  }
  return parsed;
}

std::optional<RecordedEvent> PackEvents::Find(const AuthorId& author,
                                              Sequence sequence) const {
  const Parsed* const parsed = FindParsed(author, sequence);
  if (parsed == nullptr) return std::nullopt;
  const std::uint64_t offset = sequence.value - parsed->batch.first_sequence();
  RecordedEvent found;
  found.event = parsed->batch.events(static_cast<int>(offset));
  found.author = author;
  found.position = Position(parsed->trailer.first_position.value + offset);
  found.receive_time = parsed->trailer.receive_time;
  return found;
}

std::optional<Hash> PackEvents::BatchHashOf(const AuthorId& author,
                                            Sequence sequence) const {
  const Parsed* const parsed = FindParsed(author, sequence);
  if (parsed == nullptr) return std::nullopt;
  return parsed->batch_hash;
}

const PackEvents::Parsed* PackEvents::Read(EntryIndex index) const {
  for (const auto& parsed : parsed_) {
    if (parsed->index == index) {
      parsed->used = ++uses_;
      return parsed.get();
    }
  }
  const std::uint64_t bundle = index.value / limits::kTileWidth;
  if (bundle_index_ != bundle) {
    bundle_index_.reset();
    absl::StatusOr<PackSet::Bundle> read = packs_->ReadBundle(bundle);
    status_.Update(read.status());
    if (!read.ok()) return nullptr;
    bundle_ = *std::move(read);
    absl::StatusOr<std::vector<absl::string_view>> entries =
        ParseEntryBundle(bundle_.bytes, bundle_.id.width);
    status_.Update(entries.status());
    if (!entries.ok()) return nullptr;
    bundle_entries_ = *std::move(entries);
    bundle_index_ = bundle;
  }
  const std::size_t at = index.value % limits::kTileWidth;
  if (at >= bundle_entries_.size()) return nullptr;
  const absl::StatusOr<EntryView> view = ParseEntry(bundle_entries_[at]);
  status_.Update(view.status());
  if (!view.ok()) return nullptr;
  auto parsed = std::make_unique<Parsed>();
  if (ParseBatch(view->batch, &parsed->batch) != BatchFault::kNone) {
    status_.Update(absl::DataLossError(
        absl::StrCat("entry ", index.value, " does not parse")));
    return nullptr;
  }
  AuthorId::FromBytes(parsed->batch.author(), &parsed->author);
  parsed->trailer = view->trailer;
  parsed->index = index;
  parsed->batch_hash = BatchHash(view->batch);
  parsed->used = ++uses_;
  if (parsed_.size() >= kParsedMax) {
    parsed_.erase(std::min_element(
        parsed_.begin(), parsed_.end(),
        [](const auto& a, const auto& b) { return a->used < b->used; }));
  }
  parsed_.push_back(std::move(parsed));
  return parsed_.back().get();
}

std::optional<PackEvents::Head> PackEvents::FindPosition(
    Position position) const {
  std::uint64_t low = packs_->first_entry();
  std::uint64_t high = end_.value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const Parsed* const parsed = Read(EntryIndex(middle));
    if (parsed == nullptr) return std::nullopt;
    if (position < parsed->trailer.first_position) {
      high = middle;
    } else if (position >= parsed->trailer.end_position()) {
      low = middle + 1;
    } else {
      return Head{parsed->index, parsed->trailer, parsed->author};
    }
  }
  return std::nullopt;
}

std::optional<v1::Event> PackEvents::EventAt(Position position) const {
  const std::optional<Head> head = FindPosition(position);
  if (!head.has_value()) return std::nullopt;
  const Parsed* const parsed = Read(head->index);
  if (parsed == nullptr) return std::nullopt;
  return parsed->batch.events(
      static_cast<int>(position.value - head->trailer.first_position.value));
}

}  // namespace thon::verify
