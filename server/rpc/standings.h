// Standings of a range of an author's events, for phones and for officers.
#ifndef THON_RPC_STANDINGS_H_
#define THON_RPC_STANDINGS_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/projections/activity.h"
#include "server/projections/row_keys.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Fills first_sequence, end_sequence and exceptions of `Reply`, a Standings or
// a ListStandingsResponse: the numbers of [first, end) that `rows` have judged.
template <typename Reply>
void FillStandings(const RowReader& rows, const AuthorId& author,
                   std::uint64_t first, std::uint64_t end, Reply* reply) {
  const auto health = GetRow<v1::SyncHealthRow>(rows, Table::kSyncHealth,
                                                keys::SyncHealth(author));
  const std::uint64_t judged = health.has_value() ? health->last_sequence() : 0;
  end = std::max(first, std::min(end, judged + 1));
  reply->set_first_sequence(first);
  reply->set_end_sequence(end);
  if (end == first) return;
  for (v1::EventStanding& standing :
       StandingsOf(rows, author, Sequence(first), Sequence(end - 1))) {
    *reply->add_exceptions() = std::move(standing);
  }
}

}  // namespace thon

#endif  // THON_RPC_STANDINGS_H_
