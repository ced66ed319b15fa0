// What every unary call does before and after its own work: find out who calls,
// leave gRPC's thread, wait for rows, and turn a status into an answer.
#ifndef THON_RPC_CALLS_H_
#define THON_RPC_CALLS_H_

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/engine/engine.h"
#include "server/projections/projection.h"
#include "server/rpc/worker_pool.h"
#include "thon/v1/query_service.pb.h"

namespace thon {

// A caller with a bearer token.
struct Caller {
  OfficerId officer;
};

// The rows a query reads.
struct ReadView {
  Position position;
  std::unique_ptr<RowReader> rows;
  std::unique_ptr<EventSource> events;
  Date local_date;  // The last day opened at `position`.
};

// The bearer token of a call's metadata ("authorization: Bearer TOKEN"), or
// empty. Valid while the call lives.
absl::string_view BearerToken(const grpc::CallbackServerContext& context);

// The moment that a request names; none: the newest rows.
AsOfMoment MomentOf(const v1::AsOf& as_of);

// kResourceExhausted, with a delay: the worker pool's queue is full.
absl::Status TooManyCalls();

// Thread-safety: every method may be called from any thread.
class Calls {
 public:
  // Neither is owned; both outlive every call.
  Calls(Engine* engine, WorkerPool* pool);

  Engine& engine() const { return *engine_; }
  WorkerPool& pool() const { return *pool_; }

  // Runs `go_on` on a worker with whose token it is. Who may do what is in the
  // rows: while they are behind the log as it was at the start, because they
  // are being folded again, it waits, at most 30 s, then kUnavailable.
  // Requires: on a worker.
  using Identified = std::function<void(absl::StatusOr<OfficerId>)>;
  void Identify(absl::string_view token, Identified go_on) const;

  // Identifies on a worker, then runs `work` there; its status ends the
  // call. RESOURCE_EXHAUSTED when too many calls wait.
  using Work = std::function<absl::Status(const Caller&)>;
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context,
                                Work work) const;

  // As Run, but `work` answers later, by calling `finish` once, on any thread.
  using Finish = std::function<void(absl::Status)>;
  using AsyncWork = std::function<void(const Caller&, Finish finish)>;
  grpc::ServerUnaryReactor* RunAsync(grpc::CallbackServerContext* context,
                                     AsyncWork work) const;

  // As Run, for a call without a token (a phone's Enrol).
  grpc::ServerUnaryReactor* RunOpen(grpc::CallbackServerContext* context,
                                    std::function<void(Finish)> work) const;

  // As Run, with the rows of the moment that `options` names, waited for at
  // most 30 s.
  using Read = std::function<absl::Status(const Caller&, const ReadView&)>;
  grpc::ServerUnaryReactor* RunRead(grpc::CallbackServerContext* context,
                                    const v1::ReadOptions& options,
                                    Read read) const;

 private:
  void Start(grpc::CallbackServerContext* context,
             grpc::ServerUnaryReactor* reactor,
             std::function<void()> task) const;

  Engine* const engine_;
  WorkerPool* const pool_;
  const Position rows_needed_;  // The log's last at the start.
};

}  // namespace thon

#endif  // THON_RPC_CALLS_H_
