#include "server/http/witness.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/check.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/http/static_files.h"

namespace thon {
namespace {

constexpr absl::string_view kKeyPath = "/witness.vkey";
constexpr absl::string_view kRootPath = "/witness";
constexpr absl::string_view kAddPath = "/witness/add-checkpoint";
constexpr absl::string_view kMonitorPrefix = "/witness/";
constexpr absl::string_view kMonitorSuffix = "/checkpoint";
// A request: the old size, the proof's lines, the note.
constexpr std::size_t kProofLineBytes = 45;
constexpr std::size_t kRequestBytesMax =
    64 + limits::kProofHashesMax * kProofLineBytes + limits::kNoteBytesMax;
constexpr int kOk = 200;
constexpr int kMalformed = 400;
constexpr int kUntrusted = 403;
constexpr int kUnknown = 404;
constexpr int kConflict = 409;
constexpr int kTooLarge = 413;
constexpr int kInconsistent = 422;
constexpr int kUnavailable = 503;

HttpResponse Text(std::string body, absl::string_view cache) {
  HttpResponse response;
  response.headers = {{"content-type", "text/plain; charset=utf-8"},
                      {"cache-control", std::string(cache)}};
  response.body = std::move(body);
  return response;
}

HttpResponse Later(absl::string_view text) {
  HttpResponse response = TextResponse(kUnavailable, text);
  response.headers.emplace_back("retry-after", "5");
  return response;
}

absl::string_view FirstLine(absl::string_view text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Witness>> Witness::Make(WitnessOptions options) {
  THON_CHECK(note::IsKeyName(options.name));
  auto witness = std::unique_ptr<Witness>(new Witness(std::move(options)));
  const absl::Status loaded = witness->Load();
  if (!loaded.ok()) return loaded;
  return witness;
}

Witness::Witness(WitnessOptions options)
    : options_(std::move(options)),
      verifier_key_({.name = options_.name,
                     .type = note::KeyType::kCosignature,
                     .key = options_.key.public_key()}),
      evidence_(options_.evidence_directory) {
  for (const TrustPolicy::Log& line : options_.policy.logs) {
    Log& log = logs_[line.key.name];
    log.origin = line.key.name;
    log.hash = Sha256Of(log.origin).Hex();
    log.keys.push_back(line.key);
  }
}

absl::Status Witness::Load() {
  if (logs_.empty()) {
    return absl::InvalidArgumentError(
        "the list of logs to witness has no `log` line");
  }
  if (logs_.size() > limits::kWitnessedLogsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a witness knows at most ", limits::kWitnessedLogsMax,
                     " logs, not ", logs_.size()));
  }
  for (const auto& [origin, log] : logs_) {
    const std::string key = absl::StrCat(kWitnessRecordPrefix, log.hash);
    absl::StatusOr<std::string> record = options_.load(key);
    if (absl::IsNotFound(record.status())) continue;
    if (!record.ok()) return record.status();
    const absl::StatusOr<note::SignedNote> note = note::Parse(*record);
    const absl::StatusOr<CheckpointBody> body =
        ParseCheckpointText(note.ok() ? note->text : "");
    if (!body.ok() || body->origin != origin) {
      return absl::DataLossError(absl::StrCat(
          "what this witness cosigned of ", origin, " is damaged (", key,
          "); restore the newest backup, or take the log off the list"));
    }
    MutexLock lock(&mu_);
    known_[log.hash] =
        Known{.body = *body,
              .note = *std::move(record),
              .cosigned_s = note::Verify(*note, verifier_key_).time_s};
  }
  return absl::OkStatus();
}

HttpResponse Witness::Add(absl::string_view body) {
  HttpResponse response;
  const absl::StatusOr<Submission> submission = Read(body, &response);
  if (submission.ok()) response = Decide(*submission);
  Count(response.status);
  return response;
}

absl::StatusOr<Witness::Submission> Witness::Read(absl::string_view body,
                                                  HttpResponse* refusal) const {
  const auto refuse = [refusal](int status, absl::string_view text) {
    *refusal = TextResponse(status, text);
    return absl::InvalidArgumentError(text);
  };
  if (body.size() > kRequestBytesMax) {
    return refuse(kTooLarge, absl::StrCat("a request has at most ",
                                          kRequestBytesMax, " bytes"));
  }
  absl::StatusOr<AddCheckpoint> request = ParseAddCheckpoint(body);
  if (!request.ok()) return refuse(kMalformed, request.status().message());
  absl::string_view text = request->checkpoint;
  // Nobody signed it at all: else well formed, but not a note.
  const bool is_unsigned = absl::EndsWith(text, "\n\n");
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(text);
  if (is_unsigned) {
    text.remove_suffix(1);
  } else if (!parsed.ok()) {
    return refuse(kMalformed, parsed.status().message());
  } else {
    text = parsed->text;
  }
  Submission submission;
  absl::StatusOr<CheckpointBody> checkpoint = ParseCheckpointText(text);
  if (absl::IsInvalidArgument(checkpoint.status())) {
    return refuse(kMalformed, checkpoint.status().message());
  }
  submission.is_empty_tree_wrong = !checkpoint.ok();
  if (checkpoint.ok()) submission.body = *std::move(checkpoint);
  const auto log = logs_.find(std::string(FirstLine(text)));
  if (log == logs_.end()) {
    return refuse(kUnknown, "this witness does not know the checkpoint's log");
  }
  submission.log = &log->second;
  if (is_unsigned) return refuse(kUntrusted, "the checkpoint is not signed");
  submission.note.text = parsed->text;
  for (const note::VerifierKey& key : log->second.keys) {
    const note::Verdict verdict = note::Verify(*parsed, key).verdict;
    if (verdict == note::Verdict::kBad) {
      return refuse(kUntrusted,
                    "a signature claims to be the log key's and is not");
    }
    if (verdict != note::Verdict::kGood) continue;
    // One line is enough: a record must stay a note that can be read.
    const auto line = std::find_if(
        parsed->signatures.begin(), parsed->signatures.end(),
        [&key, id = note::KeyId(key)](const note::SignatureLine& each) {
          return each.key_id == id && each.name == key.name;
        });
    submission.note.signatures.push_back(*line);
  }
  if (submission.note.signatures.empty()) {
    return refuse(kUntrusted,
                  "no signature is by a key that this witness trusts for the "
                  "checkpoint's log");
  }
  submission.request = *std::move(request);
  return submission;
}

Witness::Known Witness::KnownOf(const Log& log) const {
  MutexLock lock(&mu_);
  const auto it = known_.find(log.hash);
  return it == known_.end() ? Known() : it->second;
}

// In the order of the specification.
HttpResponse Witness::Decide(const Submission& submission) {
  const std::uint64_t old_size = submission.request.old_size;
  const CheckpointBody& body = submission.body;
  const std::vector<Hash>& proof = submission.request.proof;
  if (old_size > body.tree_size) {
    return TextResponse(kMalformed,
                        "the old size is larger than the checkpoint's");
  }
  MutexLock lock(&deciding_);
  const Known known = KnownOf(*submission.log);
  const bool is_known = !known.note.empty();
  const bool is_second = is_known && !submission.is_empty_tree_wrong &&
                         known.body.tree_size == body.tree_size &&
                         known.body.root != body.root;
  if (is_second) {
    WriteDown(EvidenceVerdict::kTwoHistories, submission, known);
  }
  if (old_size != known.body.tree_size) {
    HttpResponse conflict;
    conflict.status = kConflict;
    conflict.headers = {{"content-type", "text/x.tlog.size"},
                        {"cache-control", "no-store"}};
    conflict.body = absl::StrCat(known.body.tree_size, "\n");
    return conflict;
  }
  if (submission.is_empty_tree_wrong) {
    return TextResponse(kInconsistent,
                        "the root is not that of a tree without entries");
  }
  if (is_second) {
    return TextResponse(kInconsistent,
                        "another root of the same size was cosigned before");
  }
  if (old_size == 0) {
    if (proof.empty()) return Cosign(submission, known);
    return TextResponse(kInconsistent,
                        "no proof may come with an old size of 0");
  }
  const absl::Status consistent = merkle::VerifyConsistency(
      old_size, known.body.root, body.tree_size, body.root, proof);
  if (consistent.ok()) return Cosign(submission, known);
  if (body.tree_size > old_size) {
    WriteDown(EvidenceVerdict::kNotShownConsistent, submission, known);
  }
  return TextResponse(kInconsistent, consistent.message());
}

HttpResponse Witness::Cosign(const Submission& submission, const Known& known) {
  const std::int64_t now_s =
      std::max<std::int64_t>(1, options_.clock->Now().ms / 1000);
  const absl::StatusOr<note::SignedNote> last = note::Parse(known.note);
  if (last.ok() && last->text == submission.note.text &&
      known.cosigned_s <= now_s &&
      now_s - known.cosigned_s < kCosignAgainMs / 1000) {
    for (const note::SignatureLine& line : last->signatures) {
      if (line.name == verifier_key_.name &&
          line.key_id == note::KeyId(verifier_key_)) {
        return Text(note::FormatSignatureLine(line), "no-store");
      }
    }
  }
  const note::SignatureLine line =
      note::Cosign(options_.key, options_.name, submission.note.text, now_s);
  note::SignedNote cosigned = submission.note;
  cosigned.signatures.push_back(line);
  Known next{.body = submission.body,
             .note = note::Format(cosigned),
             .cosigned_s = now_s};
  // With the cosignature it may be too long, or have too many signatures.
  const absl::StatusOr<note::SignedNote> readable = note::Parse(next.note);
  if (!readable.ok()) {
    return TextResponse(kMalformed, readable.status().message());
  }
  const absl::Status stored = options_.store(
      absl::StrCat(kWitnessRecordPrefix, submission.log->hash), next.note);
  if (!stored.ok()) {
    options_.warn(absl::StrCat("cannot keep what to cosign of ",
                               submission.log->origin,
                               ", so it is not cosigned: ", stored.message()));
    return Later("the witness cannot keep its record; ask again");
  }
  if (evidence_.Withdraw(submission.body)) {
    options_.warn(absl::StrCat(
        "the checkpoint of ", submission.log->origin, " of size ",
        submission.body.tree_size,
        " has been shown consistent after all; its evidence is withdrawn"));
  }
  {
    MutexLock lock(&mu_);
    known_[submission.log->hash] = std::move(next);
  }
  return Text(note::FormatSignatureLine(line), "no-store");
}

void Witness::WriteDown(EvidenceVerdict verdict, const Submission& submission,
                        const Known& known) {
  const bool proven = verdict == EvidenceVerdict::kTwoHistories;
  ++(proven ? two_histories_ : not_shown_consistent_);
  Evidence evidence;
  evidence.verdict = verdict;
  evidence.log_keys = submission.log->keys;
  evidence.witness_key = verifier_key_;
  evidence.written = options_.clock->Now();
  evidence.known = known.body;
  evidence.known_note = known.note;
  evidence.submitted = submission.body;
  // Verbatim: what else it carries may tell where it comes from.
  evidence.submitted_note = submission.request.checkpoint;
  evidence.proof = submission.request.proof;
  const absl::StatusOr<std::string> path = evidence_.Write(evidence);
  // Said before; the counters tell of each.
  if (absl::IsAlreadyExists(path.status()) ||
      absl::IsFailedPrecondition(path.status())) {
    return;
  }
  options_.warn(absl::StrCat(
      proven ? "TWO HISTORIES: the log " : "the log ", submission.log->origin,
      proven ? " signed another root of size "
             : " signed a checkpoint that its proof does not lead to, of size ",
      submission.body.tree_size, "; cosigned was size ", known.body.tree_size,
      path.ok() ? "; the evidence is in " : "; no evidence could be written: ",
      path.ok() ? absl::string_view(*path) : path.status().message()));
}

HttpResponse Witness::Record(absl::string_view origin_hash) const {
  MutexLock lock(&mu_);
  const auto it = known_.find(std::string(origin_hash));
  if (it == known_.end()) {
    return TextResponse(kUnknown, "nothing of such a log was cosigned");
  }
  return Text(it->second.note, "public, max-age=5");
}

void Witness::Count(int status) {
  switch (status) {
    case kOk:
      ++cosigned_;
      return;
    case kUntrusted:
      ++untrusted_;
      return;
    case kUnknown:
      ++unknown_origin_;
      return;
    case kConflict:
      ++conflicts_;
      return;
    case kInconsistent:
      ++inconsistent_;
      return;
    case kUnavailable:
      ++unavailable_;
      return;
    default:
      ++malformed_;
  }
}

WitnessStats Witness::stats() const {
  return {.logs = logs_.size(),
          .cosigned = cosigned_,
          .conflicts = conflicts_,
          .malformed = malformed_,
          .unknown_origin = unknown_origin_,
          .untrusted = untrusted_,
          .inconsistent = inconsistent_,
          .unavailable = unavailable_,
          .two_histories = two_histories_,
          .not_shown_consistent = not_shown_consistent_};
}

WitnessPart::WitnessPart(Witness* witness)
    : witness_(witness), pool_(/*threads=*/1, limits::kWitnessWaitingMax) {}

bool WitnessPart::Owns(absl::string_view path) const {
  return path == kKeyPath || path == kRootPath ||
         absl::StartsWith(path, kMonitorPrefix);
}

void WitnessPart::Handle(HttpRequest request, HttpAnswer answer) {
  if (request.path == kAddPath) {
    if (request.method != "POST") return answer(MethodNotAllowed("POST"));
    const auto add = [witness = witness_, request = std::move(request),
                      answer] { answer(witness->Add(request.body)); };
    if (pool_.TryPost(add)) return;
    witness_->CountBusy();
    return answer(Later("too many checkpoints wait; ask again"));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return answer(MethodNotAllowed("GET, HEAD"));
  }
  if (request.path == kKeyPath) {
    return answer(Text(
        absl::StrCat(note::FormatVerifierKey(witness_->verifier_key()), "\n"),
        "public, max-age=5"));
  }
  absl::string_view hash = request.path;
  if (absl::ConsumePrefix(&hash, kMonitorPrefix) &&
      absl::ConsumeSuffix(&hash, kMonitorSuffix)) {
    return answer(witness_->Record(hash));
  }
  answer(TextResponse(kUnknown, "a witness has no such path"));
}

}  // namespace thon
