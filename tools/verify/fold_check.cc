#include "tools/verify/fold_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/projections/acts.h"
#include "server/projections/row_keys.h"
#include "server/projections/standing_words.h"
#include "server/projections/state_root.h"
#include "thon/v1/rows.pb.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

// The recorder needs seconds, or minutes over the rows of many years. A day of
// the log's own time behind a due position is more than any of that; and as a
// server that was off for days has it all to do when it is back, it gets an
// hour from the first thing that it recorded then.
constexpr std::int64_t kDueMs = std::int64_t{24} * 3600 * 1000;
constexpr std::int64_t kBackMs = std::int64_t{3600} * 1000;

std::string FailureName(v1::CommandFailure failure) {
  const std::string& name = v1::CommandFailure_Name(failure);
  constexpr absl::string_view kPrefix = "COMMAND_FAILURE_";
  return name.size() > kPrefix.size() ? name.substr(kPrefix.size()) : name;
}

// What is known of an event that has no payload this program knows.
Detail UnknownText(const v1::Event& event) {
  const auto& fields = event.GetReflection()->GetUnknownFields(event);
  if (fields.empty()) {
    return Say("không có nội dung", "it has no payload");
  }
  std::string numbers;
  for (int i = 0; i < std::min(fields.field_count(), 8); ++i) {
    absl::StrAppend(&numbers, " ", fields.field(i).number());
  }
  return Say("các trường$0", "fields$0", numbers);
}

Detail ReasonText(v1::StandingReason reason) {
  const StandingWords words = WordsOf(reason);
  const Detail name = Same(ReasonName(reason));
  return words.en.empty()
             ? name
             : Of(name, {std::string(words.vi), std::string(words.en)});
}

const FindingKind* KindOf(v1::Standing standing) {
  switch (standing) {
    case v1::STANDING_HELD:
      return &kinds::kHeld;
    case v1::STANDING_QUARANTINED:
      return &kinds::kQuarantined;
    case v1::STANDING_NOT_COUNTED:
      return &kinds::kNotCounted;
    default:
      return nullptr;
  }
}

}  // namespace

FoldCheck::FoldCheck(const PackEvents* events, TempRows* store,
                     std::size_t rows_bytes, Findings* findings)
    : events_(events),
      store_(store),
      rows_bytes_(rows_bytes),
      findings_(findings),
      overlay_(rows_bytes) {
  overlay_.SetBase(store_->Rows());
}

bool FoldCheck::Visit(const ReadEntry& entry) {
  if (overlay_.bytes() > rows_bytes_) store_->Take(&overlay_);
  overlay_.BeginEntry(entry.trailer.last_position());
  fold_.ApplyBatch(entry.index, entry.trailer, *entry.batch, *events_,
                   overlay_);
  absl::Status folded = events_->status();
  folded.Update(store_->status());
  const bool named =
      folded.ok() && !overlay_.Changed(Table::kStateRoot).empty();
  overlay_.CloseEntry();
  if (!folded.ok()) {
    findings_->Add(kinds::kFoldStopped,
                   {.entry = entry.index.value,
                    .position = entry.trailer.first_position.value,
                    .detail = Same(folded.message())});
    return false;
  }
  const auto count = static_cast<std::uint64_t>(entry.batch->events_size());
  events_folded_ += count;
  last_received_ms_ = entry.trailer.receive_time.ms;
  for (auto it = due_.lower_bound(young_);
       it != due_.end() && last_received_ms_ - it->second.received_ms > kDueMs;
       ++it) {
    it->second.day_after_ms = last_received_ms_;
    young_ = it->first + 1;
  }
  findings_->Examined(Check::kFold, count);
  return !named || NameRoots(entry);
}

// If the log names this entry's last position, the roots as of it.
bool FoldCheck::NameRoots(const ReadEntry& entry) {
  const std::uint64_t position = entry.trailer.last_position().value;
  const std::optional<v1::StateRootRow> row = GetRow<v1::StateRootRow>(
      overlay_, Table::kStateRoot, keys::StateRoot(Position(position)));
  if (!row.has_value()) return true;
  absl::StatusOr<std::vector<v1::StateRoot>> roots = Roots();
  if (!roots.ok()) {
    findings_->Add(kinds::kFoldStopped,
                   {.entry = entry.index.value,
                    .position = position,
                    .detail = Same(roots.status().message())});
    return false;
  }
  own_[position] = *std::move(roots);
  due_[position] = {.entry = entry.index.value,
                    .received_ms = entry.trailer.receive_time.ms};
  return true;
}

absl::StatusOr<std::vector<v1::StateRoot>> FoldCheck::Roots() {
  std::vector<v1::StateRoot> roots;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    absl::StatusOr<v1::StateRoot> root =
        ComputeStateRoot(overlay_, projection, [] { return true; });
    if (!root.ok()) return root.status();
    roots.push_back(*std::move(root));
  }
  if (!store_->status().ok()) return store_->status();
  return roots;
}

void FoldCheck::CompareRoots(const std::vector<v1::StateRoot>& own,
                             const std::vector<v1::StateRoot>& said,
                             Place where) {
  for (const v1::StateRoot& root : said) {
    const auto mine = std::find_if(
        own.begin(), own.end(), [&](const v1::StateRoot& candidate) {
          return candidate.projection() == root.projection();
        });
    Place place = where;
    if (mine == own.end() || mine->version() != root.version()) {
      const std::string name =
          absl::StrCat(root.projection(), "/", root.version());
      place.detail =
          mine == own.end()
              ? Say("$0, chương trình này không biết",
                    "$0, which is not known here", name)
              : Say("$0; chương trình này có phiên bản $1",
                    "$0; this program has version $1", name, mine->version());
      findings_->Add(kinds::kVersionNotCarried, std::move(place));
      continue;
    }
    findings_->Examined(Check::kStateRoots, 1);
    if (mine->root() == root.root() && mine->row_count() == root.row_count()) {
      continue;
    }
    place.detail =
        Say("$0/$1: $2 trên $3 dòng; tính ở đây là $4 trên $5",
            "$0/$1: $2 over $3 rows; computed here $4 over $5",
            root.projection(), root.version(), HexEncode(root.root()),
            root.row_count(), HexEncode(mine->root()), mine->row_count());
    findings_->Add(kinds::kStateRootDiffers, std::move(place));
  }
}

void FoldCheck::NameEvents(const ReadEntry& entry, bool server) {
  std::uint64_t position = entry.trailer.first_position.value;
  for (const v1::Event& event : entry.batch->events()) {
    Place place{.entry = entry.index.value, .position = position++};
    if (event.payload_case() == v1::Event::PAYLOAD_NOT_SET) {
      place.detail = UnknownText(event);
      findings_->Add(kinds::kUnknownType, place);
    }
    if (!event.act().officer_key().empty() ||
        !event.act().officer_signature().empty()) {
      place.detail = Say("$0 của cán bộ $1", "$0 of officer $1",
                         PayloadName(event), event.act().officer_id());
      findings_->Add(kinds::kOfficerSignature, place);
    }
    place.detail = {};
    if (!server) continue;
    if (event.has_act()) {
      VisitCommand(event, std::move(place));
    } else {
      VisitOwn(event, std::move(place));
    }
  }
}

void FoldCheck::VisitCommand(const v1::Event& event, Place place) {
  const std::optional<v1::CommandOutcome> outcome =
      OutcomeOf(overlay_, OfficerId(event.act().officer_id()),
                event.act().idempotency_key());
  const bool own =
      outcome.has_value() && outcome->position() == *place.position;
  if (own && outcome->effective()) return;
  const std::string why = own ? FailureName(outcome->failure())
                          : outcome.has_value() ? "REPEATED_KEY"
                                                : "MALFORMED";
  place.detail = Say("$0 của cán bộ $1: $2$3", "$0 of officer $1: $2$3",
                     PayloadName(event), event.act().officer_id(), why,
                     own && !outcome->detail().empty()
                         ? absl::StrCat(" (", outcome->detail(), ")")
                         : "");
  findings_->Add(kinds::kCommandFailed, std::move(place));
}

void FoldCheck::VisitOwn(const v1::Event& event, Place place) {
  switch (event.payload_case()) {
    case v1::Event::kStateRootsRecorded:
      return CompareRecorded(event.state_roots_recorded(), std::move(place));
    case v1::Event::kAccessRecorded:
      place.detail = Say("cán bộ $0: $1", "officer $0: $1",
                         event.access_recorded().officer_id(),
                         v1::AccessKind_Name(event.access_recorded().kind()));
      return findings_->Add(kinds::kAccess, std::move(place));
    case v1::Event::kLogOpened:
    case v1::Event::kEpochOpened:
    case v1::Event::kDayOpened:
    case v1::Event::kDocumentPart:
    case v1::Event::kForkObserved:
    case v1::Event::kClockObserved:
    case v1::Event::kAuthorEnrolled:
    case v1::Event::kGrantIssued:
      return;
    default:
      place.detail = Same(PayloadName(event));
      findings_->Add(kinds::kServerEventFailed, std::move(place));
  }
}

void FoldCheck::CompareRecorded(const v1::StateRootsRecorded& recorded,
                                Place place) {
  const auto own = own_.find(recorded.position());
  if (own == own_.end()) {
    place.detail = Say("vị trí $0", "position $0", recorded.position());
    findings_->Add(kinds::kStateRootUnnamed, std::move(place));
    return;
  }
  if (IsComplete(recorded, place)) due_.erase(recorded.position());
  CompareRoots(own->second, {recorded.roots().begin(), recorded.roots().end()},
               std::move(place));
}

bool FoldCheck::IsComplete(const v1::StateRootsRecorded& recorded,
                           const Place& where) {
  bool complete = true;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    const auto times =
        std::count_if(recorded.roots().begin(), recorded.roots().end(),
                      [&](const v1::StateRoot& root) {
                        return root.projection() == projection.name;
                      });
    if (times == 1) continue;
    complete = false;
    Place place = where;
    place.detail = times == 0 ? Say("vị trí $0: $1 không có gốc",
                                    "position $0: $1 has no root",
                                    recorded.position(), projection.name)
                              : Say("vị trí $0: $1 có hơn một gốc",
                                    "position $0: $1 has more roots than one",
                                    recorded.position(), projection.name);
    findings_->Add(kinds::kStateRootsIncomplete, std::move(place));
  }
  return complete;
}

void FoldCheck::NameMissing(std::uint64_t position, const Due& due) {
  const FindingKind* kind = &kinds::kStateRootMissing;
  if (due.day_after_ms.has_value()) {
    kind = last_received_ms_ - *due.day_after_ms > kBackMs
               ? &kinds::kStateRootNever
               : &kinds::kStateRootLate;
  }
  findings_->Add(*kind, {.entry = due.entry, .position = position});
}

void FoldCheck::Finish() {
  for (const auto& [position, due] : due_) NameMissing(position, due);
  FindStandings();
}

void FoldCheck::FindStandings() {
  ScanRows<v1::EntryStandings>(
      overlay_, Table::kStandings, "",
      [this](absl::string_view, const v1::EntryStandings& row, Position) {
        for (const v1::EventStanding& one : row.exceptions()) {
          Place place{.position = one.position(),
                      .detail = ReasonText(one.reason())};
          const FindingKind* const kind = KindOf(one.standing());
          if (kind != nullptr) findings_->Add(*kind, place);
          place.detail = {};
          if (one.time_quality() == v1::TIME_QUALITY_SUSPECT) {
            findings_->Add(kinds::kClockSuspect, place);
          } else if (one.time_quality() == v1::TIME_QUALITY_ESTIMATED) {
            findings_->Add(kinds::kClockEstimated, place);
          }
          if (one.wall_clock_wrong()) findings_->Add(kinds::kClockWrong, place);
        }
        return true;
      });
}

}  // namespace thon::verify
