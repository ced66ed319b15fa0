#include "server/watch/query_scan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/core/ids.h"

namespace thon {
namespace {

constexpr std::size_t kChunkRows = 128;

// Ranges that cover both lists, none a prefix of another.
std::vector<std::string> Merge(std::vector<std::string> a,
                               std::vector<std::string> b) {
  a.insert(a.end(), std::make_move_iterator(b.begin()),
           std::make_move_iterator(b.end()));
  std::sort(a.begin(), a.end());
  std::vector<std::string> merged;
  for (std::string& range : a) {
    if (merged.empty() || !absl::StartsWith(range, merged.back())) {
      merged.push_back(std::move(range));
    }
  }
  return merged;
}

}  // namespace

QueryScan::QueryScan(const Query* query, RowsView now,
                     std::optional<RowsView> before)
    : query_(query),
      table_(*TableOf(query->projection())),
      now_(std::move(now)),
      before_(std::move(before)) {
  now_.Rest();
  if (before_.has_value()) before_->Rest();
}

bool QueryScan::IsWholeKey(const std::string& range) const {
  switch (query_->projection()) {
    case v1::WATCHED_PROJECTION_UNITS:
    case v1::WATCHED_PROJECTION_TEAMS:
      return range.size() == sizeof(std::uint64_t);
    case v1::WATCHED_PROJECTION_SYNC_HEALTH:
      return range.size() == AuthorId::kSize;
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
      // policy id 0x00 month(4) kind(1) beneficiary(8)
      return !range.empty() && range.size() == range.find('\0') + 1 + 13;
    default:
      return false;
  }
}

bool QueryScan::Read(const RowsView& view, const std::string& range,
                     std::size_t rows_max, Rows* rows) const {
  if (IsWholeKey(range)) {
    std::optional<RowVersion> row = view.rows().Get(table_, range);
    if (row.has_value()) rows->emplace_back(range, *std::move(row));
    return true;
  }
  bool all = true;
  view.rows().Scan(table_, range, cursor_,
                   [&](absl::string_view key, const RowVersion& row) {
                     if (rows->size() == rows_max) {
                       all = false;
                       return false;
                     }
                     rows->emplace_back(std::string(key), row);
                     return true;
                   });
  return all;
}

void QueryScan::Visit(const std::string& key, const RowVersion* before,
                      const RowVersion* now, const Emit& emit) {
  const auto row_of = [&](const RowVersion* row, const RowsView& view) {
    return row == nullptr ? std::nullopt : RowOf(*query_, key, *row, view);
  };
  std::optional<std::string> row = row_of(now, now_);
  if (row.has_value()) {
    digest_.Add(key, *row);
    ++row_count_;
  }
  if (before_.has_value()) {
    if (row == row_of(before, *before_)) return;
  } else if (!row.has_value()) {
    return;
  }
  emit(key, std::move(row));
}

bool QueryScan::Step(std::size_t rows_max, const Emit& emit) {
  if (!ranges_.has_value()) {
    ranges_ = Merge(RangesOf(*query_, now_), before_.has_value()
                                                 ? RangesOf(*query_, *before_)
                                                 : std::vector<std::string>());
  }
  std::size_t examined = 0;
  while (range_ < ranges_->size() && examined < rows_max) {
    const std::string& range = (*ranges_)[range_];
    Rows now;
    Rows before;
    const bool all_now = Read(now_, range, kChunkRows, &now);
    const bool all_before =
        !before_.has_value() || Read(*before_, range, kChunkRows, &before);
    // What lies behind the end of a list that was cut is not known yet.
    std::optional<std::string> last;
    if (!all_now) last = now.back().first;
    if (!all_before && (!last.has_value() || before.back().first < *last)) {
      last = before.back().first;
    }
    auto n = now.begin();
    auto b = before.begin();
    while (n != now.end() || b != before.end()) {
      const bool take_now =
          n != now.end() && (b == before.end() || n->first <= b->first);
      const bool take_before =
          b != before.end() && (n == now.end() || b->first <= n->first);
      const std::string& key = take_now ? n->first : b->first;
      if (last.has_value() && key > *last) break;
      Visit(key, take_before ? &b->second : nullptr,
            take_now ? &n->second : nullptr, emit);
      if (take_now) ++n;
      if (take_before) ++b;
    }
    examined += std::max<std::size_t>(1, std::max(now.size(), before.size()));
    if (last.has_value()) {
      cursor_ = *last + '\0';
    } else {
      cursor_.clear();
      ++range_;
    }
  }
  now_.Rest();
  if (before_.has_value()) before_->Rest();
  return range_ == ranges_->size();
}

}  // namespace thon
