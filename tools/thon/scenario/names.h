// The names of a scenario and the ids they stand for. Ids count up from 1 in
// the order of the file, so the same file gives the same log.
#ifndef THON_TOOLS_THON_SCENARIO_NAMES_H_
#define THON_TOOLS_THON_SCENARIO_NAMES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/policy/sentence.h"
#include "thon/v1/event.pb.h"

namespace thon::scenario {

// Each kind has names of its own.
enum class NameKind {
  kUnit,
  kTeam,
  kMember,  // "team/member".
  kOrganisation,
  kOfficer,
  kGrant,
  kTask,
  kModel,
  kMobilisation,
  kPhone,
  kStep,  // What `as:` names: events of phones, acts of officers.
};

// "tổ", "team"; for messages.
Sentence KindText(NameKind kind);

// What the reader must know of a unit to fill in what follows from it.
struct NamedUnit {
  v1::UnitLevel level = v1::UNIT_LEVEL_UNSPECIFIED;
  v1::UnitKind kind = v1::UNIT_KIND_UNSPECIFIED;
  std::string code;
};

// Thread-safety: const methods, any thread.
class Names {
 public:
  // The operator is an officer from the beginning, with id 1.
  Names();

  // The id of `name`; a new one at its first call. A name of a group is none.
  std::uint64_t Add(NameKind kind, const std::string& name);
  bool Has(NameKind kind, const std::string& name) const;
  // nullopt: no such name.
  std::optional<std::uint64_t> Find(NameKind kind,
                                    const std::string& name) const;
  // "a" of team `team` (a name; may be empty), or "t1/a", or the only "a" there
  // is; the full name. nullopt: none, or `*ambiguous` of several.
  std::optional<std::string> FindMember(const std::string& team,
                                        const std::string& name,
                                        bool* ambiguous) const;
  // "t1", or "#7" for an id that no name stands for; "none" for 0.
  std::string Show(NameKind kind, std::uint64_t id) const;
  // Members are shown without their team.
  std::string ShowMember(std::uint64_t id) const;
  std::vector<std::string> All(NameKind kind) const;

  // `group` stands for `members` where several are meant.
  void AddGroup(NameKind kind, const std::string& group,
                std::vector<std::string> members);
  // nullptr: no group of that name.
  const std::vector<std::string>* FindGroup(NameKind kind,
                                            const std::string& group) const;

  void SetUnit(std::uint64_t id, NamedUnit unit) {
    units_[id] = std::move(unit);
  }
  // nullptr: unknown.
  const NamedUnit* FindUnit(std::uint64_t id) const;

 private:
  struct Kind {
    std::map<std::string, std::uint64_t> ids;
    std::map<std::uint64_t, std::string> names;
    std::map<std::string, std::vector<std::string>> groups;
    std::uint64_t next = 1;
  };
  std::map<NameKind, Kind> kinds_;
  std::map<std::string, std::vector<std::string>> members_;  // By short name.
  std::map<std::uint64_t, NamedUnit> units_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_NAMES_H_
