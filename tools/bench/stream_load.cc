#include "tools/bench/stream_load.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::bench {

std::int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

StreamLoad::StreamLoad(const std::shared_ptr<grpc::Channel>& channel,
                       const Author& author, const std::string& origin,
                       std::deque<v1::SealedBatch>* batches, int window)
    : stub_(channel),
      window_(static_cast<std::size_t>(window)),
      batches_(batches) {
  v1::SyncRequest request;
  v1::ClientHello* hello = request.mutable_hello();
  hello->set_author(std::string(author.key().public_key().author().view()));
  hello->set_nonce(std::string(16, 'n'));
  hello->set_app_version("thon-bench/1");
  hello->set_origin(origin);
  hello->set_signature(std::string(
      author.key().Sign(kHelloContext, hello->nonce() + origin).view()));
  stub_.PrepareBidiStreamingCall(&context_, "/thon.v1.SyncService/Sync", {},
                                 this);
  // Held until the stream is closed for writing, as writes come from outside.
  AddHold();
  StartRead(&incoming_);
  {
    MutexLock lock(&mu_);
    Write(request);
  }
  StartCall();
}

void StreamLoad::Write(const v1::SyncRequest& request) {
  const grpc::Slice slice(request.SerializeAsString());
  outgoing_ = grpc::ByteBuffer(&slice, 1);
  writing_ = true;
  StartWrite(&outgoing_);
}

void StreamLoad::Pump() {
  if (writing_ || !greeted_ || closed_) return;
  if (finishing_ && sent_.empty()) {
    closed_ = true;
    StartWritesDone();
    RemoveHold();
    return;
  }
  if (finishing_ || sent_.size() >= window_) return;
  if (!freely_ && due_us_.empty()) return;
  if (batches_->empty()) {
    starved_ = true;
    return;
  }
  Sent sent{NowUs(), 0};
  if (!freely_) {
    sent.begin_us = due_us_.front();
    due_us_.pop_front();
  }
  v1::SyncRequest request;
  *request.mutable_batch() = std::move(batches_->front());
  batches_->pop_front();
  Write(request);
  sent_.push_back(sent);
}

void StreamLoad::OnWriteDone(bool ok) {
  MutexLock lock(&mu_);
  writing_ = false;
  if (ok) Pump();
}

void StreamLoad::OnReadDone(bool ok) {
  if (!ok) {
    MutexLock lock(&mu_);
    if (!closed_) {
      closed_ = true;
      RemoveHold();
    }
    return;
  }
  std::vector<grpc::Slice> slices;
  incoming_.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  v1::SyncResponse response;
  response.ParseFromString(bytes);
  {
    MutexLock lock(&mu_);
    greeted_ = true;
    if (response.has_answer() && !sent_.empty()) {
      if (response.answer().code() != v1::ANSWER_CODE_RECORDED &&
          status_.ok()) {
        status_ = absl::InternalError(
            absl::StrCat("answer ", response.answer().ShortDebugString()));
      }
      latencies_us_.push_back(NowUs() - sent_.front().begin_us);
      events_answered_ += response.answer().receipt().event_count();
      sent_.pop_front();
    }
    Pump();
  }
  StartRead(&incoming_);
}

void StreamLoad::OnDone(const grpc::Status& status) {
  MutexLock lock(&mu_);
  done_ = true;
  if (!status.ok() && status_.ok()) {
    status_ = absl::UnavailableError(status.error_message());
  }
  done_changed_.NotifyAll();
}

void StreamLoad::SendFreely() {
  MutexLock lock(&mu_);
  freely_ = true;
  Pump();
}

void StreamLoad::SendOnlyWhenDue() {
  MutexLock lock(&mu_);
  freely_ = false;
}

void StreamLoad::Allow(std::int64_t due_us) {
  MutexLock lock(&mu_);
  due_us_.push_back(due_us);
  Pump();
}

void StreamLoad::Finish() {
  MutexLock lock(&mu_);
  finishing_ = true;
  Pump();
}

absl::Status StreamLoad::Wait() {
  MutexLock lock(&mu_);
  while (!done_) done_changed_.Wait(&mu_);
  return status_;
}

std::uint64_t StreamLoad::events_answered() const {
  MutexLock lock(&mu_);
  return events_answered_;
}

bool StreamLoad::idle() const {
  MutexLock lock(&mu_);
  return (sent_.empty() && due_us_.empty()) || done_;
}

bool StreamLoad::starved() const {
  MutexLock lock(&mu_);
  return starved_;
}

std::vector<std::int64_t> StreamLoad::TakeLatencies() {
  MutexLock lock(&mu_);
  return std::exchange(latencies_us_, {});
}

}  // namespace thon::bench
