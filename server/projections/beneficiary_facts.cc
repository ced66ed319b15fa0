#include "server/projections/beneficiary_facts.h"

#include <algorithm>
#include <utility>

#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"

namespace thon {
namespace {

constexpr int kLevelsMax = 8;

bool MemberOnDay(const v1::TeamMember& member, Date first, Date last) {
  return member.joined_date() <= last.days &&
         (member.left_date() == 0 || member.left_date() > first.days);
}

// Members on any day of [first, last], each once.
std::int64_t CountMembers(const v1::TeamRow& team, Date first, Date last) {
  std::vector<std::uint64_t> ids;
  for (const v1::TeamMember& member : team.members()) {
    if (MemberOnDay(member, first, last)) ids.push_back(member.member_id());
  }
  std::sort(ids.begin(), ids.end());
  return std::unique(ids.begin(), ids.end()) - ids.begin();
}

// The unit the team stands on that day; before its first day, its first.
UnitId UnitOf(const v1::TeamRow& team, Date day) {
  const UnitId unit = UnitOn(team, day);
  if (unit != UnitId(0) || team.units_size() == 0) return unit;
  return UnitId(team.units(0).unit_id());
}

// The last parent of a village before it became pending.
UnitId ParentBeforePending(const v1::UnitRow& unit, Date day) {
  UnitId parent;
  for (const v1::UnitParent& version : unit.parents()) {
    if (version.from_date() <= day.days && version.unit_id() != 0) {
      parent = UnitId(version.unit_id());
    }
  }
  return parent;
}

}  // namespace

const UnitMemo::Unit* UnitMemo::Get(const RowReader& rows, UnitId unit) {
  std::string key = keys::Unit(unit);
  const auto known = units_.find(key);
  if (known != units_.end()) return &known->second;
  const std::optional<RowVersion> row = rows.Get(Table::kUnit, key);
  if (!row.has_value()) return nullptr;
  Unit& fresh = units_[std::move(key)];
  THON_CHECK(fresh.row.ParseFromString(row->value));
  fresh.position = row->position;
  return &fresh;
}

void UnitMemo::Forget(absl::string_view unit_key) {
  units_.erase(std::string(unit_key));
}

void UnitMemo::Trim() {
  if (units_.size() > kUnitsMax) units_.clear();
}

Date StructureDay(const Policy& policy, Month month) {
  return policy.exists_on == LookDay::kFirstDay ? month.first_day()
                                                : month.last_day();
}

bool LooksAtActivity(const Policy& policy, Month month, Date today) {
  return policy.reads_activity() || policy.update_required ||
         (policy.update_record_missing &&
          today >= policy.submit_deadline(month));
}

std::optional<Beneficiary> FactsReader::Find(v1::BeneficiaryKind kind,
                                             std::uint64_t id) const {
  Beneficiary found;
  found.kind = kind;
  found.id = id;
  if (kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    std::optional<v1::OrganisationRow> row =
        GetOrganisation(rows_, OrganisationId(id));
    if (!row.has_value()) return std::nullopt;
    found.organisation = std::move(*row);
  } else {
    std::optional<v1::TeamRow> row = GetTeam(rows_, TeamId(id));
    if (!row.has_value()) return std::nullopt;
    found.team = std::move(*row);
  }
  return found;
}

FactsReader::Chain FactsReader::Climb(UnitId unit, Date day) const {
  Chain chain;
  for (int level = 0; level < kLevelsMax && unit != UnitId(0); ++level) {
    const UnitMemo::Unit* found = units_.Get(rows_, unit);
    if (found == nullptr || !ExistsOn(found->row, day)) break;
    chain.units.push_back(unit.value);
    chain.position = std::max(chain.position, found->position);
    if (found->row.level() == v1::UNIT_LEVEL_COMMUNE) {
      chain.commune = unit.value;
    }
    unit = ParentOn(found->row, day);
  }
  return chain;
}

void FactsReader::ReadStructure(UnitId unit, UnitId issuer, Date day,
                                BeneficiaryFacts* facts,
                                std::uint64_t* commune) const {
  const auto includes_issuer = [issuer](const Chain& chain) {
    return std::find(chain.units.begin(), chain.units.end(), issuer.value) !=
           chain.units.end();
  };
  const UnitMemo::Unit* found = units_.Get(rows_, unit);
  if (found == nullptr) return;
  facts->structure_position = found->position;
  // A unit that has ended, or is not yet, is looked at on its nearest day.
  Date map_day = NearestDay(found->row, day);
  if (const v1::UnitName* name = NameOn(found->row, map_day)) {
    facts->unit_kind = name->kind();
  }
  facts->placement_pending = IsPendingOn(found->row, map_day);
  const Date unit_last =
      found->row.to_date() == 0 ? kOpenEnd : Date(found->row.to_date());
  const Date unit_first(found->row.from_date());
  UnitId start = unit;
  if (facts->placement_pending) {
    start = ParentBeforePending(found->row, map_day);
    const UnitMemo::Unit* parent = units_.Get(rows_, start);
    if (parent != nullptr) map_day = NearestDay(parent->row, map_day);
  }
  Chain chain = Climb(start, map_day);
  const UnitMemo::Unit* act = units_.Get(rows_, issuer);
  if (act == nullptr) return;
  const bool issuer_there = ExistsOn(act->row, day);
  if (includes_issuer(chain)) {
    facts->territory =
        issuer_there ? Territory::kInside : Territory::kFormerlyInside;
  } else if (act->row.to_date() != 0 && act->row.to_date() < day.days) {
    const Date last = std::clamp(Date(act->row.to_date()), unit_first,
                                 std::max(unit_first, unit_last));
    Chain before = Climb(unit, last);
    if (includes_issuer(before)) {
      facts->territory = Territory::kFormerlyInside;
      before.position = std::max(chain.position, before.position);
      chain = std::move(before);
    }
  }
  *commune = chain.commune;
  facts->structure_position =
      std::max(facts->structure_position, chain.position);
}

void FactsReader::ReadTeam(const v1::TeamRow& team, const Policy& policy,
                           Month month, BeneficiaryFacts* facts) const {
  facts->level = team.level();
  facts->exists.from = Date(team.founded_date());
  if (team.ended_date() != 0) {
    facts->exists.to = Date(team.ended_date()).Previous();
  }
  for (const v1::DateRange& range : team.suspensions()) {
    facts->suspensions.push_back(
        {Date(range.from_date()),
         range.to_date() == 0 ? kOpenEnd : Date(range.to_date())});
  }
  const bool counts_members =
      policy.unit == AmountUnit::kMemberMonth ||
      std::count(policy.metrics.begin(), policy.metrics.end(), Metric::kM04) !=
          0;
  if (!counts_members) return;
  const Date first = month.first_day();
  const Date last = month.last_day();
  facts->members_last_day = CountMembers(team, last, last);
  facts->member_count =
      CountMembers(team, policy.members_on == LookDay::kLastDay ? last : first,
                   policy.members_on == LookDay::kFirstDay ? first : last);
}

void FactsReader::ReadActivity(std::uint64_t team, const Policy& policy,
                               Month month, BeneficiaryFacts* facts) const {
  if (!LooksAtActivity(policy, month, today_)) return;
  const std::optional<v1::TeamMonth> row = GetRow<v1::TeamMonth>(
      rows_, Table::kTeamMonth, keys::TeamMonth(TeamId(team), month));
  const v1::TeamMonth empty;
  const v1::TeamMonth& activity = row.has_value() ? *row : empty;
  ReadMetrics(activity, &facts->counted, &facts->with_held);
  facts->update_submitted = Date(activity.update_submitted_date());
  facts->update_confirmed = activity.update_confirmed();
}

std::int64_t FactsReader::YearUsed(const Beneficiary& beneficiary,
                                   const PolicyFile& file, Month month) const {
  std::int64_t used = 0;
  for (Month earlier = std::max(Month::Of(month.year(), 1), file.first_month);
       earlier < month; earlier = earlier.Next()) {
    const std::optional<v1::Determination> row = GetRow<v1::Determination>(
        rows_, Table::kDetermination,
        keys::Determination(file.id, earlier, beneficiary.kind,
                            beneficiary.id));
    if (row.has_value()) used += row->amount_vnd();
  }
  return used;
}

BeneficiaryFacts FactsReader::Read(const Beneficiary& beneficiary,
                                   const PolicyFile& file,
                                   const PolicyVersion& version, Month month,
                                   const RemainingOf& remaining) const {
  units_.Trim();
  const Policy& policy = version.policy;
  BeneficiaryFacts facts;
  facts.kind = beneficiary.kind;
  facts.today = today_;
  const Date day = StructureDay(policy, month);
  std::uint64_t commune = 0;
  if (beneficiary.kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    ReadStructure(UnitId(beneficiary.organisation.unit_id()), version.issuer,
                  day, &facts, &commune);
    return facts;
  }
  ReadStructure(UnitOf(beneficiary.team, day), version.issuer, day, &facts,
                &commune);
  ReadTeam(beneficiary.team, policy, month, &facts);
  if (facts.territory == Territory::kOutside) return facts;
  if (policy.list.has_value()) {
    const RegistrationListFacts* list = book_.FindList(policy.list->list_id);
    if (list != nullptr && list->year == policy.list->year) {
      facts.list_position = list->changed;
      const auto listed = list->by_unit.find(commune);
      if (listed != list->by_unit.end()) facts.listings = listed->second;
    }
  }
  ReadActivity(beneficiary.id, policy, month, &facts);
  if (policy.cap_year_vnd != 0) {
    facts.year_used_vnd = YearUsed(beneficiary, file, month);
  }
  for (const FundingDecision& funding : file.fundings) {
    FundingFact fact = funding.fact;
    fact.in_set = funding.Names(beneficiary.id);
    if (fact.in_set && funding.may_bind)
      fact.remaining_vnd = remaining(funding);
    facts.fundings.push_back(fact);
  }
  return facts;
}

}  // namespace thon
