#include "server/rpc/server.h"

#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/rpc/calls.h"
#include "server/rpc/in_process_calls.h"
#include "server/rpc/services.h"
#include "server/rpc/worker_pool.h"
#include "server/watch/watch_hub.h"

namespace thon {
namespace {

constexpr int kWorkers = 3;
constexpr std::size_t kCallsWaitingMax = 512;
// A phone that vanished is noticed after this long.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

class RpcServerImpl final : public RpcServer {
 public:
  RpcServerImpl(const RpcOptions& options, Engine* engine)
      : engine_(engine),
        pool_(kWorkers, kCallsWaitingMax),
        calls_(engine, &pool_),
        sync_(MakeSyncService(&calls_)) {
    services_.push_back(MakeQueryService(&calls_));
    services_.push_back(MakeWatchService(&calls_));
    services_.push_back(MakeCommandService(&calls_));
    services_.push_back(MakePolicyService(&calls_));
    services_.push_back(MakeAuditService(&calls_));
    services_.push_back(MakeAdminService(&calls_, options.backup_dir,
                                         options.tls_dir, options.links));
  }

  ~RpcServerImpl() override { Stop(0); }

  absl::Status Start(const RpcOptions& options) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.listen, Credentials(options), &port_);
    builder.SetMaxReceiveMessageSize(
        static_cast<int>(limits::kRequestBytesMax));
    // Two servers on one port would share it silently.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               limits::kStreamsPerConnectionMax);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                               kKeepaliveTimeoutMs);
    builder.AddChannelArgument(
        GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    builder.RegisterService(sync_->service());
    for (const auto& service : services_) {
      builder.RegisterService(service.get());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat(
          "cannot listen on ", options.listen,
          ": the port is taken, or the address is not this machine's"));
    }
    server_->GetHealthCheckService()->SetServingStatus(true);
    in_process_ = std::make_shared<InProcessCalls>(server_.get());
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  std::size_t stream_count() const override { return sync_->stream_count(); }
  std::shared_ptr<GenericCalls> calls() const override { return in_process_; }

  void Stop(int seconds) override {
    if (stopped_) return;
    stopped_ = true;
    if (server_ != nullptr) {
      server_->GetHealthCheckService()->SetServingStatus(false);
    }
    sync_->EndStreams(WithRetryAfter(
        WithReason(absl::UnavailableError("the server is stopping"),
                   "DRAINING"),
        5'000));
    engine_->watches().Drain();  // Each hears why before its call is cut off.
    // Calls that wait for rows end when the engine is drained, and Shutdown()
    // waits for them: so both at once.
    std::thread shutdown([this, seconds] {
      if (server_ == nullptr) return;
      // gRPC's own Shutdown() does not know these calls' deadline, and none may
      // start after it.
      if (in_process_ != nullptr) in_process_->Close(1000 * seconds);
      server_->Shutdown(
          gpr_time_add(gpr_now(GPR_CLOCK_REALTIME),
                       gpr_time_from_seconds(seconds, GPR_TIMESPAN)));
    });
    engine_->Drain();
    shutdown.join();
    pool_.Stop();
    server_.reset();
  }

 private:
  static std::shared_ptr<grpc::ServerCredentials> Credentials(
      const RpcOptions& options) {
    if (options.tls == nullptr) return grpc::InsecureServerCredentials();
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs.push_back(
        {options.tls->server_key, options.tls->server_certificate});
    return grpc::SslServerCredentials(ssl);
  }

  Engine* const engine_;
  WorkerPool pool_;
  Calls calls_;
  std::unique_ptr<SyncServiceHandle> sync_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<InProcessCalls> in_process_;  // Null before Start().
  int port_ = 0;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(
    const RpcOptions& options, Engine* engine) {
  auto server = std::make_unique<RpcServerImpl>(options, engine);
  const absl::Status status = server->Start(options);
  if (!status.ok()) return status;
  return server;
}

}  // namespace thon
