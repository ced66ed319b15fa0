// A stream that breaks on purpose breaks where it should: the server has the
// batch, the phone has no answer; and only once.

#include "tools/fleet/breaking_transport.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace thon::fleet {
namespace {

using client::SyncStream;

// Answers each message at once and counts what it was sent.
struct Served {
  int batches = 0;
  int streams_ended = 0;
};

class EchoStream final : public SyncStream {
 public:
  explicit EchoStream(Served* served) : served_(served) {}
  ~EchoStream() override { ++served_->streams_ended; }
  bool Send(const v1::SyncRequest& request) override {
    if (request.has_batch()) ++served_->batches;
    last_ = request;
    return true;
  }
  void CloseSend() override {}
  Got Receive(std::int64_t, v1::SyncResponse* response) override {
    response->Clear();
    if (last_.has_hello()) response->mutable_hello();
    if (last_.has_batch()) response->mutable_answer();
    return Got::kMessage;
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  Served* const served_;
  v1::SyncRequest last_;
};

class EchoTransport final : public client::Transport {
 public:
  explicit EchoTransport(Served* served) : served_(served) {}
  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest&,
                                          std::int64_t) override {
    return v1::EnrolResponse();
  }
  std::unique_ptr<SyncStream> Sync(std::int64_t) override {
    return std::make_unique<EchoStream>(served_);
  }

 private:
  Served* const served_;
};

// Greets, sends a batch, and says whether its answer came.
bool AnswerComes(SyncStream* stream) {
  v1::SyncRequest request;
  v1::SyncResponse response;
  request.mutable_hello();
  if (!stream->Send(request)) return false;
  if (stream->Receive(10, &response) != SyncStream::Got::kMessage) return false;
  request.mutable_batch();
  if (!stream->Send(request)) return false;
  const SyncStream::Got got = stream->Receive(10, &response);
  if (got == SyncStream::Got::kEnded) {
    EXPECT_TRUE(absl::IsUnavailable(stream->Finish()));
  }
  return got == SyncStream::Got::kMessage && response.has_answer();
}

TEST(BreakingTransportTest, TheNextStreamLosesTheAnswerAndTheOneAfterDoesNot) {
  for (const Break how : {Break::kBeforeFirstAnswer, Break::kAfterFirstBatch}) {
    Served served;
    BreakingTransport transport(std::make_unique<EchoTransport>(&served));
    EXPECT_TRUE(AnswerComes(transport.Sync(10).get()));
    transport.BreakNext(how);
    EXPECT_FALSE(AnswerComes(transport.Sync(10).get()));
    EXPECT_EQ(served.batches, 2);  // The server was given the batch.
    EXPECT_TRUE(AnswerComes(transport.Sync(10).get()));
    EXPECT_EQ(served.streams_ended, 3);
  }
}

}  // namespace
}  // namespace thon::fleet
