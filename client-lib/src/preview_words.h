// What previews and differences say to people, in Vietnamese and in English.
#ifndef THON_CLIENT_PREVIEW_WORDS_H_
#define THON_CLIENT_PREVIEW_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "thon/preview.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// The preview's one sentence, from its other fields.
Words SayPreview(const PolicyPreview& preview, Month month);

// Why less can be said.
Words SayNoView();
Words SayEmptyView();
Words SayNoMonths();
Words SayNotBegun(Month month);
Words SayTooOld(Month month);
Words SayNoPolicy(Month month);
Words SayNoText(const v1::PolicyName& policy);
Words SayNoFacts(const v1::PolicyName& policy);
Words SayNotReproduced(const v1::PolicyName& policy);

// Why the server may say something else.
Words SayOthersUnknown();
Words SayOwnEvents(std::int64_t events);
Words SayHeldEvents(std::int64_t events);
Words SayClockDoubtful();
Words SayClockNotAnchored();
Words SayCarried(Month from);
Words SayOldView(Date heard);
Words SayCorrectionsLeft(std::int64_t corrections);

// Values of fields.
Words SayState(v1::DeterminationState state);
Words SayAmount(std::int64_t vnd);
Words SayReasons(const v1::Determination& determination);
Words SayMetric(const v1::MetricValue& value);
Words SayVersion(std::int32_t version);
Words SayRoster(const v1::DeterminationFacts& facts);
Words SayListings(const v1::DeterminationFacts& facts);
Words SayFundings(const v1::DeterminationFacts& facts);

// An own event that did not count as the preview took it.
struct Uncounted {
  OwnEvent event;
  v1::EventStanding standing;
};
// Why the server's answer differs: those events if there are any, else what
// decided at the server.
Words SayBecause(Difference::Field field,
                 const std::vector<Uncounted>& uncounted,
                 const v1::Determination& server, bool more_at_server);
// The whole sentence, from the difference's other fields.
Words SayDifference(const Difference& difference);

}  // namespace thon::client

#endif  // THON_CLIENT_PREVIEW_WORDS_H_
