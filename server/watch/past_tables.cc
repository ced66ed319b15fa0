#include "server/watch/past_tables.h"

#include <utility>

#include "server/core/check.h"
#include "server/watch/event_tail.h"

namespace thon {
namespace {

// Ids on the map that are remembered from one page to the next.
constexpr std::size_t kPlacesKeptMax = 4096;

}  // namespace

PastTables::PastTables(const Options& options, WatchQueries queries,
                       Position position)
    : options_(options),
      queries_(std::move(queries)),
      view_(options.rows, position, std::make_shared<Places>()),
      cut_(position, view_.today()) {
  view_.Rest();
}

void PastTables::Begin() {
  begun_ = true;
  std::optional<EventTail> tail;
  cut_.parts().resize(queries_.queries.size());
  for (std::size_t i = 0; i < queries_.queries.size(); ++i) {
    const Query& query = queries_.queries[i];
    CutPart& part = cut_.parts()[i];
    part.query_id = queries_.ids[i];
    part.reason = v1::WATCH_START_REASON_FRESH;
    if (!query.is_events()) {
      part.scan = std::make_unique<QueryScan>(&query, view_, std::nullopt);
      continue;
    }
    if (!tail.has_value()) {
      tail.emplace(options_.log);
      tail->MoveTo(view_);
    }
    for (auto& [key, row] : tail->RowsOf(query, view_)) part.Add(key, row);
  }
  view_.Rest();
}

std::optional<v1::WatchResponse> PastTables::Step() {
  THON_CHECK(!done_);
  if (!begun_) {
    Begin();
    return std::nullopt;
  }
  const bool full = cut_.Fill(options_.page);
  view_.places()->KeepAtMost(kPlacesKeptMax);
  if (!full) return std::nullopt;
  if (cut_.complete()) {
    cut_.page().mutable_progress()->set_server_time_ms(
        options_.clock->Now().ms);
    done_ = true;
  }
  return cut_.Take();
}

}  // namespace thon
