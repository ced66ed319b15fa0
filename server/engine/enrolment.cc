#include "server/engine/enrolment.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/receipt.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

constexpr std::size_t kWaitingMax = 4096;
constexpr std::size_t kCodeBytesMax = 256;
// Successors of one key; each waits for an officer, so more help nobody.
constexpr int kSuccessorsMax = 8;

absl::Status KeyEnrolledOtherwise() {
  return absl::FailedPreconditionError(
      "this key is enrolled already; make a new key for the new code");
}

}  // namespace

void Enrolments::Enrol(EnrolmentRequest request, Done<Enrolment> done) {
  auto job = std::make_shared<Job>();
  const absl::Status checked = Check(request, job.get());
  if (!checked.ok()) {
    done(checked);
    return;
  }
  job->done = std::move(done);
  Start(std::move(job));
}

absl::Status Enrolments::Check(const EnrolmentRequest& request,
                               Job* job) const {
  if (!PublicKey::FromBytes(request.public_key, &job->key)) {
    return absl::InvalidArgumentError("public_key: must be 32 bytes");
  }
  if (request.code.size() > kCodeBytesMax) {
    return absl::InvalidArgumentError("code: too long");
  }
  if (!request.predecessor.empty() &&
      !AuthorId::FromBytes(request.predecessor, &job->predecessor)) {
    return absl::InvalidArgumentError("predecessor: must be 16 bytes");
  }
  job->author = job->key.author();
  job->code_hash = Sha256Of(request.code);
  Signature possession;
  if (!Signature::FromBytes(request.possession_signature, &possession) ||
      !Verify(job->key, kEnrolContext,
              absl::StrCat(job->code_hash.view(), request.predecessor),
              possession)) {
    return absl::InvalidArgumentError(
        "possession_signature: is not the new key's over SHA-256(code) and the "
        "predecessor");
  }
  job->claims.push_back(absl::StrCat("k", job->key.view()));
  if (!request.code.empty()) {
    job->way = Job::Way::kCode;
    job->claims.push_back(absl::StrCat("c", job->code_hash.view()));
    return absl::OkStatus();
  }
  if (request.enrolment_receipt.has_value()) {
    job->way = Job::Way::kLost;
    return CheckLost(request, job);
  }
  if (request.predecessor.empty()) {
    return absl::InvalidArgumentError(
        "code: give a code, a predecessor, or the receipt of an enrolment");
  }
  job->way = Job::Way::kSuccessor;
  job->claims.push_back(absl::StrCat("p", request.predecessor));
  const std::optional<AuthorState> old = engine_->FindAuthor(job->predecessor);
  Signature signature;
  if (!old.has_value() || old->server || old->revoked ||
      !Signature::FromBytes(request.predecessor_signature, &signature) ||
      !Verify(old->key, kSuccessorContext, job->key.view(), signature)) {
    return absl::PermissionDeniedError(
        "the predecessor is not an enrolled key in use, or did not sign the "
        "new one; ask an officer for a code");
  }
  job->event.set_predecessor_signature(request.predecessor_signature);
  return absl::OkStatus();
}

absl::Status Enrolments::CheckLost(const EnrolmentRequest& request,
                                   Job* job) const {
  const v1::Receipt& receipt = *request.enrolment_receipt;
  const absl::Status denied = absl::PermissionDeniedError(
      "the receipt does not show that this log enrolled the key; ask an "
      "officer for a new code");
  if (request.enrolment_leaf.size() > limits::kEntryBytesMax) return denied;
  bool ours = false;
  for (const Epoch& epoch : epochs_()) {
    ours = ours || (epoch.origin == receipt.origin() &&
                    VerifyReceipt(receipt, epoch.log_key,
                                  merkle::HashLeaf(request.enrolment_leaf))
                        .ok());
  }
  const absl::StatusOr<EntryView> view = ParseEntry(request.enrolment_leaf);
  v1::Batch batch;
  if (!ours || !view.ok() ||
      ParseBatch(view->batch, &batch) != BatchFault::kNone) {
    return denied;
  }
  // Only a server's word enrols: a phone has receipts for its own batches too.
  AuthorId writer;
  THON_CHECK(AuthorId::FromBytes(batch.author(), &writer));
  const std::optional<AuthorState> server = engine_->FindAuthor(writer);
  if (!server.has_value() || !server->server) return denied;
  for (const v1::Event& event : batch.events()) {
    if (event.has_author_enrolled() && !event.has_act() &&
        event.author_enrolled().public_key() == job->key.view()) {
      job->event = event.author_enrolled();
      return absl::OkStatus();
    }
  }
  return denied;
}

void Enrolments::Start(JobPtr job) {
  {
    MutexLock lock(&mu_);
    bool free = true;
    for (const std::string& claim : job->claims) {
      free = free && claimed_.count(claim) == 0;
    }
    if (!free && waiting_.size() < kWaitingMax) {
      waiting_.push_back(std::move(job));
      return;
    }
    if (free) {
      claimed_.insert(job->claims.begin(), job->claims.end());
    } else {
      job->claims.clear();
    }
  }
  if (job->claims.empty()) {
    job->done(absl::ResourceExhaustedError(
        "too many phones enrol at once; try again in a second"));
    return;
  }
  // What is durable may be ahead of the rows, e.g. after a restart.
  const Position durable(engine_->log().end().next_position.value - 1);
  engine_->WaitForRows(durable, limits::kQueryWaitMsMax,
                       [this, job](absl::Status status) {
                         if (status.ok()) {
                           Decide(job);
                         } else {
                           Finish(job, status);
                         }
                       });
}

void Enrolments::Decide(const JobPtr& job) {
  const absl::StatusOr<bool> enrolled =
      Examine(*engine_->RowsAt(engine_->rows_position()), job.get());
  if (!enrolled.ok()) {
    Finish(job, enrolled.status());
    return;
  }
  if (*enrolled) {
    Finish(job, Read(job->author));
    return;
  }
  v1::Event event;
  *event.mutable_author_enrolled() = job->event;
  event.set_team_id(job->event.team_id());
  engine_->RecordServerEvents(
      {event}, [this, job](absl::StatusOr<RecordedRange> recorded) {
        if (!recorded.ok()) {
          Finish(job, recorded.status());
          return;
        }
        engine_->WaitForRows(
            recorded->last, limits::kQueryWaitMsMax,
            [this, job](absl::Status status) {
              Finish(job, status.ok() ? Read(job->author)
                                      : absl::StatusOr<Enrolment>(status));
            });
      });
}

absl::StatusOr<bool> Enrolments::Examine(const RowReader& rows,
                                         Job* job) const {
  job->event.set_public_key(std::string(job->key.view()));
  switch (job->way) {
    case Job::Way::kCode:
      return ExamineCode(rows, job);
    case Job::Way::kSuccessor:
      return ExamineSuccessor(rows, job);
    case Job::Way::kLost:
      return engine_->FindAuthor(job->author).has_value();
  }
  THON_CHECK(false && "an enrolment of no known way");
}

absl::StatusOr<bool> Enrolments::ExamineCode(const RowReader& rows,
                                             Job* job) const {
  const std::optional<v1::EnrolmentCodeRow> code = GetRow<v1::EnrolmentCodeRow>(
      rows, Table::kEnrolmentCode, keys::EnrolmentCode(job->code_hash));
  if (!code.has_value()) {
    return absl::NotFoundError(
        "there is no such code; check it, or ask the officer for another");
  }
  if (code->used_by() == job->author.view()) return true;
  if (!code->used_by().empty()) {
    return absl::FailedPreconditionError(
        "the code was used by another phone; ask the officer for another");
  }
  if (Date(code->last_date()) < engine_->status().local_date) {
    return absl::FailedPreconditionError(
        "the code has expired; ask the officer for another");
  }
  if (engine_->FindAuthor(job->author).has_value()) {
    return KeyEnrolledOtherwise();
  }
  job->event.set_kind(code->organisation_id() != 0
                          ? v1::AUTHOR_KIND_ORGANISATION
                          : v1::AUTHOR_KIND_PHONE);
  job->event.set_team_id(code->team_id());
  job->event.set_member_id(code->member_id());
  job->event.set_organisation_id(code->organisation_id());
  job->event.set_code_hash(std::string(job->code_hash.view()));
  return false;
}

absl::StatusOr<bool> Enrolments::ExamineSuccessor(const RowReader& rows,
                                                  Job* job) const {
  const std::string predecessor(job->predecessor.view());
  const std::optional<v1::AuthorRow> own =
      GetRow<v1::AuthorRow>(rows, Table::kAuthor, keys::Author(job->author));
  if (own.has_value()) {
    if (own->predecessor() == predecessor) return true;
    return KeyEnrolledOtherwise();
  }
  const std::optional<v1::AuthorRow> old = GetRow<v1::AuthorRow>(
      rows, Table::kAuthor, keys::Author(job->predecessor));
  if (!old.has_value()) {
    return absl::PermissionDeniedError("the predecessor is not enrolled");
  }
  // Of the whole team: a successor that nobody has confirmed can be succeeded
  // in turn, and the line must end somewhere.
  int successors = 0;
  const auto count = [&](absl::string_view key, const RowVersion&) {
    const std::optional<v1::AuthorRow> other = GetRow<v1::AuthorRow>(
        rows, Table::kAuthor, key.substr(sizeof(std::uint64_t)));
    if (other.has_value() && !other->predecessor().empty() &&
        !other->confirmed()) {
      ++successors;
    }
    return successors < kSuccessorsMax;
  };
  const bool organisation = old->organisation_id() != 0;
  rows.Scan(organisation ? Table::kAuthorByOrganisation : Table::kAuthorByTeam,
            keys::Key()
                .U64(organisation ? old->organisation_id() : old->team_id())
                .Take(),
            "", count);
  if (successors >= kSuccessorsMax) {
    return absl::ResourceExhaustedError(
        "too many new keys of this team wait for an officer; ask for one to be "
        "confirmed, or for a code");
  }
  job->event.set_kind(old->kind());
  job->event.set_team_id(old->team_id());
  job->event.set_member_id(old->member_id());
  job->event.set_organisation_id(old->organisation_id());
  job->event.set_predecessor(predecessor);
  return false;
}

absl::StatusOr<Enrolment> Enrolments::Read(const AuthorId& author) const {
  const std::unique_ptr<RowReader> rows =
      engine_->RowsAt(engine_->rows_position());
  const std::optional<v1::AuthorRow> row =
      GetRow<v1::AuthorRow>(*rows, Table::kAuthor, keys::Author(author));
  if (!row.has_value()) {
    return absl::InternalError("the enrolment was recorded but has no row");
  }
  const absl::StatusOr<EntryIndex> index =
      engine_->log().FindPosition(Position(row->enrolled_position()));
  if (!index.ok()) return index.status();
  absl::StatusOr<std::string> leaf = engine_->log().ReadEntry(*index);
  if (!leaf.ok()) return leaf.status();
  absl::StatusOr<v1::Receipt> receipt = engine_->ReceiptOf(*index);
  if (!receipt.ok()) return receipt.status();
  Enrolment enrolment;
  enrolment.author = *row;
  const Epoch epoch = epochs_().back();
  enrolment.origin = epoch.origin;
  enrolment.log_key = epoch.log_key;
  enrolment.leaf = *std::move(leaf);
  enrolment.receipt = *std::move(receipt);
  return enrolment;
}

void Enrolments::Finish(const JobPtr& job, absl::StatusOr<Enrolment> result) {
  std::deque<JobPtr> again;
  {
    MutexLock lock(&mu_);
    for (const std::string& claim : job->claims) claimed_.erase(claim);
    again.swap(waiting_);
  }
  job->done(std::move(result));
  for (JobPtr& next : again) Start(std::move(next));
}

}  // namespace thon
