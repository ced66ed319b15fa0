#include <grpcpp/server_context.h>

#include <optional>
#include <utility>

#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/rpc/services.h"
#include "server/rpc/sync_stream.h"
#include "thon/v1/sync_service.grpc.pb.h"

namespace thon {
namespace {

class SyncService final : public v1::SyncService::CallbackService,
                          public SyncServiceHandle {
 public:
  explicit SyncService(const Calls* calls) : calls_(calls) {}

  grpc::Service* service() override { return this; }
  void EndStreams(const absl::Status& status) override {
    streams_.EndAll(status);
  }
  std::size_t stream_count() const override { return streams_.count(); }

  grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse>* Sync(
      grpc::CallbackServerContext* /*context*/) override {
    return new SyncStream(calls_, &streams_);
  }

  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context,
                                  const v1::EnrolRequest* request,
                                  v1::EnrolResponse* response) override {
    return calls_->RunOpen(
        context, [this, request, response](Calls::Finish finish) {
          EnrolmentRequest wanted;
          wanted.code = request->code();
          wanted.public_key = request->public_key();
          wanted.possession_signature = request->possession_signature();
          wanted.predecessor = request->predecessor();
          wanted.predecessor_signature = request->predecessor_signature();
          wanted.enrolment_leaf = request->enrolment_leaf();
          if (request->has_enrolment_receipt()) {
            wanted.enrolment_receipt = request->enrolment_receipt();
          }
          calls_->engine().Enrol(
              std::move(wanted), [response, finish = std::move(finish)](
                                     absl::StatusOr<Enrolment> enrolled) {
                if (!enrolled.ok()) return finish(enrolled.status());
                const v1::AuthorRow& author = enrolled->author;
                response->set_author(author.author());
                response->set_team_id(author.team_id());
                response->set_member_id(author.member_id());
                response->set_organisation_id(author.organisation_id());
                response->set_position(author.enrolled_position());
                response->set_confirmed(author.confirmed());
                response->set_origin(enrolled->origin);
                response->set_log_key(std::string(enrolled->log_key.view()));
                response->set_enrolment_leaf(enrolled->leaf);
                *response->mutable_enrolment_receipt() = enrolled->receipt;
                finish(absl::OkStatus());
              });
        });
  }

 private:
  const Calls* const calls_;
  SyncStreams streams_;
};

}  // namespace

std::unique_ptr<SyncServiceHandle> MakeSyncService(const Calls* calls) {
  return std::make_unique<SyncService>(calls);
}

}  // namespace thon
