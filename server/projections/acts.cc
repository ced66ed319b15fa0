#include "server/projections/acts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/signature.h"
#include "server/projections/command_check.h"
#include "server/projections/documents.h"
#include "server/projections/grants.h"
#include "server/projections/row_keys.h"
#include "server/projections/values.h"

namespace thon {
namespace {

bool OpenDay(const v1::DayOpened& opened, Position position, RowWriter& rows) {
  const std::optional<Date> last = LastDay(rows);
  if (!IsDate(opened.local_date()) ||
      (last.has_value() && opened.local_date() <= last->days)) {
    return false;
  }
  v1::CalendarRow row;
  row.set_last_date(opened.local_date());
  row.set_position(position.value);
  PutRow(rows, Table::kCalendar, keys::Calendar(), row);
  return true;
}

bool IsFirstGrant(const v1::GrantIssued& issued, Date local_date,
                  const RowReader& rows) {
  return IsSurrogateId(issued.grant_id()) &&
         IsSurrogateId(issued.officer_id()) &&
         issued.role() == v1::ROLE_OPERATOR && issued.unit_id() == 0 &&
         IsDate(issued.from_date()) &&
         IsEnd(issued.to_date(), issued.from_date()) &&
         !rows.Get(Table::kGrantOfficer, keys::GrantOfficer(issued.grant_id()))
              .has_value() &&
         !HasOperator(rows, local_date);
}

// The first roots recorded for a position that the log names are those that
// count: a server that finds other ones later cannot take its word back.
bool RecordStateRoots(const v1::StateRootsRecorded& recorded, Position position,
                      RowWriter& rows) {
  const std::string key = keys::StateRoot(Position(recorded.position()));
  std::optional<v1::StateRootRow> row =
      GetRow<v1::StateRootRow>(rows, Table::kStateRoot, key);
  if (!row.has_value() || row->recorded_position() != 0 ||
      recorded.roots().empty()) {
    return false;
  }
  for (const v1::StateRoot& root : recorded.roots()) {
    if (root.projection().empty() || root.root().size() != Hash::kSize) {
      return false;
    }
  }
  *row->mutable_roots() = recorded.roots();
  row->set_recorded_position(position.value);
  PutRow(rows, Table::kStateRoot, key, *row);
  return true;
}

// Names the entry's last position for roots, if the log says so.
void NameStateRoot(const FoldInput& input, RowWriter& rows) {
  v1::StateRootRow row;
  if ((input.entry_index.value + 1) % limits::kStateRootEntries == 0) {
    row.set_reason(v1::STATE_ROOT_REASON_ENTRY_COUNT);
  }
  for (const Fact& fact : input.facts) {
    if (fact.from_server && fact.effective && fact.event->has_period_closed()) {
      row.set_reason(v1::STATE_ROOT_REASON_PERIOD_CLOSED);
    }
  }
  if (row.reason() == v1::STATE_ROOT_REASON_UNSPECIFIED) return;
  row.set_entry_index(input.entry_index.value);
  PutRow(rows, Table::kStateRoot,
         keys::StateRoot(input.trailer.last_position()), row);
}

// Whether an event of the log's own takes effect. Writes calendar, documents
// and state roots.
bool RecordOwn(const v1::Event& event, Position position,
               const FoldInput& input, const EventSource& events,
               const RowReader& judged, RowWriter& rows) {
  switch (event.payload_case()) {
    case v1::Event::kLogOpened:
      return input.entry_index == EntryIndex(0) && event.sequence() == 1;
    case v1::Event::kEpochOpened:
      return event.epoch_opened().server_author_key().size() ==
             PublicKey::kSize;
    case v1::Event::kDayOpened:
      return OpenDay(event.day_opened(), position, rows);
    case v1::Event::kDocumentPart:
      return RecordDocumentPart(event.document_part(), input.author,
                                Sequence(event.sequence()), events, rows);
    case v1::Event::kAuthorEnrolled:
      return event.author_enrolled().public_key().size() == PublicKey::kSize &&
             (event.author_enrolled().kind() == v1::AUTHOR_KIND_PHONE ||
              event.author_enrolled().kind() == v1::AUTHOR_KIND_ORGANISATION);
    case v1::Event::kGrantIssued:
      return IsFirstGrant(event.grant_issued(), input.local_date, judged);
    case v1::Event::kStateRootsRecorded:
      return RecordStateRoots(event.state_roots_recorded(), position, rows);
    case v1::Event::kForkObserved:
    case v1::Event::kClockObserved:
    case v1::Event::kAccessRecorded:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Acts::Apply(const FoldInput&, const EventSource&, RowWriter&) {}

void Acts::Judge(FoldInput* input, const EventSource& events, RowWriter& rows) {
  const v1::Batch& batch = *input->batch;
  input->facts.reserve(static_cast<std::size_t>(batch.events_size()));
  std::uint64_t position = input->trailer.first_position.value;
  if (!input->from_server) {
    for (const v1::Event& event : batch.events()) {
      input->facts.push_back({&event, Position(position++), false, false});
    }
    NameStateRoot(*input, rows);
    return;
  }
  CommandJudge judge(&rows, &events, input->local_date,
                     input->trailer.last_position());
  for (const v1::Event& event : batch.events()) {
    const Position at(position++);
    Fact fact{&event, at, true, false};
    if (!event.has_act()) {
      fact.effective =
          RecordOwn(event, at, *input, events, judge.after(), rows);
      judge.Apply(fact);
      input->facts.push_back(fact);
      continue;
    }
    CommandJudge::Verdict verdict = judge.Judge(event, at);
    fact.effective = verdict.outcome.effective();
    input->facts.push_back(fact);
    if (verdict.imported == nullptr) continue;
    for (const v1::Event& imported : verdict.imported->facts()) {
      input->facts.push_back({&imported, at, true, true});
    }
    input->imported.push_back(std::move(verdict.imported));
  }
  for (const Table table :
       {Table::kCommandOutcome, Table::kGrant, Table::kGrantOfficer}) {
    judge.after().CopyTo(table, rows);
  }
  NameStateRoot(*input, rows);
}

std::unique_ptr<Projection> NewActs() { return std::make_unique<Acts>(); }

std::optional<Date> LastDay(const RowReader& rows) {
  const std::optional<v1::CalendarRow> row =
      GetRow<v1::CalendarRow>(rows, Table::kCalendar, keys::Calendar());
  if (!row.has_value()) return std::nullopt;
  return Date(row->last_date());
}

std::optional<v1::CommandOutcome> OutcomeOf(const RowReader& rows,
                                            OfficerId officer,
                                            absl::string_view idempotency_key) {
  return GetRow<v1::CommandOutcome>(
      rows, Table::kCommandOutcome,
      keys::CommandOutcome(officer, idempotency_key));
}

}  // namespace thon
