// What thond does for proof beside the log itself: tiles for readers, the
// witness of other logs, and asking the witnesses of its own.
#ifndef THON_PROOF_SIDE_H_
#define THON_PROOF_SIDE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/engine/engine.h"
#include "server/http/http_part.h"
#include "server/http/metrics.h"
#include "server/http/tiles.h"
#include "server/http/witness.h"
#include "server/http/witness_client.h"

namespace thon {

// Thread-safety: Start() before serving; the rest by any thread.
class ProofSide {
 public:
  // Reads the trust policies and the witness's key and records. Nothing is
  // asked of anybody yet. `config` and the pointers are not owned and outlive
  // the object. kInvalidArgument: a file's content. kUnavailable: a file cannot
  // be read. kFailedPrecondition: the witness's key is gone while its records
  // are there. kDataLoss: a record is damaged.
  static absl::StatusOr<std::unique_ptr<ProofSide>> Prepare(
      const Config& config, Engine* engine, const Clock* clock);

  // Begins to ask the witnesses.
  absl::Status Start();

  // What the HTTP port serves of it; they live as long as the object. Requests
  // must have ended before it goes.
  std::vector<HttpPart*> parts() const;
  // Null with --tiles off.
  std::shared_ptr<Tiles> tiles() const { return tiles_; }
  // Adds where its figures come from.
  void AddSources(MetricsSources* sources) const;

 private:
  ProofSide(const Config& config, Engine* engine, const Clock* clock)
      : config_(config), engine_(engine), clock_(clock) {}

  absl::Status PrepareWitness();

  const Config& config_;
  Engine* const engine_;
  const Clock* const clock_;
  std::shared_ptr<Tiles> tiles_;
  std::unique_ptr<Witness> witness_;
  std::unique_ptr<WitnessPart> witness_part_;
  std::unique_ptr<WitnessClientOptions> client_options_;
  std::unique_ptr<WitnessClient> client_;
};

}  // namespace thon

#endif  // THON_PROOF_SIDE_H_
