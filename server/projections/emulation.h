// What emulation campaigns are measured by beside teams' months: observed
// indicators (M12 to M16, M18) and accepted models (M17) of units.
//
// An indicator is observed by an officer or by an organisation's reporter, as
// of a day. Of the observations of one metric, unit and month the newest day
// holds, and of one day the one recorded last; another one takes its place if
// it is made void. Teams' own dossier counts never stand in for an observation:
// how many dossiers arise only the office knows.
//
// A model belongs to the unit that the first proposal that counts says, or to
// the one an officer names on accepting what nobody proposed. It counts in the
// quarter it is accepted into; accepting it again moves it.
#ifndef THON_PROJECTIONS_EMULATION_H_
#define THON_PROJECTIONS_EMULATION_H_

#include <memory>
#include <optional>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

std::unique_ptr<Projection> NewEmulation();

// The newest observation of the unit itself as of a day of [first, last];
// nullopt if there is none. `metric` is an id of the catalogue.
std::optional<v1::IndicatorRow> NewestObservation(const RowReader& rows,
                                                  UnitId unit,
                                                  absl::string_view metric,
                                                  Date first, Date last);

// Models of the unit itself that are accepted into quarters [first, last],
// YYYYQ.
std::int64_t AcceptedModels(const RowReader& rows, UnitId unit,
                            std::int32_t first, std::int32_t last);

}  // namespace thon

#endif  // THON_PROJECTIONS_EMULATION_H_
