// Everything folded again from the first entry, and state roots compared where
// the log or a manifest says one.
#ifndef THON_TOOLS_VERIFY_FOLD_CHECK_H_
#define THON_TOOLS_VERIFY_FOLD_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/ids.h"
#include "server/projections/fold.h"
#include "server/projections/row_overlay.h"
#include "thon/v1/event.pb.h"
#include "tools/verify/entry_stream.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_events.h"
#include "tools/verify/temp_rows.h"

namespace thon::verify {

// Rows are kept in memory up to a limit; beyond it they go to the temporary
// file, and those used last stay.
//
// Thread-safety: none.
class FoldCheck {
 public:
  // All outlive it. `rows_bytes` bounds the rows in memory.
  FoldCheck(const PackEvents* events, TempRows* store, std::size_t rows_bytes,
            Findings* findings);

  // Folds the entry. Requires: entries in order from the first, each given to
  // `events` before. False: the fold cannot go on; a finding says why.
  bool Visit(const ReadEntry& entry);
  // Names what of the entry that was folded last has no effect, is not known,
  // or contradicts the rows. `server`: a server's author recorded it.
  void NameEvents(const ReadEntry& entry, bool server);

  // State roots of `projections` as of the last entry, by name.
  absl::StatusOr<std::vector<v1::StateRoot>> Roots();
  // Compares roots that somebody claims with those computed here as of
  // `position`, which must be the last entry's. `where` is for the finding.
  void CompareRoots(const std::vector<v1::StateRoot>& own,
                    const std::vector<v1::StateRoot>& said, Place where);

  // What waits for a root and has none, and how often events stand as they do.
  void Finish();

  const RowReader& rows() const { return overlay_; }
  std::uint64_t events_folded() const { return events_folded_; }
  const std::map<std::uint64_t, std::vector<v1::StateRoot>>& named() const {
    return own_;
  }

 private:
  // An entry whose last position the log names, until its roots are recorded.
  struct Due {
    std::uint64_t entry = 0;
    std::int64_t received_ms = 0;
    // Receive time of the first entry more than a day behind it.
    std::optional<std::int64_t> day_after_ms = std::nullopt;
  };

  void VisitCommand(const v1::Event& event, Place place);
  void VisitOwn(const v1::Event& event, Place place);
  bool NameRoots(const ReadEntry& entry);
  // Whether each projection that this program knows is there once.
  bool IsComplete(const v1::StateRootsRecorded& recorded, const Place& where);
  // Names a position whose roots were never recorded.
  void NameMissing(std::uint64_t position, const Due& due);
  void CompareRecorded(const v1::StateRootsRecorded& recorded, Place place);
  void FindStandings();

  const PackEvents* const events_;
  TempRows* const store_;
  const std::size_t rows_bytes_;
  Findings* const findings_;
  Fold fold_;
  RowOverlay overlay_;
  std::uint64_t events_folded_ = 0;
  // Computed here, by the position that the log names.
  std::map<std::uint64_t, std::vector<v1::StateRoot>> own_;
  std::map<std::uint64_t, Due> due_;  // By position.
  std::uint64_t young_ = 0;  // The first position without `day_after_ms`.
  std::int64_t last_received_ms_ = 0;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_FOLD_CHECK_H_
