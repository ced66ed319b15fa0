#include "tools/fleet/server_calls.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "thon/v1/admin_service.grpc.pb.h"
#include "thon/v1/audit_service.grpc.pb.h"

namespace thon::fleet {
namespace {

absl::Status ToStatus(const grpc::Status& status, const char* what) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(what, ": ", status.error_message()));
}

std::shared_ptr<grpc::Channel> Connect(const client::GrpcOptions& server) {
  grpc::ChannelArguments arguments;
  if (!server.server_name.empty()) {
    arguments.SetSslTargetNameOverride(server.server_name);
  }
  if (server.insecure_loopback) {
    return grpc::CreateCustomChannel(
        server.target, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = server.ca_pem;
  return grpc::CreateCustomChannel(server.target, grpc::SslCredentials(tls),
                                   arguments);
}

}  // namespace

struct ServerCalls::Stubs {
  std::unique_ptr<v1::AdminService::Stub> admin;
  std::unique_ptr<v1::AuditService::Stub> audit;
};

ServerCalls::ServerCalls(const client::GrpcOptions& server,
                         const std::string& token)
    : stubs_(std::make_unique<Stubs>()), authorization_("Bearer " + token) {
  const std::shared_ptr<grpc::Channel> channel = Connect(server);
  stubs_->admin = v1::AdminService::NewStub(channel);
  stubs_->audit = v1::AuditService::NewStub(channel);
}

ServerCalls::~ServerCalls() = default;

absl::Status ServerCalls::AdvanceClock(Instant to) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", authorization_);
  v1::AdvanceClockRequest request;
  request.set_to_time_ms(to.ms);
  v1::AdvanceClockResponse response;
  return ToStatus(stubs_->admin->AdvanceClock(&context, request, &response),
                  "moving the clock");
}

absl::StatusOr<v1::Checkpoint> ServerCalls::GetCheckpoint() {
  grpc::ClientContext context;
  context.AddMetadata("authorization", authorization_);
  v1::Checkpoint checkpoint;
  absl::Status status =
      ToStatus(stubs_->audit->GetCheckpoint(
                   &context, v1::GetCheckpointRequest(), &checkpoint),
               "reading the checkpoint");
  if (!status.ok()) return status;
  return checkpoint;
}

absl::Status ServerCalls::ReadEntries(
    std::uint64_t end,
    const std::function<absl::Status(const v1::Entry&)>& visit) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", authorization_);
  v1::StreamEntriesRequest request;
  request.set_end_entry(end);
  const auto reader = stubs_->audit->StreamEntries(&context, request);
  v1::StreamEntriesResponse response;
  absl::Status visited;
  while (visited.ok() && reader->Read(&response)) {
    for (const v1::Entry& entry : response.entries()) {
      visited = visit(entry);
      if (!visited.ok()) break;
    }
  }
  if (!visited.ok()) {
    context.TryCancel();
    reader->Finish();
    return visited;
  }
  return ToStatus(reader->Finish(), "reading the log");
}

}  // namespace thon::fleet
