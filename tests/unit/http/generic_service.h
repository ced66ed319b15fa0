// A gRPC service without messages or methods of its own: it does what the name
// of the method says.
#ifndef THON_TESTS_UNIT_HTTP_GENERIC_SERVICE_H_
#define THON_TESTS_UNIT_HTTP_GENERIC_SERVICE_H_

#include <grpcpp/generic/async_generic_service.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/core/mutex.h"

namespace thon::testing {

// What the calls of a service have come to.
struct GenericSeen {
  std::atomic<int> open = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<int> written = 0;
};

inline std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(reinterpret_cast<const char*>(slice.begin()),
                     slice.size());
}

// One call: reads the message, then writes `left_` messages, then finishes;
// "Wait" and "Endless" end when they are cancelled.
class GenericServerCall final : public grpc::ServerGenericBidiReactor {
 public:
  static constexpr std::size_t kPieceBytes = 32 * limits::kKiB;

  GenericServerCall(grpc::GenericCallbackServerContext* context,
                    GenericSeen* seen)
      : context_(context), seen_(seen), method_(context->method()) {
    ++seen_->open;
    for (const auto& [key, value] : context->client_metadata()) {
      const std::string name(key.data(), key.size());
      const std::string text(value.data(), value.size());
      // What comes back says what has come.
      if (absl::StartsWith(name, "x-") || name == "authorization") {
        context->AddInitialMetadata(absl::StrCat("seen-", name), text);
      }
      names_ += name + " ";
    }
    context->AddTrailingMetadata("x-trailer", "end");
    context->AddTrailingMetadata("x-trailer-bin", std::string("\xff\0", 2));
    StartRead(&request_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status(grpc::StatusCode::INTERNAL, "no message"));
    const std::string message = BytesOf(request_);
    if (Is("Fail") || Is("FailLate")) {
      context_->AddTrailingMetadata("x-why", "test");
      const grpc::Status status(grpc::StatusCode::FAILED_PRECONDITION,
                                "không được: 100%\n", "details\xff");
      if (Is("Fail")) return End(status);
      end_ = status;
      left_ = 1;
      reply_ = message;
    } else if (Is("Echo")) {
      reply_ = message;
      left_ = 1;
    } else if (Is("Names")) {
      reply_ = names_;
      left_ = 1;
    } else if (Is("Count")) {
      EXPECT_TRUE(absl::SimpleAtoi(message, &left_));
      reply_ = "piece";
    } else if (Is("Endless")) {
      left_ = 1 << 30;
      reply_.assign(kPieceBytes, 'p');
    } else if (Is("Head")) {
      MutexLock lock(&mu_);  // A call that is cancelled has ended.
      if (!ended_) StartSendInitialMetadata();
      return;
    } else if (Is("Wait")) {
      return;
    } else {
      return End(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "unknown"));
    }
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status::CANCELLED);
    ++seen_->written;
    --left_;
    WriteNext();
  }

  void OnCancel() override {
    ++seen_->cancelled;
    End(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    --seen_->open;
    delete this;
  }

  void WriteNext() {
    if (left_ == 0) return End(end_);
    const grpc::Slice slice(reply_);
    response_ = grpc::ByteBuffer(&slice, 1);
    MutexLock lock(&mu_);
    if (!ended_) StartWrite(&response_);
  }

  void End(const grpc::Status& status) {
    MutexLock lock(&mu_);
    if (!std::exchange(ended_, true)) Finish(status);
  }

  bool Is(absl::string_view name) const {
    return absl::EndsWith(method_, absl::StrCat("/", name));
  }

  grpc::GenericCallbackServerContext* const context_;
  GenericSeen* const seen_;
  const std::string method_;
  std::string names_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::string reply_;
  int left_ = 0;
  grpc::Status end_;
  Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

class GenericService final : public grpc::CallbackGenericService {
 public:
  static constexpr std::size_t kPieceBytes = GenericServerCall::kPieceBytes;

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new GenericServerCall(context, &seen);
  }
  GenericSeen seen;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_GENERIC_SERVICE_H_
