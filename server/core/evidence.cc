#include "server/core/evidence.h"

#include <algorithm>
#include <limits>

namespace thon {
namespace {

constexpr std::int64_t kWallClockToleranceMs = 10 * 60 * 1000;
// No server was heard, and no team at work, before 2000-01-01T00:00:00Z.
constexpr std::int64_t kEarliestMs = 946'684'800'000;
// For how long a phone must be able to hold events before it is enrolled.
constexpr std::int64_t kBeforeEnrolmentMsMax =
    std::int64_t{45} * 24 * 60 * 60 * 1000;
// Anchors kept for events to come. A phone that drains an outbox of several
// boots needs two; more only if it hears the server often while it drains.
constexpr int kAnchorsMax = 8;

// Readings are what a phone says: any number. Sums stay within the range.
std::int64_t Add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

std::int64_t Subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

// A reading and its judgement in the making.
struct Item {
  ClockReading reading;
  std::int64_t receive_ms = 0;
  v1::TimeQuality quality = v1::TIME_QUALITY_UNSPECIFIED;
  std::int64_t earliest_ms = 0;
  std::int64_t latest_ms = 0;
};

using Anchors = google::protobuf::RepeatedPtrField<v1::Anchor>;

// The anchor an event is measured from: of its boot the nearest before it, else
// the first after it. nullptr if no anchor is of its boot.
const v1::Anchor* AnchorOf(const Anchors& anchors,
                           const ClockReading& reading) {
  const v1::Anchor* before = nullptr;
  const v1::Anchor* after = nullptr;
  for (const v1::Anchor& anchor : anchors) {
    if (anchor.boot() != reading.boot) continue;
    if (anchor.monotonic_ms() <= reading.monotonic_ms) {
      if (before == nullptr || anchor.monotonic_ms() > before->monotonic_ms()) {
        before = &anchor;
      }
    } else if (after == nullptr ||
               anchor.monotonic_ms() < after->monotonic_ms()) {
      after = &anchor;
    }
  }
  return before != nullptr ? before : after;
}

// Adds a batch's anchor behind the others, unless it is there.
void AddAnchor(const v1::Anchor& anchor, Anchors* anchors) {
  for (const v1::Anchor& known : *anchors) {
    if (known.boot() == anchor.boot() &&
        known.monotonic_ms() == anchor.monotonic_ms() &&
        known.server_time_ms() == anchor.server_time_ms()) {
      return;
    }
  }
  // The oldest may be of the boot the chain is in, the newest is what comes
  // next: one between them is given up.
  if (anchors->size() >= kAnchorsMax) anchors->DeleteSubrange(1, 1);
  *anchors->Add() = anchor;
}

// Drops anchors that no event behind `last` can be nearest to: those of boots
// before its own, and of its own all before it but the nearest.
void DropPassedAnchors(const ClockReading& last, Anchors* anchors) {
  int first = 0;
  while (first < anchors->size() && anchors->Get(first).boot() != last.boot) {
    ++first;
  }
  if (first == anchors->size()) return;
  while (first + 1 < anchors->size() &&
         anchors->Get(first + 1).boot() == last.boot &&
         anchors->Get(first + 1).monotonic_ms() <= last.monotonic_ms) {
    ++first;
  }
  if (first > 0) anchors->DeleteSubrange(0, first);
}

bool Trust(const Anchors& anchors, Item* item) {
  const v1::Anchor* anchor = AnchorOf(anchors, item->reading);
  if (anchor == nullptr) return false;
  const std::int64_t measured_ms =
      Add(anchor->server_time_ms(),
          Subtract(item->reading.monotonic_ms, anchor->monotonic_ms()));
  const std::int64_t instant_ms =
      std::min(std::max(measured_ms, kEarliestMs), item->receive_ms);
  item->quality = v1::TIME_QUALITY_TRUSTED;
  item->earliest_ms = item->latest_ms = instant_ms;
  return true;
}

// Whether the wall readings of one boot's events do not fall, lie between
// `previous_ms` and `next_ms`, and are not in the future of their receipt.
bool WallFits(absl::Span<const Item> run, std::int64_t previous_ms,
              std::int64_t next_ms) {
  for (const Item& item : run) {
    if (item.reading.wall_time_ms < previous_ms ||
        item.reading.wall_time_ms > std::min(next_ms, item.receive_ms)) {
      return false;
    }
    previous_ms = item.reading.wall_time_ms;
  }
  return true;
}

// What is known before the first event of a window.
struct Floor {
  std::int64_t interval_ms = 0;  // Where intervals begin.
  std::int64_t wall_ms = 0;      // What a wall clock must not be before.
};

// An author's first instant is its enrolment. A phone may have recorded before
// it, for as long as it holds events.
Floor FloorOf(const v1::AuthorTimelineRow& timeline) {
  if (timeline.settled_ms() != 0 || timeline.enrolled_ms() == 0) {
    return {timeline.settled_ms(), timeline.settled_ms()};
  }
  return {timeline.enrolled_ms(),
          Subtract(timeline.enrolled_ms(), kBeforeEnrolmentMsMax)};
}

// Judges what no anchor reaches: runs of one boot, oldest first. Intervals of
// SUSPECT events get their ends in a second pass, when all instants are known.
void JudgeUntrusted(Floor floor, absl::Span<Item> window) {
  std::vector<std::int64_t> next_trusted_ms(window.size());
  std::int64_t next_ms = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = window.size(); i-- > 0;) {
    next_trusted_ms[i] = next_ms;
    if (window[i].quality == v1::TIME_QUALITY_TRUSTED) {
      next_ms = window[i].latest_ms;
    }
  }
  const auto raise = [&floor](std::int64_t instant_ms) {
    floor.interval_ms = std::max(floor.interval_ms, instant_ms);
    floor.wall_ms = std::max(floor.wall_ms, instant_ms);
  };
  for (std::size_t begin = 0; begin < window.size();) {
    if (window[begin].quality == v1::TIME_QUALITY_TRUSTED) {
      raise(window[begin].latest_ms);
      ++begin;
      continue;
    }
    std::size_t end = begin + 1;
    while (end < window.size() &&
           window[end].quality != v1::TIME_QUALITY_TRUSTED &&
           window[end].reading.boot == window[begin].reading.boot) {
      ++end;
    }
    const absl::Span<Item> run = window.subspan(begin, end - begin);
    const bool fits = WallFits(run, floor.wall_ms, next_trusted_ms[begin]);
    for (Item& item : run) {
      item.quality =
          fits ? v1::TIME_QUALITY_ESTIMATED : v1::TIME_QUALITY_SUSPECT;
      item.earliest_ms = fits ? item.reading.wall_time_ms : floor.interval_ms;
      item.latest_ms = fits ? item.reading.wall_time_ms : item.receive_ms;
    }
    if (fits) raise(run.back().latest_ms);
    begin = end;
  }
  next_ms = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = window.size(); i-- > 0;) {
    Item& item = window[i];
    if (item.quality == v1::TIME_QUALITY_SUSPECT) {
      item.latest_ms = std::min(next_ms, item.receive_ms);
      item.earliest_ms = std::min(item.earliest_ms, item.latest_ms);
    } else {
      next_ms = item.latest_ms;
    }
  }
}

JudgedTime ToJudgedTime(const Item& item) {
  JudgedTime time{.sequence = item.reading.sequence,
                  .quality = item.quality,
                  .earliest = Instant(item.earliest_ms),
                  .latest = Instant(item.latest_ms)};
  if (item.quality == v1::TIME_QUALITY_TRUSTED) {
    const std::int64_t off_ms =
        Subtract(item.reading.wall_time_ms, item.latest_ms);
    time.wall_clock_wrong =
        off_ms > kWallClockToleranceMs || off_ms < -kWallClockToleranceMs;
  }
  return time;
}

Item FromOpen(const v1::OpenReading& open) {
  return Item{.reading = {.sequence = Sequence(open.sequence()),
                          .wall_time_ms = open.wall_time_ms(),
                          .monotonic_ms = open.monotonic_ms(),
                          .boot = open.boot()},
              .receive_ms = open.receive_time_ms()};
}

// What stays open: the events behind the last TRUSTED one, the newest of them.
void KeepOpen(absl::Span<const Item> window, v1::AuthorTimelineRow* timeline) {
  std::size_t begin = window.size();
  while (begin > 0 && window[begin - 1].quality != v1::TIME_QUALITY_TRUSTED) {
    --begin;
  }
  begin = std::max(begin, window.size() - std::min<std::size_t>(
                                              window.size(), kOpenReadingsMax));
  std::int64_t settled_ms = timeline->settled_ms();
  for (const Item& item : window.subspan(0, begin)) {
    if (item.quality != v1::TIME_QUALITY_SUSPECT) {
      settled_ms = std::max(settled_ms, item.latest_ms);
    }
  }
  timeline->set_settled_ms(settled_ms);
  timeline->clear_open();
  for (const Item& item : window.subspan(begin)) {
    v1::OpenReading* open = timeline->add_open();
    open->set_sequence(item.reading.sequence.value);
    open->set_wall_time_ms(item.reading.wall_time_ms);
    open->set_monotonic_ms(item.reading.monotonic_ms);
    open->set_boot(item.reading.boot);
    open->set_receive_time_ms(item.receive_ms);
    open->set_quality(item.quality);
    open->set_earliest_ms(item.earliest_ms);
    open->set_latest_ms(item.latest_ms);
  }
}

}  // namespace

std::vector<JudgedTime> FoldReadings(const std::optional<v1::Anchor>& anchor,
                                     absl::Span<const ClockReading> readings,
                                     Instant receive_time,
                                     v1::AuthorTimelineRow* timeline) {
  if (anchor.has_value() && anchor->server_time_ms() >= kEarliestMs &&
      anchor->server_time_ms() <= receive_time.ms) {
    AddAnchor(*anchor, timeline->mutable_anchors());
  }
  const std::size_t earlier = timeline->open_size();
  std::vector<Item> window;
  window.reserve(earlier + readings.size());
  for (const v1::OpenReading& open : timeline->open()) {
    window.push_back(FromOpen(open));
  }
  for (const ClockReading& reading : readings) {
    window.push_back({.reading = reading, .receive_ms = receive_time.ms});
  }
  bool all_trusted = true;
  for (Item& item : window) {
    if (!Trust(timeline->anchors(), &item)) all_trusted = false;
  }
  if (!all_trusted) {
    JudgeUntrusted(FloorOf(*timeline), absl::MakeSpan(window));
  }

  std::vector<JudgedTime> judged;
  judged.reserve(window.size());
  for (std::size_t i = 0; i < window.size(); ++i) {
    const Item& item = window[i];
    if (i < earlier) {
      const v1::OpenReading& open = timeline->open(static_cast<int>(i));
      if (open.quality() == item.quality &&
          open.earliest_ms() == item.earliest_ms &&
          open.latest_ms() == item.latest_ms) {
        continue;
      }
    }
    judged.push_back(ToJudgedTime(item));
  }
  KeepOpen(window, timeline);
  if (!readings.empty()) {
    DropPassedAnchors(readings.back(), timeline->mutable_anchors());
  }
  return judged;
}

JudgedDay DayOf(const JudgedTime& time, Date claimed_date, const TimeZone& zone,
                int backdate_days_max) {
  const Date first = zone.DateOf(time.earliest);
  const Date last = zone.DateOf(time.latest);
  const bool one_month = first == last || Month::Of(first) == Month::Of(last);
  if (claimed_date == Date()) {
    return JudgedDay{.known = one_month, .date = last};
  }
  // Right for every instant it may have happened at.
  if (claimed_date <= first &&
      claimed_date.days >= std::int64_t{last.days} - backdate_days_max) {
    return JudgedDay{.known = true, .date = claimed_date};
  }
  if (!one_month) return JudgedDay{.known = false, .date = last};
  return JudgedDay{.known = true,
                   .date = claimed_date,
                   .backdated = claimed_date < first || claimed_date > last};
}

}  // namespace thon
