// What money rests on besides the teams: policies, lists and funding decisions,
// read from rows into the shape the engine uses.
#ifndef THON_PROJECTIONS_MONEY_BOOK_H_
#define THON_PROJECTIONS_MONEY_BOOK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/policy/determine.h"
#include "server/policy/policy.h"
#include "server/projections/projection.h"

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

// One policy with all its versions and decisions.
struct PolicyFile {
  std::string id;
  std::map<int, PolicyVersion> versions;  // Not empty.
  std::vector<FundingDecision> fundings;  // Ascending by position.
  // Months for which there are determinations: those of the versions' periods
  // as published. Empty (last < first) if no version has a period.
  Month first_month;
  Month last_month;
  // Any decision's ceiling may bind, so who is paid depends on who comes
  // before.
  bool ceiling_may_bind = false;
  // Any version caps a year, so a month depends on those before it.
  bool caps_year = false;

  // The highest version in force on the month's first day; if none is yet, the
  // one that comes first.
  const PolicyVersion& VersionFor(Month month) const;
};

class MoneyBook {
 public:
  // Reads all policies, or only `policy_id`'s.
  void Load(const RowReader& rows, absl::string_view policy_id = "");

  const std::map<std::string, PolicyFile>& policies() const {
    return policies_;
  }
  // nullptr: there is none.
  const PolicyFile* Find(absl::string_view policy_id) const;
  const RegistrationListFacts* FindList(const std::string& list_id) const;

 private:
  void LoadLists(const RowReader& rows);

  std::map<std::string, PolicyFile> policies_;
  std::map<std::string, RegistrationListFacts> lists_;
};

// Does what an effective fact does to policies, lists and funding decisions;
// other facts do nothing. A fact whose document is not there or says something
// else does nothing either. `local_date` is the entry's.
void ApplyToMoneyBook(const Fact& fact, Date local_date,
                      const EventSource& events, RowWriter& rows);

}  // namespace thon

#endif  // THON_PROJECTIONS_MONEY_BOOK_H_
