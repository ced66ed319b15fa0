// How the hub of watches begins: over the engine's rows, log and epochs.
#include <string>
#include <utility>
#include <vector>

#include "server/core/hash.h"
#include "server/engine/engine_impl.h"
#include "server/engine/system_clock.h"
#include "server/projections/fold.h"
#include "server/watch/watch_hub.h"

namespace thon {
namespace {

// What the log's key signs to make the key of resume tokens. The signature is
// the same every time and is never shown to anybody.
constexpr absl::string_view kWatchTokenContext = "thon.v1 watch token key\n";

}  // namespace

void EngineImpl::OpenWatches() {
  WatchOptions options;
  options.rows = rows_.get();
  options.log = log_.get();
  options.clock = options_.clock;
  options.steady_ms = SteadyMs;
  options.epochs = [this] {
    std::vector<WatchEpoch> out;
    for (const Epoch& epoch : epochs()) {
      out.push_back({epoch.origin, epoch.first_lost});
    }
    return out;
  };
  const Signature secret = committer_->log_key().Sign(kWatchTokenContext, "");
  options.token_key = std::string(Sha256Of(secret.view()).view());
  options.rows_signature = Fold().signature();
  watches_ = std::make_unique<WatchHub>(std::move(options));
}

}  // namespace thon
