// The bench of replay: what AuditService.StreamEntries gives an auditor, all of
// it and filtered, beside the same log read in this process. A rate is of the
// events that were looked at, whether a filter let them through or not.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/entry.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/stream_load.h"
#include "tools/bench/subject.h"

namespace thon::bench {
namespace {

struct Replayed {
  std::uint64_t entries = 0;
  std::int64_t us = 0;
};

absl::StatusOr<Replayed> Replay(const ChildServer& server,
                                const v1::StreamEntriesRequest& request) {
  const auto stub = v1::AuditService::NewStub(server.Connect());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + server.token());
  Replayed replayed;
  const std::int64_t begin = NowUs();
  const auto reader = stub->StreamEntries(&context, request);
  v1::StreamEntriesResponse response;
  while (reader->Read(&response)) {
    replayed.entries += static_cast<unsigned>(response.entries_size());
  }
  const grpc::Status status = reader->Finish();
  replayed.us = NowUs() - begin;
  if (!status.ok()) {
    return absl::UnavailableError("StreamEntries: " + status.error_message());
  }
  return replayed;
}

absl::Status InProcess(const EntryLog& log, std::uint64_t events,
                       nlohmann::ordered_json* result) {
  std::uint64_t bytes = 0;
  const std::int64_t begin = NowUs();
  const absl::Status read =
      log.ReadEntries(EntryIndex(0), log.end().tree_size,
                      [&](EntryIndex, absl::string_view entry) {
                        bytes += entry.size();
                        return true;
                      });
  (*result)["bytes"] = bytes;
  (*result)["in_process_events_per_s"] = PerSecond(events, NowUs() - begin);
  return read;
}

absl::Status OverWire(const Subject& subject, std::uint64_t entries,
                      std::uint64_t events, nlohmann::ordered_json* result) {
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(subject.directory(), /*tls=*/false);
  if (!server.ok()) return server.status();
  struct Kind {
    const char* name;
    v1::StreamEntriesRequest request;
  };
  std::vector<Kind> kinds(3);
  kinds[0].name = "all";
  kinds[1].name = "of_kind";
  kinds[1].request.add_kinds("training_attended");
  kinds[2].name = "of_team";
  kinds[2].request.add_team_ids(1);
  for (Kind& kind : kinds) {
    // What is recorded of the reading itself is not waited for.
    kind.request.set_end_entry(entries);
    const absl::StatusOr<Replayed> replayed = Replay(**server, kind.request);
    if (!replayed.ok()) return replayed.status();
    (*result)[absl::StrCat(kind.name, "_entries")] = replayed->entries;
    (*result)[absl::StrCat(kind.name, "_events_per_s")] =
        PerSecond(events, replayed->us);
  }
  (*server)->Stop();
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchReplay(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  nlohmann::ordered_json result;
  std::uint64_t entries = 0;
  std::uint64_t events = 0;
  {
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
    if (!log.ok()) return log.status();
    result = Figures("replay", **log);
    entries = (*log)->end().tree_size.value;
    events = (*log)->end().next_position.value - 1;
    status = InProcess(**log, events, &result);
  }
  if (status.ok()) status = OverWire(subject, entries, events, &result);
  if (status.ok()) Print(options, result);
  return status;
}

}  // namespace thon::bench
