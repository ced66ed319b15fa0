#include "server/projections/documents.h"

#include <algorithm>

#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {

bool RecordDocumentPart(const v1::DocumentPart& part, const AuthorId& author,
                        Sequence sequence, RowWriter& rows) {
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
  const bool complete =
      row.part_count() > 0 && row.parts_size() == row.part_count();
  if (complete) return true;
  if (row.part_count() != part.count()) {
    row.Clear();
    row.set_part_count(part.count());
  }
  auto* parts = row.mutable_parts();
  const auto at =
      std::lower_bound(parts->begin(), parts->end(), part.index(),
                       [](const v1::DocumentPartPlace& place, int index) {
                         return place.index() < index;
                       });
  if (at != parts->end() && at->index() == part.index()) return true;
  const int place_index = static_cast<int>(at - parts->begin());
  v1::DocumentPartPlace* place = row.add_parts();
  place->set_index(part.index());
  place->set_author(std::string(author.view()));
  place->set_sequence(sequence.value);
  std::rotate(parts->begin() + place_index, parts->end() - 1, parts->end());
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
