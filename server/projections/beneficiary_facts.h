// Gathers what the engine looks at from rows: one reader for the fold and for
// explanations, so that both see the same facts.
#ifndef THON_PROJECTIONS_BENEFICIARY_FACTS_H_
#define THON_PROJECTIONS_BENEFICIARY_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/determine.h"
#include "server/projections/money_book.h"
#include "server/projections/projection.h"
#include "thon/v1/policy.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Units that were read, kept while their rows do not change.
class UnitMemo {
 public:
  struct Unit {
    v1::UnitRow row;
    Position position;
  };
  // nullptr: the unit is unknown. Valid until the next Forget or Trim.
  const Unit* Get(const RowReader& rows, UnitId unit);
  void Forget(absl::string_view unit_key);
  // Begins anew if it has grown beyond its bound.
  void Trim();

 private:
  // More than the villages of the country; beyond, it begins anew.
  static constexpr std::size_t kUnitsMax = 100'000;
  std::map<std::string, Unit, std::less<>> units_;
};

// Who may be determined about.
struct Beneficiary {
  v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM;
  std::uint64_t id = 0;
  v1::TeamRow team;                  // Of a team.
  v1::OrganisationRow organisation;  // Of an organisation.
};

// What is left of a decision's ceiling for this beneficiary and month. Asked
// only of decisions whose ceiling may bind.
using RemainingOf = std::function<std::int64_t(const FundingDecision&)>;

class FactsReader {
 public:
  // Nothing is owned; all must outlive the reader. `today`: the last day
  // opened.
  FactsReader(const RowReader& rows, const MoneyBook& book, UnitMemo& units,
              Date today)
      : rows_(rows), book_(book), units_(units), today_(today) {}

  // nullopt: there is no such beneficiary.
  std::optional<Beneficiary> Find(v1::BeneficiaryKind kind,
                                  std::uint64_t id) const;

  BeneficiaryFacts Read(const Beneficiary& beneficiary, const PolicyFile& file,
                        const PolicyVersion& version, Month month,
                        const RemainingOf& remaining) const;

 private:
  struct Chain {
    std::vector<std::uint64_t> units;  // From the unit up.
    std::uint64_t commune = 0;
    Position position;
  };
  Chain Climb(UnitId unit, Date day) const;
  void ReadStructure(UnitId unit, UnitId issuer, Date day,
                     BeneficiaryFacts* facts, std::uint64_t* commune) const;
  void ReadTeam(const v1::TeamRow& team, const Policy& policy, Month month,
                BeneficiaryFacts* facts) const;
  void ReadActivity(std::uint64_t team, const Policy& policy, Month month,
                    BeneficiaryFacts* facts) const;
  std::int64_t YearUsed(const Beneficiary& beneficiary, const PolicyFile& file,
                        Month month) const;

  const RowReader& rows_;
  const MoneyBook& book_;
  UnitMemo& units_;
  const Date today_;
};

// The day of the month whose map holds for it.
Date StructureDay(const Policy& policy, Month month);

// Whether a determination of the month looks at its activity row on `today`.
bool LooksAtActivity(const Policy& policy, Month month, Date today);

}  // namespace thon

#endif  // THON_PROJECTIONS_BENEFICIARY_FACTS_H_
