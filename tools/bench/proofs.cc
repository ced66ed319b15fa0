// The bench of proofs: inclusion and consistency, out of the log in this
// process and over gRPC as auditors ask for them. Each proof that is measured
// in this process is of another place; some are checked, off the clock.

#include "server/engine/proofs.h"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/core/merkle.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/stream_load.h"
#include "tools/bench/subject.h"

namespace thon::bench {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr int kCheckEvery = 512;

// Places in a tree, always the same ones.
class Places {
 public:
  Places(std::uint64_t tree_size, std::uint64_t seed)
      : random_(seed), place_(0, tree_size - 1) {}
  std::uint64_t Next() { return place_(random_); }

 private:
  std::mt19937_64 random_;
  std::uniform_int_distribution<std::uint64_t> place_;
};

absl::Status CheckInclusion(const EntryLog& log, std::uint64_t index,
                            const std::vector<Hash>& path) {
  const std::uint64_t size = log.end().tree_size.value;
  const absl::StatusOr<std::vector<Hash>> leaf =
      log.LeafHashes(EntryIndex(index), EntryIndex(index + 1));
  if (!leaf.ok()) return leaf.status();
  const absl::StatusOr<Hash> root =
      merkle::RootFromInclusionProof(leaf->front(), index, size, path);
  if (!root.ok()) return root.status();
  return *root == log.root() ? absl::OkStatus()
                             : absl::DataLossError("a proof leads elsewhere");
}

absl::Status CheckConsistency(const EntryLog& log, std::uint64_t first,
                              const std::vector<Hash>& path) {
  const absl::StatusOr<Hash> root = merkle::RootAt(
      first, [&log](merkle::NodeId node) { return log.Node(node); });
  if (!root.ok()) return root.status();
  return merkle::VerifyConsistency(first, *root, log.end().tree_size.value,
                                   log.root(), path);
}

// Calls prove(place) for as long as is measured. Returns proofs a second.
template <typename Prove, typename Check>
absl::StatusOr<std::uint64_t> Rate(int seconds, std::uint64_t tree_size,
                                   const Prove& prove, const Check& check) {
  Places places(tree_size, 1);
  std::uint64_t proofs = 0;
  std::int64_t us = 0;
  while (us < seconds * kSecondUs) {
    std::uint64_t place = 0;
    std::vector<Hash> last;
    const std::int64_t begin = NowUs();
    for (int i = 0; i < kCheckEvery; ++i, ++proofs) {
      place = places.Next();
      absl::StatusOr<std::vector<Hash>> path = prove(place);
      if (!path.ok()) return path.status();
      last = *std::move(path);
    }
    us += NowUs() - begin;
    const absl::Status checked = check(place, last);
    if (!checked.ok()) return checked;
  }
  return PerSecond(proofs, us);
}

absl::Status InProcess(const BenchOptions& options, const EntryLog& log,
                       nlohmann::ordered_json* result) {
  const std::uint64_t size = log.end().tree_size.value;
  const auto inclusion = Rate(
      options.seconds, size,
      [&](std::uint64_t place) {
        return InclusionPath(log, EntryIndex(place), size);
      },
      [&](std::uint64_t place, const std::vector<Hash>& path) {
        return CheckInclusion(log, place, path);
      });
  if (!inclusion.ok()) return inclusion.status();
  (*result)["inclusion_per_s"] = *inclusion;
  const auto consistency = Rate(
      options.seconds, size,
      [&](std::uint64_t place) {
        return ConsistencyPath(log, place + 1, size);
      },
      [&](std::uint64_t place, const std::vector<Hash>& path) {
        return CheckConsistency(log, place + 1, path);
      });
  if (!consistency.ok()) return consistency.status();
  (*result)["consistency_per_s"] = *consistency;
  return absl::OkStatus();
}

// Calls `call(place)` from `threads` threads, each with a connection of its
// own. Returns calls a second.
using Call = std::function<grpc::Status(
    v1::AuditService::Stub&, grpc::ClientContext*, std::uint64_t place)>;

absl::StatusOr<std::uint64_t> CallRate(const BenchOptions& options,
                                       const ChildServer& server,
                                       std::uint64_t tree_size,
                                       const Call& call) {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<bool> failed{false};
  grpc::Status failure;
  const std::int64_t begin = NowUs();
  const std::int64_t end = begin + options.seconds * kSecondUs;
  std::vector<std::thread> threads;
  for (int t = 0; t < options.streams; ++t) {
    threads.emplace_back([&, t] {
      const auto stub = v1::AuditService::NewStub(server.Connect());
      Places places(tree_size, static_cast<std::uint64_t>(t) + 2);
      while (NowUs() < end && !failed) {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + server.token());
        const grpc::Status status = call(*stub, &context, places.Next());
        if (!status.ok() && !failed.exchange(true)) failure = status;
        ++calls;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) {
    return absl::UnavailableError("a proof: " + failure.error_message());
  }
  return PerSecond(calls, NowUs() - begin);
}

absl::Status OverWire(const BenchOptions& options, const Subject& subject,
                      nlohmann::ordered_json* result) {
  absl::StatusOr<std::unique_ptr<ChildServer>> server =
      ChildServer::Start(subject.directory(), /*tls=*/false);
  if (!server.ok()) return server.status();
  v1::Checkpoint checkpoint;
  {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + (*server)->token());
    const grpc::Status status =
        v1::AuditService::NewStub((*server)->Connect())
            ->GetCheckpoint(&context, v1::GetCheckpointRequest(), &checkpoint);
    if (!status.ok()) {
      return absl::UnavailableError("GetCheckpoint: " + status.error_message());
    }
  }
  const std::uint64_t size = checkpoint.tree_size();
  const auto inclusion =
      CallRate(options, **server, size,
               [size](v1::AuditService::Stub& stub,
                      grpc::ClientContext* context, std::uint64_t place) {
                 v1::GetInclusionProofRequest request;
                 request.set_entry_index(place);
                 request.set_tree_size(size);
                 v1::InclusionProof proof;
                 return stub.GetInclusionProof(context, request, &proof);
               });
  if (!inclusion.ok()) return inclusion.status();
  (*result)["calls_at_a_time"] = options.streams;
  (*result)["grpc_inclusion_per_s"] = *inclusion;
  const auto consistency =
      CallRate(options, **server, size,
               [size](v1::AuditService::Stub& stub,
                      grpc::ClientContext* context, std::uint64_t place) {
                 v1::GetConsistencyProofRequest request;
                 request.set_first_tree_size(place + 1);
                 request.set_second_tree_size(size);
                 v1::ConsistencyProof proof;
                 return stub.GetConsistencyProof(context, request, &proof);
               });
  if (!consistency.ok()) return consistency.status();
  (*result)["grpc_consistency_per_s"] = *consistency;
  (*server)->Stop();
  return absl::OkStatus();
}

}  // namespace

absl::Status BenchProofs(const BenchOptions& options) {
  Subject subject;
  absl::Status status = subject.Prepare(options);
  if (!status.ok()) return status;
  nlohmann::ordered_json result;
  {
    const absl::StatusOr<std::unique_ptr<EntryLog>> log = subject.OpenLog();
    if (!log.ok()) return log.status();
    result = Figures("proofs", **log);
    status = InProcess(options, **log, &result);
  }
  if (status.ok()) status = OverWire(options, subject, &result);
  if (status.ok()) Print(options, result);
  return status;
}

}  // namespace thon::bench
