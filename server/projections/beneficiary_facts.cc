#include "server/projections/beneficiary_facts.h"

#include <algorithm>
#include <utility>

#include "server/core/check.h"
#include "server/projections/money_acts.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"

namespace thon {
namespace {

constexpr int kLevelsMax = 8;

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

bool Pays(const v1::Determination& row) {
  return row.state() >= v1::DETERMINATION_STATE_PROVISIONAL &&
         row.amount_vnd() > 0;
}

const UnitMemo::Unit* UnitMemo::Get(const RowReader& rows, UnitId unit) {
  const auto known = units_.find(unit.value);
  if (known != units_.end()) return &known->second;
  const std::optional<RowVersion> row =
      rows.Get(Table::kUnit, keys::Unit(unit));
  if (!row.has_value()) return nullptr;
  Unit& fresh = units_[unit.value];
  THON_CHECK(fresh.row.ParseFromString(row->value));
  fresh.position = row->position;
  return &fresh;
}

void UnitMemo::Forget(absl::string_view unit_key) {
  units_.erase(keys::KeyView(unit_key).U64());
}

void UnitMemo::Trim() {
  if (units_.size() > kUnitsMax) units_.clear();
}

void TeamLineage::Load(const RowReader& rows) {
  by_lead_.clear();
  ScanRows<v1::TeamRow>(
      rows, Table::kTeam, "",
      [this](absl::string_view, const v1::TeamRow& team, Position) {
        Update(team);
        return true;
      });
}

void TeamLineage::Update(const v1::TeamRow& team) {
  for (auto& [lead, predecessors] : by_lead_) {
    std::erase_if(predecessors, [&team](const Predecessor& one) {
      return one.team == team.team_id();
    });
  }
  if (team.successor_team_ids().empty() || team.ended_date() == 0 ||
      team.successor_team_ids(0) == team.team_id()) {
    return;
  }
  by_lead_[team.successor_team_ids(0)].push_back(
      {team.team_id(), Date(team.ended_date())});
}

std::vector<std::uint64_t> TeamLineage::PlacesOf(std::uint64_t team,
                                                 Date day) const {
  std::vector<std::uint64_t> places = {team};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto at = by_lead_.find(places[i]);
    if (at == by_lead_.end()) continue;
    for (const Predecessor& one : at->second) {
      if (one.ended <= day &&
          std::find(places.begin(), places.end(), one.team) == places.end()) {
        places.push_back(one.team);
      }
    }
  }
  return places;
}

Date StructureDay(const Policy& policy, Month month) {
  return policy.exists_on == LookDay::kFirstDay ? month.first_day()
                                                : month.last_day();
}

bool LooksAtActivity(const Policy& policy, Month month, Date today) {
  const bool asks_updates = std::any_of(
      policy.selectors.begin(), policy.selectors.end(),
      [](const MetricSelector& selector) {
        return InfoOf(selector.metric).source == MetricSource::kUpdate;
      });
  return policy.reads_metrics() || asks_updates || policy.update_required ||
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
                                const PolicyFile& file, BeneficiaryFacts* facts,
                                Place* place) const {
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
  place->commune_now = chain.commune;
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
  place->commune = chain.commune;
  if (facts->placement_pending) {
    place->path.steps.push_back({unit, found->row.level()});
  }
  for (const std::uint64_t id : chain.units) {
    place->path.steps.push_back(
        {UnitId(id), units_.Get(rows_, UnitId(id))->row.level()});
  }
  facts->structure_position =
      std::max(facts->structure_position, chain.position);
  if (facts->territory != Territory::kFormerlyInside) return;
  const TransitionFact* rule = file.TransitionOn(issuer, day);
  if (rule == nullptr) return;
  facts->territory = Territory::kInside;
  facts->structure_position =
      std::max(facts->structure_position, rule->position);
}

void FactsReader::ReadTeam(const v1::TeamRow& team, const Policy& policy,
                           BeneficiaryFacts* facts) const {
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
  if (!policy.reads_roster()) return;
  facts->members.reserve(static_cast<std::size_t>(team.members_size()));
  for (const v1::TeamMember& member : team.members()) {
    MemberFact fact;
    fact.id = MemberId(member.member_id());
    for (const int affiliation : member.affiliations()) {
      fact.affiliations.push_back(static_cast<v1::Affiliation>(affiliation));
    }
    fact.joined = Date(member.joined_date());
    fact.left = Date(member.left_date());
    facts->members.push_back(std::move(fact));
  }
}

void FactsReader::ReadActivity(std::uint64_t team, const Policy& policy,
                               Month month, const UnitPath& path,
                               BeneficiaryFacts* facts) const {
  if (policy.reads_metrics()) {
    SelectorValues values = metrics_.Read(team, policy, month, today_, path);
    facts->counted = std::move(values.counted);
    facts->with_held = std::move(values.with_held);
    facts->late_left_out = values.late_left_out;
  }
  if (!LooksAtActivity(policy, month, today_)) return;
  const v1::TeamMonth& activity = metrics_.MonthOf(team, month);
  facts->update_submitted = Date(activity.update_submitted_date());
  facts->update_confirmed = activity.update_confirmed();
}

void FactsReader::Wrote(std::uint64_t team, const PolicyFile& file, Month month,
                        std::int64_t base_vnd) const {
  if (!file.caps_year) return;
  if (team != bases_team_) {
    bases_team_ = team;
    bases_.clear();
  }
  bases_[{&file, month}] = base_vnd;
}

// The rows of the year's months before this one: what they had of the year goes
// first, in whatever order they came to have it.
std::int64_t FactsReader::YearUsed(std::uint64_t team, const PolicyFile& file,
                                   Month month) const {
  if (team != bases_team_) {
    bases_team_ = team;
    bases_.clear();
  }
  std::int64_t used = 0;
  for (Month earlier = std::max(Month::Of(month.year(), 1), file.first_month);
       earlier < month; earlier = earlier.Next()) {
    const auto [at, fresh] =
        bases_.try_emplace(std::make_pair(&file, earlier), 0);
    if (fresh) {
      const std::optional<v1::Determination> row = GetRow<v1::Determination>(
          rows_, Table::kDetermination,
          keys::Determination(file.id, earlier, v1::BENEFICIARY_KIND_TEAM,
                              team));
      if (row.has_value()) {
        at->second = row->amount_vnd() - row->top_up_vnd();
      }
    }
    used += at->second;
  }
  return used;
}

void FactsReader::ReadMobilisations(std::uint64_t team, const PolicyFile& file,
                                    Month month,
                                    BeneficiaryFacts* facts) const {
  const std::string prefix = keys::Key().U64(team).Text(file.id).Take();
  rows_.Scan(Table::kMobilisation, prefix,
             keys::Mobilisation(TeamId(team), file.id, month.first_day(), 0),
             [&](absl::string_view, const RowVersion& version) {
               v1::MobilisationRow row;
               THON_CHECK(row.ParseFromString(version.value));
               const v1::MobilisationRecorded& recorded = row.mobilisation();
               if (recorded.date() > month.last_day().days) return false;
               if (row.voided_position() != 0) return true;
               facts->mobilisations.push_back(
                   {Position(row.position()), Date(recorded.date()),
                    recorded.shift(), recorded.persons(), recorded.rate_vnd()});
               return true;
             });
  std::sort(facts->mobilisations.begin(), facts->mobilisations.end(),
            [](const MobilisationFact& a, const MobilisationFact& b) {
              return a.position < b.position;
            });
}

void FactsReader::ReadOtherSupport(std::uint64_t team, const PolicyFile& file,
                                   Month month, BeneficiaryFacts* facts) const {
  const std::optional<v1::OtherSupportRow> outside =
      GetRow<v1::OtherSupportRow>(rows_, Table::kOtherSupport,
                                  keys::OtherSupport(TeamId(team)));
  if (outside.has_value()) {
    const Position position = OutsideSupport(*outside, month);
    if (position != Position(0))
      facts->other_support.push_back({"", position, 0});
  }
  for (const auto& [id, other] : book_.policies()) {
    if (!book_.LooksAt(file, other, month)) continue;
    const std::optional<v1::Determination> row = GetRow<v1::Determination>(
        rows_, Table::kDetermination,
        keys::Determination(id, month, v1::BENEFICIARY_KIND_TEAM, team));
    if (row.has_value() && Pays(*row)) {
      facts->other_support.push_back({id, Position(0), row->amount_vnd()});
    }
  }
}

void FactsReader::ReadMoney(std::uint64_t team, const PolicyFile& file,
                            const Policy& policy, Month month,
                            const Place& place, const RemainingOf& remaining,
                            BeneficiaryFacts* facts) const {
  if (policy.cap_year_vnd != 0) {
    facts->year_used_vnd = YearUsed(team, file, month);
  }
  const std::vector<std::uint64_t> places =
      lineage_.PlacesOf(team, StructureDay(policy, month));
  for (const FundingDecision& funding : file.fundings) {
    FundingFact fact = funding.fact;
    fact.in_set = std::any_of(
        places.begin(), places.end(),
        [&funding](std::uint64_t one) { return funding.Names(one); });
    if (fact.in_set && funding.may_bind && remaining != nullptr) {
      fact.remaining_vnd = remaining(funding);
    }
    facts->fundings.push_back(fact);
  }
  const auto top_ups = file.top_ups.find(place.commune_now);
  if (top_ups != file.top_ups.end()) {
    for (const TopUpFact& top_up : top_ups->second) {
      if (top_up.first <= month && month <= top_up.last) {
        facts->top_ups.push_back(top_up);
      }
    }
  }
  if (policy.pays_by(AmountUnit::kPersonDay) ||
      policy.pays_by(AmountUnit::kPersonNight)) {
    ReadMobilisations(team, file, month, facts);
  }
  if (policy.double_support.forbid) {
    ReadOtherSupport(team, file, month, facts);
  }
  const std::optional<v1::HeldMonthRow> decided = GetRow<v1::HeldMonthRow>(
      rows_, Table::kHeldMonth, keys::HeldMonth(file.id, month, TeamId(team)));
  if (decided.has_value()) {
    facts->decision = {Position(decided->position()), decided->pay()};
  }
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
  facts.counted.resize(policy.selectors.size());
  facts.with_held.resize(policy.selectors.size());
  const Date day = StructureDay(policy, month);
  Place place;
  if (beneficiary.kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    ReadStructure(UnitId(beneficiary.organisation.unit_id()), version.issuer,
                  day, file, &facts, &place);
    return facts;
  }
  ReadStructure(UnitOf(beneficiary.team, day), version.issuer, day, file,
                &facts, &place);
  ReadTeam(beneficiary.team, policy, &facts);
  if (facts.territory == Territory::kOutside) return facts;
  if (policy.list.has_value()) {
    const RegistrationListFacts* list = book_.FindList(policy.list->list_id);
    if (list != nullptr && list->year == policy.list->year) {
      facts.list_position = list->changed;
      const auto listed = list->by_unit.find(place.commune);
      if (listed != list->by_unit.end()) facts.listings = listed->second;
    }
  }
  ReadActivity(beneficiary.id, policy, month, place.path, &facts);
  ReadMoney(beneficiary.id, file, policy, month, place, remaining, &facts);
  return facts;
}

}  // namespace thon
