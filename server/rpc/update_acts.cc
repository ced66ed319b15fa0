#include "server/rpc/update_acts.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/batch.h"
#include "server/core/entry.h"
#include "server/policy/metrics.h"
#include "server/projections/acts.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

void FindSteps(v1::Derivation* step, std::vector<v1::Derivation*>* found) {
  const bool looked =
      std::any_of(step->metrics().begin(), step->metrics().end(),
                  [](const v1::MetricValue& value) {
                    return value.metric() == InfoOf(Metric::kM07).id;
                  });
  if (looked && step->steps().empty()) found->push_back(step);
  for (v1::Derivation& below : *step->mutable_steps()) FindSteps(&below, found);
}

struct Confirmation {
  bool confirmed = false;
  Position since;  // The last position of the entry that made it so.
};

// As of `position`; nullopt: it is as it was before anybody said anything.
std::optional<Confirmation> ConfirmationAt(const Engine& engine, TeamId team,
                                           Month month, Position position) {
  const std::string key = keys::TeamMonth(team, month);
  std::optional<Confirmation> at;
  while (position != Position(0)) {
    const std::optional<RowVersion> version =
        engine.RowsAt(position)->Get(Table::kTeamMonth, key);
    v1::TeamMonth row;
    if (version.has_value()) row.ParseFromString(version->value);
    if (at.has_value() && row.update_confirmed() != at->confirmed) return at;
    if (!version.has_value()) break;
    at = {row.update_confirmed(), version->position};
    position = Position(version->position.value - 1);
  }
  if (at.has_value() && !at->confirmed) return std::nullopt;
  return at;
}

bool Says(const v1::Event& event, bool confirmed, TeamId team, Month month) {
  const auto is_of = [&](const auto& payload) {
    return payload.team_id() == team.value &&
           payload.period_month() == month.yyyymm;
  };
  return confirmed ? event.has_monthly_update_confirmed() &&
                         is_of(event.monthly_update_confirmed())
                   : event.has_monthly_update_returned() &&
                         is_of(event.monthly_update_returned());
}

// Whether the act at this position took effect.
bool TookEffect(const RowReader& rows, const v1::Event& event, Position at) {
  const std::optional<v1::CommandOutcome> outcome = OutcomeOf(
      rows, OfficerId(event.act().officer_id()), event.act().idempotency_key());
  return outcome.has_value() && outcome->effective() &&
         outcome->position() == at.value;
}

// Which event of the entry it was: the first that says so behind the last that
// says the opposite.
absl::StatusOr<Position> FindAct(const Engine& engine, TeamId team, Month month,
                                 const Confirmation& confirmation) {
  const absl::StatusOr<EntryIndex> index =
      engine.log().FindPosition(confirmation.since);
  if (!index.ok()) return index.status();
  const absl::StatusOr<std::string> bytes = engine.log().ReadEntry(*index);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<EntryView> entry = ParseEntry(*bytes);
  if (!entry.ok()) return entry.status();
  v1::Batch batch;
  if (ParseBatch(entry->batch, &batch) != BatchFault::kNone) {
    return absl::DataLossError("the batch of a recorded act does not parse");
  }
  const std::unique_ptr<RowReader> rows = engine.RowsAt(confirmation.since);
  std::optional<Position> found;
  Position at = entry->trailer.first_position;
  for (const v1::Event& event : batch.events()) {
    if (Says(event, !confirmation.confirmed, team, month) &&
        TookEffect(*rows, event, at)) {
      found.reset();
    } else if (!found.has_value() &&
               Says(event, confirmation.confirmed, team, month) &&
               TookEffect(*rows, event, at)) {
      found = at;
    }
    at = at.Next();
  }
  if (found.has_value()) return *found;
  return absl::DataLossError(
      "the act that changed a month is not in the entry that changed it");
}

}  // namespace

absl::Status AddUpdateActs(const Engine& engine, TeamId team, Month month,
                           Position position, v1::Derivation* derivation) {
  std::vector<v1::Derivation*> steps;
  // The root only repeats the values of its steps.
  for (v1::Derivation& step : *derivation->mutable_steps()) {
    FindSteps(&step, &steps);
  }
  if (steps.empty()) return absl::OkStatus();
  const std::optional<Confirmation> confirmation =
      ConfirmationAt(engine, team, month, position);
  if (!confirmation.has_value()) return absl::OkStatus();
  const absl::StatusOr<Position> act =
      FindAct(engine, team, month, *confirmation);
  if (!act.ok()) return act.status();
  for (v1::Derivation* const step : steps) {
    auto* const positions = step->mutable_positions();
    positions->Add(act->value);
    std::sort(positions->begin(), positions->end());
    positions->erase(std::unique(positions->begin(), positions->end()),
                     positions->end());
  }
  return absl::OkStatus();
}

}  // namespace thon
