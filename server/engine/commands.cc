#include "server/engine/commands.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/projections/command_check.h"
#include "server/projections/documents.h"
#include "server/projections/row_keys.h"

namespace thon {
namespace {

constexpr std::size_t kKeyBytesMax = 60;

std::string KeyOf(const std::string& key, std::size_t index) {
  return absl::StrCat(key, "/", index);
}

// Events that the server writes of its own accord, never for an officer.
bool IsServersOwn(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kAuthorEnrolled:
    case v1::Event::kLogOpened:
    case v1::Event::kEpochOpened:
    case v1::Event::kDayOpened:
    case v1::Event::kDocumentPart:
    case v1::Event::kWithdrawn:
    case v1::Event::kForkObserved:
    case v1::Event::kStateRootsRecorded:
    case v1::Event::kAccessRecorded:
    case v1::Event::PAYLOAD_NOT_SET:
      return true;
    default:
      return false;
  }
}

absl::Status At(std::size_t index, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("events[", index, "]: ", status.message()));
}

absl::StatusCode CodeOf(v1::CommandFailure failure) {
  switch (failure) {
    case v1::COMMAND_FAILURE_MALFORMED:
      return absl::StatusCode::kInvalidArgument;
    case v1::COMMAND_FAILURE_NOT_PERMITTED:
      return absl::StatusCode::kPermissionDenied;
    case v1::COMMAND_FAILURE_REPEATED_KEY:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kFailedPrecondition;
  }
}

// The first that would plainly fail.
absl::Status StatusOf(const std::vector<v1::CommandOutcome>& outcomes,
                      const std::vector<bool>& already_there) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const v1::CommandOutcome& outcome = outcomes[i];
    if (outcome.effective()) continue;
    const absl::StatusCode code = already_there[i]
                                      ? absl::StatusCode::kAlreadyExists
                                      : CodeOf(outcome.failure());
    return At(i, absl::Status(code, outcome.detail()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<v1::Event>> Commands::Prepare(
    CommandRequest& request) {
  if (request.events.empty() ||
      request.events.size() > limits::kBatchEventsMax) {
    return absl::InvalidArgumentError("events: 1 to 256 are taken at once");
  }
  const std::string& key = request.idempotency_key;
  if (key.empty() || key.size() > kKeyBytesMax ||
      std::any_of(key.begin(), key.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20;
      })) {
    return absl::InvalidArgumentError(
        "idempotency_key: 1 to 60 bytes without blanks");
  }
  std::vector<v1::Event> events;
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    v1::Event event = std::move(request.events[i]);
    if (IsServersOwn(event)) {
      return absl::InvalidArgumentError(
          absl::StrCat("events[", i, "]: is no command of an officer"));
    }
    // Payload, team and unit are the officer's; the rest is not taken over.
    event.clear_sequence();
    event.clear_member_id();
    event.clear_organisation_id();
    event.clear_wall_time_ms();
    event.clear_monotonic_ms();
    event.clear_boot();
    // An inspection is recorded after the day it was made on.
    if (!event.has_inspection_recorded()) event.clear_claimed_date();
    event.clear_evidence();
    event.clear_originally();
    event.clear_sealed_person();
    event.clear_source_system();
    event.clear_venue();
    event.DiscardUnknownFields();
    v1::OfficerAct* act = event.mutable_act();
    act->Clear();
    act->set_officer_id(request.officer.value);
    act->set_idempotency_key(KeyOf(key, i));
    act->set_seen_position(request.seen_position.value);
    absl::Status checked = CheckEvent(event);
    if (checked.ok() && event.ByteSizeLong() + limits::kServerFieldsBytesMax >
                            limits::kEventBytesMax) {
      checked = absl::InvalidArgumentError(
          "too large with what the server adds; put long content into a "
          "document");
    }
    if (!checked.ok()) return At(i, checked);
    events.push_back(std::move(event));
  }
  return events;
}

std::optional<CommandResult> Commands::FirstOutcomes(const RowReader& rows,
                                                     OfficerId officer,
                                                     const std::string& key,
                                                     std::size_t count) const {
  CommandResult result;
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<v1::CommandOutcome> outcome = GetRow<v1::CommandOutcome>(
        rows, Table::kCommandOutcome,
        keys::CommandOutcome(officer, KeyOf(key, i)));
    if (!outcome.has_value()) return std::nullopt;
    result.position = std::max(result.position, Position(outcome->position()));
    result.outcomes.push_back(*std::move(outcome));
  }
  return result;
}

void Commands::Submit(CommandRequest request, Done<CommandResult> done) {
  absl::StatusOr<std::vector<v1::Event>> events = Prepare(request);
  if (!events.ok()) {
    done(events.status());
    return;
  }
  const OfficerId officer = request.officer;
  const std::string key = request.idempotency_key;
  const std::size_t count = events->size();
  {
    const Position position = engine_->rows_position();
    const std::unique_ptr<RowReader> rows = engine_->RowsAt(position);
    std::optional<CommandResult> first =
        FirstOutcomes(*rows, officer, key, count);
    if (first.has_value() && !request.check_only) {
      done(*std::move(first));
      return;
    }
    if (rows->Get(Table::kCommandOutcome,
                  keys::CommandOutcome(officer, KeyOf(key, 0)))) {
      done(absl::AlreadyExistsError(
          "idempotency_key: was used for other commands; take a new key"));
      return;
    }
    const std::unique_ptr<EventSource> source = engine_->EventsAt(position);
    std::vector<bool> already_there;
    const std::vector<v1::CommandOutcome> outcomes =
        CheckCommands(*events, engine_->status().local_date, *rows,
                      source.get(), &already_there);
    const absl::Status checked = StatusOf(outcomes, already_there);
    if (!checked.ok() || request.check_only) {
      done(checked.ok() ? absl::StatusOr<CommandResult>(CommandResult())
                        : checked);
      return;
    }
  }
  engine_->RecordServerEvents(
      *std::move(events), [this, officer, key, count, done = std::move(done)](
                              absl::StatusOr<RecordedRange> recorded) {
        if (!recorded.ok()) {
          done(recorded.status());
          return;
        }
        engine_->WaitForRows(
            recorded->last, limits::kQueryWaitMsMax,
            [this, officer, key, count, done](absl::Status status) {
              if (!status.ok()) {
                done(status);
                return;
              }
              std::optional<CommandResult> result =
                  FirstOutcomes(*engine_->RowsAt(engine_->rows_position()),
                                officer, key, count);
              if (!result.has_value()) {
                done(absl::InternalError(
                    "the commands were recorded but have no outcomes"));
                return;
              }
              done(*std::move(result));
            });
      });
}

void Commands::PutDocument(DocumentRequest request, Done<Position> done) {
  constexpr std::size_t kPart = limits::kDocumentPartBytesMax;
  const std::size_t parts = (request.content.size() + kPart - 1) / kPart;
  if (request.content.empty() || request.part_count < 1 ||
      request.part_count > static_cast<int>(limits::kDocumentPartsMax) ||
      static_cast<std::size_t>(request.part_count) * kPart >
          limits::kDocumentBytesMax + kPart ||
      parts > limits::kBatchEventsMax || request.first_part < 0 ||
      request.first_part > request.part_count - static_cast<int>(parts) ||
      (request.first_part + static_cast<int>(parts) < request.part_count &&
       request.content.size() % kPart != 0)) {
    done(absl::InvalidArgumentError(
        "content: whole parts of 40 KiB, the last may be shorter; at most 256 "
        "a call and 16 MiB a document"));
    return;
  }
  const Position position = engine_->rows_position();
  std::set<int> there;
  {
    const std::unique_ptr<RowReader> rows = engine_->RowsAt(position);
    const std::unique_ptr<EventSource> recorded = engine_->EventsAt(position);
    if (AssembleDocument(request.document_hash, *rows, *recorded).has_value()) {
      done(position);
      return;
    }
    const v1::DocumentRow row =
        GetRow<v1::DocumentRow>(*rows, Table::kDocument,
                                keys::Document(request.document_hash))
            .value_or(v1::DocumentRow());
    // If all parts are there one is wrong, and all are recorded again.
    if (row.part_count() == request.part_count &&
        row.parts_size() < row.part_count()) {
      for (const v1::DocumentPartPlace& place : row.parts()) {
        const std::int64_t i = place.index() - request.first_part;
        if (i >= 0 && i < static_cast<std::int64_t>(parts) &&
            HoldsContent(
                place,
                absl::string_view(request.content)
                    .substr(static_cast<std::size_t>(i) * kPart, kPart),
                *recorded)) {
          there.insert(place.index());
        }
      }
    }
  }
  std::vector<v1::Event> events;
  for (std::size_t i = 0; i < parts; ++i) {
    const int index = request.first_part + static_cast<int>(i);
    if (there.count(index) > 0) continue;
    v1::Event event;
    v1::DocumentPart* part = event.mutable_document_part();
    part->set_document_hash(std::string(request.document_hash.view()));
    part->set_index(index);
    part->set_count(request.part_count);
    part->set_content(request.content.substr(i * kPart, kPart));
    events.push_back(std::move(event));
  }
  if (events.empty()) {
    done(position);
    return;
  }
  engine_->RecordServerEvents(
      std::move(events),
      [this, done = std::move(done)](absl::StatusOr<RecordedRange> recorded) {
        if (!recorded.ok()) {
          done(recorded.status());
          return;
        }
        const Position last = recorded->last;
        engine_->WaitForRows(last, limits::kQueryWaitMsMax,
                             [done, last](absl::Status status) {
                               if (status.ok()) {
                                 done(last);
                               } else {
                                 done(status);
                               }
                             });
      });
}

}  // namespace thon
