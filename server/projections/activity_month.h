// A month computed again from the days it consists of.
//
// The row of a month says what counts now. Here the same is computed under
// other assumptions: that everything held is decided to count, that what came
// late is left out, that only some days of the month are looked at. Without
// options the result equals the row.
//
// Who keeps a result must ask again when a row of kActivityDay or kTask of the
// holder changes: these can change a result without changing the month's row.
#ifndef THON_PROJECTIONS_ACTIVITY_MONTH_H_
#define THON_PROJECTIONS_ACTIVITY_MONTH_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/holder.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

struct MonthOptions {
  // Everything held counts. What may have happened in several months counts in
  // each of them, as it could.
  bool with_held = false;
  // Activities received on this local day or later are left out.
  std::optional<Date> late_deadline = std::nullopt;
  // Only activities of these days count, both included (HG-02).
  std::optional<Date> first_day = std::nullopt;
  std::optional<Date> last_day = std::nullopt;

  bool plain() const {
    return !with_held && !late_deadline.has_value() && !first_day.has_value() &&
           !last_day.has_value();
  }
};

// The row as it is; empty if there is none.
v1::TeamMonth GetMonth(const RowReader& rows, Holder holder, Month month);

// The month under `options`. What does not come from activities (monthly
// updates, confirmation, inspections, assigned tasks) is as in the row; an
// inspection has no day and is never left out. A task is done if an activity
// that says so counts, on whatever day it was done.
//
// `left_out`, if not nullptr, is set to the number of reports that would count
// if they had not come late.
v1::TeamMonth ComputeMonth(const RowReader& rows, Holder holder, Month month,
                           const MonthOptions& options,
                           std::int64_t* left_out = nullptr);

// Adds the pseudonyms visited in the month under `options`.
using Pseudonyms = std::set<std::string>;
void AddHouseholds(const RowReader& rows, Holder holder, Month month,
                   const MonthOptions& options, Pseudonyms* households);

// M08 over several months: distinct pseudonyms of visits in any of them. A
// pseudonym belongs to one team's key, so those of several teams are distinct
// and their numbers are added.
std::int64_t DistinctHouseholds(const RowReader& rows, Holder holder,
                                absl::Span<const Month> months,
                                const MonthOptions& options = {});

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_MONTH_H_
