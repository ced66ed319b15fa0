// What a Sync stream does about rows that are followed: one response of the hub
// at a time, behind every answer.
//
// `following_` is replaced and dropped by workers and by OnDone() only, never
// by the hub's thread, and with no lock held: that waits for the hub.
#include <memory>
#include <utility>

#include "server/core/limits.h"
#include "server/engine/following.h"
#include "server/rpc/sync_stream.h"

namespace thon {

void SyncStream::TakeFollowRequest(const v1::FollowRequest& request) {
  std::uint64_t turn = 0;
  {
    MutexLock lock(&mu_);
    turn = ++follow_turn_;
    follow_owed_ = true;
    followed_.reset();  // Of the one before.
    if (known_) {
      ++references_;
      ++reads_waiting_;
    }
  }
  // One that was unknown at its hello has not shown that it is this author,
  // though the author may be enrolled by now.
  if (!known_) return EndFollowing(turn);
  const auto run = [this, turn, request] {
    Follow(turn, request);
    {
      MutexLock lock(&mu_);
      --reads_waiting_;
    }
    Pump();
    Unref();
  };
  if (calls_->pool().PostContinuation(run)) return;
  {
    MutexLock lock(&mu_);
    --reads_waiting_;
  }
  EndFollowing(turn);
  Unref();
}

void SyncStream::Follow(std::uint64_t turn, const v1::FollowRequest& request) {
  // The one before ends here, unless a later one has its place already.
  std::unique_ptr<Following> before;
  {
    MutexLock lock(&mu_);
    if (turn != follow_turn_ || done_) return;
    before = std::move(following_);
  }
  before.reset();
  Engine& engine = calls_->engine();
  absl::StatusOr<WatchQueries> queries =
      FollowQueries(*engine.RowsAt(engine.rows_position()), author_, request);
  if (!queries.ok()) return EndFollowing(turn);
  auto following = std::make_unique<Following>(
      &engine.watches(), author_, *std::move(queries),
      Following::Listener{
          [this, turn](v1::WatchResponse response) {
            OnFollowed(turn, std::move(response));
          },
          [this, turn](const absl::Status&) { EndFollowing(turn); }});
  MutexLock lock(&mu_);
  if (turn != follow_turn_ || done_) return;  // Dropped behind the lock.
  following_ = std::move(following);
  following_->More();
}

void SyncStream::OnFollowed(std::uint64_t turn, v1::WatchResponse response) {
  {
    MutexLock lock(&mu_);
    if (turn != follow_turn_ || done_) return;
    followed_.emplace();
    followed_->mutable_followed()->Swap(&response);
  }
  Pump();
}

void SyncStream::EndFollowing(std::uint64_t turn) {
  OnFollowed(turn, v1::WatchResponse());
}

bool SyncStream::MaySendRows() const {
  return followed_.has_value() && !end_.has_value() &&
         ((unanswered_ == 0 && !parked_) ||
          answers_since_rows_ >= limits::kSyncBatchesInFlightMax);
}

v1::SyncResponse SyncStream::TakeFollowed() {
  v1::SyncResponse response = *std::move(followed_);
  followed_.reset();
  answers_since_rows_ = 0;
  const bool last = response.followed().ByteSizeLong() == 0;
  writing_rows_ =
      RowsWrite{.turn = follow_turn_,
                .last = last,
                .whole = last || response.followed().has_progress()};
  return response;
}

void SyncStream::OnRowsWritten() {
  MutexLock lock(&mu_);
  const RowsWrite written = *writing_rows_;
  writing_rows_.reset();
  if (written.turn != follow_turn_) return;
  if (written.whole) follow_owed_ = false;
  if (!written.last && !end_.has_value() && following_ != nullptr) {
    following_->More();
  }
}

void SyncStream::DropFollowing() {
  std::unique_ptr<Following> following;
  {
    MutexLock lock(&mu_);
    done_ = true;
    following = std::move(following_);
  }
}

}  // namespace thon
