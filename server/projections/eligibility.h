// Determinations: what each published policy says about each team and
// organisation of its issuer's territory, for each month of its period that has
// begun.
//
// A row is a function of the other rows as they are, not of the order in which
// they came. So when something changes, exactly the rows it can change are
// computed again (dirty_months.h), and those that rest on what came out
// otherwise (redetermination.h), by the engine that also explains them.
//
// Where a ceiling may bind, who is paid depends on who comes before: then all
// rows of the policy are computed again, by month, then team id, and a team's
// month is paid if the whole amount still fits.
//
// A beneficiary outside the issuer's territory has no row.
#ifndef THON_PROJECTIONS_ELIGIBILITY_H_
#define THON_PROJECTIONS_ELIGIBILITY_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"
#include "thon/v1/policy.pb.h"

namespace thon {

std::unique_ptr<Projection> NewEligibility();

// What a determination is made from, read from rows as the fold reads it.
struct DeterminationInputs {
  Policy policy;  // The version for the month; its period as it ended.
  Position policy_position;
  BeneficiaryFacts facts;
};

// kNotFound: there is no such beneficiary, or no such policy was published.
// kInvalidArgument: no month.
absl::StatusOr<DeterminationInputs> ReadDeterminationInputs(
    absl::string_view policy_id, v1::BeneficiaryKind kind,
    std::uint64_t beneficiary, Month month, const RowReader& rows);

struct ExplainedDetermination {
  v1::Determination row;
  v1::Derivation derivation;
};

// The determination and how it follows, computed by the engine from `rows`: as
// of their position, the same row that the fold wrote. A month that has not
// begun has the state UNSPECIFIED; a policy that was never published gives
// NOT_COVERED with NO_POLICY. `events` finds the activities behind a metric
// (explained_events.h); without it (null) they are left out.
//
// kNotFound: there is no such beneficiary. kInvalidArgument: no month.
absl::StatusOr<ExplainedDetermination> ExplainDetermination(
    absl::string_view policy_id, v1::BeneficiaryKind kind,
    std::uint64_t beneficiary, Month month, const RowReader& rows,
    const EventSource* events = nullptr);

// As ExplainDetermination of a policy that does not exist says it.
ExplainedDetermination NoPolicyDetermination(absl::string_view policy_id);

}  // namespace thon

#endif  // THON_PROJECTIONS_ELIGIBILITY_H_
