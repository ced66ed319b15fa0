#include "server/projections/sync_health.h"

#include <string>
#include <vector>

#include "server/projections/activity.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

v1::SyncHealthRow Load(const RowReader& rows, const AuthorId& author) {
  std::optional<v1::SyncHealthRow> row = GetRow<v1::SyncHealthRow>(
      rows, Table::kSyncHealth, keys::SyncHealth(author));
  if (row.has_value()) return *std::move(row);
  v1::SyncHealthRow fresh;
  fresh.set_author(std::string(author.view()));
  if (const std::optional<v1::AuthorRow> known = GetAuthor(rows, author)) {
    fresh.set_team_id(known->team_id());
    fresh.set_organisation_id(known->organisation_id());
  }
  return fresh;
}

class SyncHealth final : public Projection {
 public:
  absl::string_view name() const override { return "sync_health"; }
  int version() const override { return 1; }

  void Apply(const FoldInput& input, const EventSource&,
             RowWriter& rows) override {
    if (input.from_server) {
      for (const Fact& fact : input.facts) ApplyFact(fact, rows);
    } else {
      ApplyBatch(input, rows);
    }
  }

 private:
  static void ApplyBatch(const FoldInput& input, RowWriter& rows) {
    const v1::Batch& batch = *input.batch;
    v1::SyncHealthRow row = Load(rows, input.author);
    const auto count = static_cast<std::uint64_t>(batch.events_size());
    const Sequence first(batch.first_sequence());
    const Sequence last(first.value + count - 1);
    row.set_last_receive_time_ms(input.trailer.receive_time.ms);
    row.set_last_sequence(last.value);
    row.set_events(row.events() + count);
    row.set_batches(row.batches() + 1);
    row.set_app_version(batch.app_version());
    // Only this entry can have made exceptions of its own events.
    const std::vector<v1::EventStanding> exceptions =
        rows.Changed(Table::kStandings).empty()
            ? std::vector<v1::EventStanding>()
            : StandingsOf(rows, input.author, first, last);
    for (const v1::EventStanding& standing : exceptions) {
      if (standing.time_quality() == v1::TIME_QUALITY_SUSPECT) {
        row.set_suspect(row.suspect() + 1);
      } else if (standing.time_quality() == v1::TIME_QUALITY_ESTIMATED) {
        row.set_estimated(row.estimated() + 1);
      }
      if (standing.wall_clock_wrong()) {
        row.set_wall_clock_wrong(row.wall_clock_wrong() + 1);
      }
    }
    PutRow(rows, Table::kSyncHealth, keys::SyncHealth(input.author), row);
  }

  static void ApplyFact(const Fact& fact, RowWriter& rows) {
    if (!fact.effective || !fact.event->has_fork_observed()) return;
    AuthorId author;
    if (!AuthorId::FromBytes(fact.event->fork_observed().author(), &author)) {
      return;
    }
    v1::SyncHealthRow row = Load(rows, author);
    row.set_forks(row.forks() + 1);
    PutRow(rows, Table::kSyncHealth, keys::SyncHealth(author), row);
  }
};

}  // namespace

std::unique_ptr<Projection> NewSyncHealth() {
  return std::make_unique<SyncHealth>();
}

}  // namespace thon
