// What a newer view differs in from a preview that was shown. Pure.
#ifndef THON_CLIENT_PREVIEW_COMPARE_H_
#define THON_CLIENT_PREVIEW_COMPARE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "thon/preview.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// A policy of a preview that was returned to the app, until it is compared.
struct ShownPreview {
  std::string policy_id;
  Month month;
  v1::Determination determination;
  v1::DeterminationFacts facts;  // As the engine took them.
  std::vector<OwnEvent> events;  // Own events that were taken to count.
  Position view_position;        // Of the view it was made from.
  // Row id (outbox.h) past the last own event that was looked at: a view that
  // holds fewer says nothing about this preview yet.
  std::uint64_t own_end = 0;
};

// The server's last word on an event; nullopt: none was heard.
using StandingOfEvent =
    std::function<std::optional<v1::EventStanding>(const EventName& name)>;

// In the order of Difference::Field; ids are 0. Requires that the view holds
// the month.
std::vector<Difference> Compare(const ShownPreview& shown,
                                const v1::TeamView& view,
                                const StandingOfEvent& standing_of);

}  // namespace thon::client

#endif  // THON_CLIENT_PREVIEW_COMPARE_H_
