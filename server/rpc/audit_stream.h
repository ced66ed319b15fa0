// A stream of AuditService: what the streams of entries and of rows share.
//
// Lifetime: made by the service; deletes itself when gRPC is done with it and
// nothing that was posted for it is left.
//
// Backpressure: at most one response exists. The next one is made when gRPC has
// taken the last, on a worker and in turn with other streams of its kind, so a
// reader that does not read costs one response and no worker.
//
// Rights: checked before anything is read, and again while the stream lasts; a
// token or a grant that was taken back ends it with the first step after
// kAuditRightsMs, and a stream that waits takes a step as often.
//
// Threads: gRPC's reactions and the workers' steps arrive concurrently. Whoever
// sets `writing_` owns the stream until OnWriteDone(); only then may somebody
// finish it. StartWrite() and Finish() are called with no lock held.
#ifndef THON_RPC_AUDIT_STREAM_H_
#define THON_RPC_AUDIT_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/check.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/core/mutex.h"
#include "server/engine/system_clock.h"
#include "server/rpc/audit_shared.h"
#include "server/rpc/status_mapping.h"

namespace thon {

inline constexpr std::int64_t kAuditRightsMs = 10'000;
// The longest that a stream waits without a step.
inline constexpr std::int64_t kAuditWaitMs = limits::kWatchProgressMs;
static_assert(kAuditRightsMs + kAuditWaitMs < 30'000);

template <typename Response>
class AuditStream : public grpc::ServerWriteReactor<Response> {
 public:
  void OnWriteDone(bool ok) override {
    absl::Status status = absl::CancelledError("the caller left");
    bool finish = false;
    {
      MutexLock lock(&mu_);
      writing_ = false;
      finish = end_.has_value() || !ok;
      if (end_.has_value()) status = *end_;
      finished_ = finish;
    }
    if (finish) {
      this->Finish(ToGrpc(status));  // `this` may be gone from here on.
    } else {
      PostStep();
    }
  }
  void OnCancel() override {
    FinishWhenIdle(absl::CancelledError("the caller left"));
  }
  void OnDone() override {
    bool let_in = false;
    {
      MutexLock lock(&mu_);
      done_ = true;
      let_in = let_in_;
    }
    if (let_in) shared_->streams.fetch_sub(1);
    Unref();
  }

 protected:
  AuditStream(AuditShared* shared, TurnQueue* turns,
              const grpc::CallbackServerContext& context)
      : shared_(shared), turns_(turns), token_(BearerToken(context)) {}
  ~AuditStream() override = default;

  Engine& engine() const { return shared_->calls->engine(); }

  // On a worker, once, when the caller may read: resolves what the request
  // names and notes the access.
  virtual absl::Status Begin(OfficerId officer) = 0;

  enum class Next {
    kWrite,  // `response` is to be sent.
    kAgain,  // Others have their turn first.
    kWait,   // Nothing to do until the rows hold wait_position(), or a while.
    kEnd,    // All was sent.
  };
  // On a worker, one at a time. `waited_ms` is how long ago the last response
  // was made.
  virtual absl::StatusOr<Next> Step(std::int64_t waited_ms,
                                    Response* response) = 0;
  virtual Position wait_position() const = 0;

  // To be called once, last in a constructor: with what is wrong with the
  // request, or OK.
  void Start(const absl::Status& request) {
    if (!request.ok()) return FinishWhenIdle(request);
    Ref();
    // Nobody is known yet, so the queue's limit holds.
    const bool posted = shared_->calls->pool().TryPost([this] {
      shared_->calls->Identify(
          token_, [this](const absl::StatusOr<OfficerId>& officer) {
            const absl::Status in = LetIn(officer);
            if (in.ok()) {
              PostStep();
            } else {
              FinishWhenIdle(in);
            }
            Unref();
          });
    });
    if (posted) return;
    FinishWhenIdle(TooManyCalls());
    Unref();
  }

 private:
  absl::Status LetIn(const absl::StatusOr<OfficerId>& officer) {
    if (!officer.ok()) return officer.status();
    officer_ = *officer;
    const absl::Status permitted = MayAudit(engine(), officer_);
    if (!permitted.ok()) return permitted;
    if (shared_->streams.fetch_add(1) >= limits::kAuditStreamsMax) {
      shared_->streams.fetch_sub(1);
      return WithRetryAfter(
          WithReason(absl::ResourceExhaustedError(
                         "too many auditors' streams are open; end one, or try "
                         "again in a minute"),
                     "TOO_MANY_STREAMS"),
          60'000);
    }
    bool left = false;
    {
      MutexLock lock(&mu_);
      left = done_;
      let_in_ = !left;
    }
    if (left) {
      shared_->streams.fetch_sub(1);
      return absl::CancelledError("the caller left");
    }
    checked_ms_ = written_ms_ = SteadyMs();
    return Begin(officer_);
  }

  absl::Status CheckRights() {
    const std::int64_t now = SteadyMs();
    if (now < checked_ms_ + kAuditRightsMs) return absl::OkStatus();
    checked_ms_ = now;
    const absl::StatusOr<OfficerId> officer = engine().Authenticate(token_);
    return officer.ok() ? MayAudit(engine(), *officer) : officer.status();
  }

  void PostStep() {
    Ref();
    turns_->Post([this](bool runs) {
      if (runs) {
        RunStep();
      } else {
        FinishWhenIdle(absl::UnavailableError("the server is stopping"));
      }
      Unref();
    });
  }

  void RunStep() {
    {
      MutexLock lock(&mu_);
      if (end_.has_value() || finished_) return;
    }
    const absl::Status rights = CheckRights();
    if (!rights.ok()) return FinishWhenIdle(rights);
    const absl::StatusOr<Next> next =
        Step(SteadyMs() - written_ms_, &response_);
    if (!next.ok()) return FinishWhenIdle(next.status());
    switch (*next) {
      case Next::kWrite:
        return Write();
      case Next::kAgain:
        return PostStep();
      case Next::kWait:
        return Wait();
      case Next::kEnd:
        return FinishWhenIdle(absl::OkStatus());
    }
  }

  void Write() {
    written_ms_ = SteadyMs();
    {
      MutexLock lock(&mu_);
      if (finished_ || end_.has_value()) return;  // The caller left meanwhile.
      THON_CHECK(!writing_);
      writing_ = true;
    }
    this->StartWrite(&response_);
  }

  void Wait() {
    response_ = Response();  // A stream that waits holds no chunk.
    Ref();
    engine().WaitForRows(
        wait_position(), kAuditWaitMs, [this](const absl::Status& waited) {
          if (waited.ok() || absl::IsDeadlineExceeded(waited)) {
            PostStep();
          } else {
            FinishWhenIdle(waited);
          }
          Unref();
        });
  }

  // Ends the call now, or when the write under way is done.
  void FinishWhenIdle(const absl::Status& status) {
    {
      MutexLock lock(&mu_);
      if (end_.has_value() || finished_) return;
      end_ = status;
      if (writing_) return;  // OnWriteDone() will finish.
      finished_ = true;
    }
    this->Finish(ToGrpc(status));  // `this` may be gone from here on.
  }

  void Ref() {
    MutexLock lock(&mu_);
    ++references_;
  }
  void Unref() {
    bool last = false;
    {
      MutexLock lock(&mu_);
      last = --references_ == 0;
    }
    if (last) delete this;
  }

  AuditShared* const shared_;
  TurnQueue* const turns_;
  const std::string token_;
  // The step at hand, or before it whoever lets the caller in.
  OfficerId officer_;
  std::int64_t checked_ms_ = 0;
  std::int64_t written_ms_ = 0;
  Response response_;  // Belongs to the write under way, else to the step.

  Mutex mu_;
  int references_ ABSL_GUARDED_BY(mu_) = 1;  // gRPC's, until OnDone().
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;    // OnDone() has run.
  bool let_in_ ABSL_GUARDED_BY(mu_) = false;  // Counts among the streams.
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_RPC_AUDIT_STREAM_H_
