// The money that follows from the log: sums by policy, state and month, what
// they rest on, and which of it only the server signed.
//
// Words: payable is what determinations owe: PROVISIONAL, VERIFIED, APPROVED
// or PAID. A đồng rests on an act if the determination that owes it was
// computed from the act; the act is the server's alone if the server's author
// recorded it, for no officer has a key of its own yet. FORMAT.md, "Money",
// says it exactly.
#ifndef THON_TOOLS_VERIFY_MONEY_H_
#define THON_TOOLS_VERIFY_MONEY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/projections/projection.h"
#include "tools/verify/chain_check.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_events.h"

namespace thon::verify {

struct Sum {
  std::uint64_t determinations = 0;
  std::int64_t vnd = 0;
};

// A sort of act that money rests on: "policy", "list", "funding", "map",
// "team", "held_month", "top_up", "mobilisation", "approval".
struct RestingOn {
  Sum sum;
  std::vector<std::uint64_t> positions;  // Of the first acts, ascending.
};

struct PolicyMoney {
  std::map<int, Sum> by_state;  // v1::DeterminationState.
  std::map<std::int32_t, Sum> payable_by_month;
  Sum payable;
  std::map<std::string, RestingOn> server_signed;
  Sum on_server_signed;        // On at least one act of the server's alone.
  Sum on_server_signed_alone;  // ... and on no event that a phone signed.
};

struct Money {
  std::map<std::string, PolicyMoney> policies;
  Sum payable;
  Sum on_server_signed;
  Sum on_server_signed_alone;
};

// From rows as of the last entry. Names what money rests on without a source.
// nullopt: a sum does not fit into 64 bits; a finding says so.
std::optional<Money> ComputeMoney(const RowReader& rows,
                                  const PackEvents& events,
                                  const ChainCheck& chains, Findings* findings);

// "PROVISIONAL".
std::string StateName(int state);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_MONEY_H_
