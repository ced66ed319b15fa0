#include "server/projections/state_root.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"

namespace thon {
namespace {

// Rows between two looks at whether to go on.
constexpr std::uint64_t kRowsPerLook = 4096;

// Every table there is, by the projection that writes it.
const std::vector<Table>& TablesOf(absl::string_view projection) {
  using T = Table;
  static const auto* const acts =
      new std::vector<T>{T::kCalendar, T::kDocument,     T::kCommandOutcome,
                         T::kGrant,    T::kGrantOfficer, T::kStateRoot};
  static const auto* const units =
      new std::vector<T>{T::kUnit, T::kUnitByCode, T::kUnitChild, T::kMap};
  static const auto* const registry = new std::vector<T>{
      T::kTeam,          T::kTeamByUnit,       T::kOrganisation,
      T::kAuthor,        T::kAuthorByTeam,     T::kAuthorByNumber,
      T::kEnrolmentCode, T::kRegistryCounters, T::kAuthorByOrganisation};
  static const auto* const activity = new std::vector<T>{
      T::kTimeline,  T::kStandings, T::kActivityDay,       T::kTeamMonth,
      T::kHousehold, T::kWaiting,   T::kOrganisationMonth, T::kOriginal,
      T::kOverride,  T::kTask};
  static const auto* const emulation =
      new std::vector<T>{T::kIndicator,   T::kModel,    T::kModelByUnit,
                         T::kObservation, T::kProposal, T::kContribution};
  static const auto* const eligibility = new std::vector<T>{
      T::kPolicy,    T::kList,         T::kFunding,          T::kDetermination,
      T::kTopUp,     T::kMobilisation, T::kMobilisationById, T::kOtherSupport,
      T::kHeldMonth, T::kTransition};
  static const auto* const sync_health = new std::vector<T>{T::kSyncHealth};
  static const auto* const none = new std::vector<T>();
  if (projection == "acts") return *acts;
  if (projection == "units") return *units;
  if (projection == "registry") return *registry;
  if (projection == "activity") return *activity;
  if (projection == "emulation") return *emulation;
  if (projection == "eligibility") return *eligibility;
  if (projection == "sync_health") return *sync_health;
  return *none;
}

}  // namespace

const std::vector<ProjectionTables>& AllProjectionTables() {
  static const auto* const all = [] {
    auto* list = new std::vector<ProjectionTables>;
    for (const std::unique_ptr<Projection>& projection : AllProjections()) {
      list->push_back({std::string(projection->name()), projection->version(),
                       TablesOf(projection->name())});
    }
    return list;
  }();
  return *all;
}

const ProjectionTables* FindProjectionTables(absl::string_view name) {
  for (const ProjectionTables& projection : AllProjectionTables()) {
    if (projection.name == name) return &projection;
  }
  return nullptr;
}

void StateRootBuilder::Add(Table table, absl::string_view key,
                           absl::string_view value) {
  std::string row;
  row.reserve(5 + key.size() + value.size());
  AppendBigEndian(static_cast<std::uint8_t>(table), &row);
  AppendBigEndian(static_cast<std::uint32_t>(key.size()), &row);
  absl::StrAppend(&row, key, value);
  tree_.Append(merkle::HashLeaf(row));
}

absl::StatusOr<v1::StateRoot> ComputeStateRoot(
    const RowReader& rows, const ProjectionTables& projection,
    const std::function<bool()>& go_on) {
  StateRootBuilder builder;
  bool stopped = false;
  for (const Table table : projection.tables) {
    rows.Scan(table, "", "", [&](absl::string_view key, const RowVersion& row) {
      builder.Add(table, key, row.value);
      stopped = builder.row_count() % kRowsPerLook == 0 && go_on && !go_on();
      return !stopped;
    });
    if (stopped) {
      return absl::CancelledError(
          absl::StrCat("the root over ", projection.name, " was broken off"));
    }
  }
  v1::StateRoot root;
  root.set_projection(projection.name);
  root.set_version(projection.version);
  root.set_root(std::string(builder.Root().view()));
  root.set_row_count(builder.row_count());
  return root;
}

}  // namespace thon
