// What an entry can have changed in determinations.
//
// A determination is a function of other rows (eligibility.h), so the rows that
// an entry changed say which determinations to compute again:
//   a team's or organisation's row       its months, under every policy
//   a month's activity                   the months that look at it, where a
//                                        policy looks at activity
//   a village's unit                     its teams
//   any other unit                       everything
//   a policy, list, funding decision or  all rows of the policies it concerns
//   rule of transition
//   an observed indicator or a model     the months that look at it
//   a top-up                             its months
//   a mobilisation, a decision of a      that team and month
//   held month
//   support from outside                 the team's months under policies that
//                                        forbid it
//   a day opened                         a month that begins, or whose deadline
//                                        for monthly updates passes
// The deadline for late activities is none: what is late says its own receipt.
#ifndef THON_PROJECTIONS_DIRTY_MONTHS_H_
#define THON_PROJECTIONS_DIRTY_MONTHS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "server/core/civil.h"
#include "server/projections/money_book.h"
#include "server/projections/projection.h"
#include "thon/v1/policy.pb.h"

namespace thon {

struct BeneficiaryKey {
  v1::BeneficiaryKind kind;
  std::uint64_t id;
  auto operator<=>(const BeneficiaryKey&) const = default;
};

// What can have changed in one policy's rows.
struct Dirty {
  bool everything = false;
  std::set<Month> months;                  // Of everybody.
  std::set<BeneficiaryKey> beneficiaries;  // In all months.
  std::set<std::pair<std::uint64_t, Month>> team_months;

  bool empty() const {
    return !everything && months.empty() && beneficiaries.empty() &&
           team_months.empty();
  }
};

// Whether the entry changed what a MoneyBook is loaded from.
bool ChangesMoneyBook(const RowWriter& rows);

// By policy id, without policies of which nothing can have changed. `book`: as
// it is behind the entry. `reordered`: the order of policies may have changed.
// `today`: the last day opened.
std::map<std::string, Dirty> FindDirty(const FoldInput& input,
                                       const MoneyBook& book, bool reordered,
                                       Date today, const RowWriter& rows);

}  // namespace thon

#endif  // THON_PROJECTIONS_DIRTY_MONTHS_H_
