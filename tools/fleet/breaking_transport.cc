#include "tools/fleet/breaking_transport.h"

namespace thon::fleet {
namespace {

class BreakingStream final : public client::SyncStream {
 public:
  BreakingStream(std::unique_ptr<client::SyncStream> inner, Break how)
      : inner_(std::move(inner)), how_(how) {}

  bool Send(const v1::SyncRequest& request) override {
    if (inner_ == nullptr) return false;
    const bool sent = inner_->Send(request);
    if (sent && how_ == Break::kAfterFirstBatch && request.has_batch()) {
      inner_.reset();
    }
    return sent;
  }
  void CloseSend() override {
    if (inner_ != nullptr) inner_->CloseSend();
  }
  Got Receive(std::int64_t wait_ms, v1::SyncResponse* response) override {
    if (inner_ == nullptr) return Got::kEnded;
    const Got got = inner_->Receive(wait_ms, response);
    if (got == Got::kMessage && how_ == Break::kBeforeFirstAnswer &&
        response->has_answer()) {
      inner_.reset();
      return Got::kEnded;
    }
    return got;
  }
  absl::Status Finish() override {
    return inner_ != nullptr ? inner_->Finish()
                             : absl::UnavailableError("the signal was lost");
  }

 private:
  std::unique_ptr<client::SyncStream> inner_;  // Null: broken.
  const Break how_;
};

}  // namespace

std::unique_ptr<client::SyncStream> BreakingTransport::Sync(
    std::int64_t deadline_ms) {
  std::unique_ptr<client::SyncStream> stream = inner_->Sync(deadline_ms);
  const Break how = std::exchange(next_, Break::kNever);
  if (how == Break::kNever) return stream;
  return std::make_unique<BreakingStream>(std::move(stream), how);
}

}  // namespace thon::fleet
