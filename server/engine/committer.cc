#include "server/engine/committer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

// Server events that may wait to be recorded.
constexpr std::size_t kRecordBytesWaitingMax = 32 * limits::kMiB;
// What an event takes at least while it waits.
constexpr std::size_t kEventBytesMin = 1024;
// How long an idle committer sleeps before it looks at clock and disk again.
constexpr std::int64_t kIdleMs = 60'000;
constexpr std::int64_t kDiskLowMs = 1'000;

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
    const auto& sealed = group.Seal(keys_.log);
    const std::int64_t begin_us = SteadyUs();
    const absl::Status appended = options_.log->Append(sealed);
    options_.stats->fsync_us.Observe(
        static_cast<std::uint64_t>(SteadyUs() - begin_us));
    options_.stats->group_entries.Observe(sealed.entries.size());
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
  options_.stats->CountTurnedAway(state());
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
    Pending next{
        &item, Decision(), {}, item.batch.event_count, item.batch.bytes.size()};
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
      options_.stats->server_records.fetch_add(1, std::memory_order_relaxed);
      next.item->recorded(next.range);
    } else {
      AnswerOffer(group, next);
    }
  }
}

void Committer::AnswerOffer(const CommitGroup& group, Pending& next) {
  if (!next.decision.ok()) {
    // What is stored cannot be read; the phone keeps the batch.
    options_.stats->CountTurnedAway(CommitState::kDiskFailed);
    next.item->answered({CommitStateStatus(CommitState::kDiskFailed), {}});
    return;
  }
  Answered answered;
  answered.answer = std::move(next.decision->answer);
  if (next.decision->offset.has_value()) {
    *answered.answer.mutable_receipt() =
        group.ReceiptOf(*next.decision->offset);
  }
  options_.stats->CountAnswer(answered.answer);
  if (answered.answer.code() == v1::ANSWER_CODE_RECORDED) {
    options_.stats->CountRecorded(next.events, next.bytes);
  }
  next.item->answered(std::move(answered));
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

}  // namespace thon
