// One phone's Sync call.
//
// Flow: hello both ways; then each batch is admitted on gRPC's thread and
// offered to the engine; answers go down in order. At most 16 batches are
// unanswered, and an answer that the phone does not take counts as none: then,
// and while the engine is full, nothing more is read, and HTTP/2 holds the
// phone back.
//
// Rows that the phone follows go down behind answers: one response of the hub
// is held at most, and it is not sent while a batch is unanswered, but for one
// after every 16 answers, so that a long upload still sees rows. Half-closed,
// the stream ends when everything that was asked for is answered, a following
// when its tables were told once; then it ends with the stream.
//
// Proofs are asked for one at a time: nothing more is read, and the disk not
// before everything that was asked earlier is answered, so that this answer
// comes in its turn. A log that has no checkpoint to give says so with an empty
// answer, and the stream goes on. An epoch that was opened since the hello ends
// it there (UNAVAILABLE, EPOCH_OPENED): the phone would not know the
// checkpoint's origin, and the next hello declares it.
//
// Lifetime: made by the service; deletes itself when gRPC is done with it and
// no thread of ours holds a reference. Threads: gRPC's reactions, the
// committer's answers, workers and a newer stream arrive concurrently. Each
// changes state under the lock, then calls Pump(); one of them at a time is the
// actor that starts operations, with no lock held.
#ifndef THON_RPC_SYNC_STREAM_H_
#define THON_RPC_SYNC_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/engine/engine.h"
#include "server/engine/following.h"
#include "server/rpc/calls.h"
#include "server/rpc/sync_streams.h"
#include "thon/v1/sync_service.pb.h"

namespace thon {

class SyncStream final
    : public grpc::ServerBidiReactor<v1::SyncRequest, v1::SyncResponse> {
 public:
  // Neither is owned; both outlive the stream.
  SyncStream(const Calls* calls, SyncStreams* streams);

  // Ends the call once what is being written is written.
  void End(absl::Status status);

  void Ref();
  void Unref();  // Deletes the stream with the last reference.

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  ~SyncStream() override = default;

  // Starts what can be started: a finish, a write, a read.
  void Pump();

  void TakeHello(const v1::ClientHello& hello);
  void TakeBatch(v1::SealedBatch batch);
  void TakeStandingsRequest(const v1::StandingsRequest& request);
  void TakeTeamViewRequest(const v1::TeamViewRequest& request);
  // Requires: the caller holds a reference, and calls Pump() afterwards.
  void OfferBatch(OfferedBatch batch);
  void OnAnswer(Answered answered);
  // Runs `read` on a worker, with a reference, when the rows have reached
  // `min_position` or 30 s have passed. Its answer counts as asked for until
  // AnswerRead().
  void ReadLater(std::uint64_t min_position, std::function<void()> read);
  void ReadStandings(const v1::StandingsRequest& request);
  void ReadTeamView(const v1::TeamViewRequest& request);
  void AnswerRead(v1::SyncResponse response);
  void Send(v1::SyncResponse response);

  // sync_stream_proofs.cc.
  void TakeProofsRequest(const v1::ProofsRequest& request);
  // Requires: the caller holds a reference for it.
  void StartProofs(v1::ProofsRequest request);
  void ReadProofs(const v1::ProofsRequest& request,
                  absl::StatusOr<v1::Checkpoint> checkpoint);
  void AnswerProofs(v1::SyncResponse response);

  // sync_stream_follow.cc. A turn is one request to follow; what comes of an
  // earlier one is dropped.
  void TakeFollowRequest(const v1::FollowRequest& request);
  void Follow(std::uint64_t turn, const v1::FollowRequest& request);
  void OnFollowed(std::uint64_t turn, v1::WatchResponse response);
  // Tells the phone, with an empty message, that nothing more comes.
  void EndFollowing(std::uint64_t turn);
  bool MaySendRows() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  v1::SyncResponse TakeFollowed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnRowsWritten();
  void DropFollowing();

  const Calls* const calls_;
  SyncStreams* const streams_;
  v1::SyncRequest request_;     // Belongs to the read under way.
  v1::SyncResponse response_;   // Belongs to the write under way.
  AuthorId author_;             // Set by the hello, in the first reaction.
  std::string origin_;          // Said in the hello; as author_.
  bool said_hello_ = false;     // Touched by read reactions only.
  bool known_ = false;          // The author is enrolled; as said_hello_.
  bool entered_ = false;        // Set before the first operation.
  grpc::Alarm hello_deadline_;  // Holds a reference while it is set.

  Mutex mu_;
  int references_ ABSL_GUARDED_BY(mu_) = 1;  // gRPC's, until OnDone().
  bool acting_ ABSL_GUARDED_BY(mu_) = false;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool read_closed_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool parked_ ABSL_GUARDED_BY(mu_) = false;  // A batch waits for room.
  std::size_t unanswered_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t reads_waiting_ ABSL_GUARDED_BY(mu_) = 0;  // Of rows.
  // Of proofs: asked for; of these, not begun.
  bool proofs_owed_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<v1::ProofsRequest> proofs_asked_ ABSL_GUARDED_BY(mu_);
  std::deque<v1::SyncResponse> outbox_ ABSL_GUARDED_BY(mu_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  bool done_ ABSL_GUARDED_BY(mu_) = false;  // OnDone() has run.

  std::unique_ptr<Following> following_ ABSL_GUARDED_BY(mu_);
  std::uint64_t follow_turn_ ABSL_GUARDED_BY(mu_) = 0;
  // Asked for, and not told until its first PROGRESS.
  bool follow_owed_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<v1::SyncResponse> followed_ ABSL_GUARDED_BY(mu_);  // To write.
  std::size_t answers_since_rows_ ABSL_GUARDED_BY(mu_) = 0;
  // Of the write under way.
  struct RowsWrite {
    std::uint64_t turn = 0;
    bool last = false;   // Empty: the following has ended.
    bool whole = false;  // Every table is told with it.
  };
  std::optional<RowsWrite> writing_rows_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_RPC_SYNC_STREAM_H_
