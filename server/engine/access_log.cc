#include "server/engine/access_log.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "access/";
constexpr std::size_t kDigestBytes = 16;

std::string DayPrefix(Date day) {
  std::string prefix(kPrefix);
  AppendBigEndian(day.days, &prefix);
  return prefix;
}

std::string KeyOf(Date day, const v1::AccessRecorded& access) {
  std::string same;
  AppendBigEndian(access.officer_id(), &same);
  same.push_back(static_cast<char>(access.kind()));
  same += access.filter();
  return absl::StrCat(DayPrefix(day),
                      Sha256Of(same).view().substr(0, kDigestBytes));
}

// Cuts at the end of a character.
void Shorten(std::string* text) {
  if (text->size() <= limits::kAccessFilterBytesMax) return;
  std::size_t end = limits::kAccessFilterBytesMax;
  while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) {
    --end;
  }
  text->resize(end);
}

}  // namespace

absl::Status AccessLog::Load() {
  MutexLock lock(&mu_);
  day_ = committer_->open_date();
  const std::string today = DayPrefix(day_);
  return log_->ScanLocal(kPrefix, [&](absl::string_view key, absl::string_view)
                                      ABSL_NO_THREAD_SAFETY_ANALYSIS {
                                        if (absl::StartsWith(key, today)) {
                                          recorded_.emplace(key);
                                        } else {
                                          stale_.emplace_back(key);
                                        }
                                        return true;
                                      });
}

void AccessLog::Record(v1::AccessRecorded access) {
  Shorten(access.mutable_filter());
  std::string key;
  {
    MutexLock lock(&mu_);
    const Date today = committer_->open_date();
    if (today != day_) {
      stale_.insert(stale_.end(), recorded_.begin(), recorded_.end());
      recorded_.clear();
      day_ = today;
    }
    key = KeyOf(day_, access);
    if (recorded_.size() >= limits::kAccessesPerDayMax ||
        !recorded_.insert(key).second) {
      return;
    }
  }
  v1::Event event;
  *event.mutable_access_recorded() = std::move(access);
  committer_->Record(
      {std::move(event)},
      [this, key](const absl::StatusOr<RecordedRange>& range) {
        if (range.ok()) {
          committer_->Post([this, key](const absl::Status& open) {
            if (open.ok()) Keep(key);
          });
          return;
        }
        stats_->unrecorded_accesses.fetch_add(1, std::memory_order_relaxed);
        MutexLock lock(&mu_);
        recorded_.erase(key);
      });
}

void AccessLog::Keep(const std::string& key) {
  std::vector<std::string> stale;
  {
    MutexLock lock(&mu_);
    stale.swap(stale_);
  }
  // Should either fail, one read more is in the log after a restart.
  static_cast<void>(log_->PutLocal(key, ""));
  for (const std::string& old : stale) {
    static_cast<void>(log_->DeleteLocal(old));
  }
}

}  // namespace thon
