// One phone's stream under load: hello, then batches signed before, as many on
// the way as a stream may have.
#ifndef THON_TOOLS_BENCH_STREAM_LOAD_H_
#define THON_TOOLS_BENCH_STREAM_LOAD_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/mutex.h"
#include "thon/v1/sync_service.pb.h"
#include "tools/bench/load.h"

namespace thon::bench {

std::int64_t NowUs();

// Thread-safety: any thread. Must be waited for before it is deleted.
class StreamLoad final
    : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Greets as `author` and then waits to be allowed to send. The batches are
  // `author`'s next ones; what is not sent stays in `*batches`.
  StreamLoad(const std::shared_ptr<grpc::Channel>& channel,
             const Author& author, const std::string& origin,
             std::deque<v1::SealedBatch>* batches, int window);

  // Sends as fast as answers come.
  void SendFreely();
  // No more than what is due from now on.
  void SendOnlyWhenDue();
  // Allows one batch, due at `due_us`: its answer is measured from then.
  void Allow(std::int64_t due_us);
  // Sends nothing more and closes when all is answered.
  void Finish();
  // How the stream ended.
  absl::Status Wait();

  std::uint64_t events_answered() const;
  // No batch is on the way and none is due.
  bool idle() const;
  // The batches ran out before Finish().
  bool starved() const;
  // In microseconds, of the answers since the last call.
  std::vector<std::int64_t> TakeLatencies();

 private:
  struct Sent {
    std::int64_t begin_us;
    std::uint64_t events;
  };

  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Write(const v1::SyncRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  const std::size_t window_;
  grpc::ByteBuffer outgoing_;
  grpc::ByteBuffer incoming_;

  mutable Mutex mu_;
  CondVar done_changed_;
  std::deque<v1::SealedBatch>* const batches_ ABSL_GUARDED_BY(mu_);
  std::deque<Sent> sent_ ABSL_GUARDED_BY(mu_);
  std::deque<std::int64_t> due_us_ ABSL_GUARDED_BY(mu_);
  std::vector<std::int64_t> latencies_us_ ABSL_GUARDED_BY(mu_);
  std::uint64_t events_answered_ ABSL_GUARDED_BY(mu_) = 0;
  bool greeted_ ABSL_GUARDED_BY(mu_) = false;
  bool freely_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool starved_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon::bench

#endif  // THON_TOOLS_BENCH_STREAM_LOAD_H_
