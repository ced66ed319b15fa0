// Every bound of the project, in one file. A message is refused by these before
// anything is allocated from what it claims.
#ifndef THON_CORE_LIMITS_H_
#define THON_CORE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace thon::limits {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// Log.
inline constexpr std::size_t kBatchEventsMax = 256;
inline constexpr std::size_t kBatchBytesMax = 60 * kKiB;
inline constexpr std::size_t kEntryBytesMax = 65535;  // C2SP tlog-tiles.
inline constexpr std::size_t kEntryTrailerBytes = 83;
static_assert(kBatchBytesMax + kEntryTrailerBytes <= kEntryBytesMax);
// An event that must always fit into a batch of its own.
inline constexpr std::size_t kEventBytesMax = 48 * kKiB;
static_assert(kEventBytesMax + 4 * kKiB <= kBatchBytesMax);
inline constexpr std::size_t kAppVersionBytesMax = 64;
// What the committer adds to an event of the server's: number and time.
inline constexpr std::size_t kServerFieldsBytesMax = 32;

// Documents: unit lists, imports, registration lists, funded sets, policies.
inline constexpr std::size_t kDocumentPartBytesMax = 40 * kKiB;
inline constexpr std::size_t kDocumentBytesMax = 16 * kMiB;
inline constexpr std::size_t kDocumentPartsMax = 4096;

// Facts.
inline constexpr std::size_t kTextBytesMax = 1024;  // Names, reasons, numbers.
inline constexpr std::int64_t kCountMax = 100'000;  // People in one event.
inline constexpr std::size_t kEvidenceMax = 16;     // Photos of one event.
inline constexpr std::int64_t kMoneyMax = 1'000'000'000'000'000;  // 10^15 đồng.
inline constexpr int kBackdateDaysMax = 7;
// Of one team, over all its time. A team's row is read and written whole with
// every change of it, so what it can hold bounds what a change costs.
inline constexpr int kTeamMembersMax = 1000;
inline constexpr int kTeamChangesMax = 1000;  // Moves; suspensions.

// Engine.
inline constexpr std::size_t kCommitQueueBatchesMax = 1024;
inline constexpr std::size_t kCommitQueueBytesMax = 32 * kMiB;
inline constexpr std::size_t kCommitGroupBatchesMax = 256;
inline constexpr std::size_t kCommitGroupBytesMax = 4 * kMiB;
inline constexpr std::size_t kForksRecordedPerAuthorYearMax = 8;
inline constexpr std::size_t kRevokedBatchesPerDayMax = 64;
inline constexpr std::size_t kProjectorWriteBytesMax = 8 * kMiB;

// Sync streams.
inline constexpr std::size_t kSyncStreamsMax = 20'000;
inline constexpr std::size_t kSyncBatchesInFlightMax = 16;  // Of one stream.
inline constexpr int kStreamsPerConnectionMax = 1024;
inline constexpr std::int64_t kHelloMsMax = 20'000;  // From open to hello.

// Queries.
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;
inline constexpr std::size_t kReplyBytesMax = 3 * kMiB;
inline constexpr std::size_t kRequestBytesMax = 4 * kMiB;
inline constexpr std::int64_t kQueryWaitMsMax = 30'000;

// Phone.
inline constexpr std::size_t kOutboxBytesMax = 256 * kMiB;
inline constexpr int kReceiptKeepDaysMin = 90;

// Disk.
inline constexpr std::uint64_t kDiskReserveBytesMin = 2048 * kMiB;

}  // namespace thon::limits

#endif  // THON_CORE_LIMITS_H_
