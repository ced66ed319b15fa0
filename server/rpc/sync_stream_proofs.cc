// What a Sync stream does about proofs: a checkpoint first, of which the
// checkpoints' thread may have to sign one, then the disk on a worker.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/engine/phone_proofs.h"
#include "server/rpc/sync_stream.h"

namespace thon {

void SyncStream::TakeProofsRequest(const v1::ProofsRequest& request) {
  if (!known_) {
    return End(
        WithReason(absl::UnauthenticatedError("this author is not enrolled"),
                   "UNKNOWN_AUTHOR"));
  }
  if (const absl::Status good = CheckProofsRequest(request); !good.ok()) {
    return End(
        WithField(WithReason(good, "INVALID_FIELD"), "proofs.entry_indices"));
  }
  MutexLock lock(&mu_);
  proofs_owed_ = true;
  proofs_asked_ = request;
}

void SyncStream::StartProofs(v1::ProofsRequest request) {
  Engine& engine = calls_->engine();
  CheckpointFor(
      request, engine.log(), &engine.checkpoints(),
      [this, request](absl::StatusOr<v1::Checkpoint> checkpoint) {
        {
          // What comes after gRPC is done with the stream is for nobody, and
          // the workers may be gone.
          MutexLock lock(&mu_);
          if (done_) checkpoint = absl::CancelledError("the phone left");
        }
        if (absl::IsCancelled(checkpoint.status())) return Unref();
        if (checkpoint.ok() && checkpoint->origin() != origin_) {
          End(WithReason(absl::UnavailableError(absl::StrCat(
                             "the epoch ", checkpoint->origin(),
                             " was opened since the hello; say hello again")),
                         "EPOCH_OPENED"));
          return Unref();
        }
        const auto run = [this, request, checkpoint = std::move(checkpoint)] {
          ReadProofs(request, checkpoint);
          Unref();
        };
        if (calls_->pool().PostContinuation(run)) return;
        AnswerProofs({});
        Unref();
      });
}

void SyncStream::ReadProofs(const v1::ProofsRequest& request,
                            absl::StatusOr<v1::Checkpoint> checkpoint) {
  v1::SyncResponse response;
  response.mutable_proofs();
  // Without a checkpoint, or from a damaged disk, nothing is proved: the phone
  // keeps the promise and asks again.
  if (checkpoint.ok()) {
    absl::StatusOr<v1::Proofs> proofs =
        BuildProofs(request, calls_->engine().log(), *std::move(checkpoint));
    if (proofs.ok()) *response.mutable_proofs() = *std::move(proofs);
  }
  AnswerProofs(std::move(response));
}

void SyncStream::AnswerProofs(v1::SyncResponse response) {
  response.mutable_proofs();
  {
    MutexLock lock(&mu_);
    proofs_owed_ = false;
    outbox_.push_back(std::move(response));
  }
  Pump();
}

}  // namespace thon
