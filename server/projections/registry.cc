#include "server/projections/registry.h"

#include <algorithm>

#include "server/core/signature.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

std::uint64_t Count(absl::string_view name, RowWriter& rows) {
  const std::uint64_t count =
      GetNumber(rows, Table::kRegistryCounters, name).value_or(0) + 1;
  PutNumber(rows, Table::kRegistryCounters, name, count);
  return count;
}

void PutTeam(const v1::TeamRow& team, RowWriter& rows) {
  PutRow(rows, Table::kTeam, keys::Team(TeamId(team.team_id())), team);
}

// Reads, changes, writes. Nothing happens if the team is unknown.
template <typename Change>
void ChangeTeam(std::uint64_t id, RowWriter& rows, const Change& change) {
  std::optional<v1::TeamRow> team = GetTeam(rows, TeamId(id));
  if (!team.has_value()) return;
  change(*team);
  PutTeam(*team, rows);
}

template <typename Change>
void ChangeAuthor(absl::string_view raw, RowWriter& rows,
                  const Change& change) {
  AuthorId id;
  if (!AuthorId::FromBytes(raw, &id)) return;
  std::optional<v1::AuthorRow> author = GetAuthor(rows, id);
  if (!author.has_value()) return;
  change(*author);
  PutRow(rows, Table::kAuthor, keys::Author(id), *author);
}

// Teams.

void SetUnit(v1::TeamRow& team, std::int32_t from, std::uint64_t unit,
             RowWriter& rows) {
  auto* units = team.mutable_units();
  const auto at =
      std::lower_bound(units->begin(), units->end(), from,
                       [](const v1::UnitParent& u, std::int32_t day) {
                         return u.from_date() < day;
                       });
  if (at != units->end() && at->from_date() == from) {
    at->set_unit_id(unit);
  } else {
    const auto index = at - units->begin();
    v1::UnitParent* added = units->Add();
    added->set_from_date(from);
    added->set_unit_id(unit);
    std::rotate(units->begin() + index, units->end() - 1, units->end());
  }
  rows.Put(Table::kTeamByUnit,
           keys::TeamByUnit(UnitId(unit), TeamId(team.team_id())), "");
}

void Found(const v1::TeamFounded& founded, Position position, RowWriter& rows) {
  v1::TeamRow team;
  team.set_team_id(founded.team_id());
  team.set_level(founded.level());
  team.set_name(founded.name());
  team.set_founded_date(founded.founded_date());
  team.set_pilot(founded.pilot());
  team.set_founded_position(position.value);
  SetUnit(team, founded.founded_date(), founded.unit_id(), rows);
  PutTeam(team, rows);
  Count(kTeamCounter, rows);
}

// A founding is the server's event; a phone's is corrected by who folds it.
bool IsOfServer(const std::string& raw_author, const RowReader& rows) {
  AuthorId id;
  if (!AuthorId::FromBytes(raw_author, &id)) return false;
  const std::optional<v1::AuthorRow> author = GetAuthor(rows, id);
  return author.has_value() && author->kind() == v1::AUTHOR_KIND_SERVER;
}

// The founding as it should have been recorded.
void FoundAgain(const v1::TeamFounded& founded, RowWriter& rows) {
  ChangeTeam(founded.team_id(), rows, [&](v1::TeamRow& team) {
    team.set_founded_date(founded.founded_date());
    team.set_pilot(founded.pilot());
    if (!founded.name().empty()) team.set_name(founded.name());
    v1::UnitParent* first = team.mutable_units(0);
    if (first->unit_id() != founded.unit_id()) {
      const std::string key =
          keys::TeamByUnit(UnitId(first->unit_id()), TeamId(team.team_id()));
      const bool still_used =
          std::any_of(team.units().begin() + 1, team.units().end(),
                      [&](const v1::UnitParent& u) {
                        return u.unit_id() == first->unit_id();
                      });
      if (!still_used) rows.Delete(Table::kTeamByUnit, key);
      first->set_unit_id(founded.unit_id());
      rows.Put(
          Table::kTeamByUnit,
          keys::TeamByUnit(UnitId(founded.unit_id()), TeamId(team.team_id())),
          "");
    }
    first->set_from_date(founded.founded_date());
  });
}

void End(std::uint64_t team_id, std::int32_t date,
         const std::vector<std::uint64_t>& successors, RowWriter& rows) {
  ChangeTeam(team_id, rows, [&](v1::TeamRow& team) {
    team.set_ended_date(date);
    team.clear_successor_team_ids();
    for (const std::uint64_t id : successors) team.add_successor_team_ids(id);
  });
}

void Merge(const v1::TeamMerged& merged, RowWriter& rows) {
  const std::vector<std::uint64_t> targets(merged.target_team_ids().begin(),
                                           merged.target_team_ids().end());
  for (const std::uint64_t source : merged.source_team_ids()) {
    if (std::find(targets.begin(), targets.end(), source) == targets.end()) {
      End(source, merged.effective_date(), targets, rows);
    }
  }
}

void Split(const v1::TeamSplit& split, RowWriter& rows) {
  std::vector<std::uint64_t> successors = {split.lead_team_id()};
  bool goes_on = false;
  for (const std::uint64_t id : split.target_team_ids()) {
    if (id != split.lead_team_id()) successors.push_back(id);
    goes_on = goes_on || id == split.source_team_id();
  }
  if (!goes_on) {
    End(split.source_team_id(), split.effective_date(), successors, rows);
  }
}

void Suspend(const v1::TeamSuspended& suspended, RowWriter& rows) {
  ChangeTeam(suspended.team_id(), rows, [&](v1::TeamRow& team) {
    v1::DateRange range;
    range.set_from_date(suspended.from_date());
    range.set_to_date(suspended.to_date());
    auto* all = team.mutable_suspensions();
    const auto at =
        std::lower_bound(all->begin(), all->end(), range,
                         [](const v1::DateRange& a, const v1::DateRange& b) {
                           return a.from_date() < b.from_date();
                         });
    const auto index = at - all->begin();
    *all->Add() = range;
    std::rotate(all->begin() + index, all->end() - 1, all->end());
  });
}

void Resume(const v1::TeamResumed& resumed, RowWriter& rows) {
  const std::int32_t date = resumed.resumed_date();
  ChangeTeam(resumed.team_id(), rows, [&](v1::TeamRow& team) {
    for (int i = 0; i < team.suspensions_size(); ++i) {
      v1::DateRange* range = team.mutable_suspensions(i);
      if (range->from_date() > date ||
          (range->to_date() != 0 && range->to_date() < date)) {
        continue;
      }
      if (range->from_date() == date) {
        team.mutable_suspensions()->DeleteSubrange(i, 1);
      } else {
        range->set_to_date(date - 1);
      }
      return;
    }
  });
}

void Join(const v1::MemberJoined& joined, RowWriter& rows) {
  ChangeTeam(joined.team_id(), rows, [&](v1::TeamRow& team) {
    v1::TeamMember member;
    member.set_member_id(joined.member_id());
    member.set_seat(joined.seat());
    *member.mutable_affiliations() = joined.affiliations();
    member.set_joined_date(joined.joined_date());
    auto* all = team.mutable_members();
    const auto at =
        std::upper_bound(all->begin(), all->end(), member,
                         [](const v1::TeamMember& a, const v1::TeamMember& b) {
                           return a.joined_date() != b.joined_date()
                                      ? a.joined_date() < b.joined_date()
                                      : a.member_id() < b.member_id();
                         });
    const auto index = at - all->begin();
    *all->Add() = member;
    std::rotate(all->begin() + index, all->end() - 1, all->end());
    Count(kMemberCounter, rows);
  });
}

void Leave(const v1::MemberLeft& left, RowWriter& rows) {
  ChangeTeam(left.team_id(), rows, [&](v1::TeamRow& team) {
    for (v1::TeamMember& member : *team.mutable_members()) {
      if (member.member_id() == left.member_id() && member.left_date() == 0 &&
          member.joined_date() <= left.left_date()) {
        member.set_left_date(left.left_date());
        return;
      }
    }
  });
}

void ApplyToTeams(const Fact& fact, RowWriter& rows) {
  const v1::Event& event = *fact.event;
  switch (event.payload_case()) {
    case v1::Event::kTeamFounded:
      return Found(event.team_founded(), fact.position, rows);
    case v1::Event::kTeamRenamed:
      return ChangeTeam(event.team_renamed().team_id(), rows,
                        [&](v1::TeamRow& team) {
                          team.set_name(event.team_renamed().name());
                        });
    case v1::Event::kTeamMoved:
      return ChangeTeam(event.team_moved().team_id(), rows,
                        [&](v1::TeamRow& team) {
                          SetUnit(team, event.team_moved().effective_date(),
                                  event.team_moved().unit_id(), rows);
                        });
    case v1::Event::kTeamMerged:
      return Merge(event.team_merged(), rows);
    case v1::Event::kTeamSplit:
      return Split(event.team_split(), rows);
    case v1::Event::kTeamSuspended:
      return Suspend(event.team_suspended(), rows);
    case v1::Event::kTeamResumed:
      return Resume(event.team_resumed(), rows);
    case v1::Event::kTeamDissolved: {
      const v1::TeamDissolved& end = event.team_dissolved();
      std::vector<std::uint64_t> successors;
      if (end.successor_team_id() != 0) {
        successors.push_back(end.successor_team_id());
      }
      return End(end.team_id(), end.dissolved_date(), successors, rows);
    }
    case v1::Event::kMemberJoined:
      return Join(event.member_joined(), rows);
    case v1::Event::kMemberLeft:
      return Leave(event.member_left(), rows);
    case v1::Event::kCorrectionIssued:
      if (event.correction_issued().kind() == v1::CORRECTION_KIND_AMEND &&
          event.correction_issued().amended().has_team_founded() &&
          IsOfServer(event.correction_issued().target_author(), rows)) {
        FoundAgain(event.correction_issued().amended().team_founded(), rows);
      }
      return;
    default:
      return;
  }
}

// Organisations and authors.

void Register(const v1::OrganisationRegistered& registered, Position position,
              RowWriter& rows) {
  v1::OrganisationRow row;
  row.set_organisation_id(registered.organisation_id());
  row.set_name(registered.name());
  row.set_kind(registered.kind());
  row.set_unit_id(registered.unit_id());
  row.set_registered_date(registered.registered_date());
  row.set_registered_position(position.value);
  PutRow(rows, Table::kOrganisation,
         keys::Organisation(OrganisationId(row.organisation_id())), row);
  Count(kOrganisationCounter, rows);
}

// Gives the author its number and the rows that find it.
void AddAuthor(v1::AuthorRow row, const AuthorId& id, RowWriter& rows) {
  row.set_author(std::string(id.view()));
  row.set_number(static_cast<std::uint32_t>(Count(kAuthorCounter, rows)));
  PutRow(rows, Table::kAuthor, keys::Author(id), row);
  rows.Put(Table::kAuthorByNumber, keys::AuthorByNumber(row.number()),
           std::string(id.view()));
  if (row.team_id() != 0) {
    rows.Put(Table::kAuthorByTeam,
             keys::AuthorByTeam(TeamId(row.team_id()), id), "");
  }
  if (row.organisation_id() != 0) {
    rows.Put(
        Table::kAuthorByOrganisation,
        keys::AuthorByOrganisation(OrganisationId(row.organisation_id()), id),
        "");
  }
}

// Marks the code as used. True if this use alone makes the author good: the
// code is known, in time, not used before, and was made for the same holder.
bool UseCode(const v1::AuthorEnrolled& enrolled, const AuthorId& id,
             Date local_date, RowWriter& rows) {
  Hash hash;
  if (!Hash::FromBytes(enrolled.code_hash(), &hash)) return false;
  const std::string key = keys::EnrolmentCode(hash);
  std::optional<v1::EnrolmentCodeRow> code =
      GetRow<v1::EnrolmentCodeRow>(rows, Table::kEnrolmentCode, key);
  if (!code.has_value() || !code->used_by().empty()) return false;
  code->set_used_by(std::string(id.view()));
  PutRow(rows, Table::kEnrolmentCode, key, *code);
  return local_date.days <= code->last_date() &&
         code->team_id() == enrolled.team_id() &&
         code->member_id() == enrolled.member_id() &&
         code->organisation_id() == enrolled.organisation_id();
}

void Enrol(const v1::AuthorEnrolled& enrolled, Position position,
           Date local_date, RowWriter& rows) {
  PublicKey key;
  if (!PublicKey::FromBytes(enrolled.public_key(), &key)) return;
  const AuthorId id = key.author();
  if (GetAuthor(rows, id).has_value()) return;  // Enrolled already.
  v1::AuthorRow row;
  row.set_public_key(enrolled.public_key());
  row.set_kind(enrolled.kind());
  row.set_team_id(enrolled.team_id());
  row.set_member_id(enrolled.member_id());
  row.set_organisation_id(enrolled.organisation_id());
  row.set_enrolled_position(position.value);
  row.set_predecessor(enrolled.predecessor());
  const bool code_is_good = UseCode(enrolled, id, local_date, rows);
  row.set_confirmed(code_is_good && enrolled.predecessor().empty());
  AddAuthor(std::move(row), id, rows);
}

// The key by which the log itself writes from here on; an earlier one is done.
void OpenServer(absl::string_view raw_key, Position position, RowWriter& rows) {
  PublicKey key;
  if (!PublicKey::FromBytes(raw_key, &key)) return;
  const AuthorId id = key.author();
  std::vector<v1::AuthorRow> earlier;
  ScanRows<v1::AuthorRow>(
      rows, Table::kAuthor, "",
      [&](absl::string_view, const v1::AuthorRow& row, Position) {
        if (row.kind() == v1::AUTHOR_KIND_SERVER &&
            row.revoked_position() == 0 && row.author() != id.view()) {
          earlier.push_back(row);
        }
        return true;
      });
  for (v1::AuthorRow& row : earlier) {
    row.set_revoked_position(position.value);
    PutRow(rows, Table::kAuthor, row.author(), row);
  }
  if (GetAuthor(rows, id).has_value()) return;
  v1::AuthorRow row;
  row.set_public_key(std::string(raw_key));
  row.set_kind(v1::AUTHOR_KIND_SERVER);
  row.set_enrolled_position(position.value);
  row.set_confirmed(true);
  AddAuthor(std::move(row), id, rows);
}

void IssueCode(const v1::EnrolmentCodeIssued& issued, RowWriter& rows) {
  Hash hash;
  if (!Hash::FromBytes(issued.code_hash(), &hash)) return;
  v1::EnrolmentCodeRow row;
  row.set_team_id(issued.team_id());
  row.set_member_id(issued.member_id());
  row.set_organisation_id(issued.organisation_id());
  row.set_last_date(issued.last_date());
  PutRow(rows, Table::kEnrolmentCode, keys::EnrolmentCode(hash), row);
}

std::vector<AuthorId> AuthorsIn(const RowReader& rows, Table table,
                                std::uint64_t holder) {
  std::vector<AuthorId> authors;
  rows.Scan(table, keys::Key().U64(holder).Take(), "",
            [&](absl::string_view key, const RowVersion&) {
              authors.push_back(keys::KeyView(key).Skip(8).Author());
              return true;
            });
  return authors;
}

class Registry final : public Projection {
 public:
  absl::string_view name() const override { return "registry"; }
  int version() const override { return 1; }
  void Apply(const FoldInput& input, const EventSource&,
             RowWriter& rows) override {
    if (!input.from_server) return;
    for (const Fact& fact : input.facts) {
      ApplyToRegistry(fact, input.local_date, rows);
    }
  }
};

}  // namespace

std::unique_ptr<Projection> NewRegistry() {
  return std::make_unique<Registry>();
}

void ApplyToRegistry(const Fact& fact, Date local_date, RowWriter& rows) {
  if (!fact.from_server || !fact.effective) return;
  const v1::Event& event = *fact.event;
  switch (event.payload_case()) {
    case v1::Event::kOrganisationRegistered:
      return Register(event.organisation_registered(), fact.position, rows);
    case v1::Event::kEnrolmentCodeIssued:
      return IssueCode(event.enrolment_code_issued(), rows);
    case v1::Event::kAuthorEnrolled:
      return Enrol(event.author_enrolled(), fact.position, local_date, rows);
    case v1::Event::kAuthorRevoked:
      return ChangeAuthor(event.author_revoked().author(), rows,
                          [&](v1::AuthorRow& author) {
                            author.set_revoked_position(fact.position.value);
                          });
    case v1::Event::kSuccessorConfirmed:
      return ChangeAuthor(event.successor_confirmed().author(), rows,
                          [&](v1::AuthorRow& author) {
                            author.set_confirmed(true);
                            author.set_confirmed_position(fact.position.value);
                          });
    case v1::Event::kLogOpened:
      return OpenServer(event.log_opened().server_author_key(), fact.position,
                        rows);
    case v1::Event::kEpochOpened:
      return OpenServer(event.epoch_opened().server_author_key(), fact.position,
                        rows);
    default:
      return ApplyToTeams(fact, rows);
  }
}

std::optional<v1::TeamRow> GetTeam(const RowReader& rows, TeamId team) {
  return GetRow<v1::TeamRow>(rows, Table::kTeam, keys::Team(team));
}

bool ExistsOn(const v1::TeamRow& team, Date date) {
  return date.days >= team.founded_date() &&
         (team.ended_date() == 0 || date.days < team.ended_date());
}

bool SuspendedOn(const v1::TeamRow& team, Date date) {
  return std::any_of(
      team.suspensions().begin(), team.suspensions().end(),
      [&](const v1::DateRange& range) {
        return date.days >= range.from_date() &&
               (range.to_date() == 0 || date.days <= range.to_date());
      });
}

UnitId UnitOn(const v1::TeamRow& team, Date date) {
  UnitId unit(0);
  for (const v1::UnitParent& version : team.units()) {
    if (version.from_date() > date.days) break;
    unit = UnitId(version.unit_id());
  }
  return unit;
}

const v1::TeamMember* MemberOn(const v1::TeamRow& team, MemberId member,
                               Date date) {
  for (const v1::TeamMember& m : team.members()) {
    if (m.member_id() == member.value && date.days >= m.joined_date() &&
        (m.left_date() == 0 || date.days < m.left_date())) {
      return &m;
    }
  }
  return nullptr;
}

bool EverMember(const v1::TeamRow& team, MemberId member) {
  return std::any_of(
      team.members().begin(), team.members().end(),
      [&](const v1::TeamMember& m) { return m.member_id() == member.value; });
}

std::vector<TeamId> TeamsOn(const RowReader& rows, UnitId unit, Date date) {
  std::vector<TeamId> teams;
  rows.Scan(Table::kTeamByUnit, keys::Unit(unit), "",
            [&](absl::string_view key, const RowVersion&) {
              const TeamId id(keys::KeyView(key).Skip(8).U64());
              const std::optional<v1::TeamRow> team = GetTeam(rows, id);
              if (team.has_value() && ExistsOn(*team, date) &&
                  UnitOn(*team, date) == unit) {
                teams.push_back(id);
              }
              return true;
            });
  return teams;
}

std::optional<v1::OrganisationRow> GetOrganisation(
    const RowReader& rows, OrganisationId organisation) {
  return GetRow<v1::OrganisationRow>(rows, Table::kOrganisation,
                                     keys::Organisation(organisation));
}

std::optional<v1::AuthorRow> GetAuthor(const RowReader& rows,
                                       const AuthorId& author) {
  return GetRow<v1::AuthorRow>(rows, Table::kAuthor, keys::Author(author));
}

std::vector<AuthorId> AuthorsOf(const RowReader& rows, TeamId team) {
  return AuthorsIn(rows, Table::kAuthorByTeam, team.value);
}

std::vector<AuthorId> AuthorsOf(const RowReader& rows,
                                OrganisationId organisation) {
  return AuthorsIn(rows, Table::kAuthorByOrganisation, organisation.value);
}

std::optional<AuthorId> AuthorOfNumber(const RowReader& rows,
                                       std::uint32_t number) {
  const std::optional<RowVersion> row =
      rows.Get(Table::kAuthorByNumber, keys::AuthorByNumber(number));
  AuthorId id;
  if (!row.has_value() || !AuthorId::FromBytes(row->value, &id)) {
    return std::nullopt;
  }
  return id;
}

}  // namespace thon
