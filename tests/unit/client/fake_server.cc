#include "tests/unit/client/fake_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/trust.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/error_info.h"

namespace thon::client {
namespace {

std::int64_t fake_timer_ms = 1'000'000;

}  // namespace

std::int64_t FakeTimerMs() { return fake_timer_ms; }
void AdvanceFakeTimer(std::int64_t ms) { fake_timer_ms += ms; }

std::pair<std::string, std::uint64_t> LoggedEvent::FirstName() const {
  if (event.has_originally()) {
    return {event.originally().author(), event.originally().sequence()};
  }
  return {std::string(author.view()), event.sequence()};
}

FakeServer::FakeServer() {
  v1::Event opened;
  opened.mutable_log_opened()->set_origin(origin_);
  CommitOwn(std::move(opened));
}

v1::Receipt FakeServer::Commit(const std::string& batch,
                               const Signature& signature, std::size_t events) {
  log_.last_ms = std::max(log_.last_ms, now_ms);
  const EntryTrailer trailer{.signature = signature,
                             .first_position = Position(log_.next_position),
                             .event_count = static_cast<std::uint16_t>(events),
                             .receive_time = Instant(log_.last_ms)};
  SignedGroup group{.origin = origin_,
                    .first_entry = EntryIndex(log_.leaves.size()),
                    .leaves = {LeafHash(batch, trailer)},
                    .signature = {}};
  group.signature =
      SignGroup(log_key_, origin_, group.first_entry, group.leaves);
  log_.leaves.push_back(EncodeEntry(batch, trailer));
  log_.receipts.push_back(MakeReceipt(group, 0, trailer));
  log_.next_position += events;
  return log_.receipts.back();
}

v1::Receipt FakeServer::CommitOwn(v1::Event event) {
  Log::Author& own =
      log_.authors[std::string(server_author_.public_key().author().view())];
  own.key = server_author_.public_key();
  v1::Batch batch;
  batch.set_author(std::string(own.key.author().view()));
  batch.set_first_sequence(own.next);
  batch.set_previous_hash(own.last_hash);
  event.set_sequence(own.next);
  *batch.add_events() = std::move(event);
  const v1::SealedBatch sealed = SealBatch(batch, server_author_);
  own.entry_of[own.next++] = log_.leaves.size();
  own.last_hash = std::string(BatchHash(sealed.batch()).view());
  Signature signature;
  THON_CHECK(Signature::FromBytes(sealed.signature(), &signature));
  return Commit(sealed.batch(), signature, 1);
}

absl::StatusOr<v1::EnrolResponse> FakeServer::Enrol(
    const v1::EnrolRequest& request) {
  if (faults.unreachable) return absl::UnavailableError("no signal");
  PublicKey key;
  Signature possession;
  if (!PublicKey::FromBytes(request.public_key(), &key) ||
      !Signature::FromBytes(request.possession_signature(), &possession) ||
      !Verify(key, kEnrolContext,
              PossessionStatement(request.code(), request.predecessor()),
              possession)) {
    return absl::InvalidArgumentError("possession");
  }
  const std::string author(key.author().view());
  v1::EnrolResponse response;
  response.set_author(author);
  response.set_team_id(7);
  response.set_member_id(70);
  response.set_origin(origin_);
  response.set_log_key(std::string(log_key_.public_key().view()));
  response.set_confirmed(true);
  v1::Event enrolled;
  enrolled.mutable_author_enrolled()->set_public_key(request.public_key());
  if (!request.code().empty()) {
    const auto code = log_.codes.find(request.code());
    if (code != log_.codes.end() && code->second != request.public_key()) {
      return absl::FailedPreconditionError("the code was used");
    }
    if (request.code() == "wrong") return absl::NotFoundError("no such code");
    log_.codes[request.code()] = request.public_key();
  } else if (!request.predecessor().empty()) {
    const auto old = log_.authors.find(request.predecessor());
    Signature word;
    if (old == log_.authors.end() ||
        !Signature::FromBytes(request.predecessor_signature(), &word) ||
        !Verify(old->second.key, kSuccessorContext, request.public_key(),
                word)) {
      return absl::PermissionDeniedError("predecessor");
    }
    response.set_confirmed(faults.confirm_successors);
    enrolled.mutable_author_enrolled()->set_predecessor(request.predecessor());
  } else {
    // Only what this log itself has signed, in this epoch or one before.
    const absl::StatusOr<EntryView> entry =
        ParseEntry(request.enrolment_leaf());
    if (faults.reject_proofs || !entry.ok() ||
        !VerifyReceipt(request.enrolment_receipt(), log_key_.public_key(),
                       LeafHash(entry->batch, entry->trailer))
             .ok()) {
      return absl::PermissionDeniedError("enrolment receipt");
    }
  }
  if (log_.authors.count(author) == 0) {
    CommitOwn(std::move(enrolled));
    log_.authors[author].key = key;
    log_.authors[author].entry_of[0] = log_.leaves.size() - 1;
  }
  const std::size_t entry = log_.authors[author].entry_of[0];
  response.set_enrolment_leaf(log_.leaves[entry]);
  *response.mutable_enrolment_receipt() = log_.receipts[entry];
  response.set_position(log_.receipts[entry].first_position());
  return response;
}

v1::SyncResponse FakeServer::Hello(const v1::ClientHello& hello) {
  v1::SyncResponse response;
  v1::ServerHello* out = response.mutable_hello();
  out->set_origin(origin_);
  out->set_log_key(std::string(log_key_.public_key().view()));
  out->set_server_time_ms(now_ms);
  if (const auto known = log_.authors.find(hello.author());
      known != log_.authors.end()) {
    out->set_next_sequence(known->second.next);
    out->set_last_batch_hash(known->second.last_hash);
  }
  out->set_durable_position(durable ? log_.next_position : 1);
  bool after = false;
  for (const v1::EpochLink& link : links_) {
    after = after || link.old_origin() == hello.origin();
    if (after) *out->add_epochs() = link;
  }
  const SigningKey forger = SigningKey::Generate();
  out->set_signature(std::string(
      (faults.forge_hello ? forger : log_key_)
          .Sign(kHelloContext,
                HelloStatement(hello.nonce(), hello.author(), out->origin(),
                               out->log_key(), out->server_time_ms(),
                               out->next_sequence(), out->last_batch_hash(),
                               out->durable_position()))
          .view()));
  return response;
}

std::vector<v1::SyncResponse> FakeServer::Take(
    Stream* stream, const v1::SyncRequest& request,
    std::optional<absl::Status>* end) {
  std::vector<v1::SyncResponse> responses;
  if (faults.unreachable) {
    *end = absl::UnavailableError("no signal");
    return responses;
  }
  if (faults.silent) return responses;
  if (request.has_hello()) {
    ++streams;
    stream->author = request.hello().author();
    const auto known = log_.authors.find(stream->author);
    Signature signature;
    if (known != log_.authors.end() &&
        (!Signature::FromBytes(request.hello().signature(), &signature) ||
         !Verify(known->second.key, kHelloContext,
                 ClientHelloStatement(request.hello().nonce(),
                                      request.hello().origin()),
                 signature))) {
      *end = absl::UnauthenticatedError("hello");
      return responses;
    }
    // A receipt of its own beyond its end: it was restored.
    const v1::ClientHello& hello = request.hello();
    Hash leaf;
    if (faults.log_restored ||
        (hello.highest_receipt().origin() == origin_ &&
         hello.highest_receipt().entry_index() >= log_.leaves.size() &&
         Hash::FromBytes(hello.highest_leaf_hash(), &leaf) &&
         VerifyReceipt(hello.highest_receipt(), log_key_.public_key(), leaf)
             .ok())) {
      *end = WithReason(absl::DataLossError("restored"), "LOG_RESTORED");
      return responses;
    }
    responses.push_back(Hello(request.hello()));
  } else if (request.has_standings()) {
    ++standings_asked;
    v1::SyncResponse response;
    v1::Standings* out = response.mutable_standings();
    out->set_first_sequence(request.standings().first_sequence());
    out->set_end_sequence(request.standings().end_sequence());
    AuthorId author;
    THON_CHECK(AuthorId::FromBytes(stream->author, &author));
    for (const LoggedEvent& logged : Events()) {
      if (logged.author != author) continue;
      if (standing != nullptr) {
        v1::EventStanding said = standing(logged);
        if (said.standing() == v1::STANDING_UNSPECIFIED) continue;
        said.set_sequence(logged.event.sequence());
        said.set_position(logged.position);
        *out->add_exceptions() = std::move(said);
      }
      if (logged.event.team_id() < 1000) continue;
      v1::EventStanding* row = out->add_exceptions();
      row->set_sequence(logged.event.sequence());
      row->set_position(logged.position);
      row->set_standing(v1::STANDING_QUARANTINED);
      row->set_reason(v1::STANDING_REASON_UNKNOWN_TEAM);
    }
    responses.push_back(std::move(response));
  } else if (request.has_team_view()) {
    ++views_asked;
    if (faults.no_views) {
      *end = absl::InvalidArgumentError("a message of unknown kind");
    } else if (!faults.silent_views) {
      v1::SyncResponse response;
      response.mutable_team_view();
      if (team_view != nullptr) {
        *response.mutable_team_view() =
            team_view(request.team_view(), stream->author);
      }
      responses.push_back(std::move(response));
    }
  } else if (request.has_follow()) {
    ++follows_asked;
    if (faults.no_follows) {
      *end = absl::InvalidArgumentError("a message of unknown kind");
    } else if (follow != nullptr && !faults.silent_follows) {
      for (v1::WatchResponse& one : follow(request.follow(), stream->author)) {
        responses.emplace_back().mutable_followed()->Swap(&one);
      }
    } else if (!faults.silent_follows) {
      responses.emplace_back().mutable_followed();
    }
  } else if (request.has_proofs()) {
    ++proofs_asked;
    proofs_request = request.proofs();
    if (before_proofs) before_proofs();
    if (faults.no_proofs) {
      *end = absl::InvalidArgumentError("a message of unknown kind");
    } else if (answer_proofs != nullptr) {
      *responses.emplace_back().mutable_proofs() =
          answer_proofs(request.proofs());
    } else if (!faults.silent_proofs) {
      responses.push_back(ProofsFor(request.proofs()));
    }
  } else if (request.has_batch()) {
    if (std::exchange(faults.lose_next_batch, false)) return responses;
    const v1::Answer answer = AnswerTo(stream, request.batch());
    const bool last = faults.end_after_batches >= 0 &&
                      ++stream->batches >= faults.end_after_batches;
    if (!last || !faults.eat_last_answer) {
      v1::SyncResponse response;
      *response.mutable_answer() = answer;
      responses.push_back(std::move(response));
    }
    if (last) *end = absl::UnavailableError("the tower went down");
  }
  return responses;
}

v1::Answer FakeServer::AnswerTo(Stream* stream, const v1::SealedBatch& sealed) {
  v1::Answer answer;
  const auto refuse = [&answer](v1::RefusalReason reason) {
    answer.set_code(v1::ANSWER_CODE_REFUSED);
    answer.set_refusal(reason);
    return answer;
  };
  v1::Batch batch;
  const BatchFault fault = ParseBatch(sealed.batch(), &batch);
  // What cannot be read cannot be named.
  if (fault == BatchFault::kNone) {
    answer.set_first_sequence(batch.first_sequence());
  }
  if (faults.refuse_batches > 0) {
    --faults.refuse_batches;
    return refuse(faults.refusal);
  }
  if (fault == BatchFault::kTooLarge) {
    return refuse(v1::REFUSAL_REASON_TOO_LARGE);
  }
  if (fault != BatchFault::kNone) {
    return refuse(v1::REFUSAL_REASON_UNDECODABLE);
  }
  if (batch.author() != stream->author) {
    return refuse(v1::REFUSAL_REASON_WRONG_AUTHOR);
  }
  const auto known = log_.authors.find(batch.author());
  if (known == log_.authors.end()) {
    return refuse(v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  }
  Log::Author& author = known->second;
  Signature signature;
  if (!Signature::FromBytes(sealed.signature(), &signature) ||
      !VerifyBatchSignature(author.key, BatchHash(sealed.batch()), signature)) {
    return refuse(v1::REFUSAL_REASON_BAD_SIGNATURE);
  }
  for (const v1::Event& event : batch.events())
    THON_CHECK(CheckEvent(event).ok());
  const auto receipt_of = [this](std::size_t entry) {
    v1::Receipt receipt = log_.receipts[entry];
    if (faults.swap_receipts) receipt = log_.receipts.front();
    if (faults.forge_receipts) {
      receipt.set_signature(std::string(
          SigningKey::Generate().Sign(kReceiptContext, "mine").view()));
    }
    return receipt;
  };
  if (batch.first_sequence() > author.next) {
    answer.set_code(v1::ANSWER_CODE_HOLE);
    answer.set_expected_sequence(author.next);
    return answer;
  }
  if (batch.first_sequence() < author.next) {
    const auto held = author.entry_of.find(batch.first_sequence());
    if (held != author.entry_of.end() &&
        ParseEntry(log_.leaves[held->second])->batch == sealed.batch()) {
      answer.set_code(v1::ANSWER_CODE_DUPLICATE);
      *answer.mutable_receipt() = receipt_of(held->second);
      return answer;
    }
  }
  if (batch.first_sequence() < author.next ||
      batch.previous_hash() != author.last_hash) {
    answer.set_code(v1::ANSWER_CODE_FORKED);
    answer.set_expected_sequence(author.next);
    return answer;
  }
  const std::size_t entry = log_.leaves.size();
  Commit(sealed.batch(), signature,
         static_cast<std::size_t>(batch.events_size()));
  author.entry_of[batch.first_sequence()] = entry;
  author.next += static_cast<std::uint64_t>(batch.events_size());
  author.last_hash = std::string(BatchHash(sealed.batch()).view());
  answer.set_code(v1::ANSWER_CODE_RECORDED);
  *answer.mutable_receipt() = receipt_of(entry);
  return answer;
}

std::vector<LoggedEvent> FakeServer::Events() const {
  std::vector<LoggedEvent> events;
  const AuthorId own = server_author_.public_key().author();
  for (const std::string& leaf : log_.leaves) {
    const absl::StatusOr<EntryView> entry = ParseEntry(leaf);
    THON_CHECK(entry.ok());
    v1::Batch batch;
    THON_CHECK(ParseBatch(entry->batch, &batch) == BatchFault::kNone);
    std::uint64_t position = entry->trailer.first_position.value;
    for (const v1::Event& event : batch.events()) {
      LoggedEvent logged{.author = {}, .event = event, .position = position++};
      THON_CHECK(AuthorId::FromBytes(batch.author(), &logged.author));
      if (event.has_author_enrolled() || event.has_log_opened() ||
          event.has_epoch_opened() || logged.author == own) {
        continue;
      }
      events.push_back(std::move(logged));
    }
  }
  return events;
}

void FakeServer::RestoreUnderNextEpoch(const Log& backup) {
  const std::string old_origin = origin_;
  log_ = backup;
  origin_ = absl::StrCat("thon.test/", links_.size() + 2);
  server_author_ = SigningKey::Generate();
  v1::Event opened;
  v1::EpochOpened* epoch = opened.mutable_epoch_opened();
  epoch->set_old_origin(old_origin);
  epoch->set_new_origin(origin_);
  epoch->set_first_lost_position(log_.next_position);
  epoch->set_old_size(log_.leaves.size());
  epoch->set_log_key(std::string(log_key_.public_key().view()));
  epoch->set_server_author_key(std::string(server_author_.public_key().view()));
  v1::EpochLink link;
  link.set_old_origin(old_origin);
  link.set_new_origin(origin_);
  *link.mutable_receipt() = CommitOwn(std::move(opened));
  link.set_leaf(log_.leaves.back());
  links_.push_back(std::move(link));
}

// Transports.

namespace {

class DirectStream final : public SyncStream {
 public:
  explicit DirectStream(FakeServer* server) : server_(server) {}
  bool Send(const v1::SyncRequest& request) override {
    if (end_.has_value()) return false;
    for (v1::SyncResponse& one : server_->Take(&stream_, request, &end_)) {
      received_.push_back(std::move(one));
    }
    // What was said before the end can still be read.
    return true;
  }
  void CloseSend() override {
    if (!end_.has_value() && !server_->faults.silent) end_ = absl::OkStatus();
  }
  Got Receive(std::int64_t wait_ms, v1::SyncResponse* response) override {
    if (!received_.empty()) {
      *response = std::move(received_.front());
      received_.pop_front();
      return Got::kMessage;
    }
    if (end_.has_value()) return Got::kEnded;
    AdvanceFakeTimer(wait_ms);
    return Got::kNothing;
  }
  absl::Status Finish() override {
    return end_.value_or(absl::InternalError("not ended"));
  }

 private:
  FakeServer* const server_;
  FakeServer::Stream stream_;
  std::deque<v1::SyncResponse> received_;
  std::optional<absl::Status> end_;
};

void WriteFrame(int socket, char kind, const std::string& body) {
  std::string frame(1, kind);
  AppendBigEndian(static_cast<std::uint32_t>(body.size()), &frame);
  frame += body;
  std::size_t done = 0;
  while (done < frame.size()) {
    const ssize_t n =
        ::send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return;  // The other end is dead; the reader will see it.
    done += static_cast<std::size_t>(n);
  }
}

bool ReadBytes(int socket, std::size_t size, std::string* out) {
  out->resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(socket, out->data() + done, size - done);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool ReadFrame(int socket, char* kind, std::string* body) {
  std::string head;
  if (!ReadBytes(socket, 5, &head)) return false;
  *kind = head[0];
  absl::string_view rest = absl::string_view(head).substr(1);
  std::uint32_t size = 0;
  return ConsumeBigEndian(&rest, &size) && ReadBytes(socket, size, body);
}

class SocketStream final : public SyncStream {
 public:
  explicit SocketStream(int socket) : socket_(socket) {
    WriteFrame(socket_, 'O', "");
  }
  bool Send(const v1::SyncRequest& request) override {
    if (end_.has_value()) return false;
    WriteFrame(socket_, 'M', request.SerializeAsString());
    TakeReplies();
    return true;
  }
  void CloseSend() override {
    if (!end_.has_value()) end_ = absl::OkStatus();
  }
  Got Receive(std::int64_t, v1::SyncResponse* response) override {
    if (!received_.empty()) {
      *response = std::move(received_.front());
      received_.pop_front();
      return Got::kMessage;
    }
    return end_.has_value() ? Got::kEnded : Got::kNothing;
  }
  absl::Status Finish() override {
    return end_.value_or(absl::InternalError("not ended"));
  }

 private:
  // Responses, then the word whether the stream is over.
  void TakeReplies() {
    char kind = 0;
    std::string body;
    while (ReadFrame(socket_, &kind, &body)) {
      if (kind == 'g') return;
      if (kind == 'e') {
        end_ = absl::Status(static_cast<absl::StatusCode>(body[0]), "ended");
        return;
      }
      v1::SyncResponse response;
      THON_CHECK(response.ParseFromString(body));
      received_.push_back(std::move(response));
    }
    end_ = absl::UnavailableError("the server is gone");
  }

  const int socket_;
  std::deque<v1::SyncResponse> received_;
  std::optional<absl::Status> end_;
};

}  // namespace

absl::StatusOr<v1::EnrolResponse> DirectTransport::Enrol(
    const v1::EnrolRequest& request, std::int64_t) {
  return server_->Enrol(request);
}

std::unique_ptr<SyncStream> DirectTransport::Sync(std::int64_t) {
  return std::make_unique<DirectStream>(server_);
}

absl::StatusOr<v1::EnrolResponse> SocketTransport::Enrol(
    const v1::EnrolRequest& request, std::int64_t) {
  WriteFrame(socket_, 'E', request.SerializeAsString());
  char kind = 0;
  std::string body;
  if (!ReadFrame(socket_, &kind, &body)) {
    return absl::UnavailableError("the server is gone");
  }
  if (kind == 'e') {
    return absl::Status(static_cast<absl::StatusCode>(body[0]), "enrol");
  }
  v1::EnrolResponse response;
  THON_CHECK(response.ParseFromString(body));
  return response;
}

std::unique_ptr<SyncStream> SocketTransport::Sync(std::int64_t) {
  return std::make_unique<SocketStream>(socket_);
}

void SocketTransport::Note(const std::string& text) {
  WriteFrame(socket_, 'N', text);
}

void SocketTransport::Serve(
    int socket, FakeServer* server,
    const std::function<void(const std::string&)>& note) {
  const auto status_byte = [](const absl::Status& status) {
    return std::string(1, static_cast<char>(status.code()));
  };
  FakeServer::Stream stream;
  char kind = 0;
  std::string body;
  while (ReadFrame(socket, &kind, &body)) {
    if (kind == 'O') stream = FakeServer::Stream();
    if (kind == 'N') note(body);
    if (kind == 'E') {
      v1::EnrolRequest request;
      THON_CHECK(request.ParseFromString(body));
      const absl::StatusOr<v1::EnrolResponse> response = server->Enrol(request);
      WriteFrame(socket, response.ok() ? 'r' : 'e',
                 response.ok() ? response->SerializeAsString()
                               : status_byte(response.status()));
    }
    if (kind == 'M') {
      v1::SyncRequest request;
      THON_CHECK(request.ParseFromString(body));
      std::optional<absl::Status> end;
      for (const v1::SyncResponse& one : server->Take(&stream, request, &end)) {
        WriteFrame(socket, 'm', one.SerializeAsString());
      }
      WriteFrame(socket, end.has_value() ? 'e' : 'g',
                 end.has_value() ? status_byte(*end) : "");
    }
  }
}

}  // namespace thon::client
