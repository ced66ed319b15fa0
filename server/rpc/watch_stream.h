// One Watch call.
//
// Lifetime: made by the service; deletes itself when gRPC is done with it and
// the worker that identifies the caller holds no reference.
//
// Responses are written as bytes: many streams share those of one (SharedPage).
//
// Backpressure: at most one response exists. The hub is asked for the next one
// only when gRPC has taken the last one. Of a past moment (as_of) the responses
// are made on a worker instead, a step at a time and in turn with other watches
// of the past; the hub only counts the watch and says when it must end.
//
// Threads: the hub's calls and gRPC's reactions arrive concurrently. Whoever
// sets `writing_` owns the stream until OnWriteDone(); only then may somebody
// finish it. StartWrite() and Finish() are called with no lock held.
#ifndef THON_RPC_WATCH_STREAM_H_
#define THON_RPC_WATCH_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/rpc/calls.h"
#include "server/rpc/turn_queue.h"
#include "server/watch/watch_hub.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          private WatchHub::Watcher {
 public:
  // `calls` and `past_turns` are not owned and outlive the stream. `token` is
  // the caller's.
  WatchStream(const Calls* calls, TurnQueue* past_turns, std::string token,
              const v1::WatchRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  ~WatchStream() override = default;

  // From the hub's thread.
  void OnResponse(SharedPage page) override;
  void OnBegun() override;
  void OnEnd(const absl::Status& reason) override;

  void Subscribe(OfficerId officer, WatchQueries queries);
  void Write(std::shared_ptr<const std::string> response);

  // In turn, one after another: which position, then pages of it.
  void FindMoment();
  void BeginPast(Position position);
  void StepPast();
  // Runs `task` there, with a reference; the call ends if nothing runs any
  // more.
  void Post(std::function<void()> task);

  // Ends the call now, or when the write under way is done.
  void FinishWhenIdle(const absl::Status& status);
  // Whether the token still is somebody's; asked once in a while.
  absl::Status CheckToken();

  void Ref();
  void Unref();  // Deletes the stream with the last reference.

  const Calls* const calls_;
  TurnQueue* const past_turns_;
  const std::string token_;
  const std::optional<v1::AsOf> as_of_;
  // Who makes responses: the hub's thread, or the task at hand.
  std::int64_t checked_ms_ = 0;
  WatchQueries past_queries_;  // Set before the subscription.
  std::unique_ptr<PastTables> past_;
  grpc::ByteBuffer response_;  // Belongs to the write under way.

  Mutex mu_;
  int references_ ABSL_GUARDED_BY(mu_) = 1;  // gRPC's, until OnDone().
  WatchId subscription_ ABSL_GUARDED_BY(mu_) = 0;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;  // OnDone() has run.
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_RPC_WATCH_STREAM_H_
