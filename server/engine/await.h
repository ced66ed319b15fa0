// Calls a method of the engine that answers by a callback, and waits for it.
// For tools and tests: it blocks, so never on a thread of the engine or of
// gRPC.
#ifndef THON_ENGINE_AWAIT_H_
#define THON_ENGINE_AWAIT_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "server/core/mutex.h"

namespace thon {

// `start` is called with the callback: Await<Position>([&](auto done) {
// engine.AdvanceClock(to, std::move(done)); }).
template <typename T, typename Start>
absl::StatusOr<T> Await(const Start& start) {
  struct Reply {
    Mutex mu;
    CondVar changed;
    std::optional<absl::StatusOr<T>> value ABSL_GUARDED_BY(mu);
  };
  const auto reply = std::make_shared<Reply>();
  start([reply](absl::StatusOr<T> value) {
    MutexLock lock(&reply->mu);
    reply->value = std::move(value);
    reply->changed.NotifyAll();
  });
  MutexLock lock(&reply->mu);
  while (!reply->value.has_value()) reply->changed.Wait(&reply->mu);
  return *std::move(reply->value);
}

}  // namespace thon

#endif  // THON_ENGINE_AWAIT_H_
