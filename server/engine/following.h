// What a phone follows down its Sync stream (sync_service.proto,
// FollowRequest): a watch of its own team's rows and its own standings, as the
// author that said hello.
#ifndef THON_ENGINE_FOLLOWING_H_
#define THON_ENGINE_FOLLOWING_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/watch/query.h"
#include "server/watch/watch_hub.h"
#include "thon/v1/sync_service.pb.h"

namespace thon {

// The queries that the request stands for, of the team of the author's
// enrolment, whatever the request says. An organisation's reporter, and a
// successor that nobody has confirmed yet, follow their standings alone: a
// token of before is then of other queries. A month before the sixth before
// that of the last day opened becomes that one.
//
// kPermissionDenied: the rows do not know the author. kInvalidArgument: no
// month, or no resume token.
absl::StatusOr<WatchQueries> FollowQueries(const RowReader& rows,
                                           const AuthorId& author,
                                           const v1::FollowRequest& request);

// One following. Threads: what it is told comes on the hub's thread; the rest
// is called from any other.
class Following final : private WatchHub::Watcher {
 public:
  struct Listener {
    // The next response; uses up one More().
    std::function<void(v1::WatchResponse)> on_response;
    // Nothing more comes.
    std::function<void(absl::Status)> on_end;
  };

  // Begins to follow; nothing comes before the first More(), except that it
  // cannot begin. `hub` is not owned and outlives the object.
  Following(WatchHub* hub, const AuthorId& author, WatchQueries queries,
            Listener listener)
      : hub_(hub),
        listener_(std::move(listener)),
        id_(hub->Subscribe(Viewer::Phone(author), std::move(queries), this)) {}
  // Once it returns, the listener is not called and will not be. Not on the
  // hub's thread: it waits for a call that is running.
  ~Following() { hub_->Unsubscribe(id_); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  // Asks for one more response.
  void More() { hub_->Request(id_); }

 private:
  void OnResponse(SharedPage page) override {
    listener_.on_response(page->response());
  }
  void OnEnd(const absl::Status& reason) override { listener_.on_end(reason); }

  WatchHub* const hub_;
  const Listener listener_;
  const WatchId id_;
};

}  // namespace thon

#endif  // THON_ENGINE_FOLLOWING_H_
