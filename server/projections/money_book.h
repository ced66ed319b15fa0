// What money rests on besides the teams: policies, lists, funding decisions,
// top-ups and rules of transition, read from rows into the shape the engine
// uses.
#ifndef THON_PROJECTIONS_MONEY_BOOK_H_
#define THON_PROJECTIONS_MONEY_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// A published version. Its period ends where the policy was superseded.
struct PolicyVersion {
  Policy policy;
  UnitId issuer;
  Position position;
};

struct FundingDecision {
  FundingFact fact;  // Without what depends on the team.
  std::int64_t ceiling_vnd = 0;
  std::vector<std::uint64_t> teams;  // Ascending.
  // The set could be owed more than the ceiling.
  bool may_bind = false;

  bool Names(std::uint64_t team) const;
};

struct RegistrationListFacts {
  int year = 0;
  Position changed;
  std::map<std::uint64_t, std::vector<ListingFact>> by_unit;
};

// A rule that an old act keeps the territory of a unit that has ended.
struct TransitionFact {
  UnitId old_unit;
  DayRange days;
  Position position;
};

// One policy with all its versions and decisions.
struct PolicyFile {
  std::string id;
  std::map<int, PolicyVersion> versions;  // Not empty.
  Position first_position;                // Of the version published first.
  std::vector<FundingDecision> fundings;  // Ascending by position.
  // By commune, ascending by position.
  std::map<std::uint64_t, std::vector<TopUpFact>> top_ups;
  std::vector<TransitionFact> transitions;  // In the order of recording.
  // Months for which there are determinations: those of the versions' periods
  // as published. Empty (last < first) if no version has a period.
  Month first_month;
  Month last_month;
  // Any decision's ceiling may bind, so who is paid depends on who comes
  // before.
  bool ceiling_may_bind = false;
  // Any version caps a year, so a month depends on those before it.
  bool caps_year = false;
  // Any version forbids double support.
  bool forbids_double = false;

  // The highest version in force on the month's first day; if none is yet, the
  // one that comes first.
  const PolicyVersion& VersionFor(Month month) const;
  bool HasMonth(Month month) const {
    return first_month <= month && month <= last_month;
  }
  // The rule that keeps `issuer`'s territory on that day; nullptr: none. Of an
  // issuer's rules that have begun the newest speaks.
  const TransitionFact* TransitionOn(UnitId issuer, Date day) const;
};

class MoneyBook {
 public:
  // Reads all policies, or only `policy_id`'s. A text that was parsed for the
  // load before is not parsed again.
  void Load(const RowReader& rows, absl::string_view policy_id = "");

  // Puts a policy that nobody published in the place of those of its id, for
  // these months. What was decided for the id stays. For trials.
  void AddTrial(const Policy& policy, UnitId issuer, Position position,
                Month first, Month last, const RowReader& rows);

  const std::map<std::string, PolicyFile>& policies() const {
    return policies_;
  }
  // nullptr: there is none.
  const PolicyFile* Find(absl::string_view policy_id) const;
  const RegistrationListFacts* FindList(const std::string& list_id) const;

  // Whether `looking` asks, for a month, what `other` pays: it forbids double
  // support with it, and comes after it. A policy comes after those that it
  // forbids; of two that forbid each other the older comes first, and of a ring
  // of more the oldest. So nobody is paid twice, or not at all, by two policies
  // of which one forbids the other.
  bool LooksAt(const PolicyFile& looking, const PolicyFile& other,
               Month month) const;
  // Brings policies into the order in which the month is determined.
  void PutInOrder(Month month, std::vector<const PolicyFile*>* files) const;

 private:
  // Policies with determinations of the month, in their order. Kept, so one
  // thread at a time.
  const std::vector<const PolicyFile*>& OrderOf(Month month) const;
  std::size_t PlaceOf(const PolicyFile& file, Month month) const;
  void AddVersion(const v1::PolicyRow& row, PolicyFile* file);
  void LoadDecisions(const RowReader& rows, const std::string& prefix);
  void LoadLists(const RowReader& rows);

  std::map<std::string, PolicyFile> policies_;
  std::map<std::string, RegistrationListFacts> lists_;
  mutable std::map<Month, std::vector<const PolicyFile*>> orders_;
  // As published, by where.
  std::map<Position, std::shared_ptr<const Policy>> parsed_;
};

}  // namespace thon

#endif  // THON_PROJECTIONS_MONEY_BOOK_H_
