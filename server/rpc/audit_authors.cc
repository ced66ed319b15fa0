// An author's chain: its batches as the log holds them.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/bytes.h"
#include "server/core/entry.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "server/rpc/audit_calls.h"
#include "server/rpc/paging.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

// What one page may read of the log.
constexpr std::size_t kPageReadBytesMax = 8 * limits::kMiB;

// "" if nobody has this author's id.
absl::StatusOr<std::string> PublicKeyOf(const Engine& engine,
                                        const AuthorId& author) {
  const auto row = GetRow<v1::AuthorRow>(*engine.RowsAt(engine.rows_position()),
                                         Table::kAuthor, keys::Author(author));
  if (row.has_value()) return row->public_key();
  // A server's own author, or one whose enrolment is not folded yet. Whoever
  // has neither a row nor a batch is nobody.
  const auto first = engine.log().FindEvent(author, Sequence(1));
  if (absl::IsNotFound(first.status())) return std::string();
  if (!first.ok()) return first.status();
  std::string key;
  const absl::Status read = engine.log().ReadAuthors(
      [&](const AuthorId& id, const AuthorState& state) {
        if (id == author) key = std::string(state.key.view());
      });
  if (!read.ok()) return read;
  return key;
}

v1::AuthorBatch BatchOf(EntryIndex entry, const RecordedBatch& recorded) {
  v1::AuthorBatch batch;
  batch.set_first_sequence(recorded.batch.first_sequence());
  batch.set_event_count(recorded.trailer.event_count);
  batch.set_entry_index(entry.value);
  batch.set_first_position(recorded.trailer.first_position.value);
  batch.set_batch_hash(std::string(BatchHash(recorded.batch_bytes()).view()));
  batch.set_previous_hash(recorded.batch.previous_hash());
  batch.set_receive_time_ms(recorded.trailer.receive_time.ms);
  return batch;
}

void Note(Engine* engine, OfficerId officer, const AuthorId& author,
          const v1::ListAuthorBatchesResponse& page) {
  Position first;
  Position last;
  if (page.batches_size() > 0) {
    const v1::AuthorBatch& end = page.batches(page.batches_size() - 1);
    first = Position(page.batches(0).first_position());
    last = Position(end.first_position() + end.event_count() - 1);
  }
  AccessFilter filter;
  filter.Add("author", author.Hex());
  NoteAccess(engine, officer, v1::ACCESS_KIND_AUTHOR, first, last, filter);
}

}  // namespace

absl::Status ListAuthorBatchesCall(AuditShared* shared, OfficerId officer,
                                   const v1::ListAuthorBatchesRequest& request,
                                   v1::ListAuthorBatchesResponse* response) {
  AuthorId author;
  if (!AuthorId::FromBytes(request.author(), &author)) {
    return BadField("author", "an author has 16 bytes");
  }
  const absl::StatusOr<int> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const std::string binding = absl::StrCat(
      "ListAuthorBatches ", request.first_sequence(), " ", author.Hex());
  Sequence next(request.first_sequence() == 0 ? 1 : request.first_sequence());
  if (!request.page_token().empty()) {
    const auto page = ParseBoundPageToken(request.page_token(), binding);
    if (!page.ok()) return page.status();
    next = Sequence(page->position.value);
  }
  Engine* const engine = &shared->calls->engine();
  absl::StatusOr<std::string> key = PublicKeyOf(*engine, author);
  if (!key.ok()) return key.status();
  if (key->empty()) {
    return WithField(
        WithReason(absl::NotFoundError("no such author"), "NOT_FOUND"),
        "author");
  }
  response->set_public_key(*std::move(key));
  std::size_t bytes = 0;
  while (true) {
    const auto entry = engine->log().FindEvent(author, next);
    if (absl::IsNotFound(entry.status())) break;
    if (!entry.ok()) return entry.status();
    if (response->batches_size() == *size || bytes > kPageReadBytesMax) {
      response->set_next_page_token(
          BoundPageToken(Position(next.value), binding, ""));
      break;
    }
    const absl::StatusOr<RecordedBatch> read = ReadBatch(engine->log(), *entry);
    if (!read.ok()) return read.status();
    bytes += read->bytes.size();
    next = Sequence(read->batch.first_sequence() + read->trailer.event_count);
    *response->add_batches() = BatchOf(*entry, *read);
  }
  Note(engine, officer, author, *response);
  return absl::OkStatus();
}

}  // namespace thon
