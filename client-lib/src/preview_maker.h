// From a view, the own events and a day to what each policy says: the engine
// (server/policy/determine.h) run on the phone. Pure.
#ifndef THON_CLIENT_PREVIEW_MAKER_H_
#define THON_CLIENT_PREVIEW_MAKER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client-lib/src/own_months.h"
#include "server/core/civil.h"
#include "server/policy/policy.h"
#include "thon/preview.h"
#include "thon/v1/sync_service.pb.h"

namespace thon::client {

// Texts that parse, by (id, version).
using Policies = std::map<std::pair<std::string, std::int32_t>, Policy>;

// Bounds of a view beyond the size of a message.
inline constexpr int kViewMonthsMax = 6;
inline constexpr int kViewPoliciesMax = 64;
inline constexpr std::size_t kPolicyTextBytesMax = std::size_t{256} * 1024;
inline constexpr std::size_t kPolicyTextsBytesMax = std::size_t{2048} * 1024;

// Whether a server can have said this to a phone of `team` whose numbers end
// before `sealed_end`: sizes, order, and facts that fit their policies.
// `policies`: the texts that come with the view and those held before.
// kInvalidArgument: what is wrong.
absl::Status CheckView(const v1::TeamView& view, std::uint64_t team,
                       Sequence sealed_end, const Policies& policies);

// nullptr: the view has no such month, policy.
const v1::TeamMonthView* FindMonth(const v1::TeamView& view, Month month);
const v1::DeterminationView* FindDetermination(const v1::TeamMonthView& month,
                                               absl::string_view policy_id);

struct PreviewSource {
  const v1::TeamView* view = nullptr;  // Never nullptr; not empty.
  const Policies* policies = nullptr;
  // Of all months of the view, and of `month`.
  const OwnMonths* own = nullptr;
  Month month;
};

// What was said of one policy, and from which facts.
struct MadePolicy {
  PolicyPreview preview;
  v1::DeterminationFacts facts;
};

struct MadePreview {
  Month facts_from;
  std::vector<MadePolicy> policies;
  std::vector<Words> missing;
};

MadePreview MakePreview(const PreviewSource& source);

}  // namespace thon::client

#endif  // THON_CLIENT_PREVIEW_MAKER_H_
