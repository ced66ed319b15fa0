// What each phone of the fleet does on each day, drawn from one seed. A plan is
// a pure function of (seed, phone, day), so a worker that was killed goes on
// with the same day.
//
// Words:
//   phone   an index: enrolled phones first, in the order of the codes file,
//           then clones.
//   clone   a phone whose file is a copy of another's, key and all.
#ifndef THON_TOOLS_FLEET_PLAN_H_
#define THON_TOOLS_FLEET_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/civil.h"
#include "thon/v1/event.pb.h"

namespace thon::fleet {

// Who holds a phone: a member of a team, or an organisation's reporter.
struct Holder {
  std::uint64_t team_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t organisation_id = 0;
  std::uint64_t village_id = 0;
  std::string code;  // One-time enrolment code.
};

// Reads a CSV file with a header line that names at least `code` and some of
// team_id, member_id, organisation_id, village_id; other columns are ignored.
// kNotFound, kInvalidArgument: says which line and what is wrong with it.
absl::StatusOr<std::vector<Holder>> ReadCodes(const std::string& path);

struct PlanOptions {
  std::uint64_t seed = 1;
  Date from;  // First day with facts; phones are enrolled the day before.
  Date to;    // Last day with facts.
  // Facts of a team's phone over the whole period, on average.
  std::int64_t events_per_phone = 165;
};

struct Task {
  enum class Kind { kEnrol, kRecord, kSync, kClone };
  Kind kind = Kind::kSync;
  Instant at;                     // True time.
  std::vector<v1::Event> events;  // kRecord: one group, at least one.
  // kSync: the stream breaks this often before it is let through.
  int breaks = 0;
  // kSync: only if something is pending.
  bool if_pending = false;
  std::size_t clone = 0;  // kClone: the phone that gets the copy.
};

// Thread-safety: const.
class Plan {
 public:
  Plan(const PlanOptions& options, std::vector<Holder> holders);

  // Enrolled phones and clones.
  std::size_t phone_count() const { return holders_.size() + clones_.size(); }
  std::size_t clone_count() const { return clones_.size(); }
  // The phone itself, or the one it is a copy of.
  std::size_t OriginalOf(std::size_t phone) const;
  const Holder& HolderOf(std::size_t phone) const {
    return holders_[OriginalOf(phone)];
  }
  std::uint64_t SeedOf(std::size_t phone) const;

  Date first_day() const { return options_.from.Previous(); }
  // Late phones come back until then.
  Date last_day() const { return Date(options_.to.days + kClosingDays); }
  // When the server's clock stands on a day, and phones call.
  static Instant SyncTime(Date day);

  // In order of time.
  std::vector<Task> TasksOf(std::size_t phone, Date day) const;

 private:
  static constexpr int kClosingDays = 5;
  struct Clone {
    std::size_t original = 0;
    Date day;  // Copied at the end of this day.
  };

  void PlanSyncs(std::size_t phone, Date begin);
  bool SyncsOn(std::size_t phone, Date day) const;
  void AddRecords(std::size_t phone, Date day, std::vector<Task>* tasks) const;

  const PlanOptions options_;
  const std::vector<Holder> holders_;
  std::vector<Clone> clones_;
  std::vector<std::vector<bool>> syncs_;  // [phone][day - first_day].
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_PLAN_H_
