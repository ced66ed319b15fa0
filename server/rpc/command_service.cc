#include <grpcpp/server_context.h>

#include <utility>

#include "server/core/error_info.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/rpc/permissions.h"
#include "server/rpc/services.h"
#include "thon/v1/command_service.grpc.pb.h"

namespace thon {
namespace {

// Whether a request holds all parts of its document.
bool IsWhole(const v1::PutDocumentRequest& request) {
  const std::size_t parts =
      (request.content().size() + limits::kDocumentPartBytesMax - 1) /
      limits::kDocumentPartBytesMax;
  return request.first_part() == 0 && request.part_count() >= 0 &&
         parts == static_cast<std::size_t>(request.part_count());
}

class CommandService final : public v1::CommandService::CallbackService {
 public:
  explicit CommandService(const Calls* calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitResponse* response) override {
    return calls_->RunAsync(context, [this, request, response](
                                         const Caller& caller,
                                         Calls::Finish finish) {
      CommandRequest command;
      command.officer = caller.officer;
      command.events.assign(request->events().begin(), request->events().end());
      command.idempotency_key = request->idempotency_key();
      command.seen_position = Position(request->seen_position());
      command.check_only = request->check_only();
      calls_->engine().Submit(
          std::move(command), [response, finish = std::move(finish)](
                                  absl::StatusOr<CommandResult> result) {
            if (!result.ok()) return finish(result.status());
            response->set_position(result->position.value);
            for (const v1::CommandOutcome& outcome : result->outcomes) {
              *response->add_outcomes() = outcome;
            }
            finish(absl::OkStatus());
          });
    });
  }

  grpc::ServerUnaryReactor* PutDocument(
      grpc::CallbackServerContext* context,
      const v1::PutDocumentRequest* request,
      v1::PutDocumentResponse* response) override {
    return calls_->RunAsync(context, [this, request, response](
                                         const Caller& caller,
                                         Calls::Finish finish) {
      const absl::Status permitted =
          HoldsAnyGrant(calls_->engine(), caller.officer, v1::ROLE_OFFICER);
      if (!permitted.ok()) return finish(permitted);
      DocumentRequest document;
      document.content = request->content();
      if (!Hash::FromBytes(request->document_hash(), &document.document_hash)) {
        return finish(WithField(
            WithReason(absl::InvalidArgumentError("a hash has 32 bytes"),
                       "INVALID_FIELD"),
            "document_hash"));
      }
      document.first_part = request->first_part();
      document.part_count = request->part_count();
      // One that comes whole is held against its name before any part of it is
      // in the log for ever.
      if (IsWhole(*request) &&
          Sha256Of(document.content) != document.document_hash) {
        return finish(WithField(
            WithReason(absl::InvalidArgumentError(
                           "the content's SHA-256 is not document_hash"),
                       "INVALID_FIELD"),
            "document_hash"));
      }
      calls_->engine().PutDocument(std::move(document),
                                   [response, finish = std::move(finish)](
                                       absl::StatusOr<Position> position) {
                                     if (!position.ok())
                                       return finish(position.status());
                                     response->set_position(position->value);
                                     finish(absl::OkStatus());
                                   });
    });
  }

 private:
  const Calls* const calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCommandService(const Calls* calls) {
  return std::make_unique<CommandService>(calls);
}

}  // namespace thon
