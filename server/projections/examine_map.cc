// Commands about the map and about who may do what.
#include <vector>

#include "absl/strings/str_join.h"
#include "server/projections/command_case.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "server/projections/values.h"

namespace thon {
namespace {

constexpr std::size_t kFaultsMax = 8;  // Told at once; the rest after those.

void RestsOnMap(CommandCase& c) {
  c.RestsOn(Table::kMap, keys::Map(), "the map");
}

void TellFaults(const std::vector<std::string>& faults, CommandCase& c) {
  if (!faults.empty()) c.Unmet(absl::StrJoin(faults, "; "));
}

void Examine(const v1::UnitsImported& imported, CommandCase& c) {
  c.Needs(v1::ROLE_OPERATOR);
  c.Over(UnitId(0));
  RestsOnMap(c);
  c.Form(IsDate(imported.effective_date()), "effective_date is missing");
  c.Form(IsDocument(imported.document()), "document is not well formed");
  const std::optional<v1::UnitList> list =
      c.Document<v1::UnitList>(imported.units_hash(), "units_hash");
  if (!list.has_value() || c.malformed().has_value()) return;
  TellFaults(CheckUnitList(*list, Date(imported.effective_date()), c.rows(),
                           kFaultsMax),
             c);
}

void Examine(const v1::AdminUnitChanged& changed, CommandCase& c) {
  c.Needs(v1::ROLE_OPERATOR);
  c.Over(UnitId(0));
  RestsOnMap(c);
  c.Form(IsDate(changed.effective_date()), "effective_date is missing");
  c.Form(IsDocument(changed.document()), "document is not well formed");
  const std::optional<v1::Successions> list = c.Document<v1::Successions>(
      changed.successions_hash(), "successions_hash");
  if (!list.has_value() || c.malformed().has_value()) return;
  TellFaults(CheckSuccessions(*list, Date(changed.effective_date()), c.rows(),
                              kFaultsMax),
             c);
}

// A commune in which a village can be on that day.
void RequireCommune(const std::optional<v1::UnitRow>& commune,
                    std::int32_t date, CommandCase& c) {
  if (!commune.has_value()) return;
  c.Require(commune->level() == v1::UNIT_LEVEL_COMMUNE, "unit ",
            commune->unit_id(), " is not a commune");
  c.Require(!IsDate(date) || ExistsOn(*commune, Date(date)), "commune ",
            commune->unit_id(), " does not exist on ", Date(date).Iso());
}

void Examine(const v1::VillageDeclared& declared, CommandCase& c) {
  c.Form(IsSurrogateId(declared.unit_id()),
         "unit_id must be above 0 and below 2^53");
  c.Form(IsVillageKind(declared.kind()), "kind is not one of villages");
  c.Form(IsName(declared.name()),
         "name must be NFC, trimmed, 1 to 1,024 bytes");
  c.Form(IsDate(declared.effective_date()), "effective_date is missing");
  RequireCommune(c.Unit(declared.commune_unit_id(), "commune_unit_id"),
                 declared.effective_date(), c);
  c.Require(!GetUnit(c.rows(), UnitId(declared.unit_id())).has_value(), "unit ",
            declared.unit_id(), " exists already");
}

void Examine(const v1::PlacementDecided& placement, CommandCase& c) {
  c.Form(IsDate(placement.effective_date()), "effective_date is missing");
  c.Form(IsDocument(placement.document()), "document is not well formed");
  RequireCommune(c.Unit(placement.commune_unit_id(), "commune_unit_id"),
                 placement.effective_date(), c);
  const std::uint64_t id = placement.village_unit_id();
  c.Form(IsSurrogateId(id), "village_unit_id must name a village");
  c.RestsOn(Table::kUnit, keys::Unit(UnitId(id)), absl::StrCat("unit ", id));
  const std::optional<v1::UnitRow> village = GetUnit(c.rows(), UnitId(id));
  if (!village.has_value() || village->level() != v1::UNIT_LEVEL_VILLAGE) {
    c.Unmet("there is no village ", id);
    return;
  }
  // A village that waits is nobody's yet; one that has a commune is taken only
  // by an officer who may act there too.
  if (!village->placement_pending()) c.Over(UnitId(id));
  c.Require(!IsDate(placement.effective_date()) ||
                ExistsOn(*village, Date(placement.effective_date())),
            "village ", id, " does not exist on that day");
}

void Examine(const v1::GrantIssued& issued, CommandCase& c) {
  c.Needs(v1::ROLE_OPERATOR);
  c.Form(IsSurrogateId(issued.grant_id()),
         "grant_id must be above 0 and below 2^53");
  c.Form(IsSurrogateId(issued.officer_id()),
         "officer_id must be above 0 and below 2^53");
  c.Form(issued.role() >= v1::ROLE_OPERATOR && issued.role() <= v1::ROLE_READER,
         "role is missing or unknown");
  c.Form(IsDate(issued.from_date()), "from_date is missing");
  c.Form(IsEnd(issued.to_date(), issued.from_date()),
         "to_date must be 0 or not before from_date");
  if (issued.unit_id() == 0) {
    c.Over(UnitId(0));
  } else {
    c.Unit(issued.unit_id(), "unit_id");
  }
  c.Require(
      !c.rows()
           .Get(Table::kGrantOfficer, keys::GrantOfficer(issued.grant_id()))
           .has_value(),
      "grant ", issued.grant_id(), " exists already");
}

void Examine(const v1::GrantRevoked& revoked, CommandCase& c) {
  c.Needs(v1::ROLE_OPERATOR);
  c.Form(IsSurrogateId(revoked.grant_id()), "grant_id must name a grant");
  c.Form(IsText(revoked.reason()), "reason is not well formed");
  const std::optional<std::uint64_t> officer = GetNumber(
      c.rows(), Table::kGrantOfficer, keys::GrantOfficer(revoked.grant_id()));
  if (!officer.has_value()) {
    c.Over(UnitId(0));
    c.Unmet("grant ", revoked.grant_id(), " does not exist");
    return;
  }
  const std::string key = keys::Grant(OfficerId(*officer), revoked.grant_id());
  const std::optional<v1::GrantRow> grant =
      GetRow<v1::GrantRow>(c.rows(), Table::kGrant, key);
  c.RestsOn(Table::kGrant, key, absl::StrCat("grant ", revoked.grant_id()));
  if (!grant.has_value()) return;
  c.Over(UnitId(grant->unit_id()));
  c.Require(!grant->revoked(), "grant ", revoked.grant_id(),
            " was taken back already");
}

void Examine(const v1::ProjectionAdopted& adopted, CommandCase& c) {
  c.Needs(v1::ROLE_OPERATOR);
  c.Over(UnitId(0));
  c.Form(IsName(adopted.projection()), "projection is missing");
  c.Form(adopted.version() > 0, "version must be above 0");
}

}  // namespace

bool ExamineMapCommand(const v1::Event& event, CommandCase& c) {
  switch (event.payload_case()) {
    case v1::Event::kUnitsImported:
      return Examine(event.units_imported(), c), true;
    case v1::Event::kAdminUnitChanged:
      return Examine(event.admin_unit_changed(), c), true;
    case v1::Event::kVillageDeclared:
      return Examine(event.village_declared(), c), true;
    case v1::Event::kPlacementDecided:
      return Examine(event.placement_decided(), c), true;
    case v1::Event::kGrantIssued:
      return Examine(event.grant_issued(), c), true;
    case v1::Event::kGrantRevoked:
      return Examine(event.grant_revoked(), c), true;
    case v1::Event::kProjectionAdopted:
      return Examine(event.projection_adopted(), c), true;
    default:
      return false;
  }
}

}  // namespace thon
