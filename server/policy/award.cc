#include "server/policy/award.h"

#include <algorithm>

#include "absl/numeric/int128.h"

namespace thon {
namespace {

// The places that units of one rank take: as many as they are, behind all
// better ones.
struct Places {
  std::size_t first = 0;  // From 0.
  std::size_t count = 0;
};

bool InPool(const AwardRule& rule, const RankedUnit& unit) {
  return unit.rank >= 1 && std::find(rule.pool.begin(), rule.pool.end(),
                                     unit.kind) != rule.pool.end();
}

Places PlacesOf(const AwardRule& rule, absl::Span<const RankedUnit> ranking,
                int rank) {
  Places places;
  for (const RankedUnit& unit : ranking) {
    if (!InPool(rule, unit)) continue;
    if (unit.rank < rank) ++places.first;
    if (unit.rank == rank) ++places.count;
  }
  return places;
}

}  // namespace

std::vector<Award> AwardsFor(const AwardRule& rule,
                             absl::Span<const RankedUnit> ranking) {
  std::vector<Award> awards;
  for (const RankedUnit& unit : ranking) {
    if (!InPool(rule, unit)) continue;
    const Places places = PlacesOf(rule, ranking, unit.rank);
    Award award;
    award.organisation = unit.organisation;
    award.rank = unit.rank;
    if (places.first < rule.rank_vnd.size()) {
      if (places.count == 1) {
        award.amount_vnd = rule.rank_vnd[places.first];
      } else if (rule.tie_holds) {
        award.held = true;
      } else {
        // Those who tie share what their places are worth.
        absl::int128 sum = 0;
        const std::size_t end =
            std::min(rule.rank_vnd.size(), places.first + places.count);
        for (std::size_t i = places.first; i < end; ++i) {
          sum += rule.rank_vnd[i];
        }
        award.amount_vnd = static_cast<std::int64_t>(
            sum / static_cast<std::int64_t>(places.count));
      }
    }
    awards.push_back(award);
  }
  return awards;
}

}  // namespace thon
