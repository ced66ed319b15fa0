// How soon many watchers see what phones send.
//
// A province of 173 communes, a team in each; watchers evenly on the communes,
// and ten on the whole province, each following how phones are heard and what
// the teams did this month. A batch's lag is from the moment it was due to be
// sent until a watcher of its team has PROGRESS that shows it.
//
// The watchers share the machine with the server. So the processors' time that
// each of the two took is told beside the lag: the server's per change that a
// watcher was shown is what does not depend on the machine being otherwise
// idle. (The server's holds all it does: recording, folding, telling.)
//
// With `fair` seconds without and with a watcher that never reads take turns in
// one run, over the same watchers and the same connection.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/limits.h"
#include "server/core/mutex.h"
#include "thon/v1/watch_service.grpc.pb.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/load.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

constexpr int kCommunes = 173;
constexpr int kProvinceWatchers = 10;
constexpr int kBatch = 16;
constexpr int kWatchersPerConnection = 200;
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kWarmUpUs = kSecondUs;
constexpr double kFairMax = 1.2;
constexpr std::uint32_t kHealthQuery = 1;
constexpr std::uint32_t kMonthQuery = 2;

struct Lag {
  std::int64_t due_us;
  std::int64_t us;
};

// When each author's batches were due.
//
// Thread-safety: a batch's moment is noted before it is sent.
class Schedule {
 public:
  explicit Schedule(const std::vector<Author>& authors) {
    for (std::size_t i = 0; i < authors.size(); ++i) {
      index_[std::string(authors[i].key().public_key().author().view())] = i;
    }
    due_us_.resize(authors.size());
    first_.reserve(authors.size());
    for (const Author& author : authors) {
      first_.push_back(author.next_sequence());
    }
  }
  void Note(std::size_t author, std::int64_t due_us) {
    MutexLock lock(&mu_);
    due_us_[author].push_back(due_us);
  }
  // Adds the lags of the author's batches behind `*seen` up to `last_sequence`,
  // as of `now_us`; those due before `from_us` are not counted.
  void Lags(const std::string& author, std::uint64_t last_sequence,
            std::int64_t now_us, std::int64_t from_us, std::size_t* seen,
            std::vector<Lag>* lags) {
    MutexLock lock(&mu_);
    const auto found = index_.find(author);
    if (found == index_.end()) return;
    const std::size_t i = found->second;
    if (last_sequence < first_[i]) return;
    const std::size_t batches = std::min<std::size_t>(
        (last_sequence + 1 - first_[i]) / kBatch, due_us_[i].size());
    for (; *seen < batches; ++*seen) {
      const std::int64_t due = due_us_[i][*seen];
      if (due >= from_us) lags->push_back({due, now_us - due});
    }
  }

 private:
  std::map<std::string, std::size_t> index_;
  std::vector<std::uint64_t> first_;
  Mutex mu_;
  std::vector<std::vector<std::int64_t>> due_us_ ABSL_GUARDED_BY(mu_);
};

// One watcher. Reads as fast as responses come.
class Follower final : public grpc::ClientReadReactor<v1::WatchResponse> {
 public:
  Follower(v1::WatchService::Stub* stub, const std::string& token,
           const v1::WatchRequest& request, Schedule* schedule)
      : request_(request), schedule_(schedule) {
    context_.AddMetadata("authorization", "Bearer " + token);
    stub->async()->Watch(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void MeasureFrom(std::int64_t us) {
    MutexLock lock(&mu_);
    from_us_ = us;
  }
  void AwaitFirst() {
    MutexLock lock(&mu_);
    while (!told_ && !done_) changed_.Wait(&mu_);
  }
  absl::Status Leave() {
    context_.TryCancel();
    MutexLock lock(&mu_);
    while (!done_) changed_.Wait(&mu_);
    if (status_.error_code() == grpc::StatusCode::CANCELLED) {
      return absl::OkStatus();
    }
    return absl::UnavailableError("a watch ended: " + status_.error_message());
  }
  // After Leave().
  const std::vector<Lag>& lags() const { return lags_; }
  std::uint64_t responses() const { return responses_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    ++responses_;
    bytes_ += response_.ByteSizeLong();
    for (v1::WatchedRow& row : *response_.mutable_rows()) {
      v1::SyncHealthRow health;
      if (row.query_id() == kHealthQuery && health.ParseFromString(row.row())) {
        newest_[health.author()] = health.last_sequence();
      }
    }
    if (response_.has_progress()) Told();
    StartRead(&response_);
  }
  void Told() {
    const std::int64_t now = NowUs();
    std::int64_t from = 0;
    {
      MutexLock lock(&mu_);
      told_ = true;
      from = from_us_;
      changed_.NotifyAll();
    }
    for (const auto& [author, sequence] : newest_) {
      schedule_->Lags(author, sequence, now, from, &seen_[author], &lags_);
    }
    newest_.clear();
  }
  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mu_);
    done_ = true;
    status_ = status;
    changed_.NotifyAll();
  }

  const v1::WatchRequest request_;
  Schedule* const schedule_;
  grpc::ClientContext context_;
  v1::WatchResponse response_;
  // The reactions'.
  std::map<std::string, std::uint64_t> newest_;
  std::map<std::string, std::size_t> seen_;
  std::vector<Lag> lags_;
  std::uint64_t responses_ = 0;
  std::uint64_t bytes_ = 0;

  Mutex mu_;
  CondVar changed_;
  std::int64_t from_us_ ABSL_GUARDED_BY(mu_) = INT64_MAX;
  bool told_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mu_);
};

// Asks for everything and takes nothing.
class Stuck final : public grpc::ClientReadReactor<v1::WatchResponse> {
 public:
  Stuck(v1::WatchService::Stub* stub, const std::string& token) {
    context_.AddMetadata("authorization", "Bearer " + token);
    for (int i = 0; i < 2; ++i) {
      v1::WatchQuery* const query = request_.add_queries();
      query->set_query_id(static_cast<std::uint32_t>(i));
      query->set_projection(i == 0 ? v1::WATCHED_PROJECTION_TEAM_MONTHS
                                   : v1::WATCHED_PROJECTION_EVENTS);
    }
    stub->async()->Watch(&context_, &request_, this);
    // gRPC lets a call end only when somebody could still read it.
    AddHold();
    StartCall();
  }
  ~Stuck() override {
    context_.TryCancel();
    RemoveHold();
    MutexLock lock(&mu_);
    while (!done_) changed_.Wait(&mu_);
  }

 private:
  void OnDone(const grpc::Status&) override {
    MutexLock lock(&mu_);
    done_ = true;
    changed_.NotifyAll();
  }

  grpc::ClientContext context_;
  v1::WatchRequest request_;
  Mutex mu_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
};

v1::WatchRequest RequestFor(std::uint64_t root) {
  v1::WatchRequest request;
  v1::WatchQuery* query = request.add_queries();
  query->set_query_id(kHealthQuery);
  query->set_projection(v1::WATCHED_PROJECTION_SYNC_HEALTH);
  query->set_root_unit_id(root);
  query->add_fields("author");
  query->add_fields("last_sequence");
  query = request.add_queries();
  query->set_query_id(kMonthQuery);
  query->set_projection(v1::WATCHED_PROJECTION_TEAM_MONTHS);
  query->set_root_unit_id(root);
  for (const char* field : {"team_id", "month", "row.active_days",
                            "row.activities", "row.people_reached"}) {
    query->add_fields(field);
  }
  return request;
}

// Time on processors that this program took.
std::int64_t OwnCpuUs() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * kSecondUs +
         used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

double Percentile(std::vector<std::int64_t>* values, double part) {
  if (values->empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(
      part * static_cast<double>(values->size() - 1));
  std::nth_element(values->begin(), values->begin() + at, values->end());
  return static_cast<double>((*values)[static_cast<std::size_t>(at)]) / 1000;
}

class WatchBench {
 public:
  explicit WatchBench(const BenchOptions& options)
      : options_(options), watchers_(options.fair ? 200 : options.watchers) {}
  absl::Status Run();

 private:
  // Of the load, without the second before it.
  std::int64_t seconds() const {
    return options_.seconds * (options_.fair ? 2 : 1);
  }
  absl::Status Prepare();
  void BeginWatches();
  void Send();
  // A watcher that never reads is there in every other second.
  void TakeTurns(std::int64_t now_us);
  absl::Status End();
  absl::Status TellLag(std::vector<std::int64_t> lags);
  absl::Status TellFair();

  const BenchOptions& options_;
  const int watchers_;
  const Folder folder_;
  std::vector<Author> authors_;
  std::vector<std::deque<v1::SealedBatch>> batches_;
  std::unique_ptr<Schedule> schedule_;
  std::vector<std::string> tokens_;
  std::unique_ptr<ChildServer> server_;
  std::vector<std::unique_ptr<v1::WatchService::Stub>> stubs_;
  std::vector<std::unique_ptr<Follower>> followers_;
  std::unique_ptr<Stuck> stuck_;
  std::vector<std::unique_ptr<StreamLoad>> streams_;
  std::int64_t resident_before_ = 0;
  std::int64_t resident_idle_ = 0;
  std::int64_t begin_us_ = 0;       // Of what is measured.
  std::int64_t server_cpu_us_ = 0;  // Of all that was sent.
  std::int64_t own_cpu_us_ = 0;     // Likewise.
  std::int64_t sent_us_ = 0;        // How long that took.
  std::vector<Lag> lags_;
  std::size_t changes_ = 0;  // Shown to a watcher, in all.
  std::uint64_t responses_ = 0;
  std::uint64_t bytes_ = 0;
};

absl::Status WatchBench::Prepare() {
  const std::uint64_t batches =
      static_cast<std::uint64_t>(options_.rate) *
          (static_cast<std::uint64_t>(seconds()) + 2) / (kBatch * kCommunes) +
      2;
  authors_ = MakeAuthors(kCommunes, kBatch, batches * kCommunes * kBatch);
  schedule_ = std::make_unique<Schedule>(authors_);
  batches_ = SignAhead(&authors_, batches);
  const absl::StatusOr<std::string> origin =
      FoundProvince(folder_.path(), authors_, kCommunes);
  if (!origin.ok()) return origin.status();
  const int officers =
      watchers_ / static_cast<int>(limits::kWatchesPerOfficerMax) + 2;
  absl::StatusOr<std::vector<std::string>> tokens =
      MakeReaders(folder_.path(), officers);
  if (!tokens.ok()) return tokens.status();
  tokens_ = *std::move(tokens);
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(folder_.path(), options_.tls);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  for (std::size_t i = 0; i < authors_.size(); ++i) {
    streams_.push_back(std::make_unique<StreamLoad>(
        server_->Connect(), authors_[i], *origin, &batches_[i], 16));
  }
  return absl::OkStatus();
}

void WatchBench::BeginWatches() {
  for (int i = 0; i < watchers_; ++i) {
    if (options_.tls || i % kWatchersPerConnection == 0) {
      stubs_.push_back(v1::WatchService::NewStub(server_->Connect()));
    }
    const bool province = i < kProvinceWatchers;
    const std::uint64_t root =
        province ? BenchProvince()
                 : BenchCommune(static_cast<std::uint64_t>(i) % kCommunes);
    // The first one has brought up what all share when the memory is read.
    if (i == 1) resident_before_ = server_->ResidentBytes();
    followers_.push_back(std::make_unique<Follower>(
        stubs_.back().get(),
        tokens_[static_cast<std::size_t>(i) / limits::kWatchesPerOfficerMax],
        RequestFor(root), schedule_.get()));
    followers_.back()->AwaitFirst();
  }
  resident_idle_ = server_->ResidentBytes();
}

void WatchBench::TakeTurns(std::int64_t now_us) {
  if (!options_.fair || now_us < begin_us_) return;
  const bool wanted = (now_us - begin_us_) / kSecondUs % 2 != 0;
  if (!wanted) {
    stuck_.reset();
  } else if (stuck_ == nullptr) {
    stuck_ = std::make_unique<Stuck>(stubs_.front().get(), tokens_.back());
  }
}

void WatchBench::Send() {
  const std::int64_t begin = NowUs();
  begin_us_ = begin + kWarmUpUs;
  server_cpu_us_ = -server_->CpuUs();
  own_cpu_us_ = -OwnCpuUs();
  // The first second's are counted, though they are no part of the lag.
  for (const auto& follower : followers_) follower->MeasureFrom(begin);
  const double batches_per_s = static_cast<double>(options_.rate) / kBatch;
  const auto batches = static_cast<std::int64_t>(
      batches_per_s * static_cast<double>(seconds() + 1));
  for (std::int64_t i = 0; i < batches; ++i) {
    const std::int64_t due =
        begin + static_cast<std::int64_t>(static_cast<double>(i) /
                                          batches_per_s * kSecondUs);
    if (due > NowUs()) {
      std::this_thread::sleep_for(std::chrono::microseconds(due - NowUs()));
    }
    TakeTurns(due);
    const std::size_t author = static_cast<std::size_t>(i) % authors_.size();
    schedule_->Note(author, due);
    streams_[author]->Allow(due);
  }
  stuck_.reset();
  for (const auto& stream : streams_) {
    while (!stream->idle() && !stream->starved()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // What is acknowledged last is on its way to the watchers.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  server_cpu_us_ += server_->CpuUs();
  own_cpu_us_ += OwnCpuUs();
  sent_us_ = NowUs() - begin;
}

absl::Status WatchBench::End() {
  absl::Status status;
  for (const auto& follower : followers_) {
    status.Update(follower->Leave());
    lags_.insert(lags_.end(), follower->lags().begin(), follower->lags().end());
    responses_ += follower->responses();
    bytes_ += follower->bytes();
  }
  for (const auto& stream : streams_) stream->Finish();
  for (const auto& stream : streams_) status.Update(stream->Wait());
  server_->Stop();
  if (!status.ok()) return status;
  changes_ = lags_.size();
  std::erase_if(lags_,
                [this](const Lag& lag) { return lag.due_us < begin_us_; });
  if (options_.fair) return TellFair();
  std::vector<std::int64_t> lags;
  lags.reserve(lags_.size());
  for (const Lag& lag : lags_) lags.push_back(lag.us);
  return TellLag(std::move(lags));
}

absl::Status WatchBench::TellLag(std::vector<std::int64_t> lags) {
  Print(options_,
        {{"bench", "watch"},
         {"watchers", watchers_},
         {"rate", options_.rate},
         {"seconds", options_.seconds},
         {"tls", options_.tls},
         {"changes_seen", lags.size()},
         {"lag_p50_ms", Percentile(&lags, 0.5)},
         {"lag_p99_ms", Percentile(&lags, 0.99)},
         {"bytes_per_watcher",
          (resident_idle_ - resident_before_) / (watchers_ - 1)},
         {"server_cpu_per_change_us",
          static_cast<double>(server_cpu_us_) /
              static_cast<double>(std::max<std::size_t>(changes_, 1))},
         {"server_processors",
          static_cast<double>(server_cpu_us_) / static_cast<double>(sent_us_)},
         {"bench_processors",
          static_cast<double>(own_cpu_us_) / static_cast<double>(sent_us_)},
         {"responses", responses_},
         {"response_bytes", bytes_}});
  return absl::OkStatus();
}

absl::Status WatchBench::TellFair() {
  std::vector<std::int64_t> without;
  std::vector<std::int64_t> with;
  for (const Lag& lag : lags_) {
    const bool stuck = (lag.due_us - begin_us_) / kSecondUs % 2 != 0;
    (stuck ? with : without).push_back(lag.us);
  }
  const double alone = Percentile(&without, 0.99);
  const double beside = Percentile(&with, 0.99);
  const double ratio = alone > 0 ? beside / alone : 0;
  Print(options_, {{"bench", "watch_fair"},
                   {"watchers", watchers_},
                   {"rate", options_.rate},
                   {"seconds", options_.seconds},
                   {"lag_p99_without_ms", alone},
                   {"lag_p99_with_ms", beside},
                   {"ratio", ratio},
                   {"ratio_max", kFairMax}});
  if (ratio > 0 && ratio <= kFairMax) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("a watcher that never reads costs the others: the p99 is ",
                   ratio, " times what it is without it"));
}

absl::Status WatchBench::Run() {
  const absl::Status prepared = Prepare();
  if (!prepared.ok()) return prepared;
  BeginWatches();
  Send();
  return End();
}

}  // namespace

absl::Status BenchWatch(const BenchOptions& options) {
  return WatchBench(options).Run();
}

}  // namespace thon::bench
