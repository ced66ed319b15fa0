#include "server/engine/log_events.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace thon {
namespace {

constexpr std::size_t kParsedMax = 64;

}  // namespace

std::optional<RecordedEvent> LogEvents::Find(const AuthorId& author,
                                             Sequence sequence) const {
  const Parsed* parsed = FindParsed(author, sequence);
  if (parsed == nullptr) parsed = Read(author, sequence);
  if (parsed == nullptr || parsed->index >= end_) return std::nullopt;
  const std::uint64_t offset = sequence.value - parsed->batch.first_sequence();
  RecordedEvent found;
  found.event = parsed->batch.events(static_cast<int>(offset));
  found.author = author;
  found.position = Position(parsed->trailer.first_position.value + offset);
  found.receive_time = parsed->trailer.receive_time;
  return found;
}

const LogEvents::Parsed* LogEvents::FindParsed(const AuthorId& author,
                                               Sequence sequence) const {
  auto it = parsed_.upper_bound({author, sequence});
  if (it == parsed_.begin()) return nullptr;
  --it;
  Parsed& parsed = *it->second;
  if (it->first.first != author ||
      sequence.value - it->first.second.value >= parsed.trailer.event_count) {
    return nullptr;
  }
  parsed.used = ++uses_;
  return &parsed;
}

const LogEvents::Parsed* LogEvents::Read(const AuthorId& author,
                                         Sequence sequence) const {
  const absl::StatusOr<EntryIndex> index = log_->FindEvent(author, sequence);
  if (!index.ok()) {
    if (!absl::IsNotFound(index.status())) status_.Update(index.status());
    return nullptr;
  }
  if (*index >= end_) return nullptr;
  const absl::StatusOr<std::string> entry = log_->ReadEntry(*index);
  status_.Update(entry.status());
  if (!entry.ok()) return nullptr;
  const absl::StatusOr<EntryView> view = ParseEntry(*entry);
  status_.Update(view.status());
  if (!view.ok()) return nullptr;
  auto parsed = std::make_unique<Parsed>();
  if (ParseBatch(view->batch, &parsed->batch) != BatchFault::kNone) {
    status_.Update(absl::DataLossError(
        absl::StrCat("entry ", index->value, " does not parse")));
    return nullptr;
  }
  parsed->trailer = view->trailer;
  parsed->index = *index;
  parsed->used = ++uses_;
  if (parsed_.size() >= kParsedMax) {
    parsed_.erase(std::min_element(parsed_.begin(), parsed_.end(),
                                   [](const auto& a, const auto& b) {
                                     return a.second->used < b.second->used;
                                   }));
  }
  const Sequence first(parsed->batch.first_sequence());
  return (parsed_[{author, first}] = std::move(parsed)).get();
}

}  // namespace thon
