#include "tools/thon/surrogate.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "tools/thon/words.h"

namespace thon::cli {

std::uint64_t DeriveId(const std::vector<std::string>& parts) {
  const Hash hash = Sha256Of(absl::StrJoin(parts, "\n"));
  absl::string_view bytes = hash.view();
  std::uint64_t first = 0;
  ConsumeBigEndian(&bytes, &first);
  const std::uint64_t id = first >> 11;  // 64 - 53.
  static_assert(kSurrogateIdEnd == std::uint64_t{1} << 53);
  return id == 0 ? 1 : id;
}

std::uint64_t DeriveUnitId(v1::UnitLevel level, absl::string_view code,
                           Date effective) {
  return DeriveId(
      {"unit", LowerLevelName(level), std::string(code), effective.Iso()});
}

std::uint64_t DeriveVillageId(std::uint64_t commune_id,
                              absl::string_view name) {
  return DeriveId({"village", absl::StrCat(commune_id), std::string(name)});
}

std::uint64_t DeriveTeamId(std::uint64_t unit_id, absl::string_view name) {
  return DeriveId({"team", absl::StrCat(unit_id), std::string(name)});
}

std::uint64_t DeriveMemberId(std::uint64_t team_id,
                             absl::string_view reference) {
  return DeriveId({"member", absl::StrCat(team_id), std::string(reference)});
}

std::uint64_t DeriveOrganisationId(std::uint64_t unit_id,
                                   absl::string_view name) {
  return DeriveId({"organisation", absl::StrCat(unit_id), std::string(name)});
}

}  // namespace thon::cli
