// thond: opens the data directory, serves until SIGTERM or SIGINT, drains.
//
// Exit status: 0 stopped as asked; 1 cannot start or serve; 2 usage; 3 the data
// directory is damaged, or belongs to another program, version or kind of time.
#include <pthread.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/config.h"
#include "server/core/civil.h"
#include "server/core/version.h"
#include "server/engine/checkpoints.h"
#include "server/engine/engine.h"
#include "server/engine/keys.h"
#include "server/engine/system_clock.h"
#include "server/output.h"
#include "server/proof_side.h"
#include "server/rpc/server.h"
#include "server/rpc/tls.h"
#include "server/storage/row_store.h"
#include "server/web_side.h"

namespace thon {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitData = 3;
// Who gets OPERATOR on a new log.
constexpr OfficerId kFirstOperator(1);

// Browsers' and phones' connections and RocksDB's files share the limit, and a
// shell's default is 1,024. As far as the system allows.
void RaiseFileLimit() {
  struct rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void SetUpLog(const Config& config) {
  // The standard output is for what a person asked for; logs go beside it.
  auto logger = spdlog::stderr_color_mt("thond");
  if (config.log_format == "json") {
    logger->set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%v"})");
  }
  logger->set_level(spdlog::level::from_str(config.log_level));
  spdlog::set_default_logger(std::move(logger));
}

int Fail(const absl::Status& status) {
  spdlog::error("{}", Quoted(status.message()));
  std::fflush(stderr);
  return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status)
             ? kExitData
             : kExitFailed;
}

std::vector<std::string> TlsNames(const Config& config) {
  std::vector<std::string> names = {"localhost", "127.0.0.1"};
  for (const std::string& name : config.tls_names) names.push_back(name);
  for (const std::string& listen : {config.listen, config.http}) {
    if (listen.empty()) continue;
    std::string host = HostOf(listen);
    if (host.size() > 2 && host.front() == '[') {
      host = host.substr(1, host.size() - 2);
    }
    if (std::find(names.begin(), names.end(), host) == names.end()) {
      names.push_back(host);
    }
  }
  return names;
}

absl::StatusOr<EngineOptions> MakeEngineOptions(const Config& config,
                                                const Clock* clock) {
  EngineOptions options;
  options.storage.directory = config.data;
  options.log_name = config.origin;
  options.simulated = config.simulate;
  options.clock = clock;
  options.first_operator = kFirstOperator;
  options.disk_reserve_bytes =
      static_cast<std::uint64_t>(config.disk_reserve_bytes);
  options.checkpoint_ms = std::int64_t{1000} * config.checkpoint_seconds;
  if (!config.sim_start.empty()) {
    const absl::StatusOr<Instant> start = ParseInstant(config.sim_start);
    if (!start.ok()) return start.status();
    options.simulated_start = *start;
  }
  return options;
}

// A store of another signature is emptied when it is opened.
absl::Status EmptyRows(const StorageOptions& storage) {
  return RowStore::Open(storage, "emptied by --rebuild-rows").status();
}

// Until the projector has folded the whole log, saying how far it is.
// kCancelled: one of `signals` came first.
absl::Status AwaitAllRows(Engine& engine, const sigset_t& signals) {
  constexpr std::int64_t kSayEveryMs = 5'000;
  constexpr timespec kNoWait = {};
  const Position last(engine.status().end.next_position.value - 1);
  for (;;) {
    const absl::Status status = engine.AwaitRows(last, kSayEveryMs);
    if (!absl::IsDeadlineExceeded(status)) return status;
    spdlog::info("rows are at position {} of {}", engine.rows_position().value,
                 last.value);
    if (sigtimedwait(&signals, nullptr, &kNoWait) > 0) {
      return absl::CancelledError("stopped before all rows were folded");
    }
  }
}

// The token that the engine made, or a new one if it was asked for.
absl::Status WriteOperatorToken(const Config& config, Engine& engine) {
  std::string token = engine.new_operator_token();
  if (token.empty() && config.new_operator_token) {
    std::promise<absl::StatusOr<std::string>> made;
    engine.CreateToken(kFirstOperator, Date(),
                       [&made](absl::StatusOr<std::string> result) {
                         made.set_value(std::move(result));
                       });
    absl::StatusOr<std::string> result = made.get_future().get();
    if (!result.ok()) return result.status();
    token = *std::move(result);
  }
  if (token.empty()) return absl::OkStatus();
  const std::string path = config.data + "/operator.token";
  const absl::Status written = WriteSecretFile(path, token + "\n");
  if (written.ok()) spdlog::info("the operator's token is in {}", Quoted(path));
  return written;
}

// Blocks until SIGTERM or SIGINT. A second one, while draining, kills. Until
// then it says, once, when the log signs nothing any more.
void WaitForSignal(const sigset_t& signals, Engine& engine) {
  constexpr timespec kLookEvery = {1, 0};
  bool healthy = true;
  int signal = 0;
  while ((signal = sigtimedwait(&signals, nullptr, &kLookEvery)) <= 0) {
    const absl::Status health = engine.checkpoints().health();
    if (healthy && !health.ok()) {
      spdlog::error("{}", Quoted(health.message()));
    }
    healthy = health.ok();
  }
  spdlog::info("{}: draining", strsignal(signal));
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

absl::Status Announce(const Config& config, const Engine& engine, int port) {
  const std::string endpoint = absl::StrCat(HostOf(config.listen), ":", port);
  absl::Status status = WriteText(config.data + "/endpoint", endpoint + "\n");
  if (status.ok() && !config.port_file.empty()) {
    status = WriteText(config.port_file, absl::StrCat(port, "\n"));
  }
  const EngineStatus state = engine.status();
  spdlog::info(
      "{} {} serves {} on {}: {} entries, next position {}, rows at {}",
      "thond", kVersion, Quoted(state.origin), endpoint,
      state.end.tree_size.value, state.end.next_position.value,
      state.rows_position.value);
  return status;
}

int Run(const Config& config) {
  // Blocked before any thread starts, so that only those who wait for them see
  // them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();
  // What the server writes is nobody else's to read.
  umask(0027);

  SetUpLog(config);
  const SystemClock clock;
  absl::StatusOr<EngineOptions> options = MakeEngineOptions(config, &clock);
  if (!options.ok()) return Fail(options.status());
  if (config.rebuild_rows) {
    const absl::Status emptied = EmptyRows(options->storage);
    if (!emptied.ok()) return Fail(emptied);
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      Engine::Open(*std::move(options));
  if (!engine.ok()) return Fail(engine.status());
  if (const auto reason = (*engine)->rows_reset_reason(); !reason.empty()) {
    spdlog::warn("rows are folded again from the log: {}", Quoted(reason));
  }
  if (config.rebuild_rows) {
    const absl::Status folded = AwaitAllRows(**engine, signals);
    if (absl::IsCancelled(folded)) {
      spdlog::info("{}; a start without --rebuild-rows goes on with it",
                   Quoted(folded.message()));
      return 0;
    }
    if (!folded.ok()) return Fail(folded);
  }

  const absl::Status token = WriteOperatorToken(config, **engine);
  if (!token.ok()) return Fail(token);
  absl::StatusOr<std::unique_ptr<ProofSide>> proof =
      ProofSide::Prepare(config, engine->get(), &clock);
  if (!proof.ok()) return Fail(proof.status());
  absl::StatusOr<std::unique_ptr<WebSide>> web =
      WebSide::Prepare(config, engine->get(), proof->get(), &clock);
  if (!web.ok()) return Fail(web.status());
  absl::StatusOr<TlsFiles> tls;
  RpcOptions rpc;
  rpc.links = (*web)->links();
  rpc.listen = config.listen;
  rpc.backup_dir = config.backup_dir;
  if (!config.insecure_loopback) {
    tls = LoadOrMakeTls(config.data + "/tls", TlsNames(config), clock.Now());
    if (!tls.ok()) return Fail(tls.status());
    rpc.tls = &*tls;
    rpc.tls_dir = config.data + "/tls";
    spdlog::info("certificate authority SHA-256 {}", tls->ca_fingerprint);
  } else {
    spdlog::warn("plain text: only for tests on this machine");
  }
  const absl::Status asking = (*proof)->Start();
  if (!asking.ok()) return Fail(asking);
  absl::StatusOr<std::unique_ptr<RpcServer>> server =
      RpcServer::Start(rpc, engine->get());
  if (!server.ok()) return Fail(server.status());
  absl::Status announced = (*web)->Start(server->get(), rpc.tls);
  // First, so that who sees the endpoint finds the page's address too.
  if (announced.ok()) announced = (*web)->Announce();
  if (announced.ok()) {
    announced = Announce(config, **engine, (*server)->port());
  }
  if (!announced.ok()) {
    (*web)->Stop();
    return Fail(announced);
  }

  WaitForSignal(signals, **engine);
  (*web)->SetDraining();
  (*server)->Stop(config.drain_seconds);
  (*web)->Stop();
  const EngineStatus end = (*engine)->status();
  server->reset();
  web->reset();
  proof->reset();
  engine->reset();
  spdlog::info("stopped at {} entries, next position {}",
               end.end.tree_size.value, end.end.next_position.value);
  return 0;
}

}  // namespace
}  // namespace thon

int main(int argc, char** argv) {
  thon::Config config;
  int exit_code = 0;
  if (!thon::ParseConfig(argc, argv, &config, &exit_code)) return exit_code;
  return thon::Run(config);
}
