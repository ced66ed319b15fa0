#include "server/projections/command_case.h"

#include "server/core/hash.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"

namespace thon {

std::optional<v1::TeamRow> CommandCase::Team(std::uint64_t id,
                                             absl::string_view field) {
  if (!IsSurrogateId(id)) {
    Malformed(field, " must name a team");
    return std::nullopt;
  }
  std::optional<v1::TeamRow> team = GetTeam(rows_, TeamId(id));
  RestsOn(Table::kTeam, keys::Team(TeamId(id)), absl::StrCat("team ", id));
  if (!team.has_value()) {
    // Only who may act everywhere is told that there is no such team.
    Over(UnitId(0));
    Unmet("team ", id, " does not exist");
    return team;
  }
  const Date day = std::max(local_date_, Date(team->founded_date()));
  Over(UnitOn(*team, day));
  return team;
}

std::optional<v1::UnitRow> CommandCase::Unit(std::uint64_t id,
                                             absl::string_view field) {
  if (!IsSurrogateId(id)) {
    Malformed(field, " must name a unit");
    return std::nullopt;
  }
  std::optional<v1::UnitRow> unit = GetUnit(rows_, UnitId(id));
  RestsOn(Table::kUnit, keys::Unit(UnitId(id)), absl::StrCat("unit ", id));
  if (!unit.has_value()) {
    Over(UnitId(0));
    Unmet("unit ", id, " does not exist");
    return unit;
  }
  Over(UnitId(id));
  return unit;
}

std::optional<v1::OrganisationRow> CommandCase::Organisation(
    std::uint64_t id, absl::string_view field) {
  if (!IsSurrogateId(id)) {
    Malformed(field, " must name an organisation");
    return std::nullopt;
  }
  std::optional<v1::OrganisationRow> row =
      GetOrganisation(rows_, OrganisationId(id));
  RestsOn(Table::kOrganisation, keys::Organisation(OrganisationId(id)),
          absl::StrCat("organisation ", id));
  if (!row.has_value()) {
    Over(UnitId(0));
    Unmet("organisation ", id, " does not exist");
    return row;
  }
  Over(UnitId(row->unit_id()));
  return row;
}

std::optional<v1::AuthorRow> CommandCase::Author(const std::string& id,
                                                 absl::string_view field) {
  AuthorId author;
  if (!AuthorId::FromBytes(id, &author)) {
    Malformed(field, " must be the 16 bytes of an author's id");
    return std::nullopt;
  }
  std::optional<v1::AuthorRow> row = GetAuthor(rows_, author);
  RestsOn(Table::kAuthor, keys::Author(author),
          absl::StrCat("author ", author.Hex()));
  if (!row.has_value()) {
    Over(UnitId(0));
    Unmet("author ", author.Hex(), " is not enrolled");
    return row;
  }
  OverHolder(*row);
  return row;
}

void CommandCase::OverHolder(const v1::AuthorRow& author) {
  UnitId unit(0);
  if (author.team_id() != 0) {
    const std::optional<v1::TeamRow> team =
        GetTeam(rows_, TeamId(author.team_id()));
    if (team.has_value()) {
      unit = UnitOn(*team, std::max(local_date_, Date(team->founded_date())));
    }
  } else if (author.organisation_id() != 0) {
    const std::optional<v1::OrganisationRow> organisation =
        GetOrganisation(rows_, OrganisationId(author.organisation_id()));
    if (organisation.has_value()) unit = UnitId(organisation->unit_id());
  }
  Over(unit);
}

bool CommandCase::HasDocument(const std::string& hash,
                              absl::string_view field) {
  if (hash.size() != Hash::kSize) {
    Malformed(field, " must be the 32 bytes of a document's SHA-256");
    return false;
  }
  if (events_ == nullptr) return false;
  if (AssembleDocument(hash, rows_, *events_).has_value()) return true;
  Set(&incomplete_,
      absl::StrCat(field, ": parts of the document ", HexEncode(hash),
                   " are missing: record them first"));
  return false;
}

void ExamineCommand(const v1::Event& event, CommandCase& c) {
  if (ExamineRegistryCommand(event, c) || ExamineMapCommand(event, c) ||
      ExamineMoneyCommand(event, c) || ExamineSupportCommand(event, c) ||
      ExamineOfficeCommand(event, c)) {
    return;
  }
  c.Malformed("this type of event is not an officer's to record");
}

}  // namespace thon
