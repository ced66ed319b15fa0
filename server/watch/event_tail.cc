#include "server/watch/event_tail.h"

#include <algorithm>
#include <utility>

#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/limits.h"
#include "server/projections/row_keys.h"
#include "server/watch/row_source.h"

namespace thon {
namespace {

// The first position of the window that ends at `last`.
Position WindowBegin(Position last) {
  return Position(last.value < limits::kEventWindowPositions
                      ? 1
                      : last.value - limits::kEventWindowPositions + 1);
}

bool Takes(const Query& query, const TailEvent& tail, const RowsView& view) {
  const v1::WatchQuery& wanted = query.wanted;
  const v1::WatchedEvent& event = tail.event;
  if (wanted.team_id() != 0 && event.team_id() != wanted.team_id()) {
    return false;
  }
  if (!wanted.payload_types().empty() &&
      !std::binary_search(wanted.payload_types().begin(),
                          wanted.payload_types().end(), event.payload_type())) {
    return false;
  }
  if (query.root() == UnitId(0)) return true;
  const Date date = view.On(query.structure_date());
  UnitId unit = tail.unit;
  if (event.team_id() != 0) {
    unit = view.PlaceOf(TeamId(event.team_id()), date).unit;
  } else if (event.organisation_id() != 0) {
    unit = view.PlaceOf(OrganisationId(event.organisation_id())).unit;
  }
  return view.IsBelow(unit, query.root(), date);
}

}  // namespace

void EventTail::ReadEntry(absl::string_view entry, const RowsView& view) {
  const absl::StatusOr<EntryView> parsed = ParseEntry(entry);
  v1::Batch batch;
  // The projector has folded it: it parses.
  THON_CHECK(parsed.ok() &&
             batch.ParseFromArray(parsed->batch.data(),
                                  static_cast<int>(parsed->batch.size())));
  AuthorId author;
  AuthorId::FromBytes(batch.author(), &author);
  const auto [team, organisation] = view.OwnerOf(author);
  std::uint64_t position = parsed->trailer.first_position.value;
  for (const v1::Event& event : batch.events()) {
    const Position at(position++);
    if (at <= position_ || at > view.position()) continue;
    TailEvent tail;
    v1::WatchedEvent& out = tail.event;
    out.set_position(at.value);
    out.set_receive_time_ms(parsed->trailer.receive_time.ms);
    out.set_author(batch.author());
    out.set_sequence(event.sequence());
    out.set_team_id(team != TeamId(0) ? team.value : event.team_id());
    out.set_organisation_id(organisation != OrganisationId(0)
                                ? organisation.value
                                : event.organisation_id());
    out.set_payload_type(event.payload_case());
    out.set_member_id(event.member_id());
    tail.unit = UnitId(event.unit_id());
    events_.push_back(std::move(tail));
  }
}

void EventTail::MoveTo(const RowsView& view) {
  const Position first = WindowBegin(view.position());
  if (view.position() < position_ || position_ < first) {
    events_.clear();
    position_ = Position(first.value - 1);
  }
  if (position_ < view.position()) {
    const absl::StatusOr<EntryIndex> begin =
        log_->FindPosition(position_.Next());
    const absl::StatusOr<EntryIndex> last = log_->FindPosition(view.position());
    if (begin.ok() && last.ok()) {
      // An error leaves a shorter feed; the log's own readers report it.
      const absl::Status read = log_->ReadEntries(
          *begin, last->Next(), [&](EntryIndex, absl::string_view entry) {
            ReadEntry(entry, view);
            return true;
          });
      (void)read;
    }
  }
  position_ = view.position();
  while (!events_.empty() && events_.front().event.position() < first.value) {
    events_.pop_front();
  }
}

std::string EventTail::FirstKey() const {
  return keys::Key().U64(WindowBegin(position_).value).Take();
}

std::map<std::string, std::string> EventTail::RowsAfter(
    Position position, const Query& query, const RowsView& view) const {
  std::map<std::string, std::string> rows;
  const std::size_t rows_max =
      static_cast<std::size_t>(query.wanted.events_max());
  for (auto tail = events_.rbegin();
       tail != events_.rend() && rows.size() < rows_max; ++tail) {
    if (tail->event.position() <= position.value) break;
    if (!Takes(query, *tail, view)) continue;
    rows.emplace(keys::Key().U64(tail->event.position()).Take(),
                 Encode(query, tail->event));
  }
  return rows;
}

}  // namespace thon
