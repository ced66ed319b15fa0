// The bounds of watches.
#ifndef THON_WATCH_WATCH_LIMITS_H_
#define THON_WATCH_WATCH_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "server/core/limits.h"

namespace thon::limits {

// Watches that are open at once, and those of one officer.
inline constexpr std::size_t kWatchesMax = 10'000;
inline constexpr std::size_t kWatchesPerOfficerMax = 256;
static_assert(kWatchesPerOfficerMax <= kWatchesMax);

// Of one request.
inline constexpr std::size_t kWatchQueriesMax = 16;
inline constexpr std::size_t kWatchFieldsMax = 32;
inline constexpr std::size_t kWatchFilterValuesMax = 64;
inline constexpr std::size_t kWatchNameBytesMax = 256;
inline constexpr std::size_t kWatchTokenBytesMax = 256;

// Of one WatchResponse. A row that is larger travels alone: it is bounded by
// what a projection writes.
inline constexpr std::size_t kWatchPageBytesMax = 128 * kKiB;
inline constexpr std::size_t kWatchPageRowsMax = 1024;
// What a watch may examine before another one has its turn.
inline constexpr std::size_t kWatchStepRowsMax = 512;
static_assert(kWatchPageBytesMax * 4 <= kReplyBytesMax);

// What one query's feed keeps for callers that are behind. Beyond it they start
// with a snapshot.
inline constexpr std::size_t kFeedKeysMax = 8192;
inline constexpr std::size_t kFeedBytesMax = 4 * kMiB;
// Of all feeds together.
inline constexpr std::size_t kFeedsBytesMax = 256 * kMiB;
static_assert(kFeedBytesMax <= kFeedsBytesMax);
// Keys that the projector has changed and no round has looked at; beyond them
// every query starts with a snapshot.
inline constexpr std::size_t kChangedKeysMax = 262'144;

// The live feed: how far it looks back, and how much it shows.
inline constexpr std::uint64_t kEventWindowPositions = 4096;
inline constexpr int kEventsDefault = 100;
inline constexpr int kEventsMax = 500;

// A token that is further behind than this starts with a snapshot.
inline constexpr std::uint64_t kResumePositionsMax = 20'000'000;

// From one PROGRESS to the next; the promise is 15 s, the rest is the
// network's.
inline constexpr std::int64_t kWatchProgressMs = 10'000;
static_assert(kWatchProgressMs + 2'000 < 15'000);
// Between two rounds at least, so that changes come together.
inline constexpr std::int64_t kWatchRoundMs = 50;

// Determinations are looked up one by one where a scope has no more than this,
// and found by a scan where it has.
inline constexpr std::size_t kWatchLookupsMax = 4096;

}  // namespace thon::limits

#endif  // THON_WATCH_WATCH_LIMITS_H_
