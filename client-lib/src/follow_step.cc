#include "client-lib/src/follow_step.h"

#include <set>
#include <utility>

#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon::client {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

bool IsFollowed(std::uint32_t query) {
  return query >= kFollowedTeam && query <= kFollowedTasks;
}

}  // namespace

void FollowStep::Begin(bool fresh) {
  fresh_ = fresh;
  waiting_ = fresh;
  bad_ = false;
  bytes_ = 0;
  parts_.clear();
  progress_.Clear();
}

void FollowStep::Next() { Begin(false); }

bool FollowStep::Add(v1::WatchResponse* response) {
  for (const v1::WatchStarted& started : response->started()) {
    if (!IsFollowed(started.query_id())) return false;
    Part& part = parts_[started.query_id()];
    if (!started.clear()) continue;
    part.clear = true;
    part.rows.clear();
  }
  for (v1::WatchedRow& row : *response->mutable_rows()) {
    if (!IsFollowed(row.query_id()) || row.key().empty() ||
        row.key().size() > kKeyBytesMax) {
      return false;
    }
    bytes_ += row.key().size() + row.row().size();
    std::optional<std::string>& place = parts_[row.query_id()].rows[row.key()];
    if (row.removed()) {
      place.reset();
    } else {
      place = std::move(*row.mutable_row());
    }
  }
  return bytes_ <= kFollowStepBytesMax;
}

bool FollowStep::HasGoodProgress() const {
  std::set<std::uint32_t> told;
  for (const v1::WatchedTable& table : progress_.tables()) {
    if (!IsFollowed(table.query_id()) || table.digest().size() != Hash::kSize ||
        !told.insert(table.query_id()).second) {
      return false;
    }
  }
  for (const auto& [query, part] : parts_) {
    if (told.count(query) == 0) return false;
  }
  return progress_.resume_token().size() <= limits::kWatchTokenBytesMax;
}

FollowStep::Got FollowStep::Take(v1::WatchResponse response) {
  if (waiting_ && response.started().empty()) return Got::kMore;
  waiting_ = false;
  bad_ = bad_ || !Add(&response);
  if (!bad_ && response.has_progress()) {
    progress_ = std::move(*response.mutable_progress());
    bad_ = !HasGoodProgress();
    if (!bad_) return Got::kWhole;
  }
  if (bad_) parts_.clear();
  return bad_ ? Got::kBad : Got::kMore;
}

}  // namespace thon::client
