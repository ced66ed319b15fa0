#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "thon/v1/query_service.grpc.pb.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/load.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
// Before anything is counted.
constexpr std::int64_t kWarmUpUs = kSecondUs / 2;

// How many batches to sign for a second of full load, at most; a bench that
// runs out of them ends early and counts the time it had.
std::uint64_t BatchesASecond(int batch) {
  return std::min<std::uint64_t>(15'000,
                                 200'000 / static_cast<unsigned>(batch));
}

void WaitUntil(std::int64_t us) {
  std::this_thread::sleep_for(std::chrono::microseconds(us - NowUs()));
}

double Percentile(std::vector<std::int64_t>* latencies_us, double part) {
  if (latencies_us->empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(
      part * static_cast<double>(latencies_us->size() - 1));
  std::nth_element(latencies_us->begin(), latencies_us->begin() + at,
                   latencies_us->end());
  return static_cast<double>((*latencies_us)[static_cast<std::size_t>(at)]) /
         1000;
}

class Ingest {
 public:
  explicit Ingest(const BenchOptions& options) : options_(options) {}

  absl::Status Run();

 private:
  absl::Status Prepare();
  std::uint64_t Answered() const;
  std::vector<std::int64_t> Latencies();
  absl::Status FullLoad();
  void HalfLoad();
  absl::Status RowsPosition(std::uint64_t* rows, std::uint64_t* next) const;
  absl::Status CatchUp(std::int64_t begin_us);

  const BenchOptions& options_;
  const Folder folder_;
  std::vector<Author> authors_;
  std::vector<std::deque<v1::SealedBatch>> batches_;
  std::string origin_;
  std::unique_ptr<ChildServer> server_;
  std::vector<std::unique_ptr<StreamLoad>> streams_;
  nlohmann::ordered_json result_;
  double events_per_s_ = 0;
};

absl::Status Ingest::Prepare() {
  const std::uint64_t seconds = static_cast<std::uint64_t>(options_.seconds);
  // Half load comes after, for as long.
  const std::uint64_t batches = BatchesASecond(options_.batch) *
                                (3 * seconds / 2 + 2) /
                                static_cast<unsigned>(options_.streams);
  authors_ = MakeAuthors(options_.streams, options_.batch,
                         batches * static_cast<unsigned>(options_.streams) *
                             static_cast<unsigned>(options_.batch));
  batches_ = SignAhead(&authors_, batches);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < authors_.size(); ++i) {
    bytes += batches_[i].front().batch().size();
  }
  result_ = {{"bench", "ingest"},
             {"batch", options_.batch},
             {"streams", options_.streams},
             {"tls", options_.tls},
             {"event_bytes", bytes / (authors_.size() *
                                      static_cast<unsigned>(options_.batch))}};
  absl::StatusOr<std::string> origin = FoundProvince(folder_.path(), authors_);
  if (!origin.ok()) return origin.status();
  origin_ = *std::move(origin);
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(folder_.path(), options_.tls);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  for (std::size_t i = 0; i < authors_.size(); ++i) {
    streams_.push_back(
        std::make_unique<StreamLoad>(server_->Connect(), authors_[i], origin_,
                                     &batches_[i], options_.window));
  }
  return absl::OkStatus();
}

std::uint64_t Ingest::Answered() const {
  std::uint64_t events = 0;
  for (const auto& stream : streams_) events += stream->events_answered();
  return events;
}

std::vector<std::int64_t> Ingest::Latencies() {
  std::vector<std::int64_t> all;
  for (const auto& stream : streams_) {
    const std::vector<std::int64_t> some = stream->TakeLatencies();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

absl::Status Ingest::RowsPosition(std::uint64_t* rows,
                                  std::uint64_t* next) const {
  const auto stub = v1::QueryService::NewStub(server_->Connect());
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + server_->token());
  v1::ServerStatus status;
  const grpc::Status got =
      stub->GetStatus(&context, v1::GetStatusRequest(), &status);
  if (!got.ok()) {
    return absl::UnavailableError("GetStatus: " + got.error_message());
  }
  *rows = status.rows_position();
  *next = status.next_position();
  return absl::OkStatus();
}

absl::Status Ingest::CatchUp(std::int64_t begin_us) {
  std::uint64_t rows = 0;
  std::uint64_t next = 0;
  absl::Status status = RowsPosition(&rows, &next);
  if (!status.ok()) return status;
  result_["rows_behind"] = next - 1 - rows;
  while (status.ok() && rows + 1 < next) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    status = RowsPosition(&rows, &next);
  }
  // With the time that rows needed afterwards: what can be kept up for ever.
  const double seconds =
      static_cast<double>(NowUs() - begin_us) / static_cast<double>(kSecondUs);
  result_["events_per_s_with_rows"] =
      static_cast<std::uint64_t>(static_cast<double>(Answered()) / seconds);
  return status;
}

absl::Status Ingest::FullLoad() {
  const std::int64_t start = NowUs();
  for (const auto& stream : streams_) stream->SendFreely();
  WaitUntil(start + kWarmUpUs);
  const std::uint64_t events_before = Answered();
  Latencies();
  const std::int64_t begin = NowUs();
  const std::int64_t end = begin + options_.seconds * kSecondUs;
  bool starved = false;
  while (NowUs() < end && !starved) {
    WaitUntil(std::min(end, NowUs() + kSecondUs / 50));
    for (const auto& stream : streams_) starved |= stream->starved();
  }
  const std::uint64_t events = Answered() - events_before;
  const double seconds =
      static_cast<double>(NowUs() - begin) / static_cast<double>(kSecondUs);
  for (const auto& stream : streams_) stream->SendOnlyWhenDue();
  std::vector<std::int64_t> latencies = Latencies();
  events_per_s_ = static_cast<double>(events) / seconds;
  result_["events_per_s"] = static_cast<std::uint64_t>(events_per_s_);
  result_["ack_p50_ms"] = Percentile(&latencies, 0.5);
  result_["ack_p99_ms"] = Percentile(&latencies, 0.99);
  if (starved) result_["ended_early_after_s"] = seconds;
  for (const auto& stream : streams_) {
    while (!stream->idle()) WaitUntil(NowUs() + 1000);
  }
  return CatchUp(start);
}

void Ingest::HalfLoad() {
  const double batches_per_s = events_per_s_ / 2 / options_.batch;
  const auto batches = static_cast<std::int64_t>(
      batches_per_s * static_cast<double>(options_.seconds) / 2);
  Latencies();
  const std::int64_t begin = NowUs();
  for (std::int64_t i = 0; i < batches; ++i) {
    const std::int64_t due =
        begin + static_cast<std::int64_t>(static_cast<double>(i) /
                                          batches_per_s * kSecondUs);
    if (due > NowUs()) WaitUntil(due);
    streams_[static_cast<std::size_t>(i) % streams_.size()]->Allow(due);
  }
  for (const auto& stream : streams_) {
    while (!stream->idle() && !stream->starved()) WaitUntil(NowUs() + 1000);
  }
  std::vector<std::int64_t> latencies = Latencies();
  result_["half_load_ack_p50_ms"] = Percentile(&latencies, 0.5);
  result_["half_load_ack_p99_ms"] = Percentile(&latencies, 0.99);
}

absl::Status Ingest::Run() {
  absl::Status status = Prepare();
  if (!status.ok()) return status;
  status = FullLoad();
  if (status.ok()) HalfLoad();
  for (const auto& stream : streams_) stream->Finish();
  for (const auto& stream : streams_) {
    const absl::Status ended = stream->Wait();
    if (status.ok()) status = ended;
  }
  server_->Stop();
  if (status.ok()) Print(options_, result_);
  return status;
}

}  // namespace

absl::Status BenchIngest(const BenchOptions& options) {
  return Ingest(options).Run();
}

}  // namespace thon::bench
