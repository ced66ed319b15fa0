// Whose activities are counted together: a team, or an organisation.
#ifndef THON_PROJECTIONS_HOLDER_H_
#define THON_PROJECTIONS_HOLDER_H_

#include <compare>
#include <cstdint>

#include "server/core/ids.h"

namespace thon {

struct Holder {
  bool organisation = false;
  std::uint64_t id = 0;

  static Holder Of(TeamId team) { return {false, team.value}; }
  static Holder Of(OrganisationId organisation) {
    return {true, organisation.value};
  }

  // Its number in keys: ids are below 2^53, so the highest bit is free.
  std::uint64_t key() const {
    return id | (organisation ? std::uint64_t{1} << 63 : 0);
  }
  auto operator<=>(const Holder&) const = default;
};

}  // namespace thon

#endif  // THON_PROJECTIONS_HOLDER_H_
