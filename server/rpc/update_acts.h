// The officers' acts behind metric M07, for an explanation: what confirmed a
// team's monthly update, or returned it.
#ifndef THON_RPC_UPDATE_ACTS_H_
#define THON_RPC_UPDATE_ACTS_H_

#include "absl/status/status.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/engine/engine.h"
#include "thon/v1/policy.pb.h"

namespace thon {

// Adds to the positions of each step that looked at M07 the act since which the
// month is as it is at `position`: the confirmation, or the return that undid
// one. Nothing, if nobody ever confirmed it. An act that found the month so
// already changed nothing and is not named.
//
// Looks at the versions of the month's row back to that act: a seek for each.
// kDataLoss, kUnavailable: the log cannot be read.
absl::Status AddUpdateActs(const Engine& engine, TeamId team, Month month,
                           Position position, v1::Derivation* derivation);

}  // namespace thon

#endif  // THON_RPC_UPDATE_ACTS_H_
