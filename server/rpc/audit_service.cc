#include <grpcpp/server_context.h>

#include <utility>

#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/rpc/services.h"
#include "server/rpc/status_mapping.h"
#include "thon/v1/audit_service.grpc.pb.h"

namespace thon {
namespace {

constexpr std::size_t kChunkBytes = limits::kMiB;

// Streams entries: a worker reads a chunk, gRPC writes it, and only then the
// next is read, so a slow auditor costs one chunk.
//
// Lifetime: deletes itself in OnDone(), which comes after Finish(), and after
// that nothing of ours touches it: a worker calls StartWrite or Finish last.
class EntryStream final
    : public grpc::ServerWriteReactor<v1::StreamEntriesResponse> {
 public:
  EntryStream(const Calls* calls, grpc::CallbackServerContext* context,
              const v1::StreamEntriesRequest& request)
      : calls_(calls), next_(request.first_entry()), end_(request.end_entry()) {
    const std::string token(BearerToken(*context));
    // Nobody is known yet, so the queue's limit holds.
    const auto identify = [this, token] {
      calls_->Identify(token, [this](const absl::StatusOr<OfficerId>& officer) {
        Begin(officer);
      });
    };
    if (!calls_->pool().TryPost(identify)) {
      Finish(ToGrpc(TooManyCalls()));
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    Post([this] { ReadChunk(); });
  }
  void OnDone() override { delete this; }

 private:
  void Post(std::function<void()> task) {
    if (!calls_->pool().PostContinuation(std::move(task))) {
      Finish(ToGrpc(absl::UnavailableError("the server is stopping")));
    }
  }

  void Begin(const absl::StatusOr<OfficerId>& officer) {
    const Engine& engine = calls_->engine();
    if (!officer.ok()) return Finish(ToGrpc(officer.status()));
    const absl::Status permitted =
        engine.Authorise(*officer, v1::ROLE_READER, UnitId(0));
    if (!permitted.ok()) return Finish(ToGrpc(permitted));
    const EntryIndex size = engine.log().end().tree_size;
    if (end_.value == 0) end_ = size;
    if (end_ > size || next_ > end_) {
      return Finish(InvalidField(
          "end_entry", "the range must lie within the log; ask GetCheckpoint"));
    }
    ReadChunk();
  }

  void ReadChunk() {
    response_.Clear();
    std::size_t bytes = 0;
    const absl::Status status = calls_->engine().log().ReadEntries(
        next_, end_, [&](EntryIndex index, absl::string_view entry) {
          if (bytes != 0 && bytes + entry.size() > kChunkBytes) return false;
          bytes += entry.size();
          v1::Entry* const out = response_.add_entries();
          out->set_entry_index(index.value);
          out->set_leaf(std::string(entry));
          next_ = index.Next();
          return true;
        });
    if (!status.ok()) return Finish(ToGrpc(status));
    if (bytes == 0) return Finish(grpc::Status::OK);
    StartWrite(&response_);
  }

  const Calls* const calls_;
  EntryIndex next_;
  EntryIndex end_;
  v1::StreamEntriesResponse response_;
};

class AuditService final : public v1::AuditService::CallbackService {
 public:
  explicit AuditService(const Calls* calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest*,
                                          v1::Checkpoint* response) override {
    return calls_->Run(context, [this, response](const Caller& caller) {
      Engine& engine = calls_->engine();
      const absl::Status permitted =
          engine.Authorise(caller.officer, v1::ROLE_READER, UnitId(0));
      if (!permitted.ok()) return permitted;
      absl::StatusOr<v1::Checkpoint> made =
          Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
            engine.checkpoints().Sign(std::move(done));
          });
      if (made.ok()) response->Swap(&*made);
      return made.status();
    });
  }

  grpc::ServerWriteReactor<v1::StreamEntriesResponse>* StreamEntries(
      grpc::CallbackServerContext* context,
      const v1::StreamEntriesRequest* request) override {
    return new EntryStream(calls_, context, *request);
  }

 private:
  const Calls* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAuditService(const Calls* calls) {
  return std::make_unique<AuditService>(calls);
}

}  // namespace thon
