#include "server/watch/feed.h"

#include <algorithm>

#include "server/core/check.h"

namespace thon {
namespace {

// What a kept key costs besides its bytes, about.
constexpr std::size_t kKeptBytes = 192;
// A row that came and went more often than this is not followed any further.
constexpr std::size_t kTogglesMax = 16;

}  // namespace

std::size_t Feed::Cost(const Rows::value_type& entry) {
  return kKeptBytes + entry.first.size() +
         (entry.second.row == nullptr ? 0 : entry.second.row->size());
}

void Feed::Count(const Rows::value_type& entry) {
  const std::size_t bytes = Cost(entry);
  bytes_ += bytes;
  kept_->bytes += bytes;
  ++kept_->keys;
}

void Feed::Uncount(const Rows::value_type& entry) {
  const std::size_t bytes = Cost(entry);
  bytes_ -= bytes;
  kept_->bytes -= bytes;
  --kept_->keys;
}

void Feed::ForgetAll() {
  kept_->keys -= rows_.size();
  kept_->bytes -= bytes_;
  bytes_ = 0;
  by_round_.clear();
  rows_.clear();
}

void Feed::Change(const std::string& key,
                  const std::optional<std::string>& before,
                  std::optional<std::string> now, std::uint64_t round) {
  if (before == now) return;
  THON_CHECK(round >= known_since_);
  if (before.has_value()) {
    moved_.digest.Remove(key, *before);
    --moved_.rows;
  }
  if (now.has_value()) {
    moved_.digest.Add(key, *now);
    ++moved_.rows;
  }
  last_changed_ = round;
  const auto [it, fresh] = rows_.try_emplace(key);
  Kept& kept = it->second;
  if (fresh) {
    kept.present_before = before.has_value();
  } else {
    Uncount(*it);
    by_round_.erase({kept.changed, &it->first});
  }
  if (before.has_value() != now.has_value()) kept.toggles.push_back(round);
  kept.row = now.has_value()
                 ? std::make_shared<const std::string>(*std::move(now))
                 : nullptr;
  kept.changed = round;
  by_round_.emplace(round, &it->first);
  Count(*it);
  if (kept.toggles.size() > kTogglesMax) {
    // Who stands before the toggle that is dropped cannot be served from here.
    known_since_ = std::max(known_since_, kept.toggles.front());
    kept.present_before = !kept.present_before;
    kept.toggles.erase(kept.toggles.begin());
  }
}

const SharedRow* Feed::Find(const std::string& key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second.row;
}

void Feed::VisitSince(
    std::uint64_t round,
    const std::function<void(const std::string&, const SharedRow&)>& visit)
    const {
  THON_CHECK(round >= known_since_);
  for (auto it = by_round_.lower_bound({round + 1, nullptr});
       it != by_round_.end(); ++it) {
    const Kept& kept = rows_.find(*it->second)->second;
    const auto after =
        std::upper_bound(kept.toggles.begin(), kept.toggles.end(), round);
    const bool was_present =
        kept.present_before != ((after - kept.toggles.begin()) % 2 != 0);
    if (kept.row != nullptr || was_present) visit(*it->second, kept.row);
  }
}

void Feed::Restart(std::uint64_t round, v1::WatchStartReason reason) {
  restart_round_ = round;
  restart_reason_ = reason;
  // Rows that moved without being written are not known any more.
  ForgetAll();
  known_since_ = round;
  last_changed_ = round;
}

void Feed::Forget(Rows::iterator it) {
  known_since_ = std::max(known_since_, it->second.changed);
  Uncount(*it);
  by_round_.erase({it->second.changed, &it->first});
  rows_.erase(it);
}

void Feed::ForgetUpTo(std::uint64_t round) {
  while (!by_round_.empty() && by_round_.begin()->first <= round) {
    Forget(rows_.find(*by_round_.begin()->second));
  }
  known_since_ = std::max(known_since_, std::min(round, last_changed_));
}

void Feed::Bound(std::size_t keys_max, std::size_t bytes_max) {
  while (rows_.size() > keys_max || bytes_ > bytes_max) {
    Forget(rows_.find(*by_round_.begin()->second));
  }
}

}  // namespace thon
