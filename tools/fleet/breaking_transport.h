// A transport whose streams break when told to, after the server was given
// something and before its answer arrived: the phone has to send again.
#ifndef THON_TOOLS_FLEET_BREAKING_TRANSPORT_H_
#define THON_TOOLS_FLEET_BREAKING_TRANSPORT_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "thon/transport.h"

namespace thon::fleet {

// How the next stream breaks.
enum class Break {
  kNever,
  kBeforeFirstAnswer,  // The answer is on its way and lost.
  kAfterFirstBatch,    // Perhaps the batch itself is lost.
};

// Thread-safety: as Transport.
class BreakingTransport final : public client::Transport {
 public:
  explicit BreakingTransport(std::unique_ptr<client::Transport> inner)
      : inner_(std::move(inner)) {}

  // For the next stream only.
  void BreakNext(Break how) { next_ = how; }

  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request,
                                          std::int64_t deadline_ms) override {
    return inner_->Enrol(request, deadline_ms);
  }
  std::unique_ptr<client::SyncStream> Sync(std::int64_t deadline_ms) override;

 private:
  const std::unique_ptr<client::Transport> inner_;
  Break next_ = Break::kNever;
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_BREAKING_TRANSPORT_H_
