// Whether an officer's command takes effect.
//
// The first of these that applies is what is told:
//   MALFORMED            a field is missing or contradicts another; or the
//                        payload is not an officer's to record
//   REPEATED_KEY         the officer has used the idempotency key
//   NOT_PERMITTED        no grant of the role, over every unit the command
//                        touches, holds on the entry's local date
//   STALE                a row it rests on changed after the position the
//                        officer saw, other than by commands of its own entry
//   INCOMPLETE_DOCUMENT  parts of a document it names are missing
//   PRECONDITION         what it needs is not so
// One that takes effect may say in its detail what the officer should look at.
//
// The commands of one entry are judged in order, each with the rows that those
// before it left: grants, units and registry. What the money projections make
// of an earlier command of the same entry is not seen.
#ifndef THON_PROJECTIONS_COMMAND_CHECK_H_
#define THON_PROJECTIONS_COMMAND_CHECK_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/projections/scratch_rows.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// The commands of one entry, one after another.
//
// Thread-safety: none.
class CommandJudge {
 public:
  // `rows` as they were before the entry, whose last position is `position`.
  // With `events` null documents are not looked into. Neither is owned.
  CommandJudge(const RowReader* rows, const EventSource* events,
               Date local_date, Position position);

  struct Verdict {
    v1::CommandOutcome outcome;
    // PRECONDITION because what it would make is there already.
    bool already_there = false;
    // With an effective FactsImported: its facts.
    std::shared_ptr<const v1::FactList> imported;
  };
  // Judges the command of `event`, which has an act, and keeps its outcome and
  // its effects for the commands behind it.
  Verdict Judge(const v1::Event& event, Position at);

  // Keeps an effect of the log's own events.
  void Apply(const Fact& fact);

  // Rows with the effects so far.
  const ScratchRows& after() const { return after_; }

 private:
  v1::CommandOutcome Decide(const v1::Event& event, Position at,
                            Verdict* verdict);
  v1::CommandOutcome DecideImport(const v1::Event& event, Position at,
                                  Verdict* verdict);
  // One payload against `rows`.
  v1::CommandOutcome DecideOne(const v1::Event& event,
                               const v1::OfficerAct& act, const RowReader& rows,
                               bool* already_there) const;

  const RowReader* before_;
  const EventSource* events_;
  Date local_date_;
  ScratchRows after_;
};

// What would become of these commands, all in one entry received on
// `local_date`, by rows as they are now. For telling an officer beforehand; the
// fold decides. `already_there`, if not null, gets for each whether it fails
// because what it would make is there.
std::vector<v1::CommandOutcome> CheckCommands(
    absl::Span<const v1::Event> commands, Date local_date,
    const RowReader& rows, const EventSource* events,
    std::vector<bool>* already_there = nullptr);
v1::CommandOutcome CheckCommand(const v1::Event& command, Date local_date,
                                const RowReader& rows,
                                const EventSource* events);

}  // namespace thon

#endif  // THON_PROJECTIONS_COMMAND_CHECK_H_
