// Whole lists out of pages.
#ifndef THON_TOOLS_THON_PAGES_H_
#define THON_TOOLS_THON_PAGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/thon/client.h"
#include "tools/thon/unit_map.h"

namespace thon::cli {

// A list, and the position its first page was read at; the other pages are read
// at the same.
template <typename Row>
struct Listed {
  std::uint64_t position = 0;
  std::vector<Row> rows;
};

// What a list is about.
struct ListScope {
  std::uint64_t root_unit_id = 0;  // 0 for all.
  std::int32_t structure_date = 0;
  v1::ReadOptions options;
};

absl::StatusOr<Listed<v1::UnitRow>> ListAllUnits(Client* client,
                                                 const ListScope& scope,
                                                 v1::UnitLevel level);
absl::StatusOr<Listed<v1::TeamRow>> ListAllTeams(Client* client,
                                                 const ListScope& scope);
absl::StatusOr<Listed<v1::OrganisationRow>> ListAllOrganisations(
    Client* client, const ListScope& scope);
absl::StatusOr<Listed<v1::SyncHealthRow>> ListAllSyncHealth(
    Client* client, const ListScope& scope);
absl::StatusOr<Listed<v1::DeterminationRow>> ListAllDeterminations(
    Client* client, v1::ListDeterminationsRequest request);

// The map of a day; 0 is the last day opened. With a root, that unit, what is
// above it and what is below: all that an officer of a subtree may read.
struct MapRead {
  std::uint64_t position = 0;
  UnitMap map;
};
absl::StatusOr<MapRead> ReadMap(Client* client, std::int32_t date,
                                std::uint64_t root_unit_id = 0);

// The id behind a code on a day; 0 for an empty code, which means everywhere.
absl::StatusOr<std::uint64_t> UnitIdOfCode(Client* client,
                                           absl::string_view code,
                                           std::int32_t structure_date);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PAGES_H_
