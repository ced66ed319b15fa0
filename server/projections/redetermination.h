// Computes determinations again: those that are named, and those that follow
// from the ones that came out otherwise.
//
// A row rests on other determinations in three ways: a year's cap on the
// earlier months of its policy, double support on the same month under policies
// that come before (MoneyBook::LooksAt), and a ceiling on everybody that comes
// before by month, then team. So months are computed in order, in a month the
// policies in order, and where a ceiling may bind all of its policy's rows.
#ifndef THON_PROJECTIONS_REDETERMINATION_H_
#define THON_PROJECTIONS_REDETERMINATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/core/civil.h"
#include "server/projections/beneficiary_facts.h"
#include "server/projections/dirty_months.h"
#include "server/projections/money_book.h"
#include "server/projections/projection.h"
#include "thon/v1/policy.pb.h"

namespace thon {

// Thread-safety: none. One object, one entry.
class Redetermination {
 public:
  // Nothing is owned. `today`: the last day opened.
  Redetermination(const MoneyBook& book, const TeamLineage& lineage,
                  UnitMemo& units, Date today, RowWriter& rows)
      : book_(book),
        today_(today),
        rows_(rows),
        reader_(rows, book, lineage, units, today) {}

  // Writes the rows. A beneficiary outside a policy's territory gets none.
  void Run(std::map<std::string, Dirty> dirty);

  // The same, but other policies stay as they are.
  void RunOnly(std::map<std::string, Dirty> dirty);

 private:
  // One policy's month.
  struct Cell {
    Month month;
    const PolicyFile* file = nullptr;
    bool everybody = false;
  };
  // For each cell, whether it is to be computed.
  using Marks = std::vector<bool>;

  void Reach(std::map<std::string, Dirty>* dirty);
  void MakeWhole(std::map<std::string, Dirty>* dirty);
  void Lay(const std::map<std::string, Dirty>& dirty);
  // Cells that rest on this one.
  std::vector<std::size_t> Following(std::size_t cell) const;
  std::map<BeneficiaryKey, std::vector<std::size_t>> Own(
      const std::map<std::string, Dirty>& dirty) const;

  // Everybody's months, one beneficiary after the other.
  void RunByBeneficiary(
      const std::map<BeneficiaryKey, std::vector<std::size_t>>& own);
  void RunMarked(const Beneficiary& beneficiary, Marks* marks);
  // Cell after cell, with what is left of the ceilings.
  void RunByMonth(
      const std::map<BeneficiaryKey, std::vector<std::size_t>>& own);
  // False: what others rest on is as it was.
  bool RunCell(const Beneficiary& beneficiary, const Cell& cell);

  using Visit = std::function<void(const Beneficiary&)>;
  void ForEverybody(const Visit& visit);
  void ForTable(Table table, v1::BeneficiaryKind kind, const Visit& visit);

  const MoneyBook& book_;
  const Date today_;
  RowWriter& rows_;
  const FactsReader reader_;
  std::vector<Cell> cells_;  // In the order of computing.
  bool any_everybody_ = false;
  bool by_month_ = false;                      // A ceiling may bind.
  std::map<Position, std::int64_t> used_vnd_;  // By funding decision.
};

}  // namespace thon

#endif  // THON_PROJECTIONS_REDETERMINATION_H_
