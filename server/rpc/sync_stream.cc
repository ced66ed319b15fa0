#include "server/rpc/sync_stream.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/engine/team_view.h"
#include "server/rpc/standings.h"
#include "server/rpc/status_mapping.h"
#include "thon/v1/rows.pb.h"

namespace thon {
namespace {

constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kReadsWaitingMax = 2;
constexpr std::uint64_t kStandingsMax = 4096;

absl::Status BadHello(absl::string_view field, absl::string_view what) {
  return WithField(
      WithReason(absl::InvalidArgumentError(what), "INVALID_FIELD"), field);
}

std::string HelloMessage(const v1::ClientHello& hello) {
  return absl::StrCat(hello.nonce(), hello.origin());
}

}  // namespace

SyncStream::SyncStream(const Calls* calls, SyncStreams* streams)
    : calls_(calls), streams_(streams) {
  entered_ = streams->Enter(this);
  if (!entered_) {
    End(WithRetryAfter(
        WithReason(absl::ResourceExhaustedError(
                       "the server has as many streams as it may; try later"),
                   "TOO_MANY_STREAMS"),
        30'000));
    return;
  }
  Ref();
  hello_deadline_.Set(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(limits::kHelloMsMax, GPR_TIMESPAN)),
      [this](bool expired) {
        if (expired) {
          End(WithReason(absl::DeadlineExceededError("no hello came"),
                         "NO_HELLO"));
        }
        Unref();
      });
  Pump();
}

void SyncStream::Ref() {
  MutexLock lock(&mu_);
  ++references_;
}

void SyncStream::Unref() {
  bool last = false;
  {
    MutexLock lock(&mu_);
    last = --references_ == 0;
  }
  if (last) delete this;
}

void SyncStream::End(absl::Status status) {
  {
    MutexLock lock(&mu_);
    if (end_.has_value()) return;
    end_ = std::move(status);
  }
  Pump();
}

void SyncStream::Send(v1::SyncResponse response) {
  {
    MutexLock lock(&mu_);
    outbox_.push_back(std::move(response));
  }
  Pump();
}

void SyncStream::Pump() {
  enum class Action { kNone, kFinish, kWrite, kProofs, kRead };
  for (bool first = true;; first = false) {
    Action action = Action::kNone;
    absl::Status status;
    v1::ProofsRequest proofs;
    {
      MutexLock lock(&mu_);
      if (first) {
        if (acting_) return;  // The actor looks again before it leaves.
        acting_ = true;
      }
      const bool even = read_closed_ && unanswered_ == 0 && !parked_ &&
                        reads_waiting_ == 0 && outbox_.empty() &&
                        !follow_owed_ && !proofs_owed_;
      if (!finished_ && !writing_ &&
          (even || (end_.has_value() && outbox_.empty()))) {
        action = Action::kFinish;
        finished_ = true;
        if (end_.has_value()) status = *end_;
      } else if (!finished_ && !writing_ && !outbox_.empty()) {
        action = Action::kWrite;
        writing_ = true;
        response_ = std::move(outbox_.front());
        outbox_.pop_front();
        if (response_.has_answer()) ++answers_since_rows_;
      } else if (!finished_ && !writing_ && MaySendRows()) {
        action = Action::kWrite;
        writing_ = true;
        response_ = TakeFollowed();
      } else if (proofs_asked_.has_value() && unanswered_ == 0 &&
                 reads_waiting_ == 0 && !end_.has_value()) {
        action = Action::kProofs;
        proofs = *std::move(proofs_asked_);
        proofs_asked_.reset();
        ++references_;
      } else if (!finished_ && !reading_ && !read_closed_ && !parked_ &&
                 !end_.has_value() && !proofs_owed_ &&
                 unanswered_ + outbox_.size() <
                     limits::kSyncBatchesInFlightMax &&
                 reads_waiting_ < kReadsWaitingMax) {
        action = Action::kRead;
        reading_ = true;
      } else {
        acting_ = false;
        return;
      }
    }
    switch (action) {
      case Action::kFinish:
        Finish(ToGrpc(status));
        break;
      case Action::kWrite:
        StartWrite(&response_);
        break;
      case Action::kProofs:
        StartProofs(std::move(proofs));
        break;
      case Action::kRead:
        StartRead(&request_);
        break;
      case Action::kNone:
        break;
    }
  }
}

void SyncStream::OnReadDone(bool ok) {
  Ref();
  v1::SyncRequest request;
  if (ok) request.Swap(&request_);
  if (!ok) {
    MutexLock lock(&mu_);
    reading_ = false;
    read_closed_ = true;
  } else if (request.has_hello() != !said_hello_) {
    End(BadHello("message",
                 said_hello_ ? "hello is sent once" : "hello comes first"));
  } else if (request.has_hello()) {
    said_hello_ = true;
    hello_deadline_.Cancel();
    TakeHello(request.hello());
  } else if (request.has_batch()) {
    TakeBatch(std::move(*request.mutable_batch()));
  } else if (request.has_standings()) {
    TakeStandingsRequest(request.standings());
  } else if (request.has_team_view()) {
    TakeTeamViewRequest(request.team_view());
  } else if (request.has_follow()) {
    TakeFollowRequest(request.follow());
  } else if (request.has_proofs()) {
    TakeProofsRequest(request.proofs());
  } else {
    End(BadHello("message", "a message of unknown kind: update the server"));
  }
  if (ok) {
    // Only now: the next read may not overtake this one's offer.
    MutexLock lock(&mu_);
    reading_ = false;
  }
  Pump();
  Unref();
}

void SyncStream::TakeHello(const v1::ClientHello& hello) {
  if (!AuthorId::FromBytes(hello.author(), &author_)) {
    return End(BadHello("hello.author", "an author has 16 bytes"));
  }
  if (hello.nonce().size() != kNonceSize) {
    return End(BadHello("hello.nonce", "a nonce has 16 bytes"));
  }
  if (hello.origin().size() > limits::kTextBytesMax) {
    return End(BadHello("hello.origin", "at most 1,024 bytes"));
  }
  Engine& engine = calls_->engine();
  const std::optional<AuthorState> state = engine.FindAuthor(author_);
  known_ = state.has_value();
  if (known_) {
    Signature signature;
    if (state->server || !Signature::FromBytes(hello.signature(), &signature) ||
        !Verify(state->key, kHelloContext, HelloMessage(hello), signature)) {
      return End(WithReason(
          absl::UnauthenticatedError("the hello is not signed by this author"),
          "BAD_HELLO_SIGNATURE"));
    }
    streams_->Claim(author_, this);
  }
  Hash leaf;
  if (hello.has_highest_receipt() &&
      Hash::FromBytes(hello.highest_leaf_hash(), &leaf)) {
    const absl::Status known =
        engine.CheckReceipt(hello.highest_receipt(), leaf);
    if (absl::IsDataLoss(known)) return End(WithReason(known, "LOG_RESTORED"));
  }
  const absl::StatusOr<Hello> made =
      engine.MakeHello(hello.nonce(), author_, hello.origin());
  if (!made.ok()) return End(made.status());

  v1::SyncResponse response;
  v1::ServerHello* const reply = response.mutable_hello();
  origin_ = made->origin;
  reply->set_origin(made->origin);
  reply->set_log_key(std::string(made->log_key.view()));
  reply->set_server_time_ms(made->server_time.ms);
  reply->set_next_sequence(made->next_sequence);
  reply->set_last_batch_hash(made->last_batch_hash);
  reply->set_durable_position(made->durable_position);
  reply->set_signature(std::string(made->signature.view()));
  for (const EpochLink& link : made->epochs) {
    v1::EpochLink* const out = reply->add_epochs();
    out->set_old_origin(link.old_origin);
    out->set_new_origin(link.new_origin);
    out->set_leaf(link.leaf);
    *out->mutable_receipt() = link.receipt;
  }
  Send(std::move(response));
}

void SyncStream::TakeBatch(v1::SealedBatch batch) {
  OfferBatch(calls_->engine().Admit(author_, std::move(batch)));
}

void SyncStream::OfferBatch(OfferedBatch batch) {
  auto held = std::make_shared<OfferedBatch>(std::move(batch));
  {
    MutexLock lock(&mu_);
    references_ += 2;  // One for the answer, one for the room.
    ++unanswered_;
    // Until the engine has it, nothing is read: batches stay in order.
    parked_ = true;
  }
  const OfferStatus status = calls_->engine().Offer(
      held.get(),
      [this](Answered answered) {
        OnAnswer(std::move(answered));
        Unref();
      },
      [this, held] {
        OfferBatch(std::move(*held));
        Pump();
        Unref();
      });
  MutexLock lock(&mu_);
  switch (status) {
    case OfferStatus::kTaken:
      parked_ = false;
      --references_;  // Nobody will call about room.
      return;
    case OfferStatus::kFull:
      --unanswered_;
      --references_;  // Nobody will answer. The room's reference remains.
      return;
    case OfferStatus::kClosed:
      parked_ = false;
      --unanswered_;
      references_ -= 2;
      if (!end_.has_value()) {
        end_ = WithRetryAfter(
            WithReason(absl::UnavailableError("the server is stopping"),
                       "DRAINING"),
            5'000);
      }
      return;
  }
}

void SyncStream::OnAnswer(Answered answered) {
  if (!answered.status.ok()) {
    {
      MutexLock lock(&mu_);
      --unanswered_;
    }
    return End(std::move(answered.status));
  }
  v1::SyncResponse response;
  *response.mutable_answer() = std::move(answered.answer);
  {
    MutexLock lock(&mu_);
    --unanswered_;
    outbox_.push_back(std::move(response));
  }
  Pump();
}

void SyncStream::TakeStandingsRequest(const v1::StandingsRequest& request) {
  if (!known_) {
    return End(
        WithReason(absl::UnauthenticatedError("this author is not enrolled"),
                   "UNKNOWN_AUTHOR"));
  }
  if (request.first_sequence() == 0 ||
      request.end_sequence() < request.first_sequence() ||
      request.end_sequence() - request.first_sequence() > kStandingsMax) {
    return End(
        BadHello("standings", "a range of at most 4,096 numbers from 1"));
  }
  ReadLater(request.min_position(),
            [this, request] { ReadStandings(request); });
}

void SyncStream::TakeTeamViewRequest(const v1::TeamViewRequest& request) {
  if (!known_) {
    return End(
        WithReason(absl::UnauthenticatedError("this author is not enrolled"),
                   "UNKNOWN_AUTHOR"));
  }
  if (const absl::Status good = CheckTeamViewRequest(request); !good.ok()) {
    return End(BadHello("team_view", good.message()));
  }
  ReadLater(request.min_position(), [this, request] { ReadTeamView(request); });
}

void SyncStream::ReadLater(std::uint64_t min_position,
                           std::function<void()> read) {
  {
    MutexLock lock(&mu_);
    ++references_;
    ++reads_waiting_;
  }
  const auto run = [this, read = std::move(read)] {
    read();
    Unref();
  };
  // What the log does not have yet is not waited for.
  const Position last(calls_->engine().log().end().next_position.value - 1);
  calls_->engine().WaitForRows(
      std::min(Position(min_position), last), limits::kQueryWaitMsMax,
      [this, run](const absl::Status& status) {
        // Late rows are no reason to end a stream: what is there is said.
        if ((status.ok() || absl::IsDeadlineExceeded(status)) &&
            calls_->pool().PostContinuation(run)) {
          return;
        }
        {
          MutexLock lock(&mu_);
          --reads_waiting_;
        }
        End(status.ok() ? absl::UnavailableError("the server is stopping")
                        : status);
        Unref();
      });
}

void SyncStream::AnswerRead(v1::SyncResponse response) {
  {
    MutexLock lock(&mu_);
    --reads_waiting_;
    outbox_.push_back(std::move(response));
  }
  Pump();
}

void SyncStream::ReadStandings(const v1::StandingsRequest& request) {
  Engine& engine = calls_->engine();
  const Position position = engine.rows_position();
  v1::SyncResponse response;
  FillStandings(*engine.RowsAt(position), author_, request.first_sequence(),
                request.end_sequence(), response.mutable_standings());
  response.mutable_standings()->set_position(position.value);
  AnswerRead(std::move(response));
}

void SyncStream::ReadTeamView(const v1::TeamViewRequest& request) {
  Engine& engine = calls_->engine();
  const Position position = engine.rows_position();
  v1::SyncResponse response;
  *response.mutable_team_view() =
      BuildTeamView(*engine.RowsAt(position), position, author_, request);
  AnswerRead(std::move(response));
}

void SyncStream::OnWriteDone(bool ok) {
  Ref();
  // An idle stream holds no page.
  if (response_.has_followed()) {
    response_ = v1::SyncResponse();
    OnRowsWritten();
  }
  {
    MutexLock lock(&mu_);
    writing_ = false;
    if (!ok) {
      outbox_.clear();
      followed_.reset();
      if (!end_.has_value()) end_ = absl::CancelledError("the phone left");
    }
  }
  Pump();
  Unref();
}

void SyncStream::OnCancel() {
  Ref();
  {
    MutexLock lock(&mu_);
    outbox_.clear();
    followed_.reset();
  }
  End(absl::CancelledError("the phone left"));
  Unref();
}

void SyncStream::OnDone() {
  hello_deadline_.Cancel();
  DropFollowing();
  if (entered_) {
    streams_->Release(author_, this);
    streams_->Leave(this);
  }
  Unref();
}

}  // namespace thon
