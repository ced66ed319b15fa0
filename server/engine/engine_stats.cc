#include "server/engine/engine_stats.h"

#include <algorithm>
#include <numeric>

#include "server/core/check.h"

namespace thon {
namespace {

constexpr std::size_t kMarksMax = 512;

// 100 us to 30 s: an fsync on a good disk, and on one that is dying.
constexpr std::uint64_t kTimeBoundsUs[] = {
    100,       250,       500,        1'000,     2'500,   5'000,
    10'000,    25'000,    50'000,     100'000,   250'000, 500'000,
    1'000'000, 2'500'000, 10'000'000, 30'000'000};
constexpr std::uint64_t kGroupBounds[] = {1,  2,  4,   8,   16,
                                          32, 64, 128, 256, 512};
constexpr std::uint64_t kPositionBounds[] = {1,     4,     16,     64,    256,
                                             1'024, 4'096, 16'384, 65'536};

}  // namespace

StatHistogram::StatHistogram(absl::Span<const std::uint64_t> bounds)
    : bounds_(bounds) {
  THON_CHECK(bounds.size() <= kBoundsMax);
  THON_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
}

void StatHistogram::Observe(std::uint64_t value) {
  const auto bucket =
      std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(
      1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t StatHistogram::Snapshot::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

StatHistogram::Snapshot StatHistogram::Read() const {
  Snapshot snapshot;
  snapshot.bounds = bounds_;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    snapshot.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  snapshot.sum = sum_.load(std::memory_order_relaxed);
  return snapshot;
}

EngineStats::EngineStats()
    : group_entries(kGroupBounds),
      fsync_us(kTimeBoundsUs),
      fold_us(kTimeBoundsUs),
      fold_positions(kPositionBounds) {}

void EngineStats::CountAnswer(const v1::Answer& answer) {
  answers_[static_cast<std::size_t>(answer.code())].fetch_add(
      1, std::memory_order_relaxed);
  if (answer.code() != v1::ANSWER_CODE_REFUSED) return;
  refusals_[static_cast<std::size_t>(answer.refusal())].fetch_add(
      1, std::memory_order_relaxed);
}

void EngineStats::CountTurnedAway(CommitState state) {
  turned_away_[static_cast<std::size_t>(state)].fetch_add(
      1, std::memory_order_relaxed);
}

void EngineStats::CountRecorded(std::uint64_t events, std::uint64_t bytes) {
  phone_batches.fetch_add(1, std::memory_order_relaxed);
  phone_events.fetch_add(events, std::memory_order_relaxed);
  phone_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

std::uint64_t EngineStats::answers(v1::AnswerCode code) const {
  return answers_[static_cast<std::size_t>(code)].load(
      std::memory_order_relaxed);
}

std::uint64_t EngineStats::refusals(v1::RefusalReason reason) const {
  return refusals_[static_cast<std::size_t>(reason)].load(
      std::memory_order_relaxed);
}

std::uint64_t EngineStats::turned_away(CommitState state) const {
  return turned_away_[static_cast<std::size_t>(state)].load(
      std::memory_order_relaxed);
}

void EngineStats::NoteDurable(Position next, std::int64_t steady_ms) {
  MutexLock lock(&mu_);
  if (folded_.value + 1 >= next.value) return;
  if (marks_.empty()) groups_per_mark_ = 1;
  if (!marks_.empty() && marks_.back().groups < groups_per_mark_) {
    marks_.back().next = next;
    ++marks_.back().groups;
    return;
  }
  marks_.push_back({next, steady_ms, 1});
  if (marks_.size() < kMarksMax) return;
  // Two neighbours become one, as old as the older of them.
  for (std::size_t i = 0; i < kMarksMax / 2; ++i) {
    const Mark& older = marks_[2 * i];
    const Mark& newer = marks_[2 * i + 1];
    marks_[i] = {newer.next, older.steady_ms, older.groups + newer.groups};
  }
  marks_.resize(kMarksMax / 2);
  groups_per_mark_ *= 2;
}

void EngineStats::NoteFolded(Position last) {
  MutexLock lock(&mu_);
  folded_ = std::max(folded_, last);
  while (!marks_.empty() && marks_.front().next.value <= folded_.value + 1) {
    marks_.pop_front();
  }
}

std::int64_t EngineStats::LagMs(std::int64_t steady_ms) const {
  MutexLock lock(&mu_);
  if (marks_.empty()) return 0;
  return std::max<std::int64_t>(0, steady_ms - marks_.front().steady_ms);
}

}  // namespace thon
