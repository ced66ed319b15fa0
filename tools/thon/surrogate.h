// Ids of what files name. An importer derives them from the columns that make a
// thing what it is, so that the same file gives the same ids and a repeat is
// seen as one.
#ifndef THON_TOOLS_THON_SURROGATE_H_
#define THON_TOOLS_THON_SURROGATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "thon/v1/event.pb.h"

namespace thon::cli {

// The first 53 bits of SHA-256 over the parts, joined by newlines; if they are
// all zero, 1. Requires parts in NFC.
std::uint64_t DeriveId(const std::vector<std::string>& parts);

// "unit", level in lower case ("commune"), code, first day ("2023-04-01").
std::uint64_t DeriveUnitId(v1::UnitLevel level, absl::string_view code,
                           Date effective);
// "village", the commune's id, full name.
std::uint64_t DeriveVillageId(std::uint64_t commune_id, absl::string_view name);
// "team", id of the village or commune, name.
std::uint64_t DeriveTeamId(std::uint64_t unit_id, absl::string_view name);
// "member", the team's id, the office's own reference.
std::uint64_t DeriveMemberId(std::uint64_t team_id,
                             absl::string_view reference);
// "organisation", the unit's id, name.
std::uint64_t DeriveOrganisationId(std::uint64_t unit_id,
                                   absl::string_view name);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_SURROGATE_H_
