// The services of thon.v1. Each is made of a Calls and holds no state of its
// own but what it says; none is owned by gRPC, and all outlive the server.
#ifndef THON_RPC_SERVICES_H_
#define THON_RPC_SERVICES_H_

#include <grpcpp/impl/service_type.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/rpc/calls.h"
#include "server/rpc/login_link_maker.h"

namespace thon {

// SyncService has streams, which must be ended before the server stops.
class SyncServiceHandle {
 public:
  virtual ~SyncServiceHandle() = default;
  virtual grpc::Service* service() = 0;
  // Ends every stream with `status`, and every one that begins later.
  virtual void EndStreams(const absl::Status& status) = 0;
  virtual std::size_t stream_count() const = 0;
};

std::unique_ptr<SyncServiceHandle> MakeSyncService(const Calls* calls);
std::unique_ptr<grpc::Service> MakeQueryService(const Calls* calls);
std::unique_ptr<grpc::Service> MakeWatchService(const Calls* calls);
std::unique_ptr<grpc::Service> MakeCommandService(const Calls* calls);
std::unique_ptr<grpc::Service> MakePolicyService(const Calls* calls);
std::unique_ptr<grpc::Service> MakeAuditService(const Calls* calls);
// `backup_dir` is where CreateBackup puts its directories; each gets a copy of
// `tls_dir`, so that a restored server is the one that phones know. Empty:
// none. `links` is not owned and outlives the service; null: no dashboard.
std::unique_ptr<grpc::Service> MakeAdminService(const Calls* calls,
                                                std::string backup_dir,
                                                std::string tls_dir,
                                                LoginLinkMaker* links);

}  // namespace thon

#endif  // THON_RPC_SERVICES_H_
