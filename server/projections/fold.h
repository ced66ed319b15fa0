// Folds entries through all projections.
#ifndef THON_PROJECTIONS_FOLD_H_
#define THON_PROJECTIONS_FOLD_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"

namespace thon {

class Acts;

// Thread-safety: none.
class Fold {
 public:
  // All projections, as AllProjections() lists them.
  Fold();
  // These, in this order; `acts` first. For tests of one projection.
  explicit Fold(std::vector<std::unique_ptr<Projection>> projections);
  ~Fold();

  // Names and versions of all projections, "acts/1 units/1 ...": rows written
  // under another signature must be built again from the first entry.
  std::string signature() const;

  // Folds the entry with these bytes. Requires: entries in order, each once;
  // `rows` shows the state behind the entry before. After the call `rows` holds
  // what the entry changes, to be stored as versions at the entry's last
  // position.
  //
  // kDataLoss: the entry's bytes do not parse; the log is damaged. Nothing was
  // written.
  absl::Status Apply(EntryIndex index, absl::string_view entry,
                     const EventSource& events, RowWriter& rows);
  // The same of an entry that was parsed already. Requires: ParseBatch made
  // `batch` of its bytes with kNone, and `trailer` counts its events.
  void ApplyBatch(EntryIndex index, const EntryTrailer& trailer,
                  const v1::Batch& batch, const EventSource& events,
                  RowWriter& rows);

 private:
  void Load(const RowReader& rows);
  bool FromServer(EntryIndex index, const AuthorId& author,
                  const v1::Batch& batch, const RowReader& rows) const;

  std::vector<std::unique_ptr<Projection>> projections_;
  Acts* acts_;  // The first of them.
  // Authors whose AuthorRow is of kind SERVER; read from rows before the first
  // entry, so that a fold over existing rows goes on as if it never stopped.
  std::set<AuthorId> server_authors_;
  bool loaded_ = false;
  // Where most batches find room when they are parsed.
  std::vector<char> block_;
};

}  // namespace thon

#endif  // THON_PROJECTIONS_FOLD_H_
