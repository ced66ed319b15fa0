#include <sodium.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/client_impl.h"
#include "client-lib/src/trust.h"

namespace thon::client {
namespace {

// No stream lives longer: many networks cut them at ten minutes.
constexpr std::int64_t kStreamMaxMs = 540'000;
constexpr std::uint64_t kStandingsAtOnce = 4096;
constexpr std::size_t kNonceBytes = 16;

}  // namespace

SessionFacts ClientImpl::Facts() {
  const Chain& chain = outbox_->chain();
  const PhoneKey& key = outbox_->key();
  return {
      .enrolled = key.enrolled,
      .can_enrol = !outbox_->code().empty() || key.generation > 0 ||
                   key.enrolment.has_value(),
      .work = transport_ != nullptr &&
              (sync_wanted_ || view_wish_ || proofs_wish_ ||
               chain.verified_end < chain.next || !outbox_->code().empty() ||
               (!key.enrolled && key.generation > 0)),
      .verified_end = chain.verified_end,
      .sealed_end = chain.sealed_end,
      .view_wanted = ViewWanted(),
      .follow_known = FollowKnown(),
      .proofs_wanted = ProofsWanted(),
      .proofs_known = outbox_->proofs_heard(),
      .random = random_()};
}

Action ClientImpl::NextAction() {
  const MutexLock lock(&mu_);
  return session_.Next(Now(), Facts());
}

void ClientImpl::Perform(const Action& action, std::int64_t wait_ms) {
  switch (action.kind) {
    case Do::kRest:
      return;
    case Do::kEnrol:
      // The session has the status.
      DoEnrol().IgnoreError();
      return;
    case Do::kOpen: {
      stream_ = transport_->Sync(kStreamMaxMs);
      const MutexLock lock(&mu_);
      ++totals_.streams;
      hello_.reset();
      exchange_bytes_ = exchange_batches_ = proofs_asked_count_ = 0;
      proofs_asked_.clear();
      session_.Opened(Now());
      return;
    }
    case Do::kSayHello:
      return SayHello();
    case Do::kSendBatch:
      return SendBatch(action.sequence);
    case Do::kAskStandings:
      return AskStandings();
    case Do::kAskTeamView:
      return AskTeamView();
    case Do::kFollow:
      return Follow();
    case Do::kAskProofs:
      return AskProofs();
    case Do::kCloseSend:
      return CloseSend();
    case Do::kReceive:
      return Receive(std::min(action.wait_ms, wait_ms));
    case Do::kDropStream:
      return DropStream();
  }
}

StepResult ClientImpl::Step(std::int64_t max_ms) {
  const std::int64_t deadline = Now() + max_ms;
  for (;;) {
    const Action action = NextAction();
    if (action.kind == Do::kRest) {
      return {.even = action.even, .wait_ms = action.wait_ms};
    }
    Perform(action, std::max<std::int64_t>(0, deadline - Now()));
    if (Now() >= deadline) return {.even = false, .wait_ms = 0};
  }
}

absl::Status ClientImpl::SyncOnce(std::int64_t deadline_ms) {
  if (transport_ == nullptr) {
    return absl::FailedPreconditionError("this client has no transport");
  }
  const std::int64_t deadline = Now() + deadline_ms;
  {
    const MutexLock lock(&mu_);
    sync_wanted_ = true;
    session_.Hurry();
  }
  for (;;) {
    const Action action = NextAction();
    if (action.kind == Do::kRest) {
      const MutexLock lock(&mu_);
      sync_wanted_ = false;
      if (action.even) return absl::OkStatus();
      if (session_.condition() == Condition::kNeedsEnrolment) {
        return absl::FailedPreconditionError(
            absl::StrCat("this phone is not enrolled: ", session_.detail()));
      }
      return session_.last_end();
    }
    if (Now() >= deadline) {
      {
        const MutexLock lock(&mu_);
        sync_wanted_ = false;
        session_.Ended(absl::CancelledError("time is up"), Now(), random_());
      }
      return absl::DeadlineExceededError("the exchange took too long");
    }
    Perform(action, deadline - Now());
  }
}

void ClientImpl::DropStream() {
  stream_.reset();
  const MutexLock lock(&mu_);
  if (!session_.last_end().ok()) return;
  sync_wanted_ = false;
  proofs_wish_ = false;
  if (session_.no_views()) view_wish_ = false;
  // The same: it is found again with the next exchange.
  EndProofs().IgnoreError();
  // A file that fails now says so at the next write. What is not compared now
  // is compared with the next view, or before it is shown again.
  if (outbox_->previewed()) CompareShown().IgnoreError();
  PruneLocked().IgnoreError();
}

bool ClientImpl::SendOrEnd(const v1::SyncRequest& request) {
  {
    const MutexLock lock(&mu_);
    exchange_bytes_ += request.ByteSizeLong();
    totals_.message_bytes += request.ByteSizeLong();
  }
  if (stream_->Send(request)) return true;
  const absl::Status why = stream_->Finish();
  const MutexLock lock(&mu_);
  session_.Ended(why.ok() ? absl::UnavailableError("the stream broke") : why,
                 Now(), random_());
  return false;
}

void ClientImpl::SayHello() {
  v1::SyncRequest request;
  {
    const MutexLock lock(&mu_);
    nonce_.resize(kNonceBytes);
    if (options_.random_seed != 0) {
      for (char& byte : nonce_) byte = static_cast<char>(random_());
    } else {
      randombytes_buf(nonce_.data(), nonce_.size());
    }
    v1::ClientHello* hello = request.mutable_hello();
    const PhoneKey& key = outbox_->key();
    hello->set_author(std::string(key.author.view()));
    hello->set_nonce(nonce_);
    const absl::StatusOr<std::optional<std::pair<v1::Receipt, Hash>>> highest =
        outbox_->HighestReceipt();
    if (!highest.ok()) {
      session_.Distrust(highest.status(), Now(), random_());
      return;
    }
    if (highest->has_value()) {
      *hello->mutable_highest_receipt() = (*highest)->first;
      hello->set_highest_leaf_hash(std::string((*highest)->second.view()));
    }
    hello->set_app_version(options_.app_version);
    if (!outbox_->epochs().empty()) {
      hello->set_origin(outbox_->epochs().back().origin);
    }
    const Signature signature = key.key.Sign(
        kHelloContext, ClientHelloStatement(nonce_, hello->origin()));
    hello->set_signature(std::string(signature.view()));
  }
  OnStep("send hello");
  if (!SendOrEnd(request)) return;
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

void ClientImpl::SendBatch(Sequence first) {
  v1::SyncRequest request;
  Sequence end;
  bool again = true;
  {
    const MutexLock lock(&mu_);
    absl::StatusOr<std::optional<StoredBatch>> batch = outbox_->BatchAt(first);
    if (batch.ok() && !batch->has_value()) {
      const absl::StatusOr<bool> sealed = outbox_->SealNext(
          options_.batch_events_max, options_.app_version, &totals_.withdrawn);
      if (sealed.ok() && !*sealed) {
        session_.NothingToSend();
        return;
      }
      if (sealed.ok()) {
        ++totals_.batches_sealed;
        again = false;
        batch = outbox_->BatchAt(first);
      } else {
        batch = sealed.status();
      }
    }
    if (batch.ok() && !batch->has_value()) {
      batch = absl::DataLossError("the phone's file lacks a batch");
    }
    if (!batch.ok()) {
      session_.Distrust(batch.status(), Now(), random_());
      return;
    }
    request.mutable_batch()->set_batch(std::move((*batch)->bytes));
    request.mutable_batch()->set_signature(std::move((*batch)->signature));
    end = (*batch)->end;
  }
  OnStep("send batch");
  if (!SendOrEnd(request)) return;
  const MutexLock lock(&mu_);
  ++totals_.batches_sent;
  if (again) ++totals_.batches_sent_again;
  session_.BatchSent(first, end, Now());
}

void ClientImpl::AskStandings() {
  v1::SyncRequest request;
  {
    const MutexLock lock(&mu_);
    const std::uint64_t end = outbox_->chain().verified_end.value;
    request.mutable_standings()->set_first_sequence(
        end > kStandingsAtOnce ? end - kStandingsAtOnce : 1);
    request.mutable_standings()->set_end_sequence(end);
  }
  OnStep("send standings request");
  if (!SendOrEnd(request)) return;
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

void ClientImpl::CloseSend() {
  OnStep("close");
  stream_->CloseSend();
  const MutexLock lock(&mu_);
  session_.Sent(Now());
}

void ClientImpl::Receive(std::int64_t wait_ms) {
  v1::SyncResponse response;
  switch (stream_->Receive(wait_ms, &response)) {
    case SyncStream::Got::kNothing:
      return;
    case SyncStream::Got::kEnded: {
      const absl::Status status = stream_->Finish();
      const MutexLock lock(&mu_);
      session_.Ended(status, Now(), random_());
      return;
    }
    case SyncStream::Got::kMessage:
      break;
  }
  OnStep("received");
  FollowedChange change;
  Take(std::move(response), &change);
  if (!change.empty() && options_.on_followed) options_.on_followed(change);
}

void ClientImpl::Take(v1::SyncResponse response, FollowedChange* change) {
  const MutexLock lock(&mu_);
  exchange_bytes_ += response.ByteSizeLong();
  totals_.message_bytes += response.ByteSizeLong();
  absl::Status taken;
  switch (response.message_case()) {
    case v1::SyncResponse::kHello:
      taken = TakeHello(response.hello());
      break;
    case v1::SyncResponse::kAnswer:
      taken = TakeAnswer(response.answer());
      break;
    case v1::SyncResponse::kStandings:
      taken = TakeStandings(response.standings());
      break;
    case v1::SyncResponse::kTeamView:
      taken = TakeTeamView(std::move(*response.mutable_team_view()));
      break;
    case v1::SyncResponse::kFollowed:
      taken = TakeFollowed(std::move(*response.mutable_followed()), change);
      break;
    case v1::SyncResponse::kProofs:
      taken = TakeProofs(response.proofs());
      break;
    case v1::SyncResponse::MESSAGE_NOT_SET:
      break;  // A newer server's message; not for this app.
  }
  if (!taken.ok()) session_.Distrust(taken, Now(), random_());
}

absl::Status ClientImpl::TakeHello(const v1::ServerHello& hello) {
  const HeardTime heard = [&] {
    HeardTime now;
    now.anchor.set_server_time_ms(hello.server_time_ms());
    now.anchor.set_monotonic_ms(clock().MonotonicMs());
    now.anchor.set_boot(clock().Boot());
    now.wall_ms = clock().WallMs();
    return now;
  }();
  const absl::StatusOr<std::vector<Epoch>> added =
      VerifyHello(hello, nonce_, outbox_->key().author, outbox_->epochs());
  if (!added.ok()) return added.status();
  const Sequence next(hello.next_sequence());
  if (!added->empty()) {
    absl::Status done = outbox_->OpenEpochs(*added, next);
    if (!done.ok()) return done;
    team_loaded_ = false;
    totals_.epochs += added->size();
  }
  if (absl::Status done =
          outbox_->SaveHello(heard, Position(hello.durable_position()));
      !done.ok()) {
    return done;
  }
  hello_ = SignedHello{
      .hello = hello, .nonce = nonce_, .author = outbox_->key().author};
  hello_->hello.clear_epochs();
  HelloHeard facts;
  facts.next_sequence = next;
  facts.now = Now();
  const Chain chain = outbox_->chain();
  facts.dropped_end = chain.dropped_end;
  if (next.value > 1 && next <= chain.sealed_end) {
    const absl::StatusOr<std::optional<Hash>> own = outbox_->HashBefore(next);
    if (!own.ok()) return own.status();
    facts.last_hash_fits = own->has_value()
                               ? (*own)->view() == hello.last_batch_hash()
                               : next <= chain.dropped_end;
  }
  const absl::StatusOr<bool> holds = outbox_->HoldsBatchAt(next);
  if (!holds.ok()) return holds.status();
  facts.holds_next = *holds || next == chain.sealed_end;
  return Obey(session_.Hello(facts, Facts()), nullptr);
}

absl::Status ClientImpl::TakeAnswer(v1::Answer answer) {
  ++exchange_batches_;
  AnswerCheck check;
  if (const Sequence about = session_.AnsweredBatch(answer); about.value != 0) {
    answer.set_first_sequence(about.value);
  }
  const absl::StatusOr<std::optional<StoredBatch>> batch =
      outbox_->BatchAt(Sequence(answer.first_sequence()));
  if (!batch.ok()) return batch.status();
  if (batch->has_value()) {
    const StoredBatch& own = **batch;
    if (answer.has_receipt()) {
      check.receipt_verified =
          VerifyBatchReceipt(own.bytes, own.signature,
                             own.end.value - own.first.value, answer.receipt(),
                             outbox_->epochs())
              .ok();
    }
    if (answer.code() == v1::ANSWER_CODE_REFUSED) {
      check.own_batch_good =
          CheckSealed(own.bytes, own.signature, outbox_->key().key.public_key())
              .ok();
    }
  }
  if (answer.code() == v1::ANSWER_CODE_HOLE) {
    const absl::StatusOr<bool> holds =
        outbox_->HoldsBatchAt(Sequence(answer.expected_sequence()));
    if (!holds.ok()) return holds.status();
    check.holds_expected = *holds;
    ++totals_.holes;
  }
  totals_.duplicates += answer.code() == v1::ANSWER_CODE_DUPLICATE;
  totals_.refusals += answer.code() == v1::ANSWER_CODE_REFUSED;
  return Obey(session_.Answered(answer, check, Now(), random_()), &answer);
}

absl::Status ClientImpl::Obey(Verdict verdict, const v1::Answer* answer) {
  switch (verdict) {
    case Verdict::kNothing:
      return absl::OkStatus();
    case Verdict::kKeepReceipt: {
      const Sequence before = outbox_->chain().verified_end;
      absl::Status kept = outbox_->KeepReceipt(
          Sequence(answer->first_sequence()), answer->receipt());
      totals_.events_verified +=
          outbox_->chain().verified_end.value - before.value;
      return kept;
    }
    case Verdict::kUnseal:
      return outbox_->Unseal(Sequence(answer->first_sequence()));
    case Verdict::kSucceed: {
      ++totals_.forks;
      proof_failed_ = false;
      const PhoneKey& key = outbox_->key();
      return outbox_->Succeed(
          NewKey(options_.random_seed, key.generation + 1, key.author.Hex()));
    }
  }
  return absl::OkStatus();
}

absl::Status ClientImpl::TakeStandings(const v1::Standings& standings) {
  absl::Status saved = outbox_->SaveStandings(standings);
  if (!saved.ok()) return saved;
  session_.StandingsHeard(Now());
  // A successor whose events are judged and not held for it was confirmed.
  if (standings.end_sequence() <= standings.first_sequence() ||
      std::any_of(standings.exceptions().begin(), standings.exceptions().end(),
                  [](const v1::EventStanding& standing) {
                    return standing.reason() ==
                           v1::STANDING_REASON_UNCONFIRMED_AUTHOR;
                  })) {
    return absl::OkStatus();
  }
  return Confirmed();
}

absl::Status ClientImpl::Confirmed() {
  const PhoneKey& key = outbox_->key();
  if (!key.enrolment.has_value() || key.enrolment->confirmed()) {
    return absl::OkStatus();
  }
  v1::EnrolResponse confirmed = *key.enrolment;
  confirmed.set_confirmed(true);
  return outbox_->SaveEnrolment(confirmed);
}

}  // namespace thon::client
