// State roots: one hash over all rows of a projection as of a position.
//
//   leaf := hash(0x00 || table(1) key_length(4) key value)   -- big-endian
//   root := RFC 6962 root over the leaves in the order of (table, key)
//
// The log names the positions: the last of every 65,536th entry
// (limits::kStateRootEntries), and of every entry in which a PeriodClosed took
// effect. `acts` writes a StateRootRow there; the server's StateRootsRecorded
// fills it in.
#ifndef THON_PROJECTIONS_STATE_ROOT_H_
#define THON_PROJECTIONS_STATE_ROOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/hash.h"
#include "server/core/merkle.h"
#include "server/projections/projection.h"
#include "server/projections/tables.h"
#include "thon/v1/event.pb.h"

namespace thon {

// A projection's name and version, and its tables, ascending.
struct ProjectionTables {
  std::string name;
  int version = 0;
  std::vector<Table> tables;
};
// In the order of the fold.
const std::vector<ProjectionTables>& AllProjectionTables();
// nullptr: no projection has this name.
const ProjectionTables* FindProjectionTables(absl::string_view name);

// Thread-safety: none.
class StateRootBuilder {
 public:
  // Requires: rows come in the order of (table, key).
  void Add(Table table, absl::string_view key, absl::string_view value);
  Hash Root() const { return tree_.Root(); }
  std::uint64_t row_count() const { return tree_.size(); }

 private:
  merkle::Frontier tree_;
};

// Scans all rows of a projection. `go_on`, asked every 4,096 rows, may end it
// (kCancelled).
absl::StatusOr<v1::StateRoot> ComputeStateRoot(
    const RowReader& rows, const ProjectionTables& projection,
    const std::function<bool()>& go_on);

}  // namespace thon

#endif  // THON_PROJECTIONS_STATE_ROOT_H_
