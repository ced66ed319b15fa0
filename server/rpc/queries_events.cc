// What the phones of a team sent, and what became of it; and who asks.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "server/core/bytes.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/projections/activity.h"
#include "server/projections/activity_rows.h"
#include "server/projections/counted_days.h"
#include "server/projections/grants.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/standing_words.h"
#include "server/projections/units.h"
#include "server/rpc/paging.h"
#include "server/rpc/queries.h"
#include "server/rpc/read_scope.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

constexpr int kTeamEventsMax = 500;

// One phone's events, the newest first. Positions of an author rise with its
// numbers.
class Descent {
 public:
  Descent(const RowReader& rows, const EventSource& events,
          const AuthorId& author)
      : rows_(rows),
        events_(events),
        author_(author),
        row_(GetAuthor(rows, author).value_or(v1::AuthorRow())) {}

  // Goes to the last event before `before`; 0: to the last that the rows hold.
  absl::Status Begin(Position before) {
    const auto health = GetRow<v1::SyncHealthRow>(rows_, Table::kSyncHealth,
                                                  keys::SyncHealth(author_));
    Sequence last(health.has_value() ? health->last_sequence() : 0);
    if (before.value != 0 && last.value != 0) {
      std::uint64_t low = 0;  // At or before it, all lie before `before`.
      std::uint64_t high = last.value;
      while (low < high) {
        const std::uint64_t middle = high - (high - low) / 2;
        const absl::Status found = Find(Sequence(middle));
        if (!found.ok()) return found;
        if (now_.position < before) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      last = Sequence(low);
    }
    return Find(last);
  }
  absl::Status Next() { return Find(Sequence(sequence_ - 1)); }

  bool at_end() const { return sequence_ == 0; }
  const RecordedEvent& now() const { return now_; }

  // The event, with what became of it.
  v1::TeamEvent Describe(CountedDays* days) {
    v1::TeamEvent out;
    out.set_position(now_.position.value);
    out.set_receive_time_ms(now_.receive_time.ms);
    out.set_author(std::string(author_.view()));
    out.set_member_id(now_.event.member_id());
    const absl::string_view type = PayloadName(now_.event);
    out.set_type(type.empty() ? "unknown" : std::string(type));
    *out.mutable_event() = now_.event;
    out.set_sequence(sequence_);
    const v1::EventStanding* const exception = Exception();
    if (exception == nullptr) {
      out.set_standing(std::string(StandingName(v1::STANDING_COUNTED)));
      out.set_time_quality(std::string(QualityName(v1::TIME_QUALITY_TRUSTED)));
      out.set_date(days->Of(now_, row_).days);
      return out;
    }
    out.set_standing(std::string(StandingName(exception->standing())));
    out.set_time_quality(std::string(QualityName(exception->time_quality())));
    out.set_date(exception->local_date());
    if (exception->standing() != v1::STANDING_COUNTED) {
      const StandingWords words = WordsOf(exception->reason());
      out.set_reason(std::string(ReasonName(exception->reason())));
      out.set_text_vi(std::string(words.vi));
      out.set_text_en(std::string(words.en));
    }
    return out;
  }

 private:
  // Number 0 is the end.
  absl::Status Find(Sequence sequence) {
    sequence_ = sequence.value;
    if (sequence_ == 0) return absl::OkStatus();
    std::optional<RecordedEvent> found = events_.Find(author_, sequence);
    if (!found.has_value()) {
      return absl::DataLossError(
          "an event that the rows know cannot be read from the log; run thon "
          "admin check");
    }
    now_ = *std::move(found);
    return absl::OkStatus();
  }

  const v1::EventStanding* Exception() {
    const Sequence block = StandingsRowOf(Sequence(sequence_));
    if (block != block_) {
      block_ = block;
      exceptions_ = StandingsOf(rows_, author_, block,
                                Sequence(block.value + kStandingsBlock - 1));
    }
    const auto at = std::lower_bound(
        exceptions_.begin(), exceptions_.end(), sequence_,
        [](const v1::EventStanding& one, std::uint64_t number) {
          return one.sequence() < number;
        });
    return at != exceptions_.end() && at->sequence() == sequence_ ? &*at
                                                                  : nullptr;
  }

  const RowReader& rows_;
  const EventSource& events_;
  const AuthorId author_;
  const v1::AuthorRow row_;
  std::uint64_t sequence_ = 0;
  RecordedEvent now_;
  Sequence block_;  // Of `exceptions_`; 0: none was read.
  std::vector<v1::EventStanding> exceptions_;
};

absl::Status BadToken() {
  return WithField(
      WithReason(absl::InvalidArgumentError(
                     "not a page token of this list; start without one"),
                 "INVALID_FIELD"),
      "page_token");
}

// Before which position the page begins; 0: at the newest.
absl::StatusOr<Position> PageBefore(const v1::ListTeamEventsRequest& request) {
  Position before(request.before_position());
  if (request.page_token().empty()) return before;
  const absl::StatusOr<PageToken> token = DecodePageToken(request.page_token());
  if (!token.ok()) return token.status();
  absl::string_view rest = token->key;
  Position last;
  if (!ConsumeBigEndian(&rest, &last.value) || !rest.empty() ||
      last.value == 0) {
    return BadToken();
  }
  return before.value == 0 ? last : std::min(before, last);
}

}  // namespace

absl::Status ListTeamEventsQuery(const v1::ListTeamEventsRequest& request,
                                 const ReadView& view, const MayRead& may_read,
                                 v1::ListTeamEventsResponse* response) {
  const absl::StatusOr<int> wanted = PageSize(request.page_size());
  if (!wanted.ok()) return wanted.status();
  const int page_size = std::min(*wanted, kTeamEventsMax);
  const absl::StatusOr<Position> before = PageBefore(request);
  if (!before.ok()) return before.status();
  const TeamId team(request.team_id());
  const OrganisationId organisation(request.organisation_id());
  if (const absl::Status permitted =
          MayReadTeamOrOrganisation(view, may_read, team, organisation);
      !permitted.ok()) {
    return permitted;
  }

  const RowReader& rows = *view.rows;
  std::vector<Descent> phones;
  for (const AuthorId& author : team.value != 0
                                    ? AuthorsOf(rows, team)
                                    : AuthorsOf(rows, organisation)) {
    Descent phone(rows, *view.events, author);
    if (const absl::Status began = phone.Begin(*before); !began.ok()) {
      return began;
    }
    if (!phone.at_end()) phones.push_back(std::move(phone));
  }
  std::vector<Descent*> heap;
  for (Descent& phone : phones) heap.push_back(&phone);
  const auto older = [](const Descent* a, const Descent* b) {
    return a->now().position < b->now().position;
  };
  std::make_heap(heap.begin(), heap.end(), older);
  CountedDays days(&rows);
  std::size_t bytes = 0;
  while (!heap.empty() && response->events_size() < page_size &&
         bytes <= limits::kReplyBytesMax) {
    std::pop_heap(heap.begin(), heap.end(), older);
    *response->add_events() = heap.back()->Describe(&days);
    bytes += response->events().rbegin()->ByteSizeLong();
    if (const absl::Status next = heap.back()->Next(); !next.ok()) return next;
    if (heap.back()->at_end()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), older);
    }
  }
  response->set_position(view.position.value);
  if (!heap.empty()) {
    PageToken next{.position = view.position, .key = {}};
    AppendBigEndian(response->events().rbegin()->position(), &next.key);
    response->set_next_page_token(EncodePageToken(next));
  }
  return absl::OkStatus();
}

void GetViewerQuery(OfficerId officer, const ReadView& view,
                    v1::GetViewerResponse* response) {
  response->set_position(view.position.value);
  response->set_officer_id(officer.value);
  for (v1::GrantRow& grant : GrantsOn(*view.rows, officer, view.local_date)) {
    if (auto unit = GetUnit(*view.rows, UnitId(grant.unit_id()))) {
      *response->add_units() = *std::move(unit);
    }
    *response->add_grants() = std::move(grant);
  }
}

}  // namespace thon
