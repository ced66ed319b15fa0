// Goal: a phone's conversation over the wire keeps the answer table's word, is
// bounded, and ends as the contract says, whatever either side does.
// Method: a real server with TLS in this process, and a raw gRPC client that
// can break every rule that libthon keeps.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "server/core/limits.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using SyncTest = RpcTest;

TEST_F(SyncTest, TheHelloNamesTheNextNumberAndIsSignedByTheLogKey) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  const v1::ServerHello hello = call.Greet(phone);
  EXPECT_EQ(hello.next_sequence(), 1u);
  EXPECT_TRUE(hello.last_batch_hash().empty());
  EXPECT_EQ(hello.origin(), "thon.example/test/1");
  PublicKey key;
  Signature signature;
  ASSERT_TRUE(PublicKey::FromBytes(hello.log_key(), &key));
  ASSERT_TRUE(Signature::FromBytes(hello.signature(), &signature));
  EXPECT_TRUE(thon::Verify(
      key, kHelloContext,
      HelloStatement(std::string(16, 'n'), phone.author().view(),
                     hello.origin(), hello.log_key(), hello.server_time_ms(),
                     hello.next_sequence(), hello.last_batch_hash(),
                     hello.durable_position()),
      signature));

  const v1::SealedBatch sealed = phone.Next(3);
  EXPECT_EQ(call.Answer(sealed).code(), v1::ANSWER_CODE_RECORDED);
  SyncCall again(sync_.get());
  const v1::ServerHello second = again.Greet(phone);
  EXPECT_EQ(second.next_sequence(), 4u);
  EXPECT_EQ(second.last_batch_hash(), BatchHash(sealed.batch()).view());
}

TEST_F(SyncTest, NothingComesBeforeTheHelloAndNoHelloTwice) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall first(sync_.get());
  first.Send(phone.Next());
  const grpc::Status early = first.End();
  ExpectFault(early, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(early).field, "message");

  SyncCall second(sync_.get());
  second.Greet(phone);
  second.Send(phone.Hello());
  ExpectFault(second.End(), grpc::StatusCode::INVALID_ARGUMENT,
              "INVALID_FIELD");

  SyncCall third(sync_.get());
  third.Greet(phone);
  third.Send(v1::SyncRequest());
  ExpectFault(third.End(), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(province_.engine().FindAuthor(phone.author())->next_sequence.value,
            1u);
}

TEST_F(SyncTest, AMalformedHelloIsToldItsField) {
  const TestPhone phone = EnrolledPhone(1);
  const auto field = [&](auto change) {
    v1::SyncRequest request = phone.Hello();
    change(request.mutable_hello());
    SyncCall call(sync_.get());
    call.Send(request);
    const grpc::Status status = call.End();
    ExpectFault(status, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
    return FaultOf(status).field;
  };
  EXPECT_EQ(field([](v1::ClientHello* h) { h->set_author("short"); }),
            "hello.author");
  EXPECT_EQ(field([](v1::ClientHello* h) { h->set_nonce("short"); }),
            "hello.nonce");
  EXPECT_EQ(
      field([](v1::ClientHello* h) { h->set_origin(std::string(1025, 'o')); }),
      "hello.origin");
}

TEST_F(SyncTest, AHelloOfAnotherKeyIsUnauthenticated) {
  const TestPhone phone = EnrolledPhone(1);
  const TestPhone thief(2);
  v1::SyncRequest request = thief.Hello();
  request.mutable_hello()->set_author(std::string(phone.author().view()));
  SyncCall call(sync_.get());
  call.Send(request);
  ExpectFault(call.End(), grpc::StatusCode::UNAUTHENTICATED,
              "BAD_HELLO_SIGNATURE");

  request.mutable_hello()->clear_signature();
  SyncCall unsigned_call(sync_.get());
  unsigned_call.Send(request);
  ExpectFault(unsigned_call.End(), grpc::StatusCode::UNAUTHENTICATED,
              "BAD_HELLO_SIGNATURE");
}

TEST_F(SyncTest, TheServersOwnAuthorHasNoStream) {
  const AuthorId server = *province_.ReadHistory().server_authors.begin();
  v1::SyncRequest request = TestPhone(1).Hello();
  request.mutable_hello()->set_author(std::string(server.view()));
  SyncCall call(sync_.get());
  call.Send(request);
  ExpectFault(call.End(), grpc::StatusCode::UNAUTHENTICATED,
              "BAD_HELLO_SIGNATURE");
}

TEST_F(SyncTest, AnUnknownAuthorHearsNumberZeroAndKeepsItsBatches) {
  TestPhone stranger(7);
  SyncCall call(sync_.get());
  EXPECT_EQ(call.Greet(stranger).next_sequence(), 0u);
  const v1::Answer answer = call.Answer(stranger.Next());
  EXPECT_EQ(answer.code(), v1::ANSWER_CODE_REFUSED);
  EXPECT_EQ(answer.refusal(), v1::REFUSAL_REASON_UNKNOWN_AUTHOR);
  call.CloseSend();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(SyncTest, TheSameBatchAgainGetsTheFirstReceipt) {
  TestPhone phone = EnrolledPhone(1);
  const v1::SealedBatch sealed = phone.Next(5);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const v1::Answer first = call.Answer(sealed);
  ASSERT_EQ(first.code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(first.first_sequence(), 1u);
  EXPECT_EQ(first.receipt().event_count(), 5u);
  EXPECT_THAT(Verify(first.receipt(), sealed), IsOk());

  SyncCall later(sync_.get());
  later.Greet(phone);
  const v1::Answer second = later.Answer(sealed);
  EXPECT_EQ(second.code(), v1::ANSWER_CODE_DUPLICATE);
  EXPECT_EQ(second.receipt().entry_index(), first.receipt().entry_index());
  EXPECT_EQ(second.receipt().receive_time_ms(),
            first.receipt().receive_time_ms());
  EXPECT_THAT(Verify(second.receipt(), sealed), IsOk());
}

TEST_F(SyncTest, AHoleNamesTheNumberExpectedAndTheRestGoesOn) {
  TestPhone phone = EnrolledPhone(1);
  const v1::SealedBatch one = phone.Next(2);
  const v1::SealedBatch two = phone.Next(2);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const v1::Answer hole = call.Answer(two);
  EXPECT_EQ(hole.code(), v1::ANSWER_CODE_HOLE);
  EXPECT_EQ(hole.expected_sequence(), 1u);
  EXPECT_EQ(call.Answer(one).code(), v1::ANSWER_CODE_RECORDED);
  EXPECT_EQ(call.Answer(two).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(SyncTest, OtherBytesUnderTheSameNumbersAreAFork) {
  TestPhone phone = EnrolledPhone(1);
  const TestPhone copy(1, 1, 11);
  ASSERT_EQ(copy.author(), phone.author());
  SyncCall call(sync_.get());
  call.Greet(phone);
  EXPECT_EQ(call.Answer(phone.Next(2)).code(), v1::ANSWER_CODE_RECORDED);
  const v1::Answer fork = call.Answer(copy.Seal(1, Hash(), 2, "chợ"));
  EXPECT_EQ(fork.code(), v1::ANSWER_CODE_FORKED);
  EXPECT_EQ(fork.expected_sequence(), 3u);
  EXPECT_EQ(call.Answer(phone.Next(1)).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(SyncTest, WhatCannotBeABatchIsRefusedWithItsReasonAndTheStreamGoesOn) {
  TestPhone phone = EnrolledPhone(1);
  TestPhone other = EnrolledPhone(2);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const auto refusal = [&](v1::SealedBatch sealed) {
    const v1::Answer answer = call.Answer(std::move(sealed));
    EXPECT_EQ(answer.code(), v1::ANSWER_CODE_REFUSED);
    return answer.refusal();
  };
  v1::SealedBatch garbage;
  garbage.set_batch("not a batch");
  garbage.set_signature(std::string(64, 's'));
  EXPECT_EQ(refusal(garbage), v1::REFUSAL_REASON_UNDECODABLE);

  v1::SealedBatch large = garbage;
  large.set_batch(std::string(limits::kBatchBytesMax + 1, 'x'));
  EXPECT_EQ(refusal(large), v1::REFUSAL_REASON_TOO_LARGE);

  v1::SealedBatch forged = phone.Seal(1, Hash(), 1, "nhà văn hoá");
  (*forged.mutable_signature())[5] ^= 1;
  EXPECT_EQ(refusal(forged), v1::REFUSAL_REASON_BAD_SIGNATURE);
  forged.set_signature("short");
  EXPECT_EQ(refusal(forged), v1::REFUSAL_REASON_BAD_SIGNATURE);

  EXPECT_EQ(refusal(other.Next()), v1::REFUSAL_REASON_WRONG_AUTHOR);
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(SyncTest, PipelinedBatchesAreAnsweredInTheirOrder) {
  constexpr int kBatches = 300;
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  std::thread writer([&] {
    for (int i = 0; i < kBatches; ++i) ASSERT_TRUE(call.Send(phone.Next(2)));
    call.CloseSend();
  });
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    const v1::Answer answer = call.Read().answer();
    ASSERT_EQ(answer.code(), v1::ANSWER_CODE_RECORDED);
    ASSERT_EQ(answer.first_sequence(), 2 * i + 1);
  }
  writer.join();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(SyncTest, APhoneThatReadsNoAnswersIsHeldBack) {
  // The window of an unread stream is 64 KiB, an answer some 300 bytes.
  constexpr int kBatches = 4000;
  constexpr std::uint64_t kTakenMax = 1500;
  TestPhone deaf = EnrolledPhone(1);
  TestPhone other = EnrolledPhone(2);
  std::vector<v1::SealedBatch> batches;
  for (int i = 0; i < kBatches; ++i) batches.push_back(deaf.Next());
  SyncCall call(sync_.get());
  call.Greet(deaf);
  std::thread writer([&] {
    for (v1::SealedBatch& sealed : batches) {
      ASSERT_TRUE(call.Send(std::move(sealed)));
    }
    call.CloseSend();
  });
  // Another phone's work is the clock: in its time all of the deaf phone's
  // batches would fit.
  auto channel = Connect();
  const auto stub = v1::SyncService::NewStub(channel);
  SyncCall pace(stub.get());
  pace.Greet(other);
  for (int i = 0; i < 1500; ++i) {
    ASSERT_EQ(pace.Answer(other.Next()).code(), v1::ANSWER_CODE_RECORDED);
  }
  const std::uint64_t taken =
      province_.engine().FindAuthor(deaf.author())->next_sequence.value - 1;
  EXPECT_LE(taken, kTakenMax) << "the server holds answers without a limit";
  EXPECT_GE(taken, 16u);

  for (std::uint64_t i = 1; i <= kBatches; ++i) {
    ASSERT_EQ(call.Read().answer().first_sequence(), i);
  }
  writer.join();
  EXPECT_TRUE(call.End().ok());
}

TEST_F(SyncTest, ANewerStreamOfTheSameAuthorEndsTheOlder) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall older(sync_.get());
  older.Greet(phone);
  SyncCall newer(sync_.get());
  newer.Greet(phone);
  ExpectFault(older.End(), grpc::StatusCode::ABORTED, "NEWER_STREAM");
  EXPECT_EQ(newer.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
  newer.CloseSend();
  EXPECT_TRUE(newer.End().ok());
}

TEST_F(SyncTest, AStrangerWithAnothersNameEndsNoStream) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  v1::SyncRequest request = TestPhone(2).Hello();
  request.mutable_hello()->set_author(std::string(phone.author().view()));
  SyncCall thief(sync_.get());
  thief.Send(request);
  EXPECT_FALSE(thief.End().ok());
  EXPECT_EQ(call.Answer(phone.Next()).code(), v1::ANSWER_CODE_RECORDED);
}

TEST_F(SyncTest, AHalfClosedStreamEndsWhenBothSidesAreEven) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  for (int i = 0; i < 10; ++i) call.Send(phone.Next());
  call.CloseSend();
  for (std::uint64_t i = 1; i <= 10; ++i) {
    EXPECT_EQ(call.Read().answer().first_sequence(), i);
  }
  EXPECT_TRUE(call.End().ok());

  SyncCall silent(sync_.get());
  silent.CloseSend();
  EXPECT_TRUE(silent.End().ok()) << "nothing was asked";
}

TEST_F(SyncTest, WhatAPhoneSentBeforeItVanishedIsThereWhenItComesBack) {
  TestPhone phone = EnrolledPhone(1);
  std::vector<v1::SealedBatch> batches;
  for (int i = 0; i < 40; ++i) batches.push_back(phone.Next());
  {
    SyncCall call(sync_.get());
    call.Greet(phone);
    for (const v1::SealedBatch& sealed : batches) call.Send(sealed);
    call.Read();
    call.Cancel();
  }
  SyncCall call(sync_.get());
  const std::uint64_t next = call.Greet(phone).next_sequence();
  EXPECT_GE(next, 2u) << "the first was answered";
  std::set<std::uint64_t> entries;
  for (const v1::SealedBatch& sealed : batches) {
    const v1::Answer answer = call.Answer(sealed);
    EXPECT_THAT(answer.code(), ::testing::AnyOf(v1::ANSWER_CODE_RECORDED,
                                                v1::ANSWER_CODE_DUPLICATE));
    entries.insert(answer.receipt().entry_index());
  }
  EXPECT_EQ(entries.size(), batches.size());
}

// A call whose hello was answered. The hello of a call that was cancelled a
// moment ago may be read later than this one's, and then ends this call: a
// phone calls again.
std::unique_ptr<SyncCall> GreetedCall(v1::SyncService::Stub* stub,
                                      const TestPhone& phone) {
  for (;;) {
    auto call = std::make_unique<SyncCall>(stub);
    EXPECT_TRUE(call->Send(phone.Hello()));
    if (call->Read().has_hello()) return call;
    const grpc::Status end = call->End();
    EXPECT_EQ(end.error_code(), grpc::StatusCode::ABORTED)
        << end.error_message();
    if (end.error_code() != grpc::StatusCode::ABORTED) return call;
  }
}

TEST_F(SyncTest, AThousandConnectionsThatComeAndGoLeaveNoStreamBehind) {
  TestPhone phone = EnrolledPhone(1);
  std::vector<v1::SealedBatch> offered;
  for (int i = 0; i < 1000; ++i) {
    // A TLS handshake each would test OpenSSL; every fiftieth is enough.
    std::unique_ptr<v1::SyncService::Stub> own;
    if (i % 50 == 0) own = v1::SyncService::NewStub(Connect());
    v1::SyncService::Stub* const stub = own ? own.get() : sync_.get();
    switch (i % 5) {
      case 0:
        SyncCall{stub};  // Gone before the hello.
        break;
      case 1:
        SyncCall{stub}.Send(phone.Hello());  // Gone before the answer.
        break;
      case 2:
        offered.push_back(phone.Next());
        // Gone before the answer.
        GreetedCall(stub, phone)->Send(offered.back());
        break;
      case 3: {
        const std::unique_ptr<SyncCall> call = GreetedCall(stub, phone);
        call->CloseSend();
        call->End();
        break;
      }
      case 4: {
        SyncCall call(stub);
        call.Send(TestPhone(99).Hello());
        call.CloseSend();
        break;
      }
    }
  }
  // A cancelled call reaches the server a little later; calls are the clock.
  for (int i = 0; server_->stream_count() != 0 && i < 20'000; ++i) {
    v1::ServerStatus status;
    ASSERT_TRUE(
        query_->GetStatus(AsOperator(), v1::GetStatusRequest(), &status).ok());
  }
  EXPECT_EQ(server_->stream_count(), 0u);
  History history = province_.ReadHistory();
  for (const v1::SealedBatch& sealed : offered) {
    history.offered.insert(sealed.batch());
  }
  EXPECT_THAT(CheckGuarantees(history), IsOk());
}

TEST_F(SyncTest, StandingsAreToldForTheRangeAskedOnceTheRowsHaveIt) {
  TestPhone phone = EnrolledPhone(1);
  SyncCall call(sync_.get());
  call.Greet(phone);
  const v1::Answer answer = call.Answer(phone.Next(4));
  v1::SyncRequest request;
  request.mutable_standings()->set_first_sequence(1);
  request.mutable_standings()->set_end_sequence(100);
  request.mutable_standings()->set_min_position(
      answer.receipt().first_position() + 3);
  ASSERT_TRUE(call.Send(request));
  const v1::SyncResponse response = call.Read();
  ASSERT_TRUE(response.has_standings());
  EXPECT_EQ(response.standings().first_sequence(), 1u);
  EXPECT_EQ(response.standings().end_sequence(), 5u);
  EXPECT_GE(response.standings().position(),
            answer.receipt().first_position() + 3);

  request.mutable_standings()->set_end_sequence(5000);
  ASSERT_TRUE(call.Send(request));
  const grpc::Status status = call.End();
  ExpectFault(status, grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  EXPECT_EQ(FaultOf(status).field, "standings");
}

TEST_F(SyncTest, EnrollingTwiceWithOneCodeAndKeyIsOneEnrolment) {
  const std::string code = province_.CodeFor(TeamId(2), MemberId(21));
  const TestPhone phone(5);
  v1::EnrolResponse first;
  v1::EnrolResponse second;
  ASSERT_TRUE(sync_->Enrol(As(""), phone.EnrolRequest(code), &first).ok());
  ASSERT_TRUE(sync_->Enrol(As(""), phone.EnrolRequest(code), &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(first.team_id(), 2u);
  EXPECT_EQ(first.member_id(), 21u);
  EXPECT_TRUE(first.confirmed());
  PublicKey key;
  ASSERT_TRUE(PublicKey::FromBytes(first.log_key(), &key));
  EXPECT_THAT(VerifyReceipt(first.enrolment_receipt(), key,
                            merkle::HashLeaf(first.enrolment_leaf())),
              IsOk());
}

TEST_F(SyncTest, AnEnrolmentThatWillNotDoSaysWhy) {
  const std::string code = province_.CodeFor(TeamId(1), MemberId(11));
  const TestPhone phone(5);
  v1::EnrolResponse response;
  const auto enrol = [&](const v1::EnrolRequest& request) {
    return sync_->Enrol(As(""), request, &response);
  };
  ExpectFault(enrol(phone.EnrolRequest("NO-SUCH-CODE")),
              grpc::StatusCode::NOT_FOUND, "NOT_FOUND");
  v1::EnrolRequest forged = phone.EnrolRequest(code);
  forged.set_possession_signature(std::string(64, 's'));
  ExpectFault(enrol(forged), grpc::StatusCode::INVALID_ARGUMENT,
              "INVALID_ARGUMENT");
  ExpectFault(enrol(v1::EnrolRequest()), grpc::StatusCode::INVALID_ARGUMENT,
              "INVALID_ARGUMENT");
  ASSERT_TRUE(enrol(phone.EnrolRequest(code)).ok());
  ExpectFault(enrol(TestPhone(6).EnrolRequest(code)),
              grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION");
}

TEST_F(SyncTest, DrainingEndsEveryStreamWithAHintWhenToComeBack) {
  TestPhone known = EnrolledPhone(1);
  SyncCall greeted(sync_.get());
  greeted.Greet(known);
  SyncCall stranger(sync_.get());
  stranger.Greet(TestPhone(9));
  SyncCall silent(sync_.get());  // Has not said hello.
  while (server_->stream_count() < 3) std::this_thread::yield();

  server_->Stop(kCallSecondsMax);
  for (SyncCall* call : {&greeted, &stranger, &silent}) {
    const grpc::Status status = call->End();
    ExpectFault(status, grpc::StatusCode::UNAVAILABLE, "DRAINING");
    EXPECT_GT(FaultOf(status).retry_ms.value_or(0), 0);
  }
  EXPECT_EQ(server_->stream_count(), 0u);
  server_->Stop(kCallSecondsMax);  // Nothing more happens.
}

TEST_F(SyncTest, DrainingUnderLoadAnswersWhatWasTakenAndLosesNothing) {
  TestPhone phone = EnrolledPhone(1);
  std::vector<v1::SealedBatch> batches;
  for (int i = 0; i < 2000; ++i) batches.push_back(phone.Next());
  SyncCall call(sync_.get());
  call.Greet(phone);
  std::thread writer([&] {
    for (const v1::SealedBatch& sealed : batches) {
      if (!call.Send(sealed)) return;
    }
  });
  std::vector<Acknowledged> acknowledged;
  std::optional<std::thread> stopper;
  for (;;) {
    const v1::SyncResponse response = call.Read();
    if (!response.has_answer()) break;
    ASSERT_EQ(response.answer().code(), v1::ANSWER_CODE_RECORDED);
    acknowledged.push_back(
        {batches[acknowledged.size()], response.answer().receipt()});
    if (acknowledged.size() == 20) {
      stopper.emplace([this] { server_->Stop(kCallSecondsMax); });
    }
  }
  writer.join();
  ASSERT_TRUE(stopper.has_value());
  stopper->join();
  ExpectFault(call.End(), grpc::StatusCode::UNAVAILABLE, "DRAINING");

  History history = province_.ReadHistory();
  history.acknowledged = std::move(acknowledged);
  for (const v1::SealedBatch& sealed : batches) {
    history.offered.insert(sealed.batch());
  }
  EXPECT_THAT(CheckGuarantees(history), IsOk());
}

}  // namespace
}  // namespace thon::testing
