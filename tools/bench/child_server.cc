#include "tools/bench/child_server.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace thon::bench {
namespace {

constexpr int kStartTriesMax = 6000;  // 10 ms each.

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildServer>> ChildServer::Start(
    const std::string& directory, bool tls) {
  const std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe");
  const std::string endpoint = directory + "/endpoint";
  const std::string http_port = directory + "/bench.http.port";
  std::filesystem::remove(endpoint);
  std::filesystem::remove(http_port);
  std::vector<std::string> command = {(self.parent_path() / "thond").string(),
                                      "--data",
                                      directory,
                                      "--listen",
                                      "127.0.0.1:0",
                                      "--http-port-file",
                                      http_port,
                                      "--simulate",
                                      "--log-level",
                                      "error"};
  if (!tls) command.push_back("--insecure-loopback");
  absl::StatusOr<std::unique_ptr<fleet::Process>> process =
      fleet::Process::Start(command);
  if (!process.ok()) return process.status();
  std::unique_ptr<ChildServer> server(new ChildServer());
  server->process_ = *std::move(process);
  const auto ready = [&] {
    return std::filesystem::exists(endpoint) &&
           absl::SimpleAtoi(ReadText(http_port), &server->http_port_);
  };
  for (int tries = 0; !ready(); ++tries) {
    bool ended = false;
    server->process_->ReadLines(&ended);
    if (ended || tries > kStartTriesMax) {
      return absl::UnavailableError("thond does not start");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  server->endpoint_ =
      std::string(absl::StripAsciiWhitespace(ReadText(endpoint)));
  if (tls) server->ca_pem_ = ReadText(directory + "/tls/ca.crt");
  server->token_ = std::string(
      absl::StripAsciiWhitespace(ReadText(directory + "/operator.token")));
  return server;
}

std::int64_t ChildServer::ResidentBytes() const {
  std::ifstream pages("/proc/" + std::to_string(process_->id()) + "/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  pages >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::int64_t ChildServer::CpuUs() const {
  const std::string stat =
      ReadText("/proc/" + std::to_string(process_->id()) + "/stat");
  // Fields are counted behind the name, which may hold anything: the first one
  // there is the third.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return (user + system) * 1'000'000 / sysconf(_SC_CLK_TCK);
}

std::shared_ptr<grpc::Channel> ChildServer::Connect() const {
  grpc::ChannelArguments arguments;
  // Or gRPC would let all channels share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  if (ca_pem_.empty()) {
    return grpc::CreateCustomChannel(
        endpoint_, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem_;
  return grpc::CreateCustomChannel(endpoint_, grpc::SslCredentials(tls),
                                   arguments);
}

}  // namespace thon::bench
