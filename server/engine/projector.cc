#include "server/engine/projector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/engine/system_clock.h"

namespace thon {
namespace {

constexpr std::size_t kWaitersMax = 65'536;
constexpr std::int64_t kIdleMs = 60'000;
constexpr std::int64_t kDiskLowMs = 1'000;
constexpr std::int64_t kDrainMs = 5'000;

absl::Status Stopping() {
  return absl::UnavailableError("DRAINING: the server is stopping; try again");
}

}  // namespace

Projector::Projector(const EntryLog* log, RowStore* store,
                     RowFolder::Options options,
                     std::uint64_t disk_reserve_bytes)
    : log_(log),
      store_(store),
      options_(options),
      disk_(disk_reserve_bytes),
      position_(store->end().position) {}

Projector::~Projector() { THON_CHECK(!thread_.joinable()); }

void Projector::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Projector::Drain() {
  {
    MutexLock lock(&mu_);
    if (!closed_) closed_ms_ = SteadyMs();
    closed_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  Waiters left;
  {
    MutexLock lock(&mu_);
    ended_ = true;
    left.swap(waiters_);
  }
  for (auto& [position, waiter] : left) waiter.done(Stopping());
}

void Projector::NotifyDurable() {
  MutexLock lock(&mu_);
  grown_ = true;
  wake_.NotifyOne();
}

Position Projector::rows_position() const {
  MutexLock lock(&mu_);
  return position_;
}

absl::Status Projector::status() const {
  MutexLock lock(&mu_);
  return status_;
}

void Projector::Wait(Position position, std::int64_t timeout_ms,
                     std::function<void(absl::Status)> done) {
  absl::Status now;
  {
    MutexLock lock(&mu_);
    if (position_ >= position) {
      now = absl::OkStatus();
    } else if (!status_.ok()) {
      now = status_;
    } else if (ended_) {
      now = Stopping();
    } else if (waiters_.size() >= kWaitersMax) {
      now = absl::ResourceExhaustedError(
          "too many callers wait for rows; try again in a second");
    } else {
      const std::int64_t deadline = SteadyMs() + timeout_ms;
      waiters_.emplace(position, Waiter{deadline, std::move(done)});
      if (deadline < next_deadline_ms_) {
        next_deadline_ms_ = deadline;
        wake_.NotifyOne();
      }
      return;
    }
  }
  done(now);
}

// ---- The thread ----

void Projector::Run() {
  RowFolder folder(log_, store_, options_);
  while (WaitForWork()) {
    const EntryIndex end = log_->end().tree_size;
    if (store_->end().next_entry < end && DiskAllows()) {
      const absl::Status step = folder.Step(end);
      Publish(step);
      if (!step.ok()) break;
      if (store_->end().next_entry < log_->end().tree_size) NotifyDurable();
    }
    AnswerExpired();
  }
}

// False once the thread must end.
bool Projector::WaitForWork() {
  MutexLock lock(&mu_);
  if (!grown_ && !closed_) {
    const std::int64_t now = SteadyMs();
    std::int64_t wait = kIdleMs;
    if (next_deadline_ms_ != INT64_MAX) {
      wait = std::clamp<std::int64_t>(next_deadline_ms_ - now, 0, kIdleMs);
    }
    if (disk_.state() == DiskState::kCritical) {
      wait = std::min(wait, kDiskLowMs);
    }
    if (wait > 0) wake_.WaitFor(&mu_, wait);
  }
  grown_ = false;
  if (!closed_) return true;
  // Nobody is left in the middle of a command without need.
  if (waiters_.empty() || SteadyMs() > closed_ms_ + kDrainMs) return false;
  const EntryIndex end = log_->end().tree_size;
  return store_->end().next_entry < end &&
         waiters_.begin()->first < log_->end().next_position &&
         disk_.state() != DiskState::kCritical;
}

bool Projector::DiskAllows() {
  // A file system that cannot say counts as full.
  return disk_.Update(log_->FreeBytes().value_or(0)) != DiskState::kCritical;
}

void Projector::Publish(const absl::Status& status) {
  std::vector<std::function<void(absl::Status)>> reached;
  std::vector<std::function<void(absl::Status)>> failed;
  absl::Status failure;
  {
    MutexLock lock(&mu_);
    position_ = store_->end().position;
    const auto last = waiters_.upper_bound(position_);
    for (auto it = waiters_.begin(); it != last; ++it) {
      reached.push_back(std::move(it->second.done));
    }
    waiters_.erase(waiters_.begin(), last);
    if (!status.ok()) {
      if (options_.stats != nullptr) options_.stats->projector_stopped = true;
      status_ = absl::UnavailableError(absl::StrCat(
          "the projector stopped; restart the server, and if it stops again "
          "look at the log: ",
          status.message()));
      failure = status_;
      for (auto& [position, waiter] : waiters_) {
        failed.push_back(std::move(waiter.done));
      }
      waiters_.clear();
    }
  }
  for (const auto& done : reached) done(absl::OkStatus());
  for (const auto& done : failed) done(failure);
}

void Projector::AnswerExpired() {
  std::vector<std::function<void(absl::Status)>> expired;
  {
    MutexLock lock(&mu_);
    const std::int64_t now = SteadyMs();
    if (now < next_deadline_ms_) return;
    next_deadline_ms_ = INT64_MAX;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      if (it->second.deadline_ms <= now) {
        expired.push_back(std::move(it->second.done));
        it = waiters_.erase(it);
      } else {
        next_deadline_ms_ = std::min(next_deadline_ms_, it->second.deadline_ms);
        ++it;
      }
    }
  }
  for (const auto& done : expired) {
    done(absl::DeadlineExceededError(
        "the rows have not reached that position yet; try again"));
  }
}

}  // namespace thon
