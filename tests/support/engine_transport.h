// A phone's transport that calls an engine in the same process: the way of an
// event without gRPC and without sockets, so that ThreadSanitizer sees all of
// it.
//
// The network can be made bad: a stream breaks after so many messages in one
// direction, from a seeded generator.
#ifndef THON_TESTS_SUPPORT_ENGINE_TRANSPORT_H_
#define THON_TESTS_SUPPORT_ENGINE_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>

#include "server/engine/engine.h"
#include "thon/transport.h"

namespace thon::testing {

class EngineTransport final : public client::Transport {
 public:
  // Returns the engine to call, or null while the server is down. Asked for
  // each stream and call.
  using FindEngine = std::function<Engine*()>;
  explicit EngineTransport(FindEngine find) : find_(std::move(find)) {}

  // From now on a message up or down breaks the stream with this probability,
  // in percent, before it is taken or after.
  void MakeUnreliable(std::uint64_t seed, int percent) {
    random_.seed(seed);
    break_percent_ = percent;
  }
  void MakeReliable() { break_percent_ = 0; }

  // Whether standings are told; else the answer judges none.
  bool tell_standings = false;
  // Whether a phone can follow its team; else it hears that it cannot. A stream
  // that follows must be gone before its engine.
  bool tell_followed = false;
  // Whether proofs are given; else the stream ends as an older server's does.
  bool tell_proofs = true;
  // What becomes of an answer on its way: a liar in the server's place.
  std::function<void(const v1::ProofsRequest&, v1::Proofs*)> bend_proofs;
  // Every batch that reached the engine.
  std::function<void(const v1::SealedBatch&)> on_offer;

  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request,
                                          std::int64_t deadline_ms) override;
  std::unique_ptr<client::SyncStream> Sync(std::int64_t deadline_ms) override;

 private:
  friend class EngineStream;
  bool Breaks() { return static_cast<int>(random_() % 100) < break_percent_; }

  FindEngine find_;
  std::mt19937_64 random_;
  int break_percent_ = 0;
};

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_ENGINE_TRANSPORT_H_
