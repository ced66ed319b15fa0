// The activity projection's fold of one entry.
//
// An event adds to the rows what it adds under its verdict; when it is judged
// again, that is taken out first. activity_fold.cc says what is judged and
// when, activity_judge.cc how an event goes in and out.
#ifndef THON_PROJECTIONS_ACTIVITY_FOLD_H_
#define THON_PROJECTIONS_ACTIVITY_FOLD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/arena.h"
#include "server/core/evidence.h"
#include "server/projections/activity_event.h"
#include "server/projections/activity_rows.h"
#include "server/projections/judgement.h"
#include "server/projections/projection.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Thread-safety: none. One object, one entry.
class ActivityFold {
 public:
  // `arena`: for rows in memory; outlives this.
  ActivityFold(const FoldInput& input, const EventSource& events,
               RowWriter& rows, google::protobuf::Arena* arena)
      : input_(input),
        events_(events),
        rows_(rows),
        activity_(events, rows, arena) {}

  void Run() {
    if (input_.from_server) {
      for (const Fact& fact : input_.facts) ApplyFact(fact);
    } else {
      ApplyBatch();
    }
    JudgeAgainWhatChanged();
    activity_.Flush();
  }

 private:
  // An event with everything that stays the same however it is judged.
  struct Subject {
    EventName name;
    const v1::Event* event = nullptr;  // With its amendment.
    Position position;
    Instant received;
    JudgedTime time;
  };

  // Why an earlier event is judged again.
  struct Change {
    std::optional<JudgedTime> time = std::nullopt;
    std::optional<v1::EventOverride> decided = std::nullopt;
    std::optional<Date> date =
        std::nullopt;  // Where its fact is, if the caller knows.
  };

  void ApplyBatch();
  void ApplyFact(const Fact& fact);
  void BeginTimeline(const v1::AuthorEnrolled& enrolled);
  void ApplyConfirmation(Holder holder, std::int32_t month, bool confirmed);
  void ApplyPlan(const v1::Event& event, Position position);
  void ApplyInspection(const v1::Event& event, Position position);
  void ApplyHeldDecided(const v1::HeldDecided& decision);
  void ApplyCorrection(const EventName& target,
                       const v1::CorrectionIssued& correction,
                       Position position);
  void DropCorrection(const EventName& target, Position position);

  void JudgeAgainWhatChanged();
  void JudgeWaiting(const std::string& prefix);
  void JudgeTeamAgain(TeamId team);
  void JudgeAgain(const EventName& name, const Change& change);

  std::optional<Date> FindInstant(const EventName& name, const v1::Event& event,
                                  std::optional<Date> hint, JudgedTime* time);
  Verdict JudgeSubject(const Subject& subject, const v1::EventOverride* decided,
                       bool fresh);
  bool IsAlreadyRecorded(const Subject& subject, bool fresh);
  bool TargetIsRight(const Subject& subject);
  Verdict JudgeObservation(const Subject& subject, Verdict verdict);
  void Put(const Subject& subject, Verdict verdict, bool fresh);
  void Retract(const Subject& subject, const v1::Event& old_event,
               const std::optional<v1::EventStanding>& old,
               std::optional<Date> date);
  std::vector<Date> HeldDates(const v1::EventStanding& standing) const;
  bool HasRoom(Holder holder, const Verdict& verdict,
               const std::vector<Date>& held);
  v1::EventStanding StandingOf(const Subject& subject, const Verdict& verdict);
  void AddUpdate(Holder holder, const Subject& subject);
  void RemoveUpdate(Holder holder, const Subject& subject, Month month);

  const v1::AuthorRow& AuthorRowOf(const AuthorId& id);
  const v1::TeamRow* Team(std::uint64_t id);
  const v1::OrganisationRow* Organisation(std::uint64_t id);
  bool TookOver(std::uint64_t from, std::uint64_t team);
  Holder HolderOf(const v1::AuthorRow& author, const v1::Event& event) const {
    return author.kind() == v1::AUTHOR_KIND_ORGANISATION
               ? Holder{true, author.organisation_id()}
               : Holder{false, event.team_id()};
  }

  const FoldInput& input_;
  const EventSource& events_;
  RowWriter& rows_;
  ActivityRows activity_;
  const TimeZone zone_ = TimeZone::VietNam();
  v1::AuthorTimelineRow timeline_;  // Of the batch's author.
  std::map<AuthorId, v1::AuthorRow> authors_;
  std::map<std::uint64_t, std::optional<v1::TeamRow>> teams_;
  std::map<std::uint64_t, std::optional<v1::OrganisationRow>> organisations_;
};

}  // namespace thon

#endif  // THON_PROJECTIONS_ACTIVITY_FOLD_H_
