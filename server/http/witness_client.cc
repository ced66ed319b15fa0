#include "server/http/witness_client.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/check.h"
#include "server/core/note.h"
#include "server/core/witness_request.h"
#include "server/engine/checkpoints.h"
#include "server/engine/proofs.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

constexpr int kOk = 200;
constexpr int kConflict = 409;
constexpr int kInconsistent = 422;
// The first question, one that was told the size, and one that another question
// of this log overtook.
constexpr int kExchangesMax = 3;
constexpr absl::string_view kSizeType = "text/x.tlog.size";

// "20852014\n", exactly.
bool ReadSize(absl::string_view body, std::uint64_t* size) {
  return absl::ConsumeSuffix(&body, "\n") && !body.empty() &&
         body.find_first_not_of("0123456789") == absl::string_view::npos &&
         (body == "0" || body[0] != '0') && absl::SimpleAtoi(body, size);
}

// What a stranger said, for the log: short, and on one line.
std::string Excerpt(absl::string_view text) {
  constexpr std::size_t kCharactersMax = 200;
  std::string excerpt(text.substr(0, kCharactersMax));
  std::replace_if(
      excerpt.begin(), excerpt.end(), [](char c) { return c < ' ' || c > '~'; },
      ' ');
  return std::string(absl::StripAsciiWhitespace(excerpt));
}

}  // namespace

absl::StatusOr<std::string> MakeWitnessRequest(const EntryLog& log,
                                               const v1::Checkpoint& checkpoint,
                                               std::uint64_t old_size) {
  AddCheckpoint request;
  request.old_size = old_size;
  request.checkpoint = checkpoint.note();
  // A witness keeps as evidence what does not hold: nothing unchecked goes out.
  const absl::StatusOr<v1::ConsistencyProof> proof =
      ProveConsistency(log, old_size, checkpoint.tree_size());
  if (!proof.ok()) return proof.status();
  if (proof->second_root_hash() != checkpoint.root_hash()) {
    return absl::DataLossError(absl::StrCat(
        "the tree on disk of ", checkpoint.tree_size(),
        " entries is not the one whose checkpoint was signed; restore a "
        "backup, and keep this disk as evidence"));
  }
  for (const std::string& hash : proof->path()) {
    request.proof.emplace_back();
    THON_CHECK(Hash::FromBytes(hash, &request.proof.back()));
  }
  return FormatAddCheckpoint(request);
}

WitnessAsker::WitnessAsker(const WitnessClientOptions& options,
                           TrustPolicy::Witness witness,
                           std::unique_ptr<WitnessTransport> transport)
    : options_(options),
      witness_(std::move(witness)),
      transport_(std::move(transport)) {
  MutexLock lock(&mu_);
  state_.name = witness_.name;
}

WitnessState WitnessAsker::state() const {
  MutexLock lock(&mu_);
  return state_;
}

absl::Status WitnessAsker::Ask() {
  absl::Status status;
  bool again = true;
  for (int i = 0; again && i < kExchangesMax; ++i) {
    // Each time the newest: others may have been signed meanwhile.
    const absl::StatusOr<v1::Checkpoint> newest =
        options_.engine->checkpoints().Newest();
    // Nothing signed yet, or nothing any more: nothing to ask.
    if (!newest.ok()) return absl::OkStatus();
    if (newest->origin() != origin_) {
      origin_ = newest->origin();
      old_size_ = 0;
    }
    if (HasCosigned(*newest)) {
      Succeeded(newest->tree_size());
      return absl::OkStatus();
    }
    const absl::StatusOr<bool> asked = Exchange(*newest);
    status = asked.status();
    again = asked.ok() && *asked;
  }
  if (status.ok() && again) {
    status = absl::UnavailableError(
        "it told another size each time; is another server asking in this "
        "log's name?");
  }
  if (!status.ok()) {
    MutexLock lock(&mu_);
    state_.up = false;
    ++state_.failures;
  }
  return status;
}

bool WitnessAsker::HasCosigned(const v1::Checkpoint& checkpoint) const {
  const absl::StatusOr<note::SignedNote> parsed =
      note::Parse(checkpoint.note());
  return parsed.ok() &&
         note::Verify(*parsed, witness_.key).verdict == note::Verdict::kGood;
}

void WitnessAsker::Succeeded(std::uint64_t size) {
  old_size_ = size;
  MutexLock lock(&mu_);
  state_.up = true;
  state_.ahead = state_.refuses = false;
  state_.cosigned_size = std::max(state_.cosigned_size, size);
  state_.last_success_ms = options_.clock->Now().ms;
}

absl::StatusOr<bool> WitnessAsker::Exchange(const v1::Checkpoint& checkpoint) {
  const std::uint64_t old_size = std::min(old_size_, checkpoint.tree_size());
  const absl::StatusOr<std::string> request =
      MakeWitnessRequest(options_.engine->log(), checkpoint, old_size);
  if (!request.ok()) return request.status();
  const absl::StatusOr<WitnessAnswer> answer = transport_->Post(*request);
  if (!answer.ok()) return answer.status();
  if (answer->status == kOk) {
    const absl::Status kept = Keep(checkpoint, answer->body);
    if (!kept.ok()) return kept;
    return false;
  }
  if (answer->status == kConflict) return Conflict(checkpoint, *answer);
  const std::string said =
      absl::StrCat("it answered ", answer->status, ": ", Excerpt(answer->body));
  if (answer->status != kInconsistent) return absl::UnavailableError(said);
  {
    MutexLock lock(&mu_);
    state_.refuses = true;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "it does not take the proof from size ", old_size, " to ",
      checkpoint.tree_size(),
      ": it cosigned another history of this log. Was this server restored "
      "from a backup without a new epoch, or does somebody sign in its name? ",
      said));
}

absl::Status WitnessAsker::Keep(const v1::Checkpoint& checkpoint,
                                const std::string& lines) {
  absl::StatusOr<std::vector<note::SignatureLine>> cosignatures =
      note::ParseSignatureLines(lines);
  if (!cosignatures.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "its answer holds no signatures: ", cosignatures.status().message()));
  }
  const absl::StatusOr<note::SignedNote> asked = note::Parse(checkpoint.note());
  if (!asked.ok()) return asked.status();
  // Others than its own do not concern us, and are not kept.
  const auto is_foreign =
      [this, id = note::KeyId(witness_.key)](const note::SignatureLine& line) {
        return line.name != witness_.key.name || line.key_id != id;
      };
  cosignatures->erase(
      std::remove_if(cosignatures->begin(), cosignatures->end(), is_foreign),
      cosignatures->end());
  const note::SignedNote cosigned{.text = asked->text,
                                  .signatures = *cosignatures};
  const note::Verified verified = note::Verify(cosigned, witness_.key);
  if (verified.verdict != note::Verdict::kGood) {
    return absl::UnavailableError(
        "its answer holds no good cosignature by the key in the policy");
  }
  // The newest is enough: a checkpoint has room for those of all witnesses.
  const auto is_older = [this, &asked,
                         &verified](const note::SignatureLine& line) {
    return note::Verify({.text = asked->text, .signatures = {line}},
                        witness_.key)
               .time_s != verified.time_s;
  };
  cosignatures->erase(
      std::remove_if(cosignatures->begin(), cosignatures->end(), is_older),
      cosignatures->end());
  cosignatures->resize(1);
  std::promise<absl::Status> kept;
  options_.engine->checkpoints().AddCosignatures(
      checkpoint.tree_size(), *std::move(cosignatures),
      [&kept](const absl::Status& status) { kept.set_value(status); });
  const absl::Status status = kept.get_future().get();
  // It has cosigned in any case.
  Succeeded(checkpoint.tree_size());
  MutexLock lock(&mu_);
  ++state_.cosignatures;
  return status;
}

absl::StatusOr<bool> WitnessAsker::Conflict(const v1::Checkpoint& checkpoint,
                                            const WitnessAnswer& answer) {
  std::uint64_t told = 0;
  if (!absl::StartsWith(answer.content_type, kSizeType) ||
      !ReadSize(answer.body, &told)) {
    return absl::UnavailableError(
        "it answered 409 without the size of what it cosigned");
  }
  if (told > checkpoint.tree_size()) {
    // It may have cosigned a newer one of ours, for another who asked.
    const absl::StatusOr<v1::Checkpoint> newest =
        options_.engine->checkpoints().Newest();
    if (newest.ok() && newest->origin() == origin_ &&
        newest->tree_size() >= told) {
      old_size_ = told;
      return true;
    }
    MutexLock lock(&mu_);
    state_.ahead = true;
    return absl::FailedPreconditionError(absl::StrCat(
        "it cosigned ", told, " entries of this log, which has signed ",
        checkpoint.tree_size(),
        ". Was this server restored from a backup without a new epoch, or does "
        "somebody sign in its name?"));
  }
  if (told < old_size_) {
    options_.note(true,
                  absl::StrCat("the witness ", witness_.name, " cosigned size ",
                               old_size_, " and now says that it knows ", told,
                               ": it has forgotten, and must be looked "
                               "at by whoever runs it"));
  } else if (told == old_size_) {
    return absl::UnavailableError(
        absl::StrCat("it answered 409 to the size ", told, " that it has"));
  }
  old_size_ = told;
  return true;
}

absl::StatusOr<std::unique_ptr<WitnessClient>> WitnessClient::Start(
    WitnessClientOptions options) {
  if (!options.connect) {
    options.connect = [ca_file = options.ca_file](
                          const TrustPolicy::Witness& witness) {
      return MakeWitnessConnection({.url = witness.url, .ca_file = ca_file});
    };
  }
  auto client =
      std::unique_ptr<WitnessClient>(new WitnessClient(std::move(options)));
  const WitnessClientOptions& kept = client->options_;
  for (const TrustPolicy::Witness& witness : kept.policy.witnesses) {
    if (witness.url.empty()) {
      kept.note(false, absl::StrCat("the witness ", witness.name,
                                    " has no address and is not asked"));
      continue;
    }
    if (client->askers_.size() == kWitnessesAskedMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a log asks at most ", kWitnessesAskedMax, " witnesses"));
    }
    absl::StatusOr<std::unique_ptr<WitnessTransport>> transport =
        kept.connect(witness);
    if (!transport.ok()) return transport.status();
    client->askers_.push_back(
        std::make_unique<WitnessAsker>(kept, witness, *std::move(transport)));
  }
  Checkpoints& checkpoints = kept.engine->checkpoints();
  checkpoints.SetWitnessPolicy(kept.policy);
  checkpoints.OnSigned([mailbox = client->mailbox_](const v1::Checkpoint&) {
    MutexLock lock(&mailbox->mu);
    ++mailbox->signed_count;
    mailbox->changed.NotifyAll();
  });
  for (const auto& asker : client->askers_) {
    client->threads_.emplace_back(
        [self = client.get(), asker = asker.get()] { self->Run(asker); });
  }
  return client;
}

WitnessClient::~WitnessClient() {
  {
    MutexLock lock(&mailbox_->mu);
    mailbox_->stopping = true;
    mailbox_->changed.NotifyAll();
  }
  for (const auto& asker : askers_) asker->Interrupt();
  for (std::thread& thread : threads_) thread.join();
}

std::vector<WitnessState> WitnessClient::states() const {
  std::vector<WitnessState> states;
  for (const auto& asker : askers_) states.push_back(asker->state());
  return states;
}

void WitnessClient::Run(WitnessAsker* asker) {
  const std::string name = asker->state().name;
  std::string said;  // What was noted last; "": that it cosigns.
  std::int64_t retry_ms = 0;
  for (;;) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(&mailbox_->mu);
      if (mailbox_->stopping) return;
      seen = mailbox_->signed_count;
    }
    const absl::Status status = asker->Ask();
    const bool serious =
        absl::IsFailedPrecondition(status) || absl::IsDataLoss(status);
    if (!status.ok() && !absl::IsCancelled(status) &&
        said != status.message()) {
      said = std::string(status.message());
      options_.note(serious, absl::StrCat("the witness ", name,
                                          " does not cosign: ", said));
    } else if (status.ok() && !said.empty()) {
      said.clear();
      options_.note(false,
                    absl::StrCat("the witness ", name, " cosigns again"));
    }
    retry_ms = status.ok() ? 0
                           : std::clamp(retry_ms * 2, options_.retry_ms_min,
                                        options_.retry_ms_max);
    MutexLock lock(&mailbox_->mu);
    if (retry_ms > 0 && !mailbox_->stopping) {
      // Whatever is signed meanwhile waits for this.
      const std::int64_t until_ms = SteadyMs() + retry_ms;
      for (;;) {
        const std::int64_t left_ms = until_ms - SteadyMs();
        if (mailbox_->stopping || left_ms <= 0) break;
        mailbox_->changed.WaitFor(&mailbox_->mu, left_ms);
      }
      continue;
    }
    while (!mailbox_->stopping && mailbox_->signed_count == seen) {
      mailbox_->changed.Wait(&mailbox_->mu);
    }
  }
}

}  // namespace thon
