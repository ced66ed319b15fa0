#include "server/projections/emulation.h"

#include <set>
#include <string>
#include <vector>

#include "server/core/check.h"
#include "server/policy/metrics.h"
#include "server/projections/activity.h"
#include "server/projections/activity_event.h"
#include "server/projections/activity_rows.h"
#include "server/projections/row_keys.h"
#include "server/projections/values.h"

namespace thon {
namespace {

// The catalogue's id of a metric that an event names by id or name.
absl::string_view MetricId(const v1::IndicatorObserved& seen) {
  Metric metric{};
  THON_CHECK(FindMetric(seen.metric(), &metric));
  return InfoOf(metric).id;
}

bool Contributes(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kIndicatorObserved:
      return true;
    case v1::Event::kModelProposed:
      return IsSurrogateId(event.model_proposed().model_id()) &&
             IsSurrogateId(event.model_proposed().unit_id());
    default:
      return false;
  }
}

// What one entry changes.
class EmulationFold {
 public:
  EmulationFold(const FoldInput& input, const EventSource& events,
                RowWriter& rows)
      : input_(input), events_(events), rows_(rows) {}

  void Run() {
    if (input_.from_server) {
      for (const Fact& fact : input_.facts) {
        if (fact.effective) ApplyFact(fact);
      }
    } else {
      for (const v1::Event& event : input_.batch->events()) {
        if (event.has_indicator_observed() || event.has_model_proposed()) {
          Settle({input_.author, Sequence(event.sequence())});
        }
      }
    }
    SettleWhatChanged();
  }

 private:
  void ApplyFact(const Fact& fact);
  void SettleWhatChanged();
  void Settle(const EventName& name);

  void Change(const v1::Event& event, Position position, bool add);
  void ChangeObservation(const v1::IndicatorObserved& seen, Position position,
                         bool add);
  void ChangeProposal(const v1::ModelProposed& proposed, Position position,
                      bool add);
  void Accept(const v1::Event& event, Position position);
  void PutModel(std::uint64_t model, const v1::ModelRow& before,
                v1::ModelRow now);
  v1::ModelRow Model(std::uint64_t model) const {
    return GetRow<v1::ModelRow>(rows_, Table::kModel, keys::Model(model))
        .value_or(v1::ModelRow());
  }

  const FoldInput& input_;
  const EventSource& events_;
  RowWriter& rows_;
};

void EmulationFold::ApplyFact(const Fact& fact) {
  switch (fact.event->payload_case()) {
    case v1::Event::kIndicatorObserved:
      return ChangeObservation(fact.event->indicator_observed(), fact.position,
                               true);
    case v1::Event::kModelAccepted:
      return Accept(*fact.event, fact.position);
    default:
      return;
  }
}

// Events whose standing or correction the entry changed.
void EmulationFold::SettleWhatChanged() {
  std::set<EventName> names;
  for (const std::string& key : rows_.Changed(Table::kOverride)) {
    names.insert(NameOf(key));
  }
  for (const std::string& key : rows_.Changed(Table::kStandings)) {
    const EventName first = NameOf(key);
    const std::uint64_t end = first.sequence.value + kStandingsBlock;
    rows_.Scan(Table::kContribution, first.author.view(), key,
               [&](absl::string_view found, const RowVersion&) {
                 const EventName name = NameOf(found);
                 if (name.sequence.value >= end) return false;
                 names.insert(name);
                 return true;
               });
  }
  for (const EventName& name : names) Settle(name);
}

// Takes out what the event contributed and puts in what it does now.
void EmulationFold::Settle(const EventName& name) {
  const std::string key = NameKey(name);
  const std::optional<v1::Event> before =
      GetRow<v1::Event>(rows_, Table::kContribution, key);
  const std::optional<RecordedEvent> recorded =
      events_.Find(name.author, name.sequence);
  if (!recorded.has_value()) return;
  const v1::Event event = Effective(
      recorded->event, GetRow<v1::EventOverride>(rows_, Table::kOverride, key)
                           .value_or(v1::EventOverride()));
  if (!before.has_value() && !Contributes(event)) return;
  const std::vector<v1::EventStanding> standings =
      StandingsOf(rows_, name.author, name.sequence, name.sequence);
  const bool counts =
      standings.empty() || standings[0].standing() == v1::STANDING_COUNTED;
  const v1::Event now = counts && Contributes(event) ? event : v1::Event();
  if (before.has_value()) {
    if (before->SerializeAsString() == now.SerializeAsString()) return;
    Change(*before, recorded->position, false);
  }
  Change(now, recorded->position, true);
  PutRow(rows_, Table::kContribution, key, now);
}

void EmulationFold::Change(const v1::Event& event, Position position,
                           bool add) {
  if (event.has_indicator_observed()) {
    ChangeObservation(event.indicator_observed(), position, add);
  } else if (event.has_model_proposed()) {
    ChangeProposal(event.model_proposed(), position, add);
  }
}

void EmulationFold::ChangeObservation(const v1::IndicatorObserved& seen,
                                      Position position, bool add) {
  const UnitId unit(seen.unit_id());
  const Date as_of(seen.as_of_date());
  const absl::string_view metric = MetricId(seen);
  const std::string key = keys::Observation(unit, metric, as_of, position);
  if (add) {
    v1::IndicatorRow row;
    row.set_numerator(seen.numerator());
    row.set_denominator(seen.denominator());
    row.set_as_of_date(seen.as_of_date());
    row.set_position(position.value);
    PutRow(rows_, Table::kObservation, key, row);
  } else {
    rows_.Delete(Table::kObservation, key);
  }
  const Month month = Month::Of(as_of);
  const std::string month_key = keys::Indicator(unit, metric, month);
  const std::optional<v1::IndicatorRow> newest = NewestObservation(
      rows_, unit, metric, month.first_day(), month.last_day());
  if (newest.has_value()) {
    PutRow(rows_, Table::kIndicator, month_key, *newest);
  } else {
    rows_.Delete(Table::kIndicator, month_key);
  }
}

void EmulationFold::ChangeProposal(const v1::ModelProposed& proposed,
                                   Position position, bool add) {
  const std::uint64_t model = proposed.model_id();
  const std::string key = keys::Proposal(model, position);
  if (add) {
    v1::ModelRow row;
    row.set_unit_id(proposed.unit_id());
    row.set_type(proposed.type());
    row.set_proposed_position(position.value);
    PutRow(rows_, Table::kProposal, key, row);
  } else {
    rows_.Delete(Table::kProposal, key);
  }
  const v1::ModelRow before = Model(model);
  v1::ModelRow now;
  ScanRows<v1::ModelRow>(
      rows_, Table::kProposal, keys::Model(model),
      [&now](absl::string_view, const v1::ModelRow& first, Position) {
        now = first;
        return false;
      });
  // What an officer accepted stays, and stays that unit's.
  if (before.accepted_position() != 0) {
    now.set_unit_id(before.unit_id());
    now.set_quarter(before.quarter());
    now.set_accepted_position(before.accepted_position());
  }
  PutModel(model, before, std::move(now));
}

void EmulationFold::Accept(const v1::Event& event, Position position) {
  const v1::ModelAccepted& accepted = event.model_accepted();
  const v1::ModelRow before = Model(accepted.model_id());
  v1::ModelRow now = before;
  if (now.unit_id() == 0) now.set_unit_id(event.unit_id());
  now.set_quarter(accepted.quarter());
  now.set_accepted_position(position.value);
  PutModel(accepted.model_id(), before, std::move(now));
}

void EmulationFold::PutModel(std::uint64_t model, const v1::ModelRow& before,
                             v1::ModelRow now) {
  if (before.quarter() != 0) {
    rows_.Delete(
        Table::kModelByUnit,
        keys::ModelByUnit(UnitId(before.unit_id()), before.quarter(), model));
  }
  if (now.quarter() != 0) {
    rows_.Put(Table::kModelByUnit,
              keys::ModelByUnit(UnitId(now.unit_id()), now.quarter(), model),
              "");
  }
  if (now.unit_id() == 0) {
    rows_.Delete(Table::kModel, keys::Model(model));
  } else {
    PutRow(rows_, Table::kModel, keys::Model(model), now);
  }
}

class Emulation final : public Projection {
 public:
  absl::string_view name() const override { return "emulation"; }
  int version() const override { return 1; }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override {
    EmulationFold(input, events, rows).Run();
  }
};

}  // namespace

std::unique_ptr<Projection> NewEmulation() {
  return std::make_unique<Emulation>();
}

std::optional<v1::IndicatorRow> NewestObservation(const RowReader& rows,
                                                  UnitId unit,
                                                  absl::string_view metric,
                                                  Date first, Date last) {
  std::optional<v1::IndicatorRow> newest;
  rows.Scan(
      Table::kObservation, keys::Key().Of(unit).Text(metric).Take(),
      keys::Observation(unit, metric, first, Position(0)),
      [&](absl::string_view, const RowVersion& version) {
        v1::IndicatorRow row;
        THON_CHECK(row.ParseFromArray(version.value.data(),
                                      static_cast<int>(version.value.size())));
        if (row.as_of_date() > last.days) return false;
        newest = std::move(row);
        return true;
      });
  return newest;
}

std::int64_t AcceptedModels(const RowReader& rows, UnitId unit,
                            std::int32_t first, std::int32_t last) {
  std::int64_t models = 0;
  rows.Scan(Table::kModelByUnit, keys::Unit(unit),
            keys::ModelByUnit(unit, first, 0),
            [&](absl::string_view key, const RowVersion&) {
              if (keys::KeyView(key).Skip(8).U32() >
                  static_cast<std::uint32_t>(last)) {
                return false;
              }
              ++models;
              return true;
            });
  return models;
}

}  // namespace thon
