// When something happened, judged from an author's own readings.
//
// A phone's wall clock may be wrong, its monotonic clock is right within one
// boot. An anchor is a moment at which it heard the server's time. Design,
// "When something happened":
//
//   TRUSTED    same boot as an anchor before or after it in the author's chain:
//              the anchor plus or minus the monotonic difference. Drift is
//              ignored. The nearest anchor before it is used, else the first
//              after it.
//   ESTIMATED  another boot, whose wall readings do not fall and lie between
//              the neighbours' instants: the wall clock.
//   SUSPECT    otherwise: an interval, from the previous instant in the chain
//              to the next, at most the receive time.
//
// The first instant of a chain is the enrolment of its key by a code. A wall
// clock may be up to 45 days before it, as a phone can record before it is
// enrolled; one that says more was reset.
//
// No instant is later than the entry's receive time: a later one is cut to it.
// The judgement of an event can improve when a later batch brings an anchor of
// its boot, and an interval can shrink when the next instant becomes known; it
// never depends on how batches were cut or when they were sent again. An event
// in front of a TRUSTED one keeps its judgement: a batch's anchor is the last
// moment the server was heard, so anchors of boots that are over do not come.
#ifndef THON_CORE_EVIDENCE_H_
#define THON_CORE_EVIDENCE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "thon/v1/log.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// An event's readings.
struct ClockReading {
  Sequence sequence;
  std::int64_t wall_time_ms = 0;
  std::int64_t monotonic_ms = 0;
  std::uint32_t boot = 0;
};

struct JudgedTime {
  Sequence sequence;
  v1::TimeQuality quality = v1::TIME_QUALITY_UNSPECIFIED;
  // Equal, but for SUSPECT. earliest <= latest.
  Instant earliest;
  Instant latest;
  bool wall_clock_wrong = false;  // More than ten minutes off; only TRUSTED.

  bool operator==(const JudgedTime&) const = default;
};

// Above this many events without an anchor, the oldest keep their judgement.
// All that are open are judged again with every batch.
inline constexpr int kOpenReadingsMax = 512;

// Folds one batch of the author into `*timeline` (a row; start with one that
// says at most enrolled_ms) and returns a judgement for every event of the
// batch and for each earlier event whose judgement changed, ascending by
// sequence.
//
// `anchor` is the batch's, not set if it has none. An anchor whose server time
// is later than `receive_time`, or before the year 2000, is impossible and
// ignored. Readings may be any number; no TRUSTED instant is before 2000.
std::vector<JudgedTime> FoldReadings(const std::optional<v1::Anchor>& anchor,
                                     absl::Span<const ClockReading> readings,
                                     Instant receive_time,
                                     v1::AuthorTimelineRow* timeline);

// The local day an event counts on.
struct JudgedDay {
  bool known = false;      // False: it spans two months; the event is HELD.
  Date date;               // The claimed date, or the (latest) instant's day.
  bool backdated = false;  // The claimed date is out of range; HELD.
};

// `claimed_date` 0 is none. It counts if it is at most `backdate_days_max`
// before the day of the instant and not after it; of an interval, if that is so
// for all of it, or the date lies inside and the interval in one month.
JudgedDay DayOf(const JudgedTime& time, Date claimed_date, const TimeZone& zone,
                int backdate_days_max);

}  // namespace thon

#endif  // THON_CORE_EVIDENCE_H_
