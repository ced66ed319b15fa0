#include "server/rpc/audit_shared.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/entry.h"
#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {

absl::Status MayAudit(const Engine& engine, OfficerId officer) {
  return engine.Authorise(officer, v1::ROLE_READER, UnitId(0));
}

absl::Status BadField(absl::string_view field, absl::string_view message) {
  return WithField(
      WithReason(absl::InvalidArgumentError(message), "INVALID_FIELD"), field);
}

absl::Status BeyondEnd(absl::StatusCode code, absl::string_view field,
                       absl::string_view message) {
  return WithField(WithReason(absl::Status(code, message), "BEYOND_END"),
                   field);
}

absl::StatusOr<const ProjectionTables*> FindProjection(absl::string_view name) {
  const ProjectionTables* const found = FindProjectionTables(name);
  if (found != nullptr) return found;
  std::vector<std::string> names;
  for (const ProjectionTables& one : AllProjectionTables()) {
    names.push_back(one.name);
  }
  return WithField(WithReason(absl::NotFoundError(absl::StrCat(
                                  "no projection has this name; there are ",
                                  absl::StrJoin(names, ", "))),
                              "NOT_FOUND"),
                   "projection");
}

absl::StatusOr<Position> RowsPosition(const Engine& engine,
                                      std::uint64_t wanted,
                                      absl::string_view field) {
  if (wanted == 0) return engine.rows_position();
  if (Position(wanted) < engine.log().end().next_position) {
    return Position(wanted);
  }
  return BeyondEnd(absl::StatusCode::kNotFound, field,
                   "the position is beyond the log's end: it is of another "
                   "history, or not recorded yet");
}

AccessFilter& AccessFilter::Add(absl::string_view name,
                                std::vector<std::string> values) {
  if (values.empty()) return *this;
  std::sort(values.begin(), values.end());
  absl::StrAppend(&text_, text_.empty() ? "" : " ", name, "=",
                  absl::StrJoin(values, ","));
  return *this;
}

AccessFilter& AccessFilter::Add(absl::string_view name,
                                absl::string_view value) {
  if (value.empty()) return *this;
  return Add(name, std::vector<std::string>{std::string(value)});
}

std::string AccessFilter::Text() const {
  if (text_.size() <= limits::kAccessFilterBytesMax) return text_;
  const std::string tail =
      absl::StrCat("... sha256=", Sha256Of(text_).Hex().substr(0, 32));
  const std::size_t room = limits::kAccessFilterBytesMax - tail.size();
  const std::size_t cut = text_.find_last_of(", =", room - 1);
  return absl::StrCat(text_.substr(0, cut == std::string::npos ? 0 : cut + 1),
                      tail);
}

void NoteAccess(Engine* engine, OfficerId officer, v1::AccessKind kind,
                Position first, Position last, const AccessFilter& filter) {
  v1::AccessRecorded access;
  access.set_officer_id(officer.value);
  access.set_kind(kind);
  access.set_first_position(first.value);
  access.set_last_position(last.value);
  access.set_filter(filter.Text());
  engine->RecordAccess(std::move(access));
}

absl::StatusOr<RecordedBatch> ReadBatch(const EntryLog& log, EntryIndex entry) {
  absl::StatusOr<std::string> bytes = log.ReadEntry(entry);
  if (!bytes.ok()) return bytes.status();
  RecordedBatch read;
  read.bytes = *std::move(bytes);
  const absl::StatusOr<EntryView> view = ParseEntry(read.bytes);
  if (!view.ok()) return view.status();
  read.trailer = view->trailer;
  if (!read.batch.ParseFromArray(view->batch.data(),
                                 static_cast<int>(view->batch.size()))) {
    return absl::DataLossError(
        absl::StrCat("entry ", entry.value, " holds no batch"));
  }
  return read;
}

absl::StatusOr<Position> FirstPositionOf(const EntryLog& log,
                                         EntryIndex entry) {
  const LogEnd end = log.end();
  if (entry >= end.tree_size) return end.next_position;
  const absl::StatusOr<std::string> bytes = log.ReadEntry(entry);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<EntryView> view = ParseEntry(*bytes);
  if (!view.ok()) return view.status();
  return view->trailer.first_position;
}

}  // namespace thon
