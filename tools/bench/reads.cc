// Benches of a log that is there: export, rebuild, disk.

#include <time.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "server/core/entry.h"
#include "server/engine/row_folder.h"
#include "server/projections/fold.h"
#include "server/storage/entry_log.h"
#include "server/storage/row_store.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/stream_load.h"
#include "tools/bench/subject.h"

namespace thon::bench {
namespace {

// Processor time of all our threads.
std::int64_t CpuUs() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

// Reads the whole log over gRPC, as an auditor does.
absl::Status ReadOverWire(const Subject& subject, std::uint64_t events,
                          nlohmann::ordered_json* result) {
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(subject.directory(), /*tls=*/false);
  if (!server.ok()) return server.status();
  const auto stub = v1::AuditService::NewStub((*server)->Connect());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + (*server)->token());
  const std::int64_t begin = NowUs();
  const auto reader = stub->StreamEntries(&context, v1::StreamEntriesRequest());
  v1::StreamEntriesResponse response;
  while (reader->Read(&response)) {
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) {
    return absl::UnavailableError("StreamEntries: " + status.error_message());
  }
  (*result)["events_per_s"] = PerSecond(events, NowUs() - begin);
  (*server)->Stop();
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchExport(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  nlohmann::ordered_json result;
  std::uint64_t events = 0;
  {
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
    if (!log.ok()) return log.status();
    result = Figures("export", **log);
    events = (*log)->end().next_position.value - 1;
    std::uint64_t bytes = 0;
    const std::int64_t begin = NowUs();
    status = (*log)->ReadEntries(EntryIndex(0), (*log)->end().tree_size,
                                 [&](EntryIndex, absl::string_view entry) {
                                   bytes += entry.size();
                                   return true;
                                 });
    if (!status.ok()) return status;
    result["bytes"] = bytes;
    result["from_disk_events_per_s"] = PerSecond(events, NowUs() - begin);
  }
  // A directory with real time would need a server of the other kind.
  status = ReadOverWire(subject, events, &result);
  if (status.ok()) Print(options, result);
  return status;
}

absl::Status BenchRebuild(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
  if (!log.ok()) return log.status();
  // Rows of our own, so that the directory stays as it was.
  const Folder rows_folder;
  StorageOptions storage;
  storage.directory = rows_folder.path();
  const absl::StatusOr<std::unique_ptr<RowStore>> rows =
      RowStore::Open(storage, Fold().signature());
  if (!rows.ok()) return rows.status();
  nlohmann::ordered_json result = Figures("rebuild", **log);
  const std::uint64_t events = (*log)->end().next_position.value - 1;
  const std::int64_t begin = NowUs();
  const std::int64_t cpu_begin = CpuUs();
  status = RebuildRows(**log, **rows, RowFolder::Options(), nullptr);
  if (!status.ok()) return status;
  result["events_per_s"] = PerSecond(events, NowUs() - begin);
  // The same on a machine that others use, too.
  result["events_per_cpu_s"] = PerSecond(events, CpuUs() - cpu_begin);
  Print(options, result);
  return status;
}

absl::Status BenchDisk(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
  if (!log.ok()) return log.status();
  StorageOptions storage;
  storage.directory = subject.directory();
  const absl::StatusOr<std::unique_ptr<RowStore>> rows =
      RowStore::Open(storage, Fold().signature());
  if (!rows.ok()) return rows.status();
  if ((*rows)->end().next_entry != (*log)->end().tree_size) {
    return absl::FailedPreconditionError(
        "the rows do not hold the whole log; start and stop thond once");
  }
  std::uint64_t signed_bytes = 0;
  absl::Status parsed;
  status = (*log)->ReadEntries(EntryIndex(0), (*log)->end().tree_size,
                               [&](EntryIndex, absl::string_view entry) {
                                 const auto view = ParseEntry(entry);
                                 parsed = view.status();
                                 if (!parsed.ok()) return false;
                                 signed_bytes += view->batch.size();
                                 return true;
                               });
  if (status.ok()) status = parsed;
  if (!status.ok()) return status;
  const absl::StatusOr<std::uint64_t> log_bytes = (*log)->CompactedBytes();
  if (!log_bytes.ok()) return log_bytes.status();
  const absl::StatusOr<std::uint64_t> row_bytes = (*rows)->CompactedBytes();
  if (!row_bytes.ok()) return row_bytes.status();
  nlohmann::ordered_json result = Figures("disk", **log);
  result["signed_bytes"] = signed_bytes;
  result["log_bytes"] = *log_bytes;
  result["row_bytes"] = *row_bytes;
  result["bytes_per_signed_byte"] =
      static_cast<double>((*log_bytes + *row_bytes) * 1000 / signed_bytes) /
      1000;
  Print(options, result);
  return status;
}

}  // namespace thon::bench
