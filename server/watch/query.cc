#include "server/watch/query.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/watch/row_source.h"

namespace thon {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::util::FieldMaskUtil;

absl::Status Bad(absl::string_view field, absl::string_view what) {
  return WithField(
      WithReason(absl::InvalidArgumentError(absl::StrCat(field, ": ", what)),
                 "INVALID_FIELD"),
      field);
}

// Ascending, each once. False if there are too many.
template <typename Repeated>
bool Sort(Repeated* values) {
  if (values->size() > static_cast<int>(limits::kWatchFilterValuesMax)) {
    return false;
  }
  std::sort(values->begin(), values->end());
  const auto end = std::unique(values->begin(), values->end());
  values->erase(end, values->end());
  return true;
}

// A filter of `field` that is set needs a projection among `allowed`.
struct FilterUse {
  absl::string_view field;
  bool used;
  std::vector<v1::WatchedProjection> allowed;
};

std::vector<FilterUse> FiltersOf(const v1::WatchQuery& query) {
  using P = v1::WatchedProjection;
  constexpr P kTeamMonths = v1::WATCHED_PROJECTION_TEAM_MONTHS;
  constexpr P kMonths = v1::WATCHED_PROJECTION_ORGANISATION_MONTHS;
  constexpr P kMoney = v1::WATCHED_PROJECTION_DETERMINATIONS;
  constexpr P kUnits = v1::WATCHED_PROJECTION_UNITS;
  constexpr P kTeams = v1::WATCHED_PROJECTION_TEAMS;
  constexpr P kHealth = v1::WATCHED_PROJECTION_SYNC_HEALTH;
  constexpr P kEvents = v1::WATCHED_PROJECTION_EVENTS;
  constexpr P kStandings = v1::WATCHED_PROJECTION_STANDINGS;
  constexpr P kTasks = v1::WATCHED_PROJECTION_TASKS;
  return {
      {"team_id",
       query.team_id() != 0,
       {kTeams, kTeamMonths, kMoney, kHealth, kEvents, kStandings, kTasks}},
      {"author", !query.author().empty(), {kStandings, kHealth}},
      {"policy_id",
       !query.policy_id().empty(),
       {kMoney, v1::WATCHED_PROJECTION_POLICIES,
        v1::WATCHED_PROJECTION_FUNDINGS}},
      {"beneficiary_kinds", !query.beneficiary_kinds().empty(), {kMoney}},
      {"states", !query.states().empty(), {kMoney}},
      {"levels", !query.levels().empty(), {kUnits, kTeams}},
      {"payload_types", !query.payload_types().empty(), {kEvents}},
      {"first_month", query.first_month() != 0, {kTeamMonths, kMonths, kMoney}},
      {"last_month", query.last_month() != 0, {kTeamMonths, kMonths, kMoney}},
      {"events_max", query.events_max() != 0, {kEvents}},
      {"changed_since_position",
       query.changed_since_position() != 0,
       {kUnits, kTeams, kTeamMonths, v1::WATCHED_PROJECTION_ORGANISATIONS,
        kMonths, kMoney, kHealth, v1::WATCHED_PROJECTION_POLICIES,
        v1::WATCHED_PROJECTION_FUNDINGS, v1::WATCHED_PROJECTION_LISTS,
        kStandings, kTasks}},
  };
}

absl::Status CheckMonths(v1::WatchQuery* query) {
  for (const auto& [name, month] : {std::pair<absl::string_view, std::int32_t>(
                                        "first_month", query->first_month()),
                                    {"last_month", query->last_month()}}) {
    if (month != 0 && !Month(month).valid()) {
      return Bad(name, "a month is YYYYMM");
    }
  }
  if (query->last_month() != 0 && query->first_month() > query->last_month()) {
    return Bad("last_month", "the months end before they begin");
  }
  return absl::OkStatus();
}

absl::Status CheckAuthor(const v1::WatchQuery& query) {
  if (query.author().empty()) {
    return query.projection() == v1::WATCHED_PROJECTION_STANDINGS
               ? Bad("author", "STANDINGS are of one author: name it")
               : absl::OkStatus();
  }
  return query.author().size() == AuthorId::kSize
             ? absl::OkStatus()
             : Bad("author", "an author has 16 bytes");
}

// Rows whose message holds something long that few want.
absl::string_view LeftOut(v1::WatchedProjection projection) {
  switch (projection) {
    case v1::WATCHED_PROJECTION_POLICIES:
      return "text";
    case v1::WATCHED_PROJECTION_FUNDINGS:
      return "team_ids";
    default:
      return "";
  }
}

absl::Status CheckFields(v1::WatchQuery* query,
                         google::protobuf::FieldMask* mask) {
  const Descriptor* const message = RowDescriptor(query->projection());
  if (query->fields().size() > static_cast<int>(limits::kWatchFieldsMax)) {
    return Bad("fields",
               absl::StrCat("at most ", limits::kWatchFieldsMax, " paths"));
  }
  const absl::string_view left_out = LeftOut(query->projection());
  if (query->fields().empty() && !left_out.empty()) {
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->name() != std::string(left_out)) {
        query->add_fields(message->field(i)->name());
      }
    }
  }
  Sort(query->mutable_fields());
  for (const std::string& path : query->fields()) {
    if (path.size() > limits::kWatchNameBytesMax ||
        !FieldMaskUtil::GetFieldDescriptors(message, path, nullptr)) {
      return Bad("fields", absl::StrCat(message->name(), " has no field \"",
                                        path.substr(0, 64), "\""));
    }
    mask->add_paths(path);
  }
  return absl::OkStatus();
}

absl::StatusOr<Query> Normalise(const v1::WatchQuery& request) {
  Query query;
  query.wanted = request;
  v1::WatchQuery& wanted = query.wanted;
  wanted.clear_query_id();
  wanted.DiscardUnknownFields();
  if (RowDescriptor(wanted.projection()) == nullptr) {
    return Bad("projection", "name one that this server knows");
  }
  for (const FilterUse& filter : FiltersOf(wanted)) {
    if (filter.used && std::find(filter.allowed.begin(), filter.allowed.end(),
                                 wanted.projection()) == filter.allowed.end()) {
      return Bad(filter.field, "this projection has no such filter");
    }
  }
  if (wanted.root_unit_id() != 0 && !IsSurrogateId(wanted.root_unit_id())) {
    return Bad("root_unit_id", "no unit's id");
  }
  if (wanted.policy_id().size() > limits::kWatchNameBytesMax ||
      wanted.policy_id().find('\0') != std::string::npos) {
    return Bad("policy_id", "no policy's id");
  }
  if (!Sort(wanted.mutable_beneficiary_kinds()) ||
      !Sort(wanted.mutable_states()) || !Sort(wanted.mutable_levels()) ||
      !Sort(wanted.mutable_payload_types())) {
    return Bad("queries",
               absl::StrCat("at most ", limits::kWatchFilterValuesMax,
                            " values in a filter"));
  }
  if (wanted.events_max() < 0) return Bad("events_max", "not below 0");
  if (query.is_events()) {
    wanted.set_events_max(
        wanted.events_max() == 0
            ? limits::kEventsDefault
            : std::min<int>(wanted.events_max(), limits::kEventsMax));
  }
  absl::Status checked = CheckAuthor(wanted);
  if (checked.ok()) checked = CheckMonths(&wanted);
  if (checked.ok()) checked = CheckFields(&wanted, &query.mask);
  if (!checked.ok()) return checked;
  query.canonical = wanted.SerializeAsString();
  return query;
}

}  // namespace

AuthorId Query::author() const {
  AuthorId author;
  AuthorId::FromBytes(wanted.author(), &author);
  return author;
}

absl::StatusOr<WatchQueries> NormaliseWatch(const v1::WatchRequest& request) {
  if (request.queries().empty() ||
      request.queries().size() > static_cast<int>(limits::kWatchQueriesMax)) {
    return Bad("queries", absl::StrCat("from 1 to ", limits::kWatchQueriesMax));
  }
  if (request.resume_token().size() > limits::kWatchTokenBytesMax) {
    return Bad("resume_token", "not a resume token");
  }
  if (request.has_as_of() && !request.resume_token().empty()) {
    return Bad("as_of", "a past moment is told whole: leave the token out");
  }
  WatchQueries watch;
  watch.resume_token = request.resume_token();
  watch.past = request.has_as_of();
  std::set<std::uint32_t> seen;
  for (const v1::WatchQuery& wanted : request.queries()) {
    if (!seen.insert(wanted.query_id()).second) {
      return Bad("query_id", "each query has its own");
    }
    absl::StatusOr<Query> query = Normalise(wanted);
    if (!query.ok()) return query.status();
    watch.ids.push_back(wanted.query_id());
    absl::StrAppend(&watch.canonical, wanted.query_id(), ":",
                    query->canonical.size(), ":", query->canonical);
    watch.queries.push_back(*std::move(query));
  }
  return watch;
}

}  // namespace thon
