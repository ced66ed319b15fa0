#include "tests/support/engine_transport.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/error_info.h"
#include "server/core/mutex.h"
#include "server/engine/following.h"
#include "server/engine/phone_proofs.h"
#include "server/engine/team_view.h"
#include "server/projections/activity.h"
#include "server/projections/row_keys.h"

namespace thon::testing {
namespace {

constexpr std::int64_t kRowsWaitMs = 60'000;

// What the engine's threads hand to the phone's. Shared, because an answer may
// come after the phone has dropped its stream.
struct Inbox {
  Mutex mu;
  CondVar changed;
  std::deque<v1::SyncResponse> messages ABSL_GUARDED_BY(mu);
  std::size_t unanswered ABSL_GUARDED_BY(mu) = 0;
  std::optional<absl::Status> end ABSL_GUARDED_BY(mu);

  void Put(v1::SyncResponse message) {
    MutexLock lock(&mu);
    messages.push_back(std::move(message));
    changed.NotifyAll();
  }
  void End(absl::Status status) {
    MutexLock lock(&mu);
    if (!end.has_value()) end = std::move(status);
    changed.NotifyAll();
  }
};

}  // namespace

class EngineStream final : public client::SyncStream {
 public:
  EngineStream(EngineTransport* transport, Engine* engine)
      : transport_(transport), engine_(engine) {
    if (engine == nullptr) {
      inbox_->End(absl::UnavailableError("the server is down"));
    }
  }

  bool Send(const v1::SyncRequest& request) override {
    if (Ended()) return false;
    if (transport_->Breaks()) return Break();
    if (request.has_hello()) {
      Hello(request.hello());
    } else if (request.has_batch()) {
      Batch(request.batch());
    } else if (request.has_standings()) {
      ReadStandings(request.standings());
    } else if (request.has_team_view()) {
      ReadTeamView(request.team_view());
    } else if (request.has_follow()) {
      Follow(request.follow());
    } else if (request.has_proofs()) {
      ReadProofs(request.proofs());
    }
    // Taken, but the phone does not hear of it.
    if (transport_->Breaks()) return Break();
    return !Ended();
  }

  void CloseSend() override {
    MutexLock lock(&inbox_->mu);
    closed_ = true;
    inbox_->changed.NotifyAll();
  }

  Got Receive(std::int64_t wait_ms, v1::SyncResponse* response) override {
    const Got got = Wait(wait_ms, response);
    if (got == Got::kMessage && following_ != nullptr &&
        response->followed().ByteSizeLong() > 0) {
      following_->More();
    }
    return got;
  }

  absl::Status Finish() override {
    MutexLock lock(&inbox_->mu);
    return inbox_->end.value_or(absl::CancelledError("not ended"));
  }

 private:
  Got Wait(std::int64_t wait_ms, v1::SyncResponse* response) {
    const bool breaks = transport_->Breaks();
    MutexLock lock(&inbox_->mu);
    for (bool waited = false;; waited = true) {
      if (breaks && !inbox_->messages.empty()) {
        inbox_->messages.clear();
        if (!inbox_->end.has_value()) {
          inbox_->end = absl::UnavailableError("the connection broke");
        }
      }
      if (!inbox_->messages.empty()) {
        *response = std::move(inbox_->messages.front());
        inbox_->messages.pop_front();
        return Got::kMessage;
      }
      if (inbox_->end.has_value()) return Got::kEnded;
      if (closed_ && inbox_->unanswered == 0) {
        inbox_->end = absl::OkStatus();
        return Got::kEnded;
      }
      if (waited || wait_ms == 0) return Got::kNothing;
      inbox_->changed.WaitFor(&inbox_->mu, wait_ms);
    }
  }

  bool Ended() {
    MutexLock lock(&inbox_->mu);
    return inbox_->end.has_value();
  }

  bool Break() {
    inbox_->End(absl::UnavailableError("the connection broke"));
    return false;
  }

  void Hello(const v1::ClientHello& hello) {
    AuthorId::FromBytes(hello.author(), &author_);
    Hash leaf;
    if (hello.has_highest_receipt() &&
        Hash::FromBytes(hello.highest_leaf_hash(), &leaf)) {
      const absl::Status known =
          engine_->CheckReceipt(hello.highest_receipt(), leaf);
      if (absl::IsDataLoss(known)) {
        return inbox_->End(WithReason(known, "LOG_RESTORED"));
      }
    }
    const absl::StatusOr<thon::Hello> made =
        engine_->MakeHello(hello.nonce(), author_, hello.origin());
    if (!made.ok()) return inbox_->End(made.status());
    v1::SyncResponse response;
    v1::ServerHello* const reply = response.mutable_hello();
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
    inbox_->Put(std::move(response));
  }

  // Rows as of `min_position` or later; nullptr: they did not come.
  std::unique_ptr<RowReader> RowsFrom(std::uint64_t min_position,
                                      Position* position) {
    const Position last(engine_->log().end().next_position.value - 1);
    const absl::Status there =
        engine_->AwaitRows(std::min(Position(min_position), last), kRowsWaitMs);
    if (!there.ok()) {
      inbox_->End(there);
      return nullptr;
    }
    *position = engine_->rows_position();
    return engine_->RowsAt(*position);
  }

  void ReadStandings(const v1::StandingsRequest& request) {
    v1::SyncResponse response;
    v1::Standings* const out = response.mutable_standings();
    out->set_first_sequence(request.first_sequence());
    out->set_end_sequence(request.first_sequence());
    if (!transport_->tell_standings) return inbox_->Put(std::move(response));
    Position position;
    const auto rows = RowsFrom(request.min_position(), &position);
    if (rows == nullptr) return;
    const auto health = GetRow<v1::SyncHealthRow>(*rows, Table::kSyncHealth,
                                                  keys::SyncHealth(author_));
    const std::uint64_t judged =
        health.has_value() ? health->last_sequence() : 0;
    const std::uint64_t end = std::min(request.end_sequence(), judged + 1);
    if (request.first_sequence() < end) {
      out->set_end_sequence(end);
      for (v1::EventStanding& one :
           StandingsOf(*rows, author_, Sequence(request.first_sequence()),
                       Sequence(end - 1))) {
        *out->add_exceptions() = std::move(one);
      }
    }
    out->set_position(position.value);
    inbox_->Put(std::move(response));
  }

  void ReadTeamView(const v1::TeamViewRequest& request) {
    if (absl::Status good = CheckTeamViewRequest(request); !good.ok()) {
      return inbox_->End(std::move(good));
    }
    Position position;
    const auto rows = RowsFrom(request.min_position(), &position);
    if (rows == nullptr) return;
    v1::SyncResponse response;
    *response.mutable_team_view() =
        BuildTeamView(*rows, position, author_, request);
    inbox_->Put(std::move(response));
  }

  void Follow(const v1::FollowRequest& request) {
    const auto put = [inbox = inbox_](v1::WatchResponse response) {
      v1::SyncResponse message;
      message.mutable_followed()->Swap(&response);
      inbox->Put(std::move(message));
    };
    following_.reset();
    const Position position = engine_->rows_position();
    absl::StatusOr<WatchQueries> queries =
        FollowQueries(*engine_->RowsAt(position), author_, request);
    if (!transport_->tell_followed || !queries.ok()) {
      return put(v1::WatchResponse());
    }
    following_ = std::make_unique<Following>(
        &engine_->watches(), author_, *std::move(queries),
        Following::Listener{
            put, [put](const absl::Status&) { put(v1::WatchResponse()); }});
    following_->More();
  }

  void ReadProofs(const v1::ProofsRequest& request) {
    absl::Status good = CheckProofsRequest(request);
    if (!transport_->tell_proofs) good = absl::InvalidArgumentError("unknown");
    if (!good.ok()) return inbox_->End(std::move(good));
    // The engine outlives neither its own end nor the call that waits for it.
    struct Signed {
      Mutex mu;
      CondVar changed;
      std::optional<absl::StatusOr<v1::Checkpoint>> value ABSL_GUARDED_BY(mu);
    };
    const auto reply = std::make_shared<Signed>();
    CheckpointFor(request, engine_->log(), &engine_->checkpoints(),
                  [reply](absl::StatusOr<v1::Checkpoint> checkpoint) {
                    MutexLock lock(&reply->mu);
                    reply->value = std::move(checkpoint);
                    reply->changed.NotifyAll();
                  });
    absl::StatusOr<v1::Checkpoint> checkpoint;
    {
      MutexLock lock(&reply->mu);
      while (!reply->value.has_value()) reply->changed.Wait(&reply->mu);
      checkpoint = *std::move(reply->value);
    }
    v1::SyncResponse response;
    response.mutable_proofs();
    if (checkpoint.ok()) {
      absl::StatusOr<v1::Proofs> proofs =
          BuildProofs(request, engine_->log(), *std::move(checkpoint));
      if (proofs.ok()) *response.mutable_proofs() = *std::move(proofs);
    }
    if (transport_->bend_proofs) {
      transport_->bend_proofs(request, response.mutable_proofs());
    }
    inbox_->Put(std::move(response));
  }

  void Batch(const v1::SealedBatch& sealed) {
    if (transport_->on_offer) transport_->on_offer(sealed);
    OfferedBatch batch = engine_->Admit(author_, sealed);
    {
      MutexLock lock(&inbox_->mu);
      ++inbox_->unanswered;
    }
    const auto answered = [inbox = inbox_](Answered answer) {
      {
        MutexLock lock(&inbox->mu);
        --inbox->unanswered;
        inbox->changed.NotifyAll();
      }
      if (!answer.status.ok()) return inbox->End(answer.status);
      v1::SyncResponse response;
      *response.mutable_answer() = std::move(answer.answer);
      inbox->Put(std::move(response));
    };
    for (;;) {
      auto room = std::make_shared<Inbox>();
      switch (engine_->Offer(&batch, answered,
                             [room] { room->End(absl::OkStatus()); })) {
        case OfferStatus::kTaken:
          return;
        case OfferStatus::kClosed:
          inbox_->End(absl::UnavailableError("the server is stopping"));
          return;
        case OfferStatus::kFull: {
          MutexLock lock(&room->mu);
          while (!room->end.has_value()) room->changed.Wait(&room->mu);
          break;
        }
      }
    }
  }

  EngineTransport* const transport_;
  Engine* const engine_;
  AuthorId author_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  bool closed_ = false;                   // Touched by the phone's thread only.
  std::unique_ptr<Following> following_;  // The same.
};

absl::StatusOr<v1::EnrolResponse> EngineTransport::Enrol(
    const v1::EnrolRequest& request, std::int64_t deadline_ms) {
  Engine* const engine = find_();
  if (engine == nullptr || Breaks()) {
    return absl::UnavailableError("the server is down");
  }
  EnrolmentRequest wanted;
  wanted.code = request.code();
  wanted.public_key = request.public_key();
  wanted.possession_signature = request.possession_signature();
  wanted.predecessor = request.predecessor();
  wanted.predecessor_signature = request.predecessor_signature();
  wanted.enrolment_leaf = request.enrolment_leaf();
  if (request.has_enrolment_receipt()) {
    wanted.enrolment_receipt = request.enrolment_receipt();
  }
  struct Reply {
    Mutex mu;
    CondVar changed;
    std::optional<absl::StatusOr<Enrolment>> value ABSL_GUARDED_BY(mu);
  };
  const auto reply = std::make_shared<Reply>();
  engine->Enrol(std::move(wanted), [reply](absl::StatusOr<Enrolment> value) {
    MutexLock lock(&reply->mu);
    reply->value = std::move(value);
    reply->changed.NotifyAll();
  });
  MutexLock lock(&reply->mu);
  for (int tries = 0; !reply->value.has_value(); ++tries) {
    if (tries == 100) return absl::DeadlineExceededError("no answer");
    reply->changed.WaitFor(&reply->mu, deadline_ms / 100 + 1);
  }
  if (!reply->value->ok()) return reply->value->status();
  const Enrolment& enrolment = **reply->value;
  if (Breaks()) return absl::UnavailableError("the connection broke");
  v1::EnrolResponse response;
  response.set_author(enrolment.author.author());
  response.set_team_id(enrolment.author.team_id());
  response.set_member_id(enrolment.author.member_id());
  response.set_organisation_id(enrolment.author.organisation_id());
  response.set_position(enrolment.author.enrolled_position());
  response.set_confirmed(enrolment.author.confirmed());
  response.set_origin(enrolment.origin);
  response.set_log_key(std::string(enrolment.log_key.view()));
  response.set_enrolment_leaf(enrolment.leaf);
  *response.mutable_enrolment_receipt() = enrolment.receipt;
  return response;
}

std::unique_ptr<client::SyncStream> EngineTransport::Sync(
    std::int64_t /*deadline_ms*/) {
  return std::make_unique<EngineStream>(this, find_());
}

}  // namespace thon::testing
