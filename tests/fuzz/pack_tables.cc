// The tables of `eligibility` for fuzz_pack, whose pack reader asks for nothing
// else of server/projections: the fold is not built for it.
#include "server/projections/state_root.h"

namespace thon {

const ProjectionTables* FindProjectionTables(absl::string_view name) {
  static const auto* const tables =
      new ProjectionTables{.name = "eligibility",
                           .version = 1,
                           .tables = {Table::kPolicy, Table::kDetermination}};
  return name == tables->name ? tables : nullptr;
}

}  // namespace thon
