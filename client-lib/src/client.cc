#include "thon/client.h"

#include <sodium.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "client-lib/src/client_impl.h"
#include "client-lib/src/trust.h"
#include "server/core/batch.h"

namespace thon::client {
namespace {

// What `originally` adds when an event is offered again: an event without room
// for it could not follow a change of keys.
constexpr std::size_t kOriginalBytesMax = 96;

std::uint64_t FromSystem() {
  std::uint64_t value = 0;
  randombytes_buf(&value, sizeof(value));
  return value;
}

}  // namespace

SigningKey NewKey(std::uint64_t random_seed, std::uint32_t generation,
                  absl::string_view predecessor) {
  if (random_seed == 0) return SigningKey::Generate();
  const Hash seed = Sha256Of(absl::StrCat("simulated key ", random_seed, " ",
                                          generation, " ", predecessor));
  return *SigningKey::FromSeed(seed.view());
}

absl::StatusOr<Recorded> ClientImpl::Record(v1::Event event) {
  std::vector<v1::Event> events;
  events.push_back(std::move(event));
  absl::StatusOr<std::vector<Recorded>> recorded = RecordAll(std::move(events));
  if (!recorded.ok()) return recorded.status();
  return recorded->front();
}

absl::StatusOr<std::vector<Recorded>> ClientImpl::RecordAll(
    std::vector<v1::Event> events) {
  std::vector<Recorded> recorded;
  if (events.empty()) return recorded;
  const MutexLock lock(&mu_);
  for (v1::Event& event : events) {
    if (event.has_originally()) {
      return absl::InvalidArgumentError(
          "originally: leave it empty, the client sets it");
    }
    event.set_wall_time_ms(clock().WallMs());
    event.set_monotonic_ms(clock().MonotonicMs());
    event.set_boot(clock().Boot());
    event.set_sequence(outbox_->chain().next.value);
    if (absl::Status good = CheckEvent(event); !good.ok()) return good;
    if (event.ByteSizeLong() + kOriginalBytesMax > limits::kEventBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the event has ", event.ByteSizeLong(), " bytes; at most ",
          limits::kEventBytesMax - kOriginalBytesMax,
          " can be recorded: shorten its texts"));
    }
  }
  if (absl::Status done = outbox_->Append(&events); !done.ok()) return done;
  totals_.events_recorded += events.size();
  recorded.reserve(events.size());
  for (const v1::Event& event : events) {
    recorded.push_back({.name = {.author = outbox_->key().author,
                                 .sequence = Sequence(event.sequence())},
                        .event_hash = EventHash(event)});
  }
  // The events are safe whether or not room can be made.
  if (outbox_->BytesInUse() > options_.outbox_bytes_max) {
    PruneLocked().IgnoreError();
  }
  return recorded;
}

absl::Status ClientImpl::Prune() {
  const MutexLock lock(&mu_);
  return PruneLocked();
}

absl::Status ClientImpl::PruneLocked() {
  const std::optional<HeardTime>& heard = outbox_->last_heard();
  return outbox_->Prune(
      {.server_time_ms = heard.has_value() ? heard->anchor.server_time_ms() : 0,
       .durable_end = outbox_->durable_end(),
       .keep_days = options_.receipt_keep_days,
       .bytes_max = options_.outbox_bytes_max});
}

absl::StatusOr<v1::EnrolRequest> ClientImpl::EnrolmentRequest() {
  v1::EnrolRequest request;
  const PhoneKey& key = outbox_->key();
  request.set_public_key(std::string(key.key.public_key().view()));
  if (!outbox_->code().empty()) {
    request.set_code(outbox_->code());
  } else if (key.enrolment.has_value() && !proof_failed_) {
    request.set_enrolment_leaf(key.enrolment->enrolment_leaf());
    *request.mutable_enrolment_receipt() = key.enrolment->enrolment_receipt();
  } else if (key.generation > 0) {
    const absl::StatusOr<SigningKey> predecessor = outbox_->PredecessorKey();
    if (!predecessor.ok()) return predecessor.status();
    request.set_predecessor(
        std::string(predecessor->public_key().author().view()));
    const Signature word =
        predecessor->Sign(kSuccessorContext, request.public_key());
    request.set_predecessor_signature(std::string(word.view()));
  } else {
    return absl::FailedPreconditionError("ask an officer for a code");
  }
  const Signature possession =
      key.key.Sign(kEnrolContext,
                   PossessionStatement(request.code(), request.predecessor()));
  request.set_possession_signature(std::string(possession.view()));
  return request;
}

absl::Status ClientImpl::DoEnrol() {
  absl::StatusOr<v1::EnrolRequest> request;
  {
    const MutexLock lock(&mu_);
    request = EnrolmentRequest();
  }
  absl::StatusOr<v1::EnrolResponse> response;
  if (!request.ok()) {
    response = request.status();
  } else {
    OnStep("send enrolment");
    response = transport_->Enrol(*request, options_.enrol_timeout_ms);
    OnStep("received enrolment");
  }
  const MutexLock lock(&mu_);
  absl::Status done = response.status();
  if (absl::IsPermissionDenied(done)) {
    // The server's no, not the phone's distrust of its yes.
    done = absl::FailedPreconditionError(done.message());
  }
  if (done.ok()) {
    done = VerifyEnrolment(*response, outbox_->key().key.public_key(),
                           outbox_->epochs());
  }
  if (done.ok()) done = outbox_->SaveEnrolment(*response);
  if (absl::IsNotFound(done) || absl::IsFailedPrecondition(done) ||
      absl::IsInvalidArgument(done)) {
    // The server has decided; the same again would be decided the same way.
    if (request.ok() && !request->code().empty()) {
      if (absl::Status gone = outbox_->SaveCode(""); !gone.ok()) done = gone;
    } else if (request.ok() && !request->enrolment_leaf().empty()) {
      proof_failed_ = true;
    }
  }
  session_.Enrolled(done, Now(), random_());
  return done;
}

absl::Status ClientImpl::Enrol(absl::string_view code) {
  if (transport_ == nullptr) {
    return absl::FailedPreconditionError("this client has no transport");
  }
  if (code.empty()) return absl::InvalidArgumentError("code: is empty");
  {
    const MutexLock lock(&mu_);
    if (outbox_->key().enrolled && !session_.unknown_author()) {
      return absl::OkStatus();
    }
    if (absl::Status saved = outbox_->SaveCode(code); !saved.ok()) return saved;
  }
  return DoEnrol();
}

ClientState ClientImpl::State() const {
  const MutexLock lock(&mu_);
  ClientState state;
  const PhoneKey& key = outbox_->key();
  state.condition = session_.condition();
  state.detail = session_.detail();
  state.author = key.author;
  state.generation = key.generation;
  state.enrolled = key.enrolled && !session_.unknown_author();
  if (key.enrolment.has_value()) {
    state.confirmed = key.enrolment->confirmed();
    state.team_id = key.enrolment->team_id();
    state.member_id = key.enrolment->member_id();
    state.organisation_id = key.enrolment->organisation_id();
  }
  if (!outbox_->epochs().empty())
    state.origin = outbox_->epochs().back().origin;
  const std::optional<HeardTime>& heard = outbox_->last_heard();
  if (heard.has_value() && heard->anchor.boot() == clock().Boot()) {
    state.clock_offset_ms =
        heard->anchor.server_time_ms() +
        (clock().MonotonicMs() - heard->anchor.monotonic_ms()) -
        clock().WallMs();
  }
  state.bytes_held = outbox_->BytesInUse();
  state.events_dropped_early = outbox_->dropped_early();
  state.outbox_full = state.bytes_held > options_.outbox_bytes_max;
  if (outbox_->failed()) {
    state.condition = Condition::kStorageFailed;
  } else if (state.condition == Condition::kGood && !key.enrolled &&
             key.generation == 0 && outbox_->code().empty()) {
    state.condition = Condition::kNeedsEnrolment;
    state.detail = "ask an officer for a code";
  } else if (state.condition == Condition::kGood && key.generation > 0 &&
             !state.confirmed) {
    state.condition = Condition::kUnconfirmedSuccessor;
  } else if (state.condition == Condition::kGood) {
    const absl::StatusOr<std::uint64_t> evidence = outbox_->CountEvidence();
    if (evidence.ok() && *evidence > 0) {
      state.condition = Condition::kEvidence;
      state.detail = absl::StrCat(*evidence,
                                  " promises of the log were broken; show "
                                  "them to an auditor");
    }
  }
  return state;
}

absl::string_view ConditionName(Condition condition) {
  switch (condition) {
    case Condition::kGood:
      return "GOOD";
    case Condition::kEvidence:
      return "EVIDENCE";
    case Condition::kUnconfirmedSuccessor:
      return "UNCONFIRMED_SUCCESSOR";
    case Condition::kNoConnection:
      return "NO_CONNECTION";
    case Condition::kRefusedForNow:
      return "REFUSED_FOR_NOW";
    case Condition::kLogRestored:
      return "LOG_RESTORED";
    case Condition::kNotTrusted:
      return "NOT_TRUSTED";
    case Condition::kNeedsEnrolment:
      return "NEEDS_ENROLMENT";
    case Condition::kStorageFailed:
      return "STORAGE_FAILED";
  }
  return "UNKNOWN";
}

absl::StatusOr<std::unique_ptr<Client>> Client::Open(Options options,
                                                     Transport* transport) {
  const auto invalid = [](absl::string_view what) {
    return absl::InvalidArgumentError(what);
  };
  if (options.path.empty()) return invalid("path: is empty");
  if (options.app_version.size() > limits::kAppVersionBytesMax) {
    return invalid("app_version: is too long");
  }
  if (options.batch_events_max == 0 ||
      options.batch_events_max > limits::kBatchEventsMax) {
    return invalid("batch_events_max: must be 1 to 256");
  }
  if (options.batches_in_flight_max == 0 ||
      options.batches_in_flight_max > limits::kSyncBatchesInFlightMax) {
    return invalid("batches_in_flight_max: must be 1 to 16");
  }
  if (options.receipt_keep_days < limits::kReceiptKeepDaysMin) {
    return invalid("receipt_keep_days: must be at least 90");
  }
  if (options.backoff_first_ms <= 0 ||
      options.backoff_max_ms < options.backoff_first_ms ||
      options.reply_timeout_ms <= 0 || options.enrol_timeout_ms <= 0) {
    return invalid("time-outs and back-off must be above 0");
  }
  TrustPolicy trust_policy;
  if (!options.trust_policy.empty()) {
    absl::StatusOr<TrustPolicy> parsed = ParseTrustPolicy(options.trust_policy);
    if (!parsed.ok()) {
      return invalid(absl::StrCat("trust_policy: ", parsed.status().message()));
    }
    trust_policy = *std::move(parsed);
  }
  if (sodium_init() < 0) return absl::InternalError("libsodium does not start");
  if (options.clock == nullptr) options.clock = &MachineClock();
  absl::StatusOr<SigningKey> first_key =
      options.key_seed.empty() ? NewKey(options.random_seed, 0, "")
                               : SigningKey::FromSeed(options.key_seed);
  if (!first_key.ok()) return first_key.status();
  absl::StatusOr<std::unique_ptr<Outbox>> outbox =
      Outbox::Open(options.path, *std::move(first_key), options.on_step);
  if (!outbox.ok()) return outbox.status();
  const absl::Status judged = (*outbox)->JudgeWitnessed(
      options.trust_policy,
      [&trust_policy](const Epoch& epoch, absl::string_view note) {
        return IsWitnessed(trust_policy, epoch, note);
      });
  if (!judged.ok()) return judged;
  const std::uint64_t random =
      options.random_seed == 0
          ? FromSystem()
          : options.random_seed ^ (*outbox)->chain().next.value;
  return std::make_unique<ClientImpl>(std::move(options),
                                      std::move(trust_policy), transport,
                                      *std::move(outbox), random);
}

}  // namespace thon::client
