// Roots over rows: those that the log recorded, and one computed now.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "server/rpc/audit_calls.h"
#include "server/rpc/paging.h"
#include "server/rpc/state_root_turns.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

v1::RecordedStateRoots Recorded(absl::string_view key,
                                const v1::StateRootRow& row,
                                const std::string& projection) {
  v1::RecordedStateRoots roots;
  roots.set_position(keys::KeyView(key).U64());
  roots.set_entry_index(row.entry_index());
  roots.set_reason(row.reason());
  roots.set_recorded_position(row.recorded_position());
  for (const v1::StateRoot& root : row.roots()) {
    if (projection.empty() || root.projection() == projection) {
      *roots.add_roots() = root;
    }
  }
  return roots;
}

}  // namespace

absl::Status ListStateRootsCall(AuditShared* shared,
                                const v1::ListStateRootsRequest& request,
                                v1::ListStateRootsResponse* response) {
  const absl::StatusOr<int> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  if (!request.projection().empty()) {
    const auto known = FindProjection(request.projection());
    if (!known.ok()) return known.status();
  }
  const std::string binding = absl::StrCat(
      "ListStateRoots ", request.first_position(), " ", request.projection());
  const Engine& engine = shared->calls->engine();
  Position as_of = engine.rows_position();
  std::string start = keys::Key().U64(request.first_position()).Take();
  if (!request.page_token().empty()) {
    auto page = ParseBoundPageToken(request.page_token(), binding);
    if (!page.ok()) return page.status();
    if (page->position > as_of || page->rest.size() != start.size()) {
      return BadField("page_token", "not a page token of this server");
    }
    as_of = page->position;
    start = std::move(page->rest);
  }
  const std::unique_ptr<RowReader> rows = engine.RowsAt(as_of);
  rows->Scan(
      Table::kStateRoot, "", start,
      [&](absl::string_view key, const RowVersion& version) {
        if (response->state_roots_size() == *size) {
          response->set_next_page_token(BoundPageToken(as_of, binding, key));
          return false;
        }
        v1::StateRootRow row;
        THON_CHECK(row.ParseFromString(version.value));
        *response->add_state_roots() = Recorded(key, row, request.projection());
        return true;
      });
  return absl::OkStatus();
}

void ComputeStateRootCall(AuditShared* shared, OfficerId officer,
                          const v1::ComputeStateRootRequest& request,
                          std::function<bool()> cancelled,
                          v1::StateRoot* response, const FinishCall& finish) {
  const auto tables = FindProjection(request.projection());
  if (!tables.ok()) return finish(tables.status());
  Engine* const engine = &shared->calls->engine();
  const auto position = RowsPosition(*engine, request.position(), "position");
  if (!position.ok()) return finish(position.status());
  AccessFilter filter;
  filter.Add("root", (*tables)->name);
  NoteAccess(engine, officer, v1::ACCESS_KIND_ROWS, *position, *position,
             filter);
  StateRootTurns turns;
  turns.queue = &shared->row_turns;
  turns.projection = *tables;
  turns.rows = [engine, position = *position] {
    return engine->RowsAt(position);
  };
  turns.cancelled = std::move(cancelled);
  const auto compute = [turns = std::move(turns), response, finish] {
    ComputeStateRootInTurns(
        turns, [response, finish](absl::StatusOr<v1::StateRoot> root) {
          if (root.ok()) response->Swap(&*root);
          finish(root.status());
        });
  };
  WithRowsAt(shared, *position, compute, finish);
}

}  // namespace thon
