#include "server/engine/access_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "access/";
constexpr std::size_t kDigestBytes = 16;

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

std::string AccessLog::KeyOf(Date day) {
  std::string key(kPrefix);
  AppendBigEndian(day.days, &key);
  return key;
}

std::string AccessLog::DigestOf(const v1::AccessRecorded& access) {
  std::string read;
  AppendBigEndian(access.officer_id(), &read);
  read.push_back(static_cast<char>(access.kind()));
  read += access.filter();
  return std::string(Sha256Of(read).view().substr(0, kDigestBytes));
}

absl::Status AccessLog::Load() {
  const Date today = committer_->open_date();
  const std::string key_of_today = KeyOf(today);
  std::string recorded;
  std::vector<std::string> stale;
  const absl::Status read = log_->ScanLocal(
      kPrefix, [&](absl::string_view key, absl::string_view value) {
        if (key == key_of_today) {
          recorded = std::string(value);
        } else {
          stale.emplace_back(key);
        }
        return true;
      });
  if (!read.ok()) return read;
  MutexLock lock(&mu_);
  day_ = today;
  for (std::size_t i = 0; i + kDigestBytes <= recorded.size();
       i += kDigestBytes) {
    seen_.insert(recorded.substr(i, kDigestBytes));
  }
  recorded_ = std::move(recorded);
  stale_ = std::move(stale);
  return absl::OkStatus();
}

void AccessLog::Record(v1::AccessRecorded access) {
  Shorten(access.mutable_filter());
  const std::string digest = DigestOf(access);
  Date day;
  {
    MutexLock lock(&mu_);
    day = committer_->open_date();
    if (day != day_) {
      stale_.push_back(KeyOf(day_));
      seen_.clear();
      recorded_.clear();
      day_ = day;
    }
    if (seen_.size() >= limits::kAccessesPerDayMax ||
        !seen_.insert(digest).second) {
      return;
    }
  }
  v1::Event event;
  *event.mutable_access_recorded() = std::move(access);
  committer_->Record(
      {std::move(event)},
      [this, day, digest](const absl::StatusOr<RecordedRange>& range) {
        NoteOutcome(day, digest, range.ok());
      });
}

void AccessLog::NoteOutcome(Date day, const std::string& digest,
                            bool recorded) {
  if (!recorded) {
    stats_->unrecorded_accesses.fetch_add(1, std::memory_order_relaxed);
  }
  {
    MutexLock lock(&mu_);
    if (day != day_) return;
    if (!recorded) {
      seen_.erase(digest);
      return;
    }
    recorded_ += digest;
    if (keeping_) return;
    keeping_ = true;
  }
  // Behind the group: a burst of reads is kept with one write.
  committer_->Post([this](const absl::Status& open) {
    if (open.ok()) Keep();
  });
}

void AccessLog::Keep() {
  std::vector<std::string> stale;
  std::string key;
  std::string recorded;
  {
    MutexLock lock(&mu_);
    keeping_ = false;
    stale.swap(stale_);
    key = KeyOf(day_);
    recorded = recorded_;
  }
  // Should either fail, a read more is in the log after a restart.
  static_cast<void>(log_->PutLocal(key, recorded));
  for (const std::string& old : stale) {
    static_cast<void>(log_->DeleteLocal(old));
  }
}

}  // namespace thon
