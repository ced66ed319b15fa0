// What a phone is told of its own team while an exchange runs: as the server
// holds it, exact as of one position, and nothing computed here (that is
// preview.h).
#ifndef THON_FOLLOWED_H_
#define THON_FOLLOWED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "thon/event_name.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/rows.pb.h"
#include "thon/v1/watch_service.pb.h"

namespace thon::client {

// The team as of `position`. An organisation's reporter, and a key that waits
// for an officer, are told of their events' standings alone.
struct FollowedTeam {
  Position position;
  Instant heard;      // The server's clock when it said so.
  Date local_date;    // The last day opened at `position`.
  Month first_month;  // Months and determinations begin here.
  std::optional<v1::TeamRow> team;
  std::vector<v1::WatchedMonth> months;              // By month.
  std::vector<v1::DeterminationRow> determinations;  // By policy, then month.
  std::vector<v1::WatchedTask> tasks;                // By task.
};

// What one step changed. It is on disk when it is told.
struct FollowedChange {
  Position position;  // Everything is as of here.
  bool team = false;
  std::vector<Month> months;
  std::vector<std::pair<std::string, Month>> determinations;
  std::vector<std::uint64_t> tasks;
  // Own events that stand otherwise now (StandingOf), as Record() named them.
  std::vector<EventName> standings;

  bool empty() const {
    return !team && months.empty() && determinations.empty() && tasks.empty() &&
           standings.empty();
  }
};

}  // namespace thon::client

#endif  // THON_FOLLOWED_H_
