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

// Watches.
// Watches that are open at once, and those of one officer.
inline constexpr std::size_t kWatchesMax = 10'000;
inline constexpr std::size_t kWatchesPerOfficerMax = 256;
// Those of phones, so that officers always find room.
inline constexpr std::size_t kPhoneWatchesMax = kWatchesMax / 4 * 3;
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

// HTTP: the page, gRPC-Web, /metrics.
inline constexpr std::size_t kHttpConnectionsMax = 4096;
inline constexpr std::size_t kHttpConnectionsPerPeerMax = 256;
inline constexpr std::size_t kHttpHeaderBytesMax = 16 * kKiB;
inline constexpr std::size_t kHttpTargetBytesMax = 2 * kKiB;
// gRPC-Web's text mode takes 4 characters for 3 bytes.
inline constexpr std::size_t kHttpBodyBytesMax =
    kRequestBytesMax / 3 * 4 + kKiB;
inline constexpr std::int64_t kHttpHeaderMsMax = 10'000;  // To its last byte.
inline constexpr std::int64_t kHttpBodyMsMax = 60'000;    // Likewise.
inline constexpr std::int64_t kHttpIdleMsMax = 60'000;    // Between requests.
inline constexpr std::int64_t kHttpWriteMsMax = 30'000;   // Of one write.
inline constexpr std::int64_t kHttpHandshakeMsMax = 10'000;
// Of one connection's socket: what a browser that does not read is owed.
inline constexpr int kHttpSendBufferBytes = 64 * 1024;

// The dashboard's files, of one directory.
inline constexpr std::size_t kStaticFilesMax = 256;
inline constexpr std::size_t kStaticBytesMax = 32 * kMiB;

// /metrics: scrapes that wait, and what one counts before it stops counting.
inline constexpr std::size_t kMetricsWaitingMax = 8;
inline constexpr std::uint64_t kPhonesCountedMax = 200'000;
inline constexpr std::uint64_t kFilesCountedMax = 100'000;

// Log-in to the dashboard.
inline constexpr std::int64_t kLoginLinkMsMax = 600'000;
inline constexpr std::size_t kLoginLinksMax = 1024;
// Links of one officer that wait; a further one takes the place of the oldest.
inline constexpr std::size_t kLoginLinksPerOfficerMax = 8;
// Wrong codes that one address may try in a minute, and addresses whose wrong
// codes are remembered.
inline constexpr int kLoginFailuresPerMinuteMax = 10;
inline constexpr std::size_t kLoginPeersMax = 4096;
inline constexpr int kSessionDaysMax = 1;  // Beyond the day of the log-in.

// Proof: notes, tiles, proofs, witnesses.
inline constexpr std::size_t kNoteBytesMax = 64 * kKiB;
inline constexpr std::size_t kNoteSignaturesMax = 64;  // Specification: 16.
inline constexpr std::size_t kKeyNameBytesMax = 256;   // Of a key, an origin.
inline constexpr std::size_t kProofHashesMax = 63;     // Of any proof.
inline constexpr std::size_t kTileWidth = 256;
inline constexpr std::size_t kTileBytesMax = kTileWidth * 32;
inline constexpr std::size_t kBundleBytesMax =
    kTileWidth * (kEntryBytesMax + 2);
inline constexpr std::size_t kTrustPolicyBytesMax = 64 * kKiB;
inline constexpr std::size_t kTrustPolicyNamesMax = 256;
// Of one ProofsRequest.
inline constexpr std::size_t kProofsPerRequestMax = 64;
// A receipt is a promise: a checkpoint covers its entry this soon.
inline constexpr std::int64_t kCheckpointMsMax = 60'000;
inline constexpr int kCheckpointSecondsDefault = 10;
static_assert(kCheckpointSecondsDefault * 1000 * 2 < kCheckpointMsMax);
// Signed checkpoints that are kept whole; before them, the last of each day.
inline constexpr std::size_t kCheckpointsKept = 1024;
// Entries from one recorded state root to the next.
inline constexpr std::uint64_t kStateRootEntries = 65'536;
// Tiles and entry bundles that wait for a reader of the disk.
inline constexpr std::size_t kTilesWaitingMax = 256;
// Logs that one server witnesses, and submissions that wait.
inline constexpr std::size_t kWitnessedLogsMax = 256;
inline constexpr std::size_t kWitnessWaitingMax = 64;
// What a witness may answer, and how long it may take.
inline constexpr std::size_t kWitnessAnswerBytesMax = kNoteBytesMax;
inline constexpr std::int64_t kWitnessMsMax = 10'000;

// Audit.
inline constexpr std::size_t kAuditFilterValuesMax = 64;
inline constexpr std::size_t kAuditStreamsMax = 64;
inline constexpr std::size_t kAccessFilterBytesMax = 256;
// Reads of one local day that are recorded each; later ones count as seen.
inline constexpr std::size_t kAccessesPerDayMax = 10'000;
// Audit packs (tools/verify/FORMAT.md).
inline constexpr std::size_t kPackManifestBytesMax = 4 * kMiB;
inline constexpr std::size_t kPackPathBytesMax = 100;  // A ustar name.
inline constexpr std::uint64_t kPackFilesMax = 50'000'000;
inline constexpr std::size_t kPackRowsFileBytesMax = 16 * kMiB;

// Phone.
inline constexpr std::size_t kOutboxBytesMax = 256 * kMiB;
inline constexpr int kReceiptKeepDaysMin = 90;

// Disk.
inline constexpr std::uint64_t kDiskReserveBytesMin = 2048 * kMiB;

}  // namespace thon::limits

#endif  // THON_CORE_LIMITS_H_
