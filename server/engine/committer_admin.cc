// What operators ask of the committer: the simulated clock, the next epoch.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/engine/committer.h"

namespace thon {
namespace {

// Local midnights are computed for dates that the calendar knows.
constexpr int kLastYear = 2199;

}  // namespace

absl::StatusOr<Position> Committer::AdvanceClock(Instant to) {
  ReceiveClock& clock = *options_.clock;
  const TimeZone zone = TimeZone::VietNam();
  if (!clock.simulated()) {
    return absl::FailedPreconditionError(
        "this log's time is real; only a data directory made for simulation "
        "can be moved");
  }
  if (to < clock.Now()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the clock reads ", zone.Format(clock.Now()),
                     " already; it only moves forward"));
  }
  const Date last_day = zone.DateOf(to);
  if (last_day > Date::Of(kLastYear, 12, 31)) {
    return absl::InvalidArgumentError("the calendar ends with the year 2199");
  }
  while (*open_day_ < last_day) {
    const absl::Status open = CheckOpen();
    if (!open.ok()) return open;
    CommitGroup group = NewGroup();
    for (std::size_t days = 0;
         *group.open_date() < last_day && days < limits::kCommitGroupBatchesMax;
         ++days) {
      clock.AdvanceTo(
          std::max(clock.Now(), zone.StartOf(group.open_date()->Next())));
      group.OpenDays(clock.Now());
    }
    const absl::Status written = Write(group);
    if (!written.ok()) return written;
  }
  clock.AdvanceTo(to);
  // Where the clock stands between two entries is not in the log.
  const absl::Status stored =
      options_.log->PutLocal(kSimulatedClockKey, absl::StrCat(to.ms));
  if (!stored.ok()) return stored;
  return Position(options_.log->end().next_position.value - 1);
}

absl::StatusOr<OpenedEpoch> Committer::OpenEpoch(bool force) {
  RestoredNote note;
  {
    MutexLock lock(&mu_);
    if (state_ != CommitState::kLogRestored && !force) {
      return absl::FailedPreconditionError(
          "the log is not stopped with LOG_RESTORED; force it only when a "
          "backup was restored and no phone has shown a later receipt yet");
    }
    note = restored_.value_or(RestoredNote());
  }
  if (!write_error_.ok()) return CommitStateStatus(CommitState::kDiskFailed);
  const absl::StatusOr<std::uint64_t> free = options_.log->FreeBytes();
  if (disk_.Update(free.value_or(0)) != DiskState::kOk) {
    return CommitStateStatus(CommitState::kDiskLow);
  }
  std::string name;
  std::uint64_t number = 0;
  THON_CHECK(SplitOrigin(epoch_origin_, &name, &number));
  const LogEnd end = options_.log->end();
  const absl::StatusOr<Hash> root = merkle::RootAt(
      end.tree_size.value,
      [this](merkle::NodeId node) { return options_.log->Node(node); });
  if (!root.ok()) return root.status();
  absl::StatusOr<SigningKey> server =
      PrepareNextServerKey(options_.keys_directory);
  if (!server.ok()) return server.status();

  OpenedEpoch opened;
  opened.old_origin = epoch_origin_;
  opened.new_origin =
      absl::StrCat(name, "/", std::max(number, note.epoch_number) + 1);
  opened.first_lost = end.next_position;
  if (note.first_lost != Position(0)) {
    opened.first_lost = std::min(opened.first_lost, note.first_lost);
  }
  v1::Event event;
  v1::EpochOpened* epoch = event.mutable_epoch_opened();
  epoch->set_old_origin(opened.old_origin);
  epoch->set_old_size(end.tree_size.value);
  epoch->set_old_root(std::string(root->view()));
  epoch->set_first_lost_position(opened.first_lost.value);
  epoch->set_new_origin(opened.new_origin);
  epoch->set_log_key(std::string(keys_.log.public_key().view()));
  epoch->set_server_author_key(std::string(server->public_key().view()));
  epoch->set_last_known_lost_position(note.last_known_lost.value);

  // EpochOpened first, and the days since in the same write: the last entry's
  // day is always one that is open.
  const Instant now = options_.clock->Stamp();
  CommitGroup group(
      *options_.log, *options_.authors, *server,
      {.end = end, .open_date = std::nullopt, .origin = opened.new_origin});
  opened.position = group.RecordServer({event}, now).first;
  group.SetOpenDate(*open_day_);
  group.OpenDays(now);
  const AuthorId old_server = keys_.server_author.public_key().author();
  const AuthorId new_server = server->public_key().author();
  const absl::Status written = Write(group);
  if (!written.ok()) return written;

  keys_.server_author = *std::move(server);
  epoch_origin_ = opened.new_origin;
  {
    MutexLock lock(&mu_);
    origin_ = opened.new_origin;
    restored_.reset();
    state_ = CommitState::kOpen;
  }
  // Only now are hellos of the new epoch: what is signed after one is of its
  // epoch or a later one, which a phone forgives, never of an earlier one.
  if (options_.on_epoch) {
    Epoch declared;
    declared.origin = opened.new_origin;
    declared.entry = end.tree_size;
    declared.log_key = keys_.log.public_key();
    declared.server = new_server;
    declared.old_origin = opened.old_origin;
    declared.old_size = end.tree_size.value;
    declared.first_lost = opened.first_lost;
    options_.on_epoch(declared);
  }
  // Should this fail, the next start finishes it (keys.h).
  absl::Status after = AdoptNextServerKey(options_.keys_directory, old_server);
  after.Update(options_.log->DeleteLocal(kRestoredNoteKey));
  if (!after.ok()) return after;
  return opened;
}

}  // namespace thon
