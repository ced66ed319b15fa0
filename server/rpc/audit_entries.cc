#include "server/rpc/audit_entries.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/core/entry.h"
#include "server/core/limits.h"
#include "server/rpc/audit_filter.h"
#include "server/rpc/audit_stream.h"

namespace thon {
namespace {

constexpr std::size_t kChunkBytes = limits::kMiB;
// What one step may read without finding anything: then it says how far it is.
constexpr std::size_t kScanBytes = 4 * limits::kMiB;
// The same where entries are looked up one by one.
constexpr int kLookupsMax = 2048;

// What the request says by itself.
absl::StatusOr<EntryFilter> Normalise(const v1::StreamEntriesRequest& request) {
  if (request.first_entry() != 0 && request.first_position() != 0) {
    return BadField("first_position", "not with first_entry");
  }
  if (request.end_entry() != 0 && request.end_position() != 0) {
    return BadField("end_position", "not with end_entry");
  }
  if (request.follow() &&
      (request.end_entry() != 0 || request.end_position() != 0)) {
    return BadField("follow", "a stream that follows has no end");
  }
  return NormaliseFilter(request);
}

class EntryStream final : public AuditStream<v1::StreamEntriesResponse> {
 public:
  EntryStream(AuditShared* shared, const grpc::CallbackServerContext& context,
              const v1::StreamEntriesRequest& request)
      : AuditStream(shared, &shared->entry_turns, context),
        request_(request),
        matcher_(&filter_) {
    absl::StatusOr<EntryFilter> filter = Normalise(request);
    if (filter.ok()) filter_ = *std::move(filter);
    Start(filter.status());
  }

 private:
  absl::Status Begin(OfficerId officer) override {
    const LogEnd log_end = engine().log().end();
    const absl::Status range = ResolveRange(log_end);
    if (!range.ok()) return range;
    if (!filter_.authors.empty()) {
      absl::StatusOr<AuthorEntries> authors =
          AuthorEntries::Begin(&engine().log(), filter_.authors, next_);
      if (!authors.ok()) return authors.status();
      authors_ = *std::move(authors);
    }
    const auto first = FirstPositionOf(engine().log(), next_);
    if (!first.ok()) return first.status();
    Position last;
    if (!request_.follow()) {
      const auto behind = FirstPositionOf(engine().log(), end_);
      if (!behind.ok()) return behind.status();
      last = Position(behind->value - 1);
    }
    NoteAccess(&engine(), officer, v1::ACCESS_KIND_ENTRIES, *first, last,
               filter_.AsText());
    return absl::OkStatus();
  }

  absl::Status ResolveRange(const LogEnd& log_end) {
    next_ = EntryIndex(request_.first_entry());
    if (request_.first_position() != 0) {
      const auto found = EntryAt(Position(request_.first_position()), log_end);
      if (!found.ok()) return found.status();
      if (!found->has_value()) {
        return BeyondEnd(absl::StatusCode::kOutOfRange, "first_position",
                         kOtherHistory);
      }
      next_ = **found;
    }
    if (next_ > log_end.tree_size) {
      return BeyondEnd(absl::StatusCode::kOutOfRange, "first_entry",
                       kOtherHistory);
    }
    end_ = request_.end_entry() == 0 ? log_end.tree_size
                                     : EntryIndex(request_.end_entry());
    const bool by_position = request_.end_position() != 0;
    if (by_position) {
      const auto found = EntryAt(Position(request_.end_position()), log_end);
      if (!found.ok()) return found.status();
      end_ = found->value_or(log_end.tree_size.Next());
    }
    if (end_ > log_end.tree_size || next_ > end_) {
      return BadField(
          by_position ? "end_position" : "end_entry",
          "the range must lie within the log; ask GetCheckpoint for its size");
    }
    return absl::OkStatus();
  }

  // nullopt: beyond the position that comes next.
  absl::StatusOr<std::optional<EntryIndex>> EntryAt(Position position,
                                                    const LogEnd& log_end) {
    if (position == log_end.next_position) {
      return std::optional<EntryIndex>(log_end.tree_size);
    }
    if (position > log_end.next_position) return std::optional<EntryIndex>();
    const absl::StatusOr<EntryIndex> found =
        engine().log().FindPosition(position);
    if (!found.ok()) return found.status();
    return std::optional<EntryIndex>(*found);
  }

  Position wait_position() const override { return wait_for_; }

  absl::StatusOr<Next> Step(std::int64_t waited_ms,
                            v1::StreamEntriesResponse* response) override {
    response->Clear();
    const LogEnd log_end = engine().log().end();
    const EntryIndex limit = request_.follow() ? log_end.tree_size : end_;
    const EntryIndex began = next_;
    const absl::StatusOr<bool> used_up =
        authors_.has_value() ? LookUp(limit, response) : Scan(limit, response);
    if (!used_up.ok()) return used_up.status();
    response->set_next_entry(next_.value);
    const bool progressed = next_ > began;
    if (response->entries_size() > 0) return Next::kWrite;
    if (*used_up) return Next::kWrite;  // How far it has come.
    if (!request_.follow()) return progressed ? Next::kWrite : Next::kEnd;
    if (waited_ms >= kAuditWaitMs) return Next::kWrite;
    // Whatever is recorded from here on takes this position: no growth is
    // missed.
    wait_for_ = log_end.next_position;
    return Next::kWait;
  }

  // Adds an entry unless the response is full.
  bool Take(EntryIndex index, absl::string_view entry,
            v1::StreamEntriesResponse* response, std::size_t* bytes) const {
    if (*bytes != 0 && *bytes + entry.size() > kChunkBytes) return false;
    *bytes += entry.size();
    v1::Entry* const out = response->add_entries();
    out->set_entry_index(index.value);
    out->set_leaf(entry.data(), entry.size());
    return true;
  }

  // Reads on below `limit`, entry after entry. True: it stopped because it had
  // read enough.
  absl::StatusOr<bool> Scan(EntryIndex limit,
                            v1::StreamEntriesResponse* response) {
    std::size_t bytes = 0;
    std::size_t scanned = 0;
    bool used_up = false;
    absl::Status fault;
    const bool look = filter_.LooksInside();
    const absl::Status read = engine().log().ReadEntries(
        next_, limit, [&](EntryIndex index, absl::string_view entry) {
          bool wanted = true;
          if (look) {
            const absl::StatusOr<bool> matches = matcher_.Matches(entry);
            fault = matches.status();
            if (!fault.ok()) return false;
            wanted = *matches;
          }
          if (wanted && !Take(index, entry, response, &bytes)) {
            used_up = true;
            return false;
          }
          next_ = index.Next();
          scanned += entry.size();
          used_up = scanned >= kScanBytes;
          return !used_up;
        });
    if (!read.ok()) return read;
    if (!fault.ok()) return fault;
    return used_up;
  }

  // The same by the author index.
  absl::StatusOr<bool> LookUp(EntryIndex limit,
                              v1::StreamEntriesResponse* response) {
    std::size_t bytes = 0;
    for (int i = 0; i < kLookupsMax; ++i) {
      const auto index = authors_->Peek(limit);
      if (!index.ok()) return index.status();
      if (!index->has_value()) {
        next_ = std::max(next_, limit);
        return false;
      }
      const auto entry = engine().log().ReadEntry(**index);
      if (!entry.ok()) return entry.status();
      const absl::StatusOr<EntryView> view = ParseEntry(*entry);
      if (!view.ok()) return view.status();
      bool wanted = true;
      if (filter_.LooksInside()) {
        const absl::StatusOr<bool> matches = matcher_.Matches(*entry);
        if (!matches.ok()) return matches.status();
        wanted = *matches;
      }
      if (wanted && !Take(**index, *entry, response, &bytes)) return true;
      next_ = (**index).Next();
      const absl::Status advanced =
          authors_->Advance(view->trailer.event_count);
      if (!advanced.ok()) return advanced;
    }
    return true;
  }

  static constexpr char kOtherHistory[] =
      "the range begins beyond the log's end: it is of another history, or not "
      "recorded yet";

  const v1::StreamEntriesRequest request_;
  EntryFilter filter_;
  EntryMatcher matcher_;
  std::optional<AuthorEntries> authors_;
  EntryIndex next_{0};
  EntryIndex end_{0};
  Position wait_for_;
};

}  // namespace

grpc::ServerWriteReactor<v1::StreamEntriesResponse>* StartEntryStream(
    AuditShared* shared, const grpc::CallbackServerContext& context,
    const v1::StreamEntriesRequest& request) {
  return new EntryStream(shared, context, request);
}

}  // namespace thon
