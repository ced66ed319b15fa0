#include "server/engine/committer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"

namespace thon {
namespace {

// Server events that may wait to be recorded.
constexpr std::size_t kRecordBytesWaitingMax = 32 * limits::kMiB;
// What an event takes at least while it waits.
constexpr std::size_t kEventBytesMin = 1024;
// How long an idle committer sleeps before it looks at clock and disk again.
constexpr std::int64_t kIdleMs = 60'000;
constexpr std::int64_t kDiskLowMs = 1'000;
// Local midnights are computed for dates that the calendar knows.
constexpr int kLastYear = 2199;

}  // namespace

Committer::Committer(Options options, ServerKeys keys)
    : options_(std::move(options)),
      keys_(std::move(keys)),
      disk_(options_.disk_reserve_bytes),
      epoch_origin_(options_.origin),
      origin_(options_.origin) {
  const LogEnd end = options_.log->end();
  if (end.tree_size > EntryIndex(0)) {
    // Whatever was received on a day lies behind the day's DayOpened.
    open_day_ = TimeZone::VietNam().DateOf(end.last_receive_time);
    open_date_days_ = open_day_->days;
  }
}

Committer::~Committer() { THON_CHECK(!thread_.joinable()); }

absl::Status Committer::RecordFirst(std::vector<v1::Event> events) {
  CommitGroup group = NewGroup();
  group.RecordServer(std::move(events), options_.clock->Stamp());
  return Write(group);
}

absl::Status Committer::LoadStop() {
  const absl::StatusOr<std::string> text =
      options_.log->GetLocal(kRestoredNoteKey);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  const RestoredNote note =
      RestoredNote::Decode(*text).value_or(RestoredNote());
  std::string name;
  std::uint64_t number = 0;
  if (SplitOrigin(epoch_origin_, &name, &number) &&
      number > note.epoch_number) {
    // The next epoch was opened; only this fact was left behind.
    return options_.log->DeleteLocal(kRestoredNoteKey);
  }
  MutexLock lock(&mu_);
  restored_ = note;
  state_ = CommitState::kLogRestored;
  return absl::OkStatus();
}

void Committer::Start() {
  {
    MutexLock lock(&mu_);
    THON_CHECK(!started_);
    started_ = true;
  }
  thread_ = std::thread([this] { Run(); });
}

void Committer::Drain() {
  {
    MutexLock lock(&mu_);
    closed_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  SetState(CommitState::kDraining);
}

OfferStatus Committer::Offer(OfferedBatch* batch,
                             std::function<void(Answered)> answered,
                             std::function<void()> when_room) {
  MutexLock lock(&mu_);
  if (closed_) return OfferStatus::kClosed;
  // A batch is always taken by an empty queue, so no limit can wait for ever.
  if (offers_ > 0 &&
      (offers_ >= limits::kCommitQueueBatchesMax ||
       offer_bytes_ + batch->bytes.size() > limits::kCommitQueueBytesMax)) {
    room_.push_back(std::move(when_room));
    return OfferStatus::kFull;
  }
  Item item;
  item.kind = Item::Kind::kOffer;
  item.batch = std::move(*batch);
  item.answered = std::move(answered);
  item.bytes = item.batch.bytes.size();
  ++offers_;
  offer_bytes_ += item.bytes;
  queue_.push_back(std::move(item));
  wake_.NotifyOne();
  return OfferStatus::kTaken;
}

void Committer::Record(std::vector<v1::Event> events,
                       Done<RecordedRange> done) {
  THON_CHECK(!events.empty() && events.size() <= limits::kBatchEventsMax);
  std::size_t bytes = 0;
  for (const v1::Event& event : events) {
    bytes += std::max(kEventBytesMin, event.ByteSizeLong());
  }
  absl::Status refused;
  {
    MutexLock lock(&mu_);
    if (closed_) {
      refused = CommitStateStatus(CommitState::kDraining);
    } else if (record_bytes_ > 0 &&
               record_bytes_ + bytes > kRecordBytesWaitingMax) {
      refused = absl::ResourceExhaustedError(
          "too many server events wait to be recorded; try again in a second");
    } else {
      Item item;
      item.kind = Item::Kind::kRecord;
      item.events = std::move(events);
      item.recorded = std::move(done);
      item.bytes = bytes;
      record_bytes_ += bytes;
      queue_.push_back(std::move(item));
      wake_.NotifyOne();
      return;
    }
  }
  done(refused);
}

void Committer::Post(std::function<void(absl::Status)> task) {
  {
    MutexLock lock(&mu_);
    if (!closed_) {
      Item item;
      item.kind = Item::Kind::kTask;
      item.task = std::move(task);
      queue_.push_back(std::move(item));
      wake_.NotifyOne();
      return;
    }
  }
  task(CommitStateStatus(CommitState::kDraining));
}

void Committer::StopRestored(const RestoredNote& note) {
  {
    MutexLock lock(&mu_);
    const bool news = !restored_.has_value();
    if (news) restored_.emplace();
    if (!restored_->Merge(note) && !news) return;
    if (state_ == CommitState::kOpen || state_ == CommitState::kDiskLow) {
      state_ = CommitState::kLogRestored;
    }
  }
  Post([this](absl::Status status) {
    if (status.ok()) PersistStop();
  });
}

void Committer::PersistStop() {
  std::string text;
  {
    MutexLock lock(&mu_);
    if (!restored_.has_value()) return;
    text = restored_->Encode();
  }
  const absl::Status stored = options_.log->PutLocal(kRestoredNoteKey, text);
  // The stop holds in this process in any case; a phone shows its receipt again
  // to the next one.
  if (!stored.ok()) write_error_.Update(stored);
}

CommitState Committer::state() const {
  MutexLock lock(&mu_);
  return state_;
}

std::string Committer::origin() const {
  MutexLock lock(&mu_);
  return origin_;
}

Date Committer::open_date() const { return Date(open_date_days_.load()); }

void Committer::Wake() {
  MutexLock lock(&mu_);
  woken_ = true;
  wake_.NotifyOne();
}

// ---- The thread ----

void Committer::Run() {
  while (true) {
    {
      MutexLock lock(&mu_);
      if (queue_.empty() && !closed_ && !woken_) {
        wake_.WaitFor(&mu_, WaitMs());
      }
      woken_ = false;
      if (queue_.empty() && closed_) break;
    }
    std::vector<Item> items = Take();
    if (items.size() == 1 && items[0].kind == Item::Kind::kTask) {
      items[0].task(absl::OkStatus());
    } else if (items.empty()) {
      OpenIdleDays();
    } else {
      CommitItems(std::move(items));
    }
  }
  std::vector<std::function<void()>> room;
  {
    MutexLock lock(&mu_);
    room.swap(room_);
  }
  for (const std::function<void()>& call : room) call();
}

// A run of offers and records for one group, or one task alone.
std::vector<Committer::Item> Committer::Take() {
  std::vector<Item> items;
  std::vector<std::function<void()>> room;
  {
    MutexLock lock(&mu_);
    std::size_t bytes = 0;
    while (!queue_.empty() && items.size() < limits::kCommitGroupBatchesMax) {
      Item& next = queue_.front();
      if (next.kind == Item::Kind::kTask && !items.empty()) break;
      const std::size_t more = next.bytes;
      if (!items.empty() && bytes + more > limits::kCommitGroupBytesMax) break;
      bytes += more;
      if (next.kind == Item::Kind::kOffer) {
        --offers_;
        offer_bytes_ -= more;
      } else if (next.kind == Item::Kind::kRecord) {
        record_bytes_ -= more;
      }
      const bool task = next.kind == Item::Kind::kTask;
      items.push_back(std::move(next));
      queue_.pop_front();
      if (task) break;
    }
    // Half empty, so that those who come back find room for more than one.
    if (offers_ <= limits::kCommitQueueBatchesMax / 2 &&
        offer_bytes_ <= limits::kCommitQueueBytesMax / 2) {
      room.swap(room_);
    }
  }
  for (const std::function<void()>& call : room) call();
  return items;
}

std::int64_t Committer::WaitMs() const {
  if (disk_.state() != DiskState::kOk) return kDiskLowMs;
  if (options_.clock->simulated() || !open_day_.has_value()) return kIdleMs;
  const std::int64_t to_midnight =
      TimeZone::VietNam().StartOf(open_day_->Next()).ms -
      options_.clock->Now().ms;
  return std::clamp<std::int64_t>(to_midnight, 1, kIdleMs);
}

absl::Status Committer::CheckOpen() {
  if (!write_error_.ok()) {
    SetState(CommitState::kDiskFailed);
    return CommitStateStatus(CommitState::kDiskFailed);
  }
  const absl::StatusOr<std::uint64_t> free = options_.log->FreeBytes();
  // A file system that cannot say counts as full: nothing is risked.
  const DiskState disk = disk_.Update(free.value_or(0));
  MutexLock lock(&mu_);
  if (state_ == CommitState::kOpen || state_ == CommitState::kDiskLow) {
    state_ =
        disk == DiskState::kOk ? CommitState::kOpen : CommitState::kDiskLow;
  }
  return CommitStateStatus(state_);
}

void Committer::SetState(CommitState state) {
  MutexLock lock(&mu_);
  state_ = state;
}

CommitGroup Committer::NewGroup() {
  return CommitGroup(*options_.log, *options_.authors, keys_.server_author,
                     {.end = options_.log->end(),
                      .open_date = open_day_,
                      .origin = epoch_origin_});
}

absl::Status Committer::Write(CommitGroup& group) {
  if (!group.empty()) {
    const absl::Status appended = options_.log->Append(group.Seal(keys_.log));
    if (!appended.ok()) {
      write_error_ = appended;
      SetState(CommitState::kDiskFailed);
      return CommitStateStatus(CommitState::kDiskFailed);
    }
  }
  options_.authors->Publish(group.ChangedAuthors());
  open_day_ = group.open_date();
  if (open_day_.has_value()) open_date_days_ = open_day_->days;
  if (!group.empty() && options_.on_durable) options_.on_durable();
  return absl::OkStatus();
}

void Committer::Refuse(Item& item, const absl::Status& status) {
  if (item.kind == Item::Kind::kOffer) {
    item.answered({status, {}});
  } else {
    item.recorded(status);
  }
}

void Committer::CommitItems(std::vector<Item> items) {
  const absl::Status open = CheckOpen();
  if (!open.ok()) {
    for (Item& item : items) Refuse(item, open);
    return;
  }
  CommitGroup group = NewGroup();
  std::vector<Pending> pending;
  pending.reserve(items.size());
  for (Item& item : items) {
    Pending next{&item, Decision(), {}};
    const Instant now = options_.clock->Stamp();
    if (item.kind == Item::Kind::kOffer) {
      next.decision = group.Decide(std::move(item.batch), now);
    } else {
      const CommitGroup::Recorded range =
          group.RecordServer(std::move(item.events), now);
      next.range = {range.first, range.last, range.first_entry};
    }
    pending.push_back(std::move(next));
  }
  const absl::Status written = Write(group);
  for (Pending& next : pending) {
    if (!written.ok()) {
      Refuse(*next.item, written);
    } else if (next.item->kind == Item::Kind::kRecord) {
      next.item->recorded(next.range);
    } else if (!next.decision.ok()) {
      next.item->answered({next.decision.status(), {}});
    } else {
      Answered answered;
      answered.answer = std::move(next.decision->answer);
      if (next.decision->offset.has_value()) {
        *answered.answer.mutable_receipt() =
            group.ReceiptOf(*next.decision->offset);
      }
      next.item->answered(std::move(answered));
    }
  }
}

void Committer::OpenIdleDays() {
  if (options_.clock->simulated()) {
    static_cast<void>(CheckOpen());  // For the state that is shown.
    return;
  }
  if (!CheckOpen().ok()) return;
  CommitGroup group = NewGroup();
  group.OpenDays(options_.clock->Stamp());
  if (group.empty()) return;
  static_cast<void>(Write(group));  // The state says what became of it.
}

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
