// What calls a server over the wire in tests: a phone reduced to its key and
// its chain, its raw Sync call, which can break every rule that libthon keeps,
// and what a status says beside its code.
#ifndef THON_TESTS_SUPPORT_WIRE_PHONE_H_
#define THON_TESTS_SUPPORT_WIRE_PHONE_H_

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/core/batch.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/signature.h"
#include "thon/v1/sync_service.grpc.pb.h"

namespace thon::testing {

// So that a call that hangs fails its test instead of stopping the run.
inline constexpr int kCallSecondsMax = 100;

inline std::int32_t Day(absl::string_view iso) {
  return ParseIsoDate(iso)->days;
}

// What a status says beside its code.
struct Fault {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  std::string domain;
  std::string reason;
  std::string field;
  std::optional<std::int64_t> retry_ms;
};

inline Fault FaultOf(const grpc::Status& status) {
  Fault fault;
  fault.code = status.error_code();
  fault.message = status.error_message();
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return fault;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    google::rpc::BadRequest bad;
    if (detail.UnpackTo(&info)) {
      fault.domain = info.domain();
      fault.reason = info.reason();
    } else if (detail.UnpackTo(&retry)) {
      fault.retry_ms = retry.retry_delay().seconds() * 1000 +
                       retry.retry_delay().nanos() / 1'000'000;
    } else if (detail.UnpackTo(&bad) && bad.field_violations_size() > 0) {
      fault.field = bad.field_violations(0).field();
    }
  }
  return fault;
}

// Every error of ours carries its code again, a domain and a reason.
inline void ExpectFault(const grpc::Status& status, grpc::StatusCode code,
                        const std::string& reason) {
  const Fault fault = FaultOf(status);
  EXPECT_EQ(fault.code, code) << fault.message;
  EXPECT_EQ(fault.reason, reason) << fault.message;
  EXPECT_EQ(fault.domain, "thon.v1") << fault.message;
}

// A phone, reduced to its key and its chain.
class TestPhone {
 public:
  explicit TestPhone(std::uint64_t seed, std::uint64_t team = 1,
                     std::uint64_t member = 11)
      : team_(team),
        member_(member),
        key_(*SigningKey::FromSeed(
            Sha256Of(absl::StrCat("phone ", seed)).view())) {}

  const SigningKey& key() const { return key_; }
  AuthorId author() const { return key_.public_key().author(); }
  std::uint64_t next() const { return next_; }

  // Seals the next `count` events; moves the chain.
  v1::SealedBatch Next(int count = 1) {
    v1::SealedBatch sealed = Seal(next_, previous_, count, "nhà văn hoá");
    next_ += static_cast<std::uint64_t>(count);
    previous_ = BatchHash(sealed.batch());
    return sealed;
  }

  v1::SealedBatch Seal(std::uint64_t first, const Hash& previous, int count,
                       const std::string& place) const {
    v1::Batch batch;
    batch.set_author(std::string(author().view()));
    batch.set_first_sequence(first);
    if (first > 1) batch.set_previous_hash(std::string(previous.view()));
    for (int i = 0; i < count; ++i) {
      v1::Event* const event = batch.add_events();
      event->set_sequence(first + static_cast<std::uint64_t>(i));
      event->set_team_id(team_);
      event->set_member_id(member_);
      event->set_wall_time_ms(ParseInstant("2023-06-01T09:00:00+07:00")->ms);
      event->mutable_outreach_session()->set_place(place);
      event->mutable_outreach_session()->set_minutes(60);
      event->mutable_outreach_session()->set_attendees(7);
    }
    return SealBatch(batch, key_);
  }

  v1::EnrolRequest EnrolRequest(const std::string& code) const {
    v1::EnrolRequest request;
    request.set_code(code);
    request.set_public_key(std::string(key_.public_key().view()));
    const Signature possession =
        key_.Sign(kEnrolContext, Sha256Of(code).view());
    request.set_possession_signature(std::string(possession.view()));
    return request;
  }

  v1::SyncRequest Hello(const std::string& origin = "") const {
    v1::SyncRequest request;
    v1::ClientHello* const hello = request.mutable_hello();
    hello->set_author(std::string(author().view()));
    hello->set_nonce(std::string(16, 'n'));
    hello->set_app_version("test");
    hello->set_origin(origin);
    const Signature signature =
        key_.Sign(kHelloContext, absl::StrCat(hello->nonce(), origin));
    hello->set_signature(std::string(signature.view()));
    return request;
  }

 private:
  std::uint64_t team_;
  std::uint64_t member_;
  SigningKey key_;
  std::uint64_t next_ = 1;
  Hash previous_;
};

// One Sync call of a phone.
class SyncCall {
 public:
  explicit SyncCall(v1::SyncService::Stub* stub) {
    context_.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_seconds(kCallSecondsMax, GPR_TIMESPAN)));
    stream_ = stub->Sync(&context_);
  }
  ~SyncCall() {
    if (!finished_) {
      context_.TryCancel();
      stream_->Finish();
    }
  }

  bool Send(const v1::SyncRequest& request) { return stream_->Write(request); }
  bool Send(v1::SealedBatch sealed) {
    v1::SyncRequest request;
    *request.mutable_batch() = std::move(sealed);
    return Send(request);
  }
  // The next message; empty if the stream has ended.
  v1::SyncResponse Read() {
    v1::SyncResponse response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }
  v1::ServerHello Greet(const TestPhone& phone) {
    EXPECT_TRUE(Send(phone.Hello()));
    const v1::SyncResponse response = Read();
    EXPECT_TRUE(response.has_hello()) << response.ShortDebugString();
    return response.hello();
  }
  v1::Answer Answer(v1::SealedBatch sealed) {
    EXPECT_TRUE(Send(std::move(sealed)));
    const v1::SyncResponse response = Read();
    EXPECT_TRUE(response.has_answer()) << response.ShortDebugString();
    return response.answer();
  }
  void CloseSend() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  // Reads what is left, and how it ended.
  grpc::Status End() {
    finished_ = true;
    v1::SyncResponse response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SyncRequest, v1::SyncResponse>>
      stream_;
  bool finished_ = false;
};

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_WIRE_PHONE_H_
