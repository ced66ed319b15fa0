// Acts: what the server's author recorded, and which of it takes effect.
//
// It is the first of all projections. It keeps the calendar, where documents
// are, grants, and what became of each command; and it fills FoldInput::facts,
// which is what the others fold.
//
// Of the server's author, an event with an act is an officer's command
// (command_check.h). One without is the log's own, and effective only if it is
// one of LogOpened (in entry 0), EpochOpened, DayOpened (of a later day than
// the last), DocumentPart, ForkObserved, ClockObserved, AuthorEnrolled (of a
// phone or an organisation), AccessRecorded, StateRootsRecorded (the first for
// a position that is named), and GrantIssued of OPERATOR over the whole log
// while nobody has that.
//
// It names the positions whose rows get roots (state_root.h): a StateRootRow,
// first without roots. An entry that is named for both reasons is said to be
// the period's.
#ifndef THON_PROJECTIONS_ACTS_H_
#define THON_PROJECTIONS_ACTS_H_

#include <memory>
#include <optional>

#include "server/core/civil.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

class Acts final : public Projection {
 public:
  absl::string_view name() const override { return "acts"; }
  int version() const override { return 2; }

  // Does nothing: the work is done when Fold lets it Judge.
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override;

  // Fills `input->facts` and `input->imported`, and writes this projection's
  // rows.
  void Judge(FoldInput* input, const EventSource& events, RowWriter& rows);
};

std::unique_ptr<Projection> NewActs();

// The last day opened; nullopt before the first.
std::optional<Date> LastDay(const RowReader& rows);

// What became of the command; nullopt if the officer never used the key.
std::optional<v1::CommandOutcome> OutcomeOf(const RowReader& rows,
                                            OfficerId officer,
                                            absl::string_view idempotency_key);

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTS_H_
