// Whether a team's members fill the seats that a policy asks for (M05, HT-06).
#ifndef THON_POLICY_SEATS_H_
#define THON_POLICY_SEATS_H_

#include <cstddef>
#include <vector>

#include "server/core/civil.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"

namespace thon {

// Indexes of seats that nobody fills on the day, ascending; empty: complete.
// One person fills one seat, and as many seats are filled as can be (a maximum
// matching; of several the one that leaves the later seats empty).
std::vector<std::size_t> EmptySeats(const SeatTemplate& seats,
                                    const std::vector<MemberFact>& members,
                                    Date day);

// As the template's look day has it: on the first, the last, any or every day
// of the month.
bool SeatsComplete(const SeatTemplate& seats,
                   const std::vector<MemberFact>& members, Month month);

}  // namespace thon

#endif  // THON_POLICY_SEATS_H_
