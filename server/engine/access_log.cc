#include "server/engine/access_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/strip.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "access/";
constexpr std::size_t kDigestBytes = 16;
constexpr std::size_t kReadBytes = 8 + 8 + 8 + kDigestBytes;
constexpr std::uint64_t kOpenEnd = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kPerOfficerMax = limits::kAccessesPerDayMax / 10;

// Cuts at the end of a character.
void Shorten(std::string* text) {
  if (text->size() <= limits::kAccessFilterBytesMax) return;
  std::size_t end = limits::kAccessFilterBytesMax;
  while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) {
    --end;
  }
  text->resize(end);
}

std::string PrefixOf(Date day) {
  std::string prefix(kPrefix);
  AppendBigEndian(day.days, &prefix);
  return prefix;
}

}  // namespace

std::string AccessLog::KeyOf(Date day, std::uint32_t number) {
  std::string key = PrefixOf(day);
  AppendBigEndian(number, &key);
  return key;
}

std::string AccessLog::ValueOf(const v1::AccessRecorded& access) {
  return ReadOf(access).Encode();
}

AccessLog::Read AccessLog::ReadOf(const v1::AccessRecorded& access) {
  std::string hashed;
  AppendBigEndian(access.officer_id(), &hashed);
  hashed.push_back(static_cast<char>(access.kind()));
  hashed += access.filter();
  Read read;
  read.officer = access.officer_id();
  read.digest = std::string(Sha256Of(hashed).view().substr(0, kDigestBytes));
  const std::uint64_t first = access.first_position();
  std::uint64_t last = access.last_position();
  // Positions begin at 1: who asks from 0 on has found nothing.
  if (last == 0 && first != 0) last = kOpenEnd;
  read.range = {first, std::max(first, last)};
  return read;
}

std::string AccessLog::Read::Encode() const {
  std::string value;
  AppendBigEndian(officer, &value);
  AppendBigEndian(range.first, &value);
  AppendBigEndian(range.second, &value);
  return value + digest;
}

absl::Status AccessLog::Load() {
  const Date today = committer_->open_date();
  const std::string prefix_of_today = PrefixOf(today);
  std::vector<std::string> keys;
  std::vector<std::string> stale;
  std::vector<Read> reads;
  std::uint32_t next_number = 0;
  const absl::Status scanned = log_->ScanLocal(
      kPrefix, [&](absl::string_view key, absl::string_view value) {
        absl::string_view rest = key;
        std::uint32_t number = 0;
        if (!absl::ConsumePrefix(&rest, prefix_of_today) ||
            !ConsumeBigEndian(&rest, &number) || !rest.empty()) {
          stale.emplace_back(key);
          return true;
        }
        keys.emplace_back(key);
        next_number = std::max(next_number, number + 1);
        while (value.size() >= kReadBytes) {
          Read& read = reads.emplace_back();
          ConsumeBigEndian(&value, &read.officer);
          ConsumeBigEndian(&value, &read.range.first);
          ConsumeBigEndian(&value, &read.range.second);
          read.digest = std::string(value.substr(0, kDigestBytes));
          value.remove_prefix(kDigestBytes);
        }
        return true;
      });
  if (!scanned.ok()) return scanned;
  MutexLock lock(&mu_);
  day_ = today;
  for (const Read& read : reads) Add(read);
  next_number_ = next_number;
  keys_ = std::move(keys);
  stale_ = std::move(stale);
  return absl::OkStatus();
}

void AccessLog::BeginDay(Date day) {
  day_ = day;
  reads_.clear();
  counts_.clear();
  count_ = 0;
  unkept_.clear();
  next_number_ = 0;
  stale_.insert(stale_.end(), keys_.begin(), keys_.end());
  keys_.clear();
}

void AccessLog::Add(const Read& read) {
  if (!reads_[read.digest].insert(read.range).second) return;
  ++counts_[read.officer];
  ++count_;
}

bool AccessLog::IsCovered(const Read& read) const {
  const auto found = reads_.find(read.digest);
  if (found == reads_.end()) return false;
  std::uint64_t next = read.range.first;
  for (const auto& [first, last] : found->second) {
    if (first > next) return false;
    if (last >= read.range.second) return true;
    next = std::max(next, last + 1);
  }
  return false;
}

AccessLog::Taken AccessLog::Take(Date day, v1::AccessRecorded* access,
                                 Read* read) {
  MutexLock lock(&mu_);
  if (day != day_) BeginDay(day);
  if (IsCovered(*read)) return Taken::kCovered;
  const auto counted = counts_.find(read->officer);
  const std::size_t count = counted == counts_.end() ? 0 : counted->second;
  if (count >= kPerOfficerMax || count_ >= limits::kAccessesPerDayMax) {
    return Taken::kDropped;
  }
  Taken taken = Taken::kRecord;
  if (count + 1 == kPerOfficerMax) {
    access->set_filter(std::string(kMoreFilter));
    access->set_first_position(1);
    access->set_last_position(0);
    *read = ReadOf(*access);
    taken = Taken::kRecordMore;
  }
  Add(*read);
  return taken;
}

void AccessLog::Record(v1::AccessRecorded access) {
  Shorten(access.mutable_filter());
  const Date day = committer_->open_date();
  Read read = ReadOf(access);
  const Taken taken = Take(day, &access, &read);
  if (taken == Taken::kDropped || taken == Taken::kRecordMore) {
    stats_->unrecorded_accesses.fetch_add(1, std::memory_order_relaxed);
  }
  if (taken == Taken::kCovered || taken == Taken::kDropped) return;
  v1::Event event;
  *event.mutable_access_recorded() = std::move(access);
  committer_->Record(
      {std::move(event)}, [this, day, read = std::move(read),
                           taken](const absl::StatusOr<RecordedRange>& range) {
        // Of what should have told of more, the first was counted already.
        if (!range.ok() && taken == Taken::kRecord) {
          stats_->unrecorded_accesses.fetch_add(1, std::memory_order_relaxed);
        }
        NoteOutcome(day, read, range.ok());
      });
}

void AccessLog::NoteOutcome(Date day, const Read& read, bool recorded) {
  {
    MutexLock lock(&mu_);
    if (day != day_) return;
    if (!recorded) {
      if (reads_[read.digest].erase(read.range) == 0) return;
      --counts_[read.officer];
      --count_;
      return;
    }
    unkept_ += read.Encode();
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
  std::string reads;
  {
    MutexLock lock(&mu_);
    keeping_ = false;
    stale.swap(stale_);
    reads.swap(unkept_);
    if (!reads.empty()) {
      key = KeyOf(day_, next_number_++);
      keys_.push_back(key);
    }
  }
  // Should either fail, a read more is in the log after a restart.
  if (!reads.empty()) static_cast<void>(log_->PutLocal(key, reads));
  for (const std::string& old : stale) {
    static_cast<void>(log_->DeleteLocal(old));
  }
}

}  // namespace thon
