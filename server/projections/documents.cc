#include "server/projections/documents.h"

#include <algorithm>

#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {

bool HoldsContent(const v1::DocumentPartPlace& place, absl::string_view content,
                  const EventSource& events) {
  AuthorId author;
  if (!AuthorId::FromBytes(place.author(), &author)) return false;
  const std::optional<RecordedEvent> part =
      events.Find(author, Sequence(place.sequence()));
  return part.has_value() && part->event.document_part().content() == content;
}

bool RecordDocumentPart(const v1::DocumentPart& part, const AuthorId& author,
                        Sequence sequence, const EventSource& events,
                        RowWriter& rows) {
  Hash hash;
  if (!Hash::FromBytes(part.document_hash(), &hash) || part.count() < 1 ||
      part.count() > static_cast<int>(limits::kDocumentPartsMax) ||
      part.index() < 0 || part.index() >= part.count() ||
      part.content().size() > limits::kDocumentPartBytesMax) {
    return false;
  }
  const std::string key = keys::Document(hash);
  v1::DocumentRow row = GetRow<v1::DocumentRow>(rows, Table::kDocument, key)
                            .value_or(v1::DocumentRow());
  auto* parts = row.mutable_parts();
  int at = static_cast<int>(
      std::lower_bound(parts->begin(), parts->end(), part.index(),
                       [](const v1::DocumentPartPlace& place, int index) {
                         return place.index() < index;
                       }) -
      parts->begin());
  const bool same_count = row.part_count() == part.count();
  bool is_there = at < parts->size() && parts->Get(at).index() == part.index();
  // First, because it is cheap: whoever sends a document twice sends the same.
  if (same_count && is_there &&
      HoldsContent(parts->Get(at), part.content(), events)) {
    return true;
  }
  const bool was_all_there =
      row.part_count() > 0 && parts->size() == row.part_count();
  if (was_all_there && AssembleDocument(hash, rows, events).has_value()) {
    return true;
  }
  if (!same_count) {
    row.Clear();
    row.set_part_count(part.count());
    at = 0;
    is_there = false;
  } else if (was_all_there) {
    // So that the document is assembled once, not with each part sent again.
    parts->DeleteSubrange(at + 1, parts->size() - at - 1);
  }
  if (!is_there) {
    parts->Add();
    std::rotate(parts->begin() + at, parts->end() - 1, parts->end());
  }
  v1::DocumentPartPlace* place = parts->Mutable(at);
  place->set_index(part.index());
  place->set_author(std::string(author.view()));
  place->set_sequence(sequence.value);
  PutRow(rows, Table::kDocument, key, row);
  return true;
}

std::optional<std::string> AssembleDocument(const Hash& hash,
                                            const RowReader& rows,
                                            const EventSource& events) {
  const std::optional<v1::DocumentRow> row =
      GetRow<v1::DocumentRow>(rows, Table::kDocument, keys::Document(hash));
  if (!row.has_value() || row->parts_size() != row->part_count()) {
    return std::nullopt;
  }
  std::string bytes;
  for (const v1::DocumentPartPlace& place : row->parts()) {
    AuthorId author;
    if (!AuthorId::FromBytes(place.author(), &author)) return std::nullopt;
    const std::optional<RecordedEvent> part =
        events.Find(author, Sequence(place.sequence()));
    if (!part.has_value() || !part->event.has_document_part()) {
      return std::nullopt;
    }
    const std::string& content = part->event.document_part().content();
    if (bytes.size() + content.size() > limits::kDocumentBytesMax) {
      return std::nullopt;
    }
    bytes += content;
  }
  if (Sha256Of(bytes) != hash) return std::nullopt;
  return bytes;
}

std::optional<std::string> AssembleDocument(absl::string_view hash,
                                            const RowReader& rows,
                                            const EventSource& events) {
  Hash parsed;
  if (!Hash::FromBytes(hash, &parsed)) return std::nullopt;
  return AssembleDocument(parsed, rows, events);
}

}  // namespace thon
