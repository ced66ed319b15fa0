#include "server/watch/row_source.h"

#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "server/core/check.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

using google::protobuf::Message;

template <typename Row>
std::unique_ptr<Row> Parse(const RowVersion& row) {
  auto message = std::make_unique<Row>();
  THON_CHECK(message->ParseFromString(row.value));
  return message;
}

void ParseMonth(bool of_team, absl::string_view key, const RowVersion& row,
                SourceRow* source) {
  keys::KeyView view(key);
  const std::uint64_t id = view.U64();
  source->month = view.YearMonth();
  auto message = std::make_unique<v1::WatchedMonth>();
  if (of_team) {
    source->team = TeamId(id);
    message->set_team_id(id);
  } else {
    source->organisation = OrganisationId(id);
    message->set_organisation_id(id);
  }
  message->set_month(source->month.yyyymm);
  THON_CHECK(message->mutable_row()->ParseFromString(row.value));
  source->message = std::move(message);
}

void ParseDetermination(absl::string_view key, const RowVersion& row,
                        SourceRow* source) {
  keys::KeyView view(key);
  auto message = std::make_unique<v1::DeterminationRow>();
  source->policy_id = std::string(view.Text());
  source->month = view.YearMonth();
  source->kind = view.U8();
  const std::uint64_t id = view.U64();
  if (source->kind == v1::BENEFICIARY_KIND_ORGANISATION) {
    source->organisation = OrganisationId(id);
  } else {
    source->team = TeamId(id);
  }
  message->set_policy_id(source->policy_id);
  message->set_beneficiary_kind(static_cast<v1::BeneficiaryKind>(source->kind));
  message->set_beneficiary_id(id);
  message->set_month(source->month.yyyymm);
  THON_CHECK(message->mutable_determination()->ParseFromString(row.value));
  message->set_version_position(row.position.value);
  source->state = message->determination().state();
  source->message = std::move(message);
}

void ParseTask(absl::string_view key, const RowVersion& row,
               SourceRow* source) {
  keys::KeyView view(key);
  auto message = std::make_unique<v1::WatchedTask>();
  source->team = TeamId(view.U64());
  message->set_team_id(source->team.value);
  message->set_task_id(view.U64());
  THON_CHECK(message->mutable_row()->ParseFromString(row.value));
  source->message = std::move(message);
}

template <typename Values>
bool Takes(const Values& wanted, int value) {
  return wanted.empty() ||
         std::binary_search(wanted.begin(), wanted.end(), value);
}

}  // namespace

const google::protobuf::Descriptor* RowDescriptor(
    v1::WatchedProjection projection) {
  switch (projection) {
    case v1::WATCHED_PROJECTION_UNITS:
      return v1::UnitRow::descriptor();
    case v1::WATCHED_PROJECTION_TEAMS:
      return v1::TeamRow::descriptor();
    case v1::WATCHED_PROJECTION_TEAM_MONTHS:
    case v1::WATCHED_PROJECTION_ORGANISATION_MONTHS:
      return v1::WatchedMonth::descriptor();
    case v1::WATCHED_PROJECTION_ORGANISATIONS:
      return v1::OrganisationRow::descriptor();
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
      return v1::DeterminationRow::descriptor();
    case v1::WATCHED_PROJECTION_SYNC_HEALTH:
      return v1::SyncHealthRow::descriptor();
    case v1::WATCHED_PROJECTION_POLICIES:
      return v1::PolicyRow::descriptor();
    case v1::WATCHED_PROJECTION_FUNDINGS:
      return v1::FundingRow::descriptor();
    case v1::WATCHED_PROJECTION_LISTS:
      return v1::RegistrationListRow::descriptor();
    case v1::WATCHED_PROJECTION_EVENTS:
      return v1::WatchedEvent::descriptor();
    case v1::WATCHED_PROJECTION_STANDINGS:
      return v1::EntryStandings::descriptor();
    case v1::WATCHED_PROJECTION_TASKS:
      return v1::WatchedTask::descriptor();
    default:
      return nullptr;
  }
}

std::optional<Table> TableOf(v1::WatchedProjection projection) {
  switch (projection) {
    case v1::WATCHED_PROJECTION_UNITS:
      return Table::kUnit;
    case v1::WATCHED_PROJECTION_TEAMS:
      return Table::kTeam;
    case v1::WATCHED_PROJECTION_TEAM_MONTHS:
      return Table::kTeamMonth;
    case v1::WATCHED_PROJECTION_ORGANISATIONS:
      return Table::kOrganisation;
    case v1::WATCHED_PROJECTION_ORGANISATION_MONTHS:
      return Table::kOrganisationMonth;
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
      return Table::kDetermination;
    case v1::WATCHED_PROJECTION_SYNC_HEALTH:
      return Table::kSyncHealth;
    case v1::WATCHED_PROJECTION_POLICIES:
      return Table::kPolicy;
    case v1::WATCHED_PROJECTION_FUNDINGS:
      return Table::kFunding;
    case v1::WATCHED_PROJECTION_LISTS:
      return Table::kList;
    case v1::WATCHED_PROJECTION_STANDINGS:
      return Table::kStandings;
    case v1::WATCHED_PROJECTION_TASKS:
      return Table::kTask;
    default:
      return std::nullopt;
  }
}

v1::WatchedProjection ProjectionOf(Table table) {
  for (int i = v1::WatchedProjection_MIN + 1; i <= v1::WatchedProjection_MAX;
       ++i) {
    const auto projection = static_cast<v1::WatchedProjection>(i);
    if (TableOf(projection) == table) return projection;
  }
  return v1::WATCHED_PROJECTION_UNSPECIFIED;
}

bool FollowsItsSubject(v1::WatchedProjection projection) {
  return projection != v1::WATCHED_PROJECTION_UNITS &&
         projection != v1::WATCHED_PROJECTION_TEAMS &&
         projection != v1::WATCHED_PROJECTION_ORGANISATIONS;
}

SourceRow ParseSource(v1::WatchedProjection projection, absl::string_view key,
                      const RowVersion& row, const RowsView& view) {
  SourceRow source;
  source.position = row.position;
  switch (projection) {
    case v1::WATCHED_PROJECTION_UNITS: {
      auto unit = Parse<v1::UnitRow>(row);
      source.unit = UnitId(unit->unit_id());
      source.level = unit->level();
      source.message = std::move(unit);
      break;
    }
    case v1::WATCHED_PROJECTION_TEAMS: {
      auto team = Parse<v1::TeamRow>(row);
      source.team = TeamId(team->team_id());
      source.level = team->level();
      source.message = std::move(team);
      break;
    }
    case v1::WATCHED_PROJECTION_TEAM_MONTHS:
      ParseMonth(true, key, row, &source);
      break;
    case v1::WATCHED_PROJECTION_ORGANISATIONS: {
      auto organisation = Parse<v1::OrganisationRow>(row);
      source.organisation = OrganisationId(organisation->organisation_id());
      source.message = std::move(organisation);
      break;
    }
    case v1::WATCHED_PROJECTION_ORGANISATION_MONTHS:
      ParseMonth(false, key, row, &source);
      break;
    case v1::WATCHED_PROJECTION_DETERMINATIONS:
      ParseDetermination(key, row, &source);
      break;
    case v1::WATCHED_PROJECTION_SYNC_HEALTH: {
      auto health = Parse<v1::SyncHealthRow>(row);
      source.team = TeamId(health->team_id());
      source.organisation = OrganisationId(health->organisation_id());
      source.author = keys::KeyView(key).Author();
      source.message = std::move(health);
      break;
    }
    case v1::WATCHED_PROJECTION_STANDINGS:
      source.author = keys::KeyView(key).Author();
      std::tie(source.team, source.organisation) = view.OwnerOf(source.author);
      source.message = Parse<v1::EntryStandings>(row);
      break;
    case v1::WATCHED_PROJECTION_TASKS:
      ParseTask(key, row, &source);
      break;
    case v1::WATCHED_PROJECTION_POLICIES: {
      auto policy = Parse<v1::PolicyRow>(row);
      source.policy_id = policy->policy_id();
      source.unit = UnitId(policy->issuer_unit_id());
      source.message = std::move(policy);
      break;
    }
    case v1::WATCHED_PROJECTION_FUNDINGS: {
      auto funding = Parse<v1::FundingRow>(row);
      source.policy_id = funding->policy_id();
      source.message = std::move(funding);
      break;
    }
    case v1::WATCHED_PROJECTION_LISTS: {
      auto list = Parse<v1::RegistrationListRow>(row);
      if (!list->listings().empty()) {
        source.unit = UnitId(list->listings(0).unit_id());
      }
      source.message = std::move(list);
      break;
    }
    default:
      THON_CHECK(false);
  }
  return source;
}

UnitId UnitOf(const SourceRow& source, const RowsView& view, Date date) {
  if (source.unit != UnitId(0)) return source.unit;
  if (source.team != TeamId(0)) return view.PlaceOf(source.team, date).unit;
  if (source.organisation != OrganisationId(0)) {
    return view.PlaceOf(source.organisation).unit;
  }
  return source.policy_id.empty() ? UnitId(0)
                                  : view.PlaceOfPolicy(source.policy_id).unit;
}

bool PassesFilters(const Query& query, const SourceRow& source,
                   const RowsView& view) {
  const v1::WatchQuery& wanted = query.wanted;
  if (query.projection() == v1::WATCHED_PROJECTION_UNITS &&
      view.Ancestors(source.unit, view.On(query.structure_date())).empty()) {
    return false;
  }
  return (wanted.team_id() == 0 || source.team == query.team()) &&
         (wanted.author().empty() || source.author == query.author()) &&
         (wanted.policy_id().empty() ||
          source.policy_id == wanted.policy_id()) &&
         source.month.yyyymm >= wanted.first_month() &&
         (wanted.last_month() == 0 ||
          source.month.yyyymm <= wanted.last_month()) &&
         Takes(wanted.beneficiary_kinds(), source.kind) &&
         Takes(wanted.states(), source.state) &&
         Takes(wanted.levels(), source.level) &&
         source.position.value > wanted.changed_since_position();
}

bool Belongs(const Query& query, const SourceRow& source,
             const RowsView& view) {
  if (!PassesFilters(query, source, view)) return false;
  if (query.root() == UnitId(0)) return true;
  const Date date = view.On(query.structure_date());
  return view.IsBelow(UnitOf(source, view, date), query.root(), date);
}

std::string Encode(const Query& query, const Message& row) {
  std::string bytes;
  if (query.mask.paths().empty()) {
    THON_CHECK(row.SerializeToString(&bytes));
    return bytes;
  }
  const std::unique_ptr<Message> masked(row.New());
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(row, query.mask, {},
                                                        masked.get());
  THON_CHECK(masked->SerializeToString(&bytes));
  return bytes;
}

std::optional<std::string> RowOf(const Query& query, absl::string_view key,
                                 const std::optional<RowVersion>& row,
                                 const RowsView& view) {
  if (!row.has_value()) return std::nullopt;
  const SourceRow source = ParseSource(query.projection(), key, *row, view);
  if (!Belongs(query, source, view)) return std::nullopt;
  return Encode(query, *source.message);
}

}  // namespace thon
