// On which local day an event counts that has no exception.
//
// A standing names the day of what it is about (activity.h); an event that is
// COUNTED at a TRUSTED time has none, so its day is where its fact lies. The
// fact is looked for where the event itself says: on the day it claims, the day
// of its wall clock, which is right to ten minutes, and the day of its receipt,
// to which an instant can be cut; then, once, on every day of its holder.
#ifndef THON_PROJECTIONS_COUNTED_DAYS_H_
#define THON_PROJECTIONS_COUNTED_DAYS_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/holder.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Keeps what it read of days.
//
// Thread-safety: none.
class CountedDays {
 public:
  // `rows` is not owned and outlives the object.
  explicit CountedDays(const RowReader* rows) : rows_(*rows) {}

  // The day; Date() if the event counts on none.
  Date Of(const RecordedEvent& recorded, const v1::AuthorRow& author);

 private:
  using Fact = std::pair<std::uint32_t, std::uint64_t>;  // Author, number.

  bool Has(Holder holder, Date date, const Fact& fact);

  const RowReader& rows_;
  std::map<std::pair<Holder, Date>, std::set<Fact>> days_;
  std::map<Holder, std::map<Fact, Date>> all_;  // Holders that were searched.
};

}  // namespace thon

#endif  // THON_PROJECTIONS_COUNTED_DAYS_H_
