// The facts that a preview's engine runs on: those of the view, with what the
// phone knows besides. Pure.
#ifndef THON_CLIENT_PREVIEW_FACTS_H_
#define THON_CLIENT_PREVIEW_FACTS_H_

#include <string>

#include "client-lib/src/preview_maker.h"
#include "server/core/civil.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "thon/v1/policy.pb.h"

namespace thon::client {

// The day the engine takes for today: the server's, or the phone's if that is
// later and it heard the server in this boot.
Date TodayFor(const PreviewSource& source, Date said);

// Adds what the own events add to the policy's values, to what came late, and
// to the monthly update. Requires `facts->today`.
void AddOwn(const PreviewSource& source, const Policy& policy,
            BeneficiaryFacts* facts);

// Facts for `source.month`, which the view does not have: the lasting facts of
// month `from`, under `before` with the result `said`, and none of what passes
// with a month. Values go on where nothing but the own events can have changed
// them; others are unknown.
BeneficiaryFacts CarryOver(const PreviewSource& source, const Policy& policy,
                           const Policy& before, Month from,
                           const BeneficiaryFacts& facts,
                           const v1::Determination& said);

// Whether both look at the same list: the listings of one are the other's.
bool SameList(const Policy& a, const Policy& b);

// The version that holds for the month, of those known: the highest in force on
// its first day. nullptr: none is known.
const Policy* VersionFor(const Policies& policies, const std::string& id,
                         Month month);

}  // namespace thon::client

#endif  // THON_CLIENT_PREVIEW_FACTS_H_
