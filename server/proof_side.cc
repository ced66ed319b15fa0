#include "server/proof_side.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/engine/epochs.h"
#include "server/engine/keys.h"
#include "server/output.h"

namespace thon {
namespace {

constexpr char kTilesOff[] = "off";
constexpr char kTilesClosed[] = "auth";

absl::StatusOr<TrustPolicy> ReadTrustPolicy(const std::string& flag,
                                            const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(limits::kTrustPolicyBytesMax + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && text.empty()) {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", flag, " ", path));
  }
  absl::StatusOr<TrustPolicy> policy = ParseTrustPolicy(text);
  if (policy.ok()) return policy;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, " ", path, ": ", policy.status().message()));
}

// Keeps a fact of the witness's and waits until it is durable.
absl::Status PutFact(Engine& engine, const std::string& key,
                     const std::string& value) {
  std::promise<absl::Status> kept;
  engine.PutLocalFact(key, value, [&kept](const absl::Status& status) {
    kept.set_value(status);
  });
  return kept.get_future().get();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProofSide>> ProofSide::Prepare(
    const Config& config, Engine* engine, const Clock* clock) {
  auto proof = std::unique_ptr<ProofSide>(new ProofSide(config, engine, clock));
  if (config.tiles != kTilesOff) {
    TilesOptions options;
    options.engine = engine;
    options.closed = config.tiles == kTilesClosed;
    proof->tiles_ = std::make_shared<Tiles>(options);
  }
  if (!config.witness_logs.empty()) {
    const absl::Status prepared = proof->PrepareWitness();
    if (!prepared.ok()) return prepared;
  }
  if (!config.witness_policy.empty()) {
    absl::StatusOr<TrustPolicy> policy =
        ReadTrustPolicy("--witness-policy", config.witness_policy);
    if (!policy.ok()) return policy.status();
    auto options = std::make_unique<WitnessClientOptions>();
    options->engine = engine;
    options->clock = clock;
    options->policy = *std::move(policy);
    options->ca_file = config.witness_ca;
    options->note = [](bool serious, const std::string& text) {
      spdlog::log(serious ? spdlog::level::err : spdlog::level::info, "{}",
                  Quoted(text));
    };
    proof->client_options_ = std::move(options);
  }
  return proof;
}

absl::Status ProofSide::PrepareWitness() {
  absl::StatusOr<TrustPolicy> logs =
      ReadTrustPolicy("--witness-logs", config_.witness_logs);
  if (!logs.ok()) return logs.status();
  bool has_records = false;
  const absl::Status scanned = engine_->log().ScanLocal(
      kWitnessRecordPrefix,
      [&has_records](absl::string_view, absl::string_view) {
        has_records = true;
        return false;
      });
  if (!scanned.ok()) return scanned;
  // Another key would be another witness, which knows nothing.
  absl::StatusOr<SigningKey> key =
      LoadWitnessKey(config_.data + "/keys", /*create=*/!has_records);
  if (!key.ok()) return key.status();
  std::string log_name;
  std::uint64_t epoch = 0;
  const std::string origin = engine_->log_verifier_key().name;
  if (!SplitOrigin(origin, &log_name, &epoch)) log_name = origin;
  WitnessOptions options{
      .name = config_.witness_name.empty() ? log_name + "/witness"
                                           : config_.witness_name,
      .key = *std::move(key),
      .policy = *std::move(logs),
      .clock = clock_,
      .evidence_directory = config_.data + "/evidence",
      .load =
          [engine = engine_](const std::string& name) {
            return engine->log().GetLocal(name);
          },
      .store =
          [engine = engine_](const std::string& name,
                             const std::string& value) {
            return PutFact(*engine, name, value);
          },
      .warn =
          [](const std::string& text) { spdlog::error("{}", Quoted(text)); }};
  if (!note::IsKeyName(options.name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--witness-name ", options.name,
        " cannot be the name of a key: no spaces, no plus signs, at most ",
        limits::kKeyNameBytesMax, " bytes"));
  }
  absl::StatusOr<std::unique_ptr<Witness>> witness =
      Witness::Make(std::move(options));
  if (!witness.ok()) return witness.status();
  witness_ = *std::move(witness);
  witness_part_ = std::make_unique<WitnessPart>(witness_.get());
  spdlog::info("witnesses {} logs as {}", witness_->stats().logs,
               Quoted(note::FormatVerifierKey(witness_->verifier_key())));
  return absl::OkStatus();
}

absl::Status ProofSide::Start() {
  if (client_options_ == nullptr) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<WitnessClient>> client =
      WitnessClient::Start(*client_options_);
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  return absl::OkStatus();
}

std::vector<HttpPart*> ProofSide::parts() const {
  std::vector<HttpPart*> parts;
  if (tiles_ != nullptr) parts.push_back(tiles_.get());
  if (witness_part_ != nullptr) parts.push_back(witness_part_.get());
  return parts;
}

void ProofSide::AddSources(MetricsSources* sources) const {
  if (tiles_ != nullptr) {
    sources->tiles = [tiles = tiles_] { return tiles->stats(); };
  }
  if (witness_ != nullptr) {
    sources->witness = [witness = witness_.get()] { return witness->stats(); };
  }
  if (client_ != nullptr) {
    sources->witnesses = [client = client_.get()] { return client->states(); };
  }
}

}  // namespace thon
