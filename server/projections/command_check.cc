#include "server/projections/command_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "server/core/repeated_scan.h"
#include "server/core/text.h"
#include "server/projections/command_case.h"
#include "server/projections/documents.h"
#include "server/projections/grants.h"
#include "server/projections/registry.h"
#include "server/projections/row_keys.h"
#include "server/projections/units.h"

namespace thon {
namespace {

constexpr std::size_t kIdempotencyKeyMax = 64;
constexpr int kFactsMax = 100'000;

v1::CommandOutcome Lost(v1::CommandFailure failure, std::string detail) {
  // A finding may quote a document, whose bytes are anybody's.
  if (!ToNfc(detail).ok()) {
    for (char& byte : detail) {
      if ((byte & 0x80) != 0) byte = '?';
    }
  }
  if (detail.size() > limits::kTextBytesMax) {
    std::size_t size = limits::kTextBytesMax;
    // Not in the middle of a character.
    while (size > 0 && (detail[size] & 0xC0) == 0x80) --size;
    detail.resize(size);
  }
  v1::CommandOutcome outcome;
  outcome.set_failure(failure);
  outcome.set_detail(std::move(detail));
  return outcome;
}

v1::CommandOutcome Won(std::string detail = "") {
  v1::CommandOutcome outcome =
      Lost(v1::COMMAND_FAILURE_UNSPECIFIED, std::move(detail));
  outcome.set_effective(true);
  return outcome;
}

bool IsImportable(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kVillageDeclared:
    case v1::Event::kTeamFounded:
    case v1::Event::kMemberJoined:
    case v1::Event::kOrganisationRegistered:
      return true;
    default:
      return false;
  }
}

bool IsFileKind(absl::string_view kind) {
  return kind == "teams" || kind == "members" || kind == "organisations" ||
         kind == "villages";
}

bool IsPermitted(const CommandCase& c, OfficerId officer,
                 const RowReader& rows) {
  // Most officers who record much may act everywhere.
  if (IsGranted(rows, officer, c.role(), UnitId(0), c.local_date())) {
    return true;
  }
  std::set<UnitId> units(c.units().begin(), c.units().end());
  return !units.empty() &&
         std::all_of(units.begin(), units.end(), [&](UnitId unit) {
           return unit != UnitId(0) &&
                  IsGranted(rows, officer, c.role(), unit, c.local_date());
         });
}

// What changed since the officer looked; empty if nothing did.
std::string WhatChanged(const CommandCase& c, Position seen,
                        const RowReader& rows) {
  for (const CommandCase::Rest& rest : c.rests()) {
    Position newest(0);
    if (rest.is_prefix) {
      rows.Scan(rest.table, rest.key, "",
                [&](absl::string_view, const RowVersion& row) {
                  newest = std::max(newest, row.position);
                  return true;
                });
    } else if (const auto row = rows.Get(rest.table, rest.key)) {
      newest = row->position;
    }
    if (newest > seen) {
      return absl::StrCat(rest.what, " changed at position ", newest.value,
                          ", after position ", seen.value,
                          " that was seen: look at it again");
    }
  }
  return "";
}

}  // namespace

CommandJudge::CommandJudge(const RowReader* rows, const EventSource* events,
                           Date local_date, Position position)
    : before_(rows),
      events_(events),
      local_date_(local_date),
      after_(rows, position) {}

CommandJudge::Verdict CommandJudge::Judge(const v1::Event& event, Position at) {
  Verdict verdict;
  verdict.outcome = Decide(event, at, &verdict);
  verdict.outcome.set_position(at.value);
  // The key belongs to the first command that used it. One that is no key
  // belongs to nobody.
  const v1::OfficerAct& act = event.act();
  if (verdict.outcome.failure() != v1::COMMAND_FAILURE_REPEATED_KEY &&
      IsSurrogateId(act.officer_id()) && !act.idempotency_key().empty() &&
      act.idempotency_key().size() <= kIdempotencyKeyMax) {
    PutRow(after_, Table::kCommandOutcome,
           keys::CommandOutcome(OfficerId(act.officer_id()),
                                act.idempotency_key()),
           verdict.outcome);
  }
  if (verdict.outcome.effective() && verdict.imported == nullptr) {
    Apply({&event, at, true, true});
  }
  return verdict;
}

void CommandJudge::Apply(const Fact& fact) {
  ApplyToGrants(fact, after_);
  if (events_ != nullptr) ApplyToUnits(fact, *events_, after_);
  ApplyToRegistry(fact, local_date_, after_);
}

v1::CommandOutcome CommandJudge::Decide(const v1::Event& event, Position at,
                                        Verdict* verdict) {
  const v1::OfficerAct& act = event.act();
  if (!IsSurrogateId(act.officer_id())) {
    return Lost(v1::COMMAND_FAILURE_MALFORMED, "officer_id is missing");
  }
  if (act.idempotency_key().empty() ||
      act.idempotency_key().size() > kIdempotencyKeyMax) {
    return Lost(v1::COMMAND_FAILURE_MALFORMED,
                absl::StrCat("idempotency_key must have 1 to ",
                             kIdempotencyKeyMax, " characters"));
  }
  if (at != Position(0) && act.seen_position() >= at.value) {
    return Lost(v1::COMMAND_FAILURE_MALFORMED,
                "seen_position is beyond the log");
  }
  const std::optional<v1::CommandOutcome> first = GetRow<v1::CommandOutcome>(
      after_, Table::kCommandOutcome,
      keys::CommandOutcome(OfficerId(act.officer_id()), act.idempotency_key()));
  if (first.has_value()) {
    return Lost(
        v1::COMMAND_FAILURE_REPEATED_KEY,
        absl::StrCat("the key was used at position ", first->position()));
  }
  if (event.has_facts_imported()) return DecideImport(event, at, verdict);
  return DecideOne(event, act, after_, &verdict->already_there);
}

v1::CommandOutcome CommandJudge::DecideOne(const v1::Event& event,
                                           const v1::OfficerAct& act,
                                           const RowReader& rows,
                                           bool* already_there) const {
  CommandCase c(rows, events_, local_date_);
  ExamineCommand(event, c);
  if (c.malformed().has_value()) {
    return Lost(v1::COMMAND_FAILURE_MALFORMED, *c.malformed());
  }
  if (!IsPermitted(c, OfficerId(act.officer_id()), rows)) {
    return Lost(v1::COMMAND_FAILURE_NOT_PERMITTED,
                "no grant for it holds on this day");
  }
  if (act.seen_position() != 0) {
    std::string changed =
        WhatChanged(c, Position(act.seen_position()), *before_);
    if (!changed.empty()) {
      return Lost(v1::COMMAND_FAILURE_STALE, std::move(changed));
    }
  }
  if (c.incomplete().has_value()) {
    return Lost(v1::COMMAND_FAILURE_INCOMPLETE_DOCUMENT, *c.incomplete());
  }
  if (c.unmet().has_value()) {
    *already_there = c.already_there();
    return Lost(v1::COMMAND_FAILURE_PRECONDITION, *c.unmet());
  }
  return Won(c.warning().value_or(""));
}

v1::CommandOutcome CommandJudge::DecideImport(const v1::Event& event,
                                              Position at, Verdict* verdict) {
  const v1::FactsImported& import = event.facts_imported();
  const v1::OfficerAct& act = event.act();
  if (!IsFileKind(import.file_kind())) {
    return Lost(v1::COMMAND_FAILURE_MALFORMED,
                "file_kind must be teams, members, organisations or villages");
  }
  if (import.facts_hash().size() != Hash::kSize || import.count() < 1 ||
      import.count() > kFactsMax) {
    return Lost(
        v1::COMMAND_FAILURE_MALFORMED,
        absl::StrCat("facts_hash must be 32 bytes and count 1 to ", kFactsMax));
  }
  if (events_ == nullptr) return Won();
  const std::optional<std::string> bytes =
      AssembleDocument(import.facts_hash(), after_, *events_);
  if (!bytes.has_value()) {
    return Lost(v1::COMMAND_FAILURE_INCOMPLETE_DOCUMENT,
                "facts_hash: parts of the document are missing: record them "
                "first");
  }
  auto list = std::make_shared<v1::FactList>();
  // Counted first: 16 MiB of empty facts would parse to gigabytes.
  if (HoldsMoreThan(*bytes, v1::FactList::kFactsFieldNumber,
                    static_cast<std::size_t>(import.count())) ||
      !list->ParseFromString(*bytes) || list->facts_size() != import.count()) {
    return Lost(v1::COMMAND_FAILURE_PRECONDITION,
                absl::StrCat("the document is not a list of ", import.count(),
                             " facts"));
  }
  // On rows of its own, so that nothing stays if a fact fails.
  ScratchRows rows(&after_, at);
  std::string warning;
  for (int i = 0; i < list->facts_size(); ++i) {
    const v1::Event& fact = list->facts(i);
    v1::CommandOutcome outcome =
        IsImportable(fact) ? DecideOne(fact, act, rows, &verdict->already_there)
                           : Lost(v1::COMMAND_FAILURE_MALFORMED,
                                  "this type of fact cannot be imported");
    if (!outcome.effective()) {
      const v1::CommandFailure failure =
          outcome.failure() == v1::COMMAND_FAILURE_MALFORMED
              ? v1::COMMAND_FAILURE_PRECONDITION
              : outcome.failure();
      return Lost(failure, absl::StrCat("row ", i + 1, ": ", outcome.detail()));
    }
    if (warning.empty() && !outcome.detail().empty()) {
      warning = absl::StrCat("row ", i + 1, ": ", outcome.detail());
    }
    const Fact applied{&fact, at, true, true};
    ApplyToUnits(applied, *events_, rows);
    ApplyToRegistry(applied, local_date_, rows);
  }
  rows.CopyTo(after_);
  verdict->imported = std::move(list);
  return Won(std::move(warning));
}

std::vector<v1::CommandOutcome> CheckCommands(
    absl::Span<const v1::Event> commands, Date local_date,
    const RowReader& rows, const EventSource* events,
    std::vector<bool>* already_there) {
  // Positions are not given yet; no row can be newer than what is not there.
  CommandJudge judge(&rows, events, local_date, Position(0));
  std::vector<v1::CommandOutcome> outcomes;
  for (const v1::Event& command : commands) {
    CommandJudge::Verdict verdict = judge.Judge(command, Position(0));
    if (already_there != nullptr) {
      already_there->push_back(verdict.already_there);
    }
    outcomes.push_back(std::move(verdict.outcome));
  }
  return outcomes;
}

v1::CommandOutcome CheckCommand(const v1::Event& command, Date local_date,
                                const RowReader& rows,
                                const EventSource* events) {
  return CheckCommands(absl::MakeConstSpan(&command, 1), local_date, rows,
                       events)
      .front();
}

}  // namespace thon
