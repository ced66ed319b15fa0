#include "server/rpc/sync_streams.h"

#include <vector>

#include "server/core/error_info.h"
#include "server/core/limits.h"
#include "server/rpc/sync_stream.h"

namespace thon {

bool SyncStreams::Enter(SyncStream* stream) {
  std::optional<absl::Status> ended;
  {
    MutexLock lock(&mu_);
    if (all_.size() >= limits::kSyncStreamsMax) return false;
    all_.insert(stream);
    ended = ended_;
  }
  if (ended.has_value()) stream->End(*ended);
  return true;
}

void SyncStreams::Leave(SyncStream* stream) {
  MutexLock lock(&mu_);
  all_.erase(stream);
}

std::size_t SyncStreams::count() const {
  MutexLock lock(&mu_);
  return all_.size();
}

void SyncStreams::Claim(const AuthorId& author, SyncStream* stream) {
  SyncStream* older = nullptr;
  {
    MutexLock lock(&mu_);
    SyncStream*& place = by_author_[author];
    older = place;
    if (older != nullptr) older->Ref();
    place = stream;
  }
  if (older != nullptr) {
    older->End(WithReason(
        absl::AbortedError("a newer stream of this author took over"),
        "NEWER_STREAM"));
    older->Unref();
  }
}

void SyncStreams::Release(const AuthorId& author, SyncStream* stream) {
  MutexLock lock(&mu_);
  const auto found = by_author_.find(author);
  if (found != by_author_.end() && found->second == stream) {
    by_author_.erase(found);
  }
}

void SyncStreams::EndAll(const absl::Status& status) {
  std::vector<SyncStream*> streams;
  {
    MutexLock lock(&mu_);
    ended_ = status;
    for (SyncStream* const stream : all_) {
      stream->Ref();
      streams.push_back(stream);
    }
  }
  for (SyncStream* stream : streams) {
    stream->End(status);
    stream->Unref();
  }
}

}  // namespace thon
