// Determinations that differ between two positions, and what made each change:
// a merge of two scans, then the versions of each row that differs.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "server/projections/standing_words.h"
#include "server/rpc/audit_calls.h"
#include "server/rpc/paging.h"
#include "server/storage/row_store.h"

namespace thon {
namespace {

constexpr int kStepsMax = 64;
constexpr int kCausesMax = 16;
// Rows of each side that are in memory at once, and those that one page may
// look at: a page without changes ends too.
constexpr std::size_t kScanRows = 512;
constexpr std::size_t kPageRowsMax = 100'000;
constexpr std::size_t kCauseEntriesKept = 256;

// What a change is about.
struct Subject {
  std::string policy_id;
  Month month;
  bool is_team = true;
  std::uint64_t id = 0;
};

Subject SubjectOf(absl::string_view key) {
  keys::KeyView view(key);
  Subject subject;
  subject.policy_id = std::string(view.Text());
  subject.month = view.YearMonth();
  subject.is_team = view.U8() == v1::BENEFICIARY_KIND_TEAM;
  subject.id = view.U64();
  return subject;
}

struct KeyedRow {
  std::string key;
  RowVersion row;
};

// One side of the merge: rows in key order, some at a time.
class Side {
 public:
  Side(const RowReader* rows, std::string prefix, std::string start)
      : rows_(rows), prefix_(std::move(prefix)), start_(std::move(start)) {
    Fill();
  }

  // nullptr at the end.
  const KeyedRow* now() const {
    return next_ < read_.size() ? &read_[next_] : nullptr;
  }
  void Next() {
    if (++next_ < read_.size() || ended_) return;
    start_ = read_.back().key;
    Fill();
  }

 private:
  void Fill() {
    const bool skip_first = !read_.empty();
    read_.clear();
    next_ = 0;
    ended_ = true;
    rows_->Scan(Table::kDetermination, prefix_, start_,
                [&](absl::string_view key, const RowVersion& row) {
                  if (skip_first && key == start_) return true;
                  if (read_.size() == kScanRows) {
                    ended_ = false;
                    return false;
                  }
                  read_.push_back({std::string(key), row});
                  return true;
                });
  }

  const RowReader* const rows_;
  const std::string prefix_;
  std::string start_;
  std::vector<KeyedRow> read_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

// The entries behind changes, as far as a cause is named from them.
class Causes {
 public:
  explicit Causes(const EntryLog* log) : log_(*log) {}

  absl::Status Explain(const Subject& subject, v1::DeterminationStep* step) {
    const absl::StatusOr<EntryIndex> index =
        log_.FindPosition(Position(step->position()));
    if (!index.ok()) return index.status();
    const absl::StatusOr<const CauseEntry*> entry = Load(*index);
    if (!entry.ok()) return entry.status();
    step->set_entry_index(index->value);
    step->set_receive_time_ms((*entry)->receive_time.ms);
    const std::vector<CauseEvent>& events = (*entry)->events;
    const auto concerns = [&subject](const CauseEvent& event) {
      return subject.id != 0 &&
             subject.id == (subject.is_team ? event.team : event.organisation);
    };
    const bool named = std::any_of(events.begin(), events.end(), concerns);
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (named && !concerns(events[i])) continue;
      if (step->cause_positions_size() == kCausesMax) break;
      step->add_cause_positions((*entry)->first_position.value + i);
      step->add_cause_kinds(events[i].kind);
    }
    return absl::OkStatus();
  }

 private:
  struct CauseEvent {
    std::uint64_t team = 0;
    std::uint64_t organisation = 0;
    std::string kind;
  };
  struct CauseEntry {
    Position first_position;
    Instant receive_time;
    std::vector<CauseEvent> events;
  };

  absl::StatusOr<const CauseEntry*> Load(EntryIndex index) {
    const auto found = loaded_.find(index);
    if (found != loaded_.end()) return &found->second;
    const absl::StatusOr<RecordedBatch> read = ReadBatch(log_, index);
    if (!read.ok()) return read.status();
    CauseEntry entry;
    entry.first_position = read->trailer.first_position;
    entry.receive_time = read->trailer.receive_time;
    for (const v1::Event& event : read->batch.events()) {
      const absl::string_view kind = PayloadName(event);
      entry.events.push_back({event.team_id(), event.organisation_id(),
                              kind.empty() ? "unknown" : std::string(kind)});
    }
    if (loaded_.size() == kCauseEntriesKept) loaded_.clear();
    return &loaded_.emplace(index, std::move(entry)).first->second;
  }

  const EntryLog& log_;
  std::map<EntryIndex, CauseEntry> loaded_;
};

// One page of one comparison.
class Comparison {
 public:
  Comparison(const Engine& engine,
             const v1::ListDeterminationChangesRequest& request, Position first,
             Position second)
      : request_(request),
        first_(first),
        old_rows_(engine.RowsAt(first)),
        new_rows_(engine.RowsAt(second)),
        causes_(&engine.log()) {}

  // Adds changes from `start` on; where the next page begins, "" at the end.
  absl::StatusOr<std::string> Read(
      const std::string& start, int page_size,
      v1::ListDeterminationChangesResponse* response) {
    keys::Key prefix;
    if (!request_.policy_id().empty()) {
      prefix.Text(request_.policy_id());
      if (request_.month() != 0) prefix.Of(Month(request_.month()));
    }
    const std::string within = prefix.Take();
    Side olds(old_rows_.get(), within, start);
    Side news(new_rows_.get(), within, start);
    std::size_t bytes = 0;
    for (std::size_t looked_at = 0;; ++looked_at) {
      const KeyedRow* before = olds.now();
      const KeyedRow* after = news.now();
      if (before == nullptr && after == nullptr) return std::string();
      if (before != nullptr && after != nullptr && before->key != after->key) {
        (before->key < after->key ? after : before) = nullptr;
      }
      const std::string& key = before == nullptr ? after->key : before->key;
      if (response->changes_size() == page_size ||
          bytes > limits::kReplyBytesMax / 2 || looked_at == kPageRowsMax) {
        return key;
      }
      if (Differs(before, after) && Wanted(key)) {
        const absl::Status added =
            AddChange(key, before, after, response->add_changes());
        if (!added.ok()) return added;
        bytes += response->changes(response->changes_size() - 1).ByteSizeLong();
      }
      if (before != nullptr) olds.Next();
      if (after != nullptr) news.Next();
    }
  }

 private:
  static bool Differs(const KeyedRow* before, const KeyedRow* after) {
    if (before == nullptr || after == nullptr) return true;
    return before->row.position != after->row.position &&
           before->row.value != after->row.value;
  }

  bool Wanted(absl::string_view key) const {
    const Subject subject = SubjectOf(key);
    return (request_.month() == 0 ||
            subject.month.yyyymm == request_.month()) &&
           (request_.team_id() == 0 ||
            (subject.is_team && subject.id == request_.team_id()));
  }

  absl::Status AddChange(const std::string& key, const KeyedRow* before,
                         const KeyedRow* after, v1::DeterminationChange* out) {
    const Subject subject = SubjectOf(key);
    out->set_policy_id(subject.policy_id);
    out->set_month(subject.month.yyyymm);
    if (subject.is_team) {
      out->set_team_id(subject.id);
    } else {
      out->set_organisation_id(subject.id);
    }
    if (before != nullptr) {
      THON_CHECK(out->mutable_before()->ParseFromString(before->row.value));
    }
    if (after != nullptr) {
      THON_CHECK(out->mutable_after()->ParseFromString(after->row.value));
    }
    const auto* const history =
        dynamic_cast<const RowHistory*>(new_rows_.get());
    THON_CHECK(history != nullptr);
    std::vector<v1::DeterminationStep> steps;  // The newest first.
    history->Versions(
        Table::kDetermination, key, first_,
        [&steps](Position position, const std::optional<std::string>& value) {
          v1::DeterminationStep& step = steps.emplace_back();
          step.set_position(position.value);
          if (value.has_value()) {
            THON_CHECK(step.mutable_determination()->ParseFromString(*value));
          }
          return steps.size() < static_cast<std::size_t>(kStepsMax);
        });
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      const absl::Status explained = causes_.Explain(subject, &*step);
      if (!explained.ok()) return explained;
      *out->add_steps() = std::move(*step);
    }
    return absl::OkStatus();
  }

  const v1::ListDeterminationChangesRequest& request_;
  const Position first_;
  const std::unique_ptr<RowReader> old_rows_;
  const std::unique_ptr<RowReader> new_rows_;
  Causes causes_;
};

absl::Status CheckRequest(const v1::ListDeterminationChangesRequest& request) {
  if (!request.policy_id().empty() &&
      (!keys::IsRowKeyText(request.policy_id()) ||
       request.policy_id().size() > limits::kTextBytesMax)) {
    return BadField("policy_id", "no policy has this id");
  }
  if (request.month() != 0 && !Month(request.month()).valid()) {
    return BadField("month", "a month is YYYYMM");
  }
  if (request.team_id() != 0 && !IsSurrogateId(request.team_id())) {
    return BadField("team_id", "an id lies above 0 and below 2^53");
  }
  if (request.second_position() != 0 &&
      request.first_position() > request.second_position()) {
    return BadField("first_position", "it lies behind second_position");
  }
  return absl::OkStatus();
}

AccessFilter FilterOf(const v1::ListDeterminationChangesRequest& request) {
  AccessFilter filter;
  filter.Add("policy", request.policy_id());
  if (request.month() != 0) {
    filter.Add("month", absl::StrCat(request.month()));
  }
  if (request.team_id() != 0) {
    filter.Add("team", absl::StrCat(request.team_id()));
  }
  return filter;
}

// The positions to compare, and the key to begin with.
struct Range {
  Position first;
  Position second;
  std::string start;
};

absl::StatusOr<Range> RangeOf(
    const Engine& engine, const v1::ListDeterminationChangesRequest& request,
    absl::string_view binding) {
  Range range;
  const auto second =
      RowsPosition(engine, request.second_position(), "second_position");
  if (!second.ok()) return second.status();
  range.first = Position(request.first_position());
  range.second = *second;
  if (!request.page_token().empty()) {
    auto page = ParseBoundPageToken(request.page_token(), binding);
    if (!page.ok()) return page.status();
    if (page->position >= engine.log().end().next_position) {
      return BadField("page_token", "not a page token of this server");
    }
    range.second = page->position;
    range.start = std::move(page->rest);
  }
  if (range.first >= engine.log().end().next_position) {
    return BeyondEnd(absl::StatusCode::kNotFound, "first_position",
                     "the position is beyond the log's end: it is of another "
                     "history, or not recorded yet");
  }
  // The newest rows may not have come as far yet.
  range.second = std::max(range.first, range.second);
  return range;
}

}  // namespace

void ListDeterminationChangesCall(
    AuditShared* shared, OfficerId officer,
    const v1::ListDeterminationChangesRequest& request,
    v1::ListDeterminationChangesResponse* response, const FinishCall& finish) {
  const absl::Status fault = CheckRequest(request);
  if (!fault.ok()) return finish(fault);
  const absl::StatusOr<int> size = PageSize(request.page_size());
  if (!size.ok()) return finish(size.status());
  Engine* const engine = &shared->calls->engine();
  const std::string binding =
      absl::StrCat("ListDeterminationChanges ", request.first_position(), " ",
                   request.second_position(), " ", request.month(), " ",
                   request.team_id(), " ", request.policy_id());
  absl::StatusOr<Range> range = RangeOf(*engine, request, binding);
  if (!range.ok()) return finish(range.status());
  NoteAccess(engine, officer, v1::ACCESS_KIND_CHANGES, range->first,
             range->second, FilterOf(request));
  const auto read = [engine, &request, range = *range, binding, size = *size,
                     response, finish](bool runs) {
    if (!runs) return finish(absl::UnavailableError("the server is stopping"));
    response->set_first_position(range.first.value);
    response->set_second_position(range.second.value);
    Comparison comparison(*engine, request, range.first, range.second);
    const absl::StatusOr<std::string> next =
        comparison.Read(range.start, size, response);
    if (next.ok() && !next->empty()) {
      response->set_next_page_token(
          BoundPageToken(range.second, binding, *next));
    }
    finish(next.status());
  };
  WithRowsAt(
      shared, range->second, [shared, read] { shared->row_turns.Post(read); },
      finish);
}

}  // namespace thon
