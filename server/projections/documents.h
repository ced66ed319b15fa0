// Facts larger than an entry, in parts.
#ifndef THON_PROJECTIONS_DOCUMENTS_H_
#define THON_PROJECTIONS_DOCUMENTS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Notes where a part is. False, and nothing changed, if it cannot be a part: a
// hash that is none, an index outside the count, too many or too large parts.
//
// Nothing changes a document whose parts are all there and have its SHA-256.
// Before that, a part takes the place of one with its index and other content,
// and one that says another count begins the document anew. If all parts were
// there, those behind it go too: a document with a wrong part is repaired by
// sending its parts again in order.
bool RecordDocumentPart(const v1::DocumentPart& part, const AuthorId& author,
                        Sequence sequence, const EventSource& events,
                        RowWriter& rows);

// Whether this is what is recorded at that place.
bool HoldsContent(const v1::DocumentPartPlace& place, absl::string_view content,
                  const EventSource& events);

// The document with this hash, if all its parts are recorded, are not above the
// limit together, and have this SHA-256.
std::optional<std::string> AssembleDocument(const Hash& hash,
                                            const RowReader& rows,
                                            const EventSource& events);

// The same for the hash as an event holds it; nullopt also if it is no hash.
std::optional<std::string> AssembleDocument(absl::string_view hash,
                                            const RowReader& rows,
                                            const EventSource& events);

// The document as a message. nullopt as above, or if it does not parse.
template <typename Message>
std::optional<Message> AssembleMessage(absl::string_view hash,
                                       const RowReader& rows,
                                       const EventSource& events) {
  const std::optional<std::string> bytes = AssembleDocument(hash, rows, events);
  Message message;
  if (!bytes.has_value() || !message.ParseFromString(*bytes)) {
    return std::nullopt;
  }
  return message;
}

}  // namespace thon

#endif  // THON_PROJECTIONS_DOCUMENTS_H_
