// Gathers what the engine looks at from rows: one reader for the fold, for
// explanations and for trials, so that all see the same facts.
#ifndef THON_PROJECTIONS_BENEFICIARY_FACTS_H_
#define THON_PROJECTIONS_BENEFICIARY_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/determine.h"
#include "server/projections/metric_facts.h"
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
  std::map<std::uint64_t, Unit> units_;
};

// Who may be determined about.
struct Beneficiary {
  v1::BeneficiaryKind kind = v1::BENEFICIARY_KIND_TEAM;
  std::uint64_t id = 0;
  v1::TeamRow team;                  // Of a team.
  v1::OrganisationRow organisation;  // Of an organisation.
};

// Whom a team succeeds as the lead: it takes their place in a set of funded
// teams (T12).
class TeamLineage {
 public:
  // Reads all teams.
  void Load(const RowReader& rows);
  // After the team's row has changed.
  void Update(const v1::TeamRow& team);
  // The team, and those that it succeeds, at any distance, and that have ended
  // by that day.
  std::vector<std::uint64_t> PlacesOf(std::uint64_t team, Date day) const;

 private:
  struct Predecessor {
    std::uint64_t team = 0;
    Date ended;
  };
  std::map<std::uint64_t, std::vector<Predecessor>> by_lead_;
};

// What is left of a decision's ceiling for this beneficiary and month. Asked
// only of decisions whose ceiling may bind.
using RemainingOf = std::function<std::int64_t(const FundingDecision&)>;

// Thread-safety: none.
class FactsReader {
 public:
  // Nothing is owned; all must outlive the reader. Rows of activity, units and
  // the registry must not change while it lives; determinations may. `today`:
  // the last day opened.
  FactsReader(const RowReader& rows, const MoneyBook& book,
              const TeamLineage& lineage, UnitMemo& units, Date today)
      : rows_(rows),
        book_(book),
        lineage_(lineage),
        units_(units),
        today_(today),
        metrics_(rows) {}

  // nullopt: there is no such beneficiary.
  std::optional<Beneficiary> Find(v1::BeneficiaryKind kind,
                                  std::uint64_t id) const;

  // `remaining` null: ceilings are not looked at.
  BeneficiaryFacts Read(const Beneficiary& beneficiary, const PolicyFile& file,
                        const PolicyVersion& version, Month month,
                        const RemainingOf& remaining) const;

  // Says that the team's determination was written, with this amount without
  // top-up; the reader need not look it up again. Who writes determinations
  // while the reader lives must say each.
  void Wrote(std::uint64_t team, const PolicyFile& file, Month month,
             std::int64_t base_vnd) const;

 private:
  struct Chain {
    std::vector<std::uint64_t> units;  // From the unit up.
    std::uint64_t commune = 0;
    Position position;
  };
  // Where the beneficiary stands.
  struct Place {
    UnitPath path;
    std::uint64_t commune = 0;  // As the act's territory has it.
    std::uint64_t commune_now = 0;
  };
  Chain Climb(UnitId unit, Date day) const;
  void ReadStructure(UnitId unit, UnitId issuer, Date day,
                     const PolicyFile& file, BeneficiaryFacts* facts,
                     Place* place) const;
  void ReadTeam(const v1::TeamRow& team, const Policy& policy,
                BeneficiaryFacts* facts) const;
  void ReadActivity(std::uint64_t team, const Policy& policy, Month month,
                    const UnitPath& path, BeneficiaryFacts* facts) const;
  void ReadMoney(std::uint64_t team, const PolicyFile& file,
                 const Policy& policy, Month month, const Place& place,
                 const RemainingOf& remaining, BeneficiaryFacts* facts) const;
  void ReadMobilisations(std::uint64_t team, const PolicyFile& file,
                         Month month, BeneficiaryFacts* facts) const;
  void ReadOtherSupport(std::uint64_t team, const PolicyFile& file, Month month,
                        BeneficiaryFacts* facts) const;
  std::int64_t YearUsed(std::uint64_t team, const PolicyFile& file,
                        Month month) const;

  const RowReader& rows_;
  const MoneyBook& book_;
  const TeamLineage& lineage_;
  UnitMemo& units_;
  const Date today_;
  mutable MetricFacts metrics_;
  // Amounts without top-up of the team that was asked for last.
  mutable std::uint64_t bases_team_ = 0;
  mutable std::map<std::pair<const PolicyFile*, Month>, std::int64_t> bases_;
};

// Whether the row says that money is owed or paid.
bool Pays(const v1::Determination& row);

// The day of the month whose map holds for it.
Date StructureDay(const Policy& policy, Month month);

// Whether a determination of the month looks at its activity row on `today`.
bool LooksAtActivity(const Policy& policy, Month month, Date today);

}  // namespace thon

#endif  // THON_PROJECTIONS_BENEFICIARY_FACTS_H_
