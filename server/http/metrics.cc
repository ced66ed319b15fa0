#include "server/http/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/timex.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/limits.h"
#include "server/core/version.h"
#include "server/engine/checkpoints.h"
#include "server/engine/engine_stats.h"
#include "server/engine/system_clock.h"
#include "server/watch/watch_hub.h"

namespace thon {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::int64_t kScanMs = 30'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr double kUsPerSecond = 1e6;

double Value(std::uint64_t value) { return static_cast<double>(value); }

// A family in the making, in the order in which it is printed.
class Families {
 public:
  void Begin(const std::string& name, const std::string& help,
             MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  // One more of the family that was begun last.
  void Add(double value, const std::string& label = "",
           absl::string_view label_value = "") {
    ClientMetric metric;
    if (!label.empty()) metric.label = {{label, std::string(label_value)}};
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }

  void Gauge(const std::string& name, const std::string& help, double value) {
    Begin(name, help, MetricType::Gauge);
    Add(value);
  }
  void Counter(const std::string& name, const std::string& help,
               std::uint64_t value) {
    Begin(name, help, MetricType::Counter);
    Add(Value(value));
  }
  // `unit`: how many of what was counted make one of what is told.
  void Histogram(const std::string& name, const std::string& help,
                 const StatHistogram::Snapshot& read, double unit) {
    Begin(name, help, MetricType::Histogram);
    ClientMetric metric;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < read.bounds.size(); ++i) {
      below += read.counts[i];
      metric.histogram.bucket.push_back({below, Value(read.bounds[i]) / unit});
    }
    metric.histogram.bucket.push_back(
        {read.count(), std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = read.count();
    metric.histogram.sample_sum = Value(read.sum) / unit;
    families_.back().metric.push_back(std::move(metric));
  }

  std::string Text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  std::vector<MetricFamily> families_;
};

// "ANSWER_CODE_RECORDED" -> "recorded".
std::string Label(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

constexpr CommitState kStates[] = {
    CommitState::kOpen, CommitState::kDiskLow, CommitState::kDiskFailed,
    CommitState::kLogRestored, CommitState::kDraining};

void AddIngest(const EngineStats& stats, Families* out) {
  out->Counter("thon_ingest_batches_total", "Batches of phones recorded.",
               stats.phone_batches);
  out->Counter("thon_ingest_events_total", "Events of phones recorded.",
               stats.phone_events);
  out->Counter("thon_ingest_bytes_total",
               "Bytes of batches of phones recorded.", stats.phone_bytes);
  out->Counter("thon_server_records_total",
               "Groups of the server's own events recorded: days, commands, "
               "documents.",
               stats.server_records);
  out->Begin("thon_answers_total", "Batches of phones answered, by answer.",
             MetricType::Counter);
  for (int code = v1::ANSWER_CODE_RECORDED; code < v1::AnswerCode_ARRAYSIZE;
       ++code) {
    const auto answer = static_cast<v1::AnswerCode>(code);
    out->Add(Value(stats.answers(answer)), "answer",
             Label(v1::AnswerCode_Name(answer), "ANSWER_CODE_"));
  }
  out->Begin("thon_refusals_total", "Batches of phones refused, by reason.",
             MetricType::Counter);
  for (int code = v1::REFUSAL_REASON_UNSPECIFIED + 1;
       code < v1::RefusalReason_ARRAYSIZE; ++code) {
    const auto reason = static_cast<v1::RefusalReason>(code);
    out->Add(Value(stats.refusals(reason)), "reason",
             Label(v1::RefusalReason_Name(reason), "REFUSAL_REASON_"));
  }
  out->Begin("thon_turned_away_total",
             "Batches and commands that the log did not take, by its state.",
             MetricType::Counter);
  for (const CommitState state : kStates) {
    if (state == CommitState::kOpen) continue;
    out->Add(Value(stats.turned_away(state)), "state",
             Label(CommitStateName(state), ""));
  }
  out->Histogram("thon_commit_group_entries",
                 "Entries that one fsync made durable.",
                 stats.group_entries.Read(), 1);
  out->Histogram("thon_fsync_seconds",
                 "Time to write a commit group and fsync it.",
                 stats.fsync_us.Read(), kUsPerSecond);
}

void AddLog(const Engine& engine, const EngineStatus& status, Families* out) {
  out->Gauge("thon_log_entries", "Entries of the log.",
             Value(status.end.tree_size.value));
  out->Gauge("thon_log_next_position", "The position of the next event.",
             Value(status.end.next_position.value));
  out->Begin("thon_commit_state", "1 for the state that the log is in.",
             MetricType::Gauge);
  for (const CommitState state : kStates) {
    out->Add(state == status.commit_state ? 1 : 0, "state",
             Label(CommitStateName(state), ""));
  }
  out->Gauge("thon_disk_reserve_bytes",
             "Free space below which nothing is recorded.",
             Value(engine.stats().disk_reserve_bytes));
  // Nothing rather than a wrong figure where the file system cannot say.
  const absl::StatusOr<std::uint64_t> free = engine.log().FreeBytes();
  if (free.ok()) {
    out->Gauge("thon_disk_free_bytes",
               "Free space of the data directory's file system.", Value(*free));
  }
}

void AddProjector(const EngineStats& stats, const EngineStatus& status,
                  Families* out) {
  const std::uint64_t last = status.end.next_position.value - 1;
  const std::uint64_t rows = status.rows_position.value;
  out->Gauge("thon_projector_position", "How far rows reach.", Value(rows));
  out->Gauge("thon_projector_lag_positions", "Positions that rows lack.",
             Value(last - std::min(rows, last)));
  out->Gauge("thon_projector_lag_seconds",
             "For how long the oldest position that rows lack has been "
             "durable.",
             static_cast<double>(stats.LagMs(SteadyMs())) / 1000);
  out->Gauge("thon_projector_stopped",
             "1 if the projector ended with an error.",
             stats.projector_stopped ? 1 : 0);
  out->Histogram("thon_fold_seconds", "Time to fold and write one step.",
                 stats.fold_us.Read(), kUsPerSecond);
  out->Histogram("thon_fold_positions", "Positions folded in one step.",
                 stats.fold_positions.Read(), 1);
}

void AddWatches(const WatchStats& stats, Families* out) {
  out->Gauge("thon_watchers", "Watches that are open.", Value(stats.watches));
  out->Gauge("thon_watch_feeds", "Different queries that are watched.",
             Value(stats.feeds));
  out->Gauge("thon_watch_keys_owed", "Keys kept for watches that are behind.",
             Value(stats.kept_keys));
  out->Gauge("thon_watch_bytes_kept", "Bytes of the rows of these keys.",
             Value(stats.kept_bytes));
  out->Counter("thon_watch_rounds_total", "Rounds of all watches.",
               stats.rounds);
  out->Counter("thon_watch_responses_total", "Responses to watches.",
               stats.responses);
}

void AddHttp(const HttpStats& stats, Families* out) {
  out->Gauge("thon_http_connections", "Connections that are open.",
             Value(stats.connections));
  out->Gauge("thon_http_streams",
             "Requests of gRPC-Web and for entries being answered.",
             Value(stats.streams));
  out->Counter("thon_http_accepted_total", "Connections accepted.",
               stats.accepted);
  out->Counter("thon_http_requests_total", "Requests that were complete.",
               stats.requests);
  out->Counter("thon_http_streams_total",
               "Requests of gRPC-Web and for bundles of entries.",
               stats.streams_started);
  out->Counter("thon_http_read_bytes_total", "Bytes read, within TLS.",
               stats.bytes_read);
  out->Counter("thon_http_written_bytes_total", "Bytes written, within TLS.",
               stats.bytes_written);
  out->Begin("thon_http_responses_total", "Answers, by kind of status.",
             MetricType::Counter);
  for (std::size_t kind = 1; kind < stats.responses.size(); ++kind) {
    out->Add(Value(stats.responses[kind]), "status", absl::StrCat(kind, "xx"));
  }
  out->Begin("thon_http_refusals_total",
             "Requests and connections refused or ended, by reason.",
             MetricType::Counter);
  for (std::size_t i = 0; i < kHttpRefusals; ++i) {
    out->Add(Value(stats.refusals[i]), "reason",
             HttpRefusalName(static_cast<HttpRefusal>(i)));
  }
}

void AddGrpcWeb(const GrpcWebStats& stats, Families* out) {
  out->Gauge("thon_grpc_web_calls", "gRPC-Web calls that have not ended.",
             Value(stats.open));
  out->Counter("thon_grpc_web_abandoned_total",
               "gRPC-Web calls whose browser went away.", stats.abandoned);
  out->Begin("thon_grpc_web_ended_total",
             "gRPC-Web calls that ended, by gRPC status code.",
             MetricType::Counter);
  for (std::size_t code = 0; code < stats.ended.size(); ++code) {
    out->Add(Value(stats.ended[code]), "code", absl::StrCat(code));
  }
}

void AddCheckpoints(const Checkpoints& checkpoints, const EngineStats& stats,
                    Families* out) {
  out->Gauge("thon_log_damaged",
             "1 if the disk holds something else than was recorded: nothing is "
             "signed any more.",
             stats.log_damaged ? 1 : 0);
  out->Gauge("thon_log_entries_checked",
             "Old entries hashed again from the disk since the start.",
             Value(checkpoints.entries_checked()));
  const absl::StatusOr<v1::Checkpoint> newest = checkpoints.Newest();
  out->Gauge("thon_checkpoint_entries",
             "Entries that the newest checkpoint covers; 0 if there is none.",
             newest.ok() ? Value(newest->tree_size()) : 0);
  const absl::StatusOr<v1::Checkpoint> witnessed = checkpoints.Witnessed();
  out->Gauge("thon_checkpoint_witnessed_entries",
             "Entries that the newest witnessed checkpoint covers.",
             witnessed.ok() ? Value(witnessed->tree_size()) : 0);
  out->Counter("thon_checkpoints_signed_total", "Checkpoints signed.",
               stats.checkpoints_signed);
  out->Gauge("thon_checkpoint_signed_seconds",
             "When the newest checkpoint was signed, Unix time; 0: never.",
             static_cast<double>(stats.checkpoint_signed_ms) / 1000);
  out->Gauge("thon_state_roots_due",
             "Positions whose state roots are not recorded yet.",
             Value(stats.state_roots_due));
  out->Counter("thon_state_roots_recorded_total",
               "Positions whose state roots were recorded.",
               stats.state_roots_recorded);
  out->Counter("thon_unrecorded_accesses_total",
               "Reads of auditors that could not be recorded.",
               stats.unrecorded_accesses);
}

void AddTiles(const TilesStats& stats, Families* out) {
  out->Begin("thon_tiles_total",
             "Checkpoints, tiles and entry bundles that readers asked for, by "
             "what they got.",
             MetricType::Counter);
  out->Add(Value(stats.checkpoints), "outcome", "checkpoint");
  out->Add(Value(stats.tiles), "outcome", "tile");
  out->Add(Value(stats.bundles), "outcome", "bundle");
  out->Add(Value(stats.not_found), "outcome", "not_found");
  out->Add(Value(stats.busy), "outcome", "busy");
  out->Add(Value(stats.failed), "outcome", "failed");
  out->Counter("thon_tiles_entry_bytes_total",
               "Bytes of entries sent in bundles, before compression.",
               stats.bundle_bytes);
}

// Of other logs that this server witnesses.
void AddWitness(const WitnessStats& stats, Families* out) {
  out->Gauge("thon_witness_logs", "Other logs that this server witnesses.",
             Value(stats.logs));
  out->Begin("thon_witness_submissions_total",
             "Checkpoints of other logs, by what was answered.",
             MetricType::Counter);
  out->Add(Value(stats.cosigned), "outcome", "cosigned");
  out->Add(Value(stats.conflicts), "outcome", "conflict");
  out->Add(Value(stats.malformed), "outcome", "malformed");
  out->Add(Value(stats.unknown_origin), "outcome", "unknown_log");
  out->Add(Value(stats.untrusted), "outcome", "untrusted");
  out->Add(Value(stats.inconsistent), "outcome", "inconsistent");
  out->Add(Value(stats.unavailable), "outcome", "unavailable");
  out->Begin("thon_witness_evidence_total",
             "Submissions that are evidence against a log, by what they show.",
             MetricType::Counter);
  out->Add(Value(stats.two_histories), "verdict", "two_histories");
  out->Add(Value(stats.not_shown_consistent), "verdict",
           "not_shown_consistent");
}

// The witnesses that this log asks.
void AddWitnesses(const std::vector<WitnessState>& states, Families* out) {
  const auto add = [&](const std::string& name, const std::string& help,
                       MetricType type, const auto& value) {
    out->Begin(name, help, type);
    for (const WitnessState& state : states) {
      out->Add(value(state), "witness", state.name);
    }
  };
  add("thon_witness_up", "1 if the witness cosigned when it was last asked.",
      MetricType::Gauge,
      [](const auto& state) { return state.up ? 1.0 : 0.0; });
  add("thon_witness_disagrees",
      "1 if the witness knows another history of this log, or a longer one.",
      MetricType::Gauge, [](const auto& state) {
        return state.ahead || state.refuses ? 1.0 : 0.0;
      });
  add("thon_witness_cosigned_entries",
      "Entries of the largest checkpoint that the witness cosigned.",
      MetricType::Gauge,
      [](const auto& state) { return Value(state.cosigned_size); });
  add("thon_witness_last_success_seconds",
      "When the witness last cosigned, Unix time; 0: never.", MetricType::Gauge,
      [](const auto& state) {
        return static_cast<double>(state.last_success_ms) / 1000;
      });
  add("thon_witness_cosignatures_total", "Cosignatures that were kept.",
      MetricType::Counter,
      [](const auto& state) { return Value(state.cosignatures); });
  add("thon_witness_failures_total", "Times that the witness did not cosign.",
      MetricType::Counter,
      [](const auto& state) { return Value(state.failures); });
}

void AddLogins(const LoginCounts& logins, Families* out) {
  out->Begin("thon_logins_total", "Log-ins to the dashboard, by outcome.",
             MetricType::Counter);
  out->Add(Value(logins.logged_in), "outcome", "logged_in");
  out->Add(Value(logins.wrong_code), "outcome", "wrong_code");
  out->Add(Value(logins.too_many), "outcome", "too_many");
  out->Add(Value(logins.cross_origin), "outcome", "cross_origin");
  out->Counter("thon_logouts_total", "Log-outs from the dashboard.",
               logins.logged_out);
}

void AddClock(Families* out) {
  timex state = {};  // No modes: only reads.
  // Where the system call is forbidden, nothing is known and nothing is said.
  if (adjtimex(&state) < 0) return;
  out->Gauge("thon_clock_unsynchronised",
             "1 if the kernel's clock is not kept by NTP.",
             (state.status & STA_UNSYNC) != 0 ? 1 : 0);
  out->Gauge("thon_clock_error_seconds",
             "The kernel's bound of its clock's error.",
             static_cast<double>(state.maxerror) / kUsPerSecond);
}

std::uint64_t BytesBelow(const std::string& directory) {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end;
       !error && it != end && ++files < limits::kFilesCountedMax;
       it.increment(error)) {
    std::error_code gone;  // RocksDB may delete it meanwhile.
    const std::uint64_t size = it->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace

Metrics::Metrics(Engine* engine, const LoginCounts* logins, std::string data)
    : engine_(engine), logins_(logins), data_(std::move(data)) {}

void Metrics::SetSources(MetricsSources sources) {
  MutexLock lock(&mu_);
  sources_ = std::move(sources);
}

Metrics::Scanned Metrics::Scan() {
  MutexLock lock(&scan_mu_);
  const std::int64_t now = SteadyMs();
  if (scanned_.steady_ms != 0 && now - scanned_.steady_ms < kScanMs) {
    return scanned_;
  }
  Scanned scanned;
  const std::int64_t server_ms = engine_->status().server_time.ms;
  const std::unique_ptr<RowReader> rows =
      engine_->RowsAt(engine_->rows_position());
  rows->Scan(Table::kSyncHealth, "", "",
             [&](absl::string_view, const RowVersion& row) {
               v1::SyncHealthRow health;
               if (health.ParseFromString(row.value) && health.batches() > 0) {
                 const std::int64_t ago =
                     server_ms - health.last_receive_time_ms();
                 scanned.phones += 1;
                 scanned.heard_day += ago < kDayMs ? 1 : 0;
                 scanned.heard_two_weeks += ago < 14 * kDayMs ? 1 : 0;
               }
               return scanned.phones < limits::kPhonesCountedMax;
             });
  scanned.log_bytes = BytesBelow(data_ + "/log");
  scanned.steady_ms = now;
  scanned_ = scanned;
  return scanned;
}

std::string Metrics::Text() {
  const EngineStatus status = engine_->status();
  const EngineStats& stats = engine_->stats();
  Families out;
  out.Begin("thon_build_info", "1; the version is in the label.",
            MetricType::Gauge);
  out.Add(1, "version", kVersion);
  AddIngest(stats, &out);
  AddLog(*engine_, status, &out);
  const Scanned scanned = Scan();
  out.Gauge("thon_log_bytes", "Bytes of the log on disk.",
            Value(scanned.log_bytes));
  AddCheckpoints(engine_->checkpoints(), engine_->stats(), &out);
  AddProjector(stats, status, &out);
  AddWatches(engine_->watches().stats(), &out);
  out.Begin("thon_phones_heard",
            "Phones heard from within the last day (1d), the last two weeks "
            "(14d), and ever.",
            MetricType::Gauge);
  out.Add(Value(scanned.heard_day), "within", "1d");
  out.Add(Value(scanned.heard_two_weeks), "within", "14d");
  out.Add(Value(scanned.phones), "within", "ever");
  {
    MutexLock lock(&mu_);
    if (sources_.sync_streams) {
      out.Gauge("thon_sync_streams", "Sync streams of phones that are open.",
                Value(sources_.sync_streams()));
    }
    if (sources_.http) AddHttp(sources_.http(), &out);
    if (sources_.grpc_web) AddGrpcWeb(sources_.grpc_web(), &out);
    if (sources_.tiles) AddTiles(sources_.tiles(), &out);
    if (sources_.witness) AddWitness(sources_.witness(), &out);
    if (sources_.witnesses) AddWitnesses(sources_.witnesses(), &out);
  }
  AddLogins(*logins_, &out);
  AddClock(&out);
  return out.Text();
}

}  // namespace thon
